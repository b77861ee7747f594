//! The isolation matrix: every operation, tried by those who must not, on what is there and on what is not.
//!
//! ```text
//!              foreign root   sibling scope   denied scope   missing     each row: the same refusal word for word,
//! command …         ✗              ✗              ✗             ✗        no change of state, a trace in the audit trail
//! reading …         ✗              ✗              ✗             ✗
//! ```
//!
//! The rows are demanded by the engine's own list of commands, and of ways to read: a new one without a row fails here.

use crate::support::{by_hand, data, member, object, path, principal, scope_at};
use scoped::projections::audit::{AccessDenied, AuditEvent};
use scoped::projections::tenancy::Applies;
use scoped::temporal::{Cutoff, Selection, SetMark};
use scoped::{
    Batch, Capability, Command, EdgeId, Effect, Engine, EntryId, Error, ErrorKind, Event, Filter, Level,
    ManualDoor, ObjectId, Operation, Policy, PrincipalId, Reading, Role, ScopeId, ScopeRef, Subject, View,
    identity, objects, sharing, tenancy,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Owns `org:g` and knows nobody in `org:a`.
const FOREIGNER: PrincipalId = PrincipalId(2);
/// Administers `org:a/dept:b`, beside `org:a/dept:c`.
const SIBLING: PrincipalId = PrincipalId(3);
/// Owns `org:a`, and is denied everything in `org:a/dept:c`.
const DENIED: PrincipalId = PrincipalId(4);
/// Was a member of `org:a/dept:c`, and is suspended.
const SUSPENDED: PrincipalId = PrincipalId(5);
/// Nobody.
const STRANGER: PrincipalId = PrincipalId(97);
const INTRUDERS: [PrincipalId; 5] = [FOREIGNER, SIBLING, DENIED, SUSPENDED, STRANGER];

/// In `org:a/dept:c`, for its members.
const SHARED: ObjectId = ObjectId(30);
/// The founder's own.
const PRIVATE: ObjectId = ObjectId(31);
/// In `org:a/dept:c`, tombstoned.
const BURIED: ObjectId = ObjectId(32);
const NO_OBJECT: ObjectId = ObjectId(99);
/// Shares no scope with any intruder; `user:hidden`.
const HIDDEN: PrincipalId = PrincipalId(6);
/// `HIDDEN` is a member of principal 7.
const GROUPED: EdgeId = EdgeId(1);
/// Principal 7 acts for `HIDDEN`.
const DELEGATED: EdgeId = EdgeId(2);
/// Each intruder who can act has one of its own: 40 + its id.
fn own(actor: PrincipalId) -> ObjectId {
    ObjectId(40 + actor.0)
}

fn world() -> (Engine, Arc<ManualDoor>) {
    let (engine, door) = by_hand(3);
    let founder = PrincipalId(1);
    let mut batch = Batch::new();
    for id in 2..=5 {
        batch.push(founder, principal(id));
    }
    for (path, id) in [
        ("org:a", 1),
        ("org:a/dept:b", 2),
        ("org:a/dept:c", 3),
        ("org:g", 4),
        ("org:a/dept:c/ws:old", 5),
        ("org:h", 6),
        ("org:h/user:u", 7),
    ] {
        batch.push(founder, scope_at(path, id));
    }
    batch.push(founder, member("org:g", 2, Role::Owner));
    batch.push(founder, member("org:a/dept:b", 3, Role::Admin));
    batch.push(founder, member("org:a", 4, Role::Owner));
    batch.push(founder, member("org:a/dept:c", 5, Role::Owner));
    batch.push(founder, tenancy::DeleteScope::new(path("org:a/dept:c/ws:old")));
    batch.push(
        founder,
        tenancy::AddAclEntry {
            entry: Some(EntryId(1)),
            scope: path("org:a/dept:c"),
            effect: Effect::Deny,
            subject: Subject::Principal(DENIED),
            capability: "*".parse().unwrap(),
            applies: Applies::Subtree,
            expires_at: None,
        },
    );
    batch.push(founder, object(SHARED.0, 1, Some("org:a/dept:c"), Level::Admin));
    batch.push(founder, object(PRIVATE.0, 1, None, Level::Read));
    batch.push(founder, object(BURIED.0, 1, Some("org:a/dept:c"), Level::Admin));
    batch.push(founder, objects::Tombstone { object: BURIED, reason: None, expected_version: None });
    for actor in [FOREIGNER, SIBLING, DENIED, SUSPENDED] {
        batch.push(actor, object(own(actor).0, 1, None, Level::Read));
    }
    batch.push(founder, identity::SuspendPrincipal { principal: SUSPENDED });
    batch.push(founder, principal(HIDDEN.0).with_handle("user:hidden".parse().unwrap()));
    batch.push(founder, principal(7));
    for (edge, relationship) in [
        (GROUPED, identity::AddRelationship::member(PrincipalId(7), HIDDEN)),
        (DELEGATED, identity::AddRelationship::delegate(HIDDEN, PrincipalId(7))),
    ] {
        batch.push(founder, identity::AddRelationship { edge: Some(edge), ..relationship });
    }
    rules::furnish(&mut batch);
    contracts::seed(&mut batch);
    engine.execute(batch).unwrap();
    (engine, door)
}

/// What an intruder may learn of a refusal.
fn words(error: &Error) -> (ErrorKind, &'static str, String, Option<String>) {
    (error.kind(), error.code(), error.to_string(), error.advice().map(str::to_owned))
}

/// The same command, aimed at what is there (several ways) and at what is not.
struct Row {
    there: Vec<Command>,
    missing: Vec<Command>,
}

fn row<C: Into<Command>>(there: impl IntoIterator<Item = C>, missing: impl IntoIterator<Item = C>) -> Row {
    Row {
        there: there.into_iter().map(Into::into).collect(),
        missing: missing.into_iter().map(Into::into).collect(),
    }
}

mod access;
mod audit;
mod contracts;
mod principals;
mod records;
mod registry;
mod rows;
mod rules;
mod tenancy_rows;
mod transfers;
mod views;

fn state(engine: &Engine) -> scoped::Digest {
    engine.read(|moment| moment.world().state_digest())
}

/// The operations that a principal's refused attempts were recorded under.
fn traces(engine: &Engine, actor: PrincipalId) -> Vec<AccessDenied> {
    engine.sync().unwrap();
    let filter = Filter { actor: Some(actor), kinds: Some(vec![AccessDenied::KIND]), ..Filter::default() };
    let history = engine.history();
    let event = |at| match history.event(&history.record(at).unwrap()).unwrap() {
        Event::Audit(AuditEvent::AccessDenied(denied)) => denied,
        other => panic!("{other:?}"),
    };
    history.audit(&filter).unwrap().into_iter().map(event).collect()
}

#[test]
fn every_command_is_refused_to_every_intruder_in_words_that_disclose_nothing() {
    let (engine, door) = world();
    let before = state(&engine);
    for (nth, (name, _)) in Command::all().into_iter().enumerate() {
        // A window for each command: of too many kinds of refusal in one window only the first are told apart.
        door.set(crate::support::NOON + nth as u64 * 2_000_000);
        for actor in INTRUDERS {
            let row = rows::command(name, actor)
                .unwrap_or_else(|| panic!("`{name}` has no row in the isolation matrix: give it one"));
            let mut heard = BTreeSet::new();
            for attempt in row.there.iter().chain(&row.missing) {
                assert_eq!(attempt.name(), name, "the row is about the command");
                let refused = engine.execute(Batch::new().with(actor, attempt.clone()));
                let error = refused.expect_err(&format!("{actor}: {attempt:?}"));
                assert_eq!(error.code(), "denied", "{actor}: {attempt:?}: {error}");
                let (_, _, message, advice) = words(&error);
                heard.insert((message, advice));
            }
            assert_eq!(heard.len(), 1, "{actor} can tell what is there by `{name}`: {heard:?}");
            let recorded = traces(&engine, actor);
            assert!(
                recorded.iter().any(|trace| trace.operation == name),
                "`{name}` by {actor} left no trace"
            );
        }
    }
    assert_eq!(state(&engine), before, "nothing has changed");
    crate::support::digest(&engine);
}

/// As the second step of a batch the answer is the same, and the first step is taken back.
#[test]
fn a_batch_with_a_foreign_step_does_nothing_at_all() {
    let (engine, _) = world();
    let before = state(&engine);
    for (name, _) in Command::all() {
        let row = rows::command(name, FOREIGNER).unwrap();
        let mut heard = BTreeSet::new();
        for attempt in row.there.into_iter().chain(row.missing) {
            let batch =
                Batch::new().with(FOREIGNER, object(500, 1, None, Level::Read)).with(FOREIGNER, attempt);
            let error = engine.execute(batch).unwrap_err();
            heard.insert((error.code(), error.to_string(), error.advice().map(str::to_owned)));
        }
        assert_eq!(heard.len(), 1, "{name}: {heard:?}");
    }
    assert_eq!(state(&engine), before);
}

/// What an intruder asks with.
struct Aim {
    object: ObjectId,
    scope: ScopeRef,
}

type Ask = fn(&Reading, &Aim) -> Result<(), Error>;

/// The row of a reading operation: its ways to ask.
fn reading(operation: &str) -> Option<Vec<Ask>> {
    Some(match operation {
        "objects.read" => vec![|reading, aim| reading.read(aim.object).map(drop)],
        "objects.changes" => vec![|reading, aim| reading.changes(aim.object).map(drop)],
        "objects.diff" => {
            vec![|reading, aim| reading.diff(aim.object, 1, 1).map(drop), |reading, aim| {
                reading.diff(aim.object, 8, 9).map(drop)
            }]
        }
        "objects.projections" => vec![|reading, aim| reading.object_projections(aim.object).map(drop)],
        "scopes.get" => vec![|reading, aim| reading.scope(&aim.scope).map(drop)],
        "scopes.list" => {
            vec![|reading, aim| reading.scopes(&aim.scope, &Default::default(), None, 50).map(drop)]
        }
        "scopes.members" => vec![|reading, aim| reading.scope_members(&aim.scope).map(drop)],
        "scopes.acl" => vec![|reading, aim| reading.scope_acl(&aim.scope).map(drop)],
        "scopes.policy" => vec![|reading, aim| reading.scope_policy(&aim.scope).map(drop)],
        "scopes.projections" => vec![|reading, aim| reading.scope_projections(&aim.scope).map(drop)],
        // One's own are refused to nobody who is active; those of others are looked at in `facts_tenancy`.
        "scopes.memberships" => vec![],
        "objects.list" => vec![
            |reading, aim| reading.objects(&aim.scope, View::Granular).map(drop),
            |reading, aim| reading.objects(&aim.scope, View::Holistic).map(drop),
            |reading, aim| reading.objects(&aim.scope, View::Descend).map(drop),
        ],
        "views.recall" | "views.layer" => views::reading(operation),
        operation if operation.starts_with("records.") => records::reading(operation)?,
        operation if operation.starts_with("access.") => access::reading(operation)?,
        // These are refused to nobody who is active; what they show is looked at below.
        "objects.own" => vec![],
        _ => {
            return principals::reading(operation)
                .or_else(|| audit::reading(operation))
                .or_else(|| contracts::reading(operation))
                .or_else(|| rules::reading(operation))
                .or_else(|| registry::reading(operation));
        }
    })
}

#[test]
fn every_reading_is_refused_to_every_intruder_in_words_that_disclose_nothing() {
    let (engine, door) = world();
    let before = state(&engine);
    let there = |object| Aim { object, scope: path("org:a/dept:c") };
    let missing = |object| Aim { object, scope: path("org:nope/dept:c") };
    for (nth, operation) in Operation::ALL.iter().map(|operation| operation.as_str()).enumerate() {
        // So many kinds of refusal are told apart in a window; each operation gets one of its own.
        door.set(crate::support::NOON + nth as u64 * 2_000_000);
        let row = reading(operation)
            .unwrap_or_else(|| panic!("`{operation}` has no row in the isolation matrix: give it one"));
        for (nth, ask) in row.iter().enumerate() {
            for actor in [FOREIGNER, SIBLING, DENIED] {
                let session = engine.session(actor).unwrap();
                let then = session.as_of(&Cutoff::Head(0)).unwrap();
                let mut heard = BTreeSet::new();
                for reading in [session.reading(), then] {
                    for aim in [there(SHARED), there(PRIVATE), there(BURIED), missing(NO_OBJECT)] {
                        let error = ask(&reading, &aim)
                            .expect_err(&format!("{actor}: {operation}/{nth} of {}", aim.object));
                        heard.insert((error.code(), error.to_string(), error.advice().map(str::to_owned)));
                    }
                }
                assert_eq!(
                    heard.len(),
                    1,
                    "{actor} can tell what is there by `{operation}`/{nth}: {heard:?}"
                );
                let recorded = traces(&engine, actor);
                assert!(
                    recorded.iter().any(|trace| trace.operation == operation),
                    "`{operation}` by {actor} left no trace"
                );
            }
        }
    }
    assert_eq!(state(&engine), before, "nothing has changed");
}

#[test]
fn a_session_of_the_suspended_or_unknown_is_not_given_and_one_that_was_given_reads_nothing() {
    let (engine, _) = world();
    for actor in [SUSPENDED, STRANGER] {
        assert_eq!(engine.session(actor).err().unwrap().code(), "no_principal");
    }
    let held = engine.session(FOREIGNER).unwrap();
    held.read(own(FOREIGNER)).unwrap();
    let founder = engine.session(PrincipalId(1)).unwrap();
    founder.execute(identity::SuspendPrincipal { principal: FOREIGNER }).unwrap();
    assert_eq!(held.read(own(FOREIGNER)).unwrap_err().code(), "denied");
    assert_eq!(held.reading().own_objects(true).unwrap_err().code(), "denied");
    assert_eq!(held.reading().audit(&Filter::default(), 10).unwrap_err().code(), "denied");
    assert_eq!(held.execute(object(600, 1, None, Level::Read)).unwrap_err().code(), "denied");
}

#[test]
fn ones_own_objects_and_ones_audit_trail_hold_nothing_foreign() {
    let (engine, _) = world();
    for actor in [FOREIGNER, SIBLING, DENIED] {
        let reading = engine.session(actor).unwrap().reading();
        let mine: Vec<ObjectId> =
            reading.own_objects(true).unwrap().into_iter().map(|info| info.object).collect();
        assert_eq!(mine, [own(actor)]);
        let page = reading.audit(&Filter::default(), 1_000).unwrap();
        let audited = |scope: u128| match actor {
            FOREIGNER => scope == 4,
            SIBLING => scope == 2,
            _ => scope == 1 || scope == 2, // owner of `org:a`, kept out of `dept:c`
        };
        for scoped::AuditEntry { envelope: at, event, .. } in page.entries {
            assert!(at.actor == actor || audited(at.scope.0), "{actor} sees {}", at.sequence);
            // One's own refusals name the target when it exists, and none when it does not.
            let refusal = matches!(event, scoped::Event::Audit(_));
            assert!(!refusal || audited(at.scope.0), "{actor} sees the refusal {}", at.sequence);
        }
        let about = Filter { object: Some(PRIVATE), ..Filter::default() };
        assert!(reading.audit(&about, 10).unwrap().entries.is_empty());
        assert!(
            !reading.can(actor, Capability::ReadLocal, PRIVATE).unwrap(),
            "about oneself everybody may ask"
        );
        assert!(!reading.can(actor, Capability::ReadLocal, NO_OBJECT).unwrap());
    }
}

/// Once whoever owned any object could find out which scopes exist: taking back a projection that never was said `there is no scope`
/// or `not projected there`.
#[test]
fn taking_back_a_projection_that_never_was_does_not_tell_which_scopes_exist() {
    let (engine, _) = world();
    let mallory = engine.session(FOREIGNER).unwrap();
    let revoke = |scope| mallory.execute(sharing::Revoke { object: own(FOREIGNER), scope }).unwrap_err();
    let (there, missing) = (revoke(path("org:a/dept:c")), revoke(path("org:a/dept:nope")));
    assert_eq!(words(&there), words(&missing));
    let project = |scope| {
        mallory.execute(sharing::Project { object: own(FOREIGNER), scope, level: Level::Read }).unwrap_err()
    };
    assert_eq!(words(&project(path("org:a/dept:c"))), words(&project(path("org:nope"))));
}

/// Once a refusal named the capability that was missing by the role that the target held: an outsider could tell the owners of any
/// scope from its other members.
#[test]
fn a_refused_change_of_members_does_not_tell_who_is_an_owner() {
    let (engine, _) = world();
    let mallory = engine.session(FOREIGNER).unwrap();
    let remove = |id: u128| {
        mallory
            .execute(tenancy::RemoveMember { scope: path("org:a"), principal: PrincipalId(id) })
            .unwrap_err()
    };
    assert_eq!(words(&remove(1)), words(&remove(3)), "an owner, and one who is no member there");
}

/// Once planning a rollback handed out the steps that would be refused, with the old data of objects that were never the planner's.
#[test]
fn planning_a_rollback_discloses_no_data_of_others() {
    let (engine, _) = world();
    let founder = engine.session(PrincipalId(1)).unwrap();
    let value = data(serde_json::json!({ "secret": "later" }));
    founder
        .execute(objects::Update { object: PRIVATE, data: value, expected_version: None, reason: None })
        .unwrap();
    let mallory = engine.session(FOREIGNER).unwrap();
    let plan = mallory.plan_rollback(&Cutoff::Head(1), Selection::All).unwrap();
    assert!(plan.steps.is_empty() && plan.skipped.is_empty(), "{:?} {:?}", plan.steps, plan.skipped);
    let before = state(&engine);
    for policy in [Policy::AllOrNothing, Policy::SkipDenied] {
        assert!(mallory.rollback(&Cutoff::Head(1), Selection::All, policy).unwrap().is_none());
    }
    assert_eq!(state(&engine), before);
    // What is there and what is not give the same answer, or the same silence.
    let plan = |selection| mallory.plan_rollback(&Cutoff::Head(1), selection);
    let scopes = [path("org:a/dept:c"), path("org:nope")]
        .map(|scope| words(&plan(Selection::Scope(scope)).unwrap_err()));
    assert_eq!(scopes[0], scopes[1]);
    for object in [PRIVATE, SHARED, NO_OBJECT] {
        assert_eq!(plan(Selection::Object(object)).unwrap().steps.len(), 0);
    }
}

#[test]
fn repeated_refusals_are_folded_into_one_trace_with_a_count() {
    let (engine, door) = world();
    let mallory = engine.session(FOREIGNER).unwrap();
    let attempts = 50;
    for _ in 0..attempts {
        assert_eq!(mallory.read(SHARED).unwrap_err().code(), "denied");
    }
    let first = traces(&engine, FOREIGNER);
    assert_eq!(
        first.iter().map(|trace| trace.count).collect::<Vec<_>>(),
        [1],
        "the first is written at once, alone"
    );
    door.set(crate::support::NOON + 2_000_000);
    mallory.read(SHARED).unwrap_err();
    let all = traces(&engine, FOREIGNER);
    let counts: Vec<u32> = all.iter().map(|trace| trace.count).collect();
    assert_eq!(counts, [1, attempts - 1, 1], "then how often, then the next window");
    assert!(all.iter().all(|trace| trace.object == SHARED && trace.operation == "objects.read"));
}
