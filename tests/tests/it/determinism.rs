//! Same log, same digest: live, replayed, from any snapshot, opened again, read beside a writer.

use crate::support::{
    NOON, chances, data, digest, files, member, object, path, principal, replayed, scope_at, small_segments,
    update,
};
use proptest::{prelude::*, test_runner::TestRunner};
use scoped::log::MemoryStorage;
use scoped::temporal::{Cutoff, Selection, SetMark};
use scoped::{
    Batch, Digest, Engine, History, Level, ObjectId, Past, Policy, PrincipalId, Role, Sequence, objects,
    sharing, tenancy,
};
use scoped::{Door, ManualDoor, parse_line};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Histories of the everyday run.
const REPLAYS: u32 = 100;

/// A history with something of everything. Gives the digest after each hundred events or so, and where a snapshot lies.
fn history(engine: &Engine, mut pause: impl FnMut(&Engine)) {
    let founder = engine.founder();
    let ada = engine.session(founder).unwrap();
    let mut world = Batch::new().with(founder, principal(2)).with(founder, principal(3));
    world.push(founder, scope_at("org:a", 1));
    world.push(founder, scope_at("org:a/dept:b", 2));
    world.push(founder, member("org:a/dept:b", 2, Role::Writer));
    engine.execute(world).unwrap();
    let bo = engine.session(PrincipalId(2)).unwrap();
    for round in 0..8u128 {
        for nth in 0..12 {
            let (id, into) = (round * 100 + nth + 10, ["org:a", "org:a/dept:b"][(nth % 2) as usize]);
            ada.execute(object(id, id as u64, Some(into), Level::Write)).unwrap();
        }
        bo.execute(update(round * 100 + 11, 7)).unwrap();
        let gone = objects::Tombstone {
            object: ObjectId(round * 100 + 13),
            reason: Some("old".into()),
            expected_version: None,
        };
        bo.execute(gone).unwrap();
        assert_eq!(bo.execute(update(round * 100 + 10, 7)).unwrap_err().code(), "denied");
        let share = sharing::Project {
            object: ObjectId(round * 100 + 10),
            scope: path("org:a/dept:b"),
            level: Level::Read,
        };
        ada.execute(share).unwrap();
        ada.execute(SetMark { name: format!("round-{round}"), position: None }).unwrap();
        if round % 3 == 2 {
            let back = Cutoff::Mark(format!("round-{}", round - 1));
            ada.rollback(&back, Selection::Scope(path("org:a/dept:b")), Policy::AllOrNothing).unwrap();
        }
        pause(engine);
    }
    let entry = tenancy::AddAclEntry {
        entry: None,
        scope: path("org:a"),
        effect: scoped::Effect::Deny,
        subject: scoped::Subject::Principal(PrincipalId(3)),
        capability: "scope.read.*".parse().unwrap(),
        applies: scoped::projections::tenancy::Applies::Subtree,
        expires_at: None,
    };
    ada.execute(entry).unwrap();
    let keyed = Batch::new().with(founder, object(9_999, 1, None, Level::Read)).keyed("once");
    let first = engine.execute(keyed.clone()).unwrap();
    assert_eq!(engine.execute(keyed).unwrap().last, first.last);
}

fn open(directory: &Path) -> Engine {
    Engine::open_with(directory, small_segments()).unwrap()
}

#[test]
fn live_replayed_reopened_and_read_beside_the_writer_are_one_world() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    history(&engine, |_| ());
    assert!(engine.history().reader().segments().len() > 2, "the history spans segments");
    let (live, head) = (digest(&engine), engine.history().head());

    let (beside, recovery) = History::open(directory.path()).unwrap();
    assert_eq!(
        (beside.head(), recovery.last),
        (head, head),
        "a reader beside the writer sees all that is acknowledged"
    );
    assert_eq!(Past::of(&beside, head).unwrap().moment().world().state_digest(), live);
    assert_eq!(engine.as_of(&Cutoff::Head(0)).unwrap().moment().world().state_digest(), live);

    engine.close().unwrap();
    let again = open(directory.path());
    assert_eq!(digest(&again), live);
}

#[test]
fn reading_beside_a_writer_changes_no_byte() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    history(&engine, |_| ());
    engine.snapshot().unwrap();
    let before = files(directory.path());
    let (beside, _) = History::open(directory.path()).unwrap();
    beside.world_at(beside.head()).unwrap();
    beside.audit(&scoped::Filter::default()).unwrap();
    drop(beside);
    assert!(before == files(directory.path()), "reading changed a file");
}

#[test]
fn a_snapshot_anywhere_leads_to_the_same_world() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    let mut taken = Vec::new();
    history(&engine, |engine| {
        let at = engine.snapshot().unwrap();
        // Few are kept: the one just written is looked at before it is thinned out.
        let name = format!("snapshots/{:020}.world", at.get());
        taken.push((at, name.clone(), std::fs::read(directory.path().join(name)).unwrap()));
    });
    let (live, head) = (digest(&engine), engine.history().head());
    engine.close().unwrap();
    for (at, name, bytes) in taken {
        for old in std::fs::read_dir(directory.path().join("snapshots")).unwrap() {
            std::fs::remove_file(old.unwrap().path()).unwrap();
        }
        std::fs::write(directory.path().join(name), bytes).unwrap();
        let (history, _) = History::open(directory.path()).unwrap();
        assert_eq!(
            history.world_at(at).unwrap().state_digest(),
            replayed(&history, at),
            "the snapshot at {at} itself"
        );
        assert_eq!(history.world_at(head).unwrap().state_digest(), live, "from the snapshot at {at}");
        let again = open(directory.path());
        assert_eq!(again.notes(), Vec::<String>::new(), "the snapshot at {at} is used");
        assert_eq!(digest(&again), live, "opened from the snapshot at {at}");
    }
}

