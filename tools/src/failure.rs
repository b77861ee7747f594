//! Failures: what went wrong, what to do about it, and the exit code that scripts go by.

use crate::git::SourceError;
use crate::import::git::ImportError;
use scoped::ErrorKind;
use scoped::log::LogError;
use scoped::log::tree::{Departed, ProofError};
use scoped_trust::{CheckpointError, KeyFileError, NoteError};
use serde_json::json;
use std::fmt;
use std::io;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Fine,
    /// Refused, not found, or not possible now.
    Refused,
    /// The command line, or a file it names, is not well-formed.
    Usage,
    /// Stored bytes are not what they were.
    Damage,
}

impl Exit {
    /// 0 fine, 1 refused or not found, 2 usage, 3 damage found.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Damage => 3,
        }
    }
}

/// Why a command did not do what was asked.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    /// `None`: everything has been said already, only the exit code is left.
    told: Option<Box<Told>>,
}

#[derive(Debug)]
struct Told {
    code: String,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure with a stable word for programs and a lower-case message for people.
    pub fn new(exit: Exit, code: &str, message: impl Into<String>) -> Self {
        let told = Told { code: code.to_owned(), message: message.into(), hint: None };
        Self { exit, told: Some(Box::new(told)) }
    }
    /// Something that was refused, or is not there.
    pub fn refused(code: &str, message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, code, message)
    }
    /// Input that is not well-formed.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }
    /// Stored bytes, or what was made of them, are not what they were.
    pub fn damage(message: impl Into<String>) -> Self {
        Self::new(Exit::Damage, "damaged", message)
    }
    /// Nothing more to say: the answer has been printed, and it is this one.
    #[must_use]
    pub fn silent(exit: Exit) -> Self {
        Self { exit, told: None }
    }
    /// The same with a sentence on what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(told) = &mut self.told {
            told.hint = Some(hint.into());
        }
        self
    }
    /// The same, its message behind these words.
    #[must_use]
    pub fn within(mut self, place: impl fmt::Display) -> Self {
        if let Some(told) = &mut self.told {
            told.message = format!("{place}: {}", told.message);
        }
        self
    }
    /// How the process ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }
    /// A stable word for programs; empty when everything has been said.
    #[must_use]
    pub fn code(&self) -> &str {
        self.told.as_deref().map_or("", |told| &told.code)
    }
    /// What went wrong, if it has not been said yet.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.told.as_deref().map(|told| told.message.as_str())
    }
    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.told.as_deref().and_then(|told| told.hint.as_deref())
    }
    /// For programs.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        json!({
            "error": self.message(),
            "hint": self.advice(),
            "code": self.code(),
            "exit": self.exit.code(),
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message().unwrap_or_default())
    }
}

impl std::error::Error for Failure {}

/// Messages of the log say what happened and, behind the last semicolon, what to do.
fn split_advice(message: String) -> (String, Option<String>) {
    match message.rsplit_once("; ") {
        Some((what, advice)) => (what.to_owned(), Some(advice.to_owned())),
        None => (message, None),
    }
}

impl From<scoped::Error> for Failure {
    fn from(error: scoped::Error) -> Self {
        let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<io::Error>());
        if cause.is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe) {
            return io::Error::from(io::ErrorKind::BrokenPipe).into();
        }
        let exit = match error.kind() {
            ErrorKind::Refused | ErrorKind::Stale | ErrorKind::Unavailable => Exit::Refused,
            ErrorKind::Invalid => Exit::Usage,
            ErrorKind::Corrupt => Exit::Damage,
        };
        let (message, advice) = match error.advice() {
            Some(advice) => (error.to_string(), Some(advice.to_owned())),
            None => split_advice(error.to_string()),
        };
        let advice = advice.or_else(|| match error.kind() {
            ErrorKind::Corrupt => Some("run `scoped verify` to see where".to_owned()),
            _ => None,
        });
        let failure = Self::new(exit, error.code(), message);
        advice.into_iter().fold(failure, Self::hint)
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        scoped::Error::from(error).into()
    }
}

/// A log that is not what was known of it.
impl From<Departed> for Failure {
    fn from(departed: Departed) -> Self {
        let code = match &departed {
            Departed::OtherLog { .. } => "other_log",
            Departed::Shorter { .. } => "rolled_back",
            Departed::Rewritten { .. } => "rewritten",
            Departed::Unlinked { .. } => "damaged",
            Departed::Log(_) => "unreadable",
        };
        match departed {
            Departed::Log(error) => error.into(),
            departed => Self::new(Exit::Damage, code, departed.to_string()),
        }
    }
}

impl From<ProofError> for Failure {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::False(_) => Self::refused("false_proof", error.to_string()),
            ProofError::Malformed(_) | ProofError::Unsupported(_) => Self::usage(error.to_string()),
        }
    }
}

impl From<CheckpointError> for Failure {
    fn from(error: CheckpointError) -> Self {
        let code = match &error {
            CheckpointError::Note(NoteError::False { .. }) => "false_signature",
            CheckpointError::Note(NoteError::Unknown { .. }) => "unknown_signer",
            _ => return Self::usage(error.to_string()),
        };
        Self::refused(code, error.to_string())
    }
}

impl From<NoteError> for Failure {
    fn from(error: NoteError) -> Self {
        CheckpointError::from(error).into()
    }
}

impl From<KeyFileError> for Failure {
    fn from(error: KeyFileError) -> Self {
        let message = error.to_string();
        match error {
            KeyFileError::Exposed { path, .. } => Self::refused("key_exposed", message)
                .hint(format!("`chmod 600 {path}`, and rotate it if anybody may have read it")),
            KeyFileError::Exists { .. } => {
                Self::refused("exists", message).hint("keys are never overwritten")
            }
            KeyFileError::Key { .. } => Self::usage(message),
            KeyFileError::Io { .. } => Self::refused("file", message),
        }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::refused("source", error.to_string())
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        let place = match &error {
            ImportError::Refused { sha, .. } => Some(format!("commit {sha}")),
            _ => None,
        };
        let failure = match error {
            ImportError::Source(error) => error.into(),
            ImportError::Refused { error, .. } | ImportError::Engine(error) => Self::from(error),
            error @ ImportError::Org(_) => Self::usage(error.to_string()),
            error @ ImportError::Known(_) => Self::refused("exists", error.to_string()),
            error @ ImportError::Inconsistent { .. } => Self::refused("inconsistent", error.to_string()),
        };
        match place {
            Some(place) => failure.within(place),
            None => failure,
        }
    }
}

/// For what has no kind of its own: the chain of causes in one line.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<scoped::Error>() {
            Ok(error) => error.into(),
            Err(error) => Self::refused("failed", format!("{error:#}")),
        }
    }
}

/// Writing an answer failed. A reader that has seen enough is no error.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::silent(Exit::Fine),
            _ => Self::refused("output", format!("the answer could not be written: {error}")),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        match error.io_error_kind() {
            Some(kind) => io::Error::from(kind).into(),
            None => Self::refused("output", format!("the answer is no JSON: {error}")),
        }
    }
}
