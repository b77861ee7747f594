//! The bytes: what lies on the disk holds no plaintext, before and after.

use super::*;

/// Scans every byte of log, snapshots and key store for what was planted.
#[test]
fn no_byte_on_the_disk_holds_the_plaintext_of_a_subject() {
    let (place, engine) = Place::furnished();
    let keyed = founder(&engine).batch().with(hers(ObjectId(30))).keyed("request-1").execute().unwrap();
    engine.snapshot().unwrap();
    assert!(place.log().join("snapshots").is_dir(), "there is a snapshot to look through");
    engine.close().unwrap();
    let everything = place.folder.path();
    assert!(!found_in(everything, "request 4711").iter().any(|path| path.ends_with("keys")));
    for text in [SECRET, WHY] {
        assert_eq!(found_in(everything, text), Vec::<PathBuf>::new(), "`{text}` in the clear");
    }
    // The scan finds what is there: an object that is nobody's lies in a segment.
    let engine = place.open();
    founder(&engine).execute(objects::Create::new("note", said("planted in the clear"))).unwrap();
    erase(&engine, MARIA);
    engine.snapshot().unwrap();
    engine.close().unwrap();
    assert_eq!(found_in(&place.log().join("segments"), "planted in the clear").len(), 1);
    for text in [SECRET, WHY] {
        assert_eq!(found_in(everything, text), Vec::<PathBuf>::new(), "`{text}` in the clear");
    }
    place.verify();
    assert!(keyed.last.get() > 0);
}

/// A digest of the plaintext would stay behind and tell whether a guess is right: of requests under a key, and of packages.
#[test]
fn no_digest_in_the_log_can_be_checked_against_a_guess() {
    use scoped::objects::package::PackageOf;
    let (_place, engine) = Place::furnished();
    let ada = founder(&engine);
    let request = || ada.batch().with(hers(ObjectId(30))).keyed("once");
    let first = request().execute().unwrap();
    let again = request().execute().unwrap();
    assert!(again.repeated && again.last == first.last, "sent twice, done once");
    let stored = |engine: &Engine, at| {
        let record = engine.history().record(at).unwrap();
        let event = format!("{:?}", engine.history().event(&record).unwrap());
        assert!(event.contains("RequestKeyed"), "{event}");
        event
    };
    // The same request in another log, hence under another key, has another digest.
    let place = Place::new();
    let second = Engine::open_with(place.log(), options(1234).keys(place.keys())).unwrap();
    furnish(&second);
    let there = founder(&second).batch().with(hers(ObjectId(30))).keyed("once").execute().unwrap();
    assert_ne!(stored(&second, there.last), stored(&engine, first.last));
    // A package of the same objects has another digest every time.
    let digests: Vec<String> = (0..2)
        .map(|_| ada.export(&PackageOf::Objects(vec![HERS])).unwrap())
        .map(|package| {
            package.verify().unwrap();
            assert!(package.manifest.salt.is_some());
            package.manifest.digest
        })
        .collect();
    assert_ne!(digests[0], digests[1]);
    assert!(ada.export(&PackageOf::Objects(vec![PLAIN])).unwrap().manifest.salt.is_none());
    // Once erased, nobody can show that a request was this one; it is not done again either.
    erase(&engine, MARIA);
    assert_eq!(request().execute().unwrap_err().code(), "idempotency_conflict");
}

#[test]
fn a_package_brings_a_subject_along_and_seals_again_where_it_is_brought_in() {
    use scoped::objects::package::{ImportOptions, PackageOf};
    let (_place, engine) = Place::furnished();
    let package = founder(&engine).export(&PackageOf::Objects(vec![HERS, PLAIN])).unwrap();
    let elsewhere = Place::new();
    let other = elsewhere.open();
    let brought = founder(&other).import(&package, &ImportOptions::default()).unwrap();
    let id = brought.id_mapping[&HERS];
    assert_eq!(founder(&other).read(id).unwrap().value().unwrap()["says"], SECRET);
    assert_eq!(other.read(|moment| moment.subject_of(id)), Some(MARIA));
    other.close().unwrap();
    assert_eq!(found_in(elsewhere.folder.path(), SECRET), Vec::<PathBuf>::new());

    // What is erased cannot be brought anywhere: its object is left out, and the rest comes.
    erase(&engine, MARIA);
    let package = founder(&engine).export(&PackageOf::Objects(vec![HERS, PLAIN])).unwrap();
    let third = crate::support::in_memory();
    let session = third.session(third.founder()).unwrap();
    let brought = session.import(&package, &ImportOptions::default()).unwrap();
    assert_eq!((brought.imported, brought.skipped, brought.errors.len()), (1, 1, 1));
}
