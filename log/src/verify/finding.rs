//! One thing that is wrong, and the kinds of them.

use crate::sequence::Sequence;
use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Number of the segment file; 0 for the files beside them.
    pub segment: u64,
    /// Bytes from the start of the file.
    pub offset: u64,
    /// The first event concerned, where there is one.
    pub sequence: Option<Sequence>,
    /// What kind of fault.
    pub what: Fault,
    /// What exactly.
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.what)?;
        if let Some(sequence) = self.sequence {
            write!(f, "event {sequence}, ")?;
        }
        if self.segment > 0 {
            write!(f, "segment {}, offset {}: ", self.segment, self.offset)?;
        }
        write!(f, "{}", self.detail)
    }
}

/// Kinds of faults, by what they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// `GENESIS` is missing or bad. Events are not touched.
    Genesis,
    /// `HEAD` is bad. Repairable: it may be deleted.
    Head,
    /// A segment header; repairable if one copy is good.
    Header,
    /// A record that does not verify: rot, or a write that went elsewhere.
    Record,
    /// A record whose checksum is right and whose place, batch or time is wrong.
    Order,
    /// A record that was edited and summed again: leaf or chain disagree.
    Chain,
    /// Bytes where none belong.
    Padding,
    /// A footer, or its digest over the segment.
    Footer,
    /// Segments that do not join.
    Joint,
    /// The log ends before a point that was durable.
    RolledBack,
    /// The disk cannot read it.
    Unreadable,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Genesis => "genesis",
            Self::Head => "head",
            Self::Header => "header",
            Self::Record => "record",
            Self::Order => "order",
            Self::Chain => "chain",
            Self::Padding => "padding",
            Self::Footer => "footer",
            Self::Joint => "joint",
            Self::RolledBack => "rolled back",
            Self::Unreadable => "unreadable",
        })
    }
}

/// Where findings about one segment are gathered.
pub(super) struct Findings {
    pub(super) segment: u64,
    pub(super) list: Vec<Finding>,
}

impl Findings {
    pub(super) fn of(segment: u64) -> Self {
        Self { segment, list: Vec::new() }
    }

    pub(super) fn add(&mut self, what: Fault, offset: u64, sequence: Option<u64>, detail: impl Into<String>) {
        let sequence = sequence.map(Sequence::new);
        self.list.push(Finding { segment: self.segment, offset, sequence, what, detail: detail.into() });
    }
}
