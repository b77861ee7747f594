//! The framer: makes records of what is staged, on a thread beside the writer's, or on the writer's own.
//!
//! Why: digests, chain and checksums are a third of what the writer does for an event, and nothing that is decided next depends on them. While a large
//! group is still being decided its first events are framed on another core; while it syncs, its bytes go into the segment's hash there.
//!
//! ```text
//! writer   stage … stage ─▶ chunk ─▶ queue   stage … stage ─▶ commit: takes the desk, frames what is left ─▶ write ─▶ sync
//! thread                               └─▶ takes the desk, frames a chunk …                                    └─▶ hashes the bytes
//! ```
//!
//! INVARIANT (in order): a job leaves the queue only in the hands of who holds the desk. So whoever holds it, and finds the queue empty, sees all of it done.
//! INVARIANT (never waited for): who commits does what the thread has not begun. A thread that gets no core costs its wake-ups.
//! What can go wrong: a thread that panicked leaves a group with too few events, which is an error of the commit.

use super::{chunk::Chunk, group::Group, hashed::RunningHash};
use crate::{
    digest::Digest,
    tally::Tally,
    tree::{Roots, Runs},
};
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::{
    collections::VecDeque,
    sync::Arc,
    thread::{self, JoinHandle},
};

/// Bytes of records after which a chunk is handed over. Smaller groups are framed by who commits: to wake a thread would cost more.
const CHUNK_BYTES: usize = 48 << 10;
/// Chunks that are kept for their room.
const EMPTY_CHUNKS_MAX: usize = 16;
/// Buffers of groups that are kept for their room: one is filled while another is hashed.
const EMPTY_BUFFERS_MAX: usize = 2;
/// Room of a buffer that is worth keeping: one that a single large batch has made is not.
const EMPTY_BUFFER_BYTES_MAX: usize = 4 << 20;

/// What is being made, in the hands of one at a time.
struct Desk {
    group: Group,
    /// Of all that is written to the open segment, as far as jobs are done.
    hashed: RunningHash,
    /// Leaves of the group that was taken last, until it is written; then they are in the runs.
    leaves: Vec<Digest>,
    runs: Runs,
}

enum Job {
    /// Events of the group that is being staged.
    Frame(Chunk),
    /// Bytes that are written.
    Hash(Vec<u8>),
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    ended: bool,
    /// What is empty, kept for its room.
    chunks: Vec<Chunk>,
    buffers: Vec<Vec<u8>>,
}

struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
    desk: Mutex<Desk>,
}

impl Shared {
    fn add(&self, job: Job) {
        self.queue.lock().jobs.push_back(job);
        self.arrived.notify_one();
    }

    /// Does the oldest job; false when there is none.
    fn work(&self, desk: &mut Desk) -> bool {
        // (in order)
        let Some(job) = self.queue.lock().jobs.pop_front() else { return false };
        match job {
            Job::Frame(mut chunk) => {
                desk.group.frame(&chunk);
                chunk.clear();
                let mut queue = self.queue.lock();
                if queue.chunks.len() < EMPTY_CHUNKS_MAX {
                    queue.chunks.push(chunk);
                }
            }
            Job::Hash(bytes) => self.hash(desk, bytes),
        }
        true
    }

    fn hash(&self, desk: &mut Desk, mut bytes: Vec<u8>) {
        desk.hashed.update(&bytes);
        desk.runs.add(&desk.leaves);
        desk.leaves.clear();
        bytes.clear();
        let mut queue = self.queue.lock();
        if queue.buffers.len() < EMPTY_BUFFERS_MAX && bytes.capacity() <= EMPTY_BUFFER_BYTES_MAX {
            queue.buffers.push(bytes);
        }
    }

