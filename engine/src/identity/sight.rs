//! Who gets to see whom.
//!
//! Operators see every principal. Everybody else sees itself, the groups it belongs to, those it acts for and that act for it, and
//! whoever it shares a scope with: a member (itself, or through a group) of a scope that the asker may read, or of one above it. To
//! all others a principal that is there and one that is not look the same.

use crate::authorize::{Request, Target, authorize};
use scoped_projections::identity::{ACTS_FOR, Status};
use scoped_projections::tenancy::Capability;
use scoped_projections::{Micros, PrincipalId, World};

/// Does `asker` see the principal in row `other`?
pub(crate) fn sees(world: &World, asker: PrincipalId, other: u32, now: Micros) -> bool {
    let (identity, tenancy) = (world.identity(), world.tenancy());
    let Some((row, own)) = identity.row(asker).and_then(|row| Some((row, identity.at(row)?))) else {
        return false;
    };
    if own.status != Status::Active || identity.at(other).is_none() {
        return false;
    }
    let delegated = |parent, child| identity.relations().between(parent, child, ACTS_FOR).is_some();
    if own.operator
        || identity.selves(row).any(|own| own == other)
        || delegated(row, other)
        || delegated(other, row)
    {
        return true;
    }
    let reads = |scope| {
        let request = Request::new(Capability::ReadLocal, Target::Scope(scope));
        authorize(world, asker, request, now).allowed
    };
    let mine = || identity.selves(row).flat_map(|own| tenancy.memberships(own));
    identity
        .selves(other)
        .flat_map(|who| tenancy.memberships(who))
        .filter(|(_, part)| part.in_force(now))
        .any(|(theirs, _)| {
            reads(theirs)
                || mine().any(|(scope, part)| {
                    part.in_force(now) && tenancy.is_within(scope, theirs) && reads(scope)
                })
        })
}

/// Does `asker` see that principal? No to everybody for one that is not there.
pub(crate) fn sees_id(world: &World, asker: PrincipalId, other: PrincipalId, now: Micros) -> bool {
    world.identity().row(other).is_some_and(|other| sees(world, asker, other, now))
}
