//! A chunk: events that are staged and not framed yet, as they are handed over to whoever frames them.

use crate::{contents::Content, payload::Payload, record::HEADER_BYTES};

/// Some events of a group, in order.
#[derive(Default)]
pub(super) struct Chunk {
    events: Vec<Unframed>,
    /// Their bodies, one behind the other.
    bodies: Vec<u8>,
    bytes: usize,
}

struct Unframed {
    /// Without checksum and chain. How long the body is stands in it.
    header: [u8; HEADER_BYTES],
    body_end: usize,
    payload: Option<Payload>,
}

/// One event as it is to be framed.
pub(super) struct Part<'a> {
    pub(super) header: &'a [u8; HEADER_BYTES],
    pub(super) body: &'a [u8],
    pub(super) payload: Option<&'a Payload>,
}

impl<'a> Part<'a> {
    pub(super) fn content(&self) -> Content<'a> {
        let (payload, digest) = (self.payload.map(Payload::bytes), self.payload.and_then(Payload::digest));
        Content { body: self.body, payload, digest }
    }
}

impl Chunk {
    pub(super) fn push(
        &mut self,
        header: [u8; HEADER_BYTES],
        body: &[u8],
        payload: Option<Payload>,
        stored: usize,
    ) {
        self.bodies.extend_from_slice(body);
        self.bytes += stored;
        self.events.push(Unframed { header, body_end: self.bodies.len(), payload });
    }

    /// Bytes that its records will take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let mut from = 0;
        self.events.iter().map(move |event| {
            let body = self.bodies.get(from..event.body_end).unwrap_or(&[]);
            from = event.body_end;
            Part { header: &event.header, body, payload: event.payload.as_ref() }
        })
    }

    /// Nothing is in it any more; its room is kept.
    pub(super) fn clear(&mut self) {
        self.events.clear();
        self.bodies.clear();
        self.bytes = 0;
    }
}
