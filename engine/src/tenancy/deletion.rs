//! Decisions about the end of scopes, and about opening them again.
//!
//! The end of a scope is one event; behind it, each thing that ends with it has one of its own, so that each is traced. Scopes below
//! end first, so that whoever acts still has the rights that they inherit from above; or they move up, each with its own event right
//! behind the end of the scope that was above them, under the rules of every other move.

use super::checks::{archived, live_node, node, scope_row};
use super::policies::past_greatest_age;
use super::scopes::{check_moves, move_needs};
use super::{Children, DeleteScope, Records, ReopenScope, ScopeRef};
use crate::authorize::{Request, Target, authorize};
use crate::command::{Decide, Needs};
use crate::error::Error;
use crate::kernel::execute::{Facts, Result, View, need};
use scoped_projections::World;
use scoped_projections::objects::{ObjectForgotten, ObjectRecovered};
use scoped_projections::sharing::{ObjectProjected, ProjectionRevoked};
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::{
    Capability as C, MemberAdded, MemberRemoved, Node, ScopeArchived, ScopeMoved, ScopeReopened,
};

/// Rows of the live scopes at and below a row, the lowest first.
fn ending(world: &World, row: u32) -> Vec<u32> {
    let tenancy = world.tenancy();
    let live = |row: &u32| tenancy.at(*row).is_some_and(|node| !node.archived);
    let mut rows: Vec<u32> = tenancy.subtree(row).into_iter().filter(live).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(tenancy.at(*row).map(|node| node.depth)));
    rows
}

/// Rows of the live scopes right below a row.
fn right_below(world: &World, row: u32) -> Vec<u32> {
    let tenancy = world.tenancy();
    let live = |row: &u32| tenancy.at(*row).is_some_and(|node| !node.archived);
    tenancy.children(row).filter(live).collect()
}

impl DeleteScope {
    /// What becomes of scopes below, in whichever of the two ways it was said.
    fn becoming(&self) -> Children {
        if self.recursive && self.children == Children::Refuse { Children::Dissolve } else { self.children }
    }

    /// Moves the scopes right below up, if they can be.
    fn move_up(&self, on: &View<'_>, row: u32, found: &Node, facts: &mut Facts<'_>) -> Result<()> {
        let tenancy = on.world.tenancy();
        let children = right_below(on.world, row);
        if children.is_empty() {
            return Ok(());
        }
        let Some(above) = tenancy.at(found.parent).filter(|_| found.parent != NO_ROW) else {
            let message = format!("`{}` is a root: there is nothing above it to move to", found.label());
            let error = Error::refused("scope_is_root", message);
            return Err(error.hint("move what is below elsewhere first, or say `dissolve`").into());
        };
        for child in children {
            let moved = node(on, child)?;
            check_moves(on, (child, moved), (found.parent, above))?;
            facts.push(moved.id, ScopeMoved { scope: moved.id, parent: above.id }, None);
        }
        Ok(())
    }
}

impl Decide for DeleteScope {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        let tenancy = on.world.tenancy();
        let mut needs = need(C::Delete, self.scope.target(tenancy));
        let Some(row) = self.scope.row(tenancy) else { return needs };
        match self.becoming() {
            Children::Refuse => {}
            Children::Dissolve => {
                // A cut or a deny below keeps out here as everywhere.
                let below = ending(on.world, row).into_iter().filter(|at| *at != row);
                needs.extend(below.map(|at| Request::new(C::Delete, Target::Scope(at))));
            }
            Children::MoveUp => {
                let above = tenancy.at(row).map_or(NO_ROW, |node| node.parent);
                // Above a root there is nothing to move to: refused, whoever asks.
                let moving = if above == NO_ROW { Vec::new() } else { right_below(on.world, row) };
                let above = Target::Scope(above);
                for (nth, child) in moving.into_iter().enumerate() {
                    let moves = move_needs(on, Target::Scope(child), Some(child), above);
                    // Only the first of them is about the child itself.
                    needs.extend(moves.into_iter().take(if nth == 0 { usize::MAX } else { 1 }));
                }
            }
        }
        needs
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (row, found) = live_node(on, &self.scope)?;
        let children = self.becoming();
        if self.recursive && children != Children::Dissolve {
            let message = "`recursive` dissolves the scopes below, and `children` says something else";
            return Err(Error::invalid(message).hint("leave `recursive` out").into());
        }
        let rows = if children == Children::MoveUp { vec![row] } else { ending(on.world, row) };
        if rows.len() > 1 && children == Children::Refuse {
            let message = format!("there are live scopes below `{}`", found.label());
            let error = Error::refused("scope_has_children", message);
            return Err(error.hint("say what becomes of them: `dissolve` or `move_up`").into());
        }
        let objects = on.world.objects();
        let records = |row: u32| objects.homed(row).into_iter().flatten().collect::<Vec<u32>>();
        if self.records == Records::Refuse
            && let Some(full) = rows.iter().find(|row| !records(**row).is_empty())
        {
            let message = format!("there are live records in `{}`", node(on, *full)?.label());
            let error = Error::refused("scope_has_records", message);
            return Err(error.hint("say what becomes of them: `forget` or `keep`").into());
        }
        for row in rows {
            let ends = node(on, row)?;
            facts.push(ends.id, ScopeArchived { scope: ends.id }, None);
            if children == Children::MoveUp {
                self.move_up(on, row, ends, facts)?;
            }
            end(on, row, ends, self.records, &records(row), facts);
        }
        Ok(())
    }
}

