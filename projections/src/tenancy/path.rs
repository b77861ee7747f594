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

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::iter;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

#[cfg(test)]
mod tests;

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
    fn of_canonical(text: &'a str) -> Self {
        let (name, id) = text.split_once(':').unwrap_or((text, ""));
        Self { scope_type: ScopeType::of_canonical(name), id }
    }
}

/// What kind of place a segment names. The set is closed: another type is a revision of the log format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum ScopeType {
    /// An organisation.
    Org = 1,
    /// A department.
    Dept = 2,
    /// A team.
    Team = 3,
    /// A person.
    User = 4,
    /// An agent.
    Agent = 5,
    /// A service outside the engine.
    Service = 6,
    /// The engine itself, or a part of it.
    System = 7,
    /// A workspace.
    #[serde(rename = "ws")]
    Workspace = 8,
}

impl ScopeType {
    /// All types, by rising tag.
    pub const ALL: [Self; 8] = [
        Self::Org,
        Self::Dept,
        Self::Team,
        Self::User,
        Self::Agent,
        Self::Service,
        Self::System,
        Self::Workspace,
    ];

    /// The type as paths spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::Dept => "dept",
            Self::Team => "team",
            Self::User => "user",
            Self::Agent => "agent",
            Self::Service => "service",
            Self::System => "system",
            Self::Workspace => "ws",
        }
    }

    /// The type with this name, in exactly this spelling.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope_type| scope_type.name() == name)
    }

    /// The byte that stands for the type in the log. Never 0, and never given to another type.
    pub const fn tag(self) -> u8 {
        self as u8
    }

    /// The type with this tag.
    pub fn from_tag(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|scope_type| scope_type.tag() == tag)
    }

    /// The type of a segment of a valid path: leans on (canonical), whose eight names differ in their first letters.
    fn of_canonical(name: &str) -> Self {
        match name.as_bytes() {
            [b'o', ..] => Self::Org,
            [b'd', ..] => Self::Dept,
            [b't', ..] => Self::Team,
            [b'u', ..] => Self::User,
            [b'a', ..] => Self::Agent,
            [b'w', ..] => Self::Workspace,
            [b's', b'e', ..] => Self::Service,
            _ => Self::System,
        }
    }
}

/// Why a text is not a scope path: the first fault found. The variants stand in the order of the checks; from
/// `SegmentTooLong` on they are made for each segment in turn, from the left.
///
/// Messages quote input with control characters escaped, so they can go into a log line. To a caller over HTTP all
/// of these are 400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopePathError {
    /// The input is empty.
    #[error("a scope path cannot be empty")]
    Empty,
    /// There is nothing before, between or after slashes.
    #[error("segment {index} of the scope path is empty")]
    EmptySegment {
        /// The first such segment.
        index: usize,
    },
    /// There are more than eight segments.
    #[error("the scope path has {found} segments; at most {max} are allowed")]
    TooManySegments {
        /// How many there are.
        found: usize,
        /// [`SEGMENTS_MAX`].
        max: usize,
    },
    /// A segment has more than 64 characters.
    #[error("segment {index} of the scope path has {len} characters; at most {max} are allowed")]
    SegmentTooLong {
        /// Which segment.
        index: usize,
        /// Its length.
        len: usize,
        /// [`SEGMENT_CHARS_MAX`].
        max: usize,
    },
    /// A segment has no `:`.
    #[error("segment {index} of the scope path is not of the form `type:id`")]
    MissingColon {
        /// Which segment.
        index: usize,
    },
    /// A segment begins with `:`.
    #[error("segment {index} of the scope path has no type before its `:`")]
    EmptyType {
        /// Which segment.
        index: usize,
    },
    /// Right but for its letter case: a type is found so here, ids are looked at after their other checks.
    #[error("segment {index} of the scope path is not in canonical form; write `{}`", .canonical.escape_debug())]
    NonCanonical {
        /// Which segment.
        index: usize,
        /// The whole path as it should be written, when letter case is all that is wrong with it; otherwise only
        /// this segment.
        canonical: String,
    },
    /// The type is none of the eight.
    #[error("segment {index} of the scope path has the unknown type `{}`", .found.escape_debug())]
    UnknownType {
        /// Which segment.
        index: usize,
        /// What stands there.
        found: String,
    },
    /// Nothing follows the `:`.
    #[error("segment {index} of the scope path has no id after its `:`")]
    EmptyId {
        /// Which segment.
        index: usize,
    },
    /// An id holds something other than ASCII letters, digits, `-`, `_`, `.` and `@`.
    #[error(
        "segment {index} of the scope path has {ch:?} at offset {offset} of its id, which is not allowed there"
    )]
    InvalidIdChar {
        /// Which segment.
        index: usize,
        /// The first such character.
        ch: char,
        /// Where it stands in the id.
        offset: usize,
    },
    /// An id begins or ends with something other than a letter or digit.
    #[error("the id in segment {index} of the scope path has to begin and end with a letter or digit")]
    InvalidIdEdge {
        /// Which segment.
        index: usize,
    },
    /// An id has more than one `@`.
    #[error("the id in segment {index} of the scope path has more than one `@`")]
    InvalidEmail {
        /// Which segment.
        index: usize,
    },
}

