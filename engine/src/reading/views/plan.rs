//! Which scopes a view reads, for whom.

use super::answer::{Omission, Omitted};
use super::sight::Eyes;
use crate::authorize::{Request, Target};
use crate::kernel::execute::Result;
use crate::tenancy::ScopeRef;
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::{Capability as C, Node, View};
use scoped_projections::{ScopeId, World};
use std::collections::HashMap;

/// The scopes that a view reads, in the order of its answers.
pub(crate) struct Plan {
    /// Row of the scope that was asked about.
    pub(crate) target: u32,
    pub(crate) view: View,
    /// Row and place of every scope within reach; whether it contributes or not.
    pub(crate) order: Vec<u32>,
    /// Place of those that contribute.
    open: HashMap<u32, usize>,
    /// Those that do not, as far as the reader may know of them.
    pub(crate) omitted: Vec<Omitted>,
}

impl Plan {
    /// The plan for a view from a scope.
    ///
    /// The name of the view demands its capabilities first; only then is said whether there is such a scope.
    pub(crate) fn of(eyes: &Eyes<'_>, scope: &ScopeRef, view: View) -> Result<Self> {
        let tenancy = eyes.world().tenancy();
        let at = scope.target(tenancy);
        eyes.need(C::ReadLocal, at)?;
        if let Some(capability) = view.traversal() {
            eyes.need(capability, at)?;
        }
        let order = eyes.moment.reach(scope, view)?;
        let target = order.first().copied().unwrap_or(NO_ROW);
        // Names of ancestors are known to the reader; of what lies below only to those who may audit.
        let named = view == View::Holistic || eyes.holds(C::AuditRead, Target::Scope(target));
        let mut plan = Self { target, view, open: HashMap::new(), omitted: Vec::new(), order };
        for (place, row) in plan.order.iter().enumerate() {
            match eyes.closed(*row, target, view) {
                None => {
                    eyes.note_below(*row, target);
                    plan.open.insert(*row, place);
                }
                // A deleted scope below is no part of the tree any more.
                Some(_) if view == View::Descend && tenancy.at(*row).is_some_and(|node| node.archived) => {}
                Some(reason) if named && *row != target => {
                    let path = tenancy.at(*row).map_or("", Node::label).to_owned();
                    plan.omitted.push(Omitted { path, reason });
                }
                Some(_) => {}
            }
        }
        Ok(plan)
    }

    /// The place of a scope that contributes.
    pub(crate) fn place(&self, scope: u32) -> Option<usize> {
        self.open.get(&scope).copied()
    }
    /// The id of the target.
    pub(crate) fn scope_id(&self, world: &World) -> ScopeId {
        world.tenancy().at(self.target).map_or(ScopeId::NONE, |node| node.id)
    }
}

impl Eyes<'_> {
    /// Why a scope within reach does not contribute, if it does not.
    fn closed(&self, row: u32, target: u32, view: View) -> Option<Omission> {
        let at = Target::Scope(row);
        // What stayed in a deleted scope is reached from above, by descending, and in no other way.
        let from_above = view == View::Descend && row != target;
        if !from_above && self.both(|world| world.tenancy().at(row).is_none_or(|node| node.archived)) {
            return Some(Omission::Archived);
        }
        if row == target {
            return None; // the name of the view has asked for everything already
        }
        let denied = |capability| self.denied(Request::new(capability, at));
        let kept_out = |capability| self.kept_out(Request::new(capability, at));
        match view {
            // Reaching up takes no membership above: only a deny keeps out, and an ancestor that does not show itself.
            View::Holistic if denied(C::ReadLocal) || denied(C::ReadHolistic) => Some(Omission::Denied),
            View::Holistic if self.both(|world| !visible(world, row)) => Some(Omission::Hidden),
            View::Holistic => None,
            _ if self.holds(C::ReadLocal, at) => None,
            _ if kept_out(C::ReadLocal) => Some(Omission::Denied),
            _ => Some(Omission::NoAccess),
        }
    }
}

/// Does a scope show itself to its descendants?
fn visible(world: &World, row: u32) -> bool {
    world.tenancy().at(row).is_some_and(|node| !node.hidden)
}

/// The default view that the nearest scope on the way up declares, itself first.
pub(crate) fn default_view(world: &World, row: u32) -> Option<View> {
    let tenancy = world.tenancy();
    tenancy.chain(row).find_map(|row| tenancy.policy(row)?.policy.default_view)
}
