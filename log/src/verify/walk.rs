//! A walk over records: form, checksum, order, batches, times, zeros between groups, control records bit for bit, and
//! through [`Links`] every leaf and chain value.
//!
//! A walk needs not have the whole segment in memory: it stops where its bytes end and goes on with more. Behind a place
//! that does not verify it looks for the next valid record on the grid, so that damage costs only the records it hit.

use super::{
    finding::{Fault, Findings},
    links::Links,
};
use crate::{
    Micros,
    bytes::{align_up, all_zero},
    digest::Digest,
    header::Header,
    layout::{HEADER_PAGE, RECORD_ALIGN},
    record::{CLASS_EVENT, CLASS_FENCE, CLASS_SEAL, HEADER_BYTES, NotRecord, View, control},
    scan::{Budget, LastRecord, fits, seek},
    tally::Tally,
};

/// Bytes of a segment from some offset on.
#[derive(Clone, Copy)]
pub(super) struct Window<'a> {
    pub(super) bytes: &'a [u8],
    /// Their place in the file.
    pub(super) base: u64,
    /// Where what belongs to this walk ends in the file.
    pub(super) limit: u64,
}

impl<'a> Window<'a> {
    pub(super) fn from(self, offset: u64) -> &'a [u8] {
        self.bytes.get((offset - self.base) as usize..).unwrap_or(&[])
    }

    fn end(self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    /// Whether a record that ends at `end`, or the zeros behind it, needs bytes that are not here but in the file.
    fn lacks(self, end: u64) -> bool {
        end > self.end() && self.end() < self.limit
    }
}

/// What a segment's records have to agree with.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) header: &'a Header,
    /// Whether the segment ends with a footer, so that there have to be records up to its seal.
    pub(super) has_footer: bool,
}

/// Why a walk stopped.
pub(super) enum Stop {
    /// Nothing is left to walk, or what was asked for is walked.
    Done,
    /// Bytes up to this offset are needed to go on.
    NeedsUpTo(u64),
}

/// State of a walk.
#[derive(Default)]
pub(super) struct Walk {
    /// Where the next record belongs.
    pub(super) at: u64,
    /// The next event's sequence.
    pub(super) expected: u64,
    /// Records still to come in a batch, and the one that says so.
    pub(super) left: u32,
    /// Highest durable point stated.
    pub(super) watermark: u64,
    pub(super) time: Micros,
    pub(super) chain: Digest,
    /// Whether `chain` is the value before the next event: not at the beginning of a part, nor behind damage.
    pub(super) is_linked: bool,
    pub(super) last: Option<(u64, Digest)>,
    pub(super) last_record: Option<LastRecord>,
    pub(super) tally: Tally,
}

impl Walk {
    /// From the beginning of a segment.
    pub(super) fn of(header: &Header) -> Self {
        Self {
            at: HEADER_PAGE,
            expected: header.first,
            time: header.time_before,
            chain: header.chain_before,
            is_linked: true,
            ..Self::default()
        }
    }

    /// Over nothing: no record begins before `until`.
    pub(super) fn nothing(until: u64) -> Self {
        Self { at: until, ..Self::default() }
    }

    /// From the middle: from a record that is not yet believed to stand in its place.
    pub(super) fn from_middle(offset: u64, record: View<'_>) -> Self {
        let mut walk = Self { at: offset, ..Self::default() };
        walk.believe(record);
        if record.class() != CLASS_EVENT {
            // Its chain value and time are those of the event before it; whoever joins the parts compares them.
            (walk.chain, walk.time, walk.is_linked) = (record.chain(), record.time(), true);
        }
        walk
    }

    /// Takes over the state of a walk that began where this one ended.
    pub(super) fn go_on(&mut self, next: Self) {
        let mut tally = std::mem::take(&mut self.tally);
        tally.absorb(&next.tally);
        *self = Self { last: next.last.or(self.last), tally, ..next };
    }

    fn believe(&mut self, record: View<'_>) {
        let is_event = record.class() == CLASS_EVENT;
        self.expected = record.sequence().saturating_add(u64::from(!is_event));
        self.left = if is_event { record.batch_left() + 1 } else { 0 };
        self.is_linked = false;
    }

    pub(super) fn is_sealed(&self) -> bool {
        self.last_record == Some(LastRecord::Seal)
    }

    /// Walks the records that begin before `until`.
    pub(super) fn run(
        &mut self,
        window: Window<'_>,
        until: u64,
        terms: Terms<'_>,
        links: &mut Links,
        findings: &mut Findings,
    ) -> Stop {
        let stop = self.walk(window, until, terms, links, findings);
        links.check(window, findings);
        stop
    }

