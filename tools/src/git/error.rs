//! What can go wrong while reading history.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Why a history cannot be read, or not be read on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The source is not there, or may not be read.
    #[error("cannot open `{}`", .path.display())]
    Open {
        /// The source.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// Reading broke off.
    #[error("cannot read `{}` on after line {line}", .path.display())]
    Read {
        /// The source.
        path: PathBuf,
        /// The last line that was read whole.
        line: u64,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// The gzip data do not decompress, or end too early.
    #[error("the compressed data of `{}` are damaged or cut short after line {line}", .path.display())]
    Damaged {
        /// The source.
        path: PathBuf,
        /// The last line that was read whole.
        line: u64,
        /// What the decompressor said.
        #[source]
        cause: io::Error,
    },
    /// A line is not of the documented form.
    #[error("`{}` line {line}: {problem}", .path.display())]
    Malformed {
        /// The source.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// There is no `git` to be run.
    #[error("cannot read the repository `{}`: the program `git` was not found", .path.display())]
    GitMissing {
        /// The source.
        path: PathBuf,
    },
    /// The directory is not the top of a git repository.
    #[error("`{}` is not a git repository", .path.display())]
    NotARepository {
        /// The source.
        path: PathBuf,
    },
    /// Git gave up; what it had said before is not to be relied on.
    #[error("git failed on `{}` ({status}): {stderr}", .path.display())]
    GitFailed {
        /// The source.
        path: PathBuf,
        /// How git ended.
        status: ExitStatus,
        /// What git wrote to its standard error.
        stderr: String,
    },
    /// Git could not be started or listened to.
    #[error("cannot run git on `{}`", .path.display())]
    GitPipe {
        /// The source.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// Git wrote something that this version does not understand.
    #[error("cannot make sense of what git says about `{}` after {commits} commits: {problem}", .path.display())]
    GitAnswer {
        /// The source.
        path: PathBuf,
        /// How many commits had been begun.
        commits: u64,
        /// What was unexpected.
        problem: String,
    },
}

impl SourceError {
    /// What to try next, where there is something to try.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::GitMissing { .. } => Some("install git, or give a history file instead of a repository"),
            Self::NotARepository { .. } => Some("name the top directory of a clone, or a bare repository"),
            Self::Damaged { .. } => Some("fetch the file again"),
            Self::Malformed { .. } => {
                Some("the form is `commit SHA UNIX_SECONDS AUTHOR`, then lines of `A|M|D<TAB>BLOB<TAB>PATH`")
            }
            _ => None,
        }
    }
}
