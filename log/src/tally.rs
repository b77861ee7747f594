//! Counts that a segment's footer states, gathered while records are written or walked.

use crate::record::{CLASS_EVENT, View};

/// Running counts over the records of one segment.
#[derive(Clone, Default)]
pub(crate) struct Tally {
    pub(crate) records: u64,
    pub(crate) events: u64,
    pub(crate) batches: u64,
    pub(crate) first_time: u64,
    pub(crate) last_time: u64,
    pub(crate) payload_bytes: u64,
    /// A bit for each kind; as many words as the largest kind needs.
    kinds: Vec<u64>,
}

impl Tally {
    pub(crate) fn event(&mut self, time: u64, kind: u16, payload: u64, batch_left: u32) {
        if self.events == 0 {
            self.first_time = time;
        }
        self.records += 1;
        self.events += 1;
        self.batches += u64::from(batch_left == 0);
        self.last_time = time;
        self.payload_bytes += payload;
        let word = kind as usize / 64;
        if word >= self.kinds.len() {
            self.kinds.resize(word + 1, 0);
        }
        self.kinds[word] |= 1 << (kind % 64);
    }

    /// Adds the counts over the records that follow.
    pub(crate) fn absorb(&mut self, next: &Self) {
        if self.events == 0 {
            self.first_time = next.first_time;
        }
        if next.events > 0 {
            self.last_time = next.last_time;
        }
        self.records += next.records;
        self.events += next.events;
        self.batches += next.batches;
        self.payload_bytes += next.payload_bytes;
        self.kinds.resize(self.kinds.len().max(next.kinds.len()), 0);
        for (word, more) in self.kinds.iter_mut().zip(&next.kinds) {
            *word |= more;
        }
    }

    pub(crate) fn control(&mut self) {
        self.records += 1;
    }

    pub(crate) fn add(&mut self, view: View<'_>) {
        if view.class() == CLASS_EVENT {
            self.event(view.time(), view.kind(), view.payload_len() as u64, view.batch_left());
        } else {
            self.control();
        }
    }

    /// Kinds seen, ascending.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = u16> {
        let words = self.kinds.iter().enumerate();
        words.flat_map(|(at, word)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| (at * 64 + bit) as u16)
        })
    }
}