    /// The desk, with all that is handed over done, and this chunk too.
    fn finish(&self, chunk: &mut Chunk) -> MutexGuard<'_, Desk> {
        let mut desk = self.desk.lock();
        while self.work(&mut desk) {}
        if !chunk.is_empty() {
            desk.group.frame(chunk);
            chunk.clear();
        }
        desk
    }

    /// The thread beside.
    fn run(&self) {
        loop {
            let mut queue = self.queue.lock();
            while queue.jobs.is_empty() && !queue.ended {
                self.arrived.wait(&mut queue);
            }
            if queue.ended {
                return;
            }
            drop(queue);
            self.work(&mut self.desk.lock());
        }
    }
}

/// The thread beside, once there was enough for it.
enum Beside {
    Never,
    NotYet,
    Running(JoinHandle<()>),
}

/// A group that is ready to be written.
pub(super) struct Framed {
    /// Whole sectors.
    pub(super) bytes: Vec<u8>,
    pub(super) events: usize,
    /// After its last event.
    pub(super) chain: Digest,
    pub(super) tally: Tally,
}

/// Makes records of what is staged.
pub(super) struct Framer {
    shared: Arc<Shared>,
    /// What is staged and not handed over.
    chunk: Chunk,
    beside: Beside,
}

impl Framer {
    /// Behind the event with this number and chain value, in a segment with this salt, of which this is hashed. Without `beside` all is done by who commits:
    /// where runs have to be the same, and on storage that takes no time.
    pub(super) fn new((last, chain): (u64, Digest), salt: u64, hashed: RunningHash, beside: bool) -> Self {
        let (group, runs) = (Group::behind(chain, salt), Runs::behind(last));
        let desk = Mutex::new(Desk { group, hashed, leaves: Vec::new(), runs });
        let shared = Shared { queue: Mutex::default(), arrived: Condvar::new(), desk };
        // On a single core the thread would only take turns with the writer.
        let beside = beside && thread::available_parallelism().is_ok_and(|cores| cores.get() > 1);
        let beside = if beside { Beside::NotYet } else { Beside::Never };
        Self { shared: Arc::new(shared), chunk: Chunk::default(), beside }
    }

    /// Where the next event goes; say [`Framer::staged`] when it is there.
    pub(super) fn chunk(&mut self) -> &mut Chunk {
        &mut self.chunk
    }

    /// Hands the chunk over if it is large enough, or frames it where there is no thread: a batch of any size is staged in chunks.
    pub(super) fn staged(&mut self) {
        if self.chunk.bytes() < CHUNK_BYTES {
            return;
        }
        if self.is_beside() {
            let empty = self.shared.queue.lock().chunks.pop().unwrap_or_default();
            self.shared.add(Job::Frame(std::mem::replace(&mut self.chunk, empty)));
        } else {
            drop(self.finish());
        }
    }

    /// Is there a thread? Begins it if there may be one.
    fn is_beside(&mut self) -> bool {
        if let Beside::NotYet = self.beside {
            let shared = Arc::clone(&self.shared);
            let work = move || shared.run();
            let begun = thread::Builder::new().name("scoped-log frames".to_owned()).spawn(work);
            self.beside = begun.map_or(Beside::Never, Beside::Running);
        }
        matches!(self.beside, Beside::Running(_))
    }

