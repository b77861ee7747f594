//! Objects: all data, with every version it ever had.
//!
//! Words: an *object* is an envelope (identity, owner, type); a *version* is the data it had from some event on; a
//! *tombstone* ends its visibility without taking anything away; a *restore* lifts the tombstone.
//! Invariants: version numbers count 1, 2, 3 …; nothing is ever removed; the owner is the only one who sees a new object.
//! Shape: the world keeps ids, relations and *where* the data lies (the sequence of its event). The data itself stays in the
//! log, so that two worlds stay small and reading an object is a slice of a mapped segment.

mod attributes;
mod change;
mod events;
mod state;
mod usage;

pub use change::{Change, ChangeKind};
pub use events::{
    ObjectAttributed, ObjectCreated, ObjectExpired, ObjectForgotten, ObjectRecovered, ObjectRestored,
    ObjectTombstoned, ObjectUpdated, ObjectsEvent, ObjectsExported, ObjectsImported, OwnershipTransferred,
    ProvenanceRecorded, VersionExplained,
};
pub use state::{Object, Objects};
pub use usage::Held;
