//! Violations that no log can be made to hold, planted where they can be: in a world that the log does not come to, and in
//! whoever decides over it.
//!
//! A fold takes what a right rests on from the event that gave it, so a log cannot give access without an event; it takes rows from what
//! is there, so nothing dangles; and replaying cannot lose a deny. What these checks defend against is an engine that folds or decides
//! wrongly, or a world that somebody changed in memory or on its way through a snapshot. So that is what is done here.

use super::check::Book;
use super::{Decide, Options};
use crate::authorize::{Decision, Request, Rule, authorize};
use crate::clock::ManualDoor;
use crate::history::History;
use crate::tenancy::{AddAclEntry, AddMember, CreateScope};
use crate::{Batch, Data, Effect, Engine, Level, Role, ScopeRef, Subject, identity, objects};
use scoped_log::MemoryStorage;
use scoped_projections::snapshot::{Snapshot, encode};
use scoped_projections::tenancy::Applies;
use scoped_projections::{
    Context, Digest, Envelope, Event, Micros, ObjectId, PrincipalId, ScopeId, Sequence, World,
    objects as events, sharing,
};
use std::sync::Arc;

const ADA: PrincipalId = PrincipalId(1);
const BO: PrincipalId = PrincipalId(2);
const SHARED: ObjectId = ObjectId(0x1111_2222);
const PRIVATE: ObjectId = ObjectId(0x3333_4444);

/// Ada's organisation, in which Bo is a writer, and may not change its list. Of two objects of Ada's one is shared there and has two versions.
fn engine() -> Engine {
    let door = Arc::new(ManualDoor::new(1_795_348_800_000_000, 1));
    let options = crate::Options::default().founder(ADA).types(["limits"]).door(door);
    let engine = Engine::on(Arc::new(MemoryStorage::new()), options).unwrap();
    let data = |cpu: u32| Data::new(serde_json::json!({ "cpu": cpu })).unwrap();
    let acme = || ScopeRef::Id(ScopeId(10));
    let create = |object, scope| objects::Create {
        object: Some(object),
        object_type: "limits".to_owned(),
        data: data(1),
        scope,
        level: Level::Write,
        reason: None,
        subject: None,
    };
    let mut batch = Batch::new();
    batch.push(
        ADA,
        identity::CreatePrincipal {
            principal: Some(BO),
            kind: "person".to_owned(),
            description: data(0),
            handle: None,
            personal: false,
        },
    );
    let path = Some("org:acme".parse().unwrap());
    batch.push(ADA, CreateScope { scope: Some(ScopeId(10)), path, name: None, parent: None });
    batch.push(ADA, AddMember { scope: acme(), principal: BO, role: Role::Writer, expires_at: None });
    batch.push(
        ADA,
        AddAclEntry {
            entry: None,
            scope: acme(),
            effect: Effect::Deny,
            subject: Subject::Principal(BO),
            capability: "scope.acl.manage".parse().unwrap(),
            applies: Applies::Subtree,
            expires_at: None,
        },
    );
    batch.push(ADA, create(SHARED, Some(acme())));
    batch.push(ADA, create(PRIVATE, None));
    let update =
        |object, cpu| objects::Update { object, data: data(cpu), expected_version: None, reason: None };
    batch.push(ADA, update(SHARED, 2));
    batch.push(ADA, update(PRIVATE, 3));
    engine.execute(batch).unwrap();
    engine
}

/// Which checks fail over this world.
fn failed(history: &History, world: &World, decide: Decide) -> Vec<&'static str> {
    let mut book = Book::new(10);
    history.check_world(world, decide, &Options::default(), &mut book);
    let checks = book.close().into_iter().flat_map(|report| report.checks);
    checks.filter(|check| !check.passed).map(|check| check.name).collect()
}

fn sound(engine: &Engine) -> World {
    let world = engine.read(|moment| World::clone(moment.world()));
    assert_eq!(failed(engine.history(), &world, authorize), Vec::<&str>::new(), "before");
    world
}

/// Makes a world believe that something happened at the place of an event that says something else.
fn believe(world: &mut World, sequence: Sequence, event: impl Into<Event>) {
    let (time, scope, context) = (world.time(), ScopeId::NONE, Context::default());
    world.apply(&Envelope { sequence, time, actor: ADA, scope, context, payload: 0 }, &event.into());
}

#[test]
fn access_that_no_event_gave_is_found() {
    let engine = engine();
    let mut world = sound(&engine);
    // The first event founded Ada; it shared nothing with anybody.
    let share = sharing::ObjectProjected { object: PRIVATE, scope: ScopeId(10), level: Level::Read };
    believe(&mut world, Sequence::new(1), share);
    assert_eq!(failed(engine.history(), &world, authorize), ["access_has_reason"]);
}

/// Decides as the engine does, but for denies.
fn without_denies(world: &World, actor: PrincipalId, request: Request<'_>, now: Micros) -> Decision {
    let decision = authorize(world, actor, request, now);
    let denied = !decision.allowed && matches!(decision.rule, Rule::Entry { .. });
    Decision { allowed: decision.allowed || denied, ..decision }
}

#[test]
fn a_decision_that_passes_over_a_deny_is_found() {
    let engine = engine();
    let world = sound(&engine);
    assert_eq!(failed(engine.history(), &world, without_denies), ["denies_hold"]);
}

#[test]
fn a_rollback_that_would_not_end_at_what_was_then_is_found() {
    let engine = engine();
    let mut world = sound(&engine);
    // The world takes the last version of the private object for one of the shared one: what it says was there before cannot be brought back.
    let last = world.objects().get(PRIVATE).unwrap().data;
    believe(&mut world, last, events::ObjectUpdated { object: SHARED });
    assert_eq!(failed(engine.history(), &world, authorize), ["rollbacks_planned"]);
}

/// A snapshot whose sums were all redone, and which says that an object is owned by a row that nobody has.
#[test]
fn an_owner_who_is_nobody_is_found() {
    const HEADER: usize = 144;
    let engine = engine();
    let mut bytes = encode(&sound(&engine), 1, &Digest::default());
    let id = PRIVATE.0.to_le_bytes();
    let data = sound(&engine).objects().get(PRIVATE).unwrap().data.get().to_le_bytes();
    let row = [&id[..], &data[..]].concat();
    let owner = bytes.windows(row.len()).position(|window| window == row).unwrap() + row.len() + 4;
    bytes[owner..owner + 4].copy_from_slice(&64_u32.to_le_bytes());
    let derived = |context: &str, parts: &[&[u8]]| {
        let mut hasher = blake3::Hasher::new_derive_key(context);
        for part in parts {
            hasher.update(part);
        }
        *hasher.finalize().as_bytes()
    };
    let state = derived("scoped 2026 state digest v1", &[&bytes[HEADER + 16..]]);
    bytes[72..104].copy_from_slice(&state);
    let sum = derived("scoped 2026 snapshot v1", &[&bytes[..112], &bytes[HEADER..]]);
    bytes[112..HEADER].copy_from_slice(&sum);
    let world = Snapshot::parse(&bytes).unwrap().world().unwrap();
    assert_eq!(failed(engine.history(), &world, authorize), ["isolation_integrity"]);
}
