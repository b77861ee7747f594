//! Appending: batches are framed into one buffer, written with one write, made durable with one sync.
//!
//! Shape: `stage` frames, chains and sums a batch, and touches the disk only when the segment is full and nothing is
//! staged (rotation); `commit` writes the group, syncs, and lets readers see it.
//!
//! ```text
//! stage stage stage commit ─▶ write ─▶ fdatasync ─▶ HEAD ─▶ publish ─▶ receipts (the caller's business)
//! rotate: spare ready ─▶ sync old ─▶ seal + footer, sync ─▶ header into spare, sync ─▶ rename ─▶ sync folder
//! ```
//!
//! INVARIANT (append only): bytes below `offset` of the open segment are never written again.
//! INVARIANT (seal last): a seal or a fence is written only when every event before it is durable.
//! What can go wrong: a failed write or sync poisons the writer for good. Kernels report a failed write-back once and
//! may call the pages clean, so a second sync proves nothing (Rebello et al., 2020); reopening looks at the disk.

use crate::{
    Micros,
    bytes::{align_up, put},
    digest::Digest,
    error::{LogError, at},
    footer::{self, Ending},
    hash,
    head::Head,
    header::Header,
    index::Index,
    layout::{
        FOOTER_BYTES, HEAD, HEADER_PAGE, MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_BODY_BYTES, RECORD_ALIGN,
    },
    options::Options,
    reader::Shared,
    record::{
        AT_CHAIN, AT_STORAGE, CLASS_EVENT, CLASS_FENCE, Fields, HEADER_BYTES, MEANING_PAYLOAD, NewEvent,
        STORAGE_GROUP_END, View, control, sum,
    },
    segment::{Segment, Source},
    sequence::Sequence,
    spare::{self, Preparer},
    storage::{Access, Storage, StorageFile, write_all_at},
    tally::Tally,
};
use std::{
    any::Any,
    sync::{Arc, atomic::Ordering},
};

/// How a commit is to survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Power loss: written and synced before the commit returns.
    Synced,
    /// The death of the process, not power loss: handed to the operating system. [`Writer::sync`] makes it durable.
    Buffered,
}

/// A framed batch, not yet on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Sequence of its first event.
    pub first: Sequence,
    /// Sequence of its last event.
    pub last: Sequence,
    /// Time of all its events: what was asked for, or the log's last time if that is later.
    pub time: Micros,
    /// Chain value after its last event.
    pub chain: Digest,
}

/// What staging a batch came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Stage {
    /// It is in the group.
    Staged(Staged),
    /// It does not fit behind what is staged: commit that, then stage this again.
    GroupFull,
}

/// What a commit made readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Readers see everything up to here.
    pub last: Sequence,
    /// Everything up to here survives power loss.
    pub durable: Sequence,
    /// Bytes written by this commit.
    pub bytes: u64,
}

/// The one writer of a log. Dropping it closes the log as well as it can; [`Writer::close`] says whether it could.
pub struct Writer {
    shared: Arc<Shared>,
    storage: Arc<dyn Storage>,
    options: Options,
    salts: Salts,
    epoch: u64,
    preparer: Preparer,
    head_file: Option<Arc<dyn StorageFile>>,
    open: OpenSegment,
    group: Group,
    /// The next sequence to be staged.
    next: u64,
    /// The last event written, synced or not.
    written: u64,
    /// The last event known durable.
    durable: u64,
    chain: Digest,
    last_time: Micros,
    poisoned: bool,
    /// Whether there is nothing to say by a fence: one is at the end, or the segment is just sealed.
    fenced: bool,
    closed: bool,
    _lock: Box<dyn Any + Send + Sync>,
}

/// The segment being appended to.
pub(crate) struct OpenSegment {
    pub(crate) segment: Arc<Segment>,
    pub(crate) file: Arc<dyn StorageFile>,
    /// Where the next group goes: a group boundary.
    pub(crate) offset: u64,
    pub(crate) tally: Tally,
    pub(crate) hashed: RunningHash,
}

/// BLAKE3 of everything written to a segment, for its footer. Small groups gather first: long inputs hash eight times
/// as fast.
pub(crate) struct RunningHash {
    hasher: blake3::Hasher,
    pending: Vec<u8>,
}

