//! What can go wrong, by what the caller does next.

use crate::sequence::Sequence;
use std::io;

/// Why the log did not do what was asked. Match on [`LogError::kind`] to decide what to do; show the text to people.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// Stored bytes disagree with their sums, their neighbours or what is known to have been durable.
    #[error("{at}: {detail}; nothing was changed: run `scoped verify`, then restore or salvage", at = place(path, *offset, *sequence))]
    Damaged {
        /// File, relative to the log directory.
        path: String,
        /// Byte offset in that file.
        offset: u64,
        /// The first event concerned, where one is known.
        sequence: Option<Sequence>,
        /// Which sum or rule failed.
        detail: String,
    },
    /// Another writer holds this log.
    #[error("log is open for writing elsewhere ({owner}); close it there, or open read-only")]
    Locked {
        /// What the holder wrote into `LOCK`.
        owner: String,
    },
    /// There is no log here.
    #[error("no log in {place}; create one with `scoped init`")]
    NotFound {
        /// Where was looked.
        place: String,
    },
    /// There is a log here already.
    #[error("a log is already in {place}; open it, or choose an empty directory")]
    AlreadyExists {
        /// Where.
        place: String,
    },
    /// Written by a newer format than this build reads.
    #[error("{path}: {detail}; use a newer build, nothing was touched")]
    Unsupported {
        /// File, relative to the log directory.
        path: String,
        /// The version or suite found, and what this build knows.
        detail: String,
    },
    /// The disk is full; met before anything was promised.
    #[error("disk full while {doing} `{path}`; free some space and try again")]
    Full {
        /// File, relative to the log directory.
        path: String,
        /// What was being done.
        doing: &'static str,
    },
    /// The operating system refused a read, a write or a sync.
    #[error("{doing} `{path}` failed: {source}")]
    Io {
        /// File, relative to the log directory; or that directory, as it was named.
        path: String,
        /// What was being done.
        doing: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// An earlier write or sync failed, so what is on disk is unknown. Readers go on; reopen the log and look.
    #[error("an earlier write or sync failed, outcome unknown; reopen the log and look")]
    Poisoned,
    /// More than a record, a batch or a segment can hold.
    #[error("{what} of {got} is above the limit of {limit}; split it")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        got: u64,
        /// The largest allowed.
        limit: u64,
    },
    /// The log ends before a point that was durable once: an older copy was put back, or its end was removed.
    #[error(
        "log ends at {found} but {durable} was durable ({witness}); restore the missing segments, nothing was changed"
    )]
    RolledBack {
        /// Last event found.
        found: Sequence,
        /// Known to have been durable.
        durable: Sequence,
        /// Who says so.
        witness: String,
    },
    /// The events handed in cannot be one batch.
    #[error("batch refused: {detail}")]
    Invalid {
        /// What is wrong with it.
        detail: &'static str,
    },
}

/// The few things a caller does about a [`LogError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Stop; let `verify` say where, restore or salvage.
    Damaged,
    /// Somebody else writes; close it there or read only.
    Locked,
    /// Create a log, or look elsewhere.
    NotFound,
    /// Open the log instead of creating it.
    AlreadyExists,
    /// Use a newer build.
    Unsupported,
    /// Free some space, then the same again.
    Full,
    /// The outcome is unknown: reopen and look.
    Unavailable,
    /// The request can never work as it is; change it.
    Refused,
}

impl LogError {
    /// What the caller does next.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Damaged { .. } | Self::RolledBack { .. } => ErrorKind::Damaged,
            Self::Locked { .. } => ErrorKind::Locked,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::AlreadyExists { .. } => ErrorKind::AlreadyExists,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::Full { .. } => ErrorKind::Full,
            Self::Io { .. } | Self::Poisoned => ErrorKind::Unavailable,
            Self::TooLarge { .. } | Self::Invalid { .. } => ErrorKind::Refused,
        }
    }

    pub(crate) fn too_large(what: &'static str, got: u64, limit: u64) -> Self {
        Self::TooLarge { what, got, limit }
    }

    pub(crate) fn damaged(
        path: impl Into<String>,
        offset: u64,
        sequence: Option<Sequence>,
        detail: impl Into<String>,
    ) -> Self {
        Self::Damaged { path: path.into(), offset, sequence, detail: detail.into() }
    }

    /// Wraps what the operating system said; a full disk becomes its own kind.
    pub(crate) fn io(doing: &'static str, path: &str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::Full { path: path.to_owned(), doing }
            }
            _ => Self::Io { path: path.to_owned(), doing, source },
        }
    }
}

/// `map_err(at("writing", path))`: context added once, where the path is known.
pub(crate) fn at<'a>(doing: &'static str, path: &'a str) -> impl FnOnce(io::Error) -> LogError + 'a {
    move |source| LogError::io(doing, path, source)
}

fn place(path: &str, offset: u64, sequence: Option<Sequence>) -> String {
    match sequence {
        Some(sequence) => format!("event {sequence} in `{path}` at offset {offset}"),
        None => format!("`{path}` at offset {offset}"),
    }
}
