//! Ways in that were open once. Each test opens with its story.

use scoped::projections::tenancy::Applies;
use scoped::temporal::{Cutoff, Selection};
use scoped::tenancy::{AddAclEntry, AddMember, ChangeMember, CreateScope, RemoveMember};
use scoped::{
    Batch, Capability, Data, Effect, Engine, Filter, Level, ManualDoor, ObjectId, Options, Policy,
    PrincipalId, Role, ScopePath, ScopeRef, Sequence, Session, Subject, View, identity, log::MemoryStorage,
    objects, sharing,
};
use serde_json::json;
use std::sync::Arc;

/// `org:a` with `org:a/ws:s` below it, owned by the founder; time stands at 1 000 000 until it is moved.
struct Place {
    engine: Engine,
    door: Arc<ManualDoor>,
}

fn at(path: &str) -> ScopeRef {
    ScopePath::parse(path).unwrap().into()
}

const ROOT: &str = "org:a";
const SUB: &str = "org:a/ws:s";

impl Place {
    fn new() -> Self {
        let door = Arc::new(ManualDoor::new(1_000_000, 7));
        let options = Options::default().door(door.clone()).types(["note"]);
        let engine = Engine::on(Arc::new(MemoryStorage::new()), options).unwrap();
        let place = Self { engine, door };
        for path in [ROOT, SUB] {
            place.founder().execute(CreateScope::at(ScopePath::parse(path).unwrap())).unwrap();
        }
        place
    }
    fn founder(&self) -> Session {
        self.engine.session(self.engine.founder()).unwrap()
    }
    fn person(&self) -> Session {
        let made =
            self.founder().execute(identity::CreatePrincipal::named("person", "somebody").unwrap()).unwrap();
        self.engine.session(made.principal()).unwrap()
    }
    fn member(&self, scope: &str, role: Role) -> Session {
        let person = self.person();
        self.founder().execute(AddMember::new(at(scope), person.actor(), role)).unwrap();
        person
    }
    fn allow(&self, scope: &str, who: PrincipalId, capability: &str, applies: Applies) {
        let (subject, capability) = (Subject::Principal(who), capability.parse().unwrap());
        let entry =
            AddAclEntry { applies, ..AddAclEntry::new(at(scope), Effect::Allow, subject, capability) };
        self.founder().execute(entry).unwrap();
    }
    fn deny(&self, scope: &str, subject: Subject, capability: &str) {
        self.founder()
            .execute(AddAclEntry::new(at(scope), Effect::Deny, subject, capability.parse().unwrap()))
            .unwrap();
    }
}

fn write(session: &Session, scope: &str, text: &str) -> ObjectId {
    let create = objects::Create::new("note", Data::new(json!({ "text": text })).unwrap());
    session.execute(create.into_scope(at(scope), Level::Write)).unwrap().object()
}

fn code<T>(result: scoped::Result<T>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "fine")
}

/// A reader who was allowed to manage members, and nothing else, made himself admin.
#[test]
fn who_manages_members_grants_no_more_than_they_hold() {
    let place = Place::new();
    let reader = place.member(ROOT, Role::Reader);
    place.allow(ROOT, reader.actor(), "scope.members.manage", Applies::Subtree);
    let (scope, principal) = (at(ROOT), reader.actor());
    let promote = ChangeMember { scope, principal, role: Role::Admin, expires_at: None };
    assert_eq!(code(reader.execute(promote)), "grant_exceeds_holder");
    let friend = place.person();
    assert_eq!(
        code(reader.execute(AddMember::new(at(ROOT), friend.actor(), Role::Writer))),
        "grant_exceeds_holder"
    );
    assert_eq!(code(reader.execute(AddMember::new(at(ROOT), friend.actor(), Role::Reader))), "fine");
}

/// A right that was given for one scope only was handed on to everything below it.
#[test]
fn what_is_held_in_one_scope_is_not_granted_below_it() {
    let place = Place::new();
    let person = place.person();
    for capability in ["scope.acl.manage", "scope.write"] {
        place.allow(ROOT, person.actor(), capability, Applies::Itself);
    }
    let capability = || "scope.write".parse().unwrap();
    let grant = AddAclEntry::new(at(ROOT), Effect::Allow, Subject::Principal(person.actor()), capability());
    assert_eq!(code(person.execute(grant.clone())), "grant_exceeds_holder");
    assert_eq!(code(person.execute(AddAclEntry { applies: Applies::Itself, ..grant })), "fine");
}