const HASH_AT_ONCE: usize = 128 << 10;

impl RunningHash {
    pub(crate) fn new() -> Self {
        Self { hasher: blake3::Hasher::new(), pending: Vec::new() }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        if self.pending.len() + bytes.len() < HASH_AT_ONCE {
            self.pending.extend_from_slice(bytes);
            return;
        }
        self.hasher.update(&self.pending);
        self.pending.clear();
        self.hasher.update(bytes);
    }

    pub(crate) fn so_far(&mut self) -> blake3::Hasher {
        self.hasher.update(&self.pending);
        self.pending.clear();
        self.hasher.clone()
    }
}

/// What is staged.
#[derive(Default)]
struct Group {
    buffer: Vec<u8>,
    /// Offsets of its events in the segment, in units of 32 bytes.
    offsets: Vec<u32>,
    /// Place of the last record in the buffer.
    last: usize,
    /// What goes back if the group is discarded: the first sequence, the chain and the time before it.
    first: u64,
    chain_before: Digest,
    time_before: Micros,
}

/// Salts of new segments: never the same twice, not to be guessed without the seed.
pub(crate) struct Salts {
    seed: u64,
    log_id: u128,
    drawn: u64,
}

impl Salts {
    pub(crate) fn new(seed: u64, log_id: u128) -> Self {
        Self { seed, log_id, drawn: 0 }
    }

    pub(crate) fn draw(&mut self, number: u64, epoch: u64) -> u64 {
        self.drawn += 1;
        let mut hasher = blake3::Hasher::new_derive_key("scoped-log v1 salt");
        for part in [self.seed, number, epoch, self.drawn] {
            hasher.update(&part.to_le_bytes());
        }
        hasher.update(&self.log_id.to_le_bytes());
        crate::bytes::u64_at(hasher.finalize().as_bytes(), 0)
    }
}

/// Where a writer begins: what recovery, or the creation of a log, leaves.
pub(crate) struct Beginning {
    pub(crate) shared: Arc<Shared>,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) options: Options,
    pub(crate) salts: Salts,
    pub(crate) epoch: u64,
    pub(crate) preparer: Preparer,
    pub(crate) open: OpenSegment,
    pub(crate) last: u64,
    pub(crate) chain: Digest,
    pub(crate) last_time: Micros,
    pub(crate) fenced: bool,
    pub(crate) lock: Box<dyn Any + Send + Sync>,
}

impl Writer {
    pub(crate) fn begin(from: Beginning) -> Self {
        let mut writer = Self {
            head_file: open_head(&*from.storage),
            shared: from.shared,
            storage: from.storage,
            options: from.options,
            salts: from.salts,
            epoch: from.epoch,
            preparer: from.preparer,
            open: from.open,
            group: Group::default(),
            next: from.last + 1,
            written: from.last,
            durable: from.last,
            chain: from.chain,
            last_time: from.last_time,
            poisoned: false,
            fenced: from.fenced,
            closed: false,
            _lock: from.lock,
        };
        writer.shared.readable.store(from.last, Ordering::Release);
        writer.write_head();
        writer.preparer.start(writer.options.segment_bytes);
        writer
    }

    /// Id given at creation.
    pub fn log_id(&self) -> u128 {
        self.shared.log_id
    }

    /// The sequence the next staged event will get.
    pub fn next_sequence(&self) -> Sequence {
        Sequence::new(self.next)
    }

    /// Time of the last staged event, µs; 0 in an empty log.
    pub fn last_time(&self) -> Micros {
        self.last_time
    }

    /// Chain value after the last staged event.
    pub fn head(&self) -> Digest {
        self.chain
    }

    /// The last event that survives power loss.
    pub fn durable(&self) -> Sequence {
        Sequence::new(self.durable)
    }

    /// Bytes staged and not yet committed.
    pub fn staged_bytes(&self) -> usize {
        self.group.buffer.len()
    }

