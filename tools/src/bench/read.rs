//! Reading objects: as a principal, authorized, with the data in the mapped log; against bare maps that hold the same data.
//!
//! Each side gets the same random ids and looks at the first and the last byte of what it finds.

use super::drawn::draw;
use super::report::{Looks, Read};
use super::spread::median;
use super::world::World;
use anyhow::Context;
use scoped::{ObjectId, Reading, Session};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

/// Ids that a turn looks up: short enough that most turns pass without an interruption.
const TURN: usize = 256;
/// Turns that each side takes.
const TURNS: u64 = 1_500;

pub(super) fn measure(world: &World) -> anyhow::Result<Read> {
    let session = world.engine.session(world.engine.founder())?;
    let ours: Map<foldhash::fast::RandomState> = copies(&session, world.size.objects)?;
    let std: Map<RandomState> = copies(&session, world.size.objects)?;
    let reading = session.reading();
    Ok(Read {
        objects: world.size.objects,
        payload_bytes: world.size.payload,
        one_by_one: looks::<true>(world, &reading, (&ours, &std))?,
        overlapped: looks::<false>(world, &reading, (&ours, &std))?,
    })
}

type Map<H> = HashMap<u128, Arc<[u8]>, H>;

fn looks<const WAITS: bool>(
    world: &World,
    reading: &Reading,
    (ours, std): (&Map<foldhash::fast::RandomState>, &Map<RandomState>),
) -> anyhow::Result<Looks> {
    let (mut reads, mut maps, mut std_maps) = (Vec::new(), Vec::new(), Vec::new());
    let mut state = 1;
    for _ in 0..TURNS {
        // New ids for each side: what one has looked up lies in the caches for the next.
        let mut ids = || -> Vec<ObjectId> {
            let number = |_| World::object((draw(&mut state) % u64::from(world.size.objects)) as u32);
            (0..TURN).map(number).collect()
        };
        maps.push(timed::<WAITS>(&ids(), |id| ours.get(&id.0).map(|data| touch(&Arc::clone(data))))?);
        std_maps.push(timed::<WAITS>(&ids(), |id| std.get(&id.0).map(|data| touch(&Arc::clone(data))))?);
        reads.push(timed::<WAITS>(&ids(), |id| reading.read(id).ok().map(|object| touch(object.data())))?);
    }
    let (read_ns, map_ns, std_map_ns) = (median(reads), median(maps), median(std_maps));
    Ok(Looks { read_ns, map_ns, std_map_ns, ratio: read_ns / map_ns, std_ratio: read_ns / std_map_ns })
}

/// Looks at the first and the last byte.
#[must_use]
pub fn touch(data: &[u8]) -> u8 {
    data.first().copied().unwrap_or(0) ^ data.last().copied().unwrap_or(0)
}

fn copies<H: BuildHasher + Default>(session: &Session, objects: u32) -> anyhow::Result<Map<H>> {
    let copy = |nth| {
        let id = World::object(nth);
        Ok((id.0, session.read(id)?.data().into()))
    };
    (0..objects).map(copy).collect()
}

/// Nanoseconds for one look, on average over all ids. With `WAITS`, the next id is known only when the last one was found.
///
/// # Errors
/// When one is not found.
pub fn timed<const WAITS: bool>(
    ids: &[ObjectId],
    mut look: impl FnMut(ObjectId) -> Option<u8>,
) -> anyhow::Result<f64> {
    // Always zero, which the compiler and the processor cannot know.
    let mask = black_box(0u8);
    let (mut found, mut all) = (0usize, 0u8);
    let start = Instant::now();
    for nth in 0..ids.len() {
        let shift = if WAITS { usize::from(all & mask) } else { 0 };
        if let Some(byte) = ids.get(nth + shift).and_then(|id| look(*id)) {
            found += 1;
            all ^= byte;
        }
    }
    let time = start.elapsed();
    black_box(all);
    (found == ids.len())
        .then_some(time.as_nanos() as f64 / ids.len() as f64)
        .context("an object was not found")
}
