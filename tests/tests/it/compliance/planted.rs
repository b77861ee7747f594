//! Each invariant broken on purpose, by somebody who can write to the log and redo all its sums: found, and said where.

use super::forge::{ADA, BO, EVE, Forge, Forged, failed};
use crate::support::path;
use scoped::compliance::{CheckName, Invariant, Options, Secret};
use scoped::log::MemoryStorage;
use scoped::projections::tenancy::Applies;
use scoped::projections::{
    Context, Envelope, ScopeId, audit as a, identity as i, objects as o, registry as r, requests as q,
    sharing as s, snapshot, temporal as t, tenancy as tn,
};
use scoped::tenancy::{AddAclEntry, RemoveMember};
use scoped::{Effect, Level, ObjectId, PrincipalId, RegistrationId, Sequence, Subject};
use std::sync::Arc;

fn created(id: u128, object_type: &str, owner: PrincipalId) -> o::ObjectCreated {
    o::ObjectCreated { object: ObjectId(id), object_type: object_type.into(), owner }
}

/// What is planted, and the checks that have to fail: these and no others.
struct Plant {
    invariant: Invariant,
    story: &'static str,
    events: Vec<Forged>,
    found_by: &'static [&'static str],
}

fn plants() -> Vec<Plant> {
    let object = ObjectId(1);
    let beyond = Context { cause: 9_999, ..Context::default() };
    let undoes = Context { undoes: 9_999, ..Context::default() };
    let mark = || t::MarkSet { name: "planted".into(), position: 1 };
    vec![
        Plant {
            invariant: Invariant::Registered,
            story: "an object of a type that nobody registered",
            events: vec![Forged::by(ADA, created(77, "ghost", ADA)).with(r#"{"a":1}"#)],
            found_by: &["registry_completeness", "commands_explain_events"],
        },
        Plant {
            invariant: Invariant::Registered,
            story: "an entry whose name no URN can have",
            events: vec![Forged::by(
                ADA,
                r::Registered {
                    registration: RegistrationId(0x66),
                    kind: "no kind at all".into(),
                    namespace: String::new(),
                    name: "a:b".into(),
                    version: 1,
                    lifecycle: r::Lifecycle::Active,
                    tags: Vec::new(),
                },
            )],
            found_by: &["registry_consistency", "commands_explain_events"],
        },
        Plant {
            invariant: Invariant::Identified,
            story: "an event by a principal that never was",
            events: vec![Forged::by(PrincipalId(99), mark())],
            found_by: &["actors_known", "decisions_hold"],
        },
        Plant {
            invariant: Invariant::Private,
            story: "an object that a stranger shares in the breath in which its owner makes it",
            events: vec![
                Forged::by(BO, created(77, "limits", BO)).with(r#"{"cpu":1}"#),
                Forged::by(
                    EVE,
                    s::ObjectProjected { object: ObjectId(77), scope: ScopeId(10), level: Level::Admin },
                ),
            ],
            found_by: &["born_private", "decisions_hold"],
        },
        Plant {
            invariant: Invariant::Traced,
            story: "an event that no command comes to: a projection is revoked, and was not there",
            events: vec![Forged::by(ADA, s::ProjectionRevoked { object, scope: ScopeId(11) })],
            found_by: &["commands_explain_events"],
        },
        Plant {
            invariant: Invariant::Traced,
            story: "a cause that lies in the future",
            events: vec![Forged { context: beyond, ..Forged::by(ADA, mark()) }],
            found_by: &["commands_explain_events", "causes_exist"],
        },
        Plant {
            invariant: Invariant::Kept,
            story: "a new version whose data is not there",
            events: vec![Forged::by(ADA, o::ObjectUpdated { object })],
            found_by: &["commands_explain_events", "versions_readable"],
        },
        Plant {
            invariant: Invariant::DenyWins,
            story: "what a deny forbids is done all the same",
            events: vec![Forged::by(BO, o::ObjectUpdated { object }).with(r#"{"cpu":9}"#)],
            found_by: &["decisions_hold"],
        },
        Plant {
            invariant: Invariant::Versioned,
            story: "an object that is made a second time, which makes no version",
            events: vec![Forged::by(ADA, created(2, "limits", ADA)).with(r#"{"cpu":9}"#)],
            found_by: &["commands_explain_events", "versions_contiguous"],
        },
        Plant {
            invariant: Invariant::Reversible,
            story: "an event that claims to take back what has not happened yet",
            events: vec![Forged { context: undoes, ..Forged::by(ADA, mark()) }],
            found_by: &["commands_explain_events", "causes_exist", "rollbacks_name_their_events"],
        },
        Plant {
            invariant: Invariant::Private,
            story: "a scope that ends while its members stay",
            events: vec![Forged::by(ADA, tn::ScopeArchived { scope: ScopeId(11) })],
            found_by: &["scope_boundaries", "commands_explain_events"],
        },
        Plant {
            invariant: Invariant::Identified,
            story: "a second founder",
            events: vec![
                Forged::by(EVE, i::Founded { principal: EVE, kind: "person".into() })
                    .with(r#"{"name":"Eve"}"#),
            ],
            found_by: &["actors_known", "decisions_hold"],
        },
    ]
}

#[test]
fn what_is_planted_is_found_by_the_checks_that_are_for_it_and_by_no_others() {
    for Plant { invariant, story, events, found_by } in plants() {
        let forge = Forge::new();
        if invariant == Invariant::DenyWins {
            let engine = forge.engine();
            let deny = AddAclEntry {
                entry: None,
                scope: path("org:acme"),
                effect: Effect::Deny,
                subject: Subject::Principal(BO),
                capability: "scope.write".parse().unwrap(),
                applies: Applies::Subtree,
                expires_at: None,
            };
            engine.session(ADA).unwrap().execute(deny).unwrap();
            engine.close().unwrap();
        }
        let clean = forge.report(&Options::default());
        assert!(clean.passed, "before: {clean}");
        forge.write(&events);
        let report = forge.report(&Options::default());
        let mut found = failed(&report);
        let mut expected = found_by.to_vec();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{story}\n{report}");
        assert!(!report.passed, "{story}");
    }
}

/// The key of a batch was passed over by the check, wherever it stood and whatever it counted; so would have been what describes a request.
#[test]
fn what_tells_of_a_request_stands_behind_all_of_it_and_counts_it() {
    let key = |events| Forged::by(ADA, q::RequestKeyed { key: [1; 16], request: [2; 16], events });
    let described = |events| Forged::by(ADA, q::RequestDescribed { events }).with(r#"{"ip":"192.0.2.1"}"#);
    let mark = || Forged::by(ADA, t::MarkSet { name: "m".into(), position: 1 });
    // Every forge is the same.
    let at = Forge::new().history_read_only().head().next().get();
    let caused = |cause, forged: Forged| Forged { context: Context { cause, ..forged.context }, ..forged };
    let denied = |payload: Option<&'static str>| {
        let (operation, capability, reason) =
            ("objects.read".into(), "scope.read.local".into(), "rule".into());
        let (object, code) = (ObjectId(1), "denied".into());
        let (count, first, last) = (1, 1, 1);
        let event = a::AccessDenied { operation, capability, object, code, reason, count, first, last };
        Forged { payload, ..Forged::by(EVE, event) }
    };
    let cases = [
        ("as it is to be", true, vec![mark(), caused(at, described(1)), caused(at, key(2))]),
        ("a key alone, of what came to nothing", true, vec![key(0)]),
        ("an attempt that says where from", true, vec![denied(Some(r#"{"ip":"192.0.2.1"}"#))]),
        ("a description that counts too many", false, vec![mark(), caused(at, described(2))]),
        ("a description before what it describes", false, vec![described(0), mark()]),
        ("a description of nothing", false, vec![described(0)]),
        ("a description of an attempt", false, vec![denied(None), described(1)]),
        ("two descriptions", false, vec![mark(), caused(at, described(1)), caused(at, described(2))]),
        ("a description behind the key", false, {
            vec![mark(), caused(at, key(1)), caused(at, described(2))]
        }),
        ("a key that counts too few", false, vec![mark(), caused(at, key(0))]),
        (
            "a description that is none",
            false,
            vec![mark(), Forged { payload: Some("[1]"), ..caused(at, described(1)) }],
        ),
        ("an attempt with something else", false, vec![denied(Some("[1]"))]),
    ];
    for (story, right, events) in cases {
        let forge = Forge::new();
        forge.write(&events);
        let report = forge.report(&Options::default());
        let expected: &[&str] = if right { &[] } else { &["commands_explain_events"] };
        assert_eq!(failed(&report), expected, "{story}\n{report}");
    }
}

/// Three checks had no plant for months, and nobody could say whether they would find anything.
#[test]
fn no_check_is_without_a_violation_that_it_finds() {
    // Planted by tests of their own: below, and in `engine/src/compliance/tampered.rs` what no log can be made to hold.
    let elsewhere = [
        "revocations_hold",
        "secret_hygiene",
        "replay_agrees",
        "trace_integrity",
        "access_has_reason",
        "denies_hold",
        "rollbacks_planned",
        "isolation_integrity",
        // Never fails: it warns, see `facts_compliance.rs`.
        "rule_consistency",
    ];
    let planted: Vec<&str> = plants().iter().flat_map(|plant| plant.found_by).copied().collect();
    for check in CheckName::ALL.iter().map(|check| check.as_str()) {
        assert!(planted.contains(&check) || elsewhere.contains(&check), "`{check}` has no plant: add one");
    }
}

#[test]
fn a_right_that_is_used_after_it_was_taken_away_breaks_the_seventh_invariant() {
    let forge = Forge::new();
    let engine = forge.engine();
    let remove = RemoveMember { scope: path("org:acme"), principal: BO };
    engine.session(ADA).unwrap().execute(remove).unwrap();
    engine.close().unwrap();
    forge.write(&[Forged::by(BO, o::ObjectUpdated { object: ObjectId(1) }).with(r#"{"cpu":9}"#)]);
    let report = forge.report(&Options::default());
    assert_eq!(failed(&report), ["decisions_hold", "revocations_hold"], "{report}");
}

#[test]
fn a_secret_is_found_in_a_payload_in_a_body_and_in_base64_and_its_value_is_never_told() {
    const VALUE: &str = "correct horse battery staple";
    let secret = || Secret::new("vault/main", VALUE.as_bytes()).unwrap();
    let options = Options { secrets: vec![secret()], ..Options::default() };
    for (place, event) in [
        (
            "payload",
            Forged::by(ADA, o::ObjectUpdated { object: ObjectId(1) })
                .with(r#"{"note":"the correct horse battery staple it is"}"#),
        ),
        ("event", Forged::by(ADA, t::MarkSet { name: VALUE.into(), position: 1 })),
        (
            "payload",
            Forged::by(ADA, o::ObjectUpdated { object: ObjectId(1) })
                .with(r#"{"note":"Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZQ=="}"#),
        ),
    ] {
        let forge = Forge::new();
        forge.write(&[event]);
        let report = forge.report(&options);
        let check = report.check("secret_hygiene").unwrap();
        assert_eq!(check.violations_total, 1, "{report}");
        assert!(
            check.violations[0].contains(place) && check.violations[0].contains("vault/main"),
            "{report}"
        );
        let all = format!("{report}{report:?}{}{options:?}", report.html());
        assert!(!all.contains(VALUE), "the value is nowhere in what is shown");
    }
    assert!(
        Secret::new("short", b"12345").is_err(),
        "what stands in any log by chance is no secret to look for"
    );
}

#[test]
fn a_snapshot_that_says_what_the_log_does_not_is_found() {
    let forge = Forge::new();
    let engine = forge.engine();
    let head = engine.snapshot().unwrap();
    assert!(engine.compliance().unwrap().passed);
    let mut world = engine.read(|moment| moment.world().clone());
    // The snapshot is made to say that Eve is an operator; its sums are right, and it carries the right chain value.
    let at = Envelope {
        sequence: head,
        time: world.time(),
        actor: ADA,
        scope: ScopeId::NONE,
        context: Context::default(),
        payload: 0,
    };
    world.apply(&at, &i::OperatorSet { principal: EVE, operator: true }.into());
    let reader = engine.history().reader();
    let bytes = snapshot::encode(&world, reader.log_id(), &reader.chain_at(head).unwrap().unwrap());
    engine.close().unwrap();
    let mut files = forge.storage.dump();
    let name = files.keys().find(|name| name.ends_with(".world")).unwrap().clone();
    files.insert(name, bytes);
    let forge = Forge { storage: Arc::new(MemoryStorage::load(files)) };
    let report = forge.report(&Options::default());
    assert_eq!(failed(&report), ["replay_agrees"], "{report}");
    assert!(report.check("replay_agrees").unwrap().violations[0].contains("snapshot"), "{report}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the bytes as they are stored are what is damaged")]
fn a_flipped_byte_is_found_at_its_position() {
    let forge = Forge::new();
    let mut files = forge.storage.dump();
    let (_, bytes) = files.iter_mut().find(|(name, _)| name.ends_with(".log")).unwrap();
    let engine = forge.engine();
    let record = engine.history().record(Sequence::new(12)).unwrap();
    let payload = record.payload().map_or(record.body(), |payload| payload).to_vec();
    engine.close().unwrap();
    let at = bytes.windows(payload.len()).rposition(|window| window == payload).unwrap();
    bytes[at] ^= 1;
    let forge = Forge { storage: Arc::new(MemoryStorage::load(files)) };
    let history = forge.history_read_only();
    let report = history.compliance(&Options::default(), 0).unwrap();
    let check = report.check("trace_integrity").unwrap();
    assert!(!check.passed && check.details.contains("broken at sequence"), "{report}");
    assert!(!report.health.healthy() && !report.passed, "{report}");
}
