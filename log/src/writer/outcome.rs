//! What staging and committing come to.

use crate::{Micros, sequence::Sequence};

/// How a commit is to survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Power loss: written and synced before the commit returns.
    Synced,
    /// The death of the process, not power loss: handed to the operating system. [`crate::Writer::sync`] makes it durable.
    Buffered,
}

/// A framed batch, not yet on disk. Its chain value is known when it is: see [`crate::Writer::chain_at`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Sequence of its first event.
    pub first: Sequence,
    /// Sequence of its last event.
    pub last: Sequence,
    /// Time of all its events: what was asked for, or the log's last time if that is later.
    pub time: Micros,
}

/// What staging a batch came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Stage {
    /// It is in the group.
    Staged(Staged),
    /// It does not fit behind what is staged: commit that, then stage this again.
    GroupFull,
}

/// What a commit made readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Readers see everything up to here.
    pub last: Sequence,
    /// Everything up to here survives power loss.
    pub durable: Sequence,
    /// Bytes written by this commit.
    pub bytes: u64,
}
