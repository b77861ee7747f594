//! The compliance check over sealed and erased data: neither is a violation, and what could not be looked at is told.

use super::*;
use scoped::compliance::{Options as Thorough, Report};
use scoped::{History, PrincipalId, SubjectId};

#[track_caller]
fn passes(report: &Report) -> Vec<String> {
    assert!(report.passed, "{report}");
    report.check("commands_explain_events").unwrap().warnings.clone()
}

/// Payloads that are decided again are sealed under other nonces, and those of who is erased are gone: compared by their bytes, every log with a
/// data subject would have failed the check.
#[test]
fn a_log_with_sealed_and_erased_data_keeps_all_ten_with_keys_and_without() {
    let (place, engine) = Place::furnished();
    let personal = scoped::identity::CreatePrincipal { personal: true, ..principal(40) };
    founder(&engine).execute(personal).unwrap();
    assert!(passes(&engine.compliance().unwrap()).is_empty(), "everything can be read");
    erase(&engine, MARIA);
    founder(&engine)
        .execute(objects::Tombstone { object: HERS, reason: None, expected_version: None })
        .unwrap();
    assert!(passes(&engine.compliance().unwrap()).is_empty(), "what is erased is no reason to look twice");
    erase(&engine, SubjectId(PrincipalId(40).0));
    let live = engine.compliance().unwrap();
    passes(&live);
    engine.close().unwrap();
    let (without, _) = History::open(place.log()).unwrap();
    let report = without.compliance(&Thorough::default(), 0).unwrap();
    let unread = passes(&report);
    let pierre = PIERRE.to_string();
    assert!(unread.len() == 1 && unread[0].contains(&pierre), "only his data is sealed: {unread:?}");
    assert_eq!(report.state, live.state, "folds need no keys");
    let (with, _) = History::open_with(place.log(), Some(&place.keys())).unwrap();
    assert!(passes(&with.compliance(&Thorough::default(), 0).unwrap()).is_empty());
}