/// What ends with a scope.
fn end(on: &View<'_>, row: u32, node: &Node, with: Records, records: &[u32], facts: &mut Facts<'_>) {
    let (objects, sharing, scope) = (on.world.objects(), on.world.sharing(), node.id);
    if with == Records::Forget {
        for object in records.iter().filter_map(|row| objects.at(*row)) {
            facts.push(scope, ObjectForgotten { object: object.id }, None);
        }
    }
    let stays = |object: &u32| {
        with == Records::Keep
            && objects.at(*object).is_some_and(|object| object.home == row && !object.tombstoned)
    };
    for object in sharing.within(row).into_iter().flatten().filter(|object| !stays(object)) {
        if let Some(object) = objects.at(object) {
            facts.push(scope, ProjectionRevoked { object: object.id, scope }, None);
        }
    }
    for (who, _) in on.world.tenancy().members(row) {
        facts.push(scope, MemberRemoved { scope, principal: on.world.identity().id(who) }, None);
    }
}

impl Decide for ReopenScope {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        reopen_needs(on, &self.scope)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let tenancy = on.world.tenancy();
        let row = scope_row(on, &self.scope)?;
        let found = node(on, row)?;
        if !found.archived {
            let message = format!("the scope `{}` was not deleted", found.label());
            return Err(Error::refused("not_deleted", message).into());
        }
        if let Some(parent) =
            tenancy.at(found.parent).filter(|parent| found.parent != NO_ROW && parent.archived)
        {
            return Err(archived(parent).into());
        }
        let named = found.path.as_ref().and_then(|path| tenancy.row_of_path(path));
        if let Some(other) = named.and_then(|row| tenancy.at(row)).filter(|other| !other.archived) {
            let message = format!("the path `{}` names another scope by now", other.label());
            return Err(Error::refused("scope_exists", message).into());
        }
        bring_back(on, row, found, facts);
        Ok(())
    }
}

/// Whoever may delete it from above; or an operator, since the members of a deleted root are gone, and nobody else could act.
/// Opening again gives nobody more than they had.
fn reopen_needs<'a>(on: &View<'_>, scope: &ScopeRef) -> Needs<'a> {
    let (tenancy, roots) = (on.world.tenancy(), Request::new(C::CreateRoot, Target::Deployment));
    let is_there = scope.row(tenancy).is_some();
    if is_there && authorize(on.world, on.actor, roots, on.now).allowed {
        return smallvec::smallvec![roots];
    }
    need(C::Delete, scope.target(tenancy))
}

/// What ended with the scope, as far as it can still be.
fn bring_back(on: &View<'_>, row: u32, node: &Node, facts: &mut Facts<'_>) {
    let (tenancy, objects, scope) = (on.world.tenancy(), on.world.objects(), node.id);
    facts.push(scope, ScopeReopened { scope }, None);
    for at in objects.parked(row, tenancy) {
        if let Some(object) = objects.at(at).filter(|object| object.tombstoned)
            && !past_greatest_age(on.world, at, on.now)
        {
            facts.push(scope, ObjectRecovered { object: object.id }, None);
        }
    }
    for (at, level) in on.world.sharing().parked(row, tenancy) {
        if let Some(object) = objects.at(at) {
            facts.push(scope, ObjectProjected { object: object.id, scope, level }, None);
        }
    }
    for (who, member) in tenancy.parked(row).filter(|(_, member)| member.in_force(on.now)) {
        let (principal, role, expires_at) = (on.world.identity().id(who), member.role, member.expires_at());
        facts.push(scope, MemberAdded { scope, principal, role, expires_at }, None);
    }
}