impl ScopePathError {
    /// The stable string by which callers tell errors apart.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "SCOPE_PATH_EMPTY",
            Self::EmptySegment { .. } => "SCOPE_PATH_EMPTY_SEGMENT",
            Self::TooManySegments { .. } => "SCOPE_PATH_TOO_DEEP",
            Self::SegmentTooLong { .. } => "SCOPE_SEGMENT_TOO_LONG",
            Self::MissingColon { .. } | Self::EmptyType { .. } => "SCOPE_SEGMENT_NO_TYPE",
            Self::NonCanonical { .. } => "SCOPE_PATH_NOT_CANONICAL",
            Self::UnknownType { .. } => "SCOPE_TYPE_UNKNOWN",
            Self::EmptyId { .. } => "SCOPE_ID_EMPTY",
            Self::InvalidIdChar { .. } | Self::InvalidIdEdge { .. } | Self::InvalidEmail { .. } => {
                "SCOPE_ID_INVALID"
            }
        }
    }
}

/// The rules of the text, apart from the values made of it.
mod grammar {
    use std::borrow::Cow;

    use super::{SEGMENT_CHARS_MAX, SEGMENTS_MAX, ScopePathError, ScopeType};

    /// Accepts canonical form; otherwise tells the first fault.
    pub(super) fn check(text: &str) -> Result<(), ScopePathError> {
        first_fault(text).map_err(|fault| match fault {
            // A canonical spelling has no `NonCanonical` of its own, so one more look is enough.
            ScopePathError::NonCanonical { index, canonical } => {
                let whole = canonical_path(text);
                let canonical = if first_fault(&whole).is_ok() { whole } else { canonical };
                ScopePathError::NonCanonical { index, canonical }
            }
            fault => fault,
        })
    }

    /// As `check`, but `NonCanonical` holds only its segment.
    fn first_fault(text: &str) -> Result<(), ScopePathError> {
        check_shape(text)?;
        text.split('/').enumerate().try_for_each(|(index, segment)| check_segment(index, segment))
    }

    /// How many segments there are, and that none is empty.
    fn check_shape(text: &str) -> Result<(), ScopePathError> {
        if text.is_empty() {
            return Err(ScopePathError::Empty);
        }
        if let Some(index) = text.split('/').position(str::is_empty) {
            return Err(ScopePathError::EmptySegment { index });
        }
        let found = text.split('/').count();
        if found > SEGMENTS_MAX {
            return Err(ScopePathError::TooManySegments { found, max: SEGMENTS_MAX });
        }
        Ok(())
    }

    fn check_segment(index: usize, segment: &str) -> Result<(), ScopePathError> {
        check_segment_length(index, segment.chars().count())?;
        let Some((name, id)) = segment.split_once(':') else {
            return Err(ScopePathError::MissingColon { index });
        };
        if name.is_empty() {
            return Err(ScopePathError::EmptyType { index });
        }
        if ScopeType::from_name(name).is_none() {
            return Err(if ScopeType::ALL.iter().any(|known| known.name().eq_ignore_ascii_case(name)) {
                ScopePathError::NonCanonical { index, canonical: canonical_segment(segment).into_owned() }
            } else {
                ScopePathError::UnknownType { index, found: name.to_owned() }
            });
        }
        check_id(index, id)?;
        match canonical_segment(segment) {
            Cow::Borrowed(_) => Ok(()),
            Cow::Owned(canonical) => Err(ScopePathError::NonCanonical { index, canonical }),
        }
    }

    pub(super) fn check_segment_length(index: usize, len: usize) -> Result<(), ScopePathError> {
        if len > SEGMENT_CHARS_MAX {
            return Err(ScopePathError::SegmentTooLong { index, len, max: SEGMENT_CHARS_MAX });
        }
        Ok(())
    }

