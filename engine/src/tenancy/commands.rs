//! Decisions about scopes.

use super::ScopeRef;
use super::checks::{
    archived, check_end, check_holds, check_own_end, check_way_back, keeps_an_owner, node, open_node,
    scope_row,
};
use crate::authorize::{Request, Target};
use crate::command::{Decide, Needs, commands};
use crate::error::Error;
use crate::export::{Recalled, Recalling};
use crate::kernel::execute::{Facts, Refusal, Result, View, need};
use crate::temporal::Entity;
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::{
    AclEntryAdded, AclEntryRemoved, Applies, Capability as C, Effect, Member, MemberAdded, MemberRemoved,
    MemberRoleChanged, Node, Pattern, Role, ScopeArchived, ScopeCreated, ScopePath, ScopeReopened, Subject,
    TenancyEvent,
};
use scoped_projections::{EntryId, Event, Micros, PrincipalId, ScopeId};

commands! {
    /// Commands about scopes.
    domain "tenancy";
    enum Command {
        /// makes a scope, by path or (flat) by name under a parent; who makes a root owns it, below one rights come from above
        "create_scope" CreateScope {
            /// Its id; drawn when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            scope: Option<ScopeId>,
            /// Its path; the parent path must be registered.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            path: Option<ScopePath>,
            /// The name of a flat scope, when there is no path.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            name: Option<String>,
            /// The parent of a flat scope; absent for a root.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            parent: Option<ScopeRef>,
        }
        /// ends all sharing through a scope, until reopened
        "archive_scope" ArchiveScope {
            /// Which.
            scope: ScopeRef,
        }
        /// opens an archived scope again, as it was
        "reopen_scope" ReopenScope {
            /// Which.
            scope: ScopeRef,
        }
        /// makes a principal a member
        "add_member" AddMember {
            /// Where.
            scope: ScopeRef,
            /// Whom.
            principal: PrincipalId,
            /// As what.
            role: Role,
            /// Until when (exclusive), µs since the epoch.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            expires_at: Option<Micros>,
        }
        /// gives a member another role or another end
        "change_member" ChangeMember {
            /// Where.
            scope: ScopeRef,
            /// Whom.
            principal: PrincipalId,
            /// As what from now on.
            role: Role,
            /// Until when (exclusive), µs since the epoch.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            expires_at: Option<Micros>,
        }
        /// ends a membership; everybody may end their own
        "remove_member" RemoveMember {
            /// Where.
            scope: ScopeRef,
            /// Whose.
            principal: PrincipalId,
        }
        /// puts an entry on a scope's access control list
        "add_acl_entry" AddAclEntry {
            /// Its id; drawn when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            entry: Option<EntryId>,
            /// Where.
            scope: ScopeRef,
            /// Allow or deny.
            effect: Effect,
            /// To whom it speaks: a principal's id, `role:ROLE` or `any`.
            subject: Subject,
            /// What it is about: a capability, or a wildcard such as `scope.read.*`.
            capability: Pattern,
            /// How far it reaches.
            #[serde(default = "subtree")]
            applies: Applies,
            /// Until when (exclusive), µs since the epoch.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            expires_at: Option<Micros>,
        }
        /// takes an entry off a scope's access control list
        "remove_acl_entry" RemoveAclEntry {
            /// Which.
            entry: EntryId,
        }
    }
}

impl CreateScope {
    /// A scope with a path.
    #[must_use]
    pub fn at(path: ScopePath) -> Self {
        Self { scope: None, path: Some(path), name: None, parent: None }
    }
    /// A flat scope, a root unless it is put below another.
    #[must_use]
    pub fn flat(name: impl Into<String>) -> Self {
        Self { scope: None, path: None, name: Some(name.into()), parent: None }
    }
    /// The same flat scope below another.
    #[must_use]
    pub fn below(mut self, parent: impl Into<ScopeRef>) -> Self {
        self.parent = Some(parent.into());
        self
    }
}

impl AddMember {
    /// A membership without end.
    #[must_use]
    pub fn new(scope: impl Into<ScopeRef>, principal: PrincipalId, role: Role) -> Self {
        Self { scope: scope.into(), principal, role, expires_at: None }
    }
    /// The same, until then (exclusive), µs since the epoch.
    #[must_use]
    pub fn until(mut self, end: Micros) -> Self {
        self.expires_at = Some(end);
        self
    }
}

