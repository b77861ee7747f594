//! Which complete subtrees a range of leaves, and each kind of proof, is made of. Arithmetic only.
//!
//! Leaves are counted from 0 here, as RFC 6962 does: event `#n` is leaf `n - 1`.

use std::ops::Range;

/// A complete subtree: the `2^level` leaves from `index << level` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeId {
    pub(super) level: u32,
    pub(super) index: u64,
}

impl NodeId {
    /// The leaves below it.
    pub(super) fn leaves(self) -> Range<u64> {
        self.index << self.level..(self.index + 1) << self.level
    }
}

/// The complete subtrees of a range that begins where a subtree of its size may begin, largest first.
pub(super) fn peaks(leaves: Range<u64>) -> Vec<NodeId> {
    let (mut from, mut nodes) = (leaves.start, Vec::new());
    while from < leaves.end {
        let level = (leaves.end - from).ilog2();
        nodes.push(NodeId { level, index: from >> level });
        from += 1 << level;
    }
    nodes
}

/// Largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// The ranges whose roots lead from one leaf to the root of `size` leaves, from the bottom (RFC 6962, 2.1.1).
pub(super) fn inclusion(leaf: u64, size: u64) -> Vec<Range<u64>> {
    let (mut from, mut to, mut path) = (0, size, Vec::new());
    while to - from > 1 {
        let middle = from + split(to - from);
        if leaf < middle {
            path.push(middle..to);
            to = middle;
        } else {
            path.push(from..middle);
            from = middle;
        }
    }
    path.reverse();
    path
}

/// The ranges whose roots show that `old` leaves are the beginning of `size` leaves, from the bottom (RFC 6962, 2.1.2).
pub(super) fn consistency(old: u64, size: u64) -> Vec<Range<u64>> {
    let (mut from, mut to, mut path) = (0, size, Vec::new());
    if old == 0 || old >= size {
        return path;
    }
    while old != to {
        let middle = from + split(to - from);
        if old <= middle {
            path.push(middle..to);
            to = middle;
        } else {
            path.push(from..middle);
            from = middle;
        }
    }
    if from > 0 {
        path.push(from..to); // otherwise it is the old root itself, which whoever verifies has
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_covered_by_its_peaks_without_gap_and_largest_first() {
        for size in 0..300 {
            let nodes = peaks(0..size);
            assert_eq!(nodes.len() as u32, size.count_ones());
            let ends = nodes.iter().scan(0, |at, node| {
                assert_eq!(node.leaves().start, *at);
                *at = node.leaves().end;
                Some(*at)
            });
            assert_eq!(ends.last().unwrap_or(0), size);
            assert!(nodes.is_sorted_by(|a, b| a.level > b.level));
        }
    }

    #[test]
    fn every_part_of_a_proof_begins_where_a_subtree_of_its_size_may_begin() {
        for size in 1..200_u64 {
            for at in 0..size {
                let parts = inclusion(at, size);
                let covered: u64 = parts.iter().map(|part| part.end - part.start).sum();
                assert_eq!(covered + 1, size, "all but the leaf itself, once");
                for part in parts.iter().chain(&consistency(at, size)) {
                    let room = (part.end - part.start).next_power_of_two();
                    assert_eq!(part.start % room, 0, "{part:?} in {size}");
                }
            }
        }
    }
}
