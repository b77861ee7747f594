//! Do frozen scopes, holds and quotas admit what is about to be written?

use super::checks;
use super::frozen::touched;
use super::policies::{hold, past_greatest_age};
use super::quota;
use crate::error::Error;
use crate::kernel::execute::{Proposed, Result, View};
use crate::temporal::format_time;
use scoped_projections::objects::ObjectsEvent as O;
use scoped_projections::tenancy::{Node, TenancyEvent as T};
use scoped_projections::{Event, ObjectId};

/// May these facts be written, as far as the scopes that they lie in have a say?
pub(crate) fn admit(on: &View<'_>, proposed: &[Proposed]) -> Result<()> {
    for fact in proposed {
        for node in touched(on, fact).into_iter().filter_map(|scope| on.world.tenancy().get(scope)) {
            if node.frozen && !whole(node, proposed) {
                return Err(checks::frozen(node).into());
            }
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
