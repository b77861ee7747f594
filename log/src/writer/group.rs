//! The commit group: batches framed one behind the other, to be written with one write.

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
        let mut header = fields.encode();
        let content = hash::content(event.body, event.payload.map_or(&hash::NO_PAYLOAD, |p| p.digest()));
        self.chain = hash::chain(&self.chain, &hash::leaf(&header, &content));
        put(&mut header, AT_CHAIN, self.chain.as_bytes());

        let group = &mut self.group;
        let at = group.buffer.len();
        group.buffer.extend_from_slice(&header);
        group.buffer.extend_from_slice(event.body);
        group.buffer.extend_from_slice(payload);
        let end = align_up(group.buffer.len() as u64, RECORD_ALIGN) as usize;
        group.buffer.resize(end, 0);
        sum(&mut group.buffer[at..], self.open.segment.header.salt);
        group.offsets.push(((self.open.offset + at as u64) / RECORD_ALIGN) as u32);
        group.last = at;
        self.next += 1;
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