    fn walk(
        &mut self,
        window: Window<'_>,
        until: u64,
        terms: Terms<'_>,
        links: &mut Links,
        findings: &mut Findings,
    ) -> Stop {
        let Terms { header, has_footer } = terms;
        let align = u64::from(header.group_align);
        let mut budget = Budget::for_file(window.bytes.len());
        while self.at < until && self.at < window.end() && !self.is_sealed() {
            let rest = window.from(self.at);
            let view = match View::check(rest, header.salt) {
                Ok(view) => view,
                Err(NotRecord::Empty) if !has_footer && all_zero(rest) => break,
                Err(NotRecord::Cut) if window.lacks(self.at + View::claimed_len(rest)) => {
                    return Stop::NeedsUpTo(self.at + View::claimed_len(rest));
                }
                Err(why) => {
                    findings.add(Fault::Record, self.at, Some(self.expected), reason(why, rest));
                    let from = self.at + RECORD_ALIGN - window.base;
                    let Some(next) = seek(window.bytes, from, header.salt, &mut budget) else { break };
                    self.at = window.base + next;
                    self.is_linked = false;
                    if let Ok(view) = View::shape(window.from(self.at)) {
                        self.believe(view);
                    }
                    continue;
                }
            };
            let end = self.at + view.len() as u64;
            let next = if view.is_group_end() { align_up(end, align) } else { end };
            if window.lacks(next) {
                return Stop::NeedsUpTo(next);
            }
            if let Err(why) = fits(view, self.expected, self.left) {
                findings.add(Fault::Order, self.at, Some(self.expected), why.to_string());
                self.is_linked = false;
            }
            match view.class() {
                CLASS_EVENT => self.event(view, window, links, findings),
                class => self.control(class, view, header, findings),
            }
            self.tally.add(view);
            self.at = next;
            let gap = window.from(end);
            if !all_zero(gap.get(..(next - end) as usize).unwrap_or(gap)) {
                findings.add(Fault::Padding, end, None, "bytes between two groups are not zero");
            }
        }
        Stop::Done
    }

    fn event(&mut self, view: View<'_>, window: Window<'_>, links: &mut Links, findings: &mut Findings) {
        let sequence = view.sequence();
        if view.time() < self.time {
            findings.add(Fault::Order, self.at, Some(sequence), "earlier than the event before it");
        }
        if view.durable() < self.watermark {
            findings.add(Fault::Order, self.at, Some(sequence), "durable point goes backwards");
        }
        if self.is_linked && links.add(view, self.at, self.chain) {
            links.check(window, findings);
        }
        self.watermark = view.durable();
        self.is_linked = true;
        self.time = view.time();
        self.chain = view.chain();
        self.last = Some((sequence, self.chain));
        self.last_record = Some(LastRecord::Event);
        self.left = view.batch_left();
        self.expected = sequence.saturating_add(1);
    }

    fn control(&mut self, class: u8, view: View<'_>, header: &Header, findings: &mut Findings) {
        if self.is_linked && view.bytes() != self.due(class, header) {
            let name = if class == CLASS_FENCE { "fence" } else { "seal" };
            findings.add(
                Fault::Chain,
                self.at,
                None,
                format!("the {name} disagrees with the event before it"),
            );
        }
        self.watermark = view.durable(); // (seal last): every event before it was durable
        self.last_record = Some(if class == CLASS_SEAL { LastRecord::Seal } else { LastRecord::Fence });
    }

    /// The control record that belongs here.
    pub(super) fn due(&self, class: u8, header: &Header) -> [u8; HEADER_BYTES] {
        control(class, self.expected.saturating_sub(1), self.time, &self.chain, header.salt)
    }

    /// What only the end of a segment shows.
    pub(super) fn finish(&self, window: Window<'_>, has_footer: bool, findings: &mut Findings) {
        let rest = window.from(self.at.min(window.end()));
        if has_footer && !self.is_sealed() {
            findings.add(Fault::Record, self.at, None, "the seal is missing");
        } else if self.is_sealed() && !all_zero(rest) {
            findings.add(Fault::Padding, self.at, None, "bytes between seal and footer are not zero");
        }
        if self.left > 0 && self.tally.events > 0 {
            let detail = format!("{} more events of this batch should follow", self.left);
            findings.add(Fault::Order, self.at, Some(self.expected), detail);
        }
    }
}

fn reason(why: NotRecord, rest: &[u8]) -> String {
    match why {
        NotRecord::Empty if !rest.iter().take(HEADER_BYTES).all(|b| *b == 0) => {
            "no record where one belongs".to_owned()
        }
        why => why.to_string(),
    }
}
