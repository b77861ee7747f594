//! What has to hold about a scope before something is decided about it.

use super::{AclRule, ScopeRef};
use crate::authorize::{Request, Target, authorize};
use crate::error::Error;
use crate::kernel::execute::{Result, View};
use scoped_projections::tenancy::{Applies, Capabilities, Capability as C, Member, Node, Subject};
use scoped_projections::{Micros, PrincipalId};

/// The row of a scope that the actor was found to have rights on.
pub(crate) fn scope_row(on: &View<'_>, scope: &ScopeRef) -> Result<u32> {
    let found = scope.row(on.world.tenancy());
    Ok(found.ok_or_else(|| Error::refused("scope_not_found", format!("there is no scope `{scope}`")))?)
}

pub(super) fn node<'a>(on: &View<'a>, row: u32) -> Result<&'a Node> {
    Ok(on
        .world
        .tenancy()
        .at(row)
        .ok_or_else(|| Error::refused("scope_not_found", "there is no such scope"))?)
}

/// A scope that has not been deleted.
pub(crate) fn live_node<'a>(on: &View<'a>, scope: &ScopeRef) -> Result<(u32, &'a Node)> {
    let row = scope_row(on, scope)?;
    let found = node(on, row)?;
    if found.archived {
        return Err(archived(found).into());
    }
    Ok((row, found))
}

/// What is said about a scope that was deleted.
pub(crate) fn archived(node: &Node) -> Error {
    Error::refused("scope_deleted", format!("the scope `{}` was deleted", node.label()))
        .hint("a rollback brings it back, or register it anew")
}

/// What is said about a scope in which nothing widens or changes.
pub(super) fn frozen(node: &Node) -> Error {
    Error::refused("scope_frozen", format!("the scope `{}` is frozen", node.label()))
        .hint("revocations are possible all the same; `tenancy.release_scope` ends the freeze")
}

/// Nobody grants what they do not hold, as far as the grant reaches, nor for longer than they hold it (`until`: `None` without end).
///
/// What somebody holds only ever ends, so whoever holds it at the end of the grant holds it all the time.
pub(super) fn check_holds(
    on: &View<'_>,
    row: u32,
    wanted: Capabilities,
    applies: Applies,
    until: Option<Micros>,
) -> Result<()> {
    let target = match applies {
        Applies::Itself => Target::Scope(row),
        // What is held in the scope alone cannot be handed on to everything below it.
        Applies::Subtree => Target::Below(row),
    };
    // Rules narrow what is done, not what may be handed on: whoever gets it is under them as well.
    let held = |c: C, at| authorize(on.world, on.actor, Request::new(c, target).ungoverned(), at).allowed;
    let lacks = |at| C::ALL.iter().copied().find(|c| wanted.contains(*c) && !held(*c, at));
    if let Some(missing) = lacks(on.now) {
        let message = format!("`{missing}` is not yours to grant in `{}`", node(on, row)?.label());
        return Err(Error::refused("grant_exceeds_holder", message).into());
    }
    if let Some(ending) = lacks(last_moment(until)) {
        let message = format!("you hold `{ending}` in `{}` for less long than that", node(on, row)?.label());
        let error = Error::refused("grant_exceeds_holder", message);
        return Err(error.hint("let the grant end when your own right does").into());
    }
    Ok(())
}

/// The last moment of what ends then; the end of time for what does not.
pub(crate) fn last_moment(until: Option<Micros>) -> Micros {
    until.map_or(Micros::MAX, |end| end.saturating_sub(1))
}

/// Nobody prolongs their own part.
pub(super) fn check_own_end(
    on: &View<'_>,
    held: &Member,
    principal: PrincipalId,
    expires_at: Option<Micros>,
) -> Result<()> {
    let prolonged = held.expires_at().is_some_and(|own| expires_at.is_none_or(|end| end > own));
    if principal == on.actor && prolonged {
        return Err(Error::refused("grant_exceeds_holder", "nobody prolongs their own membership").into());
    }
    Ok(())
}

/// A deny that nobody could take off again would lock everybody out for good.
pub(super) fn check_way_back(on: &View<'_>, row: u32, deny: &AclRule) -> Result<()> {
    let (tenancy, identity) = (on.world.tenancy(), on.world.identity());
    if !deny.capability.matches().contains(C::AclManage) {
        return Ok(());
    }
    let speaks_to = |who: u32| match deny.subject {
        Subject::Any => true,
        Subject::Principal(id) => identity.row(id) == Some(who),
        Subject::Role(role) => {
            tenancy.chain(row).any(|at| tenancy.member(at, who).is_some_and(|m| m.role == role))
        }
    };
    let mut managers = tenancy
        .chain(row)
        .flat_map(|at| tenancy.members(at))
        .filter(|(_, member)| member.expires_at().is_none());
    let way_back = managers.any(|(who, _)| {
        !speaks_to(who)
            && authorize(
                on.world,
                identity.id(who),
                Request::new(C::AclManage, Target::Scope(row)).ungoverned(),
                on.now,
            )
            .allowed
    });
    if way_back {
        return Ok(());
    }
    let error = Error::refused("locks_out", "after that nobody could take the entry off again");
    Err(error.hint("deny a narrower capability, or name whom it is meant for").into())
}

pub(super) fn check_end(on: &View<'_>, expires_at: Option<Micros>) -> Result<()> {
    match expires_at {
        Some(end) if end <= on.now => Err(Error::invalid("`expires_at` is in the past").into()),
        _ => Ok(()),
    }
}
