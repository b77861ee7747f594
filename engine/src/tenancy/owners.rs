//! Owners that count: those who can act, and for good.
//!
//! Wherever it is asked whether somebody could still manage a scope (the last owner of a root, the owner behind an inheritance cut), the
//! same three things are looked at: the membership has no end, whoever holds it is active, and if that is a group, somebody
//! active stands behind it. What ever had members is a group: it acts through them and not by itself (decision 0027).
//! Units: a walk looks at each principal below a group once.

use super::checks::node;
use crate::error::Error;
use crate::kernel::execute::{Result, View};
use roaring::RoaringBitmap;
use scoped_projections::identity::{Identity, MEMBER_OF, Status};
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::{Member, Node, Role};
use scoped_projections::{EdgeId, PrincipalId, World};

/// What is thought away when it is asked who is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Without {
    /// Nothing.
    Nobody,
    /// A principal that leaves.
    Principal(PrincipalId),
    /// A relationship that ends.
    Edge(EdgeId),
}

/// Is the principal in a row somebody who can act, or a group with somebody behind it who can?
pub(super) fn acts(identity: &Identity, row: u32, without: Without) -> bool {
    acts_somebody(identity, row, without, |_| true)
}

/// The same, of those who can act and of whom this holds.
pub(super) fn acts_somebody(
    identity: &Identity,
    row: u32,
    without: Without,
    mut holds: impl FnMut(u32) -> bool,
) -> bool {
    let relations = identity.relations();
    let (mut next, mut seen) = (vec![row], RoaringBitmap::new());
    while let Some(at) = next.pop() {
        let active = identity
            .at(at)
            .is_some_and(|it| it.status == Status::Active && without != Without::Principal(it.id));
        if !active || !seen.insert(at) {
            continue;
        }
        let mut is_group = false;
        for edge in relations.of(at).filter(|edge| edge.parent == at && relations.label(edge) == MEMBER_OF) {
            is_group = true;
            if edge.is_live() && without != Without::Edge(edge.id) {
                next.push(edge.child);
            }
        }
        if !is_group && holds(at) {
            return true;
        }
    }
    false
}

/// Has a scope an owner of its own who can act, and for good?
pub(crate) fn has_owner(world: &World, row: u32, without: Without) -> bool {
    world.tenancy().members(row).any(|(who, member)| {
        member.role == Role::Owner && member.expires_at().is_none() && acts(world.identity(), who, without)
    })
}

/// A root without owner could never be managed again. `without`: whose ownership there is about to go.
pub(super) fn keeps_an_owner(on: &View<'_>, row: u32, without: PrincipalId) -> Result<()> {
    let (found, identity) = (node(on, row)?, on.world.identity());
    let mut others = on.world.tenancy().members(row).filter(|(who, _)| identity.id(*who) != without);
    let counts = |member: &Member| member.role == Role::Owner && member.expires_at().is_none();
    // The others stay what they are: whoever steps down as an owner may stand behind a group that is one.
    if found.parent != NO_ROW
        || others.any(|(who, member)| counts(member) && acts(identity, who, Without::Nobody))
    {
        return Ok(());
    }
    let error = Error::refused("last_owner", format!("this is the last owner of `{}`", found.label()));
    Err(error.hint("make another owner first").into())
}

/// The root that would be left without owner if a principal were gone for good, or a member of a group out of it.
pub(crate) fn orphaned_root(world: &World, without: Without) -> Option<&Node> {
    let (tenancy, identity) = (world.tenancy(), world.identity());
    let row = match without {
        Without::Nobody => None,
        Without::Principal(id) => identity.row(id),
        Without::Edge(id) => {
            let edge = identity.relations().get(id)?;
            (identity.relations().label(edge) == MEMBER_OF).then_some(edge.parent)
        }
    }?;
    let owned = identity.selves(row).flat_map(|who| {
        let leaves = who == row && matches!(without, Without::Principal(_));
        let owns = tenancy.memberships(who).filter(|(_, member)| member.role == Role::Owner);
        owns.map(move |(scope, _)| (scope, leaves))
    });
    let mut roots = owned.filter_map(|(scope, leaves)| {
        let node = tenancy.at(scope).filter(|node| node.parent == NO_ROW && !node.archived)?;
        Some((scope, leaves, node))
    });
    // Of a group behind which nobody could act anyway nothing is lost. Who is only suspended could come back.
    let orphaned = |scope: u32, leaves: bool| {
        !has_owner(world, scope, without) && (leaves || has_owner(world, scope, Without::Nobody))
    };
    roots.find(|(scope, leaves, _)| orphaned(*scope, *leaves)).map(|(_, _, node)| node)
}
