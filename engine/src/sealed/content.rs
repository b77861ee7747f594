//! What a payload turned out to be.

use crate::error::{Error, Result};
use scoped_projections::SubjectId;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Why a payload cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Its subject was erased: nobody can read it any more.
    Erased,
    /// Its key is not at hand: who opens the log with the key store can read it.
    Sealed,
}

/// A payload that is in the log and cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absence {
    /// Why.
    #[serde(rename = "$payload")]
    pub why: Why,
    /// Whose data it is, or was.
    pub subject: SubjectId,
}

impl Absence {
    /// The stable word for it: `erased` or `sealed`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self.why {
            Why::Erased => "erased",
            Why::Sealed => "sealed",
        }
    }
    /// What is shown in its place, as canonical JSON: `{"$payload":"erased","subject":"01HX…"}`.
    #[must_use]
    pub fn marker(self) -> Vec<u8> {
        format!(r#"{{"$payload":"{}","subject":"{}"}}"#, self.code(), self.subject).into_bytes()
    }
    /// What a marker stands for; `None` for everything that is none, to the last field.
    #[must_use]
    pub fn of_marker(value: &serde_json::Value) -> Option<Self> {
        if value.get("$payload").is_none() { None } else { Self::deserialize(value).ok() }
    }
    /// The refusal of whoever needs what it says.
    pub(crate) fn error(self) -> Error {
        let error = Error::refused(self.code(), self.to_string());
        match self.why {
            Why::Erased => error,
            Why::Sealed => error.hint("open the log with its key store"),
        }
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { why, subject } = self;
        match why {
            Why::Erased => write!(f, "the data is erased: its subject was `{subject}`"),
            Why::Sealed => {
                write!(f, "the data is sealed, and the key of its subject `{subject}` is not at hand")
            }
        }
    }
}

/// Was it wanted, and is it erased or sealed?
pub(crate) fn is_absent(error: &Error) -> bool {
    ["erased", "sealed"].contains(&error.code())
}

/// A payload as it can be read here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content<'a> {
    /// What it says: canonical JSON.
    Clear(Cow<'a, [u8]>),
    /// It cannot be read.
    Absent(Absence),
}

impl<'a> Content<'a> {
    /// For people and lists: what it says, or the marker.
    #[must_use]
    pub fn shown(self) -> Cow<'a, [u8]> {
        match self {
            Self::Clear(bytes) => bytes,
            Self::Absent(absence) => absence.marker().into(),
        }
    }
    /// For whoever goes on working with it.
    ///
    /// # Errors
    /// `erased` or `sealed`.
    pub fn needed(self) -> Result<Cow<'a, [u8]>> {
        match self {
            Self::Clear(bytes) => Ok(bytes),
            Self::Absent(absence) => Err(absence.error()),
        }
    }
    /// Why it cannot be read, if it cannot.
    #[must_use]
    pub fn absence(&self) -> Option<Absence> {
        match self {
            Self::Clear(_) => None,
            Self::Absent(absence) => Some(*absence),
        }
    }
}