    /// Frames one atomic batch into the group. Nothing reaches the disk yet, except that a full segment is sealed and
    /// the next one brought into use when the group is empty.
    ///
    /// # Errors
    /// [`LogError::TooLarge`] and [`LogError::Invalid`] for what can never be stored; [`LogError::Full`] if there is no
    /// space for another segment (nothing has changed, try again later); [`LogError::Poisoned`]; [`LogError::Io`] from
    /// rotating, which poisons.
    pub fn stage(&mut self, time: Micros, batch: &[NewEvent<'_>]) -> Result<Stage, LogError> {
        self.refuse_if_poisoned()?;
        let bytes = batch_bytes(batch)?;
        if self.next - self.durable > u64::from(u32::MAX / 2) {
            return Err(LogError::too_large(
                "events without a sync",
                self.next - self.durable,
                u64::from(u32::MAX / 2),
            ));
        }
        if self.open.offset + self.group.buffer.len() as u64 + bytes > self.room_for_events() {
            if !self.group.buffer.is_empty() {
                return Ok(Stage::GroupFull);
            }
            self.rotate(bytes)?;
        }
        let time = time.max(self.last_time);
        let first = self.next;
        if self.group.buffer.is_empty() {
            self.group.first = first;
            self.group.chain_before = self.chain;
            self.group.time_before = self.last_time;
        }
        for (nth, event) in batch.iter().enumerate() {
            self.frame(event, time, (batch.len() - 1 - nth) as u32);
        }
        self.last_time = time;
        Ok(Stage::Staged(Staged {
            first: Sequence::new(first),
            last: Sequence::new(self.next - 1),
            time,
            chain: self.chain,
        }))
    }

    /// Appends one record to the group buffer. No allocation once the buffer has grown.
    fn frame(&mut self, event: &NewEvent<'_>, time: Micros, batch_left: u32) {
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
            meaning: if event.payload.is_some() { MEANING_PAYLOAD } else { 0 },
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

    /// Writes what is staged, with one write, and lets readers see it; with [`Durability::Synced`] after one sync, which
    /// also covers what was only buffered before.
    ///
    /// # Errors
    /// [`LogError::Io`] or [`LogError::Full`]: the outcome of this group is unknown, the writer is poisoned.
    /// [`LogError::Poisoned`] if it was before.
    pub fn commit(&mut self, durability: Durability) -> Result<Committed, LogError> {
        self.refuse_if_poisoned()?;
        let bytes = self.group.buffer.len() as u64;
        let result = self.write_group().and_then(|()| match durability {
            Durability::Synced => self.sync_written(),
            Durability::Buffered => Ok(()),
        });
        if let Err(error) = result {
            self.poisoned = true;
            return Err(error);
        }
        self.publish();
        Ok(Committed { last: Sequence::new(self.written), durable: self.durable(), bytes })
    }

    /// Drops what is staged, as if it had never been.
    pub fn discard(&mut self) {
        if self.group.buffer.is_empty() {
            return;
        }
        self.group.buffer.clear();
        self.group.offsets.clear();
        self.next = self.group.first;
        self.chain = self.group.chain_before;
        self.last_time = self.group.time_before;
    }

    /// Makes everything committed durable.
    ///
    /// # Errors
    /// As [`Writer::commit`].
    pub fn sync(&mut self) -> Result<(), LogError> {
        self.refuse_if_poisoned()?;
        self.poisoning(Self::sync_written)
    }

    /// Says on disk that everything before is durable, so that a crash after a quiet moment leaves nothing in doubt.
    /// Costs two syncs at most and 512 bytes; nothing if there is nothing new. What is staged stays staged.
    ///
    /// # Errors
    /// As [`Writer::commit`].
    pub fn fence(&mut self) -> Result<(), LogError> {
        self.refuse_if_poisoned()?;
        if self.fenced || !self.group.buffer.is_empty() {
            return self.sync();
        }
        self.poisoning(|writer| {
            writer.sync_written()?;
            // (room for a fence): events leave room for one, and behind a fence nothing needs another.
            debug_assert!(writer.open.offset + writer.align() <= writer.room_for_fences());
            let header = &writer.open.segment.header;
            let mut bytes =
                control(CLASS_FENCE, writer.written, writer.last_time, &writer.chain, header.salt).to_vec();
            bytes.resize(writer.align() as usize, 0);
            writer.append(&bytes)?;
            writer.open.tally.control();
            writer.open.file.sync_data().map_err(at("syncing", &writer.open.segment.path))?;
            writer.fenced = true;
            writer.write_head();
            Ok(())
        })
    }

    /// Ends cleanly: what is staged is dropped, what is committed becomes durable, a fence is written and the prepared
    /// zeros are cut off, so that no byte is left that no sum covers.
    ///
    /// # Errors
    /// As [`Writer::commit`]; the log is closed all the same and will be recovered when it is opened.
    pub fn close(mut self) -> Result<(), LogError> {
        self.shut()
    }

    fn shut(&mut self) -> Result<(), LogError> {
        if std::mem::replace(&mut self.closed, true) {
            return Ok(());
        }
        self.preparer.settle();
        self.refuse_if_poisoned()?;
        self.discard();
        self.fence()?;
        let (open, path) = (&self.open, &self.open.segment.path);
        open.file.set_len(open.offset).map_err(at("cutting", path))?;
        open.file.sync_data().map_err(at("syncing", path))?;
        spare::remove(&*self.storage)
    }

    fn refuse_if_poisoned(&self) -> Result<(), LogError> {
        if self.poisoned { Err(LogError::Poisoned) } else { Ok(()) }
    }

    fn poisoning<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, LogError>) -> Result<T, LogError> {
        let result = work(self);
        self.poisoned |= result.is_err();
        result
    }

    fn align(&self) -> u64 {
        u64::from(self.open.segment.header.group_align)
    }

    /// End of the part of the segment that events may take: behind it a fence, the seal and the footer have their room.
    fn room_for_events(&self) -> u64 {
        self.room_for_fences() - self.align()
    }

    fn room_for_fences(&self) -> u64 {
        self.open.segment.header.capacity.saturating_sub(FOOTER_BYTES + self.align())
    }

    fn write_group(&mut self) -> Result<(), LogError> {
        if self.group.buffer.is_empty() {
            return Ok(());
        }
        let mut buffer = std::mem::take(&mut self.group.buffer);
        for units in &self.group.offsets {
            let at = u64::from(*units) * RECORD_ALIGN - self.open.offset;
            self.open.tally.add(View::trusted(buffer.get(at as usize..).unwrap_or(&[])));
        }
        if let Some(last) = buffer.get_mut(self.group.last..) {
            last[AT_STORAGE] |= STORAGE_GROUP_END;
            sum(last, self.open.segment.header.salt);
        }
        buffer.resize(align_up(buffer.len() as u64, self.align()) as usize, 0);
        let result = self.append(&buffer);
        buffer.clear();
        self.group.buffer = buffer;
        result?;
        self.written = self.next - 1;
        self.fenced = false;
        Ok(())
    }

    /// Writes whole sectors at the end of the open segment.
    fn append(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        let open = &mut self.open;
        write_all_at(&*open.file, bytes, open.offset).map_err(at("writing", &open.segment.path))?;
        open.hashed.update(bytes);
        open.offset += bytes.len() as u64;
        Ok(())
    }

    fn sync_written(&mut self) -> Result<(), LogError> {
        if self.durable == self.written {
            return Ok(());
        }
        self.open.file.sync_data().map_err(at("syncing", &self.open.segment.path))?;
        self.durable = self.written;
        self.write_head();
        Ok(())
    }

    /// Lets readers see what is written. The order (after the sync, before any receipt) makes a revocation take
    /// effect before anybody is told of it.
    fn publish(&mut self) {
        if !self.group.offsets.is_empty() {
            self.open.segment.publish(self.group.first, &self.group.offsets, self.open.offset);
            self.group.offsets.clear();
        }
        self.shared.readable.store(self.written, Ordering::Release);
    }

    /// A hint, so its failure is no failure.
    fn write_head(&mut self) {
        let head = Head {
            log_id: self.shared.log_id,
            epoch: self.epoch,
            durable: self.durable,
            segment: self.open.segment.number(),
            offset: self.open.offset,
        };
        if let Some(file) = &self.head_file {
            let _ = write_all_at(&**file, &head.encode(), 0);
        }
    }

    /// Seals the open segment and brings the next one into use, large enough for a batch of `bytes`.
    fn rotate(&mut self, bytes: u64) -> Result<(), LogError> {
        let needed = HEADER_PAGE + align_up(bytes, self.align()) + 2 * self.align() + FOOTER_BYTES;
        let capacity = self.options.segment_bytes.max(align_up(needed, 4096));
        let spare = self.preparer.take(capacity)?; // a full disk is met here, before anything has changed
        self.poisoning(|writer| {
            let ending = writer.seal()?;
            let header = Header {
                log_id: writer.shared.log_id,
                number: writer.open.segment.number() + 1,
                first: writer.next,
                chain_before: writer.chain,
                previous_footer: ending.footer.digest(),
                supersedes_from: 0,
                epoch: writer.epoch,
                salt: writer.salts.draw(writer.open.segment.number() + 1, writer.epoch),
                group_align: writer.options.group_align,
                capacity,
                created: writer.last_time,
                time_before: writer.last_time,
            };
            let file = spare::bring_into_use(&*writer.storage, spare, &header, &[])?;
            writer.open = OpenSegment::new(&writer.storage, &writer.options, header, file, &[])?;
            if !writer.shared.segments.push(Arc::clone(&writer.open.segment)) {
                return Err(LogError::too_large(
                    "number of segments",
                    writer.shared.segments.len() as u64,
                    1 << 20,
                ));
            }
            writer.write_head();
            Ok(())
        })?;
        self.preparer.start(self.options.segment_bytes);
        Ok(())
    }

    /// Writes seal and footer, cuts what is behind them, syncs.
    fn seal(&mut self) -> Result<Ending, LogError> {
        self.sync_written()?;
        let open = &mut self.open;
        let header = &open.segment.header;
        let ending = footer::ending(
            header,
            open.offset,
            open.hashed.so_far(),
            &open.tally,
            self.chain,
            self.last_time,
        );
        write_ending(&*open.file, &ending, &open.segment.path)?;
        open.segment.seal(ending.footer.clone());
        Ok(ending)
    }
}

/// Writes seal and footer, cuts what is behind them, syncs.
pub(crate) fn write_ending(file: &dyn StorageFile, ending: &Ending, path: &str) -> Result<(), LogError> {
    write_all_at(file, &ending.bytes, ending.offset).map_err(at("sealing", path))?;
    file.set_len(ending.file_len()).map_err(at("cutting", path))?;
    file.sync_data().map_err(at("syncing", path))
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Best effort: whoever wants to know calls `close`.
        let _ = self.shut();
    }
}

