//! Who could take denies off again: a list that nobody can change any more would lock everybody out for good.
//!
//! It is decided by what there is *after* a step, when all that it came to is in the world: what it takes off, adds and swaps counts together. Asked are
//! those who have a role there for good; who may change a list only by an entry of a list is none of them, since that entry may go at any time.
//! Cost: nothing without a deny of that kind on the way to the root; a decision or two where an owner who was there first may; else one look at
//! each member of the scope and those above it, and [`MANAGERS_ASKED_MAX`] decisions at most, whoever holds most first.

use super::owners::{Without, acts_somebody};
use crate::authorize::{Considered, Request, Rule, Target, authorize, explain};
use crate::error::Error;
use crate::kernel::execute::{Proposed, Result, View};
use roaring::RoaringBitmap;
use scoped_projections::identity::IdentityEvent as I;
use scoped_projections::tenancy::{Capability as C, Effect, Member, Pattern, Role, TenancyEvent as T};
use scoped_projections::{Event, Micros, ScopeId, World};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Most of those who can act that are asked about. Owners and admins come first: who has so many of them that are kept out already is
/// better refused.
const MANAGERS_ASKED_MAX: usize = 256;
/// So many members of each scope on the way are looked at before all of them are.
const OWNERS_FIRST: usize = 4;
/// A moment when all that has an end is over.
const FOR_GOOD: Micros = Micros::MAX;

/// Scopes that a step may leave with a list that nobody can change any more.
#[derive(Debug, Default)]
pub(crate) struct AtStake {
    /// A deny comes onto the list.
    denied: BTreeSet<u32>,
    /// Who holds what changes where somebody could change the list. Where nobody could, nobody has to stay for it.
    left: BTreeSet<u32>,
}

/// What these facts put at stake, before they are in the world.
pub(crate) fn at_stake(on: &View<'_>, proposed: &[Proposed]) -> AtStake {
    let mut found = AtStake::default();
    let row = |scope: ScopeId| on.world.tenancy().row(scope);
    for fact in proposed {
        match &fact.event {
            Event::Tenancy(T::AclEntryAdded(e))
                if e.capability.parse().is_ok_and(|capability| keeps_out(e.effect, &capability)) =>
            {
                found.denied.extend(row(e.scope));
            }
            // Without a list nobody is kept out of one.
            _ if on.world.tenancy().entries_len() == 0 => {}
            Event::Tenancy(T::MemberAdded(e)) => found.left.extend(row(e.scope)),
            Event::Tenancy(T::MemberRemoved(e)) => found.left.extend(row(e.scope)),
            Event::Tenancy(T::MemberRoleChanged(e)) => found.left.extend(row(e.scope)),
            Event::Tenancy(T::ScopeMoved(e)) => found.left.extend(row(e.scope)),
            // An inheritance cut keeps those from above out.
            Event::Tenancy(T::PolicySet(e)) => found.left.extend(row(e.scope)),
            Event::Identity(I::PrincipalArchived(e)) => {
                found.left.extend(memberships(on.world, on.world.identity().row(e.principal)));
            }
            // A group that acts again speaks for, and against, all who belong to it.
            Event::Identity(I::PrincipalReinstated(e)) => {
                found.left.extend(memberships(on.world, on.world.identity().row(e.principal)));
            }
            Event::Identity(I::RelationshipAdded(e)) => {
                found.left.extend(memberships(on.world, on.world.identity().row(e.child)));
            }
            Event::Identity(I::RelationshipRemoved(e)) => {
                let edge = on.world.identity().relations().get(e.edge);
                found.left.extend(memberships(on.world, edge.map(|edge| edge.child)));
            }
            _ => {}
        }
    }
    found.left.retain(|row| way_back(on.world, *row, on.now) == WayBack::Somebody);
    found
}

/// Is that a deny that keeps people from changing lists?
fn keeps_out(effect: Effect, capability: &Pattern) -> bool {
    effect == Effect::Deny && capability.matches().contains(C::AclManage)
}

