//! Scope paths: the name of a place, `org:acme/dept:eng/user:alice`.
//!
//! Why: whoever may act at a place may act below it, so a name has to say by itself what contains what. A path
//! has exactly one spelling. What was authorised, what is written and what the audit shows are the same bytes.
//!
//! Shape: 1 to 8 segments, the outermost first. All of it is ASCII, so a path needs no escaping in a URL.
//!
//! ```text
//! org:acme/dept:eng/user:alice      parent       org:acme/dept:eng
//! └─root─┘ └───┬──┘ └───┬────┘      ancestors    org:acme/dept:eng, org:acme     nearest first
//!           segment    leaf         depth        2                               a root has 0
//! ```
//!
//! Two faces: [`ScopePath`] owns its text, [`ScopePathRef`] borrows it. All of the hierarchy is answered by slices
//! of the one text: walking the ancestors and [`contains`](ScopePathRef::contains) do not allocate.
//!
//! Order: segment by segment, so that a subtree is one contiguous run of a `BTreeMap`. Plain string order is wrong
//! here: `-` and `.` sort before `/`, and `org:acme-eu` would fall between `org:acme` and `org:acme/dept:x`.
//! For this reason there is no `Borrow<str>`; maps are searched with [`dyn PathKey`](PathKey).
//!
//! INVARIANT (canonical): the text of a path, owned or borrowed, is accepted by [`ScopePath::parse`]. Every text
//! enters through the grammar, and what is cut from a path at a `/` is a path again.
//!
//! Units: lengths are Unicode scalar values, which in a valid path are bytes. An `index` is a 0-based segment, an
//! `offset` counts within an id.
//!
//! Errors: [`ScopePathError`] names the first fault in a fixed order of checks.

use std::cmp::Ordering;
use std::fmt;
use std::iter;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

mod actor;
mod error;
mod grammar;
mod key;
mod scope_type;
mod segment;

#[cfg(test)]
mod tests;

pub use actor::{ActorError, ActorPath};
pub use error::ScopePathError;
pub use key::PathKey;
pub use scope_type::ScopeType;
pub use segment::ScopeSegment;

/// The most segments a path may have.
pub const SEGMENTS_MAX: usize = 8;

/// The most characters a segment may have: type, colon and id together.
pub const SEGMENT_CHARS_MAX: usize = 64;

/// The longest path there can be: eight full segments and the slashes between them.
pub const PATH_BYTES_MAX: usize = SEGMENTS_MAX * SEGMENT_CHARS_MAX + (SEGMENTS_MAX - 1);

const _: () = assert!(PATH_BYTES_MAX == 519, "an index key of 519 bytes holds every path");

/// A scope path that owns its text. Cloning copies a pointer.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ScopePath(Arc<str>);

/// A scope path that borrows its text from another one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScopePathRef<'a>(&'a str);

impl crate::store::Footprint for ScopePath {
    fn heap(&self) -> usize {
        self.0.heap()
    }
}

impl ScopePath {
    /// Accepts a path in canonical form and nothing else; it changes nothing.
    ///
    /// # Errors
    /// The first fault, in the order in which [`ScopePathError`] lists them.
    pub fn parse(text: &str) -> Result<Self, ScopePathError> {
        grammar::check(text)?;
        Ok(Self(text.into()))
    }

    /// Brings what a person typed into canonical form, then parses it: for clients and offline tools. The server
    /// never does this on a caller's behalf.
    ///
    /// White space around the input and one slash at either end are dropped, types become lower-case, ULIDs
    /// upper-case, e-mail domains lower-case. Slugs and the part before `@` are never folded.
    ///
    /// # Errors
    /// As [`ScopePath::parse`]; never `NonCanonical`. An index refers to the text after trimming.
    pub fn normalise(text: &str) -> Result<Self, ScopePathError> {
        let text = text.trim_ascii();
        let text = text.strip_prefix('/').unwrap_or(text);
        let text = text.strip_suffix('/').unwrap_or(text);
        Self::parse(&grammar::canonical_path(text))
    }

    /// The same path, borrowed.
    pub fn as_path_ref(&self) -> ScopePathRef<'_> {
        ScopePathRef(&self.0)
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The segments, outermost first.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = ScopeSegment<'_>> + Clone {
        self.as_path_ref().segments()
    }

    /// The last segment: what the path names within its parent.
    pub fn leaf(&self) -> ScopeSegment<'_> {
        self.as_path_ref().leaf()
    }

    /// The number of segments, 1 to 8.
    pub fn segment_count(&self) -> usize {
        self.as_path_ref().segment_count()
    }

    /// Steps below the root: one less than [`segment_count`](Self::segment_count).
    pub fn depth(&self) -> usize {
        self.as_path_ref().depth()
    }

    /// The first segment as a path: the tenant boundary. Paths with different roots share nothing.
    pub fn root(&self) -> ScopePathRef<'_> {
        self.as_path_ref().root()
    }

    /// The path without its last segment; `None` for a root.
    pub fn parent(&self) -> Option<ScopePathRef<'_>> {
        self.as_path_ref().parent()
    }

    /// The proper prefixes, nearest first, without the path itself: at most seven.
    pub fn ancestors(&self) -> impl Iterator<Item = ScopePathRef<'_>> + Clone {
        self.as_path_ref().ancestors()
    }

    /// Whether `other` is this path or lies below it. Only whole segments count: `org:acme` does not contain
    /// `org:acme-eu`.
    pub fn contains<'b>(&self, other: impl Into<ScopePathRef<'b>>) -> bool {
        self.as_path_ref().contains(other)
    }

    /// Whether `other` lies below this path: [`contains`](Self::contains) without the path itself.
    pub fn is_ancestor_of<'b>(&self, other: impl Into<ScopePathRef<'b>>) -> bool {
        self.as_path_ref().is_ancestor_of(other)
    }

    /// The longest path that contains both; `None` if the roots differ.
    pub fn common_ancestor<'b>(&self, other: impl Into<ScopePathRef<'b>>) -> Option<ScopePathRef<'_>> {
        self.as_path_ref().common_ancestor(other)
    }

    /// The path one step below, ending in `segment`.
    ///
    /// # Errors
    /// `TooManySegments` when this path has eight already.
    pub fn join(&self, segment: ScopeSegment<'_>) -> Result<ScopePath, ScopePathError> {
        self.as_path_ref().join(segment)
    }
}

