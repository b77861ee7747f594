//! What can have happened to a data subject.

use crate::events::events;
use crate::{ObjectId, PrincipalId, SubjectId};

events! {
    /// Facts about data subjects.
    domain 13;
    enum SubjectsEvent {
        /// a new object is a subject's data: every payload about it is sealed under the subject's key
        1 "subjects.object_assigned" ObjectBound {
            /// Which object.
            object: ObjectId,
            /// Whose data it is.
            subject: SubjectId,
        }
        /// a new principal is a subject of its own: its descriptions are sealed under its key
        2 "subjects.principal_assigned" PrincipalBound {
            /// Which; the subject has the same id.
            principal: PrincipalId,
        }
        /// a subject was erased: its key is destroyed, and nothing that was sealed under it opens again (payload: the reason, if one was given)
        3 "subjects.erased" SubjectErased {
            /// Whose data.
            subject: SubjectId,
        }
    }
}

impl SubjectsEvent {
    /// The object it speaks of.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        match self {
            Self::ObjectBound(ObjectBound { object, .. }) => Some(*object),
            Self::PrincipalBound(_) | Self::SubjectErased(_) => None,
        }
    }
    /// The subject it speaks of.
    #[must_use]
    pub fn subject(&self) -> SubjectId {
        match self {
            Self::ObjectBound(ObjectBound { subject, .. })
            | Self::SubjectErased(SubjectErased { subject }) => *subject,
            Self::PrincipalBound(PrincipalBound { principal }) => SubjectId(principal.0),
        }
    }
}