impl AddAclEntry {
    /// An entry for a scope and everything below it, without end.
    #[must_use]
    pub fn new(scope: impl Into<ScopeRef>, effect: Effect, subject: Subject, capability: Pattern) -> Self {
        let (scope, applies) = (scope.into(), Applies::Subtree);
        Self { entry: None, scope, effect, subject, capability, applies, expires_at: None }
    }
}

fn subtree() -> Applies {
    Applies::Subtree
}

/// Deepest chain of nodes.
const CHAIN_NODES_MAX: usize = 32;
/// Longest name of a flat scope, in bytes.
const NAME_BYTES_MAX: usize = 256;
/// Most members a scope may have.
const MEMBERS_MAX: usize = 10_000;

impl CreateScope {
    /// The parent that is meant, if any.
    fn above(&self) -> Option<ScopeRef> {
        match &self.path {
            Some(path) => path.parent().map(|parent| ScopeRef::Path(parent.to_path())),
            None => self.parent.clone(),
        }
    }
}

impl Decide for CreateScope {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        match self.above() {
            None => need(C::CreateRoot, Target::Deployment),
            Some(parent) => need(C::Create, parent.target(on.world.tenancy())),
        }
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let tenancy = on.world.tenancy();
        match (&self.path, &self.name, &self.parent) {
            (Some(_), None, None) => {}
            (None, Some(name), _)
                if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) =>
            {
                let message =
                    format!("a scope's name has 1 to {NAME_BYTES_MAX} bytes and no control characters");
                return Err(Error::invalid(message).into());
            }
            (None, Some(_), _) => {}
            _ => return Err(Error::invalid("a scope has a path, or else a name and perhaps a parent").into()),
        }
        let parent = match self.above() {
            None => None,
            Some(above) => Some(open_node(on, &above)?),
        };
        if let Some((row, above)) = parent {
            if tenancy.chain(row).count() >= CHAIN_NODES_MAX {
                return Err(Error::refused(
                    "too_deep",
                    format!("a chain has at most {CHAIN_NODES_MAX} scopes"),
                )
                .into());
            }
            if self.path.is_some() && above.path.is_none() {
                return Err(Error::refused(
                    "flat_parent",
                    "a scope with a path cannot stand below a flat one",
                )
                .into());
            }
        }
        if let Some(path) = &self.path
            && tenancy.row_of_path(path).is_some()
        {
            return Err(Error::refused("exists", format!("the scope `{path}` is registered already")).into());
        }
        let id = self.scope.unwrap_or_else(|| ScopeId(facts.fresh()));
        if !id.is_some() || tenancy.get(id).is_some() {
            return Err(Error::refused("exists", format!("there is a scope `{id}` already")).into());
        }
        let path = self.path.as_ref().map_or_else(String::new, |path| path.as_str().to_owned());
        let above = parent.map_or(ScopeId::NONE, |(_, node)| node.id);
        let name = self.name.clone().unwrap_or_default();
        facts.push(id, ScopeCreated { scope: id, parent: above, path, name }, None);
        // Below another scope, rights come from above; a root needs somebody to begin with.
        if parent.is_none() {
            let event = MemberAdded { scope: id, principal: on.actor, role: Role::Owner, expires_at: None };
            facts.push(id, event, None);
        }
        Ok(())
    }
}

impl Decide for ArchiveScope {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        need(C::Delete, self.scope.target(on.world.tenancy()))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (row, found) = open_node(on, &self.scope)?;
        let tenancy = on.world.tenancy();
        if tenancy.children(row).any(|child| tenancy.at(child).is_some_and(|child| !child.archived)) {
            let error =
                Error::refused("has_children", format!("there are live scopes below `{}`", found.label()));
            return Err(error.hint("archive those first").into());
        }
        facts.push(found.id, ScopeArchived { scope: found.id }, None);
        Ok(())
    }
}

impl Decide for ReopenScope {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        need(C::Delete, self.scope.target(on.world.tenancy()))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = node(on, scope_row(on, &self.scope)?)?;
        if !found.archived {
            return Err(
                Error::refused("not_archived", format!("the scope `{}` is open", found.label())).into()
            );
        }
        if let Some(parent) = on.world.tenancy().at(found.parent).filter(|_| found.parent != NO_ROW)
            && parent.archived
        {
            return Err(archived(parent).into());
        }
        facts.push(found.id, ScopeReopened { scope: found.id }, None);
        Ok(())
    }
}