/// Snapshots have no say: whatever is wrong with one is told, and the log is replayed.
#[test]
fn damaged_cut_and_foreign_snapshots_are_ignored_with_a_note() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    history(&engine, |_| ());
    let at = engine.snapshot().unwrap();
    let live = digest(&engine);
    engine.close().unwrap();
    let file = directory.path().join(format!("snapshots/{:020}.world", at.get()));
    let good = std::fs::read(&file).unwrap();

    let other = tempfile::tempdir().unwrap();
    let foreign = open(other.path());
    history(&foreign, |_| ());
    let elsewhere = foreign.snapshot().unwrap();
    foreign.close().unwrap();
    let theirs =
        std::fs::read(other.path().join(format!("snapshots/{:020}.world", elsewhere.get()))).unwrap();

    let mut wrong: Vec<(&str, Vec<u8>)> =
        vec![("empty", Vec::new()), ("foreign", theirs), ("noise", vec![0xa5; 4096])];
    for length in [1, 100, 143, 144, good.len() / 2, good.len() - 1] {
        wrong.push(("cut", good[..length].to_vec()));
    }
    for at in [0, 9, 20, 33, 50, 80, 105, 120, 144, good.len() / 2, good.len() - 1] {
        let mut flipped = good.clone();
        flipped[at] ^= 0x10;
        wrong.push(("flipped", flipped));
    }
    wrong.push(("longer", [good.clone(), vec![0]].concat()));
    for (what, bytes) in wrong {
        std::fs::write(&file, bytes).unwrap();
        let engine = open(directory.path());
        assert_eq!(engine.notes().len(), 1, "{what}: {:?}", engine.notes());
        assert!(engine.notes()[0].contains("is ignored"), "{what}: {:?}", engine.notes());
        assert_eq!(digest(&engine), live, "{what}");
        drop(engine);
    }
    std::fs::write(&file, good).unwrap();
    assert_eq!(open(directory.path()).notes(), Vec::<String>::new());
}

/// One log, and what the world was after each batch: however a moment is reached, and whatever the host's clock says meanwhile.
#[test]
fn random_histories_give_the_same_world_at_every_position_however_it_is_reached() {
    use crate::access::{Raw, lines};
    let histories = (prop::collection::vec(any::<Raw>(), 10..50), any::<[Raw; 4]>(), any::<[u16; 4]>());
    let runs = TestRunner::new(chances(REPLAYS, 20_261_125)).run(&histories, |(raws, rules, picks)| {
        let storage = Arc::new(MemoryStorage::new());
        let door = Arc::new(ManualDoor::new(NOON, 9));
        let options = || small_segments().founder(PrincipalId(1));
        let engine = Engine::on(storage.clone(), options().door(door.clone())).unwrap();
        lines::prelude(&engine, &rules);
        let mut live: BTreeMap<Sequence, Digest> = BTreeMap::new();
        let snapshots: Vec<usize> = picks.iter().map(|pick| usize::from(*pick) % raws.len()).collect();
        for (nth, raw) in raws.iter().enumerate() {
            door.set(door.now() + u64::from(raw[3]) * 300_000);
            if let Ok((batch, _)) = parse_line(&lines::drawn(raw, door.now())) {
                let _ = engine.execute(batch); // refusals are part of any history
            }
            engine.sync().unwrap();
            let found = engine.read(|moment| (moment.world().position(), moment.world().state_digest()));
            live.insert(found.0, found.1);
            if snapshots.contains(&nth) {
                engine.snapshot().unwrap();
            }
        }
        let positions: Vec<Sequence> = live.keys().copied().collect();
        let some = picks.map(|pick| positions[usize::from(pick) % positions.len()]);
        let check = |engine: &Engine, how: &str| {
            for at in some {
                let past = engine.as_of(&Cutoff::At(at)).unwrap();
                prop_assert_eq!(past.moment().world().state_digest(), live[&at], "{} at {}", how, at);
                prop_assert_eq!(replayed(engine.history(), at), live[&at], "{}, replayed to {}", how, at);
            }
            Ok(())
        };
        check(&engine, "live")?;
        let head = digest(&engine);
        // Positions inside batches are no moments of the writer; replays and snapshots agree there, too.
        let inside = Sequence::new(u64::from(picks[0]) % engine.history().head().get() + 1);
        let within = replayed(engine.history(), inside);
        prop_assert_eq!(Past::of(engine.history(), inside).unwrap().moment().world().state_digest(), within);
        engine.close().unwrap();
        let late = Arc::new(ManualDoor::new(NOON + 9_000_000_000, 1));
        let again = Engine::on(storage.clone(), options().door(late)).unwrap();
        prop_assert_eq!(digest(&again), head, "opened again");
        check(&again, "opened again")?;
        prop_assert_eq!(replayed(again.history(), inside), within);
        again.close().unwrap();
        Ok(())
    });
    runs.unwrap();
}

#[test]
fn two_engines_with_one_clock_and_one_chance_write_the_same_log() {
    let run = |seed| -> (Digest, Digest) {
        let (engine, _) = crate::support::by_hand(seed);
        let ada = engine.session(PrincipalId(1)).unwrap();
        for cpu in 0..20 {
            let (object_type, data) = ("limits".into(), data(serde_json::json!({ "cpu": cpu })));
            ada.execute(objects::Create {
                object: None,
                object_type,
                data,
                scope: None,
                level: Level::Read,
                reason: None,
                subject: None,
            })
            .unwrap();
        }
        let head = engine.history().reader().chain_at(Sequence::new(21)).unwrap().unwrap();
        (head, digest(&engine))
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7).0, run(8).0);
}