    /// Everything about an id but its letter case.
    pub(super) fn check_id(index: usize, id: &str) -> Result<(), ScopePathError> {
        if id.is_empty() {
            return Err(ScopePathError::EmptyId { index });
        }
        if let Some((offset, ch)) = id.chars().enumerate().find(|&(_, ch)| !may_stand_in_id(ch)) {
            return Err(ScopePathError::InvalidIdChar { index, ch, offset });
        }
        if !(id.starts_with(may_stand_at_edge) && id.ends_with(may_stand_at_edge)) {
            return Err(ScopePathError::InvalidIdEdge { index });
        }
        if id.bytes().filter(|&byte| byte == b'@').count() > 1 {
            return Err(ScopePathError::InvalidEmail { index });
        }
        Ok(())
    }

    fn may_stand_in_id(ch: char) -> bool {
        ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_' | '.' | '@')
    }

    fn may_stand_at_edge(ch: char) -> bool {
        ch.is_ascii_alphanumeric()
    }

    /// The text in canonical letter case, valid or not.
    pub(super) fn canonical_path(text: &str) -> String {
        let mut path = String::with_capacity(text.len());
        for (index, segment) in text.split('/').enumerate() {
            if index > 0 {
                path.push('/');
            }
            path.push_str(&canonical_segment(segment));
        }
        path
    }

    /// Owned only if something changes.
    fn canonical_segment(segment: &str) -> Cow<'_, str> {
        let Some((name, id)) = segment.split_once(':') else { return Cow::Borrowed(segment) };
        let canonical = canonical_id(id);
        if matches!(canonical, Cow::Borrowed(_)) && !name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Borrowed(segment);
        }
        Cow::Owned(format!("{}:{canonical}", name.to_ascii_lowercase()))
    }

    /// Owned only if something changes.
    pub(super) fn canonical_id(id: &str) -> Cow<'_, str> {
        if is_ulid_shaped(id) {
            return if id.bytes().any(|byte| byte.is_ascii_lowercase()) {
                Cow::Owned(id.to_ascii_uppercase())
            } else {
                Cow::Borrowed(id)
            };
        }
        match id.split_once('@') {
            Some((local, domain)) if domain.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                Cow::Owned(format!("{local}@{}", domain.to_ascii_lowercase()))
            }
            _ => Cow::Borrowed(id),
        }
    }

    /// 26 characters of Crockford's alphabet in either case, the first one 0 to 7.
    fn is_ulid_shaped(id: &str) -> bool {
        let in_alphabet = |byte: &u8| {
            byte.is_ascii_alphanumeric() && !matches!(byte.to_ascii_uppercase(), b'I' | b'L' | b'O' | b'U')
        };
        id.len() == 26
            && id.starts_with(|first| matches!(first, '0'..='7'))
            && id.as_bytes().iter().all(in_alphabet)
    }
}

/// The key by which maps of paths are searched, with an owned or a borrowed path and without allocating:
///
/// ```text
/// nodes.get(&alice.root() as &dyn PathKey)        nodes: BTreeMap<ScopePath, _> or HashMap<ScopePath, _>
/// ```
pub trait PathKey {
    /// The path to be found.
    fn path_key(&self) -> ScopePathRef<'_>;
}

impl PathKey for ScopePath {
    fn path_key(&self) -> ScopePathRef<'_> {
        self.as_path_ref()
    }
}

impl PathKey for ScopePathRef<'_> {
    fn path_key(&self) -> ScopePathRef<'_> {
        *self
    }
}

impl<'a> Borrow<dyn PathKey + 'a> for ScopePath {
    fn borrow(&self) -> &(dyn PathKey + 'a) {
        self
    }
}

impl PartialEq for dyn PathKey + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.path_key() == other.path_key()
    }
}

impl Eq for dyn PathKey + '_ {}

impl PartialOrd for dyn PathKey + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for dyn PathKey + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        self.path_key().cmp(&other.path_key())
    }
}

impl Hash for dyn PathKey + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.path_key().hash(state);
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

/// A path of one segment.
impl From<ScopeSegment<'_>> for ScopePath {
    fn from(segment: ScopeSegment<'_>) -> Self {
        Self(segment.to_string().into())
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

impl fmt::Display for ScopeSegment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.scope_type, self.id)
    }
}

impl fmt::Display for ScopeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
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
