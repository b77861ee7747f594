//! What can have happened to a key, and what was said of a request.

use crate::ObjectId;
use crate::events::events;

events! {
    /// Facts about requests.
    domain 6;
    enum RequestsEvent {
        /// a key was used; the events before it in the batch are what it stands for
        1 "requests.keyed" RequestKeyed {
            /// First half of the digest of the key.
            key: [u8; 16],
            /// First half of the digest of the request.
            request: [u8; 16],
            /// How many events of the batch stand before this one.
            events: u32,
        }
        /// where a request came from, as its caller knows it: the payload; the events before it in the batch are the request's
        2 "requests.described" RequestDescribed {
            /// How many events of the batch stand before this one.
            events: u32,
        }
    }
}

impl RequestsEvent {
    /// Requests are no objects.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        None
    }
}
