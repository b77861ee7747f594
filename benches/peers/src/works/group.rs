//! Group commit: many changes share a sync, and none is acknowledged before it.
//!
//! The engine goes first in each round: as many writers as there are cores, each with 1 024 batches of one update in flight. The
//! groups that its log then shows are what everybody else commits, one transaction a group, in stores as new as the engine's log.
//! The stores are given ready groups by one thread: they have no queue, no second thread to hand over to, and nobody to ask
//! whether the writer may. pyscoped has no batches of objects: its updates go one by one, and its trail alone in batches.

use super::{Bed, PAYLOAD};
use crate::pyscoped::{self, Pyscoped};
use crate::report::{Unit, Who, Work};
use crate::stores::{Change, KINDS, Store};
use crate::turns::Turns;
use scoped::Durability;
use scoped_tools::bench::commit::groups;
use scoped_tools::bench::floor::Floor;
use scoped_tools::bench::load::{Load, data, engine};
use scoped_tools::bench::machine::cores;
use scoped_tools::bench::throwaway::Throwaway;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Batches that each writer of the engine keeps in flight.
const WINDOW: usize = 1_024;
/// Objects of each writer, as of the engine's own.
const OBJECTS: u64 = 64;
/// Space that is reserved for the floor.
const FLOOR_BYTES: u64 = 512 << 20;

/// Somebody who commits groups of these sizes, over and over, for so long. Changes a second.
pub trait CommitsGroups {
    /// A turn.
    fn turn(&mut self, groups: &[u32], time: Duration) -> anyhow::Result<f64>;
}

/// What the engine reaches, and the groups that it made.
pub struct Ours<'a> {
    /// Where its log goes.
    pub directory: &'a Throwaway,
    /// What its writers do.
    pub load: Load,
    /// When a receipt is given.
    pub durability: Durability,
}

impl Ours<'_> {
    /// A turn with a new log.
    pub fn turn(&self, time: Duration) -> anyhow::Result<(f64, Vec<u32>)> {
        let open = engine(&self.directory.sub("ours"), self.durability)?;
        let before = open.history().head();
        let done = self.load.run(&open, time)?;
        let groups = groups(&open, before)?;
        open.close()?;
        self.directory.clear("ours");
        Ok((done.events_per_s, groups))
    }
}

/// One loop that hashes, copies, writes and syncs.
pub struct Bare<'a> {
    /// Where its file goes.
    pub directory: &'a Throwaway,
    /// Bytes of a change's data.
    pub payload: usize,
}

impl CommitsGroups for Bare<'_> {
    fn turn(&mut self, groups: &[u32], time: Duration) -> anyhow::Result<f64> {
        let file = self.directory.file("floor", FLOOR_BYTES)?;
        let rate = Floor::new(self.payload)?.run(groups, (&*file, FLOOR_BYTES), true, time)?;
        drop(file);
        self.directory.clear("floor");
        Ok(rate)
    }
}

/// A store, new in each turn.
pub struct Stored<'a> {
    /// Opens it.
    pub open: fn(&Path) -> anyhow::Result<Box<dyn Store>>,
    /// Where its files go.
    pub directory: &'a Throwaway,
    /// Their name there.
    pub name: &'static str,
    /// Bytes of a change's data.
    pub payload: usize,
}

impl Stored<'_> {
    fn path(&self) -> PathBuf {
        self.directory.sub(self.name)
    }
}

impl CommitsGroups for Stored<'_> {
    fn turn(&mut self, groups: &[u32], time: Duration) -> anyhow::Result<f64> {
        let mut store = (self.open)(&self.path())?;
        let (_, rate) = commit_for(&mut *store, self.payload, groups, time)?;
        drop(store);
        self.directory.clear(self.name);
        Ok(rate)
    }
}

