//! Opening after a crash: what the directory holds, what that means, and what is done about it.
//!
//! Shape: three steps, of which the middle one is pure.
//!
//! ```text
//! image    reads the directory                      changes nothing
//! plan     image ─▶ verdict, list of actions         a function; refuses on damage
//! execute  carries the actions out                  each can be interrupted and repeated
//! ```
//!
//! The rule for the last segment: at the first place where no valid record with the expected sequence *k* stands, look
//! ahead. If a valid record behind it, or HEAD, says that *k* was durable, this is damage and nothing is touched.
//! Otherwise it is a torn tail: *k* and what follows were in flight together, and nobody was promised them.
//! Its limit: rot in the very last group, with nothing behind it, looks torn. HEAD and fences close that window.
//!
//! Source: Alagappan et al., Protocol-Aware Recovery (2018); modelled in `recovery_model.py`, from whose ablations each
//! step below has its reason.

pub(crate) mod execute;
pub(crate) mod image;
pub(crate) mod plan;

use crate::sequence::Sequence;
use std::fmt;

/// How the log was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Made just now.
    Created,
    /// It was closed.
    Clean,
    /// It was not closed, and ends with a whole group.
    UncleanEnd,
    /// Its end was being written when it stopped.
    Torn,
    /// Bytes that were durable do not verify. Only a read-only opening says so; for writing this is an error.
    Damaged,
    /// It ends before a point that was durable. Only a read-only opening says so.
    RolledBack,
}

/// What opening found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// How the log was found.
    pub verdict: Verdict,
    /// The last event kept; reading goes up to here.
    pub last: Sequence,
    /// Bytes behind the kept ones that were cut off (a copy is in `quarantine/` if there was space).
    pub dropped_bytes: u64,
    /// Valid events of incomplete batches among them.
    pub dropped_records: u64,
    /// Events whose durability was in doubt, written again to a new segment.
    pub moved_records: u64,
    /// What else there is to say, one sentence each.
    pub notes: Vec<String>,
}

impl Recovery {
    pub(crate) fn new(verdict: Verdict, last: u64) -> Self {
        Self {
            verdict,
            last: Sequence::new(last),
            dropped_bytes: 0,
            dropped_records: 0,
            moved_records: 0,
            notes: Vec::new(),
        }
    }
}

impl fmt::Display for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.last;
        match self.verdict {
            Verdict::Created => write!(f, "the log is new"),
            Verdict::Clean => write!(f, "the log was closed cleanly at {last}"),
            Verdict::UncleanEnd => write!(f, "the log was not closed; everything up to {last} is kept"),
            Verdict::Torn => write!(f, "the last write was cut short; everything up to {last} is kept"),
            Verdict::Damaged => write!(f, "the log is damaged; events up to {last} are offered for reading"),
            Verdict::RolledBack => write!(f, "the log ends at {last}, before a point that was durable"),
        }?;
        if self.dropped_bytes > 0 {
            write!(f, ", {} bytes with {} events dropped", self.dropped_bytes, self.dropped_records)?;
        }
        if self.moved_records > 0 {
            write!(f, ", {} events written again", self.moved_records)?;
        }
        Ok(())
    }
}
