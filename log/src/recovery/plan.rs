//! From what the directory holds to what it means and what is to be done: a pure function.

use super::{
    Verdict,
    image::{Body, Image, SegmentImage},
};
use crate::{
    Micros,
    bytes::align_up,
    digest::Digest,
    error::LogError,
    footer::{Ending, Footer, ending},
    header::{Header, HeaderError},
    layout::HEADER_PAGE,
    record::View,
    scan::LastRecord,
    sequence::Sequence,
    tally::Tally,
};

/// What is to be done to open for writing, in this order.
pub(crate) struct Plan {
    pub(crate) verdict: Verdict,
    /// Headers of which one copy is bad: places in the image.
    pub(crate) repair: Vec<usize>,
    /// Superseded segments whose recovery was interrupted, and how many of their events stay.
    pub(crate) finish: Vec<Cut>,
    pub(crate) tail: Tail,
    pub(crate) last: u64,
    pub(crate) chain: Digest,
    pub(crate) last_time: Micros,
    pub(crate) dropped_records: u64,
}

/// A segment that keeps its first events, loses the rest, and is sealed.
pub(crate) struct Cut {
    /// Place in the image.
    pub(crate) nth: usize,
    pub(crate) ending: Ending,
    /// Just behind the last kept record.
    pub(crate) exact: u64,
}

/// How the log goes on.
pub(crate) enum Tail {
    /// There is no segment yet: make the first.
    First,
    /// A clean fence at the end: write it again and go on behind it.
    Continue { fence: u64 },
    /// A seal at the end: write it again, then a new segment.
    Reseal(Cut),
    /// Anything else: whole batches behind the proven point move to a new segment, then the old one is cut.
    Move { cut: Cut, keep: usize, whole: usize },
}

/// What a segment continues: the end of the one before it.
pub(crate) struct Joint {
    number: u64,
    next: u64,
    chain: Digest,
    time: Micros,
    footer: Digest,
}

impl Plan {
    /// Judges the image for opening it for writing.
    pub(crate) fn of(image: &Image) -> Result<Self, LogError> {
        let genesis = image.genesis.digest();
        let mut joint = Joint::first(genesis);
        let (mut repair, mut finish) = (Vec::new(), Vec::new());
        for (nth, segment) in image.segments.iter().enumerate() {
            let header = checked_header(image, segment)?;
            if segment.page.as_ref().is_ok_and(|page| page.flaw.is_some()) {
                repair.push(nth);
            }
            joint.accepts(segment, header)?;
            let Some(next) = image.segments.get(nth + 1) else {
                return Self::for_last(image, nth, header, repair, finish);
            };
            joint = match (&segment.footer, next.header().map_or(0, |next| next.supersedes_from)) {
                (Some(footer), _) => Joint::behind(segment, header, footer)?,
                (None, 0) => {
                    let detail = "no valid seal and footer, although another segment follows";
                    return Err(LogError::damaged(&*segment.path, segment.len, None, detail));
                }
                (None, from) => {
                    let cut = unfinished(nth, segment, header, next, from)?;
                    let joint = Joint::behind(segment, header, &cut.ending.footer)?;
                    finish.push(cut);
                    joint
                }
            };
        }
        // No segment at all: creation was interrupted, unless something was durable once.
        if let Some(head) = image.head.filter(|head| head.durable > 0) {
            return Err(rolled_back(0, head.durable, "`HEAD`"));
        }
        Ok(Self {
            verdict: Verdict::Created,
            repair,
            finish,
            tail: Tail::First,
            last: 0,
            chain: genesis,
            last_time: 0,
            dropped_records: 0,
        })
    }

