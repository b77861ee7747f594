//! What can have happened to time itself.

use crate::ObjectId;
use crate::events::events;

events! {
    /// Facts about moments.
    domain 5;
    enum TemporalEvent {
        /// a position of the log got a name
        1 "temporal.mark_set" MarkSet {
            /// The name.
            name: String,
            /// The sequence it stands for: all events up to and including it.
            position: u64,
        }
        /// a rollback began; the rest of its batch takes things back
        2 "temporal.rolled_back" RolledBack {
            /// Things are brought back to how they were after this sequence.
            to: u64,
            /// What was selected: `all`, `scope:…`, `object:…`, `actor:…`, `event:…`.
            selection: String,
            /// How many events follow in the batch.
            steps: u32,
        }
    }
}

impl TemporalEvent {
    /// Moments are no objects.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        None
    }
}
