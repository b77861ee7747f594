//! What did not happen and was tried, and what was read.

use crate::codec::{Decode, Encode};
use crate::events::events;
use crate::{Micros, ObjectId};

events! {
    /// Facts about access.
    domain 7;
    enum AuditEvent {
        /// an attempt was refused; repeated ones are folded into one event
        1 "audit.access_denied" AccessDenied was [AccessDeniedV1] {
            /// The command or query that was tried.
            operation: String,
            /// The capability that was missing; where something else stopped it, the one that it takes.
            capability: String,
            /// The object it was tried on, [`ObjectId::NONE`] for none.
            object: ObjectId,
            /// The code of the error that its caller got: `denied` for want of rights, else what stopped it, `rate_limited` for one.
            code: String,
            /// For want of rights: the kind of what decided, in a word; empty where that is not known.
            reason: String,
            /// How often, within the window that this event folds.
            count: u32,
            /// When for the first time.
            first: Micros,
            /// When for the last time.
            last: Micros,
        }
        /// a read was recorded, as its scope wants it; repeated ones are folded into one event
        2 "audit.access_recorded" AccessRecorded {
            /// The query that was answered.
            operation: String,
            /// The capability that allowed it; the reason can be rebuilt from the log at this position.
            capability: String,
            /// The object that was read, [`ObjectId::NONE`] for none.
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

/// As it was at first: only for want of rights, and without the reason.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct AccessDeniedV1 {
    /// The command or query that was tried.
    pub operation: String,
    /// The capability that was missing.
    pub capability: String,
    /// The object it was tried on, [`ObjectId::NONE`] for none.
    pub object: ObjectId,
    /// How often, within the window that this event folds.
    pub count: u32,
    /// When for the first time.
    pub first: Micros,
    /// When for the last time.
    pub last: Micros,
}

impl From<AccessDeniedV1> for AccessDenied {
    fn from(old: AccessDeniedV1) -> Self {
        let AccessDeniedV1 { operation, capability, object, count, first, last } = old;
        let (code, reason) = ("denied".to_owned(), String::new());
        Self { operation, capability, object, code, reason, count, first, last }
    }
}

impl AuditEvent {
    /// The object it was about.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        let object = match self {
            Self::AccessDenied(e) => e.object,
            Self::AccessRecorded(e) => e.object,
        };
        Some(object).filter(|object| object.is_some())
    }
    /// The operation, and how often it happened, from when to when.
    #[must_use]
    pub fn folded(&self) -> (&str, u32, Micros, Micros) {
        match self {
            Self::AccessDenied(e) => (&e.operation, e.count, e.first, e.last),
            Self::AccessRecorded(e) => (&e.operation, e.count, e.first, e.last),
        }
    }
}
