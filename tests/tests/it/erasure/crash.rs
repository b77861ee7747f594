//! The key ends, whatever happens in between: power fails at every step of the log's disk and of the key store's.

use super::*;
use scoped::History;
use scoped::vault::{Held, KeyStore};
use scoped_log::storage::{Crash, CrashDisk, FaultyStorage};

/// Opens on these disks, or says why not.
fn on(log: &CrashDisk, keys: &CrashDisk, seed: u64) -> scoped::Result<Engine> {
    let store = StoredKeys::on(Arc::new(keys.clone()));
    Engine::on(Arc::new(log.clone()), options(seed).keys(Keys::new(store, Kek::new(KEK))))
}

/// What a run with a death somewhere in it must have left: erased and no key, or as it was. Never erased and a key after opening again, never
/// acknowledged and readable.
fn settle(log: &CrashDisk, keys: &CrashDisk, acknowledged: bool, what: &str) -> bool {
    for disk in [log, keys] {
        disk.die_after(None);
        disk.crash(Crash::Power);
    }
    let engine = on(log, keys, 21).unwrap_or_else(|e| panic!("{what}: {e}"));
    let erased = engine.read(|moment| moment.world().subjects().erased(MARIA).is_some());
    let held = StoredKeys::on(Arc::new(keys.clone())).get(MARIA.0).unwrap();
    let read = founder(&engine).read(HERS).unwrap().value();
    match erased {
        true => {
            assert_eq!(held, Some(Held::Erased), "{what}: opening finishes the job");
            assert_eq!(read.unwrap_err().code(), "erased", "{what}");
        }
        false => {
            assert!(!acknowledged, "{what}: an acknowledged erasure is lost");
            assert_eq!(read.unwrap()["says"], SECRET, "{what}: what was not erased is there");
        }
    }
    assert_eq!(founder(&engine).read(HIS).unwrap().value().unwrap()["says"], "pierre", "{what}");
    engine.close().unwrap();
    erased
}

fn dies(at: u64, which: &str) -> (bool, bool) {
    let (log, keys) = (CrashDisk::new(at), CrashDisk::new(at + 1));
    let engine = on(&log, &keys, 20).unwrap();
    furnish(&engine);
    let disk = if which == "log" { &log } else { &keys };
    disk.die_after(Some(at));
    let acknowledged = founder(&engine).execute(Erase::new(MARIA)).is_ok();
    // The process is gone: nothing of it finishes anything.
    log.die_after(Some(0));
    keys.die_after(Some(0));
    let died = disk.is_dead();
    drop(engine);
    (settle(&log, &keys, acknowledged, &format!("death of the {which} at step {at}")), died)
}

#[test]
fn an_erasure_that_dies_anywhere_is_finished_by_opening_or_never_was() {
    for which in ["log", "keys"] {
        let (mut never, mut finished) = (0, 0);
        for at in 0..16 {
            match dies(at, which) {
                (true, _) => finished += 1,
                (false, _) => never += 1,
            }
        }
        assert!(finished > 0, "{which}: some deaths come behind the event");
        assert!(which == "keys" || never > 0, "{which}: some deaths come before the event");
    }
}

/// A key is durable before what is sealed under it: data that was acknowledged opens after any death.
#[test]
fn acknowledged_data_of_a_new_subject_has_its_key() {
    for at in 0..24 {
        let (log, keys) = (CrashDisk::new(at), CrashDisk::new(at + 1));
        let engine = on(&log, &keys, 20).unwrap();
        furnish(&engine);
        let fresh = SubjectId(0x6e6577);
        keys.die_after(Some(at % 12));
        if at >= 12 {
            keys.die_after(None);
            log.die_after(Some(at - 12));
        }
        let create = objects::Create::new("note", said("new")).with_id(ObjectId(700)).about(fresh);
        let acknowledged = founder(&engine).execute(create).is_ok();
        log.die_after(Some(0));
        keys.die_after(Some(0));
        drop(engine);
        for disk in [&log, &keys] {
            disk.die_after(None);
            disk.crash(Crash::Power);
        }
        let engine = on(&log, &keys, 21).unwrap();
        let there = engine.read(|moment| moment.world().objects().get(ObjectId(700)).is_some());
        assert!(there || !acknowledged, "death at {at}");
        if there {
            let read = founder(&engine).read(ObjectId(700)).unwrap().value();
            assert_eq!(read.unwrap()["says"], "new", "death at {at}: it has its key");
        }
    }
}

/// A key store that cannot be written: the event stands, nothing is shown, the caller hears it, and the job is done later.
#[test]
fn a_key_that_could_not_be_destroyed_is_told_and_destroyed_later() {
    let keys = FaultyStorage::new(Arc::new(scoped::log::MemoryStorage::new()));
    let store = StoredKeys::on(Arc::new(keys.clone()));
    let log: Arc<dyn Storage> = Arc::new(scoped::log::MemoryStorage::new());
    let open = || options(4).keys(Keys::new(store.clone(), Kek::new(KEK)));
    let engine = Engine::on(Arc::clone(&log), open()).unwrap();
    furnish(&engine);
    keys.faults(|faults| faults.writes_left = Some(0));
    let error = founder(&engine).execute(Erase::new(MARIA)).unwrap_err();
    assert_eq!(error.code(), "key_not_destroyed", "{error}");
    assert_eq!(founder(&engine).read(HERS).unwrap().value().unwrap_err().code(), "erased", "all the same");
    assert!(matches!(store.get(MARIA.0).unwrap(), Some(Held::Key(_))));
    // Still broken while closing; opening again refuses to go on without finishing.
    engine.close().unwrap();
    assert_eq!(Engine::on(Arc::clone(&log), open()).err().unwrap().code(), "keys_unavailable");
    keys.heal();
    let engine = Engine::on(log, open()).unwrap();
    assert_eq!(store.get(MARIA.0).unwrap(), Some(Held::Erased));
    assert_eq!(founder(&engine).read(HERS).unwrap().value().unwrap_err().code(), "erased");
}

/// Receipts before the sync are no excuse: the event that ends a key is synced before the key ends.
#[test]
fn an_erasure_is_synced_also_where_receipts_come_before_the_sync() {
    let (log, keys) = (CrashDisk::new(3), CrashDisk::new(4));
    let store = StoredKeys::on(Arc::new(keys.clone()));
    let buffered = scoped::Durability::Buffered { sync_every: std::time::Duration::from_secs(3_600) };
    let options = options(20).durability(buffered).keys(Keys::new(store, Kek::new(KEK)));
    let engine = Engine::on(Arc::new(log.clone()), options).unwrap();
    furnish(&engine);
    founder(&engine).execute(Erase::new(MARIA)).unwrap();
    log.die_after(Some(0));
    keys.die_after(Some(0));
    drop(engine);
    assert!(settle(&log, &keys, true, "a power failure right behind the receipt"));
}

/// A reader beside the writer has no keys of its own to lose: it asks the store each time it opens.
#[test]
fn a_reader_that_was_open_before_the_erasure_shows_nothing_after_it() {
    let (place, engine) = Place::furnished();
    let beside = || History::open_with(place.log(), Some(&place.keys())).unwrap().0;
    let at = engine.read(|moment| moment.world().objects().get(HERS).unwrap().data);
    assert!(beside().payload(at).is_ok());
    erase(&engine, MARIA);
    assert_eq!(beside().payload(at).unwrap_err().code(), "erased");
}
