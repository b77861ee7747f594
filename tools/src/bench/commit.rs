//! Throughput of commits, and its part of the floor.
//!
//! Engine and floor take turns, round by round, so that a neighbour who wakes up slows both. The floor writes groups of the very
//! sizes that the engine's log shows for the round before.

use super::floor::Floor;
use super::load::{Load, engine};
use super::report::Commit;
use super::spread::{Times, median};
use super::throwaway::Throwaway;
use super::{Args, When};
use scoped::Sequence;
use std::time::Duration;

/// Turns that engine and floor take.
const ROUNDS: u32 = 5;
/// Bytes a second that the floor may write at most; space for it is reserved beforehand.
const FLOOR_BYTES_PER_S: f64 = 2e9;
const FLOOR_BYTES_MIN: u64 = 256 << 20;

pub(super) fn measure(directory: &Throwaway, args: &Args) -> anyhow::Result<Commit> {
    let load = Load { writers: args.writers, batch: args.batch, payload: args.payload, window: args.window };
    let time = Duration::from_secs_f64(args.seconds / f64::from(2 * ROUNDS));
    let space = ((time.as_secs_f64() * FLOOR_BYTES_PER_S) as u64).max(FLOOR_BYTES_MIN);
    let mut floor = Floor::new(args.payload)?;
    let (mut times, mut events, mut groups_seen) = (Times::new()?, 0, 0);
    let (mut engines, mut floors, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let open = engine(&directory.sub("commit"), args.durability.durability())?;
        let before = open.history().head();
        let done = load.run(&open, time)?;
        let groups = groups(&open, before)?;
        open.close()?;
        directory.clear("commit");
        events += done.events;
        groups_seen += groups.len();
        times.add(&done.times)?;

        let file = directory.file("floor", space)?;
        let bare = floor.run(&groups, (&*file, space), args.durability != When::Buffered, time)?;
        drop(file);
        directory.clear("floor");
        engines.push(done.events_per_s);
        floors.push(bare);
        ratios.push(done.events_per_s / bare);
    }
    Ok(Commit {
        writers: load.writers,
        batch: load.batch,
        payload_bytes: load.payload,
        record_bytes: floor.record_bytes(),
        durability: args.durability.as_str(),
        window: load.window,
        events,
        events_per_s: median(engines),
        floor_per_s: median(floors),
        ratio: median(ratios),
        group_events: events as f64 / groups_seen.max(1) as f64,
        latency: times.spread(),
    })
}

/// Sizes of the groups in which the updates behind `before` were written.
///
/// # Errors
/// When the log cannot be read, or there are none.
pub fn groups(engine: &scoped::Engine, before: Sequence) -> anyhow::Result<Vec<u32>> {
    let (mut sizes, mut size) = (Vec::new(), 0);
    let update = scoped::projections::objects::ObjectUpdated::KIND;
    for record in engine.history().reader().records(before.next(), engine.history().head()) {
        let record = record?;
        // What came before the first update set things up, one by one.
        if record.kind() == update {
            size += 1;
        }
        if record.ends_group() && size > 0 {
            sizes.push(std::mem::take(&mut size));
        }
    }
    anyhow::ensure!(!sizes.is_empty(), "nothing was written in this time: use more `--seconds`");
    Ok(sizes)
}
