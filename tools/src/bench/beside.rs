//! Reads beside a writer: whether who reads feels that somebody writes.
//!
//! One thread reads any of many objects, each read timed alone, in turns: nobody writes, one caller writes with a sync each, one
//! keeps a thousand commits in flight. The last takes a core for its caller and one for the log's writer: where there are two, the
//! reader waits for a core then, and for no lock.

use super::Args;
use super::drawn::draw;
use super::load::{Load, NOTE, data, engine, fill, worker};
use super::report::Beside;
use super::spread::Times;
use super::throwaway::Throwaway;
use super::world::World;
use scoped::{Durability, Engine, ObjectId, Reading, objects};
use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// Objects that are read, none of them written meanwhile.
const OBJECTS: u32 = 100_000;
/// Turns of each kind.
const TURNS: u32 = 6;
/// Commits in flight of the writer that runs flat out.
const WINDOW: usize = 1_024;

pub(super) fn measure(directory: &Throwaway, args: &Args) -> anyhow::Result<Beside> {
    let open = engine(&directory.sub("beside"), Durability::Synced)?;
    let (reader, _) = worker(&open, args.payload, 0)?;
    let mut text = String::new();
    let made = (0..OBJECTS).map_while(|nth| {
        let data = data(args.payload, u64::from(nth), &mut text).ok()?;
        Some(objects::Create::new(NOTE, data).with_id(World::object(nth)).into())
    });
    fill(&open, reader, made)?;
    let (writer, mine) = worker(&open, args.payload, 1)?;
    let reading = open.session(reader)?.reading();
    let turn = Duration::from_secs_f64(args.seconds / f64::from(3 * TURNS));
    let load = |window| Load { writers: 1, batch: 1, payload: args.payload, window };
    let (mut alone, mut synced, mut flat_out) = (Times::new()?, Times::new()?, Times::new()?);
    let (mut syncs, mut events, mut state) = (0, 0, 1);
    for _ in 0..TURNS {
        read(&reading, turn, &mut state, &mut alone)?;
        let mut written = |window, times: &mut Times| {
            let gate = Barrier::new(2);
            std::thread::scope(|scope| {
                let (gate, mine, open): (_, &[ObjectId], &Engine) = (&gate, &mine, &open);
                let writing = scope.spawn(move || load(window).write(open, writer, mine, (gate, turn)));
                gate.wait();
                read(&reading, turn, &mut state, times)?;
                let (done, _) =
                    writing.join().map_err(|_| anyhow::anyhow!("a writing thread panicked"))??;
                anyhow::Ok(done)
            })
        };
        syncs += written(1, &mut synced)?;
        events += written(WINDOW, &mut flat_out)?;
    }
    drop(reading);
    open.close()?;
    directory.clear("beside");
    let seconds = turn.as_secs_f64() * f64::from(TURNS);
    let (alone, synced, flat_out) = (alone.spread(), synced.spread(), flat_out.spread());
    let ratio = |of: u64, to: u64| of as f64 / to.max(1) as f64;
    Ok(Beside {
        objects: OBJECTS,
        alone,
        synced,
        flat_out,
        synced_per_s: syncs as f64 / seconds,
        flat_out_per_s: events as f64 / seconds,
        synced_p99_ratio: ratio(synced.p99_ns, alone.p99_ns),
        flat_out_p99_ratio: ratio(flat_out.p99_ns, alone.p99_ns),
    })
}

/// Reads random objects for so long, each timed alone, the clock included.
fn read(reading: &Reading, time: Duration, state: &mut u64, times: &mut Times) -> anyhow::Result<()> {
    let start = Instant::now();
    let mut begun = start;
    while begun.duration_since(start) < time {
        let object = reading.read(World::object((draw(state) % u64::from(OBJECTS)) as u32))?;
        black_box(object.data().first().copied());
        let ended = Instant::now();
        times.record(ended.duration_since(begun));
        begun = Instant::now();
    }
    Ok(())
}