/// Scopes that a principal, a group that it belongs to, or somebody who belongs to it, is a member of.
fn memberships(world: &World, principal: Option<u32>) -> RoaringBitmap {
    let (identity, tenancy) = (world.identity(), world.tenancy());
    let above = principal.into_iter().flat_map(|row| identity.selves(row));
    let below = principal.into_iter().flat_map(|row| identity.below(row));
    above.chain(below).flat_map(|own| tenancy.memberships(own)).map(|(scope, _)| scope).collect()
}

/// Can somebody still change the lists that were at stake, now that it is done?
pub(crate) fn check_way_back(world: &World, at_stake: &AtStake, now: Micros) -> Result<()> {
    let locked = |row: &&u32, by: &[WayBack]| by.contains(&way_back(world, **row, now));
    if let Some(row) = at_stake.denied.iter().find(|row| locked(row, &[WayBack::KeptOut, WayBack::Nobody])) {
        let message =
            format!("after that nobody could take the entry off the list of `{}` again", label(world, *row));
        let error = Error::refused("locks_out", message);
        return Err(error.hint("deny a narrower capability, or name whom it is meant for").into());
    }
    if let Some(row) = at_stake.left.iter().find(|row| locked(row, &[WayBack::KeptOut])) {
        let message = format!(
            "after that nobody could change the list of `{}`: a deny on it keeps out all others",
            label(world, *row)
        );
        return Err(Error::refused("locks_out", message).hint("take the deny off the list first").into());
    }
    Ok(())
}

fn label(world: &World, row: u32) -> &str {
    world.tenancy().at(row).map_or("", |node| node.label())
}

/// Who can change the list of a scope, where a deny keeps people from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WayBack {
    /// No deny does, or somebody is not kept out by any.
    Somebody,
    /// Somebody could by their role, and all of them are kept out.
    KeptOut,
    /// Nobody has such a role there for good.
    Nobody,
}

fn way_back(world: &World, row: u32, now: Micros) -> WayBack {
    let (tenancy, identity) = (world.tenancy(), world.identity());
    let ended = tenancy.at(row).is_none_or(|node| node.archived);
    let mut entries =
        tenancy.chain(row).flat_map(|at| tenancy.entries(at)).filter(|entry| entry.in_force(now));
    if ended || !entries.any(|entry| keeps_out(entry.effect, &entry.capability)) {
        return WayBack::Somebody;
    }
    let request = Request::new(C::AclManage, Target::Scope(row)).ungoverned();
    let (mut asked, mut kept_out) = (0, false);
    // A group does nothing: whoever stands behind it may, and may be spoken to.
    let mut may = |who: u32| {
        asked += 1;
        let who = identity.id(who);
        let by_role = |rule: &Considered| rule.counted && matches!(rule.rule, Rule::Member { .. });
        if asked > MANAGERS_ASKED_MAX || !explain(world, who, request, FOR_GOOD).1.iter().any(by_role) {
            return false;
        }
        let may = authorize(world, who, request, now).allowed;
        kept_out |= !may;
        may
    };
    // Mostly it is an owner who was there first: then nobody else is looked at.
    let mut first = tenancy.chain(row).flat_map(|at| tenancy.members(at).take(OWNERS_FIRST));
    let owns = |(who, member): (u32, &Member)| {
        (member.role == Role::Owner && member.expires_at().is_none()).then_some(who)
    };
    if first.by_ref().filter_map(owns).any(|who| acts_somebody(identity, who, Without::Nobody, &mut may)) {
        return WayBack::Somebody;
    }
    let mut held: BTreeMap<u32, Role> = BTreeMap::new();
    for (who, member) in tenancy.chain(row).flat_map(|at| tenancy.members(at)) {
        if member.expires_at().is_none() {
            let role = held.entry(who).or_insert(member.role);
            *role = member.role.max(*role);
        }
    }
    let mut managers: Vec<(Reverse<Role>, u32)> =
        held.into_iter().map(|(who, role)| (Reverse(role), who)).collect();
    managers.sort_unstable();
    match managers.into_iter().any(|(_, who)| acts_somebody(identity, who, Without::Nobody, &mut may)) {
        true => WayBack::Somebody,
        false if kept_out => WayBack::KeptOut,
        false => WayBack::Nobody,
    }
}
