//! The facts of the temporal page, and what goes beyond them: selections, cascades, conflicts, merges, and rolling back what was rolled back.

use crate::support::{NOON, by_hand, data, member, object, path, principal, scope_at, update};
use scoped::contracts::{self, FieldSpec, FieldType};
use scoped::projections::DOMAINS;
use scoped::projections::audit::{AccessDenied, AuditEvent};
use scoped::projections::rules::Class;
use scoped::registry::{Register, Urn};
use scoped::rules::{Aim, Bind, Define};
use scoped::temporal::{Cutoff, Entity, Nature, Presence, Reversal, Rollback, Selection};
use scoped::{
    Action, Batch, BindingId, Effect, Engine, Event, Filter, Level, ManualDoor, ObjectId, Policy,
    PrincipalId, Receipt, Role, RuleId, ScopeId, Sequence, Session, identity, objects, tenancy,
};
use serde_json::{Value, json};
use std::sync::Arc;

const ADA: PrincipalId = PrincipalId(1);
const NOTE: ObjectId = ObjectId(10);

/// The founder, Bo (2) and Cy (3), who both write in `org:a`.
fn world() -> (Engine, Arc<ManualDoor>) {
    let (engine, door) = by_hand(7);
    let mut batch = Batch::new().with(ADA, principal(2)).with(ADA, principal(3));
    batch.push(ADA, scope_at("org:a", 1));
    batch.push(ADA, member("org:a", 2, Role::Admin));
    batch.push(ADA, member("org:a", 3, Role::Writer));
    engine.execute(batch).unwrap();
    (engine, door)
}

fn session(engine: &Engine, id: u128) -> Session {
    engine.session(PrincipalId(id)).unwrap()
}

fn put(value: Value) -> objects::Update {
    objects::Update { object: NOTE, data: data(value), expected_version: None, reason: None }
}

fn value(session: &Session) -> Value {
    session.read(NOTE).unwrap().value().unwrap()
}

fn note(session: &Session, value: Value) -> Receipt {
    let scope = Some(path("org:a"));
    let create = objects::Create {
        object: Some(NOTE),
        object_type: "note".into(),
        data: data(value),
        scope,
        level: Level::Write,
        reason: None,
        subject: None,
    };
    session.execute(create).unwrap()
}

fn event(at: Sequence) -> Rollback {
    Rollback::of(Selection::Event(at))
}

fn presence(engine: &Engine, entity: Entity, at: Sequence) -> (Presence, Value) {
    let past = engine.as_of(&Cutoff::At(at)).unwrap();
    let state = entity.state(past.moment().world(), engine.history()).unwrap();
    (state.presence, state.value)
}

// --- reconstruction -------------------------------------------------------------------------------------------------------

/// The older implementation showed what was deleted as alive, and a scope as whatever its last event had said about a member.
#[test]
fn every_entity_is_missing_then_live_then_tombstoned_and_others_are_left_aside() {
    let (engine, _) = world();
    let ada = session(&engine, 1);
    let before = engine.history().head();
    let made = note(&ada, json!({ "v": 1 }));
    let second = ada.execute(put(json!({ "v": 2 }))).unwrap();
    ada.execute(object(11, 1, None, Level::Read)).unwrap();
    let gone =
        ada.execute(objects::Tombstone { object: NOTE, reason: None, expected_version: None }).unwrap();
    let entity = Entity::Object(NOTE);
    let timeline: Vec<(Presence, Value)> = [before, made.last, second.last, gone.last]
        .into_iter()
        .map(|at| presence(&engine, entity, at))
        .map(|(presence, value)| (presence, value["data"]["v"].clone()))
        .collect();
    assert_eq!(
        timeline,
        [
            (Presence::Missing, Value::Null),
            (Presence::Live, 1.into()),
            (Presence::Live, 2.into()),
            (Presence::Tombstoned, 2.into())
        ]
    );
    assert_eq!(presence(&engine, Entity::Object(ObjectId(77)), gone.last), (Presence::Missing, Value::Null));
    let scope = Entity::Scope(ScopeId(1));
    assert_eq!(
        presence(&engine, scope, gone.last).1["label"],
        "org:a",
        "the scope itself, not its last member"
    );
    let removed =
        ada.execute(tenancy::RemoveMember { scope: path("org:a"), principal: PrincipalId(3) }).unwrap();
    let membership = Entity::Member(ScopeId(1), PrincipalId(3));
    assert_eq!(presence(&engine, membership, before).1["role"], "writer");
    assert_eq!(presence(&engine, membership, removed.last), (Presence::Tombstoned, Value::Null));
}

// --- one event ------------------------------------------------------------------------------------------------------------

