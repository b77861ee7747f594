//! Proofs and checkpoints of a log, with tiles and without; and the memory that whole-log commands take.
//!
//! The log is written below the engine: what is measured knows nothing of what an event means.

use super::Args;
use super::peaks::{Peak, below_the_engine, of_comply};
use super::spread::{Spread, Times, median};
use super::throwaway::Throwaway;
use scoped::log::tree::{Follower, Forest, write_tiles};
use scoped::log::{Durability, FileStorage, Log, NewEvent, Options, Payload, Sequence, Stage, Storage};
use scoped_trust::{Checkpoint, Signer};
use serde::Serialize;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Proofs of each kind.
const PROOFS: u64 = 1_000;
/// Events that are written with one payload each, digested beforehand.
const CHUNK: u64 = 10_000;

/// What proving costs.
#[derive(Debug, Clone, Serialize)]
pub struct Proofs {
    /// Events in the log.
    pub events: u64,
    /// Bytes of the log.
    pub bytes: u64,
    /// Events that tiles covered when the log was closed: as far as its segments were sealed.
    pub tiles_events: u64,
    /// Computing all tiles from the records, and writing those that are missing, events a second.
    pub tiles_per_s: f64,
    /// Bytes of the tiles.
    pub tiles_bytes: u64,
    /// Making a proof that a random event is in the log, with tiles.
    pub inclusion: Spread,
    /// Making a proof that a log of random size is the beginning of it, with tiles.
    pub consistency: Spread,
    /// Checking a proof of inclusion.
    pub checking: Spread,
    /// One proof of inclusion without tiles, seconds.
    pub bare_s: f64,
    /// The first proof of inclusion with the tiles that sealing has left, seconds: what no segment holds yet is hashed.
    pub first_s: f64,
    /// Taking in new events and checking their chain values, events a second.
    pub follow_per_s: f64,
    /// A checkpoint of a head that was followed, µs: the median.
    pub checkpoint_us: f64,
    /// The signature alone, µs: the median.
    pub signature_us: f64,
    /// Most memory of whole-log commands, bytes; empty where that cannot be seen.
    pub peaks: Vec<Peak>,
}

pub(super) fn measure(directory: &Throwaway, args: &Args) -> anyhow::Result<Proofs> {
    let events = if args.large { 10_000_000 } else { 400_000 };
    let path = directory.sub("proofs");
    write(&path, events, args.payload)?;
    let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(&path));
    let (reader, _) = Log::open_read_only(Arc::clone(&storage), &Options::default())?;
    let bytes = reader.segments().iter().map(|segment| segment.bytes).sum();
    let middle = Sequence::new(events / 2);
    let nothing = || anyhow::anyhow!("the log that was just written has no such event");

    let start = Instant::now();
    let proof = Forest::new(reader.clone()).inclusion(middle, events)?.ok_or_else(nothing)?;
    let bare_s = start.elapsed().as_secs_f64();
    let root = proof.root()?;

    let start = Instant::now();
    let grown = Forest::new(reader.clone()).with_tiles(Arc::clone(&storage));
    let first = grown.inclusion(middle, events)?.ok_or_else(nothing)?;
    let first_s = start.elapsed().as_secs_f64();
    anyhow::ensure!(first.root()? == root, "the tiles that sealing left lead elsewhere");
    let tiles_events = covered(&path.join("tree"))?;

    let start = Instant::now();
    let written = write_tiles(&storage, &reader, 0, &|_| {})?;
    let tiles_per_s = events as f64 / start.elapsed().as_secs_f64();
    anyhow::ensure!(written.wrong.is_empty(), "the tiles that sealing left are wrong");
    let tiles = std::fs::read_dir(path.join("tree"))?.map(|entry| Ok(entry?.metadata()?.len()));
    let tiles_bytes = tiles.sum::<std::io::Result<u64>>()?;

    let mut follower = Follower::at_beginning(&reader)?;
    let start = Instant::now();
    follower.catch_up(&reader, reader.last(), &|_| {})?;
    let follow_per_s = events as f64 / start.elapsed().as_secs_f64();
    anyhow::ensure!(follower.head().root == root, "two ways to one root");

    let forest = Forest::new(reader.clone()).with_tiles(Arc::clone(&storage));
    let (mut inclusion, mut consistency, mut checking) = (Times::new()?, Times::new()?, Times::new()?);
    for nth in 0..PROOFS {
        // An odd stride reaches everywhere; the first look into a segment makes its index, which is not part of a proof.
        let at = nth.wrapping_mul(0x9e37_79b9_7f4a_7c15) % events + 1;
        black_box(reader.get(Sequence::new(at))?);
        let start = Instant::now();
        let proof = forest.inclusion(Sequence::new(at), events)?.ok_or_else(nothing)?;
        inclusion.record(start.elapsed());
        let start = Instant::now();
        anyhow::ensure!(proof.root()? == root, "a proof leads elsewhere");
        checking.record(start.elapsed());
        let start = Instant::now();
        let proof = forest.consistency(at, events)?.ok_or_else(nothing)?;
        consistency.record(start.elapsed());
        proof.check()?;
    }

    let signer = Signer::generate("bench").map_err(|error| anyhow::anyhow!("{error}"))?;
    let (mut whole, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..PROOFS {
        let start = Instant::now();
        let mut checkpoint = Checkpoint::of(follower.head())?;
        checkpoint.sign(&signer)?;
        whole.push(start.elapsed().as_secs_f64() * 1e6);
        let mut again = Checkpoint::of(follower.head())?;
        let start = Instant::now();
        again.sign(&signer)?;
        alone.push(start.elapsed().as_secs_f64() * 1e6);
        black_box((checkpoint, again));
    }
    drop((forest, reader));
    let mut peaks = below_the_engine(&path, &directory.sub("salvaged"), events);
    directory.clear("proofs");
    directory.clear("salvaged");
    peaks.extend(of_comply(&directory.sub("comply"), events, args.payload)?);
    directory.clear("comply");
    Ok(Proofs {
        events,
        bytes,
        tiles_events,
        tiles_per_s,
        tiles_bytes,
        inclusion: inclusion.spread(),
        consistency: consistency.spread(),
        checking: checking.spread(),
        bare_s,
        first_s,
        follow_per_s,
        checkpoint_us: median(whole),
        signature_us: median(alone),
        peaks,
    })
}

fn write(path: &Path, events: u64, payload: usize) -> anyhow::Result<()> {
    let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(path));
    let mut opened = Log::create(storage, 1, 1, 1, &Options::default())?;
    for first in (1..=events).step_by(CHUNK as usize) {
        let payload = Payload::new(vec![first as u8; payload])?;
        for n in first..=events.min(first + CHUNK - 1) {
            let (event_id, payload) = (u128::from(n), Some(&payload));
            let event =
                NewEvent { event_id, kind: 1, kind_version: 1, actor: 2, scope: 3, body: b"", payload };
            while opened.writer.stage(n, &[event])? == Stage::GroupFull {
                opened.writer.commit(Durability::Buffered)?;
            }
        }
        opened.writer.commit(Durability::Buffered)?;
    }
    Ok(opened.writer.close()?)
}

/// Events below the tiles of the lowest height: runs of 256, 32 bytes each.
fn covered(tree: &Path) -> anyhow::Result<u64> {
    let mut events = 0;
    for entry in std::fs::read_dir(tree).into_iter().flatten() {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("08-") {
            events += (entry.metadata()?.len().saturating_sub(104) / 32) * 256;
        }
    }
    Ok(events)
}
