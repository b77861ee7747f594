//! The commit group: batches framed one behind the other, to be written with one write.
//!
//! Framing copies; linking (leaf, chain, checksum) follows some events later, because leaves are hashed side by side.
//!
//! ```text
//! frame frame … frame ─▶ link: sixteen leaves at once ▸ one chain step and one checksum each
//! ```

use super::Writer;
use crate::{
    Micros,
    bytes::{align_up, put},
    digest::Digest,
    error::LogError,
    hash,
    layout::{MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_BODY_BYTES, RECORD_ALIGN},
    record::{AT_CHAIN, CLASS_EVENT, Fields, MEANING_PAYLOAD, MEANING_SEALED, NewEvent, sum},
};

/// What is staged.
#[derive(Default)]
pub(super) struct Group {
    pub(super) buffer: Vec<u8>,
    /// Offsets of its events in the segment, in units of 32 bytes.
    pub(super) offsets: Vec<u32>,
    /// Place of the last record in the buffer.
    pub(super) last: usize,
    /// What goes back if the group is discarded: the first sequence, the chain and the time before it.
    pub(super) first: u64,
    pub(super) chain_before: Digest,
    pub(super) time_before: Micros,
    /// Chain values after its events, from the first one on, as far as they are linked. Kept until the next group begins.
    pub(super) chains: Vec<Digest>,
    /// Inputs of the leaves of the events behind those.
    unlinked: Vec<[u8; 128]>,
    leaves: Vec<Digest>,
}

/// Leaves that are hashed side by side: as many as the widest processor takes.
const LINKED_AT_ONCE: usize = 16;

impl Group {
    /// Nothing yet, behind the event before `first`.
    pub(super) fn behind(first: u64, chain_before: Digest) -> Self {
        Self { first, chain_before, ..Self::default() }
    }

    /// Nothing is in it any more; its chain values are kept.
    pub(super) fn clear(&mut self) {
        self.buffer.clear();
        self.offsets.clear();
        self.unlinked.clear();
    }
}

impl Writer {
    /// Appends one record to the group buffer. No allocation once the buffer has grown.
    pub(super) fn frame(&mut self, event: &NewEvent<'_>, time: Micros, batch_left: u32) {
        let payload = event.payload.map_or(&[][..], |payload| payload.bytes());
        let fields = Fields {
            sequence: self.next,
            body_len: event.body.len() as u32,
            payload_len: payload.len() as u32,
            batch_left,
            durable_back: (self.next - self.durable) as u32,
            event_id: event.event_id,
            time,
            kind: event.kind,
            kind_version: event.kind_version,
            class: CLASS_EVENT,
            meaning: match event.payload {
                None => 0,
                Some(payload) if payload.is_sealed() => MEANING_PAYLOAD | MEANING_SEALED,
                Some(_) => MEANING_PAYLOAD,
            },
            storage: 0,
            actor: event.actor,
            scope: event.scope,
        };
        let header = fields.encode();
        let content = hash::content(event.body, event.payload.map_or(&hash::NO_PAYLOAD, |p| p.digest()));

        let group = &mut self.group;
        group.unlinked.push(hash::leaf_input(&header, &content));
        let at = group.buffer.len();
        group.buffer.extend_from_slice(&header);
        group.buffer.extend_from_slice(event.body);
        group.buffer.extend_from_slice(payload);
        let end = align_up(group.buffer.len() as u64, RECORD_ALIGN) as usize;
        group.buffer.resize(end, 0);
        group.offsets.push(((self.open.offset + at as u64) / RECORD_ALIGN) as u32);
        group.last = at;
        self.next += 1;
        if self.group.unlinked.len() >= LINKED_AT_ONCE {
            self.link();
        }
    }

    /// Gives every framed event its chain value and its checksum.
    pub(super) fn link(&mut self) {
        let group = &mut self.group;
        hash::leaves(&group.unlinked, &mut group.leaves);
        group.unlinked.clear();
        let (base, salt) = (self.open.offset, self.open.segment.header.salt);
        let place = |units: &u32| (u64::from(*units) * RECORD_ALIGN - base) as usize;
        for leaf in &group.leaves {
            let nth = group.chains.len();
            let Some(at) = group.offsets.get(nth).map(place) else { break };
            let end = group.offsets.get(nth + 1).map_or(group.buffer.len(), place);
            self.chain = hash::chain(&self.chain, leaf);
            group.chains.push(self.chain);
            if let Some(record) = group.buffer.get_mut(at..end) {
                put(record, AT_CHAIN, self.chain.as_bytes());
                sum(record, salt);
            }
        }
        group.leaves.clear();
    }
}

/// Bytes a batch takes, if it may be stored at all.
pub(super) fn batch_bytes(batch: &[NewEvent<'_>]) -> Result<u64, LogError> {
    if batch.is_empty() {
        return Err(LogError::Invalid { detail: "a batch has at least one event" });
    }
    if batch.len() > MAX_BATCH_RECORDS {
        return Err(LogError::too_large("batch", batch.len() as u64, MAX_BATCH_RECORDS as u64));
    }
    let mut bytes = 0;
    for event in batch {
        if event.body.len() > MAX_BODY_BYTES {
            return Err(LogError::too_large("body", event.body.len() as u64, MAX_BODY_BYTES as u64));
        }
        bytes += event.stored_len() as u64;
    }
    if bytes > MAX_BATCH_BYTES {
        return Err(LogError::too_large("batch in bytes", bytes, MAX_BATCH_BYTES));
    }
    Ok(bytes)
}
