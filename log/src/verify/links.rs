//! Leaf and chain of many events at a time, each from the value stored before it.

use super::finding::{Fault, Findings};
use crate::{digest::Digest, hash, record::View};

const BLOCK: usize = 128;

/// Events whose chain values are still to be checked. Gathered, because many inputs are digested side by side.
#[derive(Default)]
pub(super) struct Links {
    due: Vec<Link>,
    leaf_inputs: Vec<[u8; 128]>,
    leaves: Vec<Digest>,
    chain_inputs: Vec<[u8; 64]>,
    chains: Vec<Digest>,
}

/// One event: the chain value stored before it, and the one stored in it.
struct Link {
    offset: u64,
    sequence: u64,
    before: Digest,
    stored: Digest,
}

impl Links {
    /// Takes an event on; its bytes are not needed any more.
    pub(super) fn add(&mut self, view: View<'_>, offset: u64, before: Digest, findings: &mut Findings) {
        self.leaf_inputs.push(hash::leaf_input(&view.header(), &view.content()));
        self.due.push(Link { offset, sequence: view.sequence(), before, stored: view.chain() });
        if self.due.len() == BLOCK {
            self.check(findings);
        }
    }

    /// Checks all that were taken on.
    pub(super) fn check(&mut self, findings: &mut Findings) {
        hash::leaves(&self.leaf_inputs, &mut self.leaves);
        self.chain_inputs.clear();
        self.chain_inputs.extend(
            self.due.iter().zip(&self.leaves).map(|(link, leaf)| hash::chain_input(&link.before, leaf)),
        );
        hash::chains(&self.chain_inputs, &mut self.chains);
        for (link, chain) in self.due.iter().zip(&self.chains) {
            if link.stored != *chain {
                let detail = "chain value does not follow from the record and the one before";
                findings.add(Fault::Chain, link.offset, Some(link.sequence), detail);
            }
        }
        self.due.clear();
        self.leaf_inputs.clear();
    }
}
