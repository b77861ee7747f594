//! Reading: what is committed, without waiting for the writer.
//!
//! Shape: a reader holds the table of segments and one number, the last sequence that may be read. The writer raises
//! that number after its sync; readers take no lock that the writer could hold while it works.
//! Errors: a record that does not verify is an error that names it; records around it stay readable.

use crate::{
    Micros, digest::Digest, error::LogError, record::Record, records::Records, sequence::Sequence,
    table::Table,
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// What writer and readers share.
pub(crate) struct Shared {
    pub(crate) log_id: u128,
    pub(crate) genesis: Digest,
    pub(crate) segments: Table,
    /// The last sequence readers may see.
    pub(crate) readable: AtomicU64,
}

impl Shared {
    pub(crate) fn new(log_id: u128, genesis: Digest) -> Self {
        Self { log_id, genesis, segments: Table::new(), readable: AtomicU64::new(0) }
    }
}

/// Reads a log. Cheap to clone; clones see the same published end.
#[derive(Clone)]
pub struct Reader {
    shared: Arc<Shared>,
}

/// One segment file, for people and statistics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentInfo {
    /// Number, from 1.
    pub number: u64,
    /// File, relative to the log directory.
    pub path: String,
    /// Sequence of its first event (the next one to come, if it has none).
    pub first: Sequence,
    /// Sequence of its last readable event; the one before `first` if it has none.
    pub last: Sequence,
    /// Bytes in use, header and footer included.
    pub bytes: u64,
    /// Bytes the file can take.
    pub capacity: u64,
    /// Whether it is sealed.
    pub sealed: bool,
    /// When it was made, µs.
    pub created: Micros,
    /// Times of its first and last event, if it is sealed and has any.
    pub times: Option<(Micros, Micros)>,
    /// Kinds in it, if it is sealed and has few enough to be listed.
    pub kinds: Option<Vec<u16>>,
    /// Payload bytes in it, if it is sealed.
    pub payload_bytes: Option<u64>,
}

impl Reader {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Id given at creation.
    pub fn log_id(&self) -> u128 {
        self.shared.log_id
    }

    /// The last event that may be read; [`Sequence::NONE`] in an empty log.
    pub fn last(&self) -> Sequence {
        Sequence::new(self.shared.readable.load(Ordering::Acquire))
    }

    /// One event, or `None` beyond the readable end (and for [`Sequence::NONE`]).
    ///
    /// # Errors
    /// [`LogError::Damaged`] if the event should be there and its bytes do not verify; [`LogError::Io`].
    #[inline]
    pub fn get(&self, sequence: Sequence) -> Result<Option<Record>, LogError> {
        if sequence.is_none() || sequence > self.last() {
            return Ok(None);
        }
        match self.shared.segments.find(sequence.get()).and_then(|nth| self.shared.segments.get(nth)) {
            Some(segment) => segment.get(sequence.get()).map(Some),
            None => Err(no_segment(sequence)),
        }
    }

    /// A hint that this event will be asked for soon: its lines come from memory meanwhile. Nothing is read from a file for it.
    #[inline]
    pub fn expect(&self, sequence: Sequence) {
        if sequence.is_none() || sequence > self.last() {
            return;
        }
        let segments = &self.shared.segments;
        if let Some(segment) = segments.find(sequence.get()).and_then(|nth| segments.get(nth)) {
            segment.expect(sequence.get());
        }
    }

    /// The events from `from` to `to`, both included, as far as they may be read now. Every checksum is verified.
    pub fn records(&self, from: Sequence, to: Sequence) -> Records {
        Records::new(Arc::clone(&self.shared), from, to.min(self.last()))
    }

    /// The last event not after `time`, or [`Sequence::NONE`]. A binary search: times never decrease.
    ///
    /// # Errors
    /// As [`Reader::get`], for the events it looks at.
    pub fn at_time(&self, time: Micros) -> Result<Sequence, LogError> {
        // Whole segments first, by what their successors say of the time before them.
        let table = &self.shared.segments;
        let (mut low, mut high) = (1, table.len());
        while low < high {
            let middle = (low + high) / 2;
            if table.get(middle).is_some_and(|segment| segment.header.time_before <= time) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let last = self.last().get();
        let bound = |nth: usize| table.get(nth).map_or(last + 1, |segment| segment.header.first);
        let (mut low, mut high) = (bound(low - 1).min(last + 1), bound(low).min(last + 1));
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(Sequence::new(middle))? {
                Some(record) if record.time() <= time => low = middle + 1,
                _ => high = middle,
            }
        }
        Ok(Sequence::new(low - 1))
    }

    /// The event with this id. Reads the log from its end to its beginning: seconds for millions of events.
    ///
    /// # Errors
    /// As [`Reader::get`]; the search ends at the first event that does not verify.
    pub fn find_event(&self, event_id: u128) -> Result<Option<Record>, LogError> {
        for nth in (0..self.shared.segments.len()).rev() {
            let bound = |nth| self.shared.segments.get(nth).map(|segment| segment.header.first);
            let (Some(from), to) = (bound(nth), bound(nth + 1)) else { continue };
            let to = to.map_or(self.last(), |next| Sequence::new(next - 1));
            for record in self.records(Sequence::new(from), to) {
                let record = record?;
                if record.event_id() == event_id {
                    return Ok(Some(record));
                }
            }
        }
        Ok(None)
    }

    /// The segment files, oldest first.
    pub fn segments(&self) -> Vec<SegmentInfo> {
        let table = &self.shared.segments;
        let last = self.last().get();
        let info = |nth: usize| {
            let segment = table.get(nth)?;
            let header = &segment.header;
            let next = table.get(nth + 1).map_or(last + 1, |next| next.header.first);
            let footer = segment.footer();
            Some(SegmentInfo {
                number: header.number,
                path: segment.path.clone(),
                first: Sequence::new(header.first),
                last: Sequence::new(next.min(last + 1).max(header.first) - 1),
                bytes: footer.map_or(segment.end(), |footer| footer.used + crate::layout::FOOTER_BYTES),
                capacity: header.capacity,
                sealed: footer.is_some(),
                created: header.created,
                times: footer.filter(|f| f.events > 0).map(|f| (f.first_time, f.last_time)),
                kinds: footer.and_then(|footer| footer.kinds.clone()),
                payload_bytes: footer.map(|footer| footer.payload_bytes),
            })
        };
        (0..table.len()).filter_map(info).collect()
    }

    /// The chain value after this event; for [`Sequence::NONE`] the value the chain begins with; `None` beyond the end.
    ///
    /// # Errors
    /// As [`Reader::get`].
    pub fn chain_at(&self, sequence: Sequence) -> Result<Option<Digest>, LogError> {
        if sequence.is_none() {
            return Ok(Some(self.shared.genesis));
        }
        Ok(self.get(sequence)?.map(|record| record.chain()))
    }
}

pub(crate) fn no_segment(sequence: Sequence) -> LogError {
    LogError::damaged(crate::layout::SEGMENTS, 0, Some(sequence), "no segment holds this event")
}
