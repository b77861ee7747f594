//! Audit: refused attempts and recorded reads as events.
//!
//! The audit trail is the log itself; nothing here repeats it. What answers "who did what, where, to what, when" is the engine's
//! audit index, which knows what each event is about.
//! Invariants: neither changes state, hence the domain has none: a log full of refusals has the digest of one without.

mod events;
mod state;

pub use events::{AccessDenied, AccessDeniedV1, AccessRecorded, AuditEvent};
pub use state::Audit;
