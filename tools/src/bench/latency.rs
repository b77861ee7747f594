//! A caller alone, whose every command waits for a sync of its own, against a bare write and sync of as many bytes.

use super::Args;
use super::floor::{Floor, write_all};
use super::load::{data, engine, worker};
use super::report::Latency;
use super::spread::Times;
use super::throwaway::Throwaway;
use scoped::{Durability, objects};
use std::time::{Duration, Instant};

/// Syncs in a turn; then the other side has its own.
const TURN: usize = 32;
/// What a sector takes at least: what the log aligns its groups to.
const SECTOR: usize = 512;
/// The bare file; when it is full its beginning is written again.
const SPACE: u64 = 64 << 20;

pub(super) fn measure(directory: &Throwaway, args: &Args) -> anyhow::Result<Latency> {
    let open = engine(&directory.sub("latency"), Durability::SyncedEach)?;
    let (actor, mine) = worker(&open, args.payload, 0)?;
    let session = open.session(actor)?;
    let bytes = vec![7; Floor::new(args.payload)?.record_bytes().next_multiple_of(SECTOR)];
    let file = directory.file("bare", SPACE)?;
    let (mut bare, mut command) = (Times::new()?, Times::new()?);
    let (mut at, mut number, mut text) = (0, 0u64, String::new());
    let (start, time) = (Instant::now(), Duration::from_secs_f64(args.seconds));
    while start.elapsed() < time {
        for _ in 0..TURN {
            let begun = Instant::now();
            write_all(&*file, &bytes, at)?;
            file.sync_data()?;
            bare.record(begun.elapsed());
            at = if at + 2 * bytes.len() as u64 > SPACE { 0 } else { at + bytes.len() as u64 };
        }
        for _ in 0..TURN {
            number += 1;
            let object = mine[number as usize % mine.len()];
            let begun = Instant::now();
            let data = data(args.payload, number, &mut text)?;
            session.execute(objects::Update { object, data, expected_version: None, reason: None })?;
            command.record(begun.elapsed());
        }
    }
    drop(session);
    open.close()?;
    directory.clear("latency");
    directory.clear("bare");
    let (command, bare) = (command.spread(), bare.spread());
    Ok(Latency { command, bare, ratio: command.p50_ns as f64 / bare.p50_ns.max(1) as f64 })
}
