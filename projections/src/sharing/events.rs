//! What can have happened between an object and a scope.

use crate::events::events;
use crate::tenancy::Level;
use crate::{ObjectId, ScopeId};

events! {
    /// Facts about projections.
    domain 4;
    enum SharingEvent {
        /// an object was projected into a scope, or its level there was changed
        1 "sharing.object_projected" ObjectProjected {
            /// What.
            object: ObjectId,
            /// Where.
            scope: ScopeId,
            /// How far the scope's members may go.
            level: Level,
        }
        /// a projection was taken back
        2 "sharing.projection_revoked" ProjectionRevoked {
            /// What.
            object: ObjectId,
            /// Where.
            scope: ScopeId,
        }
    }
}

impl SharingEvent {
    /// The object it speaks of.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        Some(match self {
            Self::ObjectProjected(ObjectProjected { object, .. })
            | Self::ProjectionRevoked(ProjectionRevoked { object, .. }) => *object,
        })
    }
}
