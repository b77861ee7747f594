//! A mountain range: the roots of the complete subtrees over all leaves so far, at most 64 of them.

use super::shape::NodeId;
use crate::{digest::Digest, hash};

/// A tree that grows at its end. Keeps nothing but its peaks, one for each bit that is set in its size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peaks {
    size: u64,
    /// Largest first.
    nodes: Vec<Digest>,
}

impl Peaks {
    /// A tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// A tree whose peaks were kept: largest first. `None` if a tree of that size has another number of them. Whether
    /// they are the right ones shows when its root is compared.
    pub fn from_parts(size: u64, nodes: Vec<Digest>) -> Option<Self> {
        (nodes.len() as u32 == size.count_ones()).then_some(Self { size, nodes })
    }

    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The peaks, largest first.
    pub fn nodes(&self) -> &[Digest] {
        &self.nodes
    }

    /// Appends a leaf: one node on average.
    pub fn push(&mut self, leaf: Digest) {
        self.push_noting(leaf, &mut |_, _| ());
    }

    /// The same, telling each complete subtree of two leaves or more that came about.
    pub(super) fn push_noting(&mut self, leaf: Digest, note: &mut dyn FnMut(NodeId, Digest)) {
        let (mut node, mut level) = (leaf, 0);
        while self.size >> level & 1 == 1
            && let Some(left) = self.nodes.pop()
        {
            node = hash::node(&left, &node);
            level += 1;
            note(NodeId { level, index: self.size >> level }, node);
        }
        self.nodes.push(node);
        self.size += 1;
    }

    /// The root: the peaks joined from the right. Without leaves it is a constant that is no node.
    pub fn root(&self) -> Digest {
        joined(&self.nodes)
    }
}

/// Neighbouring subtrees, largest first, joined from the right.
pub(super) fn joined(nodes: &[Digest]) -> Digest {
    let right_to_left = nodes.iter().rev().copied();
    right_to_left.reduce(|right, left| hash::node(&left, &right)).unwrap_or_else(hash::no_nodes)
}

/// The root over a whole power of two of neighbouring nodes; with fewer, as [`joined`] their complete subtrees. Row by row, the nodes of a row
/// hashed side by side; one that is left over goes up as it is, to be joined from the right.
pub(super) fn folded(nodes: &[Digest]) -> Digest {
    let (mut row, mut above, mut inputs) = (nodes.to_vec(), Vec::new(), Vec::with_capacity(nodes.len() / 2));
    while row.len() > 1 {
        let (pairs, left_over) = row.as_chunks::<2>();
        inputs.clear();
        inputs.extend(pairs.iter().map(|[left, right]| hash::chain_input(left, right)));
        hash::nodes(&inputs, &mut above);
        above.extend(left_over);
        std::mem::swap(&mut row, &mut above);
    }
    row.first().copied().unwrap_or_else(hash::no_nodes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_side_by_side_come_to_the_root_that_leaves_one_by_one_come_to() {
        let (mut peaks, mut leaves) = (Peaks::new(), Vec::new());
        for nth in 0..600_u64 {
            assert_eq!(folded(&leaves), peaks.root(), "{nth} leaves");
            leaves.push(hash::payload(&nth.to_le_bytes()));
            peaks.push(leaves[nth as usize]);
        }
    }
}
