//! The place of an event in the log.

use std::fmt;

/// Place in the log, counted from 1 without gaps: not an index, not a byte offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(u64);

impl Sequence {
    /// Before the first event: what an empty log has as its last sequence.
    pub const NONE: Self = Self(0);

    /// The sequence with this number; 0 is [`Sequence::NONE`].
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The plain number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one after this. Saturates, which 2⁶⁴ events would need to notice.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Whether this is [`Sequence::NONE`].
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}
