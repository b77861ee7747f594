//! What is written for subjects, and what is refused.

use super::*;
use scoped::registry;

#[test]
fn nothing_is_written_any_more_for_who_was_erased() {
    let (_place, engine) = Place::furnished();
    let ada = founder(&engine);
    erase(&engine, MARIA);
    let before = crate::support::digest(&engine);
    let refused = [
        ada.execute(hers(ObjectId(40))).unwrap_err(),
        ada.execute(objects::Update::new(HERS, said("again"))).unwrap_err(),
        ada.execute(objects::Tombstone::new(HERS).because("she asked")).unwrap_err(),
        ada.execute(Erase::new(MARIA)).unwrap_err(),
    ];
    assert!(refused.iter().all(|error| error.code() == "subject_erased"), "{refused:?}");
    assert_eq!(ada.execute(Erase::new(SubjectId(999))).unwrap_err().code(), "not_found");
    assert_eq!(crate::support::digest(&engine), before, "a refusal changes nothing");
    // What says nothing about her goes on: the object can be put away, and shared no more.
    ada.execute(objects::Tombstone::new(HERS)).unwrap();
    ada.execute(objects::Update::new(HIS, said("goes on"))).unwrap();
}

#[test]
fn only_operators_erase_and_others_hear_the_same_of_who_is_there_and_who_is_not() {
    let (_place, engine) = Place::furnished();
    let reader = engine.session(READER).unwrap();
    let refused = |subject| reader.execute(Erase::new(subject)).unwrap_err();
    let (there, missing) = (refused(MARIA), refused(SubjectId(999)));
    assert_eq!((there.code(), there.to_string()), (missing.code(), missing.to_string()));
    assert_eq!(there.code(), "denied");
    assert_eq!(founder(&engine).read(HERS).unwrap().value().unwrap()["says"], SECRET);
    // Writing for a subject one has no right to write for says nothing of it either.
    erase(&engine, MARIA);
    let write = |subject| {
        let create = objects::Create::new("note", said("x")).about(subject);
        reader.execute(create.into_scope(path("org:a"), Level::Read)).unwrap_err()
    };
    assert_eq!(write(MARIA).to_string(), write(PIERRE).to_string());
}

#[test]
fn an_object_of_a_personal_type_says_whose_data_it_is() {
    let (_place, engine) = Place::furnished();
    let ada = founder(&engine);
    let patients = registry::Register::object_type("patient").unwrap();
    ada.execute(patients.tagged(scoped::subjects::PERSONAL)).unwrap();
    let patient = || objects::Create::new("patient", said(SECRET));
    assert_eq!(ada.execute(patient()).unwrap_err().code(), "subject_required");
    let made = ada.execute(patient().about(PIERRE)).unwrap().object();
    ada.execute(objects::Update::new(made, said("better"))).unwrap();
    assert_eq!(ada.read(made).unwrap().value().unwrap()["says"], "better");
}

/// An id that the caller did not choose is bound to the ciphertext all the same.
#[test]
fn objects_with_drawn_ids_and_batches_of_several_open() {
    let (place, engine) = Place::furnished();
    let ada = founder(&engine);
    let fresh = SubjectId(0x6e6577);
    let note = |text: &str| objects::Create::new("note", said(text)).about(fresh);
    let drawn = ada.execute(note("one")).unwrap().object();
    let mut batch = ada.batch();
    for n in 0..20 {
        batch = batch.with(note(&format!("note {n}")));
    }
    let named = ObjectId(500);
    let receipt = batch
        .with(note("named").with_id(named))
        .with(objects::Update::new(named, said("changed in the same batch")))
        .execute()
        .unwrap();
    assert_eq!(ada.read(drawn).unwrap().value().unwrap()["says"], "one");
    for (n, id) in receipt.ids[..20].iter().enumerate() {
        assert_eq!(ada.read(ObjectId(*id)).unwrap().value().unwrap()["says"], format!("note {n}"));
    }
    assert_eq!(ada.read(named).unwrap().value().unwrap()["says"], "changed in the same batch");
    let again = engine.history().clone();
    drop((ada, engine));
    drop(again);
    let engine = place.open();
    assert_eq!(founder(&engine).read(drawn).unwrap().value().unwrap()["says"], "one", "opened again");
}

/// A refused batch leaves no key: whoever may write nothing fills no key store.
#[test]
fn a_refused_batch_leaves_no_key_behind() {
    use scoped::vault::KeyStore;
    let (place, engine) = Place::furnished();
    let known = place.store().subjects().unwrap();
    let reader = engine.session(READER).unwrap();
    for id in 900..910 {
        let create = objects::Create::new("note", said("x")).about(SubjectId(id));
        reader.execute(create.into_scope(path("org:a"), Level::Read)).unwrap_err();
        let stale = objects::Update::new(PLAIN, said("x")).expecting(99);
        let create = objects::Create::new("note", said("x")).about(SubjectId(id));
        founder(&engine).batch().with(create).with(stale).execute().unwrap_err();
    }
    assert_eq!(place.store().subjects().unwrap(), known);
}

/// A key store that was lost, or restored from before a subject came to be, must not be papered over with a second key.
#[test]
fn a_lost_key_is_an_error_and_no_reason_to_make_another() {
    let (place, engine) = Place::furnished();
    engine.close().unwrap();
    let file = place.folder.path().join(format!("keys/subjects/{:032x}.key", MARIA.0));
    let kept = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let engine = place.open();
    assert_eq!(founder(&engine).read(HERS).unwrap().value().unwrap_err().code(), "sealed");
    let update = objects::Update::new(HERS, said("x"));
    assert_eq!(founder(&engine).execute(update.clone()).unwrap_err().code(), "key_missing");
    engine.close().unwrap();
    std::fs::write(&file, kept).unwrap();
    let engine = place.open();
    founder(&engine).execute(update).unwrap();
    assert_eq!(founder(&engine).read(HERS).unwrap().value().unwrap()["says"], "x");
}

#[test]
fn a_rehearsal_makes_no_key_and_gives_the_same_answers() {
    use scoped::vault::KeyStore;
    let (place, engine) = Place::furnished();
    let known = place.store().subjects().unwrap();
    let fresh = SubjectId(0x72656865);
    let batches: Vec<Batch> = (600..603)
        .map(|id| {
            let create = objects::Create::new("note", said("x")).with_id(ObjectId(id)).about(fresh);
            Batch::new().with(FOUNDER, create)
        })
        .collect();
    engine.rehearse(&batches).unwrap();
    assert_eq!(place.store().subjects().unwrap(), known);
    for batch in batches {
        engine.execute(batch).unwrap();
    }
}
