//! Paths that name somebody who acts.

use super::{ScopePath, ScopePathError, ScopeSegment, ScopeType};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// A path of one segment whose type can act: `user:alice`, `service:slack-sync`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActorPath(ScopePath);

/// A text that names nobody who acts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is no actor: use one segment of type `user`, `agent`, `service` or `system`, such as `user:alice`", .found.escape_debug()
)]
pub struct ActorError {
    found: String,
    /// Why it is no path at all, if it is none.
    #[source]
    source: Option<ScopePathError>,
}

impl ActorError {
    /// The stable string by which callers tell errors apart.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "INVALID_ACTOR"
    }
}

impl ActorPath {
    /// Accepts the name of an actor in canonical form.
    ///
    /// # Errors
    /// When the text is no path, has several segments, or is of a type that cannot act.
    pub fn parse(text: &str) -> Result<Self, ActorError> {
        let path = ScopePath::parse(text).map_err(|source| refused(text, Some(source)))?;
        Self::try_from(path)
    }
    /// The name as a path: the root of what is the actor's own.
    #[must_use]
    pub fn as_path(&self) -> &ScopePath {
        &self.0
    }
    /// Its one segment.
    #[must_use]
    pub fn segment(&self) -> ScopeSegment<'_> {
        self.0.leaf()
    }
    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

fn refused(text: &str, source: Option<ScopePathError>) -> ActorError {
    ActorError { found: text.chars().take(super::SEGMENT_CHARS_MAX).collect(), source }
}

impl TryFrom<ScopePath> for ActorPath {
    type Error = ActorError;
    fn try_from(path: ScopePath) -> Result<Self, ActorError> {
        use ScopeType::{Agent, Service, System, User};
        let acts = matches!(path.leaf().scope_type(), User | Agent | Service | System);
        if acts && path.segment_count() == 1 { Ok(Self(path)) } else { Err(refused(path.as_str(), None)) }
    }
}

impl FromStr for ActorPath {
    type Err = ActorError;
    fn from_str(text: &str) -> Result<Self, ActorError> {
        Self::parse(text)
    }
}

impl fmt::Display for ActorPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for ActorPath {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl<'de> Deserialize<'de> for ActorPath {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&<std::borrow::Cow<'de, str>>::deserialize(from)?).map_err(de::Error::custom)
    }
}
