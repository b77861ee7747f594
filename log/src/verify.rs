//! Checking every sum of every byte.
//!
//! Shape: segments are spread over threads, and a log of few large segments has each of them split into ranges. The
//! chain does not stand in the way: every record stores its value, so record *n* is checked against the *stored* value of
//! *n*−1, in any order. Reads are positional, so that an unreadable disk is an error and not a signal.
//! What is checked: GENESIS; both header copies and the page around them; every record's form, padding, checksum, place
//! in its batch, time, watermark, payload digest, leaf and chain; zeros between groups; fences and seals, bit for bit;
//! footers, their counts and their BLAKE3 of all bytes; the joints between segments; HEAD.
//! What it cannot find: a suffix rewritten to its end with all sums redone, or an older copy put back. Only a digest kept
//! elsewhere shows that.

use crate::{
    Micros,
    bytes::{align_up, all_zero},
    digest::Digest,
    error::{LogError, at},
    footer::{Footer, ending},
    genesis::{GENESIS_BYTES, Genesis},
    hash,
    head::{HEAD_BYTES, Head},
    header::{Header, HeaderError},
    layout::{FOOTER_BYTES, GENESIS, HEAD, HEADER_PAGE, RECORD_ALIGN, SEGMENTS, parse_segment_name},
    record::{CLASS_EVENT, CLASS_FENCE, CLASS_SEAL, NotRecord, View, control},
    recovery::{
        image::{Body, SegmentImage, read_segment},
        plan::Joint,
    },
    scan::{Budget, LastRecord, fits, seek},
    sequence::Sequence,
    storage::{Access, Storage, read_full_at, read_small},
    tally::Tally,
};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

/// How to verify.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// Threads to use; 0 for one a core.
    pub threads: usize,
    /// Findings to describe; more are only counted.
    pub findings_max: usize,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self { threads: 0, findings_max: 1000 }
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes verified.
    pub bytes: u64,
    /// Bytes there are.
    pub total: u64,
}

/// What was looked at, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Valid events.
    pub records: u64,
    /// Whole batches.
    pub batches: u64,
    /// Segment files.
    pub segments: u64,
    /// Bytes read.
    pub bytes: u64,
    /// The last event that verifies.
    pub last: Sequence,
    /// Chain value after it: what to compare with a copy kept elsewhere.
    pub head: Digest,
    /// What is wrong, by position; at most as many as asked for.
    pub findings: Vec<Finding>,
    /// How many there are.
    pub findings_total: u64,
    /// What is no fault and worth knowing, one sentence each.
    pub notes: Vec<String>,
}

impl VerifyReport {
    /// Whether every byte that was looked at is as it should be.
    pub fn is_clean(&self) -> bool {
        self.findings_total == 0
    }

    /// The first finding by position.
    pub fn first_bad(&self) -> Option<&Finding> {
        self.findings.first()
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Number of the segment file; 0 for the files beside them.
    pub segment: u64,
    /// Bytes from the start of the file.
    pub offset: u64,
    /// The first event concerned, where there is one.
    pub sequence: Option<Sequence>,
    /// What kind of fault.
    pub what: Fault,
    /// What exactly.
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.what)?;
        if let Some(sequence) = self.sequence {
            write!(f, "event {sequence}, ")?;
        }
        if self.segment > 0 {
            write!(f, "segment {}, offset {}: ", self.segment, self.offset)?;
        }
        write!(f, "{}", self.detail)
    }
}

/// Kinds of faults, by what they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// `GENESIS` is missing or bad. Events are not touched.
    Genesis,
    /// `HEAD` is bad. Repairable: it may be deleted.
    Head,
    /// A segment header; repairable if one copy is good.
    Header,
    /// A record that does not verify: rot, or a write that went elsewhere.
    Record,
    /// A record whose checksum is right and whose place, batch or time is wrong.
    Order,
    /// A record that was edited and summed again: leaf or chain disagree.
    Chain,
    /// Bytes where none belong.
    Padding,
    /// A footer, or its digest over the segment.
    Footer,
    /// Segments that do not join.
    Joint,
    /// The log ends before a point that was durable.
    RolledBack,
    /// The disk cannot read it.
    Unreadable,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Genesis => "genesis",
            Self::Head => "head",
            Self::Header => "header",
            Self::Record => "record",
            Self::Order => "order",
            Self::Chain => "chain",
            Self::Padding => "padding",
            Self::Footer => "footer",
            Self::Joint => "joint",
            Self::RolledBack => "rolled back",
            Self::Unreadable => "unreadable",
        })
    }
}

