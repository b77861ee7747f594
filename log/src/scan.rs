//! Walking the records of one segment: a pure function from bytes to what they hold.
//!
//! Walks from the header until no valid record with the expected sequence stands where one belongs. Judging what that
//! means (an end, a torn tail, damage) is `recovery`'s business; this only says what is there.

use crate::{
    bytes::{align_up, used_len},
    header::Header,
    layout::{HEADER_PAGE, RECORD_ALIGN},
    record::{CLASS_EVENT, CLASS_FENCE, CLASS_SEAL, HEADER_BYTES, NotRecord, View},
};

/// What the last record before the stop is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LastRecord {
    None,
    Event,
    Fence,
    Seal,
}

/// The valid beginning of a segment.
#[derive(Debug)]
pub(crate) struct Scan {
    /// Offsets of the events, in units of 32 bytes.
    pub(crate) offsets: Vec<u32>,
    /// Just behind the last valid record.
    pub(crate) end: u64,
    /// Where the next record belongs.
    pub(crate) next: u64,
    pub(crate) last: LastRecord,
    /// Offset of the last control record.
    pub(crate) last_control: u64,
    /// The next event's sequence.
    pub(crate) expected: u64,
    /// Highest durable point that a valid record states; 0 if none does.
    pub(crate) watermark: u64,
    /// Events that belong to whole batches.
    pub(crate) whole: usize,
    /// Why the walk stopped.
    pub(crate) stop: NotRecord,
    /// Just behind the last byte of the file that is not zero.
    pub(crate) used: u64,
}

impl Scan {
    /// Walks `bytes`, a segment file from its beginning.
    pub(crate) fn of(bytes: &[u8], header: &Header) -> Self {
        let mut scan = Self {
            offsets: Vec::new(),
            end: HEADER_PAGE,
            next: HEADER_PAGE,
            last: LastRecord::None,
            last_control: 0,
            expected: header.first,
            watermark: 0,
            whole: 0,
            stop: NotRecord::Empty,
            used: used_len(bytes) as u64,
        };
        let mut left = 0;
        loop {
            let view = match View::check(bytes.get(scan.next as usize..).unwrap_or(&[]), header.salt) {
                Ok(view) => view,
                Err(why) => {
                    scan.stop = why;
                    break;
                }
            };
            let class = view.class();
            if let Err(why) = fits(view, scan.expected, left) {
                scan.stop = why;
                break;
            }
            if class == CLASS_EVENT {
                scan.offsets.push((scan.next / RECORD_ALIGN) as u32);
                scan.expected += 1;
                left = view.batch_left();
                if left == 0 {
                    scan.whole = scan.offsets.len();
                }
            } else {
                scan.last_control = scan.next;
            }
            scan.last = match class {
                CLASS_EVENT => LastRecord::Event,
                CLASS_FENCE => LastRecord::Fence,
                _ => LastRecord::Seal,
            };
            scan.watermark = scan.watermark.max(view.durable());
            scan.end = scan.next + view.len() as u64;
            scan.next = scan.end;
            if view.is_group_end() {
                scan.next = align_up(scan.end, u64::from(header.group_align));
            }
            if class == CLASS_SEAL {
                break;
            }
        }
        scan
    }

    /// Whether bytes that are not zero stand behind the last valid record.
    pub(crate) fn has_junk(&self) -> bool {
        self.used > self.end
    }

    /// Offset of the nth event.
    pub(crate) fn offset(&self, nth: usize) -> Option<u64> {
        self.offsets.get(nth).map(|units| u64::from(*units) * RECORD_ALIGN)
    }
}

/// Whether a valid record may stand here: the next sequence, the batch counter running down to zero.
pub(crate) fn fits(view: View<'_>, expected: u64, left: u32) -> Result<(), NotRecord> {
    if view.class() == CLASS_EVENT {
        if view.sequence() != expected {
            return Err(NotRecord::Field("sequence"));
        }
        if left > 0 && view.batch_left() != left - 1 {
            return Err(NotRecord::Field("batch left"));
        }
        if view.batch_left() > 0 && view.is_group_end() {
            return Err(NotRecord::Field("group end inside a batch"));
        }
        return Ok(());
    }
    if left > 0 || view.sequence() != expected - 1 {
        return Err(NotRecord::Field("sequence of a control record"));
    }
    Ok(())
}

/// How much may still be hashed while looking for records in bytes that are not trusted.
///
/// Why: somebody who chooses payload bytes can make many places look like long records without knowing the salt. A
/// bound keeps looking linear in the size of the file.
pub(crate) struct Budget {
    left: u64,
    pub(crate) exhausted: bool,
}

impl Budget {
    pub(crate) fn for_file(len: usize) -> Self {
        Self { left: 64 * len as u64 + (64 << 20), exhausted: false }
    }

    /// Whether so many bytes more may be hashed.
    pub(crate) fn spend(&mut self, bytes: u64) -> bool {
        match self.left.checked_sub(bytes) {
            Some(left) => self.left = left,
            None => self.exhausted = true,
        }
        !self.exhausted
    }
}

/// The first place at or behind `from`, on the 32-byte grid, where a valid record stands.
pub(crate) fn seek(bytes: &[u8], from: u64, salt: u64, budget: &mut Budget) -> Option<u64> {
    let mut at = align_up(from, RECORD_ALIGN) as usize;
    while let Some(rest) = bytes.get(at..)
        && rest.len() >= HEADER_BYTES
    {
        if let Ok(shape) = View::shape(rest) {
            if !budget.spend(shape.len() as u64) {
                return None;
            }
            if View::check(rest, salt).is_ok() {
                return Some(at as u64);
            }
        }
        at += RECORD_ALIGN as usize;
    }
    None
}
