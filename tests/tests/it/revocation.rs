//! A revocation holds for every read that starts after its receipt; and the async face under pressure.

use crate::support::{member, object, path, principal, scope_at};
use scoped::{
    Batch, Capability, Engine, Level, ObjectId, Options, PrincipalId, Role, Session, sharing, tenancy,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const READERS: u64 = 3;
/// Grants and revocations.
const ROUNDS: u64 = 120;
/// Reads that have to be seen before the test says anything.
const CHECKS_MIN: u64 = 50_000;

/// How far the revoker is: odd while allowed (or while it changes), even once a revocation was acknowledged.
#[derive(Default)]
struct Epoch(AtomicU64);

/// What is granted and taken back again and again.
#[derive(Debug, Clone, Copy)]
enum Way {
    Projection,
    Membership,
    Deny,
    Suspension,
}

fn engine_with_a_shared_object() -> (Engine, Session) {
    let engine = crate::support::in_memory();
    let founder = engine.founder();
    let begin = Batch::new()
        .with(founder, principal(2))
        .with(founder, scope_at("org:a", 1))
        .with(founder, member("org:a", 2, Role::Reader))
        .with(founder, object(1, 1, Some("org:a"), Level::Read));
    engine.execute(begin).unwrap();
    let ada = engine.session(founder).unwrap();
    (engine, ada)
}

fn revoke(ada: &Session, way: Way, round: u128) {
    let (bo, object, scope) = (PrincipalId(2), ObjectId(1), path("org:a"));
    let receipt = match way {
        Way::Projection => ada.execute(sharing::Revoke { object, scope }),
        Way::Membership => ada.execute(tenancy::RemoveMember { scope, principal: bo }),
        Way::Suspension => ada.execute(scoped::identity::SuspendPrincipal { principal: bo }),
        Way::Deny => ada.execute(tenancy::AddAclEntry {
            entry: Some(scoped::EntryId(round + 1)),
            scope,
            effect: scoped::Effect::Deny,
            subject: scoped::Subject::Principal(bo),
            capability: "scope.read.local".parse().unwrap(),
            applies: scoped::projections::tenancy::Applies::Subtree,
            expires_at: None,
        }),
    };
    receipt.unwrap();
}

fn grant(ada: &Session, way: Way, round: u128) {
    let (bo, object, scope) = (PrincipalId(2), ObjectId(1), path("org:a"));
    let receipt = match way {
        Way::Projection => ada.execute(sharing::Project { object, scope, level: Level::Read }),
        Way::Membership => ada.execute(member("org:a", 2, Role::Reader)),
        Way::Suspension => ada.execute(scoped::identity::ReinstatePrincipal { principal: bo }),
        Way::Deny => ada.execute(tenancy::RemoveAclEntry { entry: scoped::EntryId(round + 1) }),
    };
    receipt.unwrap();
}

fn race(way: Way) {
    let (engine, ada) = engine_with_a_shared_object();
    let bo = engine.session(PrincipalId(2)).unwrap();
    let (epoch, done) = (Arc::new(Epoch(AtomicU64::new(1))), Arc::new(AtomicBool::new(false)));
    let (checks, denied, late) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for reader in 0..READERS {
            let (bo, epoch, done, checks, denied, late) = (&bo, &epoch, &done, &checks, &denied, &late);
            scope.spawn(move || {
                while !done.load(Ordering::SeqCst) {
                    let before = epoch.0.load(Ordering::SeqCst);
                    // Most ask the decision, one reads the data: both go through the one function.
                    let allowed = if reader == 0 {
                        bo.read(ObjectId(1)).is_ok()
                    } else {
                        bo.can(Capability::ReadLocal, ObjectId(1))
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
        while round < ROUNDS || checks.load(Ordering::Relaxed) < CHECKS_MIN {
            revoke(&ada, way, u128::from(round));
            epoch.0.fetch_add(1, Ordering::SeqCst);
            std::thread::yield_now();
            epoch.0.fetch_add(1, Ordering::SeqCst);
            grant(&ada, way, u128::from(round));
            round += 1;
        }
        done.store(true, Ordering::SeqCst);
    });
    let (checks, denied, late) = (checks.into_inner(), denied.into_inner(), late.into_inner());
    assert_eq!(late, 0, "{way:?}: {late} of {checks} reads were allowed after the receipt of the revocation");
    assert!(denied > 0, "{way:?}: no read fell behind a revocation, so nothing was shown by {checks} checks");
}

#[test]
fn no_read_that_starts_after_a_projection_was_revoked_allows() {
    race(Way::Projection);
}

#[test]
fn no_read_that_starts_after_a_membership_ended_allows() {
    race(Way::Membership);
}

#[test]
fn no_read_that_starts_after_a_deny_was_written_allows() {
    race(Way::Deny);
}

#[test]
fn no_read_that_starts_after_a_suspension_allows() {
    race(Way::Suspension);
}

/// Who lost access cannot use history to get round it.
#[test]
fn what_was_revoked_is_gone_from_the_past_as_well() {
    let (_engine, ada) = engine_with_a_shared_object();
    let bo = ada.engine().session(PrincipalId(2)).unwrap();
    let then = ada.engine().history().head();
    let cutoff = scoped::temporal::Cutoff::At(then);
    assert!(bo.as_of(&cutoff).unwrap().read(ObjectId(1)).is_ok());
    let held = bo.as_of(&cutoff).unwrap();
    revoke(&ada, Way::Projection, 0);
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
    revoke(&ada, Way::Projection, 0);
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
