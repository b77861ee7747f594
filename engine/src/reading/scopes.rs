//! Reading scopes: what they are, who is in them, what they declare. Enumeration follows membership.
//!
//! A scope, its members and its policy are for those who read it (`scope.read.local`), its access control list for those who keep it
//! (`scope.acl.manage`), lists of scopes for those who read below (`scope.read.descend`). Whoever may read where nothing is, or is no
//! more, hears so; everybody else hears the one word for both.

use super::views::foreign;
use super::{Ask, Operation, Reading};
use crate::authorize::Target;
use crate::error::{Error, Result};
use crate::kernel::execute::Refusal;
use crate::tenancy::{AclInfo, MemberInfo, ScopeDetail, ScopePolicy, ScopeRef, archived};
use scoped_projections::tenancy::{Capability as C, Level};
use scoped_projections::{ObjectId, PrincipalId, ScopeId};

/// Most scopes that one page shows.
pub const SCOPES_PAGE_MAX: usize = 500;

/// What a list of scopes shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScopeQuery {
    /// Only those that came to be by themselves, or only those that were registered.
    pub auto_provisioned: Option<bool>,
    /// Deleted ones as well.
    pub with_deleted: bool,
    /// Only those owned by this principal, by a membership of its own there.
    pub owner: Option<PrincipalId>,
    /// Only those right below this one.
    pub parent: Option<ScopeRef>,
}

/// A page of a list of scopes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScopePage {
    /// Paths in path order, then flat scopes by id.
    pub scopes: Vec<ScopeDetail>,
    /// What `after` has to be for the next page; `None` when this is the last.
    pub next: Option<ScopeId>,
}

/// An object in a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct ProjectionInfo {
    /// What.
    pub object: ObjectId,
    /// Where.
    pub scope: ScopeId,
    /// How far the scope's members may go.
    pub level: Level,
    /// The event that made it so.
    pub since: u64,
}

impl Ask<'_> {
    /// The row of a live scope that the actor holds this capability on.
    fn scope(&self, scope: &ScopeRef, capability: C) -> Result<u32, Refusal> {
        let tenancy = self.moment.world.tenancy();
        self.need(capability, scope.target(tenancy))?;
        let missing = || Error::refused("scope_not_found", format!("there is no scope `{scope}`"));
        let row = scope.row(tenancy).ok_or_else(missing)?;
        match tenancy.at(row) {
            Some(node) if node.archived => Err(archived(node).into()),
            _ => Ok(row),
        }
    }
}

impl Reading {
    /// A scope, with what it declares and what holds there.
    ///
    /// # Errors
    /// When it is not this principal's to read; `scope_not_found` and `scope_deleted` to who might read there.
    pub fn scope(&self, scope: &ScopeRef) -> Result<ScopeDetail> {
        self.ask(Operation::ScopesGet, |ask| {
            let row = ask.scope(scope, C::ReadLocal)?;
            Ok(ask.moment.scope_detail(row)?)
        })
    }

    /// Scopes at and below one, those that this principal may read, behind `after`, at most `limit` (1 to [`SCOPES_PAGE_MAX`]).
    ///
    /// # Errors
    /// When it may not read below that scope; `invalid_cursor` when `after` does not lie there (any more): begin anew.
    pub fn scopes(
        &self,
        prefix: &ScopeRef,
        query: &ScopeQuery,
        after: Option<ScopeId>,
        limit: usize,
    ) -> Result<ScopePage> {
        if limit == 0 || limit > SCOPES_PAGE_MAX {
            return Err(Error::invalid(format!("a page has 1 to {SCOPES_PAGE_MAX} scopes")));
        }
        self.ask(Operation::ScopesList, |ask| {
            let (world, top) = (ask.moment.world, ask.scope(prefix, C::ReadDescend)?);
            let tenancy = world.tenancy();
            let rows = tenancy.subtree(top);
            let place = |id| rows.iter().position(|row| tenancy.at(*row).is_some_and(|n| n.id == id));
            let behind = match after {
                None => 0,
                // It may have moved away since: to begin anew unasked would tell of the same scopes for ever.
                Some(id) => place(id).ok_or_else(foreign)? + 1,
            };
            let parent = query.parent.as_ref().map(|parent| parent.row(tenancy));
            let owner = query.owner.map(|id| world.identity().row(id));
            let fits = |row: u32| {
                let Some(node) = tenancy.at(row) else { return false };
                let owned = |who: Option<u32>| {
                    who.and_then(|who| tenancy.member(row, who))
                        .is_some_and(|member| member.role == scoped_projections::tenancy::Role::Owner)
                };
                (query.with_deleted || !node.archived)
                    && query.auto_provisioned.is_none_or(|auto| auto == node.auto_provisioned)
                    && owner.is_none_or(owned)
                    && parent.is_none_or(|parent| parent == Some(node.parent))
                    && ask.need(C::ReadLocal, Target::Scope(row)).is_ok()
            };
            let mut page = ScopePage::default();
            for row in rows.into_iter().skip(behind).filter(|row| fits(*row)) {
                if page.scopes.len() == limit {
                    page.next = page.scopes.last().map(|last| last.scope);
                    break;
                }
                page.scopes.push(ask.moment.scope_detail(row)?);
            }
            Ok(page)
        })
    }

