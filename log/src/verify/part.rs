//! A part of a segment: what one thread looks at while it lies in that thread's cache.
//!
//! Why parts: a log may be one large segment, and all cores are to help. Why they can be checked in any order: every
//! record stores its chain value, and BLAKE3 is a tree, so that aligned parts have digests of their own which merge into
//! the digest of the whole.
//! A part that does not begin the segment takes the first valid record in it for a beginning. Whether that was right is
//! decided by [`Joined`](super::joined::Joined), which walks the parts in order; only a segment without any fault passes
//! there, and every other one is walked again as a whole.

use super::{
    finding::Findings,
    links::Links,
    walk::{Stop, Terms, Walk, Window},
};
use crate::{
    bytes::used_len,
    digest::Digest,
    layout::{HEADER_PAGE, RECORD_ALIGN},
    record::{HEADER_BYTES, NotRecord, View},
    scan::Budget,
    storage::{StorageFile, read_full_at},
};
use blake3::hazmat::{ChainingValue, HasherExt};
use std::{io, ops::Range};

/// Bytes of a part: a power of two, as a subtree of BLAKE3 has to be; a few of them fit into a core's cache.
pub(super) const PART_BYTES: u64 = 256 << 10;
/// Read beyond a part, for the record that straddles its end.
const OVERLAP_BYTES: u64 = 4 << 10;

/// How many records that reach far beyond a part are believed while looking for its first one: bytes of a payload may
/// look like a header, and each belief costs a read.
const LONG_TRIES_MAX: usize = 4;

const _: () = assert!(PART_BYTES.is_power_of_two() && PART_BYTES > HEADER_PAGE);

/// What a part came to by itself.
pub(super) struct Part {
    /// The first record in it: not for the first part, which begins where the records begin.
    pub(super) start: Option<Start>,
    /// State behind its last record.
    pub(super) walk: Walk,
    /// Whether nothing was found that is wrong.
    pub(super) is_sound: bool,
    /// Just behind the last byte of the part that is not zero.
    pub(super) used: u64,
    /// Digest of the part as a subtree; only under a footer.
    pub(super) subtree: Option<ChainingValue>,
}

/// The record a part begins with.
pub(super) struct Start {
    pub(super) offset: u64,
    pub(super) record: [u8; HEADER_BYTES],
    pub(super) leaf: Digest,
}

/// Buffers of a thread, used for one part after the other: fresh pages cost as much as hashing what is read into them.
#[derive(Default)]
pub(super) struct Desk {
    bytes: Vec<u8>,
    links: Links,
}

impl Part {
    /// Reads and checks part number `nth` of the bytes before `limit`.
    pub(super) fn read(
        file: &dyn StorageFile,
        nth: u64,
        limit: u64,
        terms: Terms<'_>,
        desk: &mut Desk,
    ) -> io::Result<Self> {
        let Desk { bytes, links } = desk;
        let base = nth * PART_BYTES;
        let until = (base + PART_BYTES).min(limit);
        let own = (until - base) as usize;
        fill(file, bytes, 0, base, (until + OVERLAP_BYTES).min(limit))?;

        let mut findings = Findings::of(terms.header.number);
        let used = base + used_len(bytes.get(..own).unwrap_or(bytes)) as u64;
        if nth > 0 && !terms.has_footer && used == base {
            return Ok(Self::zeros(base, until));
        }
        let subtree = terms.has_footer.then(|| subtree(base, bytes.get(..own).unwrap_or(bytes)));
        let first = if nth == 0 { None } else { first_record(file, bytes, base..until, limit, terms)? };
        let (start, mut walk) = match first {
            Some((start, walk)) => (Some(start), walk),
            None if nth == 0 => (None, Walk::of(terms.header)),
            None => (None, Walk::nothing(until)),
        };
        loop {
            let window = Window { bytes, base, limit };
            match walk.run(window, until, terms, links, &mut findings) {
                Stop::Done => break,
                Stop::NeedsUpTo(end) => extend(file, bytes, base, end.min(limit))?,
            }
        }
        Ok(Self { start, walk, is_sound: findings.list.is_empty(), used, subtree })
    }

    /// Part number `nth`, known to hold nothing.
    pub(super) fn hole(nth: u64, limit: u64) -> Self {
        Self::zeros(nth * PART_BYTES, ((nth + 1) * PART_BYTES).min(limit))
    }

    /// Prepared and not written yet.
    fn zeros(base: u64, until: u64) -> Self {
        Self { start: None, walk: Walk::nothing(until), is_sound: true, used: base, subtree: None }
    }
}

/// Parts of a file, after its first, of which the file system says that they are zero. To be asked before anything is
/// read: reading ahead fills holes with pages, which then count as data.
pub(super) fn holes(file: &dyn StorageFile, limit: u64) -> io::Result<Vec<Range<u64>>> {
    let (mut holes, mut nth, count) = (Vec::new(), 1, limit.div_ceil(PART_BYTES));
    while nth < count {
        let data = file.next_data(nth * PART_BYTES)?;
        let next = if data >= limit { count } else { data / PART_BYTES };
        if next > nth {
            holes.push(nth..next);
        }
        nth = next.max(nth) + 1;
    }
    Ok(holes)
}

/// Reads on until `bytes` reaches to `end` in the file.
fn extend(file: &dyn StorageFile, bytes: &mut Vec<u8>, base: u64, end: u64) -> io::Result<()> {
    let have = bytes.len();
    fill(file, bytes, have, base, end)
}

/// Keeps the first `have` bytes and reads the rest, up to `end` in the file. A file that ends before that is an error: its
/// length was known.
fn fill(file: &dyn StorageFile, bytes: &mut Vec<u8>, have: usize, base: u64, end: u64) -> io::Result<()> {
    bytes.resize((end - base) as usize, 0); // touches only what the buffer did not have before
    let rest = bytes.get_mut(have..).unwrap_or_default();
    if read_full_at(file, rest, base + have as u64)? < rest.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// Digest of aligned bytes in the middle of a segment.
fn subtree(base: u64, bytes: &[u8]) -> ChainingValue {
    let mut hasher = blake3::Hasher::new();
    hasher.set_input_offset(base).update(bytes);
    hasher.finalize_non_root()
}

/// The first valid record that begins in `own`, and a walk from there.
fn first_record(
    file: &dyn StorageFile,
    bytes: &mut Vec<u8>,
    own: Range<u64>,
    limit: u64,
    terms: Terms<'_>,
) -> io::Result<Option<(Start, Walk)>> {
    let mut tries = LONG_TRIES_MAX;
    let mut budget = Budget::for_file(bytes.len());
    let mut at = own.start;
    while at < own.end {
        let rest = bytes.get((at - own.start) as usize..).unwrap_or(&[]);
        let end = at + View::claimed_len(rest);
        match View::shape(rest) {
            Err(NotRecord::Cut) if rest.len() >= HEADER_BYTES && end <= limit && tries > 0 => {
                tries -= 1;
                extend(file, bytes, own.start, end)?;
                continue;
            }
            Ok(shape) if !budget.spend(shape.len() as u64) => break,
            Ok(_) => {
                if let Ok(view) = View::check(rest, terms.header.salt) {
                    let start = Start { offset: at, record: view.header(), leaf: view.leaf() };
                    return Ok(Some((start, Walk::from_middle(at, view))));
                }
            }
            Err(_) => {}
        }
        at += RECORD_ALIGN;
    }
    Ok(None)
}
