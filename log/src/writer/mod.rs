//! Appending: batches are framed into one buffer, written with one write, made durable with one sync.
//!
//! Shape: `stage` puts a batch into the group, which is framed some events at a time, and touches the disk only when the segment is full and nothing is
//! staged (rotation); `commit` writes the group, syncs, and lets readers see it.
//!
//! ```text
//! stage stage stage commit ─▶ write ─▶ fdatasync ─▶ HEAD ─▶ publish ─▶ receipts (the caller's business)
//! rotate: spare ready ─▶ sync old ─▶ seal + footer, sync ─▶ header into spare, sync ─▶ rename ─▶ sync folder ─▶ tiles, beside
//! ```
//!
//! INVARIANT (append only): bytes below `offset` of the open segment are never written again.
//! INVARIANT (seal last): a seal or a fence is written only when every event before it is durable.
//! What can go wrong: a failed write or sync poisons the writer for good. Kernels report a failed write-back once and
//! may call the pages clean, so a second sync proves nothing (Rebello et al., 2020); reopening looks at the disk.

mod chunk;
mod framer;
mod group;
mod hashed;
mod open;
mod outcome;
mod rotate;
mod salts;
mod staging;
mod tiling;
mod write_back;

pub use self::outcome::{Committed, Durability, Stage, Staged};
pub(crate) use self::{hashed::RunningHash, open::OpenSegment, rotate::write_ending, salts::Salts};

