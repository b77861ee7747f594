//! From a batch that is handed in to events in the group: is it fit to be stored, and where do its records lie?

use super::Writer;
use crate::{
    Micros,
    error::LogError,
    layout::{MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_BODY_BYTES, RECORD_ALIGN},
    record::{CLASS_EVENT, Fields, MEANING_PAYLOAD, MEANING_SEALED, NewEvent},
};

impl Writer {
    /// Puts one event into the group.
    pub(super) fn stage_one(&mut self, event: &NewEvent<'_>, time: Micros, batch_left: u32) {
        let fields = Fields {
            sequence: self.next,
            body_len: event.body.len() as u32,
            payload_len: event.payload.map_or(0, |payload| payload.bytes().len()) as u32,
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
        let stored = event.stored_len();
        self.offsets.push(((self.open.offset + self.staged) / RECORD_ALIGN) as u32);
        self.framer.chunk().push(fields.encode(), event.body, event.payload.cloned(), stored);
        self.staged += stored as u64;
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
