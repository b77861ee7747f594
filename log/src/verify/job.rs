//! Spreading a log over threads: parts first, then as wholes those segments with which something is wrong.

use super::{
    Progress,
    beside::read_head,
    finding::{Fault, Findings},
    joined::{Joined, agrees},
    part::{Desk, PART_BYTES, Part, holes},
    segment::{Found, Neighbours},
    walk::Terms,
    whole::Whole,
};
use crate::{
    head::Head,
    header::{Header, HeaderError},
    layout::{HEADER_PAGE, MAX_SEGMENT_BYTES},
    recovery::image::SegmentImage,
    scan::LastRecord,
    storage::{Access, Storage, StorageFile},
};
use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

/// Parts that are held at a time, before they are joined: some hundred bytes for each 256 KiB, so that memory does not grow with
/// the log. A single segment may have more of them.
const WAVE_PARTS: usize = 4096;

/// A log to be verified.
pub(super) struct Job<'a> {
    pub(super) storage: &'a dyn Storage,
    pub(super) segments: &'a [SegmentImage],
    pub(super) head: Option<Head>,
    pub(super) log_id: u128,
    pub(super) threads: usize,
    pub(super) progress: &'a (dyn Fn(Progress) + Sync),
}

/// A segment that is looked at in parts.
struct Divided<'a> {
    nth: usize,
    path: &'a str,
    /// End of the bytes that are looked at: where the footer begins, or the file ends.
    limit: u64,
    terms: Terms<'a>,
    /// Parts that need not be read.
    holes: Vec<Range<u64>>,
    parts: usize,
    /// Number of its first part among those of all segments.
    first_part: usize,
}

impl Job<'_> {
    /// What each segment came to, in order.
    pub(super) fn run(&self) -> Vec<Found> {
        let divided = self.divide();
        let mut all: Vec<Option<Found>> = Vec::new();
        all.resize_with(self.segments.len(), || None);
        let done = AtomicU64::new(0);
        for wave in waves(&divided) {
            let mut parts = self.parts(wave, &done);
            for segment in wave {
                let rest = parts.split_off(segment.parts.min(parts.len()));
                let mut own = std::mem::replace(&mut parts, rest);
                all[segment.nth] = self.faultless(segment, &mut own);
            }
        }
        (self.progress)(Progress { bytes: self.total(), total: self.total() });
        let wanted: Vec<usize> = (0..all.len()).filter(|nth| all[*nth].is_none()).collect();
        let wholes = share(self.threads, wanted.len(), Vec::new, |nth, buffer| {
            Some(self.whole(*wanted.get(nth)?, buffer))
        });
        for (nth, found) in wanted.iter().zip(wholes) {
            all[*nth] = found;
        }
        let number = |nth: usize| self.segments[nth].number;
        all.into_iter()
            .enumerate()
            .map(|(nth, found)| found.unwrap_or_else(|| Found::of(number(nth))))
            .collect()
    }

    /// The segments for which parts will do if nothing is wrong: sealed ones, and the last.
    fn divide(&self) -> Vec<Divided<'_>> {
        let mut divided: Vec<Divided<'_>> = Vec::new();
        for (nth, segment) in self.segments.iter().enumerate() {
            let Some(header) = self.header(segment, &mut Findings::of(segment.number)) else { continue };
            let has_footer = segment.footer.is_some();
            if !has_footer && nth + 1 < self.segments.len() {
                continue;
            }
            let limit = segment.footer.as_ref().map_or(segment.len, |footer| footer.used).min(segment.len);
            if !(HEADER_PAGE..=MAX_SEGMENT_BYTES).contains(&limit) {
                continue;
            }
            let first_part = divided.last().map_or(0, |before| before.first_part + before.parts);
            let parts = limit.div_ceil(PART_BYTES) as usize;
            let terms = Terms { header, has_footer };
            let unread = || holes(&*self.storage.open(&segment.path, Access::Read)?, limit);
            let holes = if has_footer { Vec::new() } else { unread().unwrap_or_default() };
            divided.push(Divided { nth, path: &segment.path, limit, terms, holes, parts, first_part });
        }
        divided
    }

    fn total(&self) -> u64 {
        self.segments.iter().map(|segment| segment.len).sum()
    }

    /// All parts of a wave of segments, read and checked by themselves; `None` where that failed. `done` counts bytes.
    fn parts(&self, divided: &[Divided<'_>], done: &AtomicU64) -> Vec<Option<Part>> {
        let before = divided.first().map_or(0, |first| first.first_part);
        let count = divided.last().map_or(0, |last| last.first_part + last.parts - before);
        let total = self.total();
        share(self.threads, count, Bench::default, |nth, bench| {
            let nth = before + nth;
            let at = divided.partition_point(|segment| segment.first_part <= nth).checked_sub(1)?;
            let segment = divided.get(at)?;
            let own = (nth - segment.first_part) as u64;
            let part = if segment.holes.iter().any(|hole| hole.contains(&own)) {
                Some(Part::hole(own, segment.limit))
            } else {
                let file = bench.open(self.storage, at, segment)?;
                Part::read(&*file, own, segment.limit, segment.terms, &mut bench.desk).ok()
            };
            let bytes = PART_BYTES.min(segment.limit - own * PART_BYTES);
            let done = done.fetch_add(bytes, Ordering::Relaxed) + bytes;
            (self.progress)(Progress { bytes: done, total });
            part
        })
    }

    /// What a segment came to, if its parts make a segment without any fault.
    fn faultless(&self, segment: &Divided<'_>, parts: &mut [Option<Part>]) -> Option<Found> {
        let Divided { terms, limit, .. } = *segment;
        let image = &self.segments[segment.nth];
        let mut joined = Joined { parts, limit, terms };
        let walk = joined.walk()?;
        let mut found = Found::of(image.number);
        if image.page.as_ref().is_ok_and(|page| page.flaw.is_some()) {
            return None;
        }
        match &image.footer {
            Some(footer) => {
                if !agrees(footer, &walk, terms) || joined.digest()? != footer.bytes_digest {
                    return None;
                }
                found.footer = Some(footer.clone());
            }
            None => {
                let known = |head: Head| head.segment != image.number || head.offset <= walk.at;
                let fits = self.head.is_none_or(|head| known(head) && head.durable < walk.expected);
                let now = read_head(self.storage, &mut Vec::new()).unwrap_or(None);
                if !fits || now != self.head {
                    return None; // cut short, or beside a live writer
                }
                if walk.last_record != Some(LastRecord::Fence) {
                    found.notes.push(format!("segment {}: the log was not closed", image.number));
                }
            }
        }
        found.bytes = image.len;
        found.count(&walk);
        Some(found)
    }

    fn whole(&self, nth: usize, buffer: &mut Vec<u8>) -> Found {
        let segment = &self.segments[nth];
        let mut findings = Findings::of(segment.number);
        let mut found = match self.header(segment, &mut findings) {
            Some(header) => {
                let whole = Whole { storage: self.storage, head: self.head };
                whole.check(segment, header, Neighbours::of(self.segments, nth), buffer)
            }
            None => Found::of(segment.number),
        };
        found.findings.list.append(&mut findings.list);
        found
    }

    fn header<'s>(&self, segment: &'s SegmentImage, findings: &mut Findings) -> Option<&'s Header> {
        let page = match &segment.page {
            Ok(page) => page,
            Err(HeaderError::Damaged(detail)) => {
                findings.add(Fault::Header, 0, Some(segment.first), *detail);
                return None;
            }
            Err(HeaderError::Unsupported(detail)) => {
                findings.add(Fault::Header, 0, Some(segment.first), detail.clone());
                return None;
            }
        };
        if let Some((offset, detail)) = page.flaw {
            findings.add(
                Fault::Header,
                offset,
                None,
                format!("{detail}; repairable, the other copy is good"),
            );
        }
        if page.header.log_id != self.log_id {
            findings.add(Fault::Header, 0, Some(segment.first), "segment belongs to another log");
            return None;
        }
        if (page.header.number, page.header.first) != (segment.number, segment.first) {
            findings.add(Fault::Header, 0, Some(segment.first), "file name and header disagree");
            return None;
        }
        Some(&page.header)
    }
}

