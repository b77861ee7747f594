//! What can have happened to an object.

use crate::events::events;
use crate::tenancy::ScopeWire;
use crate::{ObjectId, PrincipalId};

events! {
    /// Facts about objects.
    domain 3;
    enum ObjectsEvent {
        /// an object came to be, private to its owner (payload: its data)
        1 "objects.created" ObjectCreated {
            /// The new object.
            object: ObjectId,
            /// What sort of object it is, a word of the application.
            object_type: String,
            /// Who owns it.
            owner: PrincipalId,
        }
        /// an object got new data (payload: all of it)
        2 "objects.updated" ObjectUpdated {
            /// Which.
            object: ObjectId,
        }
        /// an object was tombstoned: out of sight, nothing lost (payload: the reason, if one was given)
        3 "objects.tombstoned" ObjectTombstoned {
            /// Which.
            object: ObjectId,
        }
        /// a tombstone was lifted
        4 "objects.restored" ObjectRestored {
            /// Which.
            object: ObjectId,
        }
        /// an object got another owner; its data stays what it was (payload: the reason, if one was given)
        5 "objects.ownership_transferred" OwnershipTransferred {
            /// Which.
            object: ObjectId,
            /// Who owns it now.
            owner: PrincipalId,
        }
        /// it was explained why an object got a version (payload: the reason)
        6 "objects.version_explained" VersionExplained {
            /// Which.
            object: ObjectId,
            /// The version.
            version: u32,
        }
        /// an object reached the greatest age that its scope keeps, and was tombstoned
        32 "objects.expired" ObjectExpired {
            /// Which.
            object: ObjectId,
        }
        /// an object was tombstoned because its home scope was deleted
        33 "objects.forgotten" ObjectForgotten {
            /// Which.
            object: ObjectId,
        }
        /// an object came back with its home scope
        34 "objects.recovered" ObjectRecovered {
            /// Which.
            object: ObjectId,
        }
        /// it was said on whose behalf an object was written
        48 "objects.attributed" ObjectAttributed {
            /// Which.
            object: ObjectId,
            /// On whose behalf; organisation and user are its home.
            context: ScopeWire,
        }
    }
}

impl ObjectsEvent {
    /// The object it speaks of.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        Some(match self {
            Self::ObjectCreated(ObjectCreated { object, .. })
            | Self::ObjectUpdated(ObjectUpdated { object })
            | Self::ObjectTombstoned(ObjectTombstoned { object })
            | Self::ObjectRestored(ObjectRestored { object })
            | Self::OwnershipTransferred(OwnershipTransferred { object, .. })
            | Self::VersionExplained(VersionExplained { object, .. })
            | Self::ObjectExpired(ObjectExpired { object })
            | Self::ObjectForgotten(ObjectForgotten { object })
            | Self::ObjectRecovered(ObjectRecovered { object })
            | Self::ObjectAttributed(ObjectAttributed { object, .. }) => *object,
        })
    }
}