/// Checks a whole log, without its lock and without changing a byte. Beside a live writer it looks at what was durable
/// when it began. `progress` is called from several threads.
///
/// # Errors
/// [`LogError::NotFound`], [`LogError::Unsupported`], and [`LogError::Io`] if the directory itself cannot be read. What is
/// wrong with the log is no error but a finding.
pub fn verify(
    storage: &Arc<dyn Storage>,
    options: &VerifyOptions,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<VerifyReport, LogError> {
    let mut report = VerifyReport::default();
    let mut findings = Vec::new();
    let head = read_hint(&**storage, &mut findings)?;
    let genesis = read_birth(&**storage, &mut findings)?;
    let segments = list(&**storage, &mut findings)?;
    if genesis.is_none() && segments.is_empty() && findings.is_empty() {
        return Err(LogError::NotFound { place: storage.place() });
    }
    if genesis.is_none() && findings.iter().all(|found| found.what != Fault::Genesis) {
        findings.push(beside(Fault::Genesis, "`GENESIS` is missing"));
    }
    let log_id = genesis.as_ref().map(|genesis| genesis.log_id);
    let log_id = log_id.or_else(|| segments.iter().find_map(|s| s.header()).map(|header| header.log_id));
    let head = head.filter(|head| {
        let ours = Some(head.log_id) == log_id;
        if !ours {
            findings.push(beside(Fault::Head, "`HEAD` belongs to another log"));
        }
        ours
    });

    let job = Job {
        storage: &**storage,
        segments: &segments,
        head,
        log_id: log_id.unwrap_or(0),
        done: AtomicU64::new(0),
        total: segments.iter().map(|segment| segment.len).sum(),
        progress,
    };
    let threads = match options.threads {
        0 => thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let reports = job.run(threads);

    // Segment by segment, in order: what only shows when they are laid side by side.
    let mut joint = genesis.as_ref().map(|genesis| Joint::first(genesis.digest()));
    for (nth, (segment, found)) in segments.iter().zip(reports).enumerate() {
        if let Some(header) = segment.header() {
            if let Some(joint) = &joint
                && let Err(LogError::Damaged { sequence, detail, .. }) = joint.accepts(segment, header)
            {
                findings.push(Finding {
                    segment: segment.number,
                    offset: 0,
                    sequence,
                    what: Fault::Joint,
                    detail,
                });
            }
            let ended = found.footer.as_ref();
            joint = ended.and_then(|footer| Joint::behind(segment, header, footer).ok());
        } else {
            joint = None;
        }
        report.records += found.events;
        report.batches += found.batches;
        report.bytes += found.bytes;
        if let Some((last, chain)) = found.last {
            (report.last, report.head) = (Sequence::new(last), chain);
        } else if nth == 0
            && let Some(genesis) = &genesis
        {
            report.head = genesis.digest();
        }
        findings.extend(found.findings);
        report.notes.extend(found.notes);
    }
    report.segments = segments.len() as u64;
    if let Some(head) = head
        && head.durable > report.last.get()
        && findings.iter().all(|found| found.segment == 0)
    {
        let detail = format!("ends at {}, but `HEAD` says that #{} was durable", report.last, head.durable);
        findings.push(Finding {
            segment: segments.last().map_or(0, |segment| segment.number),
            offset: 0,
            sequence: Some(report.last.next()),
            what: Fault::RolledBack,
            detail,
        });
    }
    findings.sort();
    report.findings_total = findings.len() as u64;
    findings.truncate(options.findings_max);
    report.findings = findings;
    Ok(report)
}

fn beside(what: Fault, detail: impl Into<String>) -> Finding {
    Finding { segment: 0, offset: 0, sequence: None, what, detail: detail.into() }
}

fn read_hint(storage: &dyn Storage, findings: &mut Vec<Finding>) -> Result<Option<Head>, LogError> {
    for _ in 0..5 {
        let Some(bytes) = read_small(storage, HEAD, HEAD_BYTES + 1).map_err(at("reading", HEAD))? else {
            return Ok(None);
        };
        let head = Head::decode(&bytes);
        if head.is_some() || all_zero(&bytes) {
            return Ok(head);
        }
    }
    findings.push(beside(Fault::Head, "`HEAD` does not verify; it is only a hint and may be deleted"));
    Ok(None)
}

fn read_birth(storage: &dyn Storage, findings: &mut Vec<Finding>) -> Result<Option<Genesis>, LogError> {
    let Some(bytes) = read_small(storage, GENESIS, GENESIS_BYTES + 1).map_err(at("reading", GENESIS))? else {
        return Ok(None);
    };
    match Genesis::decode(&bytes) {
        Ok(genesis) => Ok(Some(genesis)),
        Err(HeaderError::Unsupported(detail)) => {
            Err(LogError::Unsupported { path: GENESIS.to_owned(), detail })
        }
        Err(HeaderError::Damaged(detail)) => {
            findings.push(beside(Fault::Genesis, detail));
            Ok(None)
        }
    }
}

fn list(storage: &dyn Storage, findings: &mut Vec<Finding>) -> Result<Vec<SegmentImage>, LogError> {
    let names = storage.list(SEGMENTS).map_err(at("listing", SEGMENTS))?;
    let mut names: Vec<(u64, u64)> = names.iter().filter_map(|name| parse_segment_name(name)).collect();
    names.sort_unstable();
    let mut segments = Vec::with_capacity(names.len());
    for (number, first) in names {
        match read_segment(storage, number, first) {
            Ok(segment) => segments.push(segment),
            Err(error @ LogError::Unsupported { .. }) => return Err(error),
            Err(error) => findings.push(Finding {
                segment: number,
                offset: 0,
                sequence: Some(Sequence::new(first)),
                what: Fault::Unreadable,
                detail: error.to_string(),
            }),
        }
    }
    Ok(segments)
}

struct Job<'a> {
    storage: &'a dyn Storage,
    segments: &'a [SegmentImage],
    head: Option<Head>,
    log_id: u128,
    done: AtomicU64,
    total: u64,
    progress: &'a (dyn Fn(Progress) + Sync),
}

/// What one segment came to.
#[derive(Default)]
struct Found {
    events: u64,
    batches: u64,
    bytes: u64,
    last: Option<(u64, Digest)>,
    footer: Option<Footer>,
    findings: Vec<Finding>,
    notes: Vec<String>,
}

/// An event that verifies by itself, and the place of the one before it.
#[derive(Clone, Copy)]
struct Entry {
    units: u32,
    before: Before,
}

#[derive(Clone, Copy)]
enum Before {
    /// The value in the segment's header.
    Header,
    /// The entry before this one in the list.
    Entry,
    /// Lost to damage.
    Lost,
}

impl Job<'_> {
    fn run(&self, threads: usize) -> Vec<Found> {
        let outer = threads.min(self.segments.len()).max(1);
        let inner = threads.div_ceil(outer).max(1);
        let next = AtomicUsize::new(0);
        let work = || {
            let mut mine = Vec::new();
            let mut buffer = Vec::new(); // touched once: fresh pages cost as much as hashing them
            loop {
                let nth = next.fetch_add(1, Ordering::Relaxed);
                let Some(segment) = self.segments.get(nth) else { return mine };
                mine.push((nth, self.segment(nth, segment, inner, &mut buffer)));
            }
        };
        let mut all: Vec<(usize, Found)> = thread::scope(|scope| {
            let handles: Vec<_> = (0..outer).map(|_| scope.spawn(work)).collect();
            handles.into_iter().flat_map(|handle| handle.join().unwrap_or_default()).collect()
        });
        all.sort_by_key(|(nth, _)| *nth);
        all.into_iter().map(|(_, found)| found).collect()
    }

    fn segment(&self, nth: usize, segment: &SegmentImage, threads: usize, buffer: &mut Vec<u8>) -> Found {
        let mut found = Found::default();
        let mut check = Check { number: segment.number, found: &mut found };
        if let Some(header) = self.header(segment, &mut check) {
            match self.read(segment, buffer) {
                Ok(()) => self.records(nth, segment, header, buffer, threads, &mut check),
                Err(error) => {
                    check.add(Fault::Unreadable, 0, Some(segment.first), error.to_string());
                }
            }
        }
        let done = self.done.fetch_add(segment.len, Ordering::Relaxed) + segment.len;
        (self.progress)(Progress { bytes: done, total: self.total });
        found
    }

    fn header<'s>(&self, segment: &'s SegmentImage, check: &mut Check<'_>) -> Option<&'s Header> {
        let page = match &segment.page {
            Ok(page) => page,
            Err(HeaderError::Damaged(detail)) => {
                check.add(Fault::Header, 0, Some(segment.first), *detail);
                return None;
            }
            Err(HeaderError::Unsupported(detail)) => {
                check.add(Fault::Header, 0, Some(segment.first), detail.clone());
                return None;
            }
        };
        if let Some((offset, detail)) = page.flaw {
            check.add(Fault::Header, offset, None, format!("{detail}; repairable, the other copy is good"));
        }
        if page.header.log_id != self.log_id {
            check.add(Fault::Header, 0, Some(segment.first), "segment belongs to another log");
            return None;
        }
        if (page.header.number, page.header.first) != (segment.number, segment.first) {
            check.add(Fault::Header, 0, Some(segment.first), "file name and header disagree");
            return None;
        }
        Some(&page.header)
    }

    fn read(&self, segment: &SegmentImage, buffer: &mut Vec<u8>) -> Result<(), LogError> {
        let doing = || at("reading", &segment.path);
        let file = self.storage.open(&segment.path, Access::Read).map_err(doing())?;
        let len = file.len().map_err(doing())?.min(crate::layout::MAX_SEGMENT_BYTES);
        buffer.resize(len as usize, 0);
        let count = read_full_at(&*file, buffer, 0).map_err(doing())?;
        buffer.truncate(count);
        Ok(())
    }

    fn records(
        &self,
        nth: usize,
        segment: &SegmentImage,
        header: &Header,
        bytes: &mut Vec<u8>,
        threads: usize,
        check: &mut Check<'_>,
    ) {
        check.found.bytes = bytes.len() as u64;
        let successor = self.segments.get(nth + 1).and_then(SegmentImage::header);
        let superseded = successor.map_or(0, |next| next.supersedes_from);
        let is_last = nth + 1 == self.segments.len();
        let footer = segment.footer.clone();
        let limit = match &footer {
            Some(footer) => footer.used,
            None if is_last => {
                // Beside a live writer only what was durable when this began is looked at.
                let now = read_hint(self.storage, &mut Vec::new()).unwrap_or(None);
                if let Some(head) =
                    self.head.filter(|head| head.segment == segment.number && now != self.head)
                {
                    bytes.truncate(head.offset as usize);
                }
                let body = Body::of(std::mem::take(bytes), header);
                let limit = self.open_end(segment, &body, check);
                *bytes = body.bytes;
                limit
            }
            None if superseded > 0 => {
                let body = Body::of(std::mem::take(bytes), header);
                let keep = superseded.saturating_sub(header.first) as usize;
                let note =
                    "its successor took over its tail and recovery was interrupted; opening finishes it";
                check.found.notes.push(format!("segment {}: {note}", segment.number));
                if body.scan.offsets.len() < keep {
                    let detail = "ends before the point from which its successor took over";
                    check.add(Fault::Record, body.scan.next, Some(body.scan.expected), detail);
                }
                let limit = body.end_of(keep);
                *bytes = body.bytes;
                limit
            }
            None => {
                let detail = "no valid seal and footer, although another segment follows";
                check.add(Fault::Footer, segment.len.saturating_sub(FOOTER_BYTES), None, detail);
                bytes.len() as u64
            }
        };
        let before = check.found.findings.len();
        let readable = bytes.get(..limit as usize).unwrap_or(bytes);
        let walked = walk(readable, header, footer.is_some(), check);
        check_chain(readable, header, &walked.entries, threads, check);
        let sound = check.found.findings.len() == before;
        check.found.events = walked.tally.events;
        check.found.batches = walked.tally.batches;
        check.found.last = walked.last;
        if let Some(footer) = footer {
            check_footer(readable, header, &footer, &walked, sound, check);
            check.found.footer = Some(footer);
        } else if superseded > 0 && sound {
            // What recovery will write: the successor names its digest already.
            let offset = align_up(limit, u64::from(header.group_align));
            let mut hasher = blake3::Hasher::new();
            hasher
                .update(&header.encode_page())
                .update(bytes.get(HEADER_PAGE as usize..limit as usize).unwrap_or(&[]));
            hasher.update(&vec![0; (offset - limit) as usize]);
            let ending = ending(header, offset, hasher, &walked.tally, walked.chain, walked.time);
            check.found.footer = Some(ending.footer);
        }
    }

    /// How far the records of the last, unsealed segment go; says whether what is behind them is a fault.
    fn open_end(&self, segment: &SegmentImage, body: &Body, check: &mut Check<'_>) -> u64 {
        let scan = &body.scan;
        let name = format!("segment {}", segment.number);
        let known = self.head.filter(|head| head.segment == segment.number).map_or(0, |head| head.offset);
        if scan.last == LastRecord::Seal {
            // A rotation in progress, or cut short: the footer was not yet promised to anybody.
            check
                .found
                .notes
                .push(format!("{name}: sealed, its footer is not yet written; opening writes it"));
            return scan.end;
        }
        let durable = self.head.map_or(0, |head| head.durable).max(body.beyond.watermark);
        let promised =
            body.bytes.get(scan.end as usize..known.min(body.bytes.len() as u64) as usize).unwrap_or(&[]);
        if scan.has_junk() && (durable >= scan.expected || known > scan.next || !all_zero(promised)) {
            return body.bytes.len() as u64; // the walk names every bad place
        }
        if known > scan.next {
            let detail =
                format!("no record where one belongs; `HEAD` says that bytes before {known} were durable");
            check.add(Fault::Record, scan.next, Some(scan.expected), detail);
            return scan.end;
        }
        if durable >= scan.expected {
            return scan.end; // shorter than HEAD: said where all segments are seen
        }
        let dropped = (scan.offsets.len() - scan.whole) as u64 + body.beyond.records;
        if scan.has_junk() || scan.offsets.len() > scan.whole {
            let bytes = scan.used.saturating_sub(body.end_of(scan.whole));
            check.found.notes.push(format!(
                "{name}: the last write was cut short: {bytes} bytes with {dropped} valid events behind #{} were never promised",
                scan.expected - 1 - (scan.offsets.len() - scan.whole) as u64
            ));
            return body.end_of(scan.whole);
        }
        if scan.last != LastRecord::Fence {
            check.found.notes.push(format!("{name}: the log was not closed"));
        }
        scan.end
    }
}

