//! What brings entries and the freeze back.

use super::{Archive, Describe, Freeze, Reinstate, Transition, Unfreeze};
use crate::data::Data;
use crate::error::Result;
use crate::temporal::{Entity, Inverse, Phase, Problem};
use scoped_projections::RegistrationId;
use scoped_projections::registry::Lifecycle;

/// What brings this domain's things back. A name is given once, so an entry that was not there is archived.
pub(crate) fn invert(inverse: &mut Inverse<'_>) -> Result<Problem> {
    match inverse.entity {
        Entity::Registration(id) => entry(inverse, id)?,
        Entity::Registry => freeze(inverse),
        _ => {}
    }
    Ok(None)
}

fn entry(inverse: &mut Inverse<'_>, id: RegistrationId) -> Result<()> {
    let (before, present) = (inverse.then.registry(), inverse.now.registry());
    let Some(now) = present.get(id) else { return Ok(()) };
    let Some(then) = before.get(id) else {
        if now.lifecycle != Lifecycle::Archived {
            inverse.step(Phase::RegistrationsGone, 0, Archive { entry: id.into() });
        }
        return Ok(());
    };
    let (from, to) = (now.lifecycle, then.lifecycle);
    if to < from {
        // What goes back to being a draft goes out of use.
        let phase = if to == Lifecycle::Draft { Phase::RegistrationsGone } else { Phase::RegistrationsBack };
        inverse.step(phase, 0, Reinstate { entry: id.into(), to });
    } else if to == Lifecycle::Archived && from != to {
        inverse.step(Phase::RegistrationsGone, 0, Archive { entry: id.into() });
    } else if to > from {
        if !from.leads_to(to) {
            inverse.step(Phase::RegistrationsBack, 0, Transition { entry: id.into(), to: Lifecycle::Active });
        }
        inverse.step(Phase::RegistrationsBack, 1, Transition { entry: id.into(), to });
    }
    let tags: Vec<String> = before.tags(then).map(str::to_owned).collect();
    let (was, is) = (inverse.history.payload(then.described)?, inverse.history.payload(now.described)?);
    if was != is || !present.tags(now).eq(tags.iter().map(String::as_str)) {
        let metadata = was.map(Data::from_canonical).transpose()?;
        inverse.step(Phase::RegistrationsBack, 2, Describe { entry: id.into(), tags, metadata });
    }
    Ok(())
}

fn freeze(inverse: &mut Inverse<'_>) {
    let (then, now) = (inverse.then.registry().is_frozen(), inverse.now.registry().is_frozen());
    let since = inverse.then.position();
    // Frozen then and now, and changed in between: it has to be opened for the way back.
    let changed = inverse.now.registry().iter().any(|entry| entry.changed > since);
    if now && (!then || changed) {
        inverse.step(Phase::RegistryThawed, 0, Unfreeze {});
    }
    if then && (!now || changed) {
        inverse.step(Phase::RegistryFrozen, 0, Freeze {});
    }
}
