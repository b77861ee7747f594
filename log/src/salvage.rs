//! Salvage: every batch that is provably whole, out of a log that is damaged, into a new one.
//!
//! Why a new directory: repairing in place destroys the evidence, and there is no second try.
//! Shape: one walk over what reading offers. A record is good if its form and checksum are, and if it gives the chain value
//! stored in it from the one stored before it. A batch is good if all its records are, and its beginning is known: behind a
//! hole it is, if the segment begins there, if what was lost was durable before the record was written (no batch is written in two groups), or
//! if the batch before the hole ends right in it; otherwise it is not.
//!
//! ```text
//! DIR   1 2 3 │ 4 ✗ 6 │ 7 │ 8 9 │ …       #5 does not verify, #6 says that it ends its batch
//! OUT   1 2 3   L L L   7   8 9   …       L: lost, an event of kind 65,535 with nothing in it
//! ```
//!
//! Why lost events leave a mark: positions are what events refer to each other by, so what follows keeps its own. Up to the
//! first hole OUT has the same chain, so old checkpoints and proofs hold; behind it the leaves are the same and the chain
//! is not. Nothing above the log knows the kind of the marks, so that no world is folded over a hole by accident: a lost
//! revocation must not come back as a right.
//! Memory: one batch, and four bytes an event of one damaged segment at a time.

use crate::{
    Micros,
    digest::Digest,
    error::{LogError, at},
    genesis::{GENESIS_BYTES, Genesis},
    hash,
    header::Header,
    layout::{GENESIS, HEADER_PAGE, SEGMENTS, parse_segment_name, segment_path},
    log::Log,
    options::Options,
    payload::Payload,
    reader::Reader,
    record::{HEADER_BYTES, NewEvent, Record},
    recovery::Recovery,
    sequence::Sequence,
    storage::{Access, Storage, read_range, read_small},
    writer::{Durability, Stage, Writer},
};
use std::sync::Arc;

/// The kind of a mark that stands for a lost event. No domain may use it.
pub const LOST_KIND: u16 = u16::MAX;

/// Most lost events in one stretch that are marked: a log does not lose more at once without losing segments by the dozen, and a
/// forged header may claim any number.
const HOLE_MAX: u64 = 1 << 24;

/// Staged bytes that are written at once.
const GROUP_BYTES: usize = 4 << 20;

/// What is to be done.
#[derive(Clone, Debug)]
pub struct SalvageOptions {
    /// Stop before the first hole, so that what comes out is a beginning of the log and nothing else.
    pub until_first_hole: bool,
    /// Losses to describe; more are only counted.
    pub losses_max: usize,
    /// How the new log is laid out.
    pub log: Options,
}

impl Default for SalvageOptions {
    fn default() -> Self {
        Self { until_first_hole: false, losses_max: 1000, log: Options::default() }
    }
}

/// A stretch of events that are not in the new log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The first of them.
    pub from: Sequence,
    /// The last of them.
    pub to: Sequence,
    /// Whether their bytes are bad, or they are left out because of others.
    pub is_damaged: bool,
    /// Why.
    pub reason: String,
}

/// What salvaging came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salvaged {
    /// The log's id, the same in both.
    pub log_id: u128,
    /// How the old log was found.
    pub found: Recovery,
    /// Events copied.
    pub events: u64,
    /// Batches copied.
    pub batches: u64,
    /// Marks written for lost events.
    pub marks: u64,
    /// Up to here both logs are the same, chain values included.
    pub same_until: Sequence,
    /// The last event of the new log.
    pub last: Sequence,
    /// Its chain value.
    pub head: Digest,
    /// What is missing, by position; at most as many as asked for.
    pub losses: Vec<Loss>,
    /// How many stretches are missing.
    pub losses_total: u64,
    /// How many events are missing.
    pub lost: u64,
}

