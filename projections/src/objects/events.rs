//! What can have happened to an object.

use crate::codec::Decode;
use crate::events::events;
use crate::tenancy::ScopeWire;
use crate::{Micros, ObjectId, PrincipalId, ScopeId};

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
        /// objects were taken out as a package (payload: their ids)
        7 "objects.exported" ObjectsExported was [ObjectsExportedV1] {
            /// How many.
            objects: u32,
            /// How many versions they have together.
            versions: u32,
            /// The digest of the package.
            digest: [u8; 32],
            /// Was something in it hidden from who made it?
            redacted: bool,
            /// Where they have their homes, and the scope that was asked for, each once, ascending: limits of these count it. Empty for
            /// what is in no scope, and for what was exported before this was told.
            scopes: Vec<ScopeId>,
        }
        /// a package was brought in; what it held follows in the batch (payload: which id became which)
        8 "objects.imported" ObjectsImported {
            /// How many objects.
            objects: u32,
            /// How many versions they have together.
            versions: u32,
            /// The digest of the package.
            digest: [u8; 32],
        }
        /// it was said where a version came from (payload: the reason that was given there, if one was)
        9 "objects.provenance_recorded" ProvenanceRecorded {
            /// Which object.
            object: ObjectId,
            /// Which of its versions.
            version: u32,
            /// The object's id where it came from.
            origin: ObjectId,
            /// Who wrote it there.
            author: PrincipalId,
            /// When it was written there, µs.
            time: Micros,
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

/// As it was at first: told of no scope, so no limit of a scope counted it.
#[derive(Debug, Decode)]
pub(crate) struct ObjectsExportedV1 {
    objects: u32,
    versions: u32,
    digest: [u8; 32],
    redacted: bool,
}

impl From<ObjectsExportedV1> for ObjectsExported {
    fn from(old: ObjectsExportedV1) -> Self {
        let ObjectsExportedV1 { objects, versions, digest, redacted } = old;
        Self { objects, versions, digest, redacted, scopes: Vec::new() }
    }
}

impl ObjectsEvent {
    /// The object it speaks of.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        Some(match self {
            // About many: their ids are payload.
            Self::ObjectsExported(_) | Self::ObjectsImported(_) => return None,
            Self::ObjectCreated(ObjectCreated { object, .. })
            | Self::ObjectUpdated(ObjectUpdated { object })
            | Self::ObjectTombstoned(ObjectTombstoned { object })
            | Self::ObjectRestored(ObjectRestored { object })
            | Self::OwnershipTransferred(OwnershipTransferred { object, .. })
            | Self::VersionExplained(VersionExplained { object, .. })
            | Self::ObjectExpired(ObjectExpired { object })
            | Self::ObjectForgotten(ObjectForgotten { object })
            | Self::ObjectRecovered(ObjectRecovered { object })
            | Self::ObjectAttributed(ObjectAttributed { object, .. })
            | Self::ProvenanceRecorded(ProvenanceRecorded { object, .. }) => *object,
        })
    }
}