/// Commits groups of these sizes to a store for so long, the making of their data included. How many changes, and
/// how many a second.
pub fn commit_for(
    store: &mut dyn Store,
    payload: usize,
    groups: &[u32],
    time: Duration,
) -> anyhow::Result<(u64, f64)> {
    // Asked once: it reads files of the system, which took 30 µs a change and made all stores look alike.
    let objects = OBJECTS * cores() as u64;
    let (mut text, mut number, mut made) = (String::new(), 0u64, Vec::new());
    let start = Instant::now();
    for size in groups.iter().cycle() {
        if start.elapsed() >= time {
            break;
        }
        made.clear();
        for _ in 0..*size {
            number += 1;
            made.push((number % objects, data(payload, number, &mut text)?));
        }
        let changes: Vec<Change<'_>> = made
            .iter()
            .map(|(object, data)| Change { object: u128::from(*object), data: data.bytes() })
            .collect();
        store.commit(&changes)?;
    }
    Ok((number, number as f64 / start.elapsed().as_secs_f64()))
}

struct OneByOne(Pyscoped);

impl CommitsGroups for OneByOne {
    fn turn(&mut self, _: &[u32], time: Duration) -> anyhow::Result<f64> {
        Ok(self.0.update_for(time.as_secs_f64())?.per_s())
    }
}

struct TrailAlone(Pyscoped);

impl CommitsGroups for TrailAlone {
    fn turn(&mut self, groups: &[u32], time: Duration) -> anyhow::Result<f64> {
        // As many as it might come to: all of them would be megabytes of request.
        let some = groups.get(..groups.len().min(256)).unwrap_or_default();
        Ok(self.0.record(some, time.as_secs_f64())?.per_s())
    }
}

/// Measures it.
///
/// # Errors
/// When the directory cannot be written, or the engine refuses what it should not.
pub fn measure(bed: &Bed<'_>) -> anyhow::Result<Work> {
    let time = Duration::from_secs_f64(bed.size.seconds);
    let load = Load { writers: cores(), batch: 1, payload: PAYLOAD, window: WINDOW };
    let ours = Ours { directory: bed.directory, load, durability: Durability::Synced };
    let mut turns = Turns::<dyn CommitsGroups + '_>::new();
    turns.enter(
        Who::floor("one thread: hash one record, chain, copy; write and sync a group"),
        Box::new(Bare { directory: bed.directory, payload: PAYLOAD }),
    );
    for kind in &KINDS {
        let stored = Stored { open: kind.open, directory: bed.directory, name: kind.name, payload: PAYLOAD };
        turns.enter(Who::peer(kind.name, kind.how), Box::new(stored));
    }
    let objects = OBJECTS as u32 * cores() as u32;
    let one =
        Who::peer(pyscoped::NAME, "ScopedManager.update, which has no batches: three transactions an update");
    turns.enter_or_miss(
        one,
        bed.pyscoped("pyscoped", objects).map(|it| Box::new(OneByOne(it)) as Box<dyn CommitsGroups>),
    );
    let trail = Who::peer("pyscoped, trail alone", "AuditWriter.record_batch: entries, and no objects");
    if bed.python.is_ok() {
        turns.enter_or_miss(
            trail,
            bed.pyscoped("trail", objects).map(|it| Box::new(TrailAlone(it)) as Box<dyn CommitsGroups>),
        );
    }
    let (mut rates, mut sizes) = (Vec::new(), Vec::new());
    for _ in 0..bed.size.rounds {
        let (rate, groups) = ours.turn(time)?;
        sizes.extend(groups.iter().map(|size| f64::from(*size)));
        rates.push(rate);
        turns.round(&mut |one| one.turn(&groups, time))?;
    }
    let mean = sizes.iter().sum::<f64>() / sizes.len().max(1) as f64;
    let how = format!(
        "updates of {PAYLOAD} B, {mean:.0} a group on average, synced before they are acknowledged; changes a second"
    );
    let who = format!("{} writers × {WINDOW} in flight, each update authorized", load.writers);
    Ok(turns.done_beside(vec![(Who::ours(&who), rates)], ("group commit", how, Unit::PerSecond)))
}