    /// The members of a scope itself, oldest principal first. Those that have run out are told as such.
    ///
    /// # Errors
    /// As [`Self::scope`].
    pub fn scope_members(&self, scope: &ScopeRef) -> Result<Vec<MemberInfo>> {
        self.ask(Operation::ScopesMembers, |ask| {
            let row = ask.scope(scope, C::ReadLocal)?;
            Ok(ask.moment.member_infos(row))
        })
    }

    /// The access control list of a scope, oldest entry first.
    ///
    /// # Errors
    /// When this principal does not keep that list; as [`Self::scope`].
    pub fn scope_acl(&self, scope: &ScopeRef) -> Result<Vec<AclInfo>> {
        self.ask(Operation::ScopesAcl, |ask| {
            let row = ask.scope(scope, C::AclManage)?;
            Ok(ask.moment.acl_infos(row))
        })
    }

    /// What a scope declares, and each key that holds there with the scope that set it.
    ///
    /// # Errors
    /// As [`Self::scope`].
    pub fn scope_policy(&self, scope: &ScopeRef) -> Result<ScopePolicy> {
        self.ask(Operation::ScopesPolicy, |ask| {
            let row = ask.scope(scope, C::ReadLocal)?;
            Ok(ask.moment.scope_policy(row))
        })
    }

    /// Where a principal is a member: one's own are all told, of others those in scopes that one audits.
    ///
    /// # Errors
    /// When this principal is not active.
    pub fn memberships(&self, principal: PrincipalId) -> Result<Vec<MemberInfo>> {
        self.ask(Operation::ScopesMemberships, |ask| {
            ask.need(C::ReadLocal, Target::Own)?;
            let world = ask.moment.world;
            let other = principal != ask.actor;
            if other {
                ask.note(C::AuditRead, Target::Deployment);
            }
            let Some(row) = world.identity().row(principal) else { return Ok(Vec::new()) };
            let mut found = ask.moment.membership_infos(row);
            let audits = |scope: ScopeId| {
                let target = world.tenancy().row(scope).map(Target::Scope);
                let target = target.filter(|target| ask.need(C::AuditRead, *target).is_ok());
                target.into_iter().for_each(|target| ask.note(C::AuditRead, target));
                target.is_some()
            };
            found.retain(|member| !other || audits(member.scope));
            Ok(found)
        })
    }

    /// What is projected into a scope, of what this principal may read; oldest object first.
    ///
    /// # Errors
    /// As [`Self::scope`].
    pub fn scope_projections(&self, scope: &ScopeRef) -> Result<Vec<ProjectionInfo>> {
        self.ask(Operation::ScopesProjections, |ask| {
            let row = ask.scope(scope, C::ReadLocal)?;
            let objects = ask.moment.world.sharing().within(row).into_iter().flatten();
            let readable = objects.filter(|object| ask.need(C::ReadLocal, Target::Object(*object)).is_ok());
            Ok(readable.filter_map(|object| ask.projection(object, row)).collect())
        })
    }

    /// Where an object is projected: all of it to who administers the object, otherwise the scopes that this principal reads.
    ///
    /// # Errors
    /// The same words whether the object is missing or not this principal's to read.
    pub fn object_projections(&self, object: ObjectId) -> Result<Vec<ProjectionInfo>> {
        self.ask(Operation::ObjectsProjections, |ask| {
            ask.object(object)?;
            let world = ask.moment.world;
            let Some(row) = world.objects().row(object) else { return Ok(Vec::new()) };
            let all = ask.need(C::AclManage, Target::Object(row)).is_ok();
            let scopes = world.sharing().scopes(row).map(|(scope, _)| scope);
            let shown = scopes.filter(|scope| all || ask.need(C::ReadLocal, Target::Scope(*scope)).is_ok());
            Ok(shown.filter_map(|scope| ask.projection(row, scope)).collect())
        })
    }
}

impl Ask<'_> {
    fn projection(&self, object: u32, scope: u32) -> Option<ProjectionInfo> {
        let world = self.moment.world;
        let share = world.sharing().share(object, scope)?;
        let (object, scope) = (world.objects().at(object)?.id, world.tenancy().at(scope)?.id);
        Some(ProjectionInfo { object, scope, level: share.level, since: share.since.get() })
    }
}
