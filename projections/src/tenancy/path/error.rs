//! Why a text is not a scope path.

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
