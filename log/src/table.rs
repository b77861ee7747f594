//! The segments of a log, as an append-only table that readers walk without a lock.

use crate::segment::Segment;
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicUsize, Ordering},
};

const ROW: usize = 1024;
const ROWS: usize = 1024;

type Row = Box<[OnceLock<Arc<Segment>>]>;

pub(crate) struct Table {
    rows: Box<[OnceLock<Row>]>,
    len: AtomicUsize,
}

impl Table {
    pub(crate) fn new() -> Self {
        Self { rows: (0..ROWS).map(|_| OnceLock::new()).collect(), len: AtomicUsize::new(0) }
    }

    /// Appends; one caller only, the writer. False when a million segments are in.
    pub(crate) fn push(&self, segment: Arc<Segment>) -> bool {
        let len = self.len.load(Ordering::Relaxed);
        let Some(row) = self.rows.get(len / ROW) else { return false };
        let row = row.get_or_init(|| (0..ROW).map(|_| OnceLock::new()).collect());
        let added = row[len % ROW].set(segment).is_ok();
        self.len.store(len + 1, Ordering::Release);
        added
    }

    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    pub(crate) fn get(&self, nth: usize) -> Option<&Arc<Segment>> {
        self.rows.get(nth / ROW)?.get()?.get(nth % ROW)?.get()
    }

    /// Place of the segment that holds `sequence`: the last one that begins at or before it.
    #[inline]
    pub(crate) fn find(&self, sequence: u64) -> Option<usize> {
        let len = self.len();
        let newest = len.checked_sub(1)?;
        if self.get(newest)?.header.first <= sequence {
            return Some(newest);
        }
        let (mut low, mut high) = (0, newest);
        while low < high {
            let middle = (low + high) / 2;
            match self.get(middle) {
                Some(segment) if segment.header.first <= sequence => low = middle + 1,
                _ => high = middle,
            }
        }
        low.checked_sub(1)
    }
}
