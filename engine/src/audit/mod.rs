//! Audit: what is looked for in the trail, and the index that answers. There is no command: nobody can write, or unwrite, the trail.

mod concern;
mod described;
mod export;
mod filter;
mod index;
mod nature;
mod reads;
mod reversals;
mod spots;
mod walk;
mod why;

pub(crate) use concern::Concern;
pub(crate) use described::{end, is_description};
pub use export::{TrailExport, TrailFormat};
pub use filter::Filter;
pub use index::AuditIndex;
pub(crate) use index::Thing;
pub(crate) use nature::nature;
pub(crate) use reads::{governing, is_sensitive, reads};
pub use walk::StatesWalk;
pub use why::{Allowed, Ground};

use crate::command::commands;
use crate::export::{Recalled, Recalling};
use crate::temporal::Entity;
use scoped_projections::audit::AuditEvent;

commands! {
    /// No commands.
    domain "audit";
    enum Command {}
}

/// History, not state.
pub(crate) fn entity(_: &AuditEvent) -> Option<Entity> {
    None
}

/// No command of its own.
pub(crate) fn recall(_: AuditEvent, _: Recalling<'_>) -> Option<Recalled> {
    Some(Recalled::Silent)
}
