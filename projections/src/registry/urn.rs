//! Names for everything that is registered.
//!
//! ```text
//! scoped:FUNCTION:core:process:3
//!        kind     ns   name    version, from 1
//! ```
//!
//! Every segment is looked at when a name is made, so a name that exists can be written down and read back: `parse(display(u)) == u`.
//! There is one spelling of each: no leading zeros, no white space, case counts.

use super::Kind;
use crate::shown;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// Longest segment of a name, in bytes.
pub const SEGMENT_BYTES_MAX: usize = 128;

/// A text that should have been a URN, or a part of one, and is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrnError {
    /// Not `scoped:KIND:namespace:name:version`.
    #[error(
        "invalid URN `{0}`: expected `scoped:KIND:namespace:name:version`, for example `scoped:MODEL:app:limits:1`"
    )]
    Shape(String),
    /// A kind is a word in capitals.
    #[error("invalid URN: `{0}` is no kind: use capitals, digits and `_`, at most {SEGMENT_BYTES_MAX} bytes")]
    Kind(String),
    /// A namespace or name that cannot stand between colons.
    #[error(
        "invalid URN: `{found}` is no {segment}: it has 1 to {SEGMENT_BYTES_MAX} bytes, none of them `:`, `/`, white space or a control character"
    )]
    Segment {
        /// Which.
        segment: &'static str,
        /// What was given.
        found: String,
    },
    /// Versions begin at 1.
    #[error("invalid URN: `{0}` is no version: versions are 1, 2, 3 …")]
    Version(String),
}

/// May this stand between two colons?
pub(crate) fn is_segment(text: &str) -> bool {
    let forbidden = |c: char| c == ':' || c == '/' || c.is_control() || c.is_whitespace();
    !text.is_empty() && text.len() <= SEGMENT_BYTES_MAX && !text.chars().any(forbidden)
}

/// The name of something that is registered. Unique for ever: what is archived keeps its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Urn {
    kind: Kind,
    namespace: Box<str>,
    name: Box<str>,
    version: u32,
}

impl Urn {
    /// A name of these parts.
    ///
    /// # Errors
    /// When a segment is empty, too long or holds a character that it must not, or the version is 0.
    pub fn new(kind: Kind, namespace: &str, name: &str, version: u32) -> Result<Self, UrnError> {
        for (segment, text) in [("namespace", namespace), ("name", name)] {
            if !is_segment(text) {
                return Err(UrnError::Segment { segment, found: shown(text) });
            }
        }
        if version == 0 {
            return Err(UrnError::Version("0".to_owned()));
        }
        Ok(Self { kind, namespace: namespace.into(), name: name.into(), version })
    }
    /// The name of an object's type, version 1: `limits` stands in the namespace `app`, `shop/limits` in `shop`.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn object_type(word: &str) -> Result<Self, UrnError> {
        let (namespace, name) = split_type(word);
        Self::new(Kind::MODEL, namespace, name, 1)
    }
    /// What sort of thing it names.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }
    /// The application or module that it belongs to.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }
    /// What it is called there.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Which edition of it, from 1.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }
    /// The same thing in another edition.
    ///
    /// # Errors
    /// When the version is 0.
    pub fn at_version(&self, version: u32) -> Result<Self, UrnError> {
        Self::new(self.kind.clone(), &self.namespace, &self.name, version)
    }
}

/// Namespace and name that an object's type means.
pub(crate) fn split_type(word: &str) -> (&str, &str) {
    word.split_once('/').unwrap_or((super::NAMESPACE, word))
}

impl fmt::Display for Urn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scoped:{}:{}:{}:{}", self.kind, self.namespace, self.name, self.version)
    }
}

impl FromStr for Urn {
    type Err = UrnError;
    fn from_str(text: &str) -> Result<Self, UrnError> {
        let mut parts = text.split(':');
        let five = (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next());
        let (Some("scoped"), Some(kind), Some(namespace), Some(name), Some(version), None) = five else {
            return Err(UrnError::Shape(shown(text)));
        };
        let number: u32 = version.parse().map_err(|_| UrnError::Version(shown(version)))?;
        // One spelling: `+1` and `01` would be further names for the same thing.
        if number.to_string() != version {
            return Err(UrnError::Version(shown(version)));
        }
        Self::new(kind.parse()?, namespace, name, number)
    }
}

impl Serialize for Urn {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Urn {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        <std::borrow::Cow<'de, str>>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}