/// Runs of segments, of so many parts or of one segment.
fn waves<'d, 's>(divided: &'d [Divided<'s>]) -> impl Iterator<Item = &'d [Divided<'s>]> {
    let mut rest = divided;
    std::iter::from_fn(move || {
        let first = rest.first()?;
        let within =
            |segment: &Divided<'_>| segment.first_part + segment.parts - first.first_part <= WAVE_PARTS;
        let (wave, behind) = rest.split_at(rest.partition_point(within).max(1));
        rest = behind;
        Some(wave)
    })
}

/// What a thread works with: its buffers, and the file of the segment that it is at.
#[derive(Default)]
struct Bench {
    desk: Desk,
    open: Option<(usize, Arc<dyn StorageFile>)>,
}

impl Bench {
    fn open(
        &mut self,
        storage: &dyn Storage,
        at: usize,
        segment: &Divided<'_>,
    ) -> Option<Arc<dyn StorageFile>> {
        match &self.open {
            Some((open, file)) if *open == at => Some(Arc::clone(file)),
            _ => {
                let file = storage.open(segment.path, Access::Read).ok()?;
                self.open = Some((at, Arc::clone(&file)));
                Some(file)
            }
        }
    }
}

/// Does pieces `0..count` of some work on several threads, each with `tools` of its own; results in order.
fn share<R: Send, T>(
    threads: usize,
    count: usize,
    tools: impl Fn() -> T + Sync,
    work: impl Fn(usize, &mut T) -> Option<R> + Sync,
) -> Vec<Option<R>> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let (mut tools, mut mine) = (tools(), Vec::new());
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            if nth >= count {
                return mine;
            }
            mine.push((nth, work(nth, &mut tools)));
        }
    };
    let done: Vec<(usize, Option<R>)> = if threads.min(count) <= 1 {
        worker()
    } else {
        thread::scope(|scope| {
            let handles: Vec<_> = (0..threads.min(count)).map(|_| scope.spawn(worker)).collect();
            handles.into_iter().flat_map(|handle| handle.join().unwrap_or_default()).collect()
        })
    };
    let mut all: Vec<Option<R>> = Vec::new();
    all.resize_with(count, || None);
    for (nth, result) in done {
        all[nth] = result;
    }
    all
}
