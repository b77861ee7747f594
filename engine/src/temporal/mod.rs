//! Temporal: marks, and rollback as new events.
//!
//! A rollback is planned on the caller's thread against a world that was read ([`Plan`]), and committed as one batch of ordinary
//! commands: each goes through the one authorization function, each names the event whose effect it takes back. If anything it
//! touches has moved on meanwhile, it is refused as stale and planned anew.
//!
//! What is never taken back: the founding of the log, marks, idempotency keys, refused attempts (they are history, not
//! state), and the archiving of a principal (which is for good). What is taken back differently from how it came: a principal
//! that was created since is *suspended*, so that rolling back the rollback can reinstate it.

mod cascade;
mod code;
mod commands;
mod cutoff;
mod entity;
mod inverse;
mod merge;
mod nature;
mod plan;
mod planner;
mod request;
mod selection;
mod state;
mod taken;
mod timeline;
mod touched;
mod trial;
mod undone;

pub use code::EntityError;
pub use commands::{Command, SetMark};
pub(crate) use commands::{entity, recall};
pub use cutoff::{Cutoff, CutoffError, format_time};
pub use entity::Entity;
pub(crate) use inverse::{Inverse, Phase, Problem};
pub(crate) use nature::nature;
pub use nature::{Nature, Reversal};
pub(crate) use plan::plan;
pub use plan::{Conflict, Plan, PlannedStep, Skipped};
pub(crate) use request::Remark;
pub use request::{Policy, Rollback, RollbackNote};
pub use selection::Selection;
pub use state::{EntityState, Presence};
pub(crate) use taken::{Taker, taken_back};
pub use timeline::{Timeline, TimelineEntry};
pub(crate) use undone::{check_form, check_step, filed, undone};
