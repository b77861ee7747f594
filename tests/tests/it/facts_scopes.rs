//! The rules of the scopes specification about policies, quotas, retention and provisioning (sections 5 to 8.2).

use crate::support::{
    NOON, Place, by_hand, code, data, digest, member, object, path, principal, scope_at, update,
};
use scoped::projections::audit::AccessDenied;
use scoped::projections::tenancy::Metric;
use scoped::temporal::{Cutoff, Selection};
use scoped::tenancy::{CreateScope, DeleteScope, Records, SetPolicy};
use scoped::{
    Batch, Engine, Level, ObjectId, Policy, PrincipalId, Role, ScopeId, identity, objects, sharing, tenancy,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DAY: u64 = 86_400_000_000;

/// The founder (1) owns `org:acme` with `dept:eng` and `dept:ops`; 2 (`user:alice`) to 5 are people, 6 is `agent:planner_v3`.
fn acme() -> Place {
    let handles = [(2, "user:alice"), (6, "agent:planner_v3")];
    let one = |id| {
        let handle = handles.iter().find(|(of, _)| *of == id).map(|(_, handle)| handle.parse().unwrap());
        identity::CreatePrincipal { handle, ..principal(id) }
    };
    let scopes = [("org:acme", 1), ("org:acme/dept:eng", 2), ("org:acme/dept:ops", 3)];
    Place::with(12, (2..=6).map(one), &scopes)
}

impl Place {
    fn used(&self, scope: &str) -> BTreeMap<&'static str, u64> {
        self.engine.read(|moment| {
            let row = path(scope).row(moment.world().tenancy()).unwrap();
            let holds = moment.scope_detail(row).unwrap().holds;
            holds.into_iter().map(|held| (held.metric.as_str(), held.used)).collect()
        })
    }
    fn head(&self) -> scoped::Sequence {
        self.engine.history().head()
    }
}

fn policy(scope: &str, value: Value) -> SetPolicy {
    SetPolicy { scope: path(scope), policy: data(value) }
}

fn bury(id: u128) -> objects::Tombstone {
    objects::Tombstone { object: ObjectId(id), reason: None, expected_version: None }
}

fn restore(id: u128) -> objects::Restore {
    objects::Restore::new(ObjectId(id))
}

fn write(id: u128, scope: &str) -> objects::Create {
    object(id, 1, Some(scope), Level::Write)
}

// --- policies ---------------------------------------------------------------------------------------------------------

#[test]
fn each_resolved_key_names_the_scope_that_set_it() {
    let place = acme();
    place.does(1, policy("org:acme", json!({
        "default_view": "holistic", "audit_reads": "all", "quota": { "max_records": 100 },
        "retention": { "objects": { "max_age": "P365D", "min_age": "P2D" } }, "visible_to_descendants": false
    })));
    place.does(
        1,
        policy(
            "org:acme/dept:eng",
            json!({
                "default_view": "granular", "audit_reads": "none", "quota": { "max_records": 40 },
                "retention": { "objects": { "max_age": "P30D", "min_age": "P1D" } }
            }),
        ),
    );
    let resolved = place.at(1).reading().scope_policy(&path("org:acme/dept:eng")).unwrap().resolved;
    let rows: Vec<(String, String, String)> = resolved
        .into_iter()
        .map(|key| (key.key, key.value.to_string(), key.set_by.unwrap_or_default()))
        .collect();
    let expected = [
        ("default_view", "\"granular\"", "org:acme/dept:eng"),
        ("retention.objects.max_age", "\"P30D\"", "org:acme/dept:eng"),
        ("retention.objects.min_age", "\"P2D\"", "org:acme"),
        ("quota.max_records", "{\"limit\":40,\"used\":0}", "org:acme/dept:eng"),
        ("quota.max_records", "{\"limit\":100,\"used\":0}", "org:acme"),
        ("visible_to_descendants", "true", ""),
        ("inherit_members", "true", ""),
        ("audit_reads", "\"all\"", "org:acme"),
    ];
    let expected: Vec<(String, String, String)> =
        expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect();
    assert_eq!(rows, expected);
    assert_eq!(code(place.at(4).reading().scope_policy(&path("org:acme"))), "denied");
}

