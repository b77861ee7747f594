//! Who could take denies off again: a list that nobody can change any more would lock everybody out for good.
//!
//! All denies that are to be put on a list are looked at together, since each of two may leave somebody whom the other keeps out. Cost: one
//! look at each member of the scope and those above it, and [`MANAGERS_ASKED_MAX`] decisions at most, whoever holds most first.

use super::AclRule;
use super::owners::{Without, acts_somebody};
use crate::authorize::{Request, Rule, Target, authorize};
use crate::error::Error;
use crate::kernel::execute::{Result, View};
use scoped_projections::EntryId;
use scoped_projections::tenancy::{Capability as C, Effect, Role, Subject};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Most of those who can act that are asked about. Owners and admins come first: who has so many of them that are kept out already is
/// better refused.
const MANAGERS_ASKED_MAX: usize = 256;

/// To whom some denies speak.
#[derive(Default)]
struct Spoken {
    any: bool,
    roles: BTreeSet<Role>,
    principals: BTreeSet<u32>,
}

impl Spoken {
    fn of<'r>(on: &View<'_>, rules: impl Iterator<Item = &'r AclRule>) -> Option<Self> {
        let mut spoken = None;
        for rule in rules {
            if rule.effect != Effect::Deny || !rule.capability.matches().contains(C::AclManage) {
                continue;
            }
            let spoken = spoken.get_or_insert_with(Self::default);
            match rule.subject {
                Subject::Any => spoken.any = true,
                Subject::Role(role) => drop(spoken.roles.insert(role)),
                Subject::Principal(id) => spoken.principals.extend(on.world.identity().row(id)),
            }
        }
        spoken
    }
    /// Does one of them speak to that principal, or to a group that it belongs to?
    fn speaks_to(&self, on: &View<'_>, row: u32, who: u32) -> bool {
        let tenancy = on.world.tenancy();
        let holds = |own: u32| {
            let mut held = tenancy.chain(row).filter_map(|at| tenancy.member(at, own));
            !self.roles.is_empty() && held.any(|member| self.roles.contains(&member.role))
        };
        self.any || on.world.identity().selves(who).any(|own| self.principals.contains(&own) || holds(own))
    }
}

/// Could somebody still change the list of a scope, when these rules are put on it and those entries are taken off?
pub(super) fn check_way_back<'r>(
    on: &View<'_>,
    row: u32,
    rules: impl Iterator<Item = &'r AclRule>,
    gone: &BTreeSet<EntryId>,
) -> Result<()> {
    let Some(spoken) = Spoken::of(on, rules) else { return Ok(()) };
    let (tenancy, identity) = (on.world.tenancy(), on.world.identity());
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
    let request = Request::new(C::AclManage, Target::Scope(row)).ungoverned();
    let leads_back = |who: u32| {
        let decision = authorize(on.world, identity.id(who), request, on.now);
        let by_gone = matches!(decision.rule, Rule::Entry { entry, .. } if gone.contains(&entry));
        decision.allowed && !by_gone
    };
    // A group does nothing: whoever stands behind it may, and may be spoken to.
    let mut asked = 0;
    let mut may = |who: u32| {
        if spoken.speaks_to(on, row, who) || asked == MANAGERS_ASKED_MAX {
            return false;
        }
        asked += 1;
        leads_back(who)
    };
    if managers.into_iter().any(|(_, who)| acts_somebody(identity, who, Without::Nobody, &mut may)) {
        return Ok(());
    }
    let error = Error::refused("locks_out", "after that nobody could take the entry off again");
    Err(error.hint("deny a narrower capability, or name whom it is meant for").into())
}
