//! Leaf and chain of many events at a time, each from the value stored before it.

use super::{
    finding::{Fault, Findings},
    walk::Window,
};
use crate::{
    contents::{AT_ONCE, Leaves},
    digest::Digest,
    hash,
    record::View,
};
use smallvec::SmallVec;

/// Events whose chain values are still to be checked. Gathered, because many inputs are digested side by side.
#[derive(Default)]
pub(super) struct Links {
    due: Vec<Link>,
    leaves: Leaves,
    chain_inputs: Vec<[u8; 64]>,
    chains: Vec<Digest>,
}

/// One event: where its record lies, the chain value stored before it, and the one stored in it.
struct Link {
    offset: u64,
    sequence: u64,
    before: Digest,
    stored: Digest,
}

impl Links {
    /// Takes an event on. True: there are so many now that they are to be checked.
    pub(super) fn add(&mut self, view: View<'_>, offset: u64, before: Digest) -> bool {
        self.due.push(Link { offset, sequence: view.sequence(), before, stored: view.chain() });
        self.due.len() >= AT_ONCE
    }

    /// Checks all that were taken on since, and still lie in the window.
    pub(super) fn check(&mut self, window: Window<'_>, findings: &mut Findings) {
        let view = |link: &Link| View::trusted(window.from(link.offset));
        let views: SmallVec<[View<'_>; AT_ONCE]> = self.due.iter().map(view).collect();
        let leaves = self.leaves.of(&views);
        self.chain_inputs.clear();
        self.chain_inputs
            .extend(self.due.iter().zip(leaves).map(|(link, leaf)| hash::chain_input(&link.before, leaf)));
        hash::chains(&self.chain_inputs, &mut self.chains);
        for (link, chain) in self.due.iter().zip(&self.chains) {
            if link.stored != *chain {
                let detail = "chain value does not follow from the record and the one before";
                findings.add(Fault::Chain, link.offset, Some(link.sequence), detail);
            }
        }
        self.due.clear();
    }
}