/// Copies what is provably good from one place to another, where no log may be. `salt_seed` is as in [`Log::create`].
/// `progress` hears positions.
///
/// # Errors
/// As [`Log::open_read_only`] for the old log (a missing `GENESIS` is made up for where the first segment allows), as
/// [`Log::create`] and [`Writer::commit`] for the new one. The old one is never changed.
pub fn salvage(
    from: &Arc<dyn Storage>,
    to: Arc<dyn Storage>,
    salt_seed: u64,
    options: &SalvageOptions,
    progress: &dyn Fn(u64, u64),
) -> Result<Salvaged, LogError> {
    let genesis = birth(&**from)?;
    let by_position = Options { map: false, ..Options::default() };
    let (reader, found) = Log::open_read_only_as(Arc::clone(from), &by_position, &genesis)?;
    let unread = Options { map: false, tiles: false, index: false, ..options.log.clone() };
    let opened = Log::create(to, genesis.log_id, genesis.created, salt_seed, &unread)?;
    drop(opened.reader);
    let mut copy = Copy {
        writer: opened.writer,
        stop: options.until_first_hole,
        losses_max: options.losses_max,
        chain: Some(genesis.digest()),
        batch: Vec::new(),
        left: 0,
        is_start_known: true,
        broken: 0,
        ends: 0,
        stretch: None,
        done: Salvaged {
            log_id: genesis.log_id,
            found,
            events: 0,
            batches: 0,
            marks: 0,
            same_until: Sequence::NONE,
            last: Sequence::NONE,
            head: genesis.digest(),
            losses: Vec::new(),
            losses_total: 0,
            lost: 0,
        },
    };
    let last = reader.last();
    let mut segment = 0;
    for Stretch { from, to, has_events } in stretches(&reader) {
        if !has_events {
            copy.miss_all(from, to, "no segment has room for it");
            continue;
        }
        for (position, record) in (from..=to).zip(reader.records(Sequence::new(from), Sequence::new(to))) {
            if position % 4096 == 0 {
                progress(position, last.get());
            }
            match record {
                Ok(record) => {
                    let at = record.position();
                    let begins_segment = at.segment != segment && at.offset == HEADER_PAGE;
                    segment = at.segment;
                    copy.take(position, record, begins_segment)?;
                }
                Err(LogError::Damaged { detail, .. }) => copy.miss(position, detail),
                Err(error @ LogError::Io { .. }) => copy.miss(position, error.to_string()),
                Err(error) => return Err(error),
            }
        }
    }
    progress(last.get(), last.get());
    copy.finish()
}

/// Events that may be there, or that cannot.
struct Stretch {
    from: u64,
    to: u64,
    has_events: bool,
}

/// What is worth walking: a segment holds no more events than its bytes have room for, whatever headers and `HEAD` say.
fn stretches(reader: &Reader) -> Vec<Stretch> {
    let (last, mut next, mut found) = (reader.last().get(), 1_u64, Vec::new());
    let mut push = |from: u64, to: u64, has_events| {
        if from <= to {
            found.push(Stretch { from, to, has_events });
        }
    };
    let segments = reader.segments();
    for (nth, segment) in segments.iter().enumerate() {
        let following = segments.get(nth + 1).map_or(last.saturating_add(1), |next| next.first.get());
        let first = segment.first.get().max(next);
        let room = segment.first.get().saturating_add(segment.bytes / HEADER_BYTES as u64);
        let end = room.min(following).min(last.saturating_add(1));
        if first >= end {
            continue;
        }
        push(next, first - 1, false);
        push(first, end - 1, true);
        next = end;
    }
    push(next, last, false);
    found
}

/// A walk over the old log, and the new one that grows by it.
struct Copy {
    writer: Writer,
    stop: bool,
    losses_max: usize,
    /// The chain value stored before the next record, where that is known.
    chain: Option<Digest>,
    /// Good records of a batch that is not complete yet.
    batch: Vec<Record>,
    /// Records still to come in it.
    left: u32,
    /// Whether the next record begins a batch, or continues the one that is held.
    is_start_known: bool,
    /// Records still to come in a batch that is not whole.
    broken: u32,
    /// Where the batch of the last good record ends, as that record says.
    ends: u64,
    /// The loss that is being told, as far as it has come.
    stretch: Option<Loss>,
    done: Salvaged,
}