#[test]
fn a_policy_that_cannot_be_is_refused_by_its_key_or_its_duration() {
    let place = acme();
    for (value, expected) in [
        (json!({ "quotas": {} }), "policy_unknown_key"),
        (json!({ "quota": { "max_objects": 1 } }), "policy_unknown_key"),
        (json!({ "retention": { "blobs": {} } }), "policy_unknown_key"),
        (json!({ "retention": { "events": { "max_age": "P1D" } } }), "policy_unknown_key"),
        (json!({ "retention": { "objects": { "max_age": "P1Y" } } }), "invalid_duration"),
        (json!({ "retention": { "objects": { "max_age": "P6M" } } }), "invalid_duration"),
        (json!({ "retention": { "objects": { "min_age": "soon" } } }), "invalid_duration"),
        (json!({ "retention": { "objects": { "min_age": 5 } } }), "invalid"),
        (json!({ "default_view": "sideways" }), "invalid"),
        (json!({ "quota": { "max_records": -1 } }), "invalid"),
        (json!([]), "invalid"),
        (json!({ "retention": { "objects": { "max_age": "P1D", "min_age": "P2D" } } }), "policy_conflict"),
        (
            json!({ "retention": { "objects": { "max_age": "PT12H" }, "events": { "min_age": "P9W" } } }),
            "fine",
        ),
    ] {
        assert_eq!(place.tries(1, policy("org:acme", value.clone())), expected, "{value}");
    }
    assert_eq!(place.tries(4, policy("org:acme", json!({ "quotas": {} }))), "denied");
    let head = place.head();
    place.does(
        1,
        policy(
            "org:acme",
            json!({ "retention": { "objects": { "max_age": "PT12H" }, "events": { "min_age": "P63D" } } }),
        ),
    );
    assert_eq!(place.head(), head, "the same policy in other words appends nothing");
}

#[test]
fn a_hold_beyond_the_greatest_age_is_refused_wherever_it_would_arise() {
    let place = acme();
    let ages = |max: &str| json!({ "retention": { "objects": { "max_age": max } } });
    let hold = |min: &str| json!({ "retention": { "objects": { "min_age": min } } });
    place.does(1, policy("org:acme/dept:eng", hold("P10D")));
    assert_eq!(place.tries(1, policy("org:acme", ages("P9D"))), "policy_conflict", "below");
    place.does(1, policy("org:acme", ages("P10D")));
    assert_eq!(place.tries(1, policy("org:acme/dept:eng", hold("P11D"))), "policy_conflict", "above");
    // Moving a scope below another is a change like any other.
    let x = place.does(1, CreateScope::flat("x").below(ScopeId(2))).scope();
    let y = place.does(1, CreateScope::flat("y").below(ScopeId(3))).scope();
    let five = json!({ "retention": { "objects": { "max_age": "P5D" } } });
    place.does(1, SetPolicy { scope: y.into(), policy: data(five) });
    let to =
        |scope: ScopeId, parent: ScopeId| tenancy::MoveScope { scope: scope.into(), parent: parent.into() };
    assert_eq!(place.tries(1, to(y, x)), "policy_conflict");
}

