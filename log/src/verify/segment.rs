//! What one segment came to.

use super::{finding::Findings, walk::Walk};
use crate::{digest::Digest, footer::Footer, recovery::image::SegmentImage};

/// What one segment came to.
pub(super) struct Found {
    pub(super) events: u64,
    pub(super) batches: u64,
    pub(super) bytes: u64,
    pub(super) last: Option<(u64, Digest)>,
    pub(super) footer: Option<Footer>,
    pub(super) findings: Findings,
    pub(super) notes: Vec<String>,
}

impl Found {
    pub(super) fn of(segment: u64) -> Self {
        Self {
            events: 0,
            batches: 0,
            bytes: 0,
            last: None,
            footer: None,
            findings: Findings::of(segment),
            notes: Vec::new(),
        }
    }

    pub(super) fn count(&mut self, walk: &Walk) {
        self.events = walk.tally.events;
        self.batches = walk.tally.batches;
        self.last = walk.last;
    }
}

/// What a segment has to be, by what follows it.
#[derive(Clone, Copy)]
pub(super) struct Neighbours {
    /// Nothing follows: it may be open.
    pub(super) is_last: bool,
    /// The first sequence that its successor took over; 0 if none.
    pub(super) superseded: u64,
}

impl Neighbours {
    pub(super) fn of(segments: &[SegmentImage], nth: usize) -> Self {
        let next = segments.get(nth + 1);
        let superseded = next.and_then(SegmentImage::header).map_or(0, |next| next.supersedes_from);
        Self { is_last: next.is_none(), superseded }
    }
}