impl Copy {
    fn take(&mut self, position: u64, record: Record, begins_segment: bool) -> Result<(), LogError> {
        let linked = self.chain.is_none_or(|before| hash::chain(&before, &record.leaf()) == record.chain());
        self.chain = Some(record.chain());
        if !linked {
            self.broken_at(
                position,
                "its chain value does not follow from it and the event before it".to_owned(),
                true,
            );
            self.broken = record.batch_left();
            self.is_start_known = self.broken == 0;
            return Ok(());
        }
        let is_start = self.is_start_known || begins_segment || self.begins_batch(position, &record);
        self.ends = position + u64::from(record.batch_left());
        if self.broken > 0 || !is_start {
            let why = if self.broken > 0 {
                "its batch is not whole"
            } else {
                "the beginning of its batch may be lost"
            };
            self.lose(position, why.to_owned(), false);
            self.broken = record.batch_left();
            self.is_start_known = self.broken == 0;
            return Ok(());
        }
        if !self.batch.is_empty() && record.batch_left() + 1 != self.left {
            self.broken_at(position, "it continues another batch than the one before it".to_owned(), true);
            self.broken = record.batch_left();
            self.is_start_known = self.broken == 0;
            return Ok(());
        }
        self.is_start_known = true;
        self.left = record.batch_left();
        self.batch.push(record);
        if self.left > 0 {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.batch);
        self.copy(&batch)
    }

    /// Whether the record behind a hole shows that a batch begins with it: what is before it was durable when it was
    /// written, or belongs to a batch that ends there.
    fn begins_batch(&self, position: u64, record: &Record) -> bool {
        record.durable().get() + 1 >= position || self.ends + 1 == position
    }

    /// No record at this position.
    fn miss(&mut self, position: u64, reason: String) {
        self.chain = None;
        self.is_start_known = false;
        self.broken_at(position, reason, true);
        self.broken = 0;
    }

    /// No record at any of these positions.
    fn miss_all(&mut self, from: u64, to: u64, reason: &str) {
        self.miss(from, reason.to_owned());
        self.done.lost += to - from;
        if let Some(stretch) = &mut self.stretch {
            stretch.to = Sequence::new(to);
        }
        self.stop |= to - from >= HOLE_MAX;
    }

    /// This position is lost, and with it what is held of its batch.
    fn broken_at(&mut self, position: u64, reason: String, is_damaged: bool) {
        for held in std::mem::take(&mut self.batch) {
            self.lose(held.sequence().get(), "its batch is not whole".to_owned(), false);
        }
        self.lose(position, reason, is_damaged);
    }

    fn lose(&mut self, position: u64, reason: String, is_damaged: bool) {
        self.done.lost += 1;
        let at = Sequence::new(position);
        match &mut self.stretch {
            Some(loss)
                if loss.to.next() == at
                    && loss.is_damaged == is_damaged
                    && (is_damaged || loss.reason == reason) =>
            {
                loss.to = at;
            }
            _ => {
                self.end_stretch();
                self.stretch = Some(Loss { from: at, to: at, is_damaged, reason });
            }
        }
    }