/// Whoever makes or unmakes an owner has to be one.
fn member_needs<'a>(
    on: &View<'_>,
    scope: &ScopeRef,
    principal: PrincipalId,
    role: Option<Role>,
) -> Needs<'a> {
    let (tenancy, target) = (on.world.tenancy(), scope.target(on.world.tenancy()));
    let held = (|| Some(tenancy.member(scope.row(tenancy)?, on.world.identity().row(principal)?)?.role))();
    let need = |capability| Request::new(capability, target);
    match (role, held) {
        (Some(Role::Owner), _) => smallvec::smallvec![need(C::OwnersManage)],
        // In this order: who may not manage members is not told that this one is an owner.
        (_, Some(Role::Owner)) => smallvec::smallvec![need(C::MembersManage), need(C::OwnersManage)],
        _ => smallvec::smallvec![need(C::MembersManage)],
    }
}

/// The scope, the principal and the part it has there now.
fn part<'a>(
    on: &View<'a>,
    scope: &ScopeRef,
    principal: PrincipalId,
) -> Result<(u32, &'a Node, Option<&'a Member>)> {
    let row = scope_row(on, scope)?;
    let found = node(on, row)?;
    let Some(who) = on.world.identity().row(principal) else {
        return Err(Error::refused("not_found", format!("there is no principal `{principal}`")).into());
    };
    Ok((row, found, on.world.tenancy().member(row, who)))
}

fn not_a_member(node: &Node) -> Refusal {
    Error::refused("not_a_member", format!("that principal is no member of `{}`", node.label())).into()
}

impl Decide for AddMember {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        member_needs(on, &self.scope, self.principal, Some(self.role))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        open_node(on, &self.scope)?;
        check_end(on, self.expires_at)?;
        let (row, found, part) = part(on, &self.scope, self.principal)?;
        check_holds(on, row, self.role.capabilities(), Applies::Subtree)?;
        if part.is_some() {
            let error = Error::refused(
                "exists",
                format!("that principal is a member of `{}` already", found.label()),
            );
            return Err(error.hint("use tenancy.change_member").into());
        }
        if on.world.tenancy().members(row).count() >= MEMBERS_MAX {
            return Err(
                Error::refused("too_many", format!("a scope has at most {MEMBERS_MAX} members")).into()
            );
        }
        let (scope, principal, role, expires_at) = (found.id, self.principal, self.role, self.expires_at);
        facts.push(scope, MemberAdded { scope, principal, role, expires_at }, None);
        Ok(())
    }
}

impl Decide for ChangeMember {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        member_needs(on, &self.scope, self.principal, Some(self.role))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        check_end(on, self.expires_at)?;
        let (row, found, part) = part(on, &self.scope, self.principal)?;
        let Some(held) = part else { return Err(not_a_member(found)) };
        check_holds(on, row, self.role.capabilities(), Applies::Subtree)?;
        check_own_end(on, held, self.principal, self.expires_at)?;
        if held.role == Role::Owner && (self.role != Role::Owner || self.expires_at.is_some()) {
            keeps_an_owner(on, row, self.principal)?;
        }
        let (scope, principal, role, expires_at) = (found.id, self.principal, self.role, self.expires_at);
        facts.push(scope, MemberRoleChanged { scope, principal, role, expires_at }, None);
        Ok(())
    }
}

impl Decide for RemoveMember {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        let tenancy = on.world.tenancy();
        let own_part = self.principal == on.actor
            && self
                .scope
                .row(tenancy)
                .zip(on.world.identity().row(on.actor))
                .is_some_and(|(s, p)| tenancy.member(s, p).is_some());
        if own_part {
            return need(C::ReadLocal, Target::Own);
        }
        member_needs(on, &self.scope, self.principal, None)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (row, found, part) = part(on, &self.scope, self.principal)?;
        let Some(held) = part else { return Err(not_a_member(found)) };
        if held.role == Role::Owner {
            keeps_an_owner(on, row, self.principal)?;
        }
        facts.push(found.id, MemberRemoved { scope: found.id, principal: self.principal }, None);
        Ok(())
    }
}

