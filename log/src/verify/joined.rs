//! The parts of a segment laid side by side: whether together they are a segment without any fault.

use super::{
    part::{PART_BYTES, Part, Start},
    walk::{Terms, Walk},
};
use crate::{
    digest::Digest,
    footer::Footer,
    hash,
    record::{CLASS_EVENT, View},
    scan::fits,
};
use blake3::hazmat::{ChainingValue, Mode, left_subtree_len, merge_subtrees_non_root, merge_subtrees_root};

/// The parts, in order, of the bytes before `limit`.
pub(super) struct Joined<'a> {
    pub(super) parts: &'a mut [Option<Part>],
    pub(super) limit: u64,
    pub(super) terms: Terms<'a>,
}

impl Joined<'_> {
    /// The walk over the whole segment, if there is nothing wrong with it: the same as one walk from its beginning.
    pub(super) fn walk(&mut self) -> Option<Walk> {
        let mut parts = self.parts.iter_mut().map(Option::as_mut);
        let first = parts.next()??;
        if !first.is_sound {
            return None;
        }
        let mut used = first.used;
        let mut whole = std::mem::take(&mut first.walk);
        for (nth, part) in (1..).zip(parts) {
            let part = part?;
            used = if part.used > nth * PART_BYTES { part.used } else { used };
            if whole.at >= ((nth + 1) * PART_BYTES).min(self.limit) {
                continue; // in the middle of a record that began before, and verified
            }
            match &part.start {
                Some(start) if part.is_sound && follows(&whole, start, self.terms) => {
                    whole.go_on(std::mem::take(&mut part.walk));
                }
                Some(_) => return None,
                None => {} // zeros, or something is wrong: `used` tells
            }
        }
        let is_whole = used <= whole.at && whole.left == 0 && whole.is_sealed() == self.terms.has_footer;
        is_whole.then_some(whole)
    }

    /// BLAKE3 of all bytes before the footer, from the digests of the parts.
    pub(super) fn digest(&self) -> Option<Digest> {
        let subtrees: Option<Vec<ChainingValue>> =
            self.parts.iter().map(|part| part.as_ref().and_then(|part| part.subtree)).collect();
        let subtrees = subtrees?;
        let (left, right) = split(&subtrees, self.limit)?;
        let root = merge_subtrees_root(&left, &right, Mode::Hash);
        Some(Digest::new(*root.as_bytes()))
    }
}

/// Left and right half of a tree of more than one part.
fn split(subtrees: &[ChainingValue], len: u64) -> Option<(ChainingValue, ChainingValue)> {
    if len <= PART_BYTES {
        return None;
    }
    let left = left_subtree_len(len);
    let (first, second) = subtrees.split_at_checked((left / PART_BYTES) as usize)?;
    Some((merge(first, left)?, merge(second, len - left)?))
}

fn merge(subtrees: &[ChainingValue], len: u64) -> Option<ChainingValue> {
    match subtrees {
        [only] => Some(*only),
        _ => split(subtrees, len).map(|(left, right)| merge_subtrees_non_root(&left, &right, Mode::Hash)),
    }
}

/// Whether the first record of a part is the one that belongs behind what was walked before: everything that the part
/// could not check of it.
fn follows(before: &Walk, start: &Start, terms: Terms<'_>) -> bool {
    let record = View::trusted(&start.record);
    if start.offset != before.at || before.is_sealed() || fits(record, before.expected, before.left).is_err()
    {
        return false;
    }
    if record.class() != CLASS_EVENT {
        return start.record == before.due(record.class(), terms.header);
    }
    record.time() >= before.time
        && record.durable() >= before.watermark
        && record.chain() == hash::chain(&before.chain, &start.leaf)
}

/// What a footer states and a walk counted.
pub(super) fn agrees(footer: &Footer, walk: &Walk, terms: Terms<'_>) -> bool {
    let (header, tally) = (terms.header, &walk.tally);
    let listed = footer.kinds.as_ref().is_none_or(|listed| tally.kinds().eq(listed.iter().copied()));
    let counts = (footer.events, footer.records, footer.batches, footer.payload_bytes);
    footer.log_id == header.log_id
        && (footer.number, footer.first) == (header.number, header.first)
        && footer.last.wrapping_add(1) == header.first.wrapping_add(footer.events)
        && counts == (tally.events, tally.records, tally.batches, tally.payload_bytes)
        && (footer.first_time, footer.last_time) == (tally.first_time, walk.time)
        && footer.chain == walk.chain
        && listed
}
