//! Decisions about single scopes: registering, adopting, freezing, describing, renaming, moving.

use super::checks::{archived, live_node, node};
use super::policies::check_move;
use super::provision::{missing_above, provision_needs, provision_to};
use super::{
    AdoptScope, CreateScope, DescribeScope, FreezeScope, MoveScope, ReleaseScope, RenameScope, ScopeRef,
};
use crate::authorize::{Request, Target, authorize};
use crate::command::{Decide, Needs};
use crate::data::Data;
use crate::error::Error;
use crate::kernel::execute::{Facts, Result, View, need};
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::{
    Capability as C, MemberAdded, Node, Role, ScopeAdopted, ScopeCreated, ScopeDescribed, ScopeFrozen,
    ScopeMoved, ScopePath, ScopeReleased, ScopeRenamed,
};
use scoped_projections::{PrincipalId, ScopeId};

/// Deepest chain of nodes.
pub(super) const CHAIN_NODES_MAX: usize = 32;
/// Longest name of a flat scope, in bytes.
const NAME_BYTES_MAX: usize = 256;

fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        let message = format!("a scope's name has 1 to {NAME_BYTES_MAX} bytes and no control characters");
        return Err(Error::invalid(message).into());
    }
    Ok(())
}

fn too_deep() -> Error {
    Error::refused("scope_too_deep", format!("a chain has at most {CHAIN_NODES_MAX} scopes"))
}

pub(super) fn exists(what: impl std::fmt::Display) -> Error {
    Error::refused("scope_exists", format!("the scope `{what}` is registered already"))
}

/// The actor owns what it makes.
pub(super) fn own(scope: ScopeId, actor: PrincipalId, facts: &mut Facts<'_>) {
    let event = MemberAdded { scope, principal: actor, role: Role::Owner, expires_at: None };
    facts.push(scope, event, None);
}

/// Free text may name people: it is payload, which can be erased, not body, which cannot.
pub(super) fn reason(text: Option<&String>) -> Result<Option<Data>> {
    Ok(text.map(|reason| Data::from_text_fields(&[("reason", reason)])).transpose()?)
}

impl CreateScope {
    /// The node at the path, while it is live: it came to be by itself, and is to be adopted, or is registered already.
    fn there(&self, on: &View<'_>) -> Option<u32> {
        let row = on.world.tenancy().row_of_path(self.path.as_ref()?)?;
        on.world.tenancy().at(row).filter(|node| !node.archived).map(|_| row)
    }
    fn needs_by_path(&self, on: &View<'_>, path: &ScopePath) -> Needs<'_> {
        let may = |capability, target| {
            authorize(on.world, on.actor, Request::new(capability, target), on.now).allowed
        };
        if let Some(row) = self.there(on)
            && may(C::Create, Target::Scope(row))
        {
            return need(C::Create, Target::Scope(row));
        }
        let Some(parent) = path.parent() else { return need(C::CreateRoot, Target::Deployment) };
        let parent = parent.to_path();
        if on.world.tenancy().row_of_path(&parent).is_some() {
            return need(C::Create, ScopeRef::Path(parent).target(on.world.tenancy()));
        }
        // Scopes in between come to be as by a write: the same is asked, after the right to register anything there.
        let between = provision_needs(on, &parent);
        let first = between.first().map_or(Target::Nothing, |need| need.target);
        let mut needs: Needs<'_> = smallvec::smallvec![Request::new(C::Create, first)];
        needs.extend(between);
        needs
    }
}

impl Decide for CreateScope {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        match (&self.path, &self.parent) {
            (Some(path), _) => self.needs_by_path(on, path),
            (None, Some(parent)) => need(C::Create, parent.target(on.world.tenancy())),
            (None, None) => need(C::CreateRoot, Target::Deployment),
        }
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let tenancy = on.world.tenancy();
        match (&self.path, &self.name, &self.parent) {
            (Some(_), None, None) => {}
            (None, Some(name), _) => check_name(name)?,
            _ => return Err(Error::invalid("a scope has a path, or else a name and perhaps a parent").into()),
        }
        if let Some(row) = self.there(on) {
            let found = node(on, row)?;
            if !found.auto_provisioned || self.scope.is_some_and(|id| id != found.id) {
                return Err(exists(found.label()).into());
            }
            facts.push(found.id, ScopeAdopted { scope: found.id }, None);
            return Ok(());
        }
        let id = self.scope.unwrap_or_else(|| ScopeId(facts.fresh()));
        if !id.is_some() || tenancy.get(id).is_some() {
            return Err(exists(id).into());
        }
        let parent = match (&self.path, &self.parent) {
            (Some(path), _) => match path.parent() {
                Some(parent) => provision_to(on, facts, &parent.to_path(), missing_above)?,
                None => ScopeId::NONE,
            },
            (None, Some(parent)) => {
                let (row, above) = live_node(on, parent)?;
                if tenancy.chain(row).count() >= CHAIN_NODES_MAX {
                    return Err(too_deep().into());
                }
                above.id
            }
            (None, None) => ScopeId::NONE,
        };
        let path = self.path.as_ref().map_or_else(String::new, |path| path.as_str().to_owned());
        let name = self.name.clone().unwrap_or_default();
        facts.push(id, ScopeCreated { scope: id, parent, path, name }, None);
        own(id, on.actor, facts);
        Ok(())
    }
}