#[test]
fn a_policy_goes_back_with_a_rollback() {
    let place = acme();
    place.does(1, policy("org:acme", json!({ "quota": { "max_records": 3 } })));
    let before = place.head();
    place.does(1, policy("org:acme", json!({ "inherit_members": false })));
    place.at(1).rollback(&Cutoff::At(before), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    let found = place.at(1).reading().scope_policy(&path("org:acme")).unwrap();
    assert_eq!((found.own.quota.max_records, found.own.inherit_members, found.version), (Some(3), None, 3));
}

// --- members ----------------------------------------------------------------------------------------------------------

#[test]
fn a_cut_stops_roles_from_above_and_leaves_owners_there_the_list_of_members() {
    let place = acme();
    place.does(1, scope_at("org:acme/dept:hr", 4));
    place.does(1, member("org:acme", 2, Role::Admin));
    place.does(1, member("org:acme/dept:hr", 3, Role::Owner));
    place.does(1, object(10, 1, Some("org:acme/dept:hr"), Level::Read));
    let cut = || policy("org:acme/dept:hr", json!({ "inherit_members": false }));
    assert_eq!(place.tries(2, cut()), "denied", "only an owner cuts");
    place.does(3, cut());
    place.does(1, tenancy::RemoveMember { scope: path("org:acme/dept:hr"), principal: PrincipalId(1) });
    let read = |who: u128| code(place.at(who).reading().scope(&path("org:acme/dept:hr")));
    assert_eq!((read(1), read(2), read(3)), ("denied", "denied", "fine"));
    assert_eq!(
        place.tries(2, member("org:acme/dept:hr", 4, Role::Reader)),
        "denied",
        "an admin above has no say"
    );
    assert_eq!(
        place.tries(1, member("org:acme/dept:hr", 4, Role::Reader)),
        "grant_exceeds_holder",
        "no read, none to give"
    );
    assert_eq!(place.tries(1, member("org:acme/dept:hr", 4, Role::Owner)), "denied", "it has an owner");
    // Once a cut scope whose last owner left was nobody's for ever.
    place.does(3, tenancy::RemoveMember { scope: path("org:acme/dept:hr"), principal: PrincipalId(3) });
    assert_eq!(place.tries(2, member("org:acme/dept:hr", 4, Role::Owner)), "denied");
    place.does(1, member("org:acme/dept:hr", 4, Role::Owner));
    assert_eq!((read(1), read(4)), ("denied", "fine"));
}

#[test]
fn an_admin_makes_no_owner_and_the_last_owner_of_a_root_stays() {
    let place = acme();
    place.does(1, member("org:acme/dept:eng", 3, Role::Admin));
    assert_eq!(place.tries(3, member("org:acme/dept:eng", 4, Role::Owner)), "denied");
    place.does(3, member("org:acme/dept:eng", 4, Role::Admin));
    let leave = tenancy::RemoveMember { scope: path("org:acme"), principal: PrincipalId(1) };
    assert_eq!(place.tries(1, leave), "last_owner");
    assert!(
        serde_json::from_value::<tenancy::Grantee>(json!({ "principal": PrincipalId(2), "role": "boss" }))
            .is_err()
    );
}

// --- deleting ---------------------------------------------------------------------------------------------------------

#[test]
fn kept_records_are_reached_only_by_descending_from_above() {
    let place = acme();
    place.does(1, member("org:acme", 2, Role::Writer));
    place.does(1, member("org:acme", 3, Role::Admin));
    place.does(1, member("org:acme/dept:eng", 4, Role::Owner));
    place.does(5 - 4, write(10, "org:acme/dept:eng"));
    assert_eq!(place.tries(1, DeleteScope::new(path("org:acme/dept:eng"))), "scope_has_records");
    place.does(1, DeleteScope::new(path("org:acme/dept:eng")).records(Records::Keep));
    let reads = |who: u128| code(place.at(who).read(ObjectId(10)));
    assert_eq!(
        (reads(3), reads(2), reads(4)),
        ("fine", "denied", "denied"),
        "admins descend, writers do not"
    );
    let list = |view| -> Vec<u128> {
        let found = place.at(3).reading().objects(&path("org:acme"), view).unwrap();
        found.into_iter().map(|info| info.object.0).collect()
    };
    assert_eq!((list(scoped::View::Descend), list(scoped::View::Granular)), (vec![10], vec![]));
    let own = place.at(3).reading().objects(&path("org:acme/dept:eng"), scoped::View::Granular);
    assert!(own.map_or(true, |found| found.is_empty()), "not through the deleted scope itself");
    assert_eq!(place.tries(3, update(10, 2)), "denied");
}

// --- quotas -----------------------------------------------------------------------------------------------------------

#[test]
fn the_worked_example_of_quotas() {
    let place = acme();
    let fill = |from: u128, count: u128, scope: &str| {
        let mut batch = Batch::new();
        (from..from + count).for_each(|id| batch.push(PrincipalId(1), write(id, scope)));
        place.engine.execute(batch)
    };
    place.does(1, policy("org:acme", json!({ "quota": { "max_records": 100 } })));
    place.does(1, policy("org:acme/dept:eng", json!({ "quota": { "max_records": 40 } })));
    fill(1_000, 38, "org:acme/dept:eng").unwrap();
    fill(2_000, 57, "org:acme").unwrap();
    let before = place.head();
    let error = fill(3_000, 3, "org:acme/dept:eng").unwrap_err();
    assert_eq!(error.code(), "scope_quota_exceeded");
    assert!(
        error.to_string().contains("`org:acme/dept:eng` max_records: used 40, wanted 1 more, limit 40"),
        "{error}"
    );
    let error = fill(4_000, 6, "org:acme/dept:ops").unwrap_err();
    assert!(error.to_string().contains("`org:acme` max_records"), "{error}");
    let records = place.engine.history().reader().records(before.next(), place.head());
    let kinds: Vec<u16> = records.map(|record| record.unwrap().kind()).collect();
    assert_eq!(kinds, [AccessDenied::KIND; 2], "nothing is appended but who was stopped");
    fill(5_000, 2, "org:acme/dept:eng").unwrap();
    assert_eq!(
        (place.used("org:acme")["max_records"], place.used("org:acme/dept:eng")["max_records"]),
        (97, 40)
    );
}

#[test]
fn a_write_must_fit_every_quota_on_the_way_and_all_that_it_breaks_are_named() {
    let place = acme();
    place.does(
        1,
        policy("org:acme", json!({ "quota": { "max_records": 1, "max_bytes": 10, "max_log_bytes": 15 } })),
    );
    place.does(1, policy("org:acme/dept:eng", json!({ "quota": { "max_records": 1 } })));
    place.does(1, write(10, "org:acme/dept:eng")); // {"cpu":1} has nine bytes
    let error = place.at(1).execute(write(11, "org:acme/dept:eng")).unwrap_err().to_string();
    for words in [
        "`org:acme/dept:eng` max_records",
        "`org:acme` max_records",
        "`org:acme` max_bytes",
        "`org:acme` max_log_bytes",
    ] {
        assert!(error.contains(words), "{error}");
    }
    assert_eq!(place.tries(1, update(10, 123)), "scope_quota_exceeded", "eleven bytes");
    place.does(1, object(12, 1, None, Level::Read)); // private: counts nowhere
    place.does(1, sharing::Project { object: ObjectId(12), scope: path("org:acme"), level: Level::Read }); // counts at home only
    place.does(1, bury(10));
    let used = place.used("org:acme");
    assert_eq!(
        (used["max_records"], used["max_bytes"], used["max_log_bytes"]),
        (0, 0, 9),
        "the log keeps its bytes"
    );
    place.does(1, policy("org:acme", json!({ "quota": { "max_records": 0 } })));
    assert_eq!(place.tries(1, restore(10)), "scope_quota_exceeded", "restoring counts again");
    place.does(1, policy("org:acme", json!({ "quota": { "max_members": 3, "max_scopes": 2 } })));
    assert_eq!(place.tries(1, member("org:acme/dept:eng", 2, Role::Reader)), "scope_quota_exceeded");
    assert_eq!(place.tries(1, scope_at("org:acme/ws:x", 9)), "scope_quota_exceeded");
    assert_eq!(place.tries(1, write(13, "org:acme/ws:x")), "scope_quota_exceeded", "provisioned ones count");
    place.does(1, DeleteScope::new(path("org:acme/dept:ops")));
    place.does(1, write(13, "org:acme/ws:x"));
}

#[test]
fn a_limit_below_what_is_there_stops_growth_and_evicts_nothing() {
    let place = acme();
    (10..15).for_each(|id| drop(place.does(1, write(id, "org:acme"))));
    place.does(1, policy("org:acme", json!({ "quota": { "max_records": 2 } })));
    assert_eq!(place.used("org:acme")["max_records"], 5);
    assert_eq!(place.tries(1, write(20, "org:acme")), "scope_quota_exceeded");
    place.does(1, update(10, 2));
    (10..14).for_each(|id| drop(place.does(1, bury(id))));
    place.does(1, write(20, "org:acme"));
}

#[test]
fn two_threads_do_not_pass_a_limit_together() {
    let place = acme();
    place.does(1, policy("org:acme", json!({ "quota": { "max_records": 50 } })));
    let done: usize = std::thread::scope(|threads| {
        let writers: Vec<_> = (0..4u128)
            .map(|thread| {
                let session = place.at(1);
                threads.spawn(move || {
                    let wrote = |id: u128| {
                        session.execute(write(1_000 * (thread + 1) + id, "org:acme/dept:eng")).is_ok()
                    };
                    (0..20).filter(|id| wrote(*id)).count()
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    });
    assert_eq!((done, place.used("org:acme")["max_records"]), (50, 50));
}

/// What the counters say, from nothing but what is there.
fn recount(engine: &Engine, scope: u32, log_bytes: &BTreeMap<u32, u64>) -> BTreeMap<&'static str, u64> {
    engine.read(|moment| {
        let world = moment.world();
        let (tenancy, objects) = (world.tenancy(), world.objects());
        let below = tenancy.subtree(scope);
        let mut sums: BTreeMap<&'static str, u64> =
            Metric::ALL.iter().map(|metric| (metric.as_str(), 0)).collect();
        for object in objects.iter().filter(|object| !object.tombstoned && below.contains(&object.home)) {
            *sums.get_mut("max_records").unwrap() += 1;
            let record = moment.history().record(object.data).unwrap();
            *sums.get_mut("max_bytes").unwrap() += record.payload_len() as u64;
        }
        for row in &below {
            let live = *row != scope && !tenancy.at(*row).unwrap().archived;
            *sums.get_mut("max_scopes").unwrap() += u64::from(live);
            *sums.get_mut("max_members").unwrap() += tenancy.members(*row).count() as u64;
            *sums.get_mut("max_log_bytes").unwrap() += log_bytes.get(row).copied().unwrap_or(0);
        }
        sums
    })
}

#[test]
fn counters_equal_a_recount_after_random_histories_with_rollbacks() {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngSeed, TestRunner};
    let config =
        Config { cases: 24, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..Config::default() };
    let raws = prop::collection::vec(any::<[u8; 4]>(), 10..60);
    TestRunner::new(config)
        .run(&raws, |raws| {
            let place = acme();
            let paths = [
                "org:acme",
                "org:acme/dept:eng",
                "org:acme/dept:ops",
                "org:acme/dept:eng/ws:a",
                "org:acme/ws:b",
            ];
            for [kind, a, b, c] in raws {
                let (at, id) = (paths[usize::from(a) % 5], u128::from(b) % 12 + 100);
                let session = place.at(1);
                // Refusals are fine: the history is whatever comes of it.
                let _ = match kind % 10 {
                    0..=2 => session.execute(object(id, u64::from(c), Some(at), Level::Write)).map(drop),
                    3 => session.execute(update(id, u64::from(c) * 1_000)).map(drop),
                    4 => session.execute(bury(id)).map(drop),
                    5 => session.execute(restore(id)).map(drop),
                    6 => session.execute(member(at, u128::from(b) % 5 + 2, Role::Reader)).map(drop),
                    7 => {
                        let records = [Records::Forget, Records::Keep][usize::from(c) % 2];
                        let delete = DeleteScope::new(path(paths[usize::from(a) % 4 + 1])).records(records);
                        session.execute(delete.recursive()).map(drop)
                    }
                    8 => session.execute(CreateScope::at(at.parse().unwrap())).map(drop),
                    _ => session
                        .rollback(&Cutoff::Head(u64::from(c) % 9), Selection::All, Policy::SkipDenied)
                        .map(drop),
                };
            }
            let mut log_bytes: BTreeMap<u32, u64> = BTreeMap::new();
            for record in place.engine.history().reader().records(scoped::Sequence::new(1), place.head()) {
                let record = record.unwrap();
                let row = place.engine.read(|moment| moment.world().tenancy().row(ScopeId(record.scope())));
                if let Some(row) = row.filter(|_| record.scope() != 0) {
                    *log_bytes.entry(row).or_default() += record.payload_len() as u64;
                }
            }
            for row in 0..place.engine.read(|moment| moment.world().tenancy().len() as u32) {
                let found: BTreeMap<&str, u64> = place.engine.read(|moment| {
                    let holds = moment.scope_detail(row).unwrap().holds;
                    holds.into_iter().map(|held| (held.metric.as_str(), held.used)).collect()
                });
                assert_eq!(found, recount(&place.engine, row, &log_bytes), "scope in row {row}");
            }
            digest(&place.engine);
            Ok(())
        })
        .unwrap();
}

// --- retention --------------------------------------------------------------------------------------------------------

#[test]
fn reaching_the_greatest_age_tombstones_by_the_event_of_a_sweep() {
    let place = acme();
    place.does(1, policy("org:acme", json!({ "retention": { "objects": { "max_age": "P10D" } } })));
    place.does(1, write(10, "org:acme/dept:eng"));
    place.door.set(NOON + 5 * DAY);
    place.does(1, write(11, "org:acme/dept:ops"));
    place.does(1, object(12, 1, None, Level::Read));
    assert_eq!(place.at(1).sweep().unwrap().objects, 0);
    place.door.set(NOON + 11 * DAY);
    let before = place.head();
    assert_eq!(place.at(1).sweep().unwrap().objects, 1);
    let history = place.engine.history();
    let record = history.record(before.next()).unwrap();
    assert_eq!(
        (history.event(&record).unwrap().object(), record.time()),
        (Some(ObjectId(10)), NOON + 11 * DAY)
    );
    let gone = |id: u128| place.engine.read(|moment| moment.object(ObjectId(id)).unwrap().tombstoned);
    assert_eq!((gone(10), gone(11), gone(12)), (true, false, false));
    assert_eq!(place.tries(1, restore(10)), "retention_expired");
    assert_eq!(place.tries(1, objects::Expire { object: ObjectId(11) }), "not_expired");
    place.does(1, policy("org:acme", json!({ "retention": { "objects": { "max_age": "P99D" } } })));
    place.does(1, restore(10));
    // What lies in a frozen scope stays.
    place.does(1, policy("org:acme", json!({ "retention": { "objects": { "max_age": "P1D" } } })));
    place.does(1, tenancy::FreezeScope { scope: path("org:acme/dept:eng"), reason: None });
    assert_eq!(place.at(1).sweep().unwrap().objects, 1, "only what is in `ops`");
    assert!(!gone(10) && gone(11));
}

#[test]
fn what_is_held_does_not_go_before_its_time() {
    let place = acme();
    place.does(1, policy("org:acme", json!({ "retention": { "objects": { "min_age": "P10D" } } })));
    place.does(1, write(10, "org:acme/dept:eng"));
    assert_eq!(place.tries(1, bury(10)), "retention_hold");
    assert_eq!(
        place.tries(1, DeleteScope::new(path("org:acme/dept:eng")).records(Records::Forget)),
        "retention_hold"
    );
    place.does(1, update(10, 2));
    place.door.set(NOON + 10 * DAY);
    place.does(1, bury(10));
}

// --- provisioning -----------------------------------------------------------------------------------------------------

#[test]
fn a_write_makes_what_is_missing_outermost_first_in_its_own_batch() {
    let place = acme();
    place.does(1, member("org:acme", 3, Role::Writer));
    let before = place.head();
    for scope in ["org:acme/ws:q3/team:x", "org:nope/ws:y"] {
        assert_ne!(code(place.at(3).reading().scope(&path(scope))), "fine");
    }
    place.engine.sync().unwrap();
    assert!(
        place.engine.read(|moment| path("org:acme/ws:q3").row(moment.world().tenancy())).is_none(),
        "reading makes nothing"
    );
    let done = place.does(3, write(10, "org:acme/ws:q3/team:x"));
    assert_eq!(done.provisioned, ["org:acme/ws:q3", "org:acme/ws:q3/team:x"]);
    assert_eq!(done.object(), ObjectId(10), "the receipt is about the record");
    assert!(done.first > before);
    for scope in &done.provisioned {
        let found = place.at(1).reading().scope(&path(scope)).unwrap();
        assert_eq!((found.auto_provisioned, found.members), (true, 0), "it lives on inheritance");
    }
    assert_eq!(code(place.at(3).read(ObjectId(10))), "fine");
    // A write that is refused makes nothing.
    assert_eq!(place.tries(3, write(10, "org:acme/ws:other")), "exists");
    assert!(place.engine.read(|moment| path("org:acme/ws:other").row(moment.world().tenancy())).is_none());
    // Sharing into a path is a write.
    place.does(3, object(11, 1, None, Level::Read));
    let done = place
        .does(3, sharing::Project { object: ObjectId(11), scope: path("org:acme/ws:s"), level: Level::Read });
    assert_eq!(done.provisioned, ["org:acme/ws:s"]);
    digest(&place.engine);
}

#[test]
fn a_repeated_write_gives_its_first_receipt_again_with_what_it_provisioned() {
    let place = acme();
    let batch = || Batch::new().with(PrincipalId(1), write(10, "org:acme/ws:q/team:r")).keyed("k");
    let (first, again) = (place.engine.execute(batch()).unwrap(), place.engine.execute(batch()).unwrap());
    assert!(again.repeated);
    assert_eq!((first.ids, first.provisioned), (again.ids, again.provisioned));
    // A copy made from the recalled commands has the same scopes under the same ids.
    let copy = by_hand(12).0;
    let history = place.engine.history();
    let all: Vec<_> =
        history.reader().records(copy.history().head().next(), history.head()).map(Result::unwrap).collect();
    for batch in all.chunk_by(|a, _| a.batch_left() > 0) {
        if let Some(batch) = scoped::export::recall(history, batch).unwrap() {
            copy.execute(batch).unwrap();
        }
    }
    let content = |engine: &Engine| engine.read(|moment| moment.world().content_digest());
    assert_eq!(content(&copy), content(&place.engine));
}

#[test]
fn provisioning_takes_its_capabilities_and_names_what_is_missing() {
    let place = acme();
    place.does(1, member("org:acme", 2, Role::Writer)); // user:alice
    place.does(1, member("org:acme", 3, Role::Reader));
    place.does(1, member("org:acme", 4, Role::Admin));
    let missing = |who: u128, scope: &str| {
        let error = place.at(who).execute(write(50, scope)).unwrap_err();
        assert_eq!(error.code(), "denied");
        error.to_string().split('`').nth(1).unwrap().to_owned()
    };
    assert_eq!(missing(3, "org:acme/ws:x"), "scope.write");
    assert_eq!(missing(2, "org:acme/user:carl"), "scope.provision.other");
    assert_eq!(missing(2, "org:acme/agent:bot/ws:x"), "scope.provision.other", "also in between");
    assert_eq!(missing(5, "org:acme/ws:x"), "scope.write");
    assert_eq!(missing(5, "org:nope/ws:x"), "scope.write", "missing and forbidden sound alike");
    assert_eq!(missing(2, "user:bob/ws:x"), "scope.write", "somebody else's name");
    place.does(2, write(51, "org:acme/ws:q3-launch"));
    place.does(2, write(52, "org:acme/user:alice"));
    let owners = |scope: &str| -> Vec<(u128, Role)> {
        let found = place
            .engine
            .read(|moment| moment.member_infos(path(scope).row(moment.world().tenancy()).unwrap()));
        found.into_iter().map(|member| (member.principal.0, member.role)).collect()
    };
    assert_eq!(owners("org:acme/user:alice"), [(2, Role::Owner)], "it names the actor");
    place.does(4, write(53, "org:acme/user:carl"));
    assert_eq!(owners("org:acme/user:carl"), []);
    // Its own name is the one root that an actor may make.
    let done = place.does(6, write(54, "agent:planner_v3/ws:scratch"));
    assert_eq!(done.provisioned, ["agent:planner_v3", "agent:planner_v3/ws:scratch"]);
    assert_eq!(
        (owners("agent:planner_v3"), owners("agent:planner_v3/ws:scratch")),
        (vec![(6, Role::Owner)], vec![])
    );
    let own = format!("user:{}", PrincipalId(5));
    place.does(5, write(55, &own));
    assert_eq!(owners(&own), [(5, Role::Owner)], "the text of the id is a name too");
    // An operator may make any root, and then owns it: a root without owner could not be managed.
    place.does(1, write(56, "org:new/ws:x"));
    assert_eq!(owners("org:new"), [(1, Role::Owner)]);
}

#[test]
fn two_writers_race_to_one_path_and_it_is_made_once() {
    let place = acme();
    place.does(1, member("org:acme", 2, Role::Writer));
    place.does(1, member("org:acme", 3, Role::Writer));
    let made: usize = std::thread::scope(|threads| {
        let writers: Vec<_> = [2u128, 3]
            .into_iter()
            .map(|who| {
                let session = place.at(who);
                threads.spawn(move || {
                    let made = |nth: u128| {
                        let scope = format!("org:acme/ws:race{}", nth % 10);
                        session.execute(write(1_000 * who + nth, &scope)).unwrap().provisioned.len()
                    };
                    (0..40).map(made).sum::<usize>()
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    });
    assert_eq!(made, 10, "each path was made by one of them, once");
    assert_eq!(place.used("org:acme")["max_scopes"], 2 + 10);
}

#[test]
fn registering_a_path_makes_what_is_missing_above_it_and_adopts_what_made_itself() {
    let place = acme();
    let done = place.does(1, CreateScope::at("org:acme/team:t/ws:x".parse().unwrap()));
    assert_eq!(done.provisioned, ["org:acme/team:t"]);
    let info = |scope: &str| place.at(1).reading().scope(&path(scope)).unwrap();
    assert_eq!(done.scope(), info("org:acme/team:t/ws:x").scope);
    assert_eq!(
        (info("org:acme/team:t").auto_provisioned, info("org:acme/team:t/ws:x").auto_provisioned),
        (true, false)
    );
    let adopted = place.does(1, CreateScope::at("org:acme/team:t".parse().unwrap()));
    assert_eq!(adopted.scope(), info("org:acme/team:t").scope, "it keeps its id");
    assert!(!info("org:acme/team:t").auto_provisioned);
    assert_eq!(place.tries(1, CreateScope::at("org:acme/team:t".parse().unwrap())), "scope_exists");
}

#[test]
fn a_deleted_path_does_not_spring_back_and_is_another_scope_when_it_is_registered_again() {
    let place = acme();
    place.does(1, write(10, "org:acme/dept:eng"));
    place.does(1, DeleteScope::new(path("org:acme/dept:eng")).records(Records::Forget));
    for scope in ["org:acme/dept:eng", "org:acme/dept:eng/ws:below"] {
        assert_eq!(place.tries(1, write(20, scope)), "scope_tombstoned", "{scope}");
    }
    assert_eq!(place.tries(1, CreateScope::at("org:acme/dept:eng/ws:b".parse().unwrap())), "scope_deleted");
    let again = place.does(1, CreateScope::at("org:acme/dept:eng".parse().unwrap()));
    assert_ne!(again.scope(), ScopeId(2));
    place.does(1, write(20, "org:acme/dept:eng"));
    place.engine.read(|moment| {
        let (tenancy, objects) = (moment.world().tenancy(), moment.world().objects());
        let home = |id: u128| tenancy.at(objects.get(ObjectId(id)).unwrap().home).unwrap().id;
        assert_eq!((home(10), home(20)), (ScopeId(2), again.scope()), "history stays with the old id");
    });
    assert_eq!(place.tries(1, tenancy::ReopenScope { scope: ScopeId(2).into() }), "scope_exists");
    digest(&place.engine);
}
