//! A segment walked as a whole: the last one if it was not closed as it should, and every one with something wrong. Slower
//! than parts, and names each place.

use super::{
    beside::read_head,
    finding::{Fault, Findings},
    joined::agrees,
    links::Links,
    open_end,
    segment::{Found, Neighbours},
    walk::{Terms, Walk, Window},
};
use crate::{
    bytes::align_up,
    digest::Digest,
    error::{LogError, at},
    footer::{Footer, ending},
    head::Head,
    header::Header,
    layout::{FOOTER_BYTES, HEADER_PAGE, MAX_SEGMENT_BYTES},
    recovery::image::{Body, SegmentImage},
    storage::{Access, Storage, read_full_at},
};

/// Where a segment is read from, and what HEAD said before anything was read.
#[derive(Clone, Copy)]
pub(super) struct Whole<'a> {
    pub(super) storage: &'a dyn Storage,
    pub(super) head: Option<Head>,
}

impl Whole<'_> {
    /// Checks a segment with all its bytes in `buffer`, which is only lent to be used again.
    pub(super) fn check(
        self,
        segment: &SegmentImage,
        header: &Header,
        neighbours: Neighbours,
        buffer: &mut Vec<u8>,
    ) -> Found {
        let mut found = Found::of(segment.number);
        match self.read(segment, buffer) {
            Ok(()) => self.records(segment, header, neighbours, buffer, &mut found),
            Err(error) => {
                found.findings.add(Fault::Unreadable, 0, Some(segment.first), error.to_string());
            }
        }
        found
    }

    fn read(self, segment: &SegmentImage, buffer: &mut Vec<u8>) -> Result<(), LogError> {
        let doing = || at("reading", &segment.path);
        let file = self.storage.open(&segment.path, Access::Read).map_err(doing())?;
        let len = file.len().map_err(doing())?.min(MAX_SEGMENT_BYTES);
        buffer.resize(len as usize, 0);
        let count = read_full_at(&*file, buffer, 0).map_err(doing())?;
        buffer.truncate(count);
        Ok(())
    }

    fn records(
        self,
        segment: &SegmentImage,
        header: &Header,
        neighbours: Neighbours,
        bytes: &mut Vec<u8>,
        found: &mut Found,
    ) {
        found.bytes = bytes.len() as u64;
        let Neighbours { is_last, superseded } = neighbours;
        let limit = match &segment.footer {
            Some(footer) => footer.used,
            None if is_last => {
                // Beside a live writer only what was durable when this began is looked at.
                let now = read_head(self.storage, &mut Vec::new()).unwrap_or(None);
                if let Some(head) =
                    self.head.filter(|head| head.segment == segment.number && now != self.head)
                {
                    bytes.truncate(head.offset as usize);
                }
                let body = Body::of(std::mem::take(bytes), header);
                let limit = open_end::judge(self.head, header, &body, found);
                *bytes = body.bytes;
                limit
            }
            None if superseded > 0 => {
                let body = Body::of(std::mem::take(bytes), header);
                let limit = taken_over(segment, header, superseded, &body, found);
                *bytes = body.bytes;
                limit
            }
            None => {
                let detail = "no valid seal and footer, although another segment follows";
                found.findings.add(Fault::Footer, segment.len.saturating_sub(FOOTER_BYTES), None, detail);
                bytes.len() as u64
            }
        };
        let before = found.findings.list.len();
        let readable = bytes.get(..limit as usize).unwrap_or(bytes);
        let terms = Terms { header, has_footer: segment.footer.is_some() };
        let window = Window { bytes: readable, base: 0, limit: readable.len() as u64 };
        let mut walk = Walk::of(header);
        let mut links = Links::default();
        let _ = walk.run(window, u64::MAX, terms, &mut links, &mut found.findings);
        walk.finish(window, terms.has_footer, &mut found.findings);
        let is_sound = found.findings.list.len() == before;
        found.count(&walk);
        if let Some(footer) = &segment.footer {
            check_footer(readable, footer, is_sound, &walk, terms, &mut found.findings);
            found.footer = Some(footer.clone());
        } else if superseded > 0 && is_sound {
            // What recovery will write: the successor names its digest already.
            let offset = align_up(limit, u64::from(header.group_align));
            let mut hasher = blake3::Hasher::new();
            hasher
                .update(&header.encode_page())
                .update(bytes.get(HEADER_PAGE as usize..limit as usize).unwrap_or(&[]));
            hasher.update(&vec![0; (offset - limit) as usize]);
            let ending = ending(header, offset, hasher, &walk.tally, walk.chain, walk.time);
            found.footer = Some(ending.footer);
        }
    }
}

/// How far the records of a segment go whose successor has taken over its tail, before recovery has cut it.
fn taken_over(
    segment: &SegmentImage,
    header: &Header,
    superseded: u64,
    body: &Body,
    found: &mut Found,
) -> u64 {
    let keep = superseded.saturating_sub(header.first) as usize;
    let note = "its successor took over its tail and recovery was interrupted; opening finishes it";
    found.notes.push(format!("segment {}: {note}", segment.number));
    if body.scan.offsets.len() < keep {
        let detail = "ends before the point from which its successor took over";
        found.findings.add(Fault::Record, body.scan.next, Some(body.scan.expected), detail);
    }
    body.end_of(keep)
}

fn check_footer(
    bytes: &[u8],
    footer: &Footer,
    is_sound: bool,
    walk: &Walk,
    terms: Terms<'_>,
    findings: &mut Findings,
) {
    let is_all = bytes.len() as u64 == footer.used;
    if !is_all || Digest::new(*blake3::hash(bytes).as_bytes()) != footer.bytes_digest {
        let detail = "the segment's bytes do not have the digest that the footer states";
        findings.add(Fault::Footer, footer.used, None, detail);
    }
    if is_sound && !agrees(footer, walk, terms) {
        findings.add(Fault::Footer, footer.used, None, "the footer disagrees with the records before it");
    }
}
