//! Config: settings, inherited down the scope tree.
//!
//! Who may: setting and deleting takes `scope.config.write`; asking takes `scope.read.local` in the scope that is asked about, values
//! from above included: they are what holds there. Refusals: a key that is locked above; a value that does not fit the contract
//! for `setting:KEY`; changes in a scope that takes none.
//! Typed keys: a contract whose object type is `setting:KEY` governs the key like any other type, from the nearest scope; it
//! sees the map `{"value": …}`, so that one field named `value` types it.
//! What is decided here and not by the specification: see decision 0014.

mod commands;
mod info;
mod inverse;
mod nature;
mod queries;

pub use commands::{Command, Delete, Set};
pub(crate) use commands::{admit, entity, recall};
pub use info::{Resolved, SettingChangeInfo, SettingInfo};
pub(crate) use inverse::{changed, invert, place};
pub(crate) use nature::nature;
