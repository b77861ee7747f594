//! Temporal: names for moments, and what has been taken back.
//!
//! Words: a *mark* is a name for a position of the log; a *rollback* is a batch of new events that brings things back to
//! how they were at a cutoff, each naming the event whose effect it takes back.
//! Invariants: a mark never moves; an event is undone, or not, by the last rollback that touched it, so rolling back a
//! rollback makes what it undid stand again.

mod events;
mod state;

pub use events::{MarkSet, RolledBack, TemporalEvent};
pub use state::{Mark, Temporal};
