//! What can have happened to config.

use crate::events::events;
use crate::{ObjectId, SettingId};

events! {
    /// Facts about config.
    domain 11;
    enum ConfigEvent {
        /// a setting got a value (payload: the value)
        1 "config.setting_set" SettingSet {
            /// Its id.
            setting: SettingId,
        }
    }
}

impl ConfigEvent {
    /// No object.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        None
    }
}
