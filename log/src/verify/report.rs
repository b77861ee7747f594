//! What verifying came to.

use super::finding::Finding;
use crate::{digest::Digest, sequence::Sequence};

/// What was looked at, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Valid events.
    pub records: u64,
    /// Whole batches.
    pub batches: u64,
    /// Segment files.
    pub segments: u64,
    /// Bytes read.
    pub bytes: u64,
    /// The last event that verifies.
    pub last: Sequence,
    /// Chain value after it: what to compare with a copy kept elsewhere.
    pub head: Digest,
    /// What is wrong, by position; at most as many as asked for.
    pub findings: Vec<Finding>,
    /// How many there are.
    pub findings_total: u64,
    /// What is no fault and worth knowing, one sentence each.
    pub notes: Vec<String>,
}

impl VerifyReport {
    /// Whether every byte that was looked at is as it should be.
    pub fn is_clean(&self) -> bool {
        self.findings_total == 0
    }

    /// The first finding by position.
    pub fn first_bad(&self) -> Option<&Finding> {
        self.findings.first()
    }
}
