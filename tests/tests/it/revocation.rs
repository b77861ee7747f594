//! A revocation holds for every read that starts after its receipt; and the async face under pressure.

use crate::support::{data, member, object, path, principal, scope_at, update};
use scoped::projections::rules::Class;
use scoped::rules::Aim;
use scoped::{
    Batch, BindingId, Capability, Command, EdgeId, Effect, Engine, EntryId, Level, ObjectId, Options,
    PrincipalId, Role, RuleId, ScopeId, ScopeRef, Session, Subject, identity, objects, rules, sharing,
    tenancy,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const READERS: u64 = 3;
/// Grants and revocations.
const ROUNDS: u128 = 60;
/// More of them when too little was seen, up to so many.
const ROUNDS_MAX: u128 = 20_000;
/// Checks that have to be seen before the test says anything.
const CHECKS_MIN: u64 = 8_000;

/// How far the revoker is: odd while allowed (or while it changes), even once a revocation was acknowledged.
#[derive(Default)]
struct Epoch(AtomicU64);

const BO: PrincipalId = PrincipalId(2);
/// A group.
const TEAM: PrincipalId = PrincipalId(3);
/// Acts for Bo.
const BOT: PrincipalId = PrincipalId(4);
const OBJECT: ObjectId = ObjectId(1);

/// What may no longer be done.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ask {
    /// Bo reads the object.
    Read,
    /// Bo writes to it.
    Write,
    /// The bot writes to it for Bo.
    WriteFor,
}

/// One way to take access away, and to give it back.
struct Revocation {
    what: &'static str,
    ask: Ask,
    /// What lets Bo in to begin with.
    begin: fn() -> Vec<Command>,
    revoke: fn(u128) -> Command,
    grant: fn(u128) -> Command,
}

fn org() -> ScopeRef {
    path("org:a")
}
fn entry(id: u128, effect: Effect, subject: Subject) -> Command {
    let new = tenancy::AddAclEntry::new(org(), effect, subject, "scope.read.*".parse().unwrap());
    tenancy::AddAclEntry { entry: Some(EntryId(id)), ..new }.into()
}
fn lift(id: u128) -> Command {
    tenancy::RemoveAclEntry { entry: EntryId(id) }.into()
}
fn joins(role: Role) -> Command {
    member("org:a", BO.0, role).into()
}
fn leaves(who: PrincipalId) -> Command {
    tenancy::RemoveMember { scope: org(), principal: who }.into()
}
fn becomes(role: Role) -> Command {
    tenancy::ChangeMember { scope: org(), principal: BO, role, expires_at: None }.into()
}
fn relate(parent: PrincipalId, child: PrincipalId, label: &str) -> Command {
    let edge = Some(EdgeId(1));
    identity::AddRelationship { edge, parent, child, label: label.into(), metadata: None }.into()
}
fn unrelate() -> Command {
    identity::RemoveRelationship { edge: EdgeId(1), reason: None }.into()
}
fn define(id: u128, effect: Effect, who: &str) -> Command {
    let when = serde_json::from_str(who).unwrap();
    let rule = rules::Define::new("r", Class::Access, effect).when(when);
    rules::Define { rule: Some(RuleId(id)), ..rule }.into()
}
fn bind(id: u128, rule: u128) -> Command {
    rules::Bind { binding: Some(BindingId(id)), rule: RuleId(rule), to: Aim::scope(org()) }.into()
}
fn rebind(id: u128) -> Command {
    rules::Rebind { binding: BindingId(id), to: Aim::scope(org()) }.into()
}
fn unbind(id: u128) -> Command {
    rules::Unbind { binding: BindingId(id) }.into()
}

