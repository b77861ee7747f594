//! The scope that speaks for one that the same step makes.
//!
//! A write to a missing path makes the scopes on the way in the step that writes, so what admits the step meets scopes that the world
//! does not know. New ones have no contract, no quota and no rule of their own: those of the nearest scope that there is hold, and of
//! all above it. Whoever looks at proposed facts asks here; "no such scope, hence nothing holds" would let a write to a new path by
//! whatever is bound above it.

use crate::kernel::execute::Proposed;
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::TenancyEvent as T;
use scoped_projections::{Event, ScopeId, World};

/// Row of a scope, or of the nearest above it that there is already; [`NO_ROW`] for what is in no scope, and for new roots.
///
/// Cost: one look-up for a scope that is there; for one that is not, a walk over the step's facts for each level that it makes.
pub(crate) fn nearest(world: &World, proposed: &[Proposed], mut scope: ScopeId) -> u32 {
    // Each level is made by a fact of its own.
    for _ in 0..=proposed.len() {
        if !scope.is_some() {
            break;
        }
        if let Some(row) = world.tenancy().row(scope) {
            return row;
        }
        let parent = proposed.iter().find_map(|fact| match &fact.event {
            Event::Tenancy(T::ScopeProvisioned(made)) if made.scope == scope => Some(made.parent),
            Event::Tenancy(T::ScopeCreated(made)) if made.scope == scope => Some(made.parent),
            _ => None,
        });
        scope = parent.unwrap_or(ScopeId::NONE);
    }
    NO_ROW
}
