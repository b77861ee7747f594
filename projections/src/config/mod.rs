//! Config: settings, inherited down the scope tree.
//!
//! Words: a *setting* is a key with a value in one scope; a *locked* one holds for all below, whatever they say themselves; to
//! *resolve* a key from a scope is to find the setting that holds there.
//! Which one holds: of the settings of a key on the way from a scope to its root the outermost locked one; without a lock the
//! nearest. A value that is null is a value.
//! Invariants: one setting for each (scope, key), with one id for good; its versions count 1, 2, 3 …, a deletion being one; nothing
//! is ever removed. Shape: values stay in the log; the world keeps where they lie.

mod events;
mod state;

pub use events::{ConfigEvent, SettingDeleted, SettingSet};
pub use state::{Config, Setting, SettingChange};
