//! The pinned facts of the page on compliance.

use super::forge::{ADA, BO, EVE, Forge, Forged, failed};
use crate::support::{data, update};
use scoped::compliance::{
    Enforcer, FuzzOptions, Harness, Health, Options, RegistryReport, Secret, fuzz, verify_rollbacks,
};
use scoped::projections::objects::ObjectCreated;
use scoped::rules::{Bind, Define};
use scoped::{Level, ObjectId, PrincipalId, Sequence};
use serde_json::json;

fn secrets() -> Vec<Secret> {
    vec![Secret::new("token", b"hunter2-hunter2").unwrap()]
}

#[test]
fn an_object_of_an_owner_who_never_was_is_no_object_and_no_command_comes_to_it() {
    let forge = Forge::new();
    let event = ObjectCreated { object: ObjectId(77), object_type: "limits".into(), owner: PrincipalId(99) };
    forge.write(&[Forged::by(ADA, event).with(r#"{"cpu":1}"#)]);
    let report = forge.report(&Options::default());
    assert!(failed(&report).contains(&"commands_explain_events"), "{report}");
}

#[test]
fn an_allow_and_a_deny_of_one_priority_at_one_place_pass_with_one_warning() {
    let engine = Harness::new().unwrap().engine;
    let ada = engine.session(engine.founder()).unwrap();
    ada.execute(scoped::tenancy::CreateScope {
        scope: None,
        path: Some("org:a".parse().unwrap()),
        name: None,
        parent: None,
    })
    .unwrap();
    for (id, effect, action) in [(1, "allow", "read"), (2, "deny", "delete")] {
        let rule = scoped::RuleId(id);
        let define: Define = serde_json::from_value(json!({
            "rule": rule, "name": format!("rule {id}"), "class": "access", "effect": effect, "priority": 5,
            "when": { "action": [action] },
        }))
        .unwrap();
        let bind: Bind = serde_json::from_value(json!({ "rule": rule, "to": { "scope": "org:a" } })).unwrap();
        ada.execute(define).unwrap();
        ada.execute(bind).unwrap();
    }
    let report = engine.compliance().unwrap();
    let check = report.check("rule_consistency").unwrap();
    assert!(check.passed && check.warnings_total == 1, "{report}");
    assert!(
        check.warnings[0].starts_with("Contradictory") && check.warnings[0].contains("DENY wins"),
        "{report}"
    );
    assert!(report.passed, "{report}");
}

#[test]
fn one_broken_thing_makes_the_whole_fail_and_a_clean_system_passes_every_check() {
    let forge = Forge::new();
    let report = forge.report(&Options::default());
    assert!(report.passed && report.failed_count == 0 && report.total_checks == report.passed_count);
    forge.write(&[Forged::by(
        EVE,
        ObjectCreated { object: ObjectId(77), object_type: "ghost".into(), owner: EVE },
    )
    .with("{}")]);
    let report = forge.report(&Options::default());
    let text = report.to_string();
    assert!(!report.passed && text.contains("FAIL") && text.ends_with("Overall: FAILED"), "{text}");
}

#[test]
fn the_harness_has_three_users_uses_the_engine_it_is_given_and_asks_what_tests_ask() {
    let engine = scoped::Engine::in_memory().unwrap();
    let harness = Harness::on(engine.clone()).unwrap();
    let [a, b, c] = harness.users;
    assert!(engine.read(|moment| moment.world().identity().get(a).is_some()), "the engine that was given");
    let object = harness.object(a, None).unwrap();
    harness.version_count(object, 1);
    harness.cannot_read(b, object);
    harness.access_denied(harness.as_principal(b).unwrap().read(object).map(|found| found.value().unwrap()));
    harness.access_denied(Ok::<Vec<u8>, scoped::Error>(Vec::new()));
    let scope = harness.scope(a, &[b]).unwrap();
    harness.project(object, scope, Level::Read).unwrap();
    harness.can_read(b, object);
    harness.cannot_read(c, object);
    let update = scoped::objects::Update::new(object, data(json!({ "n": 2 })));
    harness.as_principal(a).unwrap().execute(update).unwrap();
    harness.version_count(object, 2);
    harness.trace_exists(a, "objects.updated", object);
    for wrong in [
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| harness.cannot_read(a, object))),
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            harness.access_denied(Ok::<u8, scoped::Error>(1))
        })),
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| harness.version_count(object, 7))),
    ] {
        assert!(wrong.is_err(), "an assertion that does not hold fails");
    }
}

#[test]
fn the_fuzzer_runs_without_scopes_and_projections_and_asks_every_pair() {
    let empty = FuzzOptions { scopes: 0, projections: 0, ..FuzzOptions::default() };
    let report = fuzz(&empty).unwrap();
    assert!(report.passed() && report.access_checks >= report.principals * report.objects, "{report:?}");
    let large = FuzzOptions { principals: 8, objects: 20, mutations: 10, ..FuzzOptions::default() };
    assert!(fuzz(&large).unwrap().passed());
}