/// An admin until Friday made himself admin for ever.
#[test]
fn nobody_prolongs_their_own_membership() {
    let place = Place::new();
    let person = place.person();
    place.founder().execute(AddMember::new(at(ROOT), person.actor(), Role::Admin).until(2_000_000)).unwrap();
    let (scope, principal, role) = (at(ROOT), person.actor(), Role::Admin);
    for expires_at in [None, Some(2_000_001)] {
        let prolong = ChangeMember { scope: scope.clone(), principal, role, expires_at };
        assert_eq!(code(person.execute(prolong)), "grant_exceeds_holder");
    }
    let shorten = ChangeMember { scope, principal, role: Role::Reader, expires_at: Some(1_500_000) };
    assert_eq!(code(person.execute(shorten)), "fine");
    place.door.set(1_500_000);
    assert_eq!(code(person.reading().objects(&at(ROOT), View::Granular)), "denied");
    place.door.set(1_400_000);
    place.founder().mark("later-than-the-end").unwrap();
}

/// A clock that was set back brought rights back that had ended.
#[test]
fn a_clock_that_is_set_back_revives_nothing() {
    let place = Place::new();
    let person = place.person();
    place.founder().execute(AddMember::new(at(ROOT), person.actor(), Role::Reader).until(2_000_000)).unwrap();
    let note = write(&place.founder(), ROOT, "x");
    assert_eq!(code(person.read(note)), "fine");
    place.door.set(2_000_000);
    place.founder().mark("the-end").unwrap();
    assert_eq!(code(person.read(note)), "denied");
    place.door.set(1_000_000);
    assert_eq!(code(person.read(note)), "denied");
    let plan = person.plan_rollback(&Cutoff::At(Sequence::NONE), Selection::Scope(at(ROOT)));
    assert_eq!(code(plan), "denied", "a plan decides for the same time");
}

/// Owners until some day, and owners who may not act, once counted as somebody who could go on managing the root.
#[test]
fn a_root_keeps_an_owner_who_can_act_and_stays() {
    let place = Place::new();
    let (founder, brief, gone) = (place.founder(), place.person(), place.person());
    founder.execute(AddMember::new(at(ROOT), brief.actor(), Role::Owner).until(2_000_000)).unwrap();
    founder.execute(AddMember::new(at(ROOT), gone.actor(), Role::Owner)).unwrap();
    founder.execute(identity::SuspendPrincipal { principal: gone.actor() }).unwrap();
    let leave = RemoveMember { scope: at(ROOT), principal: founder.actor() };
    assert_eq!(code(founder.execute(leave.clone())), "last_owner");
    let step_down = ChangeMember {
        scope: at(ROOT),
        principal: founder.actor(),
        role: Role::Owner,
        expires_at: Some(9_000_000),
    };
    assert_ne!(code(founder.execute(step_down)), "fine");
    let another = place.person();
    founder.execute(AddMember::new(at(ROOT), another.actor(), Role::Owner)).unwrap();
    assert_eq!(code(founder.execute(leave)), "fine");
    let archive = identity::ArchivePrincipal { principal: another.actor() };
    assert_eq!(code(founder.execute(archive)), "last_owner");
}

/// An admin denied everything to everybody, himself included, and nobody could ever take it off again.
#[test]
fn a_deny_that_nobody_could_take_off_is_refused() {
    let place = Place::new();
    let admin = place.member(ROOT, Role::Admin);
    for (subject, capability, expected) in [
        (Subject::Any, "*", "locks_out"),
        (Subject::Any, "scope.acl.*", "locks_out"),
        (Subject::Any, "scope.write", "fine"),
        (Subject::Role(Role::Owner), "*", "fine"), // the admin is still there
        (Subject::Role(Role::Admin), "*", "locks_out"),
    ] {
        let deny = AddAclEntry::new(at(ROOT), Effect::Deny, subject, capability.parse().unwrap());
        assert_eq!(code(admin.execute(deny)), expected, "{subject} {capability}");
    }
}