    /// The desk, with all that is staged framed and all that is written hashed.
    fn finish(&mut self) -> MutexGuard<'_, Desk> {
        self.shared.finish(&mut self.chunk)
    }

    /// The chain value after the last event that is staged.
    pub(super) fn chain(&mut self) -> Digest {
        self.finish().group.chain()
    }

    /// The group that is staged, ended on a multiple of `align`; the next one begins behind it. The chain values after its events replace what
    /// is in `chains`. Its bytes are to come back by [`Framer::written`].
    pub(super) fn take(&mut self, align: u64, chains: &mut Vec<Digest>) -> Framed {
        let desk = &mut *self.shared.finish(&mut self.chunk);
        let empty = self.shared.queue.lock().buffers.pop().unwrap_or_default();
        desk.group.take(align, empty, chains, &mut desk.leaves)
    }

    /// Roots of runs of 256 leaves that are written, since they were asked for last.
    pub(super) fn roots(&mut self) -> Roots {
        self.finish().runs.take()
    }

    /// Drops what is staged: what comes next goes behind the event with this chain value.
    pub(super) fn discard(&mut self, chain: Digest) {
        self.finish().group.discard(chain);
    }

    /// These bytes were written: they go into the segment's hash, beside the sync if there are many of them.
    pub(super) fn written(&mut self, bytes: Vec<u8>) {
        if bytes.len() >= CHUNK_BYTES && self.is_beside() {
            self.shared.add(Job::Hash(bytes));
        } else {
            let mut desk = self.shared.finish(&mut self.chunk);
            self.shared.hash(&mut desk, bytes);
        }
    }

    /// The hash of all that is written to the open segment.
    pub(super) fn hashed(&mut self) -> blake3::Hasher {
        self.finish().hashed.so_far()
    }

    /// Goes on in another segment, with nothing staged.
    pub(super) fn go_on(&mut self, salt: u64, hashed: RunningHash) {
        let mut desk = self.finish();
        desk.hashed = hashed;
        desk.group.salt = salt;
    }

    /// Ends the thread.
    pub(super) fn settle(&mut self) {
        self.shared.queue.lock().ended = true;
        self.shared.arrived.notify_all();
        if let Beside::Running(thread) = std::mem::replace(&mut self.beside, Beside::Never) {
            let _ = thread.join(); // a thread that panicked has left a group too short, which its commit has told
        }
    }
}

impl Drop for Framer {
    fn drop(&mut self) {
        self.settle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Durability, FileStorage, Log, LogError, NewEvent, Opened, Options, Payload, Sequence, Stage,
    };

    /// A log whose framer has a thread, also on a single core, and a directory that lives as long.
    fn log() -> (Opened, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let storage = Arc::new(FileStorage::new(directory.path()));
        let mut opened = Log::create(storage, 42, 1, 7, &Options::default()).unwrap();
        opened.writer.framer.beside = Beside::NotYet;
        (opened, directory)
    }

    fn stage(opened: &mut Opened, payload: usize) {
        let payload = Payload::new(vec![1; payload]).unwrap();
        let payload = Some(&payload);
        let event =
            NewEvent { event_id: 1, kind: 1, kind_version: 1, actor: 1, scope: 1, body: b"body", payload };
        assert!(matches!(opened.writer.stage(1, &[event]).unwrap(), Stage::Staged(_)));
    }

    /// A thread that panics takes the chunk in its hands along. The chain would close over the gap, and nobody would see it.
    #[test]
    fn a_group_that_lost_events_on_the_way_is_not_written() {
        let (mut opened, _directory) = log();
        let shared = Arc::clone(&opened.writer.framer.shared);
        let held = shared.desk.lock();
        stage(&mut opened, CHUNK_BYTES);
        assert!(matches!(shared.queue.lock().jobs.pop_front(), Some(Job::Frame(_))));
        drop(held);
        stage(&mut opened, 10);
        assert!(matches!(opened.writer.commit(Durability::Synced), Err(LogError::Io { .. })));
        assert!(matches!(opened.writer.commit(Durability::Synced), Err(LogError::Poisoned)));
        assert_eq!(opened.reader.last(), Sequence::new(0));
        assert_eq!(opened.writer.chain_at(Sequence::new(1)), None, "nobody is told of it");
    }

    #[test]
    fn a_thread_that_gets_no_core_holds_nobody_up() {
        let (mut opened, _directory) = log();
        opened.writer.framer.shared.queue.lock().ended = true;
        for _ in 0..2 {
            for _ in 0..3 {
                stage(&mut opened, CHUNK_BYTES);
            }
            opened.writer.commit(Durability::Synced).unwrap();
            assert!(opened.writer.framer.is_beside(), "there was one to hand over to");
        }
        assert_eq!(opened.reader.last(), Sequence::new(6));
        let last = opened.reader.get(Sequence::new(6)).unwrap().unwrap();
        assert_eq!(Some(last.chain()), opened.writer.chain_at(Sequence::new(6)));
    }
}
