//! Where each event of a segment lies: four bytes an event.
//!
//! Shape: chunks of 4096 offsets in units of 32 bytes, made when they are first needed. The writer appends to the
//! index of the open segment while readers read it; what a reader may look at is bounded by the log's published
//! sequence. Zero (the header's place) means: there is no such record.

use crate::layout::RECORD_ALIGN;
use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

const CHUNK: usize = 4096;

pub(crate) struct Index {
    chunks: Box<[OnceLock<Box<[AtomicU32]>>]>,
}

impl Index {
    /// Room for `events` offsets; nearly nothing is allocated yet.
    pub(crate) fn with_room(events: u64) -> Self {
        let chunks = (events as usize).div_ceil(CHUNK).max(1);
        Self { chunks: (0..chunks).map(|_| OnceLock::new()).collect() }
    }

    /// Notes where event number `nth` of the segment (from 0) lies. Beyond the room it is not noted.
    pub(crate) fn set(&self, nth: u64, offset: u64) {
        let (row, column) = (nth as usize / CHUNK, nth as usize % CHUNK);
        if let Some(chunk) = self.chunks.get(row) {
            let chunk = chunk.get_or_init(|| (0..CHUNK).map(|_| AtomicU32::new(0)).collect());
            // Relaxed: the publication of the sequence orders this before any reader's look.
            chunk[column].store((offset / RECORD_ALIGN) as u32, Ordering::Relaxed);
        }
    }

    /// The byte offset of event number `nth`.
    #[inline]
    pub(crate) fn get(&self, nth: u64) -> Option<u64> {
        let chunk = self.chunks.get(nth as usize / CHUNK)?.get()?;
        match chunk[nth as usize % CHUNK].load(Ordering::Relaxed) {
            0 => None,
            units => Some(u64::from(units) * RECORD_ALIGN),
        }
    }
}
