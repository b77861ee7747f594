//! What did not happen, and was tried.

use crate::events::events;
use crate::{Micros, ObjectId};

events! {
    /// Facts about refusals.
    domain 7;
    enum AuditEvent {
        /// an attempt was refused; repeated ones are folded into one event
        1 "audit.access_denied" AccessDenied {
            /// The command or query that was tried.
            operation: String,
            /// The capability that was missing.
            capability: String,
            /// The object it was tried on, [`ObjectId::NONE`] for none.
            object: ObjectId,
            /// How often, within the window that this event folds.
            count: u32,
            /// When for the first time.
            first: Micros,
            /// When for the last time.
            last: Micros,
        }
    }
}

impl AuditEvent {
    /// The object it was tried on.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        let Self::AccessDenied(denied) = self;
        Some(denied.object).filter(|object| object.is_some())
    }
}
