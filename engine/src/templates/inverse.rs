//! What brings templates back.

use super::commands::{Archive, Reopen, Update};
use crate::error::Result;
use crate::moment::Moment;
use crate::temporal::{Entity, Inverse, Phase, Problem};
use scoped_projections::{ScopeId, Sequence, World};

/// What brings a template back.
pub(crate) fn invert(inverse: &mut Inverse<'_>) -> Result<Problem> {
    let Entity::Template(id) = inverse.entity else { return Ok(None) };
    let Some(now) = inverse.now.templates().get(id) else { return Ok(None) };
    let then = inverse.then.templates().get(id);
    // A template that was not there is brought back to not being there: archived.
    let gone_then = then.is_none_or(|then| then.archived);
    let update = match then {
        Some(then) if then.version != now.version => {
            let at = |world| Moment { world, history: inverse.history, now: inverse.time.into() };
            let (was, is) = (at(inverse.then).template(id)?, at(inverse.now).template(id)?);
            let same = (&was.schema, &was.name, &was.description) == (&is.schema, &is.name, &is.description);
            (!same).then(|| Update {
                template: id,
                schema: was.schema,
                name: Some(was.name),
                description: Some(was.description),
                change_reason: "rolled back".to_owned(),
                expected_version: Some(now.version),
            })
        }
        _ => None,
    };
    let updated = update.is_some();
    // Only what is open takes changes, also when it is to end in the archive.
    if now.archived && (!gone_then || updated) {
        inverse.step(Phase::TemplatesChanged, 0, Reopen { template: id });
    }
    if let Some(update) = update {
        inverse.step(Phase::TemplatesChanged, 1, update);
    }
    if gone_then && (!now.archived || updated) {
        inverse.step(Phase::TemplatesChanged, 2, Archive { template: id });
    }
    Ok(None)
}

/// The last event that changed a template; `None` when it is not there.
pub(crate) fn changed(world: &World, entity: Entity) -> Option<Sequence> {
    let Entity::Template(id) = entity else { return None };
    world.templates().get(id).map(|template| template.changed)
}

/// The scope that a template belongs to.
pub(crate) fn place(world: &World, entity: Entity) -> Option<ScopeId> {
    let Entity::Template(id) = entity else { return None };
    world.tenancy().at(world.templates().get(id)?.scope).map(|node| node.id)
}
