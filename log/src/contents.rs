//! Contents of many events at a time, the digests that their bodies and payloads go into; and leaves of many records.
//!
//! Why: alone a short input waits for one compression after the other, and it takes three or six of them to get from body and payload to a
//! content. Side by side sixteen inputs take little longer than one ([`crate::short`]).

use crate::{digest::Digest, hash, record::View};
use smallvec::SmallVec;

/// Events that are looked at together.
pub(crate) const AT_ONCE: usize = 64;

/// What a content is the digest of.
#[derive(Clone, Copy)]
pub(crate) struct Content<'a> {
    pub(crate) body: &'a [u8],
    pub(crate) payload: Option<&'a [u8]>,
    /// The payload's digest, where it is known already.
    pub(crate) digest: Option<&'a Digest>,
}

impl<'a> Content<'a> {
    /// Of a record that is stored.
    pub(crate) fn of(record: View<'a>) -> Self {
        Self { body: record.body(), payload: record.payload(), digest: None }
    }
}

/// Buffers, kept from one time to the next.
#[derive(Default)]
pub(crate) struct Contents {
    payloads: Vec<Digest>,
    inputs: Vec<u8>,
    digests: Vec<Digest>,
}

impl Contents {
    /// The digests of the contents of some events, in their order.
    pub(crate) fn of(&mut self, events: &[Content<'_>]) -> &[Digest] {
        let pending: SmallVec<[&[u8]; AT_ONCE]> =
            events.iter().filter(|event| event.digest.is_none()).filter_map(|event| event.payload).collect();
        hash::payloads(&pending, &mut self.payloads);
        let (mut made, mut ends) = (self.payloads.iter(), SmallVec::<[usize; AT_ONCE]>::new());
        self.inputs.clear();
        for event in events {
            let digest = match event.payload {
                Some(_) => event.digest.or_else(|| made.next()),
                None => None,
            };
            self.inputs.extend_from_slice(event.body);
            self.inputs.extend_from_slice(digest.unwrap_or(&hash::NO_PAYLOAD).as_bytes());
            ends.push(self.inputs.len());
        }
        let mut from = 0;
        let input = |end: usize| self.inputs.get(std::mem::replace(&mut from, end)..end).unwrap_or_default();
        let inputs: SmallVec<[&[u8]; AT_ONCE]> = ends.into_iter().map(input).collect();
        hash::contents(&inputs, &mut self.digests);
        &self.digests
    }
}

/// Leaves of many records at a time.
#[derive(Default)]
pub(crate) struct Leaves {
    contents: Contents,
    inputs: Vec<[u8; 128]>,
    leaves: Vec<Digest>,
}

impl Leaves {
    /// The leaves of some records, in their order.
    pub(crate) fn of(&mut self, records: &[View<'_>]) -> &[Digest] {
        self.inputs.clear();
        for records in records.chunks(AT_ONCE) {
            let contents: SmallVec<[Content<'_>; AT_ONCE]> =
                records.iter().copied().map(Content::of).collect();
            let contents = self.contents.of(&contents);
            let inputs =
                records.iter().zip(contents).map(|(view, content)| hash::leaf_input(&view.header(), content));
            self.inputs.extend(inputs);
        }
        hash::leaves(&self.inputs, &mut self.leaves);
        &self.leaves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_contents_are_what_each_is_alone() {
        let bytes: Vec<u8> = (0..70_000).map(|nth: usize| (nth * 31 % 251) as u8).collect();
        let lengths = [
            (0, None),
            (40, Some(200)),
            (96, Some(0)),
            (97, Some(1_024)),
            (993, Some(1_025)),
            (65_536, None),
        ];
        let known = hash::payload(&bytes[..5]);
        let events: Vec<Content<'_>> = (0..3 * AT_ONCE)
            .map(|nth| {
                let (body, payload) = lengths[nth * 5 % lengths.len()];
                let body = &bytes[nth..nth + body];
                if nth % 7 == 0 {
                    return Content { body, payload: Some(&bytes[..5]), digest: Some(&known) };
                }
                Content {
                    body,
                    payload: payload.map(|length| &bytes[2 * nth..2 * nth + length]),
                    digest: None,
                }
            })
            .collect();
        let each = |event: &Content<'_>| {
            hash::content(event.body, &event.payload.map_or(hash::NO_PAYLOAD, hash::payload))
        };
        let mut contents = Contents::default();
        for some in [&events[..], &events[3..4], &[]] {
            assert_eq!(contents.of(some), some.iter().map(each).collect::<Vec<_>>());
        }
    }
}