    fn for_last(
        image: &Image,
        nth: usize,
        header: &Header,
        repair: Vec<usize>,
        finish: Vec<Cut>,
    ) -> Result<Self, LogError> {
        let segment = &image.segments[nth];
        let Some(body) = &segment.body else {
            return Err(LogError::damaged(&*segment.path, 0, None, "segment was not read"));
        };
        refuse_damage(image, segment, body)?;
        let scan = &body.scan;
        let whole = scan.whole;
        let last = header.first + whole as u64 - 1;
        let (chain, last_time) = state_after(body, header, whole);
        let dropped_records = (scan.offsets.len() - whole) as u64 + body.beyond.records;
        let (verdict, tail) = match scan.last {
            LastRecord::Seal => {
                let offset = scan.last_control;
                let ending = ending_at(body, header, whole, offset, offset);
                (Verdict::Clean, Tail::Reseal(Cut { nth, ending, exact: offset }))
            }
            LastRecord::Fence if !scan.has_junk() => {
                (Verdict::Clean, Tail::Continue { fence: scan.last_control })
            }
            _ => {
                let torn = scan.has_junk() || scan.offsets.len() > whole;
                let verdict = if torn { Verdict::Torn } else { Verdict::UncleanEnd };
                // Watermarks only: HEAD is a reason to refuse, never a proof that bytes are good.
                let proven = scan.watermark.max(header.first - 1).min(last);
                let keep = (proven + 1 - header.first) as usize;
                if keep > 0 && !body.event(keep - 1).is_some_and(View::is_group_end) {
                    let detail = "the durable point is not the end of a group";
                    let sequence = Some(Sequence::new(proven));
                    return Err(LogError::damaged(&*segment.path, body.end_of(keep), sequence, detail));
                }
                (verdict, Tail::Move { cut: cut_after(nth, body, header, keep), keep, whole })
            }
        };
        Ok(Self { verdict, repair, finish, tail, last, chain, last_time, dropped_records })
    }
}

impl Joint {
    /// What the first segment continues.
    pub(crate) fn first(genesis: Digest) -> Self {
        Self { number: 0, next: 1, chain: genesis, time: 0, footer: Digest::default() }
    }

    /// Whether this segment continues what came before.
    pub(crate) fn accepts(&self, segment: &SegmentImage, header: &Header) -> Result<(), LogError> {
        let bad = |detail: String| {
            Err(LogError::damaged(&*segment.path, 0, Some(Sequence::new(self.next)), detail))
        };
        if header.number != self.number + 1 {
            return bad(format!("segment {} is missing before this one", self.number + 1));
        }
        if header.first != self.next {
            return bad(format!(
                "begins at #{}, but the one before ends at #{}",
                header.first,
                self.next - 1
            ));
        }
        if header.chain_before != self.chain {
            return bad("the chain does not continue the segment before".to_owned());
        }
        if header.previous_footer != self.footer {
            return bad("names another footer than the one of the segment before".to_owned());
        }
        if header.time_before != self.time {
            return bad("names another time than the last one of the segment before".to_owned());
        }
        Ok(())
    }

    pub(crate) fn behind(segment: &SegmentImage, header: &Header, footer: &Footer) -> Result<Self, LogError> {
        let fits = footer.log_id == header.log_id
            && footer.number == header.number
            && footer.first == header.first
            && footer.last.checked_add(1) == header.first.checked_add(footer.events);
        if !fits {
            let detail = "footer belongs to another segment";
            return Err(LogError::damaged(&*segment.path, footer.used, None, detail));
        }
        Ok(Self {
            number: header.number,
            next: footer.last + 1,
            chain: footer.chain,
            time: footer.last_time,
            footer: footer.digest(),
        })
    }
}

/// The header, if it is one of this log and agrees with the file name.
pub(crate) fn checked_header<'a>(image: &Image, segment: &'a SegmentImage) -> Result<&'a Header, LogError> {
    let header = match &segment.page {
        Ok(page) => &page.header,
        Err(HeaderError::Damaged(detail)) => {
            return Err(LogError::damaged(&*segment.path, 0, Some(Sequence::new(segment.first)), *detail));
        }
        Err(HeaderError::Unsupported(detail)) => {
            return Err(LogError::Unsupported { path: segment.path.clone(), detail: detail.clone() });
        }
    };
    if header.log_id != image.genesis.log_id {
        return Err(LogError::damaged(&*segment.path, 0, None, "segment belongs to another log"));
    }
    if (header.number, header.first) != (segment.number, segment.first) {
        return Err(LogError::damaged(&*segment.path, 0, None, "file name and header disagree"));
    }
    Ok(header)
}

