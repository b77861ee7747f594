//! Opening a long log, and going back in it: from snapshots that were written while it grew.
//!
//! Objects with ten versions each. The floor of opening is reading the newest snapshot, byte for byte.

use super::drawn::{draw, id};
use super::load::{self, NOTE};
use super::spread::{Spread, Times, median};
use super::throwaway::Throwaway;
use anyhow::Context;
use scoped::{Batch, Command, Durability, Engine, History, ObjectId, Options, Sequence, objects};
use serde::Serialize;
use std::collections::VecDeque;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

/// Versions of each object.
const VERSIONS: u32 = 10;
/// Steps of a batch.
const STEPS: usize = 1_000;
/// Batches in flight.
const WINDOW: usize = 8;
/// Bytes of each version.
const PAYLOAD: usize = 32;
/// Moments that are gone back to with nothing at hand.
const COLD: u64 = 9;
/// Moments a little later, with a world at hand.
const NEAR: u64 = 100;
/// Events between these.
const APART: u64 = 1_000;

/// Opening, and going back.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Open {
    /// Events in the log.
    pub events: u64,
    /// Objects in the world.
    pub objects: u32,
    /// Snapshots written while the log grew, those that were let go of again included.
    pub snapshots: u64,
    /// Waiting for a batch while snapshots were written beside.
    pub waits: Spread,
    /// The same without any snapshot.
    pub quiet_waits: Spread,
    /// Bytes of the newest snapshot.
    pub snapshot_bytes: u64,
    /// Reading these bytes, seconds: the floor of opening.
    pub floor_s: f64,
    /// From the call to the first answer, seconds.
    pub open_s: f64,
    /// A world of the past with nothing at hand, seconds: the median, and the longest.
    pub cold_s: (f64, f64),
    /// One a thousand events later, ms: the median.
    pub near_ms: f64,
    /// What one object was at a moment, from its own chain: ns, the median.
    pub object_ns: f64,
}

pub(super) fn measure(directory: &Throwaway, large: bool) -> anyhow::Result<Open> {
    let objects = if large { 1_000_000 } else { 40_000 };
    let every = u64::from(objects) / 2;
    let quiet = directory.sub("quiet");
    let quiet_waits = grow(&quiet, objects / 10, 0)?.0;
    directory.clear("quiet");
    let path = directory.sub("open");
    let (waits, snapshots) = grow(&path, objects, every)?;

    let newest = newest(&path)?;
    let snapshot_bytes = std::fs::metadata(&newest)?.len();
    let (floor_s, _) = timed(|| Ok(black_box(std::fs::read(&newest)?.len())))?;
    let (open_s, engine) = timed(|| {
        let engine = Engine::open_with(&path, options(0))?;
        engine.read(|moment| black_box(moment.world().objects().len()));
        Ok(engine)
    })?;
    let events = engine.history().head().get();
    engine.close()?;

    let mut cold = Vec::new();
    for nth in 0..COLD {
        let (history, _) = History::open(&path)?;
        let at = Sequence::new(events * (nth * 11 + 7) / 100);
        cold.push(timed(|| Ok(black_box(history.world_at(at)?.position())))?.0);
    }
    let (history, _) = History::open(&path)?;
    let middle = events / 2;
    drop(history.world_at(Sequence::new(middle))?);
    let mut near = Vec::new();
    for nth in 1..=NEAR {
        let at = Sequence::new(middle + nth * APART);
        near.push(timed(|| Ok(black_box(history.world_at(at)?.position())))?.0 * 1e3);
    }
    let object_ns = one_object(&history, objects)?;
    directory.clear("open");
    let longest = cold.iter().copied().fold(0.0, f64::max);
    Ok(Open {
        events,
        objects,
        snapshots,
        waits,
        quiet_waits,
        snapshot_bytes,
        floor_s,
        open_s,
        cold_s: (median(cold), longest),
        near_ms: median(near),
        object_ns,
    })
}

fn options(every: u64) -> Options {
    let durability = Durability::Buffered { sync_every: Duration::from_millis(100) };
    Options::default().durability(durability).snapshot_after(every).types([NOTE])
}

fn timed<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(f64, T)> {
    let start = Instant::now();
    let made = work()?;
    Ok((start.elapsed().as_secs_f64(), made))
}

fn object_id(number: u32) -> ObjectId {
    ObjectId(id(14, u64::from(number)))
}

/// Makes the log; gives how long batches were waited for, and how many snapshots came meanwhile.
fn grow(path: &Path, objects: u32, every: u64) -> anyhow::Result<(Spread, u64)> {
    let engine = Engine::open_with(path, options(every))
        .with_context(|| format!("making a log in `{}`", path.display()))?;
    let actor = engine.founder();
    let (mut text, mut times, mut waiting) = (String::new(), Times::new()?, VecDeque::new());
    let mut batch = Batch::new();
    let mut seen = std::collections::BTreeSet::new();
    for version in 1..=VERSIONS {
        for number in 0..objects {
            let data = load::data(PAYLOAD, u64::from(number) << 8 | u64::from(version), &mut text)?;
            let command: Command = if version == 1 {
                objects::Create { object: Some(object_id(number)), ..objects::Create::new(NOTE, data) }.into()
            } else {
                objects::Update::new(object_id(number), data).into()
            };
            batch.push(actor, command);
            if batch.steps.len() < STEPS {
                continue;
            }
            waiting.push_back((Instant::now(), engine.submit(std::mem::take(&mut batch))?));
            if waiting.len() > WINDOW
                && let Some((since, oldest)) = waiting.pop_front()
            {
                oldest.wait()?;
                times.record(since.elapsed());
            }
        }
        seen.extend(names(path)?);
    }
    for (since, pending) in waiting {
        pending.wait()?;
        times.record(since.elapsed());
    }
    seen.extend(names(path)?);
    engine.close()?;
    Ok((times.spread(), seen.len() as u64))
}

fn names(path: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let Ok(folder) = std::fs::read_dir(path.join("snapshots")) else { return Ok(Vec::new()) };
    let mut found = folder.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    found.retain(|path| path.extension().is_some_and(|ending| ending == "world"));
    found.sort();
    Ok(found)
}

fn newest(path: &Path) -> anyhow::Result<std::path::PathBuf> {
    names(path)?.pop().context("no snapshot was written")
}

/// What objects were at version five: from their chains of changes, with no world built.
fn one_object(history: &History, objects: u32) -> anyhow::Result<f64> {
    let world = history.world_at(history.head())?;
    let mut state = 5;
    let mut times = Vec::new();
    for _ in 0..1_000 {
        let object = object_id((draw(&mut state) % u64::from(objects)) as u32);
        let start = Instant::now();
        let found = world.objects().get(object).context("an object that was made")?;
        let change = world.objects().version(found, VERSIONS / 2).context("a version that was made")?;
        black_box(history.record(change.sequence)?);
        times.push(start.elapsed().as_nanos() as f64);
    }
    Ok(median(times))
}