/// Whoever read what was forbidden to them found, in the trail of their own actions, whether it existed and where.
#[test]
fn ones_own_refusals_do_not_tell_missing_from_forbidden() {
    let place = Place::new();
    let (stranger, secret) = (place.person(), write(&place.founder(), SUB, "secret"));
    for object in [secret, ObjectId(12_345)] {
        assert_eq!(code(stranger.read(object)), "denied");
    }
    place.founder().mark("behind-the-refusals").unwrap();
    let page = stranger
        .reading()
        .audit(&Filter { actor: Some(stranger.actor()), ..Filter::default() }, 100)
        .unwrap();
    assert_eq!(page.entries.len(), 0);
    let refused = scoped::projections::audit::AccessDenied::KIND;
    let all =
        place.engine.history().audit(&Filter { kinds: Some(vec![refused]), ..Filter::default() }).unwrap();
    assert_eq!(all.len(), 2, "whoever audits sees both");
    assert_eq!(code(stranger.reading().audit(&Filter::default(), 0)), "invalid");
}

/// The events of an object are filed under the scope it was written in, for ever. Its admins read, in the trail, what was
/// written after the object had been taken out of the scope.
#[test]
fn an_auditor_sees_that_something_happened_but_not_what_was_written() {
    let place = Place::new();
    let (admin, writer) = (place.member(SUB, Role::Admin), place.member(SUB, Role::Writer));
    let note = write(&writer, SUB, "shared");
    writer.execute(sharing::Revoke { object: note, scope: at(SUB) }).unwrap();
    let update = objects::Update::new(note, Data::new(json!({ "text": "private now" })).unwrap());
    let updated = writer.execute(update).unwrap().last;
    let payload_of = |session: &Session, event: Sequence| {
        let page = session.reading().audit(&Filter { object: Some(note), ..Filter::default() }, 100).unwrap();
        page.entries
            .into_iter()
            .find(|entry| entry.envelope.sequence == event)
            .map(|entry| entry.data.is_some())
    };
    assert_eq!(payload_of(&admin, updated), Some(false), "seen, without its payload");
    assert_eq!(payload_of(&writer, updated), Some(true), "one's own");
}

/// Any principal could ask for a rollback plan of everything, and read in it what others own.
#[test]
fn a_rollback_plan_discloses_nothing_of_others() {
    let place = Place::new();
    let stranger = place.person();
    write(&place.founder(), SUB, "secret");
    let everything = Cutoff::At(Sequence::NONE);
    let plan = stranger.plan_rollback(&everything, Selection::All).unwrap();
    assert_eq!((plan.steps.len(), plan.skipped.len()), (0, 0));
    assert_eq!(stranger.rollback(&everything, Selection::All, Policy::AllOrNothing).unwrap(), None);
    let words =
        |path| stranger.plan_rollback(&everything, Selection::Scope(at(path))).unwrap_err().to_string();
    assert_eq!(words(SUB), words("org:nowhere"));
    let mine = write_private(&stranger, "mine");
    let plan = stranger.plan_rollback(&everything, Selection::All).unwrap();
    assert_eq!(plan.steps.len(), 1, "one's own can be seen");
    stranger.rollback(&everything, Selection::All, Policy::AllOrNothing).unwrap();
    assert!(stranger.read(mine).unwrap().tombstoned);
}

fn write_private(session: &Session, text: &str) -> ObjectId {
    session
        .execute(objects::Create::new("note", Data::new(json!({ "text": text })).unwrap()))
        .unwrap()
        .object()
}

/// A holistic list asked about scopes and not about objects: what was denied through another scope, or taken back since, was listed.
#[test]
fn a_holistic_list_keeps_to_the_objects_own_decision() {
    let place = Place::new();
    let founder = place.founder();
    founder.execute(CreateScope::at(ScopePath::parse("org:a/ws:t").unwrap())).unwrap();
    let reader = place.member(SUB, Role::Reader);
    let (above, both, passing) =
        (write(&founder, ROOT, "above"), write(&founder, SUB, "both"), write(&founder, ROOT, "passing"));
    let list = |reading: scoped::Reading| {
        let found = reading.objects(&at(SUB), View::Holistic).unwrap();
        found.into_iter().map(|info| info.object).collect::<Vec<_>>()
    };
    assert_eq!(list(reader.reading()), [both, above, passing], "the scope itself first, then outwards");
    let then = founder
        .execute(sharing::Project { object: both, scope: at("org:a/ws:t"), level: Level::Read })
        .unwrap()
        .last;
    place.deny("org:a/ws:t", Subject::Principal(reader.actor()), "scope.read.*");
    assert_eq!(code(reader.read(both)), "denied");
    assert_eq!(list(reader.reading()), [above, passing], "deny wins in lists too");
    founder.execute(sharing::Revoke { object: passing, scope: at(ROOT) }).unwrap();
    assert_eq!(
        list(reader.as_of(&Cutoff::At(then)).unwrap()),
        [above],
        "history is no way round a revocation"
    );
}

