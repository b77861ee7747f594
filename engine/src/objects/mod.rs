//! Objects: creating, updating, tombstoning, restoring, giving away.
//!
//! Who may: the owner; whoever holds `scope.write` through a projection at level `write` or above. A new object is private
//! to its owner, unless it is written into a scope, which takes `scope.write` there and projects it in the same batch.
//! Who may give it away: its owner, to somebody it sees; an operator who says why.
//! Refusals: an expected version that is not the current one; data for a tombstone; a tombstone twice.

mod attribute;
mod commands;
mod infos;
mod inverse;
mod nature;
pub mod package;
mod packing;
mod recall;

pub(crate) use commands::object;
pub use commands::{
    Attribute, Command, Create, Expire, Export, Former, Import, RecordProvenance, Restore, Tombstone,
    Transfer, Update,
};
pub use infos::{Origin, TombstoneInfo, VersionInfo};
pub(crate) use nature::nature;
pub(crate) use recall::{entity, recall};
