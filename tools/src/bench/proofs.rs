//! Proofs and checkpoints of a log, with tiles and without; and the memory that whole-log commands take.
//!
//! The log is written below the engine: what is measured knows nothing of what an event means.

use super::Args;
use super::spread::{Spread, Times, median};
use super::throwaway::Throwaway;
use scoped::log::tree::{Follower, Forest, write_tiles};
use scoped::log::{Durability, FileStorage, Log, NewEvent, Options, Payload, Sequence, Stage, Storage};
use scoped_trust::{Checkpoint, Signer};
use serde::Serialize;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

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
    /// Computing and writing all tiles from the records, events a second.
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
    /// Taking in new events and checking their chain values, events a second.
    pub follow_per_s: f64,
    /// A checkpoint of a head that was followed, µs: the median.
    pub checkpoint_us: f64,
    /// The signature alone, µs: the median.
    pub signature_us: f64,
    /// Most memory of whole-log commands, bytes; empty where that cannot be seen.
    pub peaks: Vec<Peak>,
}

/// The most memory that a command ever held.
#[derive(Debug, Clone, Serialize)]
pub struct Peak {
    /// The command.
    pub command: &'static str,
    /// Its largest resident set, bytes.
    pub bytes: u64,
    /// Its wall-clock seconds.
    pub seconds: f64,
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
    let written = write_tiles(&storage, &reader, 0, &|_| {})?;
    let tiles_per_s = events as f64 / start.elapsed().as_secs_f64();
    anyhow::ensure!(written.wrong.is_empty(), "tiles were there before");
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
    let peaks = peaks(&path, &directory.sub("salvaged"), events);
    directory.clear("proofs");
    directory.clear("salvaged");
    Ok(Proofs {
        events,
        bytes,
        tiles_per_s,
        tiles_bytes,
        inclusion: inclusion.spread(),
        consistency: consistency.spread(),
        checking: checking.spread(),
        bare_s,
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

/// Runs this tool on the log, command by command. Nothing where the system does not tell, or where this is another program.
fn peaks(log: &Path, out: &Path, events: u64) -> Vec<Peak> {
    let Ok(tool) = std::env::current_exe() else { return Vec::new() };
    if tool.file_stem().is_none_or(|name| name != "scoped") {
        return Vec::new();
    }
    let (log, out, middle) = (log.to_string_lossy(), out.to_string_lossy(), (events / 2).to_string());
    let prove = ["prove", "inclusion", &log, &middle];
    let quick = peak(&tool, "prove with tiles", &prove);
    // A child that fails is left out; what it needed says nothing.
    let _ = std::fs::remove_dir_all(Path::new(&*log).join("tree"));
    let lines: [(&'static str, &[&str]); 3] = [
        ("verify", &["verify", &log]),
        ("prove without tiles", &prove),
        ("salvage", &["salvage", &log, &out]),
    ];
    quick
        .into_iter()
        .chain(lines.into_iter().filter_map(|(command, line)| peak(&tool, command, line)))
        .collect()
}

fn peak(tool: &Path, command: &'static str, line: &[&str]) -> Option<Peak> {
    let start = Instant::now();
    let mut child = Command::new(tool).args(line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    let status = format!("/proc/{}/status", child.id());
    let mut bytes = 0;
    // The system forgets the figure with the process, so it is asked for until then.
    let done = loop {
        if let Some(now) = std::fs::read_to_string(&status).ok().and_then(|text| high_water(&text)) {
            bytes = bytes.max(now);
        }
        match child.try_wait() {
            Ok(Some(done)) => break done,
            Ok(None) => std::thread::sleep(Duration::from_millis(2)),
            Err(_) => return None,
        }
    };
    (done.success() && bytes > 0).then(|| Peak { command, bytes, seconds: start.elapsed().as_secs_f64() })
}

fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}