/// All ways to take access away.
const REVOCATIONS: &[Revocation] = &[
    Revocation {
        what: "a projection",
        ask: Ask::Read,
        begin: || vec![joins(Role::Reader)],
        revoke: |_| sharing::Revoke { object: OBJECT, scope: org() }.into(),
        grant: |_| sharing::Project { object: OBJECT, scope: org(), level: Level::Write }.into(),
    },
    Revocation {
        what: "the level of a projection",
        ask: Ask::Write,
        begin: || vec![joins(Role::Writer)],
        revoke: |_| sharing::Project { object: OBJECT, scope: org(), level: Level::Read }.into(),
        grant: |_| sharing::Project { object: OBJECT, scope: org(), level: Level::Write }.into(),
    },
    Revocation {
        what: "a membership",
        ask: Ask::Read,
        begin: || vec![joins(Role::Reader)],
        revoke: |_| leaves(BO),
        grant: |_| joins(Role::Reader),
    },
    Revocation {
        what: "a role",
        ask: Ask::Write,
        begin: || vec![joins(Role::Writer)],
        revoke: |_| becomes(Role::Reader),
        grant: |_| becomes(Role::Writer),
    },
    Revocation {
        what: "an entry that allows",
        ask: Ask::Read,
        begin: || vec![entry(1, Effect::Allow, Subject::Principal(BO))],
        revoke: |round| lift(round + 1),
        grant: |round| entry(round + 2, Effect::Allow, Subject::Principal(BO)),
    },
    Revocation {
        what: "an entry that denies",
        ask: Ask::Read,
        begin: || vec![joins(Role::Reader)],
        revoke: |round| entry(round + 1, Effect::Deny, Subject::Principal(BO)),
        grant: |round| lift(round + 1),
    },
    Revocation {
        what: "an entry that denies a group",
        ask: Ask::Read,
        begin: || vec![joins(Role::Reader), relate(TEAM, BO, "member_of")],
        revoke: |round| entry(round + 1, Effect::Deny, Subject::Principal(TEAM)),
        grant: |round| lift(round + 1),
    },
    Revocation {
        what: "belonging to a group",
        ask: Ask::Read,
        begin: || vec![member("org:a", TEAM.0, Role::Reader).into(), relate(TEAM, BO, "member_of")],
        revoke: |_| unrelate(),
        grant: |_| relate(TEAM, BO, "member_of"),
    },
    Revocation {
        what: "the suspension of a group",
        ask: Ask::Read,
        begin: || vec![member("org:a", TEAM.0, Role::Reader).into(), relate(TEAM, BO, "member_of")],
        revoke: |_| identity::SuspendPrincipal { principal: TEAM }.into(),
        grant: |_| identity::ReinstatePrincipal { principal: TEAM }.into(),
    },
    Revocation {
        what: "the suspension of a principal",
        ask: Ask::Read,
        begin: || vec![joins(Role::Reader)],
        revoke: |_| identity::SuspendPrincipal { principal: BO }.into(),
        grant: |_| identity::ReinstatePrincipal { principal: BO }.into(),
    },
    Revocation {
        what: "a rule that denies, bound",
        ask: Ask::Read,
        begin: || vec![joins(Role::Reader), define(1, Effect::Deny, "{}"), bind(1, 1), unbind(1)],
        revoke: |_| rebind(1),
        grant: |_| unbind(1),
    },
    Revocation {
        what: "a rule that allows, unbound",
        ask: Ask::Read,
        begin: || {
            let others = r#"{"not": {"principal": "00000000000000000000000002"}}"#;
            let rules = [define(1, Effect::Allow, "{}"), define(2, Effect::Allow, others)];
            let bound = [bind(1, 1), bind(2, 2)];
            std::iter::once(joins(Role::Reader)).chain(rules).chain(bound).collect()
        },
        revoke: |_| unbind(1),
        grant: |_| rebind(1),
    },
    Revocation {
        what: "what a rule says",
        ask: Ask::Read,
        begin: || vec![joins(Role::Reader), define(1, Effect::Deny, NOBODY), bind(1, 1)],
        revoke: |_| says("{}"),
        grant: |_| says(NOBODY),
    },
    Revocation {
        what: "a transfer to another owner",
        ask: Ask::Write,
        begin: || vec![hand_to(BO)],
        revoke: |_| hand_to(BOT),
        grant: |_| hand_to(BO),
    },
    Revocation {
        what: "an inheritance cut",
        ask: Ask::Read,
        begin: || {
            let above = member("org:up", BO.0, Role::Reader).into();
            vec![above, sharing::Project { object: OBJECT, scope: FLAT.into(), level: Level::Read }.into()]
        },
        revoke: |_| cut(true),
        grant: |_| cut(false),
    },
    Revocation {
        what: "the end of a scope",
        ask: Ask::Read,
        begin: || vec![joins(Role::Reader)],
        revoke: |_| tenancy::DeleteScope::new(org()).records(tenancy::Records::Forget).recursive().into(),
        grant: |_| tenancy::ReopenScope { scope: org() }.into(),
    },
    Revocation {
        what: "a tombstone",
        ask: Ask::Read,
        begin: || vec![joins(Role::Reader)],
        revoke: |_| objects::Tombstone::new(OBJECT).into(),
        grant: |_| objects::Restore::new(OBJECT).into(),
    },
    Revocation {
        what: "a delegation",
        ask: Ask::WriteFor,
        begin: || vec![joins(Role::Writer), relate(BO, BOT, "acts_for")],
        revoke: |_| unrelate(),
        grant: |_| relate(BO, BOT, "acts_for"),
    },
];