use self::{
    framer::{Framed, Framer},
    staging::batch_bytes,
    tiling::Tiling,
    write_back::WriteBack,
};
use crate::{
    Micros,
    digest::Digest,
    error::{LogError, at},
    head::Head,
    layout::HEAD,
    options::Options,
    reader::Shared,
    record::{CLASS_FENCE, NewEvent, control},
    sequence::Sequence,
    spare::{self, Preparer},
    storage::{Access, Storage, StorageFile, write_all_at},
};
use std::{
    any::Any,
    sync::{Arc, atomic::Ordering},
};

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
    write_back: WriteBack,
    tiling: Tiling,
    framer: Framer,
    /// Bytes of records that are staged.
    staged: u64,
    /// Where the events of the group lie in the segment, in units of 32 bytes.
    offsets: Vec<u32>,
    /// The next sequence to be staged.
    next: u64,
    /// Time of the last event that is staged, and of the last one that is written.
    last_time: Micros,
    time_written: Micros,
    /// The last event written, synced or not.
    written: u64,
    /// The last event known durable.
    durable: u64,
    /// The chain value after the last event written.
    chain: Digest,
    /// Of the group that was written last: its first event, the chain value before it, and those after its events.
    first: u64,
    chain_before: Digest,
    chains: Vec<Digest>,
    poisoned: bool,
    /// Whether there is nothing to say by a fence: one is at the end, or the segment is just sealed.
    fenced: bool,
    closed: bool,
    _lock: Box<dyn Any + Send + Sync>,
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
    pub(crate) fn begin(mut from: Beginning) -> Self {
        let (hashed, beside) = (std::mem::take(&mut from.open.hashed), from.preparer.is_in_background());
        let (end, salt) = ((from.last, from.chain), from.open.segment.header.salt);
        let framer = Framer::new(end, salt, hashed, beside);
        let tiling = Tiling::new(&from.options, &from.storage, &from.shared);
        let mut writer = Self {
            head_file: open_head(&*from.storage),
            shared: from.shared,
            storage: from.storage,
            options: from.options,
            salts: from.salts,
            epoch: from.epoch,
            write_back: WriteBack::new(beside),
            tiling,
            preparer: from.preparer,
            open: from.open,
            framer,
            staged: 0,
            offsets: Vec::new(),
            next: from.last + 1,
            last_time: from.last_time,
            time_written: from.last_time,
            written: from.last,
            durable: from.last,
            chain: from.chain,
            first: from.last + 1,
            chain_before: from.chain,
            chains: Vec::new(),
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

    /// Chain value after the last staged event. Asked for between staging and committing, it is hashed alone and not side by side
    /// with others.
    pub fn head(&mut self) -> Digest {
        self.framer.chain()
    }

    /// Chain value after an event of the group that was committed last, or after the event before that group.
    pub fn chain_at(&self, sequence: Sequence) -> Option<Digest> {
        match sequence.get().checked_sub(self.first) {
            Some(nth) => self.chains.get(usize::try_from(nth).ok()?).copied(),
            None if sequence.get() + 1 == self.first => Some(self.chain_before),
            None => None,
        }
    }

    /// The last event that survives power loss.
    pub fn durable(&self) -> Sequence {
        Sequence::new(self.durable)
    }

    /// Bytes staged and not yet committed.
    pub fn staged_bytes(&self) -> usize {
        self.staged as usize
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
        if self.open.offset + self.staged + bytes > self.room_for_events() {
            if self.staged > 0 {
                return Ok(Stage::GroupFull);
            }
            self.rotate(bytes)?;
        }
        let time = time.max(self.last_time);
        let first = self.next;
        for (nth, event) in batch.iter().enumerate() {
            self.stage_one(event, time, (batch.len() - 1 - nth) as u32);
            self.framer.staged();
        }
        self.last_time = time;
        Ok(Stage::Staged(Staged { first: Sequence::new(first), last: Sequence::new(self.next - 1), time }))
    }

    /// Writes what is staged, with one write, and lets readers see it; with [`Durability::Synced`] after one sync, which
    /// also covers what was only buffered before.
    ///
    /// # Errors
    /// [`LogError::Io`] or [`LogError::Full`]: the outcome of this group is unknown, the writer is poisoned.
    /// [`LogError::Poisoned`] if it was before.
    pub fn commit(&mut self, durability: Durability) -> Result<Committed, LogError> {
        self.refuse_if_poisoned()?;
        let bytes = self.staged;
        let result = self.write_group().and_then(|()| match durability {
            Durability::Synced => self.sync_written(),
            Durability::Buffered => Ok(()),
        });
        if let Err(error) = result {
            self.poisoned = true;
            self.chains.clear(); // of events that nobody may be told of
            return Err(error);
        }
        self.publish();
        Ok(Committed { last: Sequence::new(self.written), durable: self.durable(), bytes })
    }

    /// Drops what is staged, as if it had never been.
    pub fn discard(&mut self) {
        if self.staged == 0 {
            return;
        }
        self.framer.discard(self.chain);
        self.offsets.clear();
        self.staged = 0;
        self.next = self.written + 1;
        self.last_time = self.time_written;
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
        if self.fenced || self.staged > 0 {
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
            writer.append(bytes)?;
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
        self.tiling.settle();
        self.framer.settle();
        let written_back = self.write_back.settle().map_err(at("syncing", &self.open.segment.path));
        self.poisoned |= written_back.is_err();
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

    fn write_group(&mut self) -> Result<(), LogError> {
        if self.staged == 0 {
            return Ok(());
        }
        let (align, before) = (self.align(), self.chain);
        let Framed { bytes, events, chain, tally } = self.framer.take(align, &mut self.chains);
        if events != self.offsets.len() || events != self.chains.len() {
            let gone = std::io::Error::other("the thread that frames events panicked");
            return Err(at("framing", &self.open.segment.path)(gone));
        }
        self.append(bytes)?;
        self.open.tally.absorb(&tally);
        (self.first, self.chain_before, self.chain) = (self.written + 1, before, chain);
        self.written = self.next - 1;
        self.time_written = self.last_time;
        self.staged = 0;
        self.fenced = false;
        Ok(())
    }

    /// Writes whole sectors at the end of the open segment.
    fn append(&mut self, bytes: Vec<u8>) -> Result<(), LogError> {
        let open = &mut self.open;
        let length = bytes.len() as u64;
        write_all_at(&*open.file, &bytes, open.offset).map_err(at("writing", &open.segment.path))?;
        self.framer.written(bytes);
        open.offset += length;
        let written_back = self.write_back.written(length, &open.file);
        written_back.map_err(at("syncing", &open.segment.path))
    }

    fn sync_written(&mut self) -> Result<(), LogError> {
        if self.durable == self.written {
            return Ok(()); // and nothing is being written back: what began before the last sync was settled there
        }
        // Its error, if there is one, was reported to it and will not be reported again.
        self.write_back.settle().map_err(at("syncing", &self.open.segment.path))?;
        self.open.file.sync_data().map_err(at("syncing", &self.open.segment.path))?;
        self.durable = self.written;
        self.write_head();
        Ok(())
    }

    /// Lets readers see what is written. The order (after the sync, before any receipt) makes a revocation take
    /// effect before anybody is told of it.
    fn publish(&mut self) {
        if !self.offsets.is_empty() {
            self.open.segment.publish(self.first, &self.offsets, self.open.offset);
            self.offsets.clear();
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
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Best effort: whoever wants to know calls `close`.
        let _ = self.shut();
    }
}

fn open_head(storage: &dyn Storage) -> Option<Arc<dyn StorageFile>> {
    storage.open(HEAD, Access::Write).or_else(|_| storage.create(HEAD)).ok()
}
