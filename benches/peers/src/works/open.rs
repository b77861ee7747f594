//! Opening what was closed in order, to the first object read. The files are in the page cache.
//!
//! A store opens its root page and reads what it is asked for. The engine holds its world in memory, so it reads the snapshot, or
//! without one replays the log: what then makes its reads quick is paid for here.

use super::{Bed, PAYLOAD};
use crate::pyscoped::{self, Pyscoped};
use crate::report::{Unit, Who, Work};
use crate::stores::{Change, KINDS, Kind};
use crate::turns::Turns;
use anyhow::Context;
use scoped::objects;
use scoped::{Durability, Engine, Options};
use scoped_tools::bench::load::{NOTE, data, fill};
use scoped_tools::bench::read::touch;
use scoped_tools::bench::throwaway::Throwaway;
use scoped_tools::bench::world::{Size, World};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How often each object was updated.
const UPDATES: u64 = 4;
/// Rows in a transaction that fills a store.
const FILL: usize = 1_000;
/// Objects of pyscoped, which would take minutes to make as many as the others hold.
const PYSCOPED_OBJECTS: u32 = 5_000;

/// Somebody who opens. Nanoseconds.
trait Opens {
    fn turn(&mut self) -> anyhow::Result<f64>;
}

struct Ours<'a> {
    directory: &'a Throwaway,
    name: &'static str,
}

fn options(snapshot_after: u64) -> Options {
    let every = Duration::from_secs(1);
    Options::default()
        .durability(Durability::Buffered { sync_every: every })
        .snapshot_after(snapshot_after)
        .types([NOTE])
}

impl Ours<'_> {
    /// Closes a log with so many objects and their updates; with a snapshot if so asked.
    fn make(&self, objects: u32, snapshot: bool) -> anyhow::Result<()> {
        let path = self.directory.sub(self.name);
        let size = Size { objects, principals: 1_000, payload: PAYLOAD };
        let world = World::build(&path, size)?;
        let mut text = String::new();
        let updates = (0..u64::from(objects) * UPDATES).map_while(|number| {
            let object = World::object((number % u64::from(objects)) as u32);
            let data = data(PAYLOAD, number, &mut text).ok()?;
            Some(objects::Update { object, data, expected_version: None, reason: None }.into())
        });
        fill(&world.engine, world.engine.founder(), updates)?;
        world.engine.close()?;
        if snapshot {
            // The world is built by an engine that writes none: one that does, closed again, leaves one behind.
            Engine::open_with(&path, options(1))?.close()?;
        }
        Ok(())
    }
}

impl Opens for Ours<'_> {
    fn turn(&mut self) -> anyhow::Result<f64> {
        let start = Instant::now();
        let engine = Engine::open_with(&self.directory.sub(self.name), options(0))?;
        let object = engine.session(engine.founder())?.read(World::object(0))?;
        black_box(touch(object.data()));
        let time = start.elapsed();
        drop(object);
        engine.close()?;
        Ok(time.as_nanos() as f64)
    }
}

struct Stored<'a> {
    kind: &'static Kind,
    directory: &'a Throwaway,
}

impl Stored<'_> {
    fn make(&self, objects: u32) -> anyhow::Result<()> {
        let mut store = (self.kind.open)(&self.directory.sub(self.kind.name))?;
        let (mut text, mut made) = (String::new(), Vec::with_capacity(FILL));
        for number in 0..u64::from(objects) * (UPDATES + 1) {
            let object = World::object((number % u64::from(objects)) as u32);
            made.push((object.0, data(PAYLOAD, number, &mut text)?));
            if made.len() == FILL || number + 1 == u64::from(objects) * (UPDATES + 1) {
                let changes: Vec<_> = made
                    .iter()
                    .map(|(object, data)| Change { object: *object, data: data.bytes() })
                    .collect();
                store.commit(&changes)?;
                made.clear();
            }
        }
        Ok(())
    }
}

impl Opens for Stored<'_> {
    fn turn(&mut self) -> anyhow::Result<f64> {
        let path = self.directory.sub(self.kind.name);
        let start = Instant::now();
        let store = (self.kind.open)(&path)?;
        let found = store.reader()?.look(World::object(0).0, &mut |data| {
            black_box(touch(data));
        })?;
        let time = start.elapsed();
        found.then_some(time.as_nanos() as f64).context("the first object is not there")
    }
}

impl Opens for Pyscoped {
    fn turn(&mut self) -> anyhow::Result<f64> {
        Ok(self.open()?.seconds * 1e9)
    }
}

/// Measures it.
///
/// # Errors
/// When the directory cannot be written, or the engine refuses what it should not.
pub fn measure(bed: &Bed<'_>) -> anyhow::Result<Work> {
    let objects = bed.size.objects;
    let mut turns = Turns::<dyn Opens + '_>::new();
    for (name, snapshot, how) in
        [("with", true, "from its snapshot"), ("without", false, "without snapshot: the log is replayed")]
    {
        let ours = Ours { directory: bed.directory, name };
        ours.make(objects, snapshot)?;
        turns.enter(Who::ours(how), Box::new(ours));
    }
    for kind in &KINDS {
        let stored = Stored { kind, directory: bed.directory };
        stored.make(objects)?;
        turns.enter(Who::peer(kind.name, kind.how), Box::new(stored));
    }
    let count = PYSCOPED_OBJECTS.min(objects);
    let how = format!("SQLiteBackend, AuditWriter and ScopedManager; {count} objects, never updated");
    let peer = bed.pyscoped(pyscoped::NAME, count);
    turns.enter_or_miss(Who::peer(pyscoped::NAME, &how), peer.map(|it| Box::new(it) as Box<dyn Opens>));
    for _ in 0..bed.size.rounds {
        turns.round(&mut |one| one.turn())?;
    }
    let events = u64::from(objects) * (UPDATES + 1);
    let how =
        format!("{objects} objects, {events} changes of {PAYLOAD} B, closed in order; to the first read");
    let work = turns.done(("open", how, Unit::Nanoseconds));
    drop(turns);
    let ours = ["with", "without", pyscoped::NAME];
    ours.into_iter().chain(KINDS.map(|kind| kind.name)).for_each(|name| bed.directory.clear(name));
    Ok(work)
}