struct Check<'a> {
    number: u64,
    found: &'a mut Found,
}

impl Check<'_> {
    fn add(&mut self, what: Fault, offset: u64, sequence: Option<u64>, detail: impl Into<String>) {
        let sequence = sequence.map(Sequence::new);
        self.found.findings.push(Finding {
            segment: self.number,
            offset,
            sequence,
            what,
            detail: detail.into(),
        });
    }
}

struct Walked {
    entries: Vec<Entry>,
    tally: Tally,
    chain: Digest,
    time: Micros,
    last: Option<(u64, Digest)>,
    sealed: bool,
}

/// Everything that can be checked without a long hash: form, checksum, order, batches, times, zeros between groups,
/// control records bit for bit.
fn walk(bytes: &[u8], header: &Header, is_sealed: bool, check: &mut Check<'_>) -> Walked {
    let mut walked = Walked {
        entries: Vec::new(),
        tally: Tally::default(),
        chain: header.chain_before,
        time: header.time_before,
        last: None,
        sealed: false,
    };
    let align = u64::from(header.group_align);
    let (mut at, mut expected, mut left, mut watermark) = (HEADER_PAGE, header.first, 0, 0);
    let mut before = Before::Header;
    let mut budget = Budget::for_file(bytes.len());
    while (at as usize) < bytes.len() && !walked.sealed {
        let rest = bytes.get(at as usize..).unwrap_or(&[]);
        let view = match View::check(rest, header.salt) {
            Ok(view) => view,
            Err(NotRecord::Empty) if !is_sealed && all_zero(rest) => break,
            Err(why) => {
                let next = seek(bytes, at + RECORD_ALIGN, header.salt, &mut budget);
                let what = match why {
                    NotRecord::Empty if !rest.iter().take(128).all(|b| *b == 0) => {
                        "no record where one belongs".to_owned()
                    }
                    why => why.to_string(),
                };
                check.add(Fault::Record, at, Some(expected), what);
                let Some(next) = next else { break };
                (at, before) = (next, Before::Lost);
                if let Some(Ok(view)) = bytes.get(next as usize..).map(View::shape) {
                    let class = view.class();
                    expected = view.sequence() + u64::from(class != CLASS_EVENT);
                    left = if class == CLASS_EVENT { view.batch_left() + 1 } else { 0 };
                }
                continue;
            }
        };
        let sequence = view.sequence();
        if let Err(why) = fits(view, expected, left) {
            check.add(Fault::Order, at, Some(expected), why.to_string());
            before = Before::Lost;
        }
        if view.class() == CLASS_EVENT {
            if view.time() < walked.time {
                check.add(Fault::Order, at, Some(sequence), "earlier than the event before it");
            }
            if view.durable() < watermark {
                check.add(Fault::Order, at, Some(sequence), "durable point goes backwards");
            }
            watermark = view.durable();
            walked.entries.push(Entry { units: (at / RECORD_ALIGN) as u32, before });
            before = Before::Entry;
            walked.time = view.time();
            walked.chain = view.chain();
            walked.last = Some((sequence, view.chain()));
            left = view.batch_left();
            expected = sequence.saturating_add(1);
        } else {
            let due = control(view.class(), expected - 1, walked.time, &walked.chain, header.salt);
            if view.bytes() != due && !matches!(before, Before::Lost) {
                let name = if view.class() == CLASS_FENCE { "fence" } else { "seal" };
                check.add(Fault::Chain, at, None, format!("the {name} disagrees with the event before it"));
            }
            walked.sealed = view.class() == CLASS_SEAL;
        }
        walked.tally.add(view);
        let end = at + view.len() as u64;
        at = if view.is_group_end() { align_up(end, align) } else { end };
        if let Some(gap) = bytes.get(end as usize..(at as usize).min(bytes.len()))
            && !all_zero(gap)
        {
            check.add(Fault::Padding, end, None, "bytes between two groups are not zero");
        }
    }
    if is_sealed && !walked.sealed {
        check.add(Fault::Record, at, None, "the seal is missing");
    } else if walked.sealed && bytes.get(at as usize..).is_some_and(|rest| !all_zero(rest)) {
        check.add(Fault::Padding, at, None, "bytes between seal and footer are not zero");
    }
    if left > 0 && !walked.entries.is_empty() {
        check.add(
            Fault::Order,
            at,
            Some(expected),
            format!("{left} more events of this batch should follow"),
        );
    }
    walked
}