impl Decide for AdoptScope {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        need(C::Create, self.scope.target(on.world.tenancy()))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (_, found) = live_node(on, &self.scope)?;
        if !found.auto_provisioned {
            return Err(exists(found.label()).into());
        }
        facts.push(found.id, ScopeAdopted { scope: found.id }, None);
        Ok(())
    }
}

impl Decide for FreezeScope {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        need(C::PolicyManage, self.scope.target(on.world.tenancy()))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (_, found) = live_node(on, &self.scope)?;
        if found.frozen {
            let message = format!("the scope `{}` is frozen already", found.label());
            return Err(Error::refused("scope_frozen", message).into());
        }
        facts.push(found.id, ScopeFrozen { scope: found.id }, reason(self.reason.as_ref())?.as_ref());
        Ok(())
    }
}

impl Decide for ReleaseScope {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        need(C::PolicyManage, self.scope.target(on.world.tenancy()))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (_, found) = live_node(on, &self.scope)?;
        if !found.frozen {
            let message = format!("the scope `{}` is not frozen", found.label());
            return Err(Error::refused("not_frozen", message).into());
        }
        facts.push(found.id, ScopeReleased { scope: found.id }, reason(self.reason.as_ref())?.as_ref());
        Ok(())
    }
}

fn check_flat(node: &Node) -> Result<()> {
    match &node.path {
        None => Ok(()),
        Some(path) => {
            let message = format!("`{path}` is a path: it names one place for ever");
            let error = Error::refused("scope_has_path", message);
            Err(error.hint("make another scope, and project there what is shared here").into())
        }
    }
}

impl Decide for RenameScope {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        need(C::PolicyManage, self.scope.target(on.world.tenancy()))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (_, found) = live_node(on, &self.scope)?;
        check_flat(found)?;
        check_name(&self.name)?;
        if *found.name != *self.name {
            facts.push(found.id, ScopeRenamed { scope: found.id, name: self.name.clone() }, None);
        }
        Ok(())
    }
}

impl Decide for DescribeScope {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        need(C::PolicyManage, self.scope.target(on.world.tenancy()))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (_, found) = live_node(on, &self.scope)?;
        facts.push(found.id, ScopeDescribed { scope: found.id }, Some(&self.description));
        Ok(())
    }
}

/// Inheritance changes for what moves, for where it was, and for where it goes: administer all three.
pub(super) fn move_needs<'a>(on: &View<'_>, scope: Target, row: Option<u32>, to: Target) -> Needs<'a> {
    let old = row.and_then(|row| on.world.tenancy().at(row)).map(|node| node.parent);
    let old = old.filter(|parent| *parent != NO_ROW);
    let manage = |target| Request::new(C::MembersManage, target);
    let mut needs: Needs<'a> = smallvec::smallvec![manage(scope)];
    needs.extend(old.map(|parent| manage(Target::Scope(parent))));
    needs.push(Request::new(C::Create, to));
    needs.push(manage(to));
    needs
}

/// Can a live scope stand below that other one?
pub(super) fn check_moves(
    on: &View<'_>,
    (row, found): (u32, &Node),
    (above, parent): (u32, &Node),
) -> Result<()> {
    let tenancy = on.world.tenancy();
    check_flat(found)?;
    if found.parent == NO_ROW {
        let message = format!("`{}` is a root, the boundary of a tenant: it stays one", found.label());
        return Err(Error::refused("scope_is_root", message).into());
    }
    if tenancy.is_within(above, row) {
        let message = format!("`{}` lies below `{}`", parent.label(), found.label());
        return Err(Error::refused("scope_cycle", message).into());
    }
    if found.parent == above {
        let message = format!("`{}` stands there already", found.label());
        return Err(Error::refused("unchanged", message).into());
    }
    let lowest =
        tenancy.subtree(row).into_iter().filter_map(|at| tenancy.at(at)).map(|node| node.depth).max();
    let height = lowest.map_or(0, |lowest| usize::from(lowest.saturating_sub(found.depth)));
    if tenancy.chain(above).count() + 1 + height > CHAIN_NODES_MAX {
        return Err(too_deep().into());
    }
    if let Some(parent) = tenancy.at(found.parent).filter(|parent| parent.archived) {
        return Err(archived(parent).into());
    }
    check_move(on, row, above)
}

impl Decide for MoveScope {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        let tenancy = on.world.tenancy();
        move_needs(on, self.scope.target(tenancy), self.scope.row(tenancy), self.parent.target(tenancy))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (row, found) = live_node(on, &self.scope)?;
        let (above, parent) = live_node(on, &self.parent)?;
        check_moves(on, (row, found), (above, parent))?;
        facts.push(found.id, ScopeMoved { scope: found.id, parent: parent.id }, None);
        Ok(())
    }
}
