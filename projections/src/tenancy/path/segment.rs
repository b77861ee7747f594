//! One segment of a path.

use super::{ScopePath, ScopePathError, ScopeType, grammar};
use std::fmt;

/// One segment of a path, `user:alice`: a type and an id, the id borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScopeSegment<'a> {
    scope_type: ScopeType,
    id: &'a str,
}

impl<'a> ScopeSegment<'a> {
    /// A segment made of its parts.
    ///
    /// # Errors
    /// As [`ScopePath::parse`] for a path of this one segment, except that a `/` is `InvalidIdChar`.
    pub fn new(scope_type: ScopeType, id: &'a str) -> Result<Self, ScopePathError> {
        let chars = scope_type.name().len() + 1 + id.chars().count();
        grammar::check_segment_length(0, chars)?;
        grammar::check_id(0, id)?;
        let segment = Self { scope_type, id };
        let canonical = grammar::canonical_id(id);
        if canonical != id {
            let canonical = format!("{scope_type}:{canonical}");
            return Err(ScopePathError::NonCanonical { index: 0, canonical });
        }
        Ok(segment)
    }

    /// What kind of place this is.
    pub fn scope_type(self) -> ScopeType {
        self.scope_type
    }

    /// The slug, ULID or e-mail address after the colon.
    pub fn id(self) -> &'a str {
        self.id
    }

    /// Takes apart a segment of a valid path; leans on (canonical).
    pub(super) fn of_canonical(text: &'a str) -> Self {
        let (name, id) = text.split_once(':').unwrap_or((text, ""));
        Self { scope_type: ScopeType::of_canonical(name), id }
    }
}

/// A path of one segment.
impl From<ScopeSegment<'_>> for ScopePath {
    fn from(segment: ScopeSegment<'_>) -> Self {
        ScopePath(segment.to_string().into())
    }
}

impl fmt::Display for ScopeSegment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.scope_type, self.id)
    }
}
