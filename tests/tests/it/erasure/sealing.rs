//! Ciphertext opens where it belongs and nowhere else; with the right keys and no others.

use super::*;
use proptest::prelude::*;
use scoped::vault::rotate;
use scoped::{ErrorKind, History};

#[test]
fn a_key_store_of_another_log_or_under_another_key_is_refused() {
    let (place, engine) = Place::furnished();
    engine.close().unwrap();
    let other = Place::new();
    // Another chance, hence another log.
    let elsewhere = Engine::open_with(other.log(), options(1234).keys(other.keys())).unwrap();
    elsewhere.close().unwrap();
    let open = |keys: Keys| Engine::open_with(place.log(), options(3).keys(keys)).err().unwrap();
    let wrong = open(other.keys());
    assert_eq!((wrong.code(), wrong.kind()), ("wrong_keys", ErrorKind::Unavailable));
    assert_eq!(open(Keys::new(place.store(), Kek::new([8; 32]))).code(), "wrong_kek");
    assert_eq!(History::open_with(place.log(), Some(&other.keys())).err().unwrap().code(), "wrong_keys");
    // One writer holds it.
    let engine = place.open();
    let (old, new) = (Kek::new(KEK), Kek::new([9; 32]));
    assert!(rotate(&place.store(), &old, &new, &Even).is_err(), "an engine holds the store");
    engine.close().unwrap();

    // A rotation touches no event.
    let before = crate::support::files(&place.log().join("segments"));
    let done = rotate(&place.store(), &old, &new, &Even).unwrap();
    assert_eq!((done.rewrapped, done.erased), (2, 0));
    assert_eq!(rotate(&place.store(), &old, &new, &Even).unwrap().already, 2, "once is enough");
    assert_eq!(crate::support::files(&place.log().join("segments")), before);
    assert_eq!(open(place.keys()).code(), "wrong_kek");
    let engine = Engine::open_with(place.log(), options(3).keys(Keys::new(place.store(), new))).unwrap();
    assert_eq!(founder(&engine).read(HERS).unwrap().value().unwrap()["says"], SECRET);
}

/// Who can rewrite the file can do all its sums anew, and cannot do the seal: what one object says is moved to another.
#[test]
fn a_payload_that_was_moved_to_another_object_does_not_open_there() {
    use scoped::log::{Durability, Log, MemoryStorage, NewEvent, Payload, Stage};
    let store = StoredKeys::memory();
    let keys = || Keys::new(store.clone(), Kek::new(KEK));
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let engine = Engine::on(Arc::clone(&storage), options(7).keys(keys())).unwrap();
    furnish(&engine);
    let hers_too = founder(&engine).execute(hers(ObjectId(80))).unwrap();
    let (reader, head) = (engine.history().reader().clone(), engine.history().head());
    let (first, other) = engine.read(|moment| {
        let at = |id| moment.changes(id).unwrap()[0].at;
        (at(HERS), at(ObjectId(80)))
    });
    assert!(hers_too.last.get() >= other);
    engine.close().unwrap();

    let forged: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let mut log = Log::create(Arc::clone(&forged), reader.log_id(), NOON, 5, &Default::default()).unwrap();
    let records: Vec<_> = reader.records(scoped::Sequence::new(1), head).map(Result::unwrap).collect();
    let payload = |at: u64| {
        let at = if at == first { other } else { at };
        let record = reader.get(scoped::Sequence::new(at)).unwrap().unwrap();
        #[expect(clippy::disallowed_methods, reason = "who forges does not ask")]
        let stored = record.payload()?;
        Some(if record.is_sealed() { Payload::sealed(stored) } else { Payload::new(stored) }.unwrap())
    };
    for batch in records.chunk_by(|a, _| a.batch_left() > 0) {
        let payloads: Vec<_> = batch.iter().map(|record| payload(record.sequence().get())).collect();
        let events: Vec<NewEvent<'_>> = batch
            .iter()
            .zip(&payloads)
            .map(|(record, payload)| NewEvent {
                event_id: record.event_id(),
                kind: record.kind(),
                kind_version: record.kind_version(),
                actor: record.actor(),
                scope: record.scope(),
                body: record.body(),
                payload: payload.as_ref(),
            })
            .collect();
        assert!(matches!(log.writer.stage(batch[0].time(), &events), Ok(Stage::Staged(_))));
        log.writer.commit(Durability::Synced).unwrap();
    }
    log.writer.close().unwrap();
    let engine = Engine::on(forged, options(8).keys(keys())).unwrap();
    let wrong = founder(&engine).reading().version(HERS, 1).unwrap_err();
    assert_eq!((wrong.code(), wrong.kind()), ("tampered", ErrorKind::Corrupt), "{wrong}");
    assert_eq!(founder(&engine).read(ObjectId(80)).unwrap().value().unwrap()["says"], SECRET);
    assert!(!format!("{wrong:?}").contains(SECRET));
    let report = engine.compliance().unwrap();
    for check in ["commands_explain_events", "versions_readable"] {
        assert!(!report.check(check).unwrap().passed, "{check}: {report}");
    }
    assert!(!report.to_string().contains(SECRET));
}

struct Even;

impl scoped::vault::Chance for Even {
    fn fill(&self, out: &mut [u8]) -> std::io::Result<()> {
        out.fill(0x5a);
        Ok(())
    }
}

#[test]
fn errors_and_debug_output_hold_neither_keys_nor_plaintext() {
    let (place, engine) = Place::furnished();
    let keys = format!("{:?} {:?}", place.keys(), Kek::new(KEK));
    assert!(!keys.contains('7'), "{keys}");
    erase(&engine, MARIA);
    let error = founder(&engine).read(HERS).unwrap().value().unwrap_err();
    assert!(!format!("{error:?} {error}").contains(SECRET));
    let refused = founder(&engine).execute(objects::Update::new(HERS, said(SECRET))).unwrap_err();
    assert!(!format!("{refused:?} {refused}").contains(SECRET));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Any data of any subjects comes back as it was, until its subject is erased, and then never.
    #[test]
    fn what_is_sealed_opens_to_what_it_was_until_its_subject_is_erased(
        writes in proptest::collection::vec((0u128..4, ".{0,40}"), 1..24),
        erased in proptest::collection::btree_set(0u128..4, 0..4),
    ) {
        let keys = Keys::new(StoredKeys::memory(), Kek::new(KEK));
        let storage: Arc<dyn Storage> = Arc::new(scoped::log::MemoryStorage::new());
        let engine = Engine::on(Arc::clone(&storage), options(7).keys(keys.clone())).unwrap();
        let ada = founder(&engine);
        let subject = |n: u128| SubjectId(100 + n);
        let made: Vec<_> = writes
            .iter()
            .map(|(of, text)| ada.execute(objects::Create::new("note", said(text)).about(subject(*of))).unwrap().object())
            .collect();
        let known: Vec<u128> = erased.iter().copied().filter(|n| writes.iter().any(|(of, _)| of == n)).collect();
        for n in &known {
            ada.execute(Erase::new(subject(*n))).unwrap();
        }
        let check = |engine: &Engine| {
            for ((of, text), id) in writes.iter().zip(&made) {
                match founder(engine).read(*id).unwrap().value() {
                    Ok(value) => assert!(!known.contains(of) && value["says"] == text.as_str()),
                    Err(error) => assert!(known.contains(of) && error.code() == "erased"),
                }
            }
        };
        check(&engine);
        crate::support::digest(&engine);
        engine.close().unwrap();
        check(&Engine::on(storage, options(8).keys(keys)).unwrap());
    }
}