/// A condition that never holds here.
const NOBODY: &str = r#"{"principal": "00000000000000000000000009"}"#;
/// A flat scope below another root.
const FLAT: ScopeId = ScopeId(3);

fn says(when: &str) -> Command {
    let line = format!(
        r#"{{"as":"{}","do":"rules.update","with":{{"rule":"{}","when":{when}}}}}"#,
        PrincipalId(1),
        RuleId(1)
    );
    scoped::parse_line(&line).unwrap().0.steps.remove(0).command
}
fn hand_to(to: PrincipalId) -> Command {
    let reason = Some("it is theirs now".to_owned());
    objects::Transfer { object: OBJECT, to, reason, expected_version: None }.into()
}
fn cut(cut: bool) -> Command {
    let policy = serde_json::json!({ "inherit_members": !cut });
    tenancy::SetPolicy { scope: FLAT.into(), policy: data(policy) }.into()
}

fn engine_with_a_shared_object() -> (Engine, Session) {
    let engine = crate::support::in_memory();
    let founder = engine.founder();
    let flat = tenancy::CreateScope { scope: Some(FLAT), ..tenancy::CreateScope::flat("flat") };
    let begin = Batch::new()
        .with(founder, principal(BO.0))
        .with(founder, principal(TEAM.0))
        .with(founder, principal(BOT.0))
        .with(founder, scope_at("org:a", 1))
        .with(founder, scope_at("org:up", 2))
        .with(founder, flat.below(path("org:up")))
        .with(founder, object(OBJECT.0, 1, Some("org:a"), Level::Write));
    engine.execute(begin).unwrap();
    let ada = engine.session(founder).unwrap();
    (engine, ada)
}

