//! Audit: refused attempts as events, and the index that answers "who did what, where, to what, when".
//!
//! The audit trail is the log itself; nothing here repeats it. [`AuditIndex`] is a fold over the records' headers and
//! subjects, kept beside the world and brought up to date by whoever asks, so writing pays nothing for it.
//! Invariants: a refusal changes no state, hence the domain has none: a log full of refusals has the digest of one without.

mod events;
mod index;
mod state;

pub use events::{AccessDenied, AuditEvent};
pub use index::{AuditIndex, Filter};
pub use state::Audit;
