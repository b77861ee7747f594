//! Somebody who reads along from the files alone, while a writer writes, seals, takes snapshots, is killed and recovers.

use super::process::Lines;
use super::{Result, ensure, text};
use scoped::log::{ErrorKind, FileStorage, Log, Options, Verdict};
use scoped::{Digest, Sequence};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// A thread that opens to read, again and again.
pub(super) struct Follower {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<u64>>,
}

impl Follower {
    /// `fresh`: what was acknowledged before an opening has to be seen by it.
    pub(super) fn start(directory: &Path, lines: Lines, fresh: bool) -> Self {
        let (stop, directory) = (Arc::new(AtomicBool::new(false)), directory.to_owned());
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut rounds = 0;
            let mut before: Option<(Sequence, Digest)> = None;
            while !told.load(Ordering::Relaxed) {
                before = follow(&directory, &lines, fresh, before)?.or(before);
                rounds += 1;
            }
            Ok(rounds)
        });
        Self { stop, thread }
    }

    /// Ends it. Gives how often it has read the log.
    pub(super) fn end(self) -> Result<u64> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| "a follower panicked")?
    }
}

/// One look.
pub(super) fn read_once(directory: &Path, lines: &Lines, fresh: bool) -> Result<()> {
    follow(directory, lines, fresh, None).map(drop)
}

/// Opens to read, and reads everything: whole batches, in order, what was seen before under the same chain value, and what was acknowledged
/// before. Gives the end and the chain value there.
fn follow(
    directory: &Path,
    lines: &Lines,
    fresh: bool,
    before: Option<(Sequence, Digest)>,
) -> Result<Option<(Sequence, Digest)>> {
    let acknowledged = lines.acknowledged()?;
    let (reader, recovery) =
        match Log::open_read_only(Arc::new(FileStorage::new(directory)), &Options::default()) {
            Ok(opened) => opened,
            Err(error) if error.kind() == ErrorKind::NotFound && acknowledged.is_empty() => return Ok(None),
            Err(error) => return Err(format!("(follower) opening to read: {error}")),
        };
    let fine = !matches!(recovery.verdict, Verdict::Damaged | Verdict::RolledBack);
    ensure(fine, || format!("(follower) {recovery}: {:?}", recovery.notes))?;
    let last = reader.last();
    if let Some((at, chain)) = before {
        let now = if at <= last { reader.chain_at(at).map_err(text)? } else { None };
        ensure(now == Some(chain), || {
            format!("(follower) the chain at {at} was {chain}, is {now:?} of {last}")
        })?;
    }
    let mut left = 0;
    let mut chain = None;
    for record in reader.records(Sequence::new(1), last) {
        let record = record.map_err(|e| format!("(follower) {e}"))?;
        (left, chain) = (record.batch_left(), Some(record.chain()));
    }
    ensure(left == 0, || format!("(follower) a part of a batch is seen, to {last}"))?;
    for ack in acknowledged.iter().filter(|_| fresh) {
        let found = reader.chain_at(Sequence::new(ack.last)).map_err(text)?;
        ensure(found == Some(ack.head), || {
            format!("(follower) {ack:?} was acknowledged; seen {found:?} of {last}")
        })?;
    }
    Ok(chain.map(|chain| (last, chain)))
}