impl Decide for AddAclEntry {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        need(C::AclManage, self.scope.target(on.world.tenancy()))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (row, found) = open_node(on, &self.scope)?;
        check_end(on, self.expires_at)?;
        match self.effect {
            Effect::Allow => check_holds(on, row, self.capability.matches(), self.applies)?,
            Effect::Deny => check_way_back(on, row, self)?,
        }
        let entry = self.entry.unwrap_or_else(|| EntryId(facts.fresh()));
        if !entry.is_some() || on.world.tenancy().entry(entry).is_some() {
            return Err(Error::refused("exists", format!("there is an entry `{entry}` already")).into());
        }
        let (scope, effect, subject, applies) = (found.id, self.effect, self.subject, self.applies);
        let (capability, expires_at) = (self.capability.as_str().to_owned(), self.expires_at);
        facts.push(
            scope,
            AclEntryAdded { entry, scope, effect, subject, capability, applies, expires_at },
            None,
        );
        Ok(())
    }
}

impl Decide for RemoveAclEntry {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        let scope = on.world.tenancy().entry(self.entry).map(|entry| entry.scope);
        need(C::AclManage, scope.map_or(Target::Nothing, Target::Scope))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = on.world.tenancy().entry(self.entry).filter(|entry| !entry.removed);
        let Some(entry) = found else {
            return Err(Error::refused("not_found", format!("there is no entry `{}`", self.entry)).into());
        };
        facts.push(node(on, entry.scope)?.id, AclEntryRemoved { entry: self.entry }, None);
        Ok(())
    }
}

/// What an event changes.
pub(crate) fn entity(event: &TenancyEvent) -> Option<Entity> {
    use TenancyEvent as E;
    Some(match event {
        E::ScopeCreated(e) => Entity::Scope(e.scope),
        E::ScopeArchived(e) => Entity::Scope(e.scope),
        E::ScopeReopened(e) => Entity::Scope(e.scope),
        E::MemberAdded(e) => Entity::Member(e.scope, e.principal),
        E::MemberRoleChanged(e) => Entity::Member(e.scope, e.principal),
        E::MemberRemoved(e) => Entity::Member(e.scope, e.principal),
        E::AclEntryAdded(e) => Entity::Entry(e.entry),
        E::AclEntryRemoved(e) => Entity::Entry(e.entry),
    })
}

/// The command that would bring this fact about. A new root brings its owner along ([`owner_follows`]).
pub(crate) fn recall(event: TenancyEvent, asked: Recalling<'_>) -> Option<Recalled> {
    use TenancyEvent as E;
    let next = asked.behind.first().map(|(_, event)| event);
    let along = usize::from(owner_follows(&event, asked.at.actor, next));
    let command = match event {
        E::ScopeCreated(e) => Command::CreateScope(CreateScope {
            scope: Some(e.scope),
            path: e.path.parse().ok(),
            name: Some(e.name).filter(|name| !name.is_empty()),
            parent: Some(e.parent).filter(|parent| parent.is_some() && e.path.is_empty()).map(ScopeRef::Id),
        }),
        E::ScopeArchived(e) => Command::ArchiveScope(ArchiveScope { scope: e.scope.into() }),
        E::ScopeReopened(e) => Command::ReopenScope(ReopenScope { scope: e.scope.into() }),
        E::MemberAdded(e) => Command::AddMember(AddMember {
            scope: e.scope.into(),
            principal: e.principal,
            role: e.role,
            expires_at: e.expires_at,
        }),
        E::MemberRoleChanged(e) => Command::ChangeMember(ChangeMember {
            scope: e.scope.into(),
            principal: e.principal,
            role: e.role,
            expires_at: e.expires_at,
        }),
        E::MemberRemoved(e) => {
            Command::RemoveMember(RemoveMember { scope: e.scope.into(), principal: e.principal })
        }
        E::AclEntryAdded(e) => Command::AddAclEntry(AddAclEntry {
            entry: Some(e.entry),
            scope: e.scope.into(),
            effect: e.effect,
            subject: e.subject,
            capability: e.capability.parse().ok()?,
            applies: e.applies,
            expires_at: e.expires_at,
        }),
        E::AclEntryRemoved(e) => Command::RemoveAclEntry(RemoveAclEntry { entry: e.entry }),
    };
    Some(Recalled::Command(command.into(), along))
}

/// True when `next` is the ownership that came with the root made by `event`, hence no command of its own.
fn owner_follows(event: &TenancyEvent, actor: PrincipalId, next: Option<&Event>) -> bool {
    let (TenancyEvent::ScopeCreated(made), Some(Event::Tenancy(TenancyEvent::MemberAdded(owner)))) =
        (event, next)
    else {
        return false;
    };
    !made.parent.is_some()
        && made.scope == owner.scope
        && owner.principal == actor
        && owner.role == Role::Owner
}
