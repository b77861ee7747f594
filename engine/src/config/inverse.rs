//! What brings settings back.

use super::commands::{Delete, Set};
use crate::error::Result;
use crate::moment::Moment;
use crate::temporal::{Entity, Inverse, Phase, Problem};
use scoped_projections::{ScopeId, Sequence, World};

/// Locks come last: what is below them could not be set any more. Beyond all rows.
const LOCKS: i64 = 1 << 40;

/// What brings a setting back.
pub(crate) fn invert(inverse: &mut Inverse<'_>) -> Result<Problem> {
    let Entity::Setting(id) = inverse.entity else { return Ok(None) };
    let Some(now) = inverse.now.config().get(id) else { return Ok(None) };
    let Some(scope) = inverse.now.tenancy().at(now.scope).map(|node| node.id) else { return Ok(None) };
    let (row, key) = (i64::from(now.scope), now.key.to_string());
    match inverse.then.config().get(id).filter(|then| !then.deleted) {
        None if now.deleted => {}
        None => inverse.step(Phase::SettingsChanged, row, Delete { scope: scope.into(), key }),
        Some(then) => {
            let moment = Moment { world: inverse.now, history: inverse.history, now: inverse.time.into() };
            let (value, description) = moment.setting_value(then.value)?;
            let is = moment.setting_value(now.value)?;
            let same = (&value, &description) == (&is.0, &is.1);
            if same && then.locked == now.locked && !now.deleted {
                return Ok(None);
            }
            // Upper scopes first while locks go; inner ones first while they come.
            let order = if then.locked && !now.locked { LOCKS - row } else { row };
            let (setting, scope, locked) = (Some(id), scope.into(), then.locked);
            let set = Set { setting, scope, key, value, description, locked };
            inverse.step(Phase::SettingsChanged, order, set);
        }
    }
    Ok(None)
}

/// The last event about a setting; `None` when it is not there.
pub(crate) fn changed(world: &World, entity: Entity) -> Option<Sequence> {
    let Entity::Setting(id) = entity else { return None };
    world.config().get(id).map(|setting| setting.changed)
}

/// The scope that a setting belongs to.
pub(crate) fn place(world: &World, entity: Entity) -> Option<ScopeId> {
    let Entity::Setting(id) = entity else { return None };
    world.tenancy().at(world.config().get(id)?.scope).map(|node| node.id)
}
