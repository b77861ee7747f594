//! Registry.

use crate::command::commands;
use crate::error::Result;
use crate::export::{Recalled, Recalling};
use crate::temporal::{Entity, Inverse, Problem};
use scoped_projections::registry::RegistryEvent;
use scoped_projections::{Sequence, World};

commands! {
    /// Commands about registry.
    domain "registry";
    enum Command {}
}

/// What an event changes.
pub(crate) fn entity(event: &RegistryEvent) -> Option<Entity> {
    match event {
        RegistryEvent::Registered(e) => Some(Entity::Registration(e.registration)),
    }
}

/// The command that would bring this fact about.
pub(crate) fn recall(_: RegistryEvent, _: Recalling<'_>) -> Option<Recalled> {
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
