//! Leaves of a log in order: records read one behind the other, hashed on all cores.

use crate::{
    contents::Leaves,
    digest::Digest,
    error::LogError,
    reader::{Reader, no_segment},
    record::Record,
    records::Records,
    sequence::Sequence,
};
use std::thread;

/// Bytes of records that are held while their leaves are computed. A single record may be longer.
const HELD_BYTES_MAX: usize = 8 << 20;
/// Records for which a thread is worth starting.
const SHARE_MIN: usize = 2048;

/// Where reading stands, so that going on needs no look-up.
#[derive(Default)]
pub(super) struct Cursor {
    next: u64,
    records: Option<Records>,
}

impl Cursor {
    /// Hands over the leaves `from..to` (counted from 0) in order, with their records.
    pub(super) fn each(
        &mut self,
        reader: &Reader,
        from: u64,
        to: u64,
        threads: usize,
        take: &mut dyn FnMut(&Record, Digest) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        let (mut held, mut bytes) = (Vec::new(), 0);
        let mut at = from;
        if to <= from {
            return Ok(());
        }
        let mut records = match self.records.take() {
            Some(records) if self.next == from => records,
            _ => reader.records(Sequence::new(from + 1), reader.last()),
        };
        while at < to {
            let next = records.next().or_else(|| {
                // The log has grown since.
                records = reader.records(Sequence::new(at + 1), reader.last());
                records.next()
            });
            let record = next.unwrap_or_else(|| Err(no_segment(Sequence::new(at + 1))))?;
            bytes += record.stored_len();
            held.push(record);
            at += 1;
            if at == to || bytes >= HELD_BYTES_MAX {
                let leaves = hashed(&held, threads);
                held.iter().zip(leaves).try_for_each(|(record, leaf)| take(record, leaf))?;
                held.clear();
                bytes = 0;
            }
        }
        (self.next, self.records) = (to, Some(records));
        Ok(())
    }
}

/// The leaves of records, in their order.
fn hashed(records: &[Record], threads: usize) -> Vec<Digest> {
    let own = |records: &[Record]| {
        let views: Vec<_> = records.iter().map(Record::view).collect();
        Leaves::default().of(&views).to_vec()
    };
    let share = records.len().div_ceil(threads.max(1)).max(SHARE_MIN);
    if share >= records.len() {
        return own(records);
    }
    thread::scope(|scope| {
        let parts: Vec<_> = records.chunks(share).map(|part| scope.spawn(move || own(part))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect()
    })
}

/// Threads to use; 0 stands for one a core.
pub(super) fn threads(wanted: usize) -> usize {
    if wanted > 0 { wanted } else { thread::available_parallelism().map_or(1, usize::from) }
}
