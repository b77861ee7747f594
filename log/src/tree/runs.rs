//! Roots of runs of 256 leaves, made while the log grows: the writer has each leaf at hand once, before its record is on disk.
//!
//! Why: a tile's lowest nodes are such roots. To make them from records again takes every digest of every event once more.
//! Memory: one run of leaves, and 32 bytes for 256 events until somebody takes the roots.

use super::{peaks::folded, tile::NODES};
use crate::digest::Digest;
use std::collections::BTreeMap;

/// Roots by the number of their run, counted from 0.
pub(crate) type Roots = BTreeMap<u64, Digest>;

/// Takes leaves in order, and gives the roots of full runs.
pub(crate) struct Runs {
    /// Leaves before the next one.
    next: u64,
    /// Those of the run that is not full.
    leaves: Vec<Digest>,
    roots: Roots,
}

impl Runs {
    /// Behind so many leaves. The run that they end in, if it is not full, is left out.
    pub(crate) fn behind(leaves: u64) -> Self {
        Self { next: leaves, leaves: Vec::new(), roots: Roots::new() }
    }

    /// The next leaves.
    pub(crate) fn add(&mut self, leaves: &[Digest]) {
        for leaf in leaves {
            // A run that began before the first leaf that was told cannot be made.
            if !self.leaves.is_empty() || self.next.is_multiple_of(NODES) {
                self.leaves.push(*leaf);
            }
            self.next += 1;
            if self.leaves.len() as u64 == NODES {
                self.roots.insert(self.next / NODES - 1, folded(&self.leaves));
                self.leaves.clear();
            }
        }
    }

    /// The roots since they were taken last.
    pub(crate) fn take(&mut self) -> Roots {
        std::mem::take(&mut self.roots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(nth: u64) -> Digest {
        crate::hash::payload(&nth.to_le_bytes())
    }

    #[test]
    fn a_run_that_began_before_is_left_out_and_the_next_ones_are_those_of_all_leaves() {
        let leaves: Vec<_> = (0..1_100).map(leaf).collect();
        let whole = |run: usize| folded(&leaves[run * 256..(run + 1) * 256]);
        for (from, part) in [(0, 1), (0, 300), (100, 7), (256, 64), (257, 1_000)] {
            let mut runs = Runs::behind(from as u64);
            leaves[from..].chunks(part).for_each(|leaves| runs.add(leaves));
            let wanted: Roots = (from.div_ceil(256)..4).map(|run| (run as u64, whole(run))).collect();
            assert_eq!(runs.take(), wanted, "from {from} on");
            assert!(runs.take().is_empty());
        }
    }
}
