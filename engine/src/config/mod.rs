//! Config.

mod nature;
pub(crate) use nature::nature;

use crate::command::commands;
use crate::error::Result;
use crate::export::{Recalled, Recalling};
use crate::temporal::{Entity, Inverse, Problem};
use scoped_projections::config::ConfigEvent;
use scoped_projections::{ScopeId, Sequence, World};

commands! {
    /// Commands about config.
    domain "config";
    enum Command {}
}

/// What an event changes.
pub(crate) fn entity(event: &ConfigEvent) -> Option<Entity> {
    match event {
        ConfigEvent::SettingSet(e) => Some(Entity::Setting(e.setting)),
    }
}

/// The command that would bring this fact about.
pub(crate) fn recall(_: ConfigEvent, _: Recalling<'_>) -> Option<Recalled> {
    Some(Recalled::Silent)
}

/// What brings this domain's things back.
pub(crate) fn invert(_: &mut Inverse<'_>) -> Result<Problem> {
    Ok(None)
}

/// The event that made a thing what it is in this world; `None` when it is not there.
pub(crate) fn changed(_: &World, _: Entity) -> Option<Sequence> {
    None
}

/// The scope that a thing belongs to.
pub(crate) fn place(_: &World, _: Entity) -> Option<ScopeId> {
    None
}