impl OpenSegment {
    /// A segment just brought into use, with `records` in it already (whole groups).
    pub(crate) fn new(
        storage: &Arc<dyn Storage>,
        options: &Options,
        header: Header,
        file: Arc<dyn StorageFile>,
        records: &[u8],
    ) -> Result<Self, LogError> {
        let mut hashed = RunningHash::new();
        hashed.update(&header.encode_page());
        hashed.update(records);
        let offset = HEADER_PAGE + records.len() as u64;
        Self::resume(storage, options, header, file, offset, Tally::default(), hashed, &[])
    }

    /// A segment that goes on at `offset`.
    #[expect(clippy::too_many_arguments, reason = "one caller each for a new and a continued segment")]
    pub(crate) fn resume(
        storage: &Arc<dyn Storage>,
        options: &Options,
        header: Header,
        file: Arc<dyn StorageFile>,
        offset: u64,
        tally: Tally,
        hashed: RunningHash,
        offsets: &[u32],
    ) -> Result<Self, LogError> {
        let path = crate::layout::segment_path(header.number, header.first);
        file.allocate(header.capacity).map_err(at("extending", &path))?;
        let map = if options.map { file.map(header.capacity).map_err(at("mapping", &path))? } else { None };
        let source = map.map_or_else(|| Source::File(Arc::clone(&file)), Source::Mapped);
        let index = Index::with_room(header.capacity / HEADER_BYTES as u64);
        let first = header.first;
        let segment = Arc::new(Segment::open(Arc::clone(storage), header, source, index, offset));
        segment.publish(first, offsets, offset);
        Ok(Self { segment, file, offset, tally, hashed })
    }
}

fn open_head(storage: &dyn Storage) -> Option<Arc<dyn StorageFile>> {
    storage.open(HEAD, Access::Write).or_else(|_| storage.create(HEAD)).ok()
}

/// Bytes a batch takes, if it may be stored at all.
fn batch_bytes(batch: &[NewEvent<'_>]) -> Result<u64, LogError> {
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
