//! Verification of a log against bare hashing of the same records, and replay of that log.

use super::floor::Copies;
use super::load::{NOTE, data, fill, worker};
use super::machine::cores;
use super::report::{Rate, Replay, Verify};
use super::spread::median;
use super::throwaway::Throwaway;
use super::{Args, Section};
use scoped::log::{FileStorage, Storage, VerifyOptions, verify};
use scoped::{Durability, Engine, History, Options, objects};
use std::sync::Arc;
use std::time::Instant;

/// Updates in the log.
const EVENTS: u64 = 400_000;
/// Turns that each side takes.
const ROUNDS: usize = 5;
/// Small enough for several segments, so that there is work for all cores.
const SEGMENT_BYTES: u64 = 16 << 20;

pub(super) fn measure(
    directory: &Throwaway,
    args: &Args,
) -> anyhow::Result<(Option<Verify>, Option<Replay>)> {
    let path = directory.sub("verify");
    write(&path, args.payload)?;
    let verified = if args.wants(Section::Verify) { Some(verified(&path)?) } else { None };
    let replayed = if args.wants(Section::Replay) { Some(replayed(&path)?) } else { None };
    directory.clear("verify");
    Ok((verified, replayed))
}

fn write(path: &std::path::Path, payload: usize) -> anyhow::Result<()> {
    let log = scoped::log::Options { segment_bytes: SEGMENT_BYTES, ..Default::default() };
    let every = std::time::Duration::from_secs(1);
    let durability = Durability::Buffered { sync_every: every };
    let options = Options::default().durability(durability).snapshot_after(0).log(log).types([NOTE]);
    let engine = Engine::open_with(path, options)?;
    let (actor, mine) = worker(&engine, payload, 0)?;
    let mut text = String::new();
    let updates = (0..EVENTS).map_while(|number| {
        let object = mine[number as usize % mine.len()];
        let data = data(payload, number, &mut text).ok()?;
        Some(objects::Update { object, data, expected_version: None, reason: None }.into())
    });
    fill(&engine, actor, updates)?;
    engine.close()?;
    Ok(())
}

fn verified(path: &std::path::Path) -> anyhow::Result<Verify> {
    let copies = Copies::of(History::open(path)?.0.reader())?;
    let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(path));
    let threads = cores();
    let mut bytes = 0;
    let mut rate = |threads: usize| -> anyhow::Result<Rate> {
        let (mut ours, mut bare, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let floor = copies.hash(threads);
            let start = Instant::now();
            let report = verify(&storage, &VerifyOptions { threads, ..VerifyOptions::default() }, &|_| {})?;
            let rate = copies.len() as f64 / start.elapsed().as_secs_f64();
            anyhow::ensure!(report.is_clean(), "the log that was just written does not verify");
            anyhow::ensure!(report.records == copies.len() as u64, "not all records were verified");
            bytes = report.bytes;
            ours.push(rate);
            bare.push(floor);
            ratios.push(rate / floor);
        }
        Ok(Rate { per_s: median(ours), floor_per_s: median(bare), ratio: median(ratios) })
    };
    let (one, all) = (rate(1)?, rate(threads)?);
    Ok(Verify { records: copies.len() as u64, bytes, one, all, threads })
}

fn replayed(path: &std::path::Path) -> anyhow::Result<Replay> {
    let (mut rates, mut events, mut bytes) = (Vec::new(), 0, 0);
    for _ in 0..ROUNDS {
        let (history, _) = History::open(path)?;
        events = history.head().get();
        bytes = history.reader().segments().iter().map(|segment| segment.bytes).sum();
        rates.push(replay_rate(&history)?);
    }
    let events_per_s = median(rates);
    Ok(Replay { events, events_per_s, bytes_per_s: events_per_s * bytes as f64 / events.max(1) as f64 })
}

/// Replays from the first record. Events a second.
pub(super) fn replay_rate(history: &History) -> anyhow::Result<f64> {
    let start = Instant::now();
    let world = history.replay(history.head(), &mut |_| {})?;
    Ok(world.position().get() as f64 / start.elapsed().as_secs_f64())
}
