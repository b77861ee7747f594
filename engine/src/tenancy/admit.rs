//! Do frozen scopes, holds and quotas admit what is about to be written?

use super::checks::frozen;
use super::policies::{hold, past_greatest_age};
use super::quota;
use crate::error::Error;
use crate::kernel::execute::{Proposed, Result, View};
use crate::temporal::format_time;
use scoped_projections::contracts::ContractsEvent as C;
use scoped_projections::objects::ObjectsEvent as O;
use scoped_projections::sharing::SharingEvent as S;
use scoped_projections::templates::TemplatesEvent as B;
use scoped_projections::tenancy::{Effect, Node, TenancyEvent as T};
use scoped_projections::{Event, ObjectId, ScopeId};

/// May these facts be written, as far as the scopes that they lie in have a say?
pub(crate) fn admit(on: &View<'_>, proposed: &[Proposed]) -> Result<()> {
    for fact in proposed {
        if let Some(node) = touched(on, fact).and_then(|scope| on.world.tenancy().get(scope))
            && node.frozen
            && !whole(node, proposed)
        {
            return Err(frozen(node).into());
        }
    }
    if on.world.tenancy().has_policies() {
        for fact in proposed {
            check_ages(on, &fact.event)?;
        }
        quota::check(on, proposed)?;
    }
    Ok(())
}

/// A scope may end and come back as a whole, frozen or not.
fn whole(node: &Node, proposed: &[Proposed]) -> bool {
    proposed.iter().any(|fact| match &fact.event {
        Event::Tenancy(T::ScopeArchived(e)) => e.scope == node.id,
        Event::Tenancy(T::ScopeReopened(e)) => e.scope == node.id,
        _ => false,
    })
}

/// The scope that a fact would widen or whose contents it would change.
fn touched(on: &View<'_>, fact: &Proposed) -> Option<ScopeId> {
    let tenancy = on.world.tenancy();
    match &fact.event {
        Event::Objects(event) => matches!(
            event,
            O::ObjectCreated(_)
                | O::ObjectUpdated(_)
                | O::ObjectTombstoned(_)
                | O::ObjectRestored(_)
                | O::ObjectExpired(_)
        )
        .then_some(fact.scope),
        Event::Sharing(S::ObjectProjected(e)) => {
            let at = on.world.objects().row(e.object).zip(tenancy.row(e.scope));
            let share = at.and_then(|(object, scope)| on.world.sharing().share(object, scope));
            // To a lower level: that narrows.
            share.is_none_or(|share| share.level < e.level).then_some(e.scope)
        }
        Event::Tenancy(event) => widened(on, event),
        Event::Config(_) => Some(fact.scope),
        Event::Contracts(event) => {
            matches!(event, C::ContractCreated(_) | C::ContractUpdated(_) | C::ContractActivated(_))
                .then_some(fact.scope)
        }
        Event::Templates(event) => {
            matches!(event, B::TemplateCreated(_) | B::TemplateUpdated(_) | B::TemplateReopened(_))
                .then_some(fact.scope)
        }
        _ => None,
    }
}

fn widened(on: &View<'_>, event: &T) -> Option<ScopeId> {
    let tenancy = on.world.tenancy();
    match event {
        T::ScopeCreated(e) => Some(e.parent),
        T::ScopeProvisioned(e) => Some(e.parent),
        // Into a frozen scope, or out of it.
        T::ScopeMoved(e) => {
            let old = tenancy.get(e.scope).and_then(|node| tenancy.at(node.parent));
            let frozen = |id: &ScopeId| tenancy.get(*id).is_some_and(|node| node.frozen);
            [Some(e.parent), Some(e.scope), old.map(|node| node.id)].into_iter().flatten().find(frozen)
        }
        T::MemberAdded(e) => Some(e.scope),
        T::MemberRoleChanged(e) => {
            let row = tenancy.row(e.scope).zip(on.world.identity().row(e.principal));
            let held = row.and_then(|(scope, who)| tenancy.member(scope, who))?;
            let later = held.expires_at().is_some_and(|end| e.expires_at.is_none_or(|new| new > end));
            (e.role > held.role || later).then_some(e.scope)
        }
        T::AclEntryAdded(e) => (e.effect == Effect::Allow).then_some(e.scope),
        T::AclEntryRemoved(e) => {
            let entry = tenancy.entry(e.entry).filter(|entry| entry.effect == Effect::Deny)?;
            tenancy.at(entry.scope).map(|node| node.id)
        }
        T::ScopeAdopted(e) => Some(e.scope),
        T::ScopeRenamed(e) => Some(e.scope),
        T::ScopeDescribed(e) => Some(e.scope),
        T::PolicySet(e) => Some(e.scope),
        T::ScopeArchived(_)
        | T::ScopeReopened(_)
        | T::ScopeFrozen(_)
        | T::ScopeReleased(_)
        | T::MemberRemoved(_)
        | T::MemberExpired(_)
        | T::AclEntryExpired(_) => None,
    }
}

/// What is held must not go, and what has reached its greatest age does not come back.
fn check_ages(on: &View<'_>, event: &Event) -> Result<()> {
    let row = |object: ObjectId| on.world.objects().row(object);
    match event {
        Event::Objects(O::ObjectTombstoned(scoped_projections::objects::ObjectTombstoned { object }))
        | Event::Objects(O::ObjectForgotten(scoped_projections::objects::ObjectForgotten { object })) => {
            if let Some(until) = row(*object).and_then(|row| hold(on.world, row, on.now)) {
                let message = format!("the object `{object}` is held until {}", format_time(until));
                return Err(Error::refused("retention_hold", message).into());
            }
        }
        Event::Objects(O::ObjectRestored(e))
            if row(e.object).is_some_and(|row| past_greatest_age(on.world, row, on.now)) =>
        {
            let message =
                format!("the object `{}` has reached the greatest age that its scope keeps", e.object);
            return Err(Error::refused("retention_expired", message).into());
        }
        _ => {}
    }
    Ok(())
}