#[test]
fn health_has_four_checks_one_entry_is_said_to_be_one_and_a_failed_one_is_unhealthy() {
    let report = Forge::new().report(&Options::default());
    let names: Vec<&str> = report.health.checks.keys().map(String::as_str).collect();
    assert_eq!(names, ["audit_chain", "format_known", "log_readable", "projections_at_head"]);
    assert!(report.health.healthy());
    let mut health = Health::default();
    assert!(health.healthy(), "nothing is wrong where nothing was asked");
    health.put("queue", Ok("empty".into()));
    health.put("queue", Err(scoped::Error::invalid("it is gone")));
    assert_eq!(health.checks.len(), 1, "a check under a name that is taken replaces it");
    assert!(!health.healthy() && health.checks["queue"].detail == "it is gone");
    let one = scoped::Engine::on(
        std::sync::Arc::new(scoped::log::MemoryStorage::new()),
        scoped::Options::default(),
    )
    .unwrap();
    assert!(
        one.compliance().unwrap().health.checks["audit_chain"].detail.starts_with("1 entry "),
        "one event: the founding"
    );
}

#[test]
fn the_registry_is_counted_by_kind_namespace_and_lifecycle() {
    let report = RegistryReport::of(&scoped::World::default());
    assert!(report.is_clean() && report.total_entries == 0);
    let forge = Forge::new();
    let engine = forge.engine();
    engine.session(ADA).unwrap().execute(scoped::identity::ArchivePrincipal { principal: EVE }).unwrap();
    let report = engine.compliance().unwrap().registry;
    assert!(report.is_clean());
    assert_eq!((report.by_kind["PRINCIPAL"], report.by_namespace["identity"]), (3, 3));
    assert_eq!((report.archived_entries, report.by_lifecycle["ARCHIVED"]), (1, 1));
    assert_eq!(report.active_entries, report.by_lifecycle["ACTIVE"]);
    assert_eq!(report.total_entries, report.by_kind.values().sum::<u64>());
}

#[test]
fn the_enforcer_raises_or_records_and_keeps_every_check() {
    let forge = Forge::new();
    let engine = forge.engine();
    let ada = engine.session(ADA).unwrap();
    let mut raising = Enforcer::new();
    assert_eq!(raising.context().unwrap_err().code(), "compliance_violation");
    {
        let _at_work = ada.enter();
        raising.context().unwrap();
    }
    assert!(raising.checks()[1].detail.contains(&ADA.to_string()));
    let receipt = ada.execute(update(1, 5)).unwrap();
    raising.trace(&engine, &receipt, ADA, "objects.updated").unwrap();
    let story = "an older entry of the same actor, action and object once satisfied this check";
    let later = ada.mark("later").unwrap();
    assert!(raising.trace(&engine, &later, ADA, "objects.updated").is_err(), "{story}");
    assert!(raising.trace(&engine, &receipt, BO, "objects.updated").is_err());
    raising.version(&engine, ObjectId(1), 3).unwrap();
    assert!(raising.version(&engine, ObjectId(1), 9).is_err());
    raising.version(&engine, ObjectId(1234), 1).unwrap();
    assert_eq!(
        raising.violations().count(),
        5,
        "a missing object is recorded and not raised: {:?}",
        raising.checks()
    );
    let nested = json!({ "a": [{ "b": "they said hunter2-hunter2 to me" }] });
    assert!(raising.no_secret(Some(&nested), &secrets()).is_err());
    raising.no_secret(Some(&nested), &[]).unwrap();
    raising.no_secret(None, &secrets()).unwrap();
    let revoked =
        ada.execute(scoped::tenancy::RemoveMember { scope: super::forge::acme(), principal: BO }).unwrap();
    raising.revocation(&engine, revoked.last, BO, ObjectId(1)).unwrap();
    assert!(
        raising.revocation(&engine, Sequence::new(revoked.first.get() - 1), BO, ObjectId(1)).is_err(),
        "before it, access stood"
    );
    let still = raising.revocation(&engine, revoked.last, ADA, ObjectId(1)).unwrap_err();
    assert!(still.to_string().contains("still has access"), "{still}");
    raising.reset();
    assert!(raising.checks().is_empty());

    let mut recording = Enforcer::recording();
    recording.context().unwrap();
    recording.version(&engine, ObjectId(1), 9).unwrap();
    recording.no_secret(Some(&json!({ "ok": 1 })), &secrets()).unwrap();
    assert_eq!((recording.checks().len(), recording.violations().count()), (3, 2));
}

#[test]
fn the_rollback_verifier_compares_states_for_create_update_and_tombstone_and_for_the_rest() {
    let found = verify_rollbacks().unwrap();
    for wanted in ["objects.create", "objects.update", "objects.tombstone"] {
        let check = found.checks.iter().find(|check| check.mutation_type == wanted).unwrap();
        assert!(check.passed, "{check:?}");
    }
    assert_eq!(found.failed().count(), 0);
}
