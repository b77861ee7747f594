//! Reading an object by its id, with everything in memory or in the page cache.
//!
//! The engine answers a principal: the read is authorized, through the tree of scopes. The stores answer anybody. Twice: *one by
//! one*, where the next id depends on what was just read, and *overlapped*, where the processor may run several looks at once.

use super::{Bed, PAYLOAD};
use crate::pyscoped::{self, Pyscoped};
use crate::report::{Unit, Who, Work};
use crate::stores::{Change, KINDS, Reads, Store};
use crate::turns::Turns;
use scoped::ObjectId;
use scoped_tools::bench::drawn::draw;
use scoped_tools::bench::load::data;
use scoped_tools::bench::read::{timed, touch};
use scoped_tools::bench::world::{Size, World};
use std::collections::HashMap;
use std::sync::Arc;

/// Ids that a turn looks up: short enough that most turns pass without an interruption.
const TURN: usize = 256;
/// Turns for each of the short rounds that other works have.
const TURNS: usize = 8;
/// Rows in a transaction that fills a store.
const FILL: usize = 1_000;
/// Objects of pyscoped: with as many as the others it would take minutes to fill. Fewer are quicker to find.
const PYSCOPED_OBJECTS: u32 = 5_000;

/// Somebody who looks up these objects. Nanoseconds of a look; `waits` when each look waits for the one before.
trait LooksUp {
    fn turn(&mut self, numbers: &[u32], waits: bool) -> anyhow::Result<f64>;
}

fn ids(numbers: &[u32]) -> Vec<ObjectId> {
    numbers.iter().map(|number| World::object(*number)).collect()
}

fn time(numbers: &[u32], waits: bool, look: impl FnMut(ObjectId) -> Option<u8>) -> anyhow::Result<f64> {
    let ids = ids(numbers);
    if waits { timed::<true>(&ids, look) } else { timed::<false>(&ids, look) }
}

struct Map(HashMap<u128, Arc<[u8]>, foldhash::fast::RandomState>);

impl LooksUp for Map {
    fn turn(&mut self, numbers: &[u32], waits: bool) -> anyhow::Result<f64> {
        time(numbers, waits, |id| self.0.get(&id.0).map(|data| touch(&Arc::clone(data))))
    }
}

struct Ours<'a>(&'a World);

impl LooksUp for Ours<'_> {
    fn turn(&mut self, numbers: &[u32], waits: bool) -> anyhow::Result<f64> {
        let session = self.0.engine.session(self.0.engine.founder())?;
        let reading = session.reading();
        time(numbers, waits, |id| reading.read(id).ok().map(|object| touch(object.data())))
    }
}

struct Stored<'a>(Box<dyn Reads + 'a>);

impl LooksUp for Stored<'_> {
    fn turn(&mut self, numbers: &[u32], waits: bool) -> anyhow::Result<f64> {
        time(numbers, waits, |id| {
            let mut seen = 0;
            let found = self.0.look(id.0, &mut |data| seen = touch(data)).ok()?;
            found.then_some(seen)
        })
    }
}

impl LooksUp for Pyscoped {
    fn turn(&mut self, numbers: &[u32], _: bool) -> anyhow::Result<f64> {
        let turn = self.read(numbers)?;
        Ok(turn.seconds * 1e9 / numbers.len() as f64)
    }
}

fn fill(store: &mut dyn Store, objects: u32) -> anyhow::Result<()> {
    let mut text = String::new();
    let numbers: Vec<u32> = (0..objects).collect();
    for part in numbers.chunks(FILL) {
        let made: Vec<_> = part
            .iter()
            .map(|nth| Ok((World::object(*nth).0, data(PAYLOAD, u64::from(*nth), &mut text)?)))
            .collect::<anyhow::Result<_>>()?;
        let changes: Vec<_> =
            made.iter().map(|(object, data)| Change { object: *object, data: data.bytes() }).collect();
        store.commit(&changes)?;
    }
    Ok(())
}

/// Measures it.
///
/// # Errors
/// When the directory cannot be written, or the engine refuses what it should not.
pub fn measure(bed: &Bed<'_>) -> anyhow::Result<Vec<Work>> {
    let objects = bed.size.objects;
    let size = Size { objects, principals: 1_000, payload: PAYLOAD };
    let world = World::build(&bed.directory.sub("ours"), size)?;
    let mut stores = Vec::new();
    for kind in &KINDS {
        let mut store = (kind.open)(&bed.directory.sub(kind.name))?;
        fill(&mut *store, objects)?;
        stores.push((kind, store));
    }
    let session = world.engine.session(world.engine.founder())?;
    let copy = |nth| anyhow::Ok((World::object(nth).0, session.read(World::object(nth))?.data().into()));
    let map = Map((0..objects).map(copy).collect::<anyhow::Result<_>>()?);
    let mut turns = Turns::<dyn LooksUp + '_>::new();
    turns.enter(
        Who::floor("HashMap of the same data, with the engine's hash; no authorization"),
        Box::new(map),
    );
    turns.enter(Who::ours("Reading::read, authorized"), Box::new(Ours(&world)));
    for (kind, store) in &stores {
        turns.enter(Who::peer(kind.name, kind.how), Box::new(Stored(store.reader()?)));
    }
    let count = PYSCOPED_OBJECTS.min(objects);
    let peer = bed.pyscoped(pyscoped::NAME, count);
    let how = format!("ScopedManager.get_current_version by the owner, {count} objects");
    turns.enter_or_miss(Who::peer(pyscoped::NAME, &how), peer.map(|it| Box::new(it) as Box<dyn LooksUp>));

    let mut state = 1;
    let mut works = Vec::new();
    for (name, waits) in [("read, one by one", true), ("read, overlapped", false)] {
        for _ in 0..bed.size.short_rounds * TURNS {
            turns.round(&mut |one| {
                // New ids for everybody: what one has looked up lies in the caches for the next.
                let numbers: Vec<u32> =
                    (0..TURN).map(|_| (draw(&mut state) % u64::from(objects)) as u32).collect();
                one.turn(&numbers, waits)
            })?;
        }
        let how = format!("{objects} objects of {PAYLOAD} B, all of them in memory or in the page cache");
        works.push(turns.done((name, how, Unit::Nanoseconds)));
    }
    drop(turns);
    drop(stores);
    drop(session);
    drop(world);
    ["ours", pyscoped::NAME]
        .into_iter()
        .chain(KINDS.map(|kind| kind.name))
        .for_each(|name| bed.directory.clear(name));
    Ok(works)
}