/// Torn or damaged: the one decision that must not be wrong.
fn refuse_damage(image: &Image, segment: &SegmentImage, body: &Body) -> Result<(), LogError> {
    let scan = &body.scan;
    let place = |detail: String| {
        LogError::damaged(&*segment.path, scan.next, Some(Sequence::new(scan.expected)), detail)
    };
    if scan.last != LastRecord::Seal && body.beyond.gave_up {
        return Err(place(
            "too much behind this place looks like records to tell a torn end from damage".into(),
        ));
    }
    if body.beyond.watermark >= scan.expected {
        return Err(place(format!("{}, but a later record says that it was durable", scan.stop)));
    }
    match image.head {
        Some(head) if head.durable >= scan.expected => {
            if scan.has_junk() {
                Err(place(format!("{}, but `HEAD` says that #{} was durable", scan.stop, head.durable)))
            } else {
                Err(rolled_back(scan.expected - 1, head.durable, "`HEAD`"))
            }
        }
        _ => Ok(()),
    }
}

fn rolled_back(found: u64, durable: u64, witness: &str) -> LogError {
    LogError::RolledBack {
        found: Sequence::new(found),
        durable: Sequence::new(durable),
        witness: witness.to_owned(),
    }
}

/// A segment whose successor has taken over its tail while it was not yet cut.
fn unfinished(
    nth: usize,
    segment: &SegmentImage,
    header: &Header,
    next: &SegmentImage,
    from: u64,
) -> Result<Cut, LogError> {
    let (Some(body), Some(moved)) = (&segment.body, &next.body) else {
        return Err(LogError::damaged(&*segment.path, 0, None, "segment was not read"));
    };
    let short = || {
        let detail = "ends before the point from which its successor took over";
        LogError::damaged(&*segment.path, body.scan.next, Some(Sequence::new(body.scan.expected)), detail)
    };
    let keep = from.checked_sub(header.first).ok_or_else(short)? as usize;
    if body.scan.offsets.len() < keep {
        return Err(short());
    }
    for old in keep..body.scan.offsets.len() {
        if let (Some(old), Some(new)) = (body.event(old), moved.event(old - keep))
            && (old.chain(), old.leaf()) != (new.chain(), new.leaf())
        {
            let detail = "differs from its copy in the next segment";
            let sequence = Some(Sequence::new(old.sequence()));
            return Err(LogError::damaged(&*segment.path, body.end_of(keep), sequence, detail));
        }
    }
    Ok(cut_after(nth, body, header, keep))
}

fn cut_after(nth: usize, body: &Body, header: &Header, keep: usize) -> Cut {
    let exact = body.end_of(keep);
    let offset = align_up(exact, u64::from(header.group_align));
    Cut { nth, ending: ending_at(body, header, keep, exact, offset), exact }
}

/// Seal and footer over the records before `exact`, standing at `offset`.
pub(crate) fn ending_at(body: &Body, header: &Header, keep: usize, exact: u64, offset: u64) -> Ending {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&header.encode_page());
    hasher.update(body.bytes.get(HEADER_PAGE as usize..exact as usize).unwrap_or(&[]));
    hasher.update(&vec![0; (offset - exact) as usize]);
    let (chain, time) = state_after(body, header, keep);
    ending(header, offset, hasher, &tally_before(body, header, exact), chain, time)
}

/// Counts over the records before `end`, controls included.
pub(crate) fn tally_before(body: &Body, header: &Header, end: u64) -> Tally {
    let mut tally = Tally::default();
    let mut at = HEADER_PAGE;
    while at < end
        && let Some(Ok(view)) = body.bytes.get(at as usize..).map(View::shape)
    {
        tally.add(view);
        at += view.len() as u64;
        if view.is_group_end() {
            at = align_up(at, u64::from(header.group_align));
        }
    }
    tally
}

/// Chain and time after the first `keep` events.
pub(crate) fn state_after(body: &Body, header: &Header, keep: usize) -> (Digest, Micros) {
    match keep.checked_sub(1).and_then(|nth| body.event(nth)) {
        Some(view) => (view.chain(), view.time()),
        None => (header.chain_before, header.time_before),
    }
}
