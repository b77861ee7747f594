//! What receipts promise, on storage that counts and fails.

use scoped::log::{MemoryStorage, storage::FaultyStorage};
use scoped::{Data, Durability, Engine, ErrorKind, Options, Promise, objects};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn engine(durability: Durability) -> (Engine, FaultyStorage) {
    let storage = FaultyStorage::new(Arc::new(MemoryStorage::new()));
    let engine =
        Engine::on(Arc::new(storage.clone()), Options::default().durability(durability).types(["note"]))
            .unwrap();
    (engine, storage)
}

fn note() -> objects::Create {
    objects::Create::new("note", Data::new(1).unwrap())
}

/// The wait for the next sync began anew with each command, so a steady stream of them put it off for ever.
#[test]
fn a_steady_stream_does_not_put_a_buffered_sync_off() {
    let (engine, storage) = engine(Durability::Buffered { sync_every: Duration::from_millis(20) });
    let founder = engine.session(engine.founder()).unwrap();
    let before = storage.faults(|faults| faults.syncs);
    let began = Instant::now();
    while storage.faults(|faults| faults.syncs) == before {
        assert_eq!(founder.execute(note()).unwrap().promise, Promise::Buffered);
        assert!(began.elapsed() < Duration::from_secs(60), "thousands of intervals without a sync");
    }
}

#[test]
fn alone_each_synced_receipt_costs_one_sync_and_together_many_share_one() {
    let (engine, storage) = engine(Durability::Synced);
    let founder = engine.session(engine.founder()).unwrap();
    let syncs = || storage.faults(|faults| faults.syncs);
    let before = syncs();
    for _ in 0..10 {
        assert_eq!(founder.execute(note()).unwrap().promise, Promise::Durable);
    }
    assert_eq!(syncs() - before, 10);
    let before = syncs();
    let pending: Vec<_> = (0..1_000).map(|_| founder.submit(note()).unwrap()).collect();
    pending.into_iter().for_each(|receipt| assert!(receipt.wait().is_ok()));
    assert!(syncs() - before < 1_000, "groups share their sync");
}

/// After a failed sync nothing is acknowledged, whatever later syncs say; readers go on; opening again finds what was acknowledged.
#[test]
fn a_failed_sync_ends_writing_and_nothing_else() {
    let (engine, storage) = engine(Durability::Synced);
    let founder = engine.session(engine.founder()).unwrap();
    let kept = founder.execute(note()).unwrap().object();
    storage.faults(|faults| faults.syncs_left = Some(0));
    let in_flight = founder.execute(note()).unwrap_err();
    assert_eq!((in_flight.code(), in_flight.kind()), ("outcome_unknown", ErrorKind::Unavailable));
    storage.heal();
    for _ in 0..3 {
        assert_eq!(founder.execute(note()).unwrap_err().code(), "unavailable");
    }
    assert_eq!(founder.read(kept).unwrap().data(), b"1");
    assert!(engine.close().is_err());
    let again = Engine::on(Arc::new(storage), Options::default()).unwrap();
    let founder = again.session(again.founder()).unwrap();
    assert_eq!(founder.read(kept).unwrap().data(), b"1");
    founder.execute(note()).unwrap();
}

/// A writer that was poisoned while a buffered group waited for its sync span at full speed, waiting for zero time again and again.
#[test]
fn a_poisoned_buffered_engine_is_quiet_and_can_be_closed() {
    let (engine, storage) = engine(Durability::Buffered { sync_every: Duration::from_millis(1) });
    let founder = engine.session(engine.founder()).unwrap();
    founder.execute(note()).unwrap();
    storage.faults(|faults| (faults.syncs_left, faults.writes_left) = (Some(0), Some(0)));
    while founder.execute(note()).is_ok() {}
    let reads = || storage.faults(|faults| faults.syncs + faults.writes);
    let before = reads();
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(reads(), before, "nothing is tried any more");
    assert!(engine.close().is_err());
}
