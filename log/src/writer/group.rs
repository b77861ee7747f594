//! The commit group: records framed one behind the other, to be written with one write.
//!
//! Framing digests contents, side by side, and copies; linking (leaf, chain, checksum) follows some events later, because leaves are hashed side by side.
//!
//! ```text
//! frame frame … frame ─▶ link: sixteen leaves at once ▸ one chain step and one checksum each
//! ```
//!
//! It is a function of what is staged: the bytes are the same on whose thread and in how many chunks they are made.

use super::{
    chunk::{Chunk, Part},
    framer::Framed,
};
use crate::{
    bytes::{align_up, put},
    contents::{AT_ONCE, Content, Contents},
    digest::Digest,
    hash,
    layout::RECORD_ALIGN,
    record::{AT_CHAIN, AT_STORAGE, STORAGE_GROUP_END, View, sum},
    tally::Tally,
};
use smallvec::SmallVec;

/// What is framed.
#[derive(Default)]
pub(super) struct Group {
    buffer: Vec<u8>,
    /// Where its records begin in the buffer.
    places: Vec<usize>,
    /// Seed of the checksums: that of the segment.
    pub(super) salt: u64,
    /// The chain value after the last event that is linked.
    chain: Digest,
    /// Chain values after its events, as far as they are linked.
    chains: Vec<Digest>,
    tally: Tally,
    contents: Contents,
    /// Inputs of the leaves of the events behind those.
    unlinked: Vec<[u8; 128]>,
    leaves: Vec<Digest>,
    /// Those of all its events that are linked.
    all_leaves: Vec<Digest>,
}

/// Leaves that are hashed side by side: as many as the widest processor takes.
const LINKED_AT_ONCE: usize = 16;

impl Group {
    /// Nothing yet, behind the event with this chain value.
    pub(super) fn behind(chain: Digest, salt: u64) -> Self {
        Self { chain, salt, ..Self::default() }
    }

    /// Appends the records of a chunk. No allocation once the buffers have grown.
    pub(super) fn frame(&mut self, chunk: &Chunk) {
        self.buffer.reserve(chunk.bytes());
        let (mut parts, mut contents) = (chunk.parts(), std::mem::take(&mut self.contents));
        loop {
            let some: SmallVec<[Part<'_>; AT_ONCE]> = parts.by_ref().take(AT_ONCE).collect();
            if some.is_empty() {
                break;
            }
            let inputs: SmallVec<[Content<'_>; AT_ONCE]> = some.iter().map(Part::content).collect();
            some.iter().zip(contents.of(&inputs)).for_each(|(part, content)| self.frame_one(part, content));
        }
        self.contents = contents;
    }

    fn frame_one(&mut self, Part { header, body, payload }: &Part<'_>, content: &Digest) {
        self.unlinked.push(hash::leaf_input(header, content));
        self.places.push(self.buffer.len());
        self.tally.add(View::trusted(&header[..]));
        self.buffer.extend_from_slice(&header[..]);
        self.buffer.extend_from_slice(body);
        self.buffer.extend_from_slice(payload.map_or(&[][..], |payload| payload.bytes()));
        let end = align_up(self.buffer.len() as u64, RECORD_ALIGN) as usize;
        self.buffer.resize(end, 0);
        if self.unlinked.len() >= LINKED_AT_ONCE {
            self.link();
        }
    }

    /// Gives every framed event its chain value and its checksum.
    fn link(&mut self) {
        hash::leaves(&self.unlinked, &mut self.leaves);
        self.unlinked.clear();
        for leaf in &self.leaves {
            let nth = self.chains.len();
            let Some(at) = self.places.get(nth).copied() else { break };
            let end = self.places.get(nth + 1).copied().unwrap_or(self.buffer.len());
            self.chain = hash::chain(&self.chain, leaf);
            self.chains.push(self.chain);
            if let Some(record) = self.buffer.get_mut(at..end) {
                put(record, AT_CHAIN, self.chain.as_bytes());
                sum(record, self.salt);
            }
        }
        self.all_leaves.append(&mut self.leaves);
    }

    /// The chain value after the last event. Asked for before the group is taken, what is not linked yet is hashed alone and not side by
    /// side with others.
    pub(super) fn chain(&mut self) -> Digest {
        self.link();
        self.chain
    }

    /// The group, its last record saying that it ends there, filled up to a multiple of `align`. Its chain values go in place of what is in
    /// `chains`, its leaves behind those in `leaves`; the next group is made in `empty`, behind this one.
    pub(super) fn take(
        &mut self,
        align: u64,
        empty: Vec<u8>,
        chains: &mut Vec<Digest>,
        leaves: &mut Vec<Digest>,
    ) -> Framed {
        self.link();
        if let Some(last) = self.places.last().and_then(|at| self.buffer.get_mut(*at..)) {
            last[AT_STORAGE] |= STORAGE_GROUP_END;
            sum(last, self.salt);
        }
        self.buffer.resize(align_up(self.buffer.len() as u64, align) as usize, 0);
        let (events, chain, tally) = (self.places.len(), self.chain, std::mem::take(&mut self.tally));
        std::mem::swap(&mut self.chains, chains);
        leaves.append(&mut self.all_leaves);
        let bytes = std::mem::replace(&mut self.buffer, empty);
        self.discard(chain);
        Framed { bytes, events, chain, tally }
    }

    /// Nothing is in it any more; what comes next goes behind the event with this chain value.
    pub(super) fn discard(&mut self, chain: Digest) {
        self.buffer.clear();
        self.places.clear();
        self.chains.clear();
        self.unlinked.clear();
        self.all_leaves.clear();
        (self.chain, self.tally) = (chain, Tally::default());
    }
}
