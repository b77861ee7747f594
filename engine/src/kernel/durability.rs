//! When a receipt is given.

use std::time::Duration;

/// When a receipt is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Durability {
    /// After a sync, which all batches that waited for it share. The default.
    Synced,
    /// After a sync of its own. For measuring, and for the paranoid.
    SyncedEach,
    /// After the write; a sync follows within the interval. Survives the death of the process, not power loss.
    Buffered {
        /// Longest time without a sync.
        sync_every: Duration,
    },
}