fn race(way: &Revocation) {
    let (engine, ada) = engine_with_a_shared_object();
    for command in (way.begin)() {
        ada.execute(command).unwrap_or_else(|error| panic!("{}: {error}", way.what));
    }
    let (bo, bot) = (engine.session(BO).unwrap(), engine.session(BOT).unwrap());
    let (epoch, done) = (Arc::new(Epoch(AtomicU64::new(1))), Arc::new(AtomicBool::new(false)));
    let (checks, denied, late) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    // A write is a commit: fewer of them have to be seen.
    let checks_min = if way.ask == Ask::WriteFor { CHECKS_MIN / 50 } else { CHECKS_MIN };
    std::thread::scope(|scope| {
        for reader in 0..READERS {
            let (bo, bot, epoch, done) = (&bo, &bot, &epoch, &done);
            let (checks, denied, late) = (&checks, &denied, &late);
            scope.spawn(move || {
                while !done.load(Ordering::SeqCst) {
                    let before = epoch.0.load(Ordering::SeqCst);
                    // Most ask the decision, one does it: both go through the one function.
                    let allowed = match (way.ask, reader) {
                        (Ask::WriteFor, _) => bot.execute_for(BO, update(OBJECT.0, reader)).is_ok(),
                        (Ask::Read, 0) => bo.read(OBJECT).is_ok(),
                        (Ask::Write, 0) => bo.execute(update(OBJECT.0, 1)).is_ok(),
                        (Ask::Read, _) => bo.can(Capability::ReadLocal, OBJECT),
                        (Ask::Write, _) => bo.can(Capability::Write, OBJECT),
                    };
                    let after = epoch.0.load(Ordering::SeqCst);
                    let revoked_throughout = before == after && before.is_multiple_of(2);
                    checks.fetch_add(1, Ordering::Relaxed);
                    denied.fetch_add(u64::from(revoked_throughout && !allowed), Ordering::Relaxed);
                    late.fetch_add(u64::from(revoked_throughout && allowed), Ordering::Relaxed);
                }
            });
        }
        let mut round = 0;
        let unseen = || denied.load(Ordering::Relaxed) == 0 || checks.load(Ordering::Relaxed) < checks_min;
        while round < ROUNDS || (unseen() && round < ROUNDS_MAX) {
            ada.execute((way.revoke)(round)).unwrap_or_else(|error| panic!("{}: {error}", way.what));
            epoch.0.fetch_add(1, Ordering::SeqCst);
            std::thread::yield_now();
            epoch.0.fetch_add(1, Ordering::SeqCst);
            ada.execute((way.grant)(round)).unwrap_or_else(|error| panic!("{}: {error}", way.what));
            round += 1;
        }
        done.store(true, Ordering::SeqCst);
    });
    let (checks, denied, late) = (checks.into_inner(), denied.into_inner(), late.into_inner());
    let what = way.what;
    assert_eq!(late, 0, "{what}: {late} of {checks} checks were allowed after the receipt of the revocation");
    assert!(denied > 0, "{what}: no check fell behind a revocation, so nothing was shown by {checks} checks");
}

/// Each way first by itself: what is taken away is gone, and comes back.
#[test]
fn every_revocation_revokes_and_what_is_given_back_is_there_again() {
    for way in REVOCATIONS {
        let (engine, ada) = engine_with_a_shared_object();
        for command in (way.begin)() {
            ada.execute(command).unwrap_or_else(|error| panic!("{}: {error}", way.what));
        }
        let may = || match way.ask {
            Ask::Read => engine.session(BO).is_ok_and(|bo| bo.read(OBJECT).is_ok()),
            Ask::Write => engine.session(BO).unwrap().execute(update(OBJECT.0, 1)).is_ok(),
            Ask::WriteFor => engine.session(BOT).unwrap().execute_for(BO, update(OBJECT.0, 1)).is_ok(),
        };
        for round in 0..3 {
            assert!(may(), "{}: before", way.what);
            ada.execute((way.revoke)(round)).unwrap_or_else(|error| panic!("{}: {error}", way.what));
            assert!(!may(), "{}: revoked", way.what);
            ada.execute((way.grant)(round)).unwrap_or_else(|error| panic!("{}: {error}", way.what));
        }
    }
}

#[test]
fn no_check_that_starts_after_the_receipt_of_any_revocation_allows() {
    REVOCATIONS.iter().for_each(race);
}

/// Who lost access cannot use history to get round it.
#[test]
fn what_was_revoked_is_gone_from_the_past_as_well() {
    let (_engine, ada) = engine_with_a_shared_object();
    ada.execute(joins(Role::Reader)).unwrap();
    let bo = ada.engine().session(PrincipalId(2)).unwrap();
    let then = ada.engine().history().head();
    let cutoff = scoped::temporal::Cutoff::At(then);
    assert!(bo.as_of(&cutoff).unwrap().read(ObjectId(1)).is_ok());
    let held = bo.as_of(&cutoff).unwrap();
    ada.execute(sharing::Revoke { object: OBJECT, scope: org() }).unwrap();
    assert_eq!(bo.as_of(&cutoff).unwrap().read(ObjectId(1)).unwrap_err().code(), "denied");
    assert_eq!(
        held.read(ObjectId(1)).unwrap_err().code(),
        "denied",
        "nor does a reading that was taken before"
    );
}

