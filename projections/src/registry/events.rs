//! What can have happened to the registry.

use super::Lifecycle;
use crate::events::events;
use crate::{ObjectId, RegistrationId};

events! {
    /// Facts about the registry. Metadata and descriptions are payload.
    domain 8;
    enum RegistryEvent {
        /// a type, function or other construct was registered; the payload is its metadata
        1 "registry.registered" Registered {
            /// Its id.
            registration: RegistrationId,
            /// What sort of thing it is.
            kind: String,
            /// The application or module that it belongs to.
            namespace: String,
            /// What it is called there.
            name: String,
            /// Which edition of it, from 1.
            version: u32,
            /// Where its life begins.
            lifecycle: Lifecycle,
            /// Words that it is found by, sorted, each once.
            tags: Vec<String>,
        }
        /// a registered thing went forward in its life
        2 "registry.lifecycle_changed" LifecycleChanged {
            /// Which.
            registration: RegistrationId,
            /// Where it is now.
            to: Lifecycle,
        }
        /// a registered thing was described anew: tags, and metadata as the payload
        3 "registry.described" Described {
            /// Which.
            registration: RegistrationId,
            /// Words that it is found by, sorted, each once.
            tags: Vec<String>,
        }
        /// an application's own kind was defined; the payload describes it
        4 "registry.kind_defined" KindDefined {
            /// Its name.
            kind: String,
        }
        /// the registry was frozen: nothing in it changes until it is unfrozen
        5 "registry.frozen" Frozen {}
        /// the registry was unfrozen
        6 "registry.unfrozen" Unfrozen {}
        /// a registered thing went back to a point of its life where it had been
        7 "registry.reinstated" Reinstated {
            /// Which.
            registration: RegistrationId,
            /// Where it is now.
            to: Lifecycle,
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