/// A rollback to a moment at which an object was tombstoned tombstoned it again, and left the data that came in between.
#[test]
fn a_rollback_to_a_tombstone_brings_the_data_of_back_then() {
    let place = Place::new();
    let founder = place.founder();
    let note = write_private(&founder, "A");
    let gone = founder.execute(objects::Tombstone::new(note)).unwrap().last;
    founder.execute(objects::Restore::new(note)).unwrap();
    founder.execute(objects::Update::new(note, Data::new(json!({ "text": "B" })).unwrap())).unwrap();
    for tombstone_first in [false, true] {
        if tombstone_first {
            founder.execute(objects::Restore::new(note)).unwrap();
            founder.execute(objects::Update::new(note, Data::new(json!({ "text": "C" })).unwrap())).unwrap();
            founder.execute(objects::Tombstone::new(note)).unwrap();
        }
        founder.rollback(&Cutoff::At(gone), Selection::Object(note), Policy::AllOrNothing).unwrap().unwrap();
        let read = founder.read(note).unwrap();
        assert_eq!((read.tombstoned, read.value().unwrap()["text"].as_str()), (true, Some("A")));
    }
}

/// Whoever freezes a scope with a deny could not roll the freeze back together with what else changed: the deny was to be taken off
/// last, and kept everything before it from happening.
#[test]
fn a_rollback_takes_a_deny_off_before_it_writes() {
    let place = Place::new();
    let founder = place.founder();
    let note = write(&founder, SUB, "A");
    let then = place.engine.history().head();
    founder.execute(objects::Update::new(note, Data::new(json!({ "text": "B" })).unwrap())).unwrap();
    place.deny(ROOT, Subject::Any, "scope.write");
    founder.rollback(&Cutoff::At(then), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(founder.read(note).unwrap().value().unwrap()["text"], "A");
    assert!(founder.can(Capability::Write, note));
}

/// Two operators made since: whichever was undone first could not undo the other.
#[test]
fn a_rollback_takes_the_actors_own_rights_last() {
    let place = Place::new();
    let founder = place.founder();
    let (b, c) = (place.person(), place.person());
    let then = place.engine.history().head();
    for principal in [b.actor(), c.actor()] {
        founder.execute(identity::SetOperator { principal, operator: true }).unwrap();
    }
    for actor in [&b, &c] {
        let plan = actor.plan_rollback(&Cutoff::At(then), Selection::All).unwrap();
        assert_eq!((plan.steps.len(), plan.problems()), (2, 0));
    }
    b.rollback(&Cutoff::At(then), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    let operators =
        place.engine.read(|moment| moment.world().identity().iter().filter(|p| p.operator).count());
    assert_eq!(operators, 1);
}

/// A call that slipped in between the request to close and the end of the writer waited for ever.
#[test]
fn calls_that_race_the_end_are_answered() {
    for _ in 0..50 {
        let engine = Engine::in_memory().unwrap();
        engine.register_types(&["note"]).unwrap();
        let founder = engine.founder();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                let engine = engine.clone();
                scope.spawn(move || {
                    for n in 0.. {
                        let create = objects::Create::new("note", Data::new(n).unwrap());
                        match engine.execute(Batch::new().with(founder, create)) {
                            Ok(_) => {}
                            Err(error) => return assert_eq!(error.code(), "closed"),
                        }
                    }
                });
            }
            engine.clone().close().unwrap();
        });
        assert_eq!(code(engine.sync()), "closed");
    }
}

/// Refused batches stage nothing, so a stream of them kept a group open for ever, and everybody else in it waiting.
#[test]
fn a_stream_of_refusals_does_not_put_others_off() {
    let place = Place::new();
    let founder = place.founder();
    let note = write_private(&founder, "A");
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let session = place.founder();
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let stale = objects::Update::new(note, Data::new(0).unwrap()).expecting(999);
                    drop(session.submit(stale).unwrap());
                }
            });
        }
        for n in 0..20 {
            founder.execute(objects::Update::new(note, Data::new(n).unwrap())).unwrap();
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert_eq!(founder.read(note).unwrap().version, 21);
}