/// Once a view that reaches up went on listing, as of the past, what had been taken out of the ancestor since: reaching up asks
/// for no right on each object, and nobody asked whether the object is still there to be reached.
#[test]
fn what_was_taken_out_of_an_ancestor_is_gone_from_views_of_the_past_that_reach_up() {
    let engine = crate::support::in_memory();
    let founder = engine.founder();
    let begin = Batch::new()
        .with(founder, principal(2))
        .with(founder, scope_at("org:a", 1))
        .with(founder, scope_at("org:a/dept:b", 2))
        .with(founder, member("org:a/dept:b", 2, Role::Reader))
        .with(founder, object(1, 1, Some("org:a"), Level::Read));
    engine.execute(begin).unwrap();
    let (ada, bo) = (engine.session(founder).unwrap(), engine.session(PrincipalId(2)).unwrap());
    let then = scoped::temporal::Cutoff::At(engine.history().head());
    let listed = || -> usize {
        let reading = bo.as_of(&then).unwrap();
        reading.objects(&path("org:a/dept:b"), scoped::View::Holistic).unwrap().len()
    };
    assert_eq!(listed(), 1, "an ancestor shows its descendants what it holds");
    ada.execute(sharing::Revoke { object: OBJECT, scope: org() }).unwrap();
    assert_eq!(listed(), 0);
}

async fn hundreds_in_flight_on_a_queue_of_four() {
    let storage = Arc::new(scoped::log::MemoryStorage::new());
    let engine = Engine::on(storage, Options::default().queue(4).types(["limits"])).unwrap();
    let ada = engine.session(engine.founder()).unwrap();
    let mut tasks = Vec::new();
    for id in 1..=400u128 {
        let ada = ada.clone();
        tasks.push(tokio::spawn(async move { ada.execute_async(object(id, 1, None, Level::Read)).await }));
    }
    let mut ends = Vec::new();
    for task in tasks {
        ends.push(task.await.unwrap().unwrap().last.get());
    }
    ends.sort_unstable();
    assert_eq!(ends, (3..=402).collect::<Vec<_>>(), "each was carried out, once");
    assert_eq!(engine.read(|moment| moment.world().objects().len()), 400);
}

#[tokio::test(flavor = "current_thread")]
async fn hundreds_of_async_commands_share_a_small_queue_on_one_thread() {
    hundreds_in_flight_on_a_queue_of_four().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_async_commands_share_a_small_queue_on_several_threads() {
    hundreds_in_flight_on_a_queue_of_four().await;
}

/// A caller who stops waiting takes nothing back, and holds nobody up.
#[tokio::test(flavor = "current_thread")]
async fn dropped_futures_neither_lose_nor_block_anything() {
    let storage = Arc::new(scoped::log::MemoryStorage::new());
    let engine = Engine::on(storage, Options::default().queue(2).types(["limits"])).unwrap();
    let ada = engine.session(engine.founder()).unwrap();
    for id in 1..=50u128 {
        let command = ada.execute_async(object(id, 1, None, Level::Read));
        tokio::select! {
            biased;
            () = std::future::ready(()) => {}
            _ = command => {}
        }
    }
    ada.execute_async(object(1_000, 1, None, Level::Read)).await.unwrap();
    assert!(ada.read(ObjectId(1_000)).is_ok());
}

/// Opening a new log waits for its founding, and letting go of the last engine waits for the writer. Both used a wait that
/// panics on the threads of an async runtime; the panic while dropping then aborted the whole process.
#[tokio::test(flavor = "current_thread")]
async fn an_engine_may_be_opened_synced_and_dropped_inside_a_runtime() {
    let engine = crate::support::in_memory();
    engine.session(engine.founder()).unwrap().execute(object(1, 1, None, Level::Read)).unwrap();
    engine.sync().unwrap();
    drop(engine);
    crate::support::in_memory().close().unwrap();
}
