//! How far reading has come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far a stream of commits has come. Clones watch the same stream, from any thread.
#[derive(Debug, Clone)]
pub struct Progress {
    unit: ProgressUnit,
    done: Arc<AtomicU64>,
    total: Option<u64>,
}

/// What a [`Progress`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgressUnit {
    /// Commits handed out, of a repository.
    Commits,
    /// Bytes of a history file, as they lie on disk: compressed ones if it is compressed.
    Bytes,
}

impl Progress {
    pub(super) fn of_commits(total: Option<u64>) -> Self {
        Self { unit: ProgressUnit::Commits, done: Arc::default(), total }
    }

    pub(super) fn of_bytes(total: Option<u64>) -> Self {
        Self { unit: ProgressUnit::Bytes, done: Arc::default(), total }
    }

    pub(super) fn add(&self, count: u64) {
        // Nothing else is published through this number, so no order is needed.
        self.done.fetch_add(count, Ordering::Relaxed);
    }

    /// What is counted.
    pub fn unit(&self) -> ProgressUnit {
        self.unit
    }

    /// How many have been read so far.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// How many there will be, if that was cheap to find out. For a progress bar, not for decisions: a repository
    /// may grow, and a pipe has no length.
    pub fn total_hint(&self) -> Option<u64> {
        self.total
    }
}