const BLOCK: usize = 256;

/// Leaf and chain of every event, each from the value stored before it.
fn check_chain(bytes: &[u8], header: &Header, entries: &[Entry], threads: usize, check: &mut Check<'_>) {
    let next = AtomicUsize::new(0);
    let part = 16 * BLOCK;
    let work = || {
        let mut broken = Vec::new();
        let mut scratch = Scratch::default();
        loop {
            let from = next.fetch_add(part, Ordering::Relaxed);
            if from >= entries.len() {
                return broken;
            }
            let to = (from + part).min(entries.len());
            for block in (from..to).step_by(BLOCK) {
                scratch.check(bytes, header, entries, block, (block + BLOCK).min(to), &mut broken);
            }
        }
    };
    let broken = if threads <= 1 || entries.len() <= part {
        work()
    } else {
        thread::scope(|scope| {
            let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            handles.into_iter().flat_map(|handle| handle.join().unwrap_or_default()).collect()
        })
    };
    for (offset, sequence) in broken {
        check.add(
            Fault::Chain,
            offset,
            Some(sequence),
            "chain value does not follow from the record and the one before",
        );
    }
}

#[derive(Default)]
struct Scratch {
    leaf_inputs: Vec<[u8; 128]>,
    leaves: Vec<Digest>,
    chain_inputs: Vec<[u8; 64]>,
    chains: Vec<Digest>,
}

