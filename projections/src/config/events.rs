//! What can have happened to settings.

use crate::events::events;
use crate::{ObjectId, ScopeId, SettingId};

events! {
    /// Facts about settings.
    domain 11;
    enum ConfigEvent {
        /// a setting got a value (payload: the value, and the description if one was given)
        1 "config.setting_set" SettingSet {
            /// Its id.
            setting: SettingId,
            /// Where.
            scope: ScopeId,
            /// Its key.
            key: String,
            /// Does it hold for everything below, whatever is set there?
            locked: bool,
        }
        /// a setting was deleted: what is above holds again
        2 "config.setting_deleted" SettingDeleted {
            /// Which.
            setting: SettingId,
            /// Where it was.
            scope: ScopeId,
            /// Its key.
            key: String,
        }
    }
}

impl ConfigEvent {
    /// The setting it speaks of.
    #[must_use]
    pub fn setting(&self) -> SettingId {
        match self {
            Self::SettingSet(SettingSet { setting, .. })
            | Self::SettingDeleted(SettingDeleted { setting, .. }) => *setting,
        }
    }
    /// Settings are no objects.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        None
    }
}
