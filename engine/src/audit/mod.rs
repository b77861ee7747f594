//! Audit: refused attempts leave a trace. There is no command: nobody can write, or unwrite, the trail.

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