impl Scratch {
    fn check(
        &mut self,
        bytes: &[u8],
        header: &Header,
        entries: &[Entry],
        from: usize,
        to: usize,
        broken: &mut Vec<(u64, u64)>,
    ) {
        let view = |entry: &Entry| {
            let at = entry.units as usize * RECORD_ALIGN as usize;
            View::trusted(bytes.get(at..).unwrap_or(&[]))
        };
        let Some(block) = entries.get(from..to) else { return };
        self.leaf_inputs.clear();
        self.leaf_inputs
            .extend(block.iter().map(view).map(|view| hash::leaf_input(&view.header(), &view.content())));
        hash::leaves(&self.leaf_inputs, &mut self.leaves);
        self.chain_inputs.clear();
        for (nth, (entry, leaf)) in block.iter().zip(&self.leaves).enumerate() {
            let before = match entry.before {
                Before::Header => header.chain_before,
                Before::Entry => {
                    entries.get((from + nth).wrapping_sub(1)).map_or(header.chain_before, |e| view(e).chain())
                }
                Before::Lost => Digest::default(),
            };
            let mut input = [0; 64];
            input[..32].copy_from_slice(before.as_bytes());
            input[32..].copy_from_slice(leaf.as_bytes());
            self.chain_inputs.push(input);
        }
        hash::chains(&self.chain_inputs, &mut self.chains);
        for (entry, chain) in block.iter().zip(&self.chains) {
            if view(entry).chain() != *chain && !matches!(entry.before, Before::Lost) {
                broken.push((u64::from(entry.units) * RECORD_ALIGN, view(entry).sequence()));
            }
        }
    }
}

