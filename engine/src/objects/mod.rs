//! Objects: creating, updating, tombstoning, restoring.
//!
//! Who may: the owner; whoever holds `scope.write` through a projection at level `write` or above. A new object is private
//! to its owner, unless it is written into a scope, which takes `scope.write` there and projects it in the same batch.
//! Refusals: an expected version that is not the current one; data for a tombstone; a tombstone twice.

mod commands;
mod inverse;

pub use commands::{Command, Create, Restore, Tombstone, Update};
pub(crate) use commands::{entity, object, recall};
