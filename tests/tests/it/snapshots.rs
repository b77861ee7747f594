//! Snapshots that are written while the engine runs.

use crate::support::{digest, object, replayed, small_segments};
use scoped::{Engine, History, Level, Sequence};
use std::path::Path;
use std::time::{Duration, Instant};

/// Longest wait for the thread that writes them; it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

fn positions(directory: &Path) -> Vec<u64> {
    let Ok(folder) = std::fs::read_dir(directory.join("snapshots")) else { return Vec::new() };
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<u64> =
        names.filter_map(|name| name.strip_suffix(".world").map(|digits| digits.parse().unwrap())).collect();
    found.sort_unstable();
    found
}

/// Events until a snapshot lies behind `after`.
fn until_snapshot(engine: &Engine, directory: &Path, after: u64) -> u64 {
    let (session, begun) = (engine.session(engine.founder()).unwrap(), Instant::now());
    loop {
        let next = u128::from(engine.history().head().get()) + 1_000;
        session.execute(object(next, 1, None, Level::Read)).unwrap();
        if let Some(newest) = positions(directory).last().filter(|newest| **newest > after) {
            return *newest;
        }
        assert!(begun.elapsed() < PATIENCE, "no snapshot behind {after}: {:?}", engine.notes());
    }
}

#[test]
fn snapshots_come_while_the_engine_writes_and_each_is_the_world_of_its_position() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::open_with(directory.path(), small_segments().snapshot_after(50)).unwrap();
    let mut newest = 0;
    for _ in 0..4 {
        newest = until_snapshot(&engine, directory.path(), newest);
        let (history, _) = History::open(directory.path()).unwrap();
        let at = Sequence::new(newest);
        assert_eq!(history.world_at(at).unwrap().state_digest(), replayed(&history, at));
        assert_eq!(history.notes(), Vec::<String>::new(), "the snapshot at {newest} is used");
    }
    assert_eq!(engine.notes(), Vec::<String>::new());
    let live = digest(&engine);
    engine.close().unwrap();
    let again = Engine::open_with(directory.path(), small_segments().snapshot_after(50)).unwrap();
    assert_eq!((digest(&again), again.notes()), (live, Vec::new()));
}

/// Closing does not wait for a thread that waits for events that will never come.
#[test]
fn an_engine_that_never_came_to_a_snapshot_closes() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::open_with(directory.path(), small_segments().snapshot_after(u64::MAX)).unwrap();
    engine.close().unwrap();
    assert_eq!(positions(directory.path()), Vec::<u64>::new());
}