#[test]
fn rolling_one_event_back_appends_its_reversal_which_names_it_and_its_reason() {
    let (engine, _) = world();
    let ada = session(&engine, 1);
    note(&ada, json!({ "v": 1 }));
    let edit = ada.execute(put(json!({ "v": 2 }))).unwrap();
    let back = ada.rollback_with(&event(edit.first).because("a slip")).unwrap().unwrap();
    assert_eq!(value(&ada), json!({ "v": 1 }), "the first version's data is current again");
    assert_eq!(ada.read(NOTE).unwrap().version, 3, "and history has only grown");
    let reading = ada.reading();
    let (head, step) = (reading.audit_at(back.first).unwrap(), reading.audit_at(back.last).unwrap());
    assert_eq!(back.last.get() - back.first.get(), 1, "one event of its own, behind the head");
    assert_eq!(head.data.as_deref(), Some(&br#"{"reason":"a slip"}"#[..]));
    assert_eq!(
        (step.envelope.context.undoes, step.envelope.context.cause),
        (edit.first.get(), back.first.get())
    );
    let (edited, undone) =
        (reading.audit_states(edit.first).unwrap(), reading.audit_states(back.last).unwrap());
    let data = |state: Option<scoped::temporal::EntityState>| state.unwrap().value["data"].clone();
    assert_eq!(data(edited.before.clone()), data(undone.after), "states are swapped");
    assert_eq!(data(edited.after), data(undone.before));
    // The reason travels.
    let records: Vec<_> =
        engine.history().reader().records(back.first, back.last).map(Result::unwrap).collect();
    let batch = scoped::export::recall(engine.history(), &records).unwrap().unwrap();
    assert_eq!(batch.rollback.as_ref().unwrap().reason.as_deref(), Some("a slip"));
    let line = scoped::write_line(&batch, back.first).unwrap();
    assert_eq!(scoped::parse_line(&line).unwrap().0, batch);
}

#[test]
fn what_is_unknown_or_history_is_never_rolled_back() {
    let (engine, _) = world();
    let ada = session(&engine, 1);
    assert_eq!(ada.rollback_with(&event(Sequence::new(9_999))).unwrap_err().code(), "no_event");
    assert_eq!(
        ada.rollback_with(&Rollback::of(Selection::Cascade(Sequence::NONE))).unwrap_err().code(),
        "no_event"
    );
    let mark = ada.mark("m").unwrap();
    assert_eq!(ada.rollback_with(&event(mark.first)).unwrap_err().code(), "irreversible");
    // A refusal is part of the trail, and the trail is immutable.
    let cy = session(&engine, 3);
    cy.mark("no").unwrap_err();
    engine.sync().unwrap();
    let refused = engine.history().head();
    for session in [&cy, &ada] {
        let before = engine.read(|moment| moment.world().state_digest());
        let answer = session.rollback_with(&event(refused));
        assert!(matches!(&answer, Ok(None)) || answer.unwrap_err().code() == "irreversible");
        assert_eq!(engine.read(|moment| moment.world().state_digest()), before);
    }
}

#[test]
fn a_creation_is_rolled_back_by_taking_the_object_away_and_a_deletion_by_bringing_it_back() {
    let (engine, _) = world();
    let ada = session(&engine, 1);
    let made = note(&ada, json!({ "v": 1 }));
    ada.rollback_with(&event(made.first)).unwrap().unwrap();
    assert_eq!(presence(&engine, Entity::Object(NOTE), engine.history().head()).0, Presence::Tombstoned);
    ada.execute(objects::Restore::new(NOTE)).unwrap();
    let gone =
        ada.execute(objects::Tombstone { object: NOTE, reason: None, expected_version: None }).unwrap();
    ada.rollback_with(&event(gone.first)).unwrap().unwrap();
    assert_eq!(value(&ada), json!({ "v": 1 }));
}

/// Once the same trace could be rolled back any number of times, each time with success.
#[test]
fn a_rollback_that_is_asked_for_twice_is_done_once_and_says_so() {
    let (engine, _) = world();
    let ada = session(&engine, 1);
    note(&ada, json!({ "v": 1 }));
    let edit = ada.execute(put(json!({ "v": 2 }))).unwrap();
    let later = ada.execute(put(json!({ "v": 3 }))).unwrap();
    ada.rollback(
        &Cutoff::At(Sequence::new(edit.first.get() - 1)),
        Selection::Object(NOTE),
        Policy::AllOrNothing,
    )
    .unwrap()
    .unwrap();
    for at in [edit.first, later.first] {
        let plan = ada.plan_with(&event(at)).unwrap();
        assert_eq!((plan.steps.len(), plan.skipped.len(), plan.problems()), (0, 1, 0), "{plan}");
        assert!(ada.rollback_with(&event(at)).unwrap().is_none());
    }
    assert_eq!(value(&ada), json!({ "v": 1 }));
}

#[test]
fn rolling_a_rollback_back_restores_and_so_on() {
    let (engine, _) = world();
    let ada = session(&engine, 1);
    note(&ada, json!({ "v": 1 }));
    let edit = ada.execute(put(json!({ "v": 2 }))).unwrap();
    let mut last = ada.rollback_with(&event(edit.first)).unwrap().unwrap();
    for expected in [2, 1, 2, 1] {
        last = ada.rollback_with(&event(last.first)).unwrap().unwrap();
        assert_eq!(value(&ada), json!({ "v": expected }));
        // The edit is reversed, or stands: a plan for it knows.
        let plan = ada.plan_with(&event(edit.first)).unwrap();
        assert_eq!(plan.skipped.len(), usize::from(expected == 1), "{plan}");
    }
}

// --- since a moment -------------------------------------------------------------------------------------------------------

#[test]
fn exactly_what_came_after_the_moment_is_reversed_and_other_things_are_not_touched() {
    let (engine, _) = world();
    let ada = session(&engine, 1);
    let made = note(&ada, json!({ "v": 1 }));
    ada.execute(put(json!({ "v": 2 }))).unwrap();
    ada.execute(put(json!({ "v": 3 }))).unwrap();
    let other = ada.execute(object(11, 5, None, Level::Read)).unwrap();
    let to = Cutoff::At(made.last);
    let plan = ada.plan_rollback(&to, Selection::Entity(Entity::Object(NOTE))).unwrap();
    assert_eq!(
        (plan.steps.len(), plan.to_string()),
        (1, "1 steps (0 refused), 0 denied, 0 conflicts, 0 irreversible, 0 skipped".into())
    );
    ada.rollback(&to, Selection::Entity(Entity::Object(NOTE)), Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(value(&ada), json!({ "v": 1 }));
    assert_eq!(ada.read(ObjectId(11)).unwrap().version, 1, "other targets are as they were");
    assert!(other.last < engine.history().head());
    assert!(ada.rollback(&Cutoff::Head(0), Selection::All, Policy::AllOrNothing).unwrap().is_none());
}

/// Once the state of a principal did not say its handle, that of a scope neither its parent nor its description, that of a rule not what the rule
/// says, that of a binding not where it holds, that of a contract not what it asks for, and that of a registered thing not what was said of it:
/// what had changed was nowhere to be seen, though the event was there.
#[test]
fn whatever_changes_an_entity_shows_in_its_state() {
    let (engine, _) = world();
    let ada = session(&engine, 1);
    let id = |number: u128| ObjectId(number).to_string();
    let fields = |name: &str| json!([{ "name": name, "type": "string" }]);
    let urn = "scoped:MODEL:app:shape:1";
    let rule = json!({ "rule": id(1), "name": "no", "class": "access", "effect": "deny", "when": { "action": ["delete"] } });
    for (command, with) in [
        ("identity.set_handle", json!({ "principal": id(2), "handle": "user:bo" })),
        ("identity.describe_principal", json!({ "principal": id(2), "description": { "name": "Bo" } })),
        ("identity.change_kind", json!({ "principal": id(2), "kind": "robot" })),
        (
            "identity.add_relationship",
            json!({ "edge": id(1), "parent": id(2), "child": id(3), "metadata": { "since": 1 } }),
        ),
        ("identity.remove_relationship", json!({ "edge": id(1) })),
        (
            "identity.add_relationship",
            json!({ "edge": id(1), "parent": id(2), "child": id(3), "metadata": { "since": 2 } }),
        ),
        ("tenancy.describe_scope", json!({ "scope": "org:a", "description": { "about": "a" } })),
        ("tenancy.create_scope", json!({ "scope": id(20), "name": "flat", "parent": "org:a" })),
        ("tenancy.create_scope", json!({ "scope": id(21), "name": "other", "parent": "org:a" })),
        ("tenancy.move_scope", json!({ "scope": id(20), "parent": id(21) })),
        ("tenancy.rename_scope", json!({ "scope": id(20), "name": "flatter" })),
        ("registry.register", json!({ "urn": urn })),
        ("registry.describe", json!({ "entry": urn, "metadata": { "about": "shapes" } })),
        (
            "contracts.create",
            json!({ "contract": id(1), "name": "c", "object_type": "thing", "fields": fields("a") }),
        ),
        ("contracts.update", json!({ "contract": id(1), "fields": fields("b") })),
        (
            "templates.create",
            json!({ "template": id(1), "name": "t", "type": "thing", "schema": { "a": 1 } }),
        ),
        ("templates.update", json!({ "template": id(1), "schema": { "a": 2 } })),
        ("rules.define", rule),
        ("rules.update", json!({ "rule": id(1), "when": { "action": ["update"] } })),
        ("rules.update", json!({ "rule": id(1), "priority": 7 })),
        ("rules.bind", json!({ "binding": id(1), "rule": id(1), "to": { "scope": "org:a" } })),
        ("rules.rebind", json!({ "binding": id(1), "to": { "principal": id(2) } })),
        ("config.set", json!({ "scope": "org:a", "key": "k", "value": 1 })),
        ("config.set", json!({ "scope": "org:a", "key": "k", "value": 1, "locked": true })),
        ("tenancy.set_policy", json!({ "scope": "org:a", "policy": { "audit_reads": "all" } })),
    ] {
        let text = json!({ "as": id(1), "do": command, "with": with }).to_string();
        let (batch, _) = scoped::parse_line(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let at = engine.execute(batch).unwrap_or_else(|error| panic!("{error}: {text}")).first;
        let states = ada.reading().audit_states(at).unwrap();
        let (Some(mut before), Some(mut after)) = (states.before, states.after) else { panic!("{text}") };
        // The number of a version says that something is new, and not what.
        for state in [&mut before, &mut after] {
            state.value.as_object_mut().map(|value| value.remove("version"));
        }
        assert_ne!(before, after, "{text}");
    }
}

/// Any entity goes back to a moment, not only objects.
#[test]
fn a_member_a_scope_and_a_principal_go_back_each_by_itself() {
    let (engine, _) = world();
    let ada = session(&engine, 1);
    let to = Cutoff::At(engine.history().head());
    ada.execute(tenancy::ChangeMember {
        scope: path("org:a"),
        principal: PrincipalId(3),
        role: Role::Admin,
        expires_at: None,
    })
    .unwrap();
    ada.execute(identity::SuspendPrincipal { principal: PrincipalId(3) }).unwrap();
    ada.execute(tenancy::DeleteScope::new(path("org:a"))).unwrap();
    let state = |entity| presence(&engine, entity, engine.history().head());
    let member = Entity::Member(ScopeId(1), PrincipalId(3));
    for (entity, check) in [
        (
            Entity::Scope(ScopeId(1)),
            json!({ "label": "org:a", "archived": false, "frozen": false, "parent": null, "description": {} }),
        ),
        (member, json!({ "role": "writer", "expires_at": null })),
    ] {
        ada.rollback(&to, Selection::Entity(entity), Policy::AllOrNothing).unwrap().unwrap();
        assert_eq!(state(entity).1, check);
    }
    assert_eq!(state(Entity::Principal(PrincipalId(3))).1["status"], "suspended", "not asked for");
    ada.rollback(&to, Selection::Entity(Entity::Principal(PrincipalId(3))), Policy::AllOrNothing)
        .unwrap()
        .unwrap();
    assert_eq!(state(Entity::Principal(PrincipalId(3))).1["status"], "active");
}

/// The cutoff of what one actor did lies before its own first edit: what others had done before that stays.
#[test]
fn what_one_actor_did_goes_and_what_others_did_before_stays() {
    let (engine, _) = world();
    let (ada, bo, cy) = (session(&engine, 1), session(&engine, 2), session(&engine, 3));
    let to = Cutoff::At(engine.history().head());
    note(&cy, json!({ "v": 1 }));
    bo.execute(put(json!({ "v": 2 }))).unwrap();
    bo.execute(put(json!({ "v": 3 }))).unwrap();
    let mine = bo.execute(object(11, 1, Some("org:a"), Level::Write)).unwrap();
    ada.rollback(&to, Selection::Actor(PrincipalId(2)), Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(value(&ada), json!({ "v": 1 }));
    let gone = presence(&engine, Entity::Object(mine.object()), engine.history().head());
    assert_eq!(gone.0, Presence::Tombstoned);
}

#[test]
fn a_range_of_time_goes_and_what_came_after_it_stays() {
    let (engine, door) = world();
    let ada = session(&engine, 1);
    note(&ada, json!({ "v": 1 }));
    let to = Cutoff::At(engine.history().head());
    door.set(NOON + 10);
    let a = ada.execute(object(11, 1, None, Level::Read)).unwrap();
    let b = ada.execute(put(json!({ "v": 2 }))).unwrap();
    door.set(NOON + 20);
    let c = ada.execute(object(12, 1, None, Level::Read)).unwrap();
    let until = engine.resolve(&Cutoff::Time(NOON + 15)).unwrap();
    assert_eq!(until, b.last);
    ada.rollback(&to, Selection::Until(until), Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(value(&ada), json!({ "v": 1 }));
    let head = engine.history().head();
    assert_eq!(presence(&engine, Entity::Object(a.object()), head).0, Presence::Tombstoned);
    assert_eq!(presence(&engine, Entity::Object(c.object()), head).0, Presence::Live);
}

// --- conflicts --------------------------------------------------------------------------------------------------------------

/// Rolling back an old action once ignored everything that had happened since.
#[test]
fn a_later_edit_is_a_conflict_and_a_three_way_merge_keeps_both() {
    let (engine, _) = world();
    let (bo, cy) = (session(&engine, 2), session(&engine, 3));
    note(&cy, json!({ "cpu": 2, "name": "a" }));
    let edit = bo.execute(put(json!({ "cpu": 8, "name": "a" }))).unwrap();
    cy.execute(put(json!({ "cpu": 8, "name": "b" }))).unwrap();
    let plan = bo.plan_with(&event(edit.first)).unwrap();
    assert_eq!((plan.steps.len(), plan.conflicts.len(), plan.conflicts[0].mergeable), (0, 1, true));
    assert_eq!(bo.rollback_with(&event(edit.first)).unwrap_err().code(), "rollback_refused");
    let merged = bo.rollback_with(&event(edit.first).merging()).unwrap().unwrap();
    assert_eq!(value(&bo), json!({ "cpu": 2, "name": "b" }));
    // Taken back once: the second time there is nothing to do, and the edit that stayed can still be taken back.
    assert!(bo.rollback_with(&event(edit.first).merging()).unwrap().is_none());
    let stayed = Sequence::new(edit.first.get() + 1);
    let plan = bo.plan_with(&event(stayed).merging()).unwrap();
    assert_eq!((plan.steps.len(), plan.skipped.len()), (1, 0), "{plan}");
    bo.rollback_with(&event(merged.first)).unwrap().unwrap();
    assert_eq!(value(&bo), json!({ "cpu": 8, "name": "b" }), "the merge itself is taken back");
}

#[test]
fn an_edit_of_the_same_field_is_a_conflict_that_no_merge_solves() {
    let (engine, _) = world();
    let (bo, cy) = (session(&engine, 2), session(&engine, 3));
    note(&cy, json!({ "cpu": 2 }));
    let edit = bo.execute(put(json!({ "cpu": 8 }))).unwrap();
    let later = cy.execute(put(json!({ "cpu": 9 }))).unwrap().first;
    let plan = bo.plan_with(&event(edit.first).merging()).unwrap();
    assert_eq!((plan.steps.len(), plan.conflicts.len(), plan.conflicts[0].mergeable), (0, 1, false));
    assert_eq!(plan.conflicts[0].event, later);
    assert!(plan.conflicts[0].reason.contains("`cpu`"), "{}", plan.conflicts[0].reason);
    let digest = engine.read(|moment| moment.world().state_digest());
    let refused = bo.rollback_with(&event(edit.first).merging()).unwrap_err();
    assert_eq!(refused.code(), "rollback_refused");
    assert!(refused.to_string().contains(&later.to_string()), "the refusal names the event: {refused}");
    assert_eq!(engine.read(|moment| moment.world().state_digest()), digest);
}

// --- cascades ---------------------------------------------------------------------------------------------------------------

#[test]
fn a_cascade_takes_back_what_an_event_caused_and_later_versions_on_top_of_it() {
    let (engine, _) = world();
    let (ada, cy) = (session(&engine, 1), session(&engine, 3));
    note(&ada, json!({ "v": 1 }));
    let edit = ada.execute(put(json!({ "v": 2 }))).unwrap();
    cy.execute(put(json!({ "v": 3 }))).unwrap();
    ada.rollback_with(&Rollback::of(Selection::Cascade(edit.first))).unwrap().unwrap();
    assert_eq!(value(&ada), json!({ "v": 1 }), "no conflict: what is on top goes with it");
}

/// The older implementation followed parents that nothing ever set: a scope's contents stayed when the scope was rolled back.
#[test]
fn a_cascade_takes_back_what_was_made_inside_a_scope_and_by_a_principal() {
    let (engine, _) = world();
    let ada = session(&engine, 1);
    let before = engine.history().head();
    let scope = ada.execute(scope_at("org:a/ws:b", 2)).unwrap();
    ada.execute(scope_at("org:a/ws:b/team:c", 3)).unwrap();
    let bot = ada.execute(principal(4)).unwrap();
    ada.execute(member("org:a/ws:b", 4, Role::Writer)).unwrap();
    let inside = session(&engine, 4).execute(object(20, 1, Some("org:a/ws:b"), Level::Write)).unwrap();
    let outside = ada.execute(object(21, 1, Some("org:a"), Level::Write)).unwrap();
    let live = |id| presence(&engine, Entity::Object(id), engine.history().head()).0 == Presence::Live;

    let plan = ada.plan_with(&Rollback::of(Selection::Cascade(bot.first))).unwrap();
    let names: Vec<&str> = plan.steps.iter().map(|step| step.command_name()).collect();
    assert_eq!(
        names,
        ["objects.tombstone", "tenancy.remove_member", "identity.suspend_principal"],
        "what depends on it is reversed before it"
    );

    let done = ada.rollback_with(&Rollback::of(Selection::Cascade(scope.first))).unwrap().unwrap();
    assert!(!live(inside.object()) && live(outside.object()));
    let state = |id| presence(&engine, Entity::Scope(ScopeId(id)), engine.history().head()).0;
    assert_eq!([state(2), state(3)], [Presence::Tombstoned; 2]);
    assert_eq!(state(1), Presence::Live);
    // A second time there is nothing left to do; taking it back makes all of it stand again.
    assert!(ada.rollback_with(&Rollback::of(Selection::Cascade(scope.first))).unwrap().is_none());
    ada.rollback_with(&event(done.first)).unwrap().unwrap();
    assert!(live(inside.object()));
    assert_eq!([state(2), state(3)], [Presence::Live; 2]);
    assert!(before < done.first);
}

/// What was given to a principal, and rules bound to one, stayed behind when the making of it was taken back.
#[test]
fn a_cascade_takes_back_what_was_given_to_a_principal_and_what_a_rule_was_bound_to() {
    let (engine, _) = world();
    let ada = session(&engine, 1);
    note(&ada, json!({ "v": 1 }));
    let bot = ada.execute(principal(4)).unwrap();
    ada.execute(objects::Transfer { object: NOTE, to: PrincipalId(4), reason: None, expected_version: None })
        .unwrap();
    let define = Define { rule: Some(RuleId(1)), ..Define::deny_action("no", Action::Delete, None) };
    let rule = ada.execute(define).unwrap();
    let bind = |id, to| Bind { binding: Some(BindingId(id)), rule: RuleId(1), to };
    ada.execute(bind(1, Aim { principal: Some(PrincipalId(4)), ..Aim::everywhere() })).unwrap();
    ada.execute(bind(2, Aim::scope(path("org:a")))).unwrap();
    let names = |of: Sequence| -> Vec<&'static str> {
        let plan = ada.plan_with(&Rollback::of(Selection::Cascade(of))).unwrap();
        plan.steps.iter().map(|step| step.command_name()).collect()
    };
    assert_eq!(names(rule.first), ["rules.unbind", "rules.unbind", "rules.archive"]);
    assert_eq!(names(bot.first), ["objects.transfer", "rules.unbind", "identity.suspend_principal"]);
    ada.rollback_with(&Rollback::of(Selection::Cascade(bot.first))).unwrap().unwrap();
    assert_eq!(ada.read(NOTE).unwrap().owner, ADA);
}

/// Objects name their type by a word, so they were not among what depends on its registration, and stayed.
#[test]
fn a_cascade_takes_back_objects_of_a_type_and_contracts_for_it_with_its_first_edition() {
    let (engine, _) = world();
    let ada = session(&engine, 1);
    let edition = |version| Register::new(Urn::object_type("case").unwrap().at_version(version).unwrap());
    let first = ada.execute(edition(1)).unwrap();
    let case =
        |id| objects::Create { object_type: "case".into(), ..object(id, 1, Some("org:a"), Level::Write) };
    ada.execute(case(30)).unwrap();
    note(&ada, json!({ "v": 1 }));
    let second = ada.execute(edition(2)).unwrap();
    ada.execute(case(31)).unwrap();
    let size = FieldSpec::new("size", FieldType::Any).optional();
    ada.execute(contracts::Create::new("cases", "case", vec![size])).unwrap();
    let names = |of: Sequence| -> Vec<&'static str> {
        let plan = ada.plan_with(&Rollback::of(Selection::Cascade(of))).unwrap();
        plan.steps.iter().map(|step| step.command_name()).collect()
    };
    assert_eq!(names(second.first), ["registry.archive"], "its objects stand on the edition before");
    let all = ["contracts.archive", "objects.tombstone", "objects.tombstone", "registry.archive"];
    assert_eq!(names(first.first), all);
    ada.rollback_with(&Rollback::of(Selection::Cascade(first.first))).unwrap().unwrap();
    let state = |id| presence(&engine, Entity::Object(ObjectId(id)), engine.history().head()).0;
    assert_eq!(
        [state(30), state(31), state(10)],
        [Presence::Tombstoned, Presence::Tombstoned, Presence::Live]
    );
}

/// The projection stayed in the scope that ended, where whoever reads all below `org:a` still reached the object. Found by ten thousand drawn histories.
#[test]
fn a_record_that_outlived_its_scope_without_a_projection_has_none_when_a_rollback_is_taken_back() {
    let (engine, _) = world();
    let ada = session(&engine, 1);
    ada.execute(scope_at("org:a/ws:b", 2)).unwrap();
    let made = ada.execute(object(20, 1, Some("org:a/ws:b"), Level::Admin)).unwrap();
    let end = tenancy::DeleteScope::new(path("org:a/ws:b")).records(tenancy::Records::Forget);
    ada.execute(end).unwrap();
    ada.execute(objects::Restore { object: made.object(), reason: None, expected_version: None }).unwrap();
    let shares = || engine.read(|moment| moment.shares(made.object()).len());
    assert_eq!(shares(), 0);
    let back = ada.rollback(&Cutoff::At(made.last), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(shares(), 1);
    ada.rollback_with(&event(back.first)).unwrap().unwrap();
    assert_eq!(shares(), 0);
    assert!(ada.read(made.object()).is_ok(), "it is its owner's");
    assert!(session(&engine, 3).read(made.object()).is_err(), "and nobody else's");
}

/// The projection did not come back with the end of the scope: whoever reads all below `org:a` did not find the record any more. The cutoff lay
/// between the making of the object and its projection. Found by ten thousand drawn histories.
#[test]
fn a_record_that_outlived_its_scope_with_a_projection_has_it_when_a_rollback_is_taken_back() {
    let (engine, _) = world();
    let ada = session(&engine, 1);
    ada.execute(scope_at("org:a/ws:b", 2)).unwrap();
    let made = ada.execute(object(20, 1, Some("org:a/ws:b"), Level::Read)).unwrap();
    let end = tenancy::DeleteScope::new(path("org:a/ws:b")).records(tenancy::Records::Keep);
    ada.execute(end).unwrap();
    let shares = || engine.read(|moment| moment.shares(made.object()));
    let before = shares();
    assert_eq!(before.len(), 1);
    let cutoff = Cutoff::At(made.first);
    let back = ada.rollback(&cutoff, Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert!(shares().is_empty());
    ada.rollback_with(&event(back.first)).unwrap().unwrap();
    let level =
        |shares: &[(String, Level, Sequence)]| shares.iter().map(|(_, level, _)| *level).collect::<Vec<_>>();
    assert_eq!(level(&shares()), level(&before));
}

#[test]
fn a_cascade_of_an_event_without_dependents_is_that_event() {
    let (engine, _) = world();
    let ada = session(&engine, 1);
    note(&ada, json!({ "v": 1 }));
    let edit = ada.execute(put(json!({ "v": 2 }))).unwrap();
    ada.execute(object(11, 1, None, Level::Read)).unwrap();
    let plan = ada.plan_with(&Rollback::of(Selection::Cascade(edit.first))).unwrap();
    assert_eq!(plan.steps.len(), 1);
}

// --- authority ----------------------------------------------------------------------------------------------------------------

/// Two objects that Bo made; Cy may write one of them.
#[test]
fn what_is_not_ones_own_to_reverse_is_denied_reported_and_leaves_a_trace() {
    let (engine, _) = world();
    let (bo, cy) = (session(&engine, 2), session(&engine, 3));
    let to = Cutoff::At(engine.history().head());
    bo.execute(object(11, 1, Some("org:a"), Level::Write)).unwrap();
    bo.execute(object(12, 1, Some("org:a"), Level::Read)).unwrap();
    let to_edit = Cutoff::At(engine.history().head());
    bo.execute(update(11, 2)).unwrap();
    bo.execute(update(12, 2)).unwrap();
    let plan = cy.plan_rollback(&to_edit, Selection::Actor(PrincipalId(2))).unwrap();
    assert_eq!((plan.steps.len(), plan.denied.len()), (1, 1), "{plan}");
    let refused = cy.rollback(&to_edit, Selection::Actor(PrincipalId(2)), Policy::AllOrNothing).unwrap_err();
    assert_eq!(refused.code(), "rollback_refused");
    assert_eq!(bo.read(ObjectId(11)).unwrap().version, 2, "all or nothing");
    // A refused plan once left no trace at all.
    engine.sync().unwrap();
    let filter =
        Filter { actor: Some(PrincipalId(3)), kinds: Some(vec![AccessDenied::KIND]), ..Filter::default() };
    let traces = engine.history().audit(&filter).unwrap();
    let record = engine.history().record(*traces.last().unwrap()).unwrap();
    match engine.history().event(&record).unwrap() {
        Event::Audit(AuditEvent::AccessDenied(denied)) => {
            assert_eq!((denied.operation.as_str(), denied.object), ("temporal.rollback", ObjectId(12)));
        }
        other => panic!("{other:?}"),
    }
    let done = cy.rollback(&to_edit, Selection::Actor(PrincipalId(2)), Policy::SkipDenied).unwrap();
    assert!(done.is_some());
    assert_eq!((bo.read(ObjectId(11)).unwrap().version, bo.read(ObjectId(12)).unwrap().version), (3, 2));
    // Of the creations Cy may reverse one too; where nothing may be reversed the whole is refused, also when skipping.
    let only = Selection::Entity(Entity::Object(ObjectId(12)));
    let all_denied = cy.rollback(&to, only, Policy::SkipDenied);
    assert_eq!(all_denied.unwrap_err().code(), "rollback_refused");
}

// --- the table of kinds --------------------------------------------------------------------------------------------------------

/// Every kind says what taking it back means, and agrees with what the engine takes for state.
#[test]
fn every_kind_declares_its_reversal_and_only_history_changes_nothing() {
    let samples = crate::contract::samples();
    let mut seen = std::collections::BTreeSet::new();
    for event in &samples {
        let (nature, entity) = (Nature::of(event), Entity::of(event));
        let name = scoped::projections::domains::kind_info(event.kind()).unwrap().name;
        seen.insert(event.kind());
        match nature.reversal {
            Reversal::History => assert_eq!(entity, None, "{name} changes an entity, so it is no history"),
            Reversal::Exact | Reversal::Differently(_) => {
                assert!(entity.is_some(), "{name} is reversible, so it changes an entity");
            }
            Reversal::Irreversible(why) => assert!(!why.is_empty(), "{name} says why"),
        }
        assert!(nature.action.is_some() || nature.reversal == Reversal::History, "{name} is some action");
    }
    let kinds = DOMAINS.iter().flat_map(|(_, _, kinds)| kinds.iter());
    assert!(kinds.filter(|kind| !seen.contains(&kind.kind)).all(|kind| PLACEHOLDERS.contains(&kind.name)));
}

/// Kinds of rooms that are still empty.
const PLACEHOLDERS: &[&str] = &[
    "registry.registered",
    "contracts.contract_created",
    "templates.template_created",
    "config.setting_set",
    "rules.rule_created",
];

// --- through time ------------------------------------------------------------------------------------------------------------------

#[test]
fn the_life_of_an_entity_is_its_events_with_the_state_after_each() {
    let (engine, _) = world();
    let (ada, cy) = (session(&engine, 1), session(&engine, 3));
    note(&ada, json!({ "v": 1 }));
    cy.execute(put(json!({ "v": 2 }))).unwrap();
    ada.execute(objects::Tombstone { object: NOTE, reason: None, expected_version: None }).unwrap();
    let life = ada.reading().timeline(Entity::Object(NOTE), Sequence::NONE, 10).unwrap();
    assert_eq!(life.next, None);
    let told: Vec<_> = life
        .entries
        .iter()
        .map(|step| {
            let value = step.state.value["data"]["v"].as_u64().unwrap();
            (step.entry.kind(), step.entry.envelope.actor.0, step.state.presence, value)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("objects.created", 1, Presence::Live, 1),
            ("objects.updated", 3, Presence::Live, 2),
            ("objects.tombstoned", 1, Presence::Tombstoned, 2)
        ]
    );
    // In parts, and of the past only what was there.
    let first = ada.reading().timeline(Entity::Object(NOTE), Sequence::NONE, 2).unwrap();
    let rest = ada.reading().timeline(Entity::Object(NOTE), first.next.unwrap(), 2).unwrap();
    assert_eq!((first.entries.len(), rest.entries.len(), rest.next), (2, 1, None));
    let then = ada.as_of(&Cutoff::At(life.entries[1].entry.envelope.sequence)).unwrap();
    assert_eq!(then.timeline(Entity::Object(NOTE), Sequence::NONE, 10).unwrap().entries.len(), 2);
    // The life of a membership is for those who audit its scope, and for nobody else.
    let member = Entity::Member(ScopeId(1), PrincipalId(3));
    assert_eq!(ada.reading().timeline(member, Sequence::NONE, 10).unwrap().entries.len(), 1);
    assert_eq!(cy.reading().timeline(member, Sequence::NONE, 10).unwrap_err().code(), "denied");
    let own = cy.reading().timeline(Entity::Principal(PrincipalId(3)), Sequence::NONE, 10).unwrap();
    assert_eq!(own.entries.len(), 1, "one's own life is one's own to read");
}

#[test]
fn many_entities_are_asked_for_in_any_order_a_missing_one_among_them() {
    let (engine, _) = world();
    let ada = session(&engine, 1);
    note(&ada, json!({ "v": 1 }));
    let reading = ada.reading();
    let asked = [
        Entity::Scope(ScopeId(1)),
        Entity::Member(ScopeId(1), PrincipalId(77)),
        Entity::Object(NOTE),
        Entity::Principal(PrincipalId(2)),
    ];
    let presences = asked.map(|entity| reading.state(entity).unwrap().presence);
    assert_eq!(presences, [Presence::Live, Presence::Missing, Presence::Live, Presence::Live]);
    assert_eq!(
        reading.state(Entity::Object(ObjectId(77))).unwrap_err().code(),
        "denied",
        "of objects nothing is told"
    );
}

#[test]
fn a_denied_dependent_is_reported_and_the_root_is_taken_back_all_the_same() {
    let (engine, _) = world();
    let ada = session(&engine, 1);
    let bot = ada.execute(principal(4)).unwrap();
    ada.execute(member("org:a", 4, Role::Writer)).unwrap();
    // What the bot made may be read by the members of `org:a`, and changed by the bot alone.
    session(&engine, 4).execute(object(20, 1, Some("org:a"), Level::Read)).unwrap();
    let asked = Rollback::of(Selection::Cascade(bot.first));
    let plan = ada.plan_with(&asked).unwrap();
    assert_eq!((plan.steps.len(), plan.denied.len()), (2, 1), "{plan}");
    assert_eq!(ada.rollback_with(&asked).unwrap_err().code(), "rollback_refused");
    ada.rollback_with(&asked.under(Policy::SkipDenied)).unwrap().unwrap();
    let head = engine.history().head();
    assert_eq!(presence(&engine, Entity::Principal(PrincipalId(4)), head).1["status"], "suspended");
    assert_eq!(presence(&engine, Entity::Object(ObjectId(20)), head).0, Presence::Live);
}

/// Who may do the inverse may roll back, unless a rule keeps just that from them.
#[test]
fn a_rule_that_denies_rollback_refuses_it_and_leaves_the_inverse_itself_alone() {
    let (engine, _) = world();
    let (ada, cy) = (session(&engine, 1), session(&engine, 3));
    note(&ada, json!({ "v": 1 }));
    let edit = cy.execute(put(json!({ "v": 2 }))).unwrap();
    let no = Define::new("no", Class::Constraint, Effect::Deny)
        .when(crate::rules::when(r#"{"action": "rollback"}"#));
    let rule = crate::rules::bound(&engine, no, crate::rules::at("org:a"));
    let plan = cy.plan_with(&event(edit.first)).unwrap();
    assert_eq!((plan.steps.len(), plan.denied.len()), (0, 1), "{plan}");
    assert_eq!(cy.rollback_with(&event(edit.first)).unwrap_err().code(), "rollback_refused");
    cy.execute(put(json!({ "v": 1 }))).unwrap();
    cy.execute(put(json!({ "v": 2 }))).unwrap();
    let last = engine.history().audit(&Filter::about(Entity::Object(NOTE))).unwrap().pop().unwrap();
    ada.execute(scoped::rules::Archive { rule }).unwrap();
    cy.rollback_with(&event(last)).unwrap().unwrap();
    assert_eq!(value(&ada), json!({ "v": 1 }), "without the rule it goes through");
}
