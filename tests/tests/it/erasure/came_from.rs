//! Where a data subject's requests came from: sealed under its key, and gone with it.

use super::*;
use scoped::requests::Metadata;
use scoped::{AuditEntry, EventFilter, Filter, History, Sequence};
use serde_json::{Value, json};

/// Somebody whose own description is personal, and who writes in `org:a`.
const NURSE: PrincipalId = PrincipalId(40);
/// What only the metadata of her requests says.
const ADDRESS: &str = "2001:db8::7391";

fn at_work(engine: &Engine) -> Session {
    let from = Metadata::new(json!({ "ip": ADDRESS, "user_agent": "ward-tablet-4477" })).unwrap();
    engine.session(NURSE).unwrap().with_metadata(from)
}

/// She has written, was refused once, and wrote under a key.
fn worked(engine: &Engine) -> [scoped::Receipt; 2] {
    let nurse = scoped::identity::CreatePrincipal { personal: true, ..principal(NURSE.0) };
    engine
        .execute(Batch::new().with(FOUNDER, nurse).with(FOUNDER, member("org:a", NURSE.0, Role::Writer)))
        .unwrap();
    let here = at_work(engine);
    let one = here.execute(object(50, 1, Some("org:a"), Level::Write)).unwrap();
    let two = here.batch().with(crate::support::update(50, 2)).keyed("k").execute().unwrap();
    assert_eq!(crate::support::code(here.mark("no")), "denied");
    engine.sync().unwrap();
    [one, two]
}

/// Everything that the trail tells of where requests came from, to whoever holds the files.
fn told(engine: &Engine) -> Vec<(&'static str, Value)> {
    let history = engine.history();
    let all = history.audit(&Filter::default()).unwrap().into_iter();
    let entries =
        all.map(|at| engine.read(|moment| AuditEntry::unfiltered(history, at, moment.world()).unwrap()));
    entries.filter_map(|entry| Some((entry.kind(), entry.metadata.clone()?))).collect()
}

#[test]
fn where_the_requests_of_a_data_subject_came_from_is_sealed_and_erased_with_it() {
    let (place, engine) = Place::furnished();
    let receipts = worked(&engine);
    let before = told(&engine);
    let kinds: Vec<&str> = before.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(
        kinds,
        [
            "objects.created",
            "sharing.object_projected",
            "requests.described",
            "objects.updated",
            "requests.described",
            "requests.keyed",
            "audit.access_denied"
        ]
    );
    assert!(before.iter().all(|(_, said)| said["ip"] == ADDRESS), "{before:?}");
    engine.close().unwrap();
    assert_eq!(found_in(place.folder.path(), ADDRESS), Vec::<PathBuf>::new(), "in the clear");

    let engine = place.open();
    erase(&engine, SubjectId(NURSE.0));
    let marker = json!({ "$payload": "erased", "subject": SubjectId(NURSE.0) });
    let after = told(&engine);
    assert!(after.len() == before.len() && after.iter().all(|(_, said)| *said == marker), "{after:?}");
    for at in (receipts[0].first.get()..=receipts[1].last.get()).map(Sequence::new) {
        let entry = engine.session(NURSE).unwrap().reading().audit_at(at).unwrap();
        assert_eq!(entry.metadata, Some(marker.clone()), "to herself");
        let entry = founder(&engine).reading().audit_at(at);
        assert!(entry.is_err() || entry.is_ok_and(|entry| entry.metadata == Some(marker.clone())));
    }
    let mut feed = engine.subscribe(EventFilter { from: Sequence::new(1), ..EventFilter::default() });
    while let Some(event) = feed.try_next().unwrap() {
        assert!(event.data.is_none_or(|data| !String::from_utf8_lossy(&data).contains(ADDRESS)));
    }
    let report = engine.compliance().unwrap();
    assert!(report.passed, "{report:#?}");
    engine.close().unwrap();
    place.verify();
}

/// Refused for it, she could do nothing any more; written in the clear, the erasure would have been for nothing.
#[test]
fn who_was_erased_goes_on_and_nothing_is_written_of_where_from() {
    let (_place, engine) = Place::furnished();
    worked(&engine);
    erase(&engine, SubjectId(NURSE.0));
    let (here, before) = (at_work(&engine), told(&engine).len());
    let receipt = here.execute(crate::support::update(50, 3)).unwrap();
    assert_eq!(receipt.first, receipt.last, "the change, and nothing beside it");
    let codes: Vec<_> = receipt.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, ["subject_erased"]);
    assert_eq!(crate::support::code(here.mark("never")), "denied");
    engine.sync().unwrap();
    assert_eq!(told(&engine).len(), before);
    assert!(engine.compliance().unwrap().passed);
}

#[test]
fn without_keys_nothing_is_written_in_the_clear_and_what_is_there_keeps_all_ten() {
    let (place, engine) = Place::furnished();
    worked(&engine);
    engine.close().unwrap();
    let keyless = Engine::open_with(place.log(), options(9)).unwrap();
    let sealed = json!({ "$payload": "sealed", "subject": SubjectId(NURSE.0) });
    assert!(told(&keyless).iter().all(|(_, said)| *said == sealed));
    let here = at_work(&keyless);
    assert_eq!(crate::support::code(here.execute(crate::support::update(50, 3))), "no_keys");
    let head = keyless.history().head();
    // An attempt is told all the same.
    assert_eq!(crate::support::code(here.mark("no")), "denied");
    keyless.sync().unwrap();
    let attempt = keyless.history().record(head.next()).unwrap();
    assert_eq!(keyless.history().metadata(&attempt).unwrap(), None);
    let report = keyless.compliance().unwrap();
    assert!(report.passed, "{report}");
    keyless.close().unwrap();
    let (history, _) = History::open_with(place.log(), Some(&place.keys())).unwrap();
    let report = history.compliance(&scoped::compliance::Options::default(), 0).unwrap();
    assert!(report.passed, "{report}");
    assert_eq!(found_in(&place.log(), ADDRESS), Vec::<PathBuf>::new());
}
