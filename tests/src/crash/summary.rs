//! What all lives came to.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// What all lives came to.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Workers that were killed.
    pub kills: u64,
    /// Those of them that were killed before they had opened the log.
    pub kills_while_opening: u64,
    /// Times that the log was opened and looked at.
    pub looks: u64,
    /// How the log was found each time.
    pub verdicts: BTreeMap<String, u64>,
    /// Batches whose receipt was printed.
    pub acknowledged: u64,
    /// Batches that are in the log though nobody saw their receipt.
    pub unacknowledged: u64,
    /// Events in the log at the end.
    pub events: u64,
    /// Segments at the end.
    pub segments: usize,
    /// Workers that were stopped and, some of them, went on.
    pub stops: u64,
    /// Times that somebody else wanted to write meanwhile, and was told that the log is locked.
    pub kept_out: u64,
    /// Lives in which a worker met a full disk.
    pub full: u64,
    /// Times that there was no space even to recover, until some was made.
    pub no_space_to_open: u64,
    /// Times that a follower read the log beside a writer.
    pub followed: u64,
    /// How long it took.
    pub elapsed: Duration,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} kills, {} of them while opening; looked {} times",
            self.kills, self.kills_while_opening, self.looks
        )?;
        writeln!(f, "found: {:?}", self.verdicts)?;
        writeln!(
            f,
            "{} batches acknowledged, none lost; {} more whole, none partial",
            self.acknowledged, self.unacknowledged
        )?;
        writeln!(
            f,
            "{} stopped, {} kept out, {} met a full disk ({} could not even open), followed {} times",
            self.stops, self.kept_out, self.full, self.no_space_to_open, self.followed
        )?;
        write!(
            f,
            "{} events in {} segments, in {:.1} s",
            self.events,
            self.segments,
            self.elapsed.as_secs_f64()
        )
    }
}