    fn end_stretch(&mut self) {
        if let Some(loss) = self.stretch.take() {
            self.done.losses_total += 1;
            if self.done.losses.len() < self.losses_max {
                self.done.losses.push(loss);
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "copied as it is stored, and nobody looks at it")]
    fn copy(&mut self, batch: &[Record]) -> Result<(), LogError> {
        let Some((first, last)) = batch.first().zip(batch.last()) else { return Ok(()) };
        if self.stop && self.done.lost > 0 {
            for record in batch {
                self.lose(record.sequence().get(), "it stands behind the first hole".to_owned(), false);
            }
            return Ok(());
        }
        while self.writer.next_sequence() < first.sequence() {
            let mark = NewEvent {
                event_id: 0,
                kind: LOST_KIND,
                kind_version: 1,
                actor: 0,
                scope: 0,
                body: &[],
                payload: None,
            };
            self.stage(0, &[mark])?;
            self.done.marks += 1;
        }
        // Ciphertext stays what it is: whether its key is still there does not matter here.
        let stored = |record: &Record, bytes: &[u8]| {
            if record.is_sealed() { Payload::sealed(bytes) } else { Payload::new(bytes) }
        };
        let payload = |record: &Record| record.payload().map(|bytes| stored(record, bytes)).transpose();
        let payloads = batch.iter().map(payload).collect::<Result<Vec<_>, _>>()?;
        let events = batch.iter().zip(&payloads).map(|(record, payload)| NewEvent {
            event_id: record.event_id(),
            kind: record.kind(),
            kind_version: record.kind_version(),
            actor: record.actor(),
            scope: record.scope(),
            body: record.body(),
            payload: payload.as_ref(),
        });
        self.stage(first.time(), &events.collect::<Vec<_>>())?;
        self.done.events += batch.len() as u64;
        self.done.batches += 1;
        if self.done.lost == 0 {
            let (at, same) = (last.sequence(), self.writer.head() == last.chain());
            if !same {
                return Err(LogError::damaged(
                    GENESIS,
                    0,
                    Some(at),
                    "what was copied has another chain value",
                ));
            }
            self.done.same_until = at;
        }
        Ok(())
    }

    fn stage(&mut self, time: Micros, batch: &[NewEvent<'_>]) -> Result<(), LogError> {
        if self.writer.staged_bytes() >= GROUP_BYTES {
            self.writer.commit(Durability::Buffered)?;
        }
        while self.writer.stage(time, batch)? == Stage::GroupFull {
            self.writer.commit(Durability::Buffered)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Salvaged, LogError> {
        for held in std::mem::take(&mut self.batch) {
            self.lose(held.sequence().get(), "its batch is not whole".to_owned(), false);
        }
        self.end_stretch();
        if self.writer.staged_bytes() > 0 {
            self.writer.commit(Durability::Synced)?;
        }
        self.done.last = Sequence::new(self.writer.next_sequence().get() - 1);
        self.done.head = self.writer.head();
        self.writer.close()?;
        Ok(self.done)
    }
}

/// What the log is. Without a good `GENESIS`, the first segment tells: it was made at the same time, and the chain value it
/// begins with is the digest of what is looked for.
fn birth(storage: &dyn Storage) -> Result<Genesis, LogError> {
    let bytes = read_small(storage, GENESIS, GENESIS_BYTES + 1).map_err(at("reading", GENESIS))?;
    if let Some(Ok(genesis)) = bytes.as_deref().map(Genesis::decode) {
        return Ok(genesis);
    }
    let names = storage.list(SEGMENTS).map_err(at("listing", SEGMENTS))?;
    let first = names.iter().filter_map(|name| parse_segment_name(name)).min();
    let Some((number, first)) = first else {
        return Err(LogError::NotFound { place: storage.place() });
    };
    let path = segment_path(number, first);
    let file = storage.open(&path, Access::Read).map_err(at("opening", &path))?;
    let page = read_range(&*file, 0, HEADER_PAGE).map_err(at("reading", &path))?;
    let made = Header::decode_page(&page).ok().map(|page| page.header);
    let genesis =
        made.map(|header| (Genesis { log_id: header.log_id, created: header.created }, header.chain_before));
    genesis
        .filter(|(genesis, begins_with)| genesis.digest() == *begins_with)
        .map(|(genesis, _)| genesis)
        .ok_or_else(|| {
            LogError::damaged(
                GENESIS,
                0,
                None,
                "it is missing or bad, and the first segment does not tell what it said",
            )
        })
}