impl<'a> ScopePathRef<'a> {
    /// The same path with a text of its own.
    pub fn to_path(self) -> ScopePath {
        ScopePath(self.0.into())
    }

    /// The canonical text.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// The segments, outermost first.
    pub fn segments(self) -> impl DoubleEndedIterator<Item = ScopeSegment<'a>> + Clone {
        self.0.split('/').map(ScopeSegment::of_canonical)
    }

    /// The last segment: what the path names within its parent.
    pub fn leaf(self) -> ScopeSegment<'a> {
        ScopeSegment::of_canonical(self.0.rsplit_once('/').map_or(self.0, |(_, leaf)| leaf))
    }

    /// The number of segments, 1 to 8.
    pub fn segment_count(self) -> usize {
        self.depth() + 1
    }

    /// Steps below the root: one less than [`segment_count`](Self::segment_count).
    pub fn depth(self) -> usize {
        self.0.bytes().filter(|&byte| byte == b'/').count()
    }

    /// The first segment as a path: the tenant boundary. Paths with different roots share nothing.
    pub fn root(self) -> ScopePathRef<'a> {
        Self(self.0.split_once('/').map_or(self.0, |(root, _)| root))
    }

    /// The path without its last segment; `None` for a root.
    pub fn parent(self) -> Option<ScopePathRef<'a>> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent))
    }

    /// The proper prefixes, nearest first, without the path itself: at most seven.
    pub fn ancestors(self) -> impl Iterator<Item = ScopePathRef<'a>> + Clone {
        iter::successors(self.parent(), |path| path.parent())
    }

    /// Whether `other` is this path or lies below it. Only whole segments count: `org:acme` does not contain
    /// `org:acme-eu`.
    pub fn contains<'b>(self, other: impl Into<ScopePathRef<'b>>) -> bool {
        let below = other.into().0.strip_prefix(self.0);
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether `other` lies below this path: [`contains`](Self::contains) without the path itself.
    pub fn is_ancestor_of<'b>(self, other: impl Into<ScopePathRef<'b>>) -> bool {
        let other = other.into();
        self.contains(other) && self.0.len() < other.0.len()
    }

    /// The longest path that contains both; `None` if the roots differ.
    pub fn common_ancestor<'b>(self, other: impl Into<ScopePathRef<'b>>) -> Option<ScopePathRef<'a>> {
        let pairs = self.0.split('/').zip(other.into().0.split('/'));
        let shared: usize = pairs.take_while(|(mine, its)| mine == its).map(|(mine, _)| mine.len() + 1).sum();
        // Every shared segment was counted with a slash after it, and the last one has none.
        let end = shared.checked_sub(1)?;
        self.0.get(..end).map(Self)
    }

    /// The path one step below, ending in `segment`.
    ///
    /// # Errors
    /// `TooManySegments` when this path has eight already.
    pub fn join(self, segment: ScopeSegment<'_>) -> Result<ScopePath, ScopePathError> {
        let found = self.segment_count() + 1;
        if found > SEGMENTS_MAX {
            return Err(ScopePathError::TooManySegments { found, max: SEGMENTS_MAX });
        }
        Ok(ScopePath(format!("{self}/{segment}").into()))
    }
}

impl Ord for ScopePathRef<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        // Comparing bytes with the slash below all others is comparing segment by segment, a prefix first.
        let rank = |byte: u8| if byte == b'/' { 0 } else { byte };
        self.0.bytes().map(rank).cmp(other.0.bytes().map(rank))
    }
}

impl PartialOrd for ScopePathRef<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ScopePath {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_path_ref().cmp(&other.as_path_ref())
    }
}

impl PartialOrd for ScopePath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> From<&'a ScopePath> for ScopePathRef<'a> {
    fn from(path: &'a ScopePath) -> Self {
        path.as_path_ref()
    }
}

impl From<ScopePathRef<'_>> for ScopePath {
    fn from(path: ScopePathRef<'_>) -> Self {
        path.to_path()
    }
}

impl AsRef<str> for ScopePath {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for ScopePathRef<'_> {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl FromStr for ScopePath {
    type Err = ScopePathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for ScopePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for ScopePathRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for ScopePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScopePath({self})")
    }
}

impl fmt::Debug for ScopePathRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScopePathRef({self})")
    }
}

impl Serialize for ScopePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Serialize for ScopePathRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for ScopePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Canonical;

        impl Visitor<'_> for Canonical {
            type Value = ScopePath;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a scope path in canonical form")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ScopePath, E> {
                ScopePath::parse(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Canonical)
    }
}
