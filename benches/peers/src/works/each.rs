//! One writer whose every change is synced before it returns.

use super::{Bed, PAYLOAD};
use crate::pyscoped::{self, Pyscoped};
use crate::report::{Unit, Who, Work};
use crate::stores::{Change, KINDS, Store};
use crate::turns::Turns;
use scoped::log::StorageFile;
use scoped::{Durability, Engine, ObjectId, PrincipalId, objects};
use scoped_tools::bench::floor::{Floor, write_all};
use scoped_tools::bench::load::{data, engine, worker};
use scoped_tools::bench::spread::median;
use std::sync::Arc;
use std::time::Instant;

/// Syncs in a turn.
const TURN: usize = 32;
/// What a sector takes at least: what the log aligns its groups to.
const SECTOR: usize = 512;
/// Space for the floor; when it is full its beginning is written again.
const SPACE: u64 = 64 << 20;
/// Objects that are updated.
const OBJECTS: u64 = 64;

/// Somebody who commits changes one by one. The median of so many, in ns.
trait CommitsEach {
    fn turn(&mut self, count: usize) -> anyhow::Result<f64>;
}

/// The median of so many times.
fn times(count: usize, mut once: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let begun = Instant::now();
        once()?;
        times.push(begun.elapsed().as_nanos() as f64);
    }
    Ok(median(times))
}

struct Bare {
    file: Arc<dyn StorageFile>,
    bytes: Vec<u8>,
    at: u64,
}

impl CommitsEach for Bare {
    fn turn(&mut self, count: usize) -> anyhow::Result<f64> {
        times(count, || {
            write_all(&*self.file, &self.bytes, self.at)?;
            self.file.sync_data()?;
            let next = self.at + self.bytes.len() as u64;
            self.at = if next + self.bytes.len() as u64 > SPACE { 0 } else { next };
            Ok(())
        })
    }
}

struct Ours {
    engine: Engine,
    actor: PrincipalId,
    mine: Vec<ObjectId>,
    number: u64,
    text: String,
}

impl CommitsEach for Ours {
    fn turn(&mut self, count: usize) -> anyhow::Result<f64> {
        let session = self.engine.session(self.actor)?;
        times(count, || {
            self.number += 1;
            let object = self.mine[self.number as usize % self.mine.len()];
            let data = data(PAYLOAD, self.number, &mut self.text)?;
            session.execute(objects::Update { object, data, expected_version: None, reason: None })?;
            Ok(())
        })
    }
}

struct Stored {
    store: Box<dyn Store>,
    number: u64,
    text: String,
}

impl CommitsEach for Stored {
    fn turn(&mut self, count: usize) -> anyhow::Result<f64> {
        times(count, || {
            self.number += 1;
            let data = data(PAYLOAD, self.number, &mut self.text)?;
            self.store.commit(&[Change { object: u128::from(self.number % OBJECTS), data: data.bytes() }])
        })
    }
}

impl CommitsEach for Pyscoped {
    fn turn(&mut self, count: usize) -> anyhow::Result<f64> {
        Ok(median(self.update(count)?.times_ns.into_iter().map(|ns| ns as f64).collect()))
    }
}

/// Measures it.
///
/// # Errors
/// When the directory cannot be written, or the engine refuses what it should not.
pub fn measure(bed: &Bed<'_>) -> anyhow::Result<Work> {
    let mut turns = Turns::<dyn CommitsEach>::new();
    let bytes = vec![7; Floor::new(PAYLOAD)?.record_bytes().next_multiple_of(SECTOR)];
    let file = bed.directory.file("bare", SPACE)?;
    turns.enter(
        Who::floor("bare write and fdatasync of as many bytes"),
        Box::new(Bare { file, bytes, at: 0 }),
    );
    let engine = engine(&bed.directory.sub("ours"), Durability::SyncedEach)?;
    let (actor, mine) = worker(&engine, PAYLOAD, 0)?;
    let ours = Ours { engine, actor, mine, number: 0, text: String::new() };
    turns.enter(Who::ours("Session::execute, authorized, from the call to the receipt"), Box::new(ours));
    for kind in &KINDS {
        let store = (kind.open)(&bed.directory.sub(kind.name))?;
        turns.enter(
            Who::peer(kind.name, kind.how),
            Box::new(Stored { store, number: 0, text: String::new() }),
        );
    }
    let peer = bed.pyscoped(pyscoped::NAME, OBJECTS as u32);
    let how = "ScopedManager.update: three transactions, three syncs";
    turns.enter_or_miss(Who::peer(pyscoped::NAME, how), peer.map(|it| Box::new(it) as Box<dyn CommitsEach>));
    for _ in 0..bed.size.short_rounds {
        turns.round(&mut |one| one.turn(TURN))?;
    }
    let how = format!("updates of {PAYLOAD} B by one caller; median of {TURN} a turn");
    let work = turns.done(("sync each", how, Unit::Nanoseconds));
    ["bare", "ours", pyscoped::NAME]
        .into_iter()
        .chain(KINDS.map(|kind| kind.name))
        .for_each(|name| bed.directory.clear(name));
    Ok(work)
}
