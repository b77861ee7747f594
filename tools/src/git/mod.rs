//! Git history as a stream of commits: who changed which paths, and when.
//!
//! Why: a long, real history is the best exercise for an event log. This module knows git and nothing of the
//! engine; whoever imports decides what a commit means.
//!
//! Shape: the mainline, oldest first. A merge counts as what it changed for its first parent, a rename as one
//! deletion and one addition, a change of type (file to link, say) as a modification. Applying all changes in order
//! to an empty map gives the tree of the last commit, path to blob.
//!
//! ```text
//! SOURCE is a directory  ->  repository     `git log` of a clone, shallow or bare ones too, parsed as it comes
//! SOURCE is a file       ->  history_file   lines of text, plain or gzip, told apart by their first bytes
//! ```
//!
//! Units: seconds since 1970, UTC, of the committer: they may run backwards. Object ids are lower-case hex, 40
//! digits or, in a SHA-256 repository, 64.
//!
//! Errors: [`SourceError`] ends the stream. A commit is handed out only when all of it has been read, and the last
//! one only when the file's checksum or git's exit code vouches for the rest.

mod commit;
mod error;
mod history_file;
mod piece;
mod progress;
mod repository;

use std::fs;
use std::path::Path;

pub use commit::{Change, ChangeKind, Commit};
pub use error::SourceError;
pub use progress::{Progress, ProgressUnit};

/// Commits, oldest first. After an error there is nothing more.
pub type Commits = Box<dyn Iterator<Item = Result<Commit, SourceError>> + Send>;

/// Opens the history at `source`: a directory is a repository, anything else a history file.
///
/// # Errors
/// `source` cannot be opened, is no repository, or git is missing.
pub fn open(source: &Path) -> Result<Commits, SourceError> {
    if is_directory(source)? {
        repository::open(source, &Progress::of_commits(None))
    } else {
        Ok(history_file::open(source)?.0)
    }
}

/// As [`open`], with something to feed a progress bar from. For a repository this costs one run of
/// `git rev-list --count` beforehand.
///
/// # Errors
/// As [`open`].
pub fn open_tracked(source: &Path) -> Result<(Commits, Progress), SourceError> {
    if is_directory(source)? {
        let progress = Progress::of_commits(repository::total_hint(source));
        Ok((repository::open(source, &progress)?, progress))
    } else {
        history_file::open(source)
    }
}

fn is_directory(source: &Path) -> Result<bool, SourceError> {
    let metadata = fs::metadata(source).map_err(|cause| SourceError::Open { path: source.into(), cause })?;
    Ok(metadata.is_dir())
}
