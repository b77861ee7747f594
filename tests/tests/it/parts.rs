//! Long answers are given in parts, so that the writer never waits for all of them; all parts are about one moment.

use crate::support::{in_memory, object, path, scope_at};
use scoped::objects::Tombstone;
use scoped::objects::package::PackageOf;
use scoped::{Batch, Level, ObjectId, Scope};
use std::sync::atomic::{AtomicBool, Ordering};

/// More than one part of a count (4 096 candidates).
const RECORDS: u128 = 4_500;
/// More than two parts of a package (64 objects).
const PACKED: u128 = 150;

/// A count held one world while it looked at every record there was. In parts it must still be the number of one moment: here there are
/// as many at every moment, and they come behind the place that the count has got to, and go before it.
#[test]
fn counts_are_of_one_moment_while_others_write() {
    let engine = in_memory();
    let founder = engine.session(engine.founder()).unwrap();
    let mut batch = Batch::new().with(founder.actor(), scope_at("org:acme", 1));
    for id in 1..=RECORDS {
        batch.push(founder.actor(), object(id, 1, Some("org:acme"), Level::Read));
    }
    engine.execute(batch).unwrap();
    let (asked, done) = (Scope::org("acme"), AtomicBool::new(false));
    assert_eq!(founder.reading().count_records(&asked).unwrap(), RECORDS as u64);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for nth in 1.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                let gone = Tombstone { object: ObjectId(nth), reason: None, expected_version: None };
                let come = object(RECORDS + nth, 1, Some("org:acme"), Level::Read);
                let actor = founder.actor();
                engine.execute(Batch::new().with(actor, gone).with(actor, come)).unwrap();
            }
        });
        for _ in 0..3 {
            assert_eq!(founder.reading().count_records(&asked).unwrap(), RECORDS as u64);
            let told = founder.reading().record_statistics(&asked).unwrap();
            assert_eq!((told.records, told.by_type["limits"]), (RECORDS as u64, RECORDS as u64));
        }
        done.store(true, Ordering::Relaxed);
    });
}

/// Every id of a list was looked for among all those before it, and a list of any length was looked through.
#[test]
fn a_package_names_each_object_once_and_is_bounded_before_it_is_read() {
    let engine = in_memory();
    let founder = engine.session(engine.founder()).unwrap();
    let mut batch = Batch::new().with(founder.actor(), scope_at("org:acme", 1));
    for id in 1..=PACKED {
        batch.push(founder.actor(), object(id, 1, Some("org:acme"), Level::Read));
    }
    engine.execute(batch).unwrap();
    let ids: Vec<ObjectId> = (1..=PACKED).chain(1..=PACKED).map(ObjectId).collect();
    for what in
        [PackageOf::Objects(ids), PackageOf::Type("limits".into()), PackageOf::Scope(path("org:acme"))]
    {
        let package = founder.export(&what).unwrap();
        package.verify().unwrap();
        let found: Vec<u128> = package.objects.iter().map(|object| object.id.0).collect();
        assert_eq!(found, (1..=PACKED).collect::<Vec<_>>(), "{what:?}");
    }
    let many = PackageOf::Objects(vec![ObjectId(1); 10_001]);
    assert_eq!(founder.export(&many).unwrap_err().code(), "package_size");
}
