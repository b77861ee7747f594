//! What can have happened to registry.

use crate::events::events;
use crate::{ObjectId, RegistrationId};

events! {
    /// Facts about registry.
    domain 8;
    enum RegistryEvent {
        /// a type, function or other construct was registered
        1 "registry.registered" Registered {
            /// Its id.
            registration: RegistrationId,
        }
    }
}

impl RegistryEvent {
    /// No object.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        None
    }
}