fn check_footer(
    bytes: &[u8],
    header: &Header,
    footer: &Footer,
    walked: &Walked,
    sound: bool,
    check: &mut Check<'_>,
) {
    let mut hasher = blake3::Hasher::new();
    let all = bytes.len() as u64 == footer.used;
    hasher.update(bytes);
    if !all || Digest::new(*hasher.finalize().as_bytes()) != footer.bytes_digest {
        check.add(
            Fault::Footer,
            footer.used,
            None,
            "the segment's bytes do not have the digest that the footer states",
        );
    }
    let kinds: Vec<u16> = walked.tally.kinds().collect();
    let listed = footer.kinds.as_ref().is_none_or(|listed| *listed == kinds);
    let counts = (footer.events, footer.records, footer.batches, footer.payload_bytes);
    let found = (walked.tally.events, walked.tally.records, walked.tally.batches, walked.tally.payload_bytes);
    let agrees = footer.log_id == header.log_id
        && (footer.number, footer.first) == (header.number, header.first)
        && footer.last.wrapping_add(1) == header.first.wrapping_add(footer.events)
        && counts == found
        && (footer.first_time, footer.last_time) == (walked.tally.first_time, walked.time)
        && footer.chain == walked.chain
        && listed;
    if sound && !agrees {
        check.add(Fault::Footer, footer.used, None, "the footer disagrees with the records before it");
    }
}
