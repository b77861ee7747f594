//! What the trail says was taken back, whom it shows what, and which refusals it hears of.

use crate::support::{by_hand, code, data, member, object, path, principal, scope_at, update};
use scoped::projections::audit::{AccessDenied, AuditEvent};
use scoped::projections::rules::Class;
use scoped::registry::DefineKind;
use scoped::rules::{Aim, Bind, Define};
use scoped::temporal::{Cutoff, Entity, Rollback, Selection};
use scoped::tenancy::{AddAclEntry, FreezeScope, RemoveAclEntry};
use scoped::{
    Batch, Effect, Engine, EntryId, Event, Filter, Level, ObjectId, Policy, PrincipalId, Reading, Role,
    RuleId, Sequence, Session, Subject, objects, templates,
};
use serde_json::json;

const ADA: PrincipalId = PrincipalId(1);

/// Ada (1, the founder), Bo (2, owner of `org:a`), Cy (3, writer there), Di (4, nobody).
fn world() -> (Engine, [Session; 4]) {
    let (engine, _) = by_hand(11);
    let mut batch = Batch::new();
    (2..=4).for_each(|id| batch.push(ADA, principal(id)));
    batch.push(ADA, scope_at("org:a", 1));
    batch.push(ADA, member("org:a", 2, Role::Owner));
    batch.push(ADA, member("org:a", 3, Role::Writer));
    engine.execute(batch).unwrap();
    let sessions = [1, 2, 3, 4].map(|id| engine.session(PrincipalId(id)).unwrap());
    (engine, sessions)
}

fn positions(reading: &Reading, filter: Filter) -> Vec<u64> {
    let page = reading.audit(&filter, 1_000).unwrap();
    page.entries.iter().map(|entry| entry.envelope.sequence.get()).collect()
}

/// What took each of these events back, 0 for those that stand.
fn taken(reading: &Reading, events: &[Sequence]) -> Vec<u64> {
    let by = |at: &Sequence| reading.audit_at(*at).unwrap().undone_by.map_or(0, Sequence::get);
    let by: Vec<u64> = events.iter().map(by).collect();
    for (at, by) in events.iter().zip(&by) {
        let undone = positions(reading, Filter { undone: Some(true), ..Filter::default() });
        assert_eq!(undone.contains(&at.get()), *by != 0, "the filter says what the entry says of {at}");
    }
    by
}

// --- what was taken back ----------------------------------------------------------------------------------------------------------

/// A rollback makes one step of an entity, which names the first event only: the trail once marked that one, and showed the later ones as
/// standing, in `--standing` and in exports.
#[test]
fn all_that_a_rollback_took_back_says_so_and_stands_again_when_the_rollback_is_taken_back() {
    let (_, [_, bo, ..]) = world();
    let made = bo.execute(object(10, 1, Some("org:a"), Level::Write)).unwrap();
    let edits = [2, 3, 4].map(|cpu| bo.execute(update(10, cpu)).unwrap().first);
    let to = Selection::Object(ObjectId(10));
    let back = bo.rollback(&Cutoff::At(made.last), to, Policy::AllOrNothing).unwrap().unwrap();
    let (reading, by) = (bo.reading(), back.last.get());
    assert_eq!(taken(&reading, &edits), [by, by, by]);
    assert_eq!(taken(&reading, &[made.first, back.last]), [0, 0]);
    for edit in edits {
        assert_eq!(positions(&reading, Filter { undoes: Some(edit), ..Filter::default() }), [by]);
        // The planner and the trail agree: each is skipped as taken back already.
        let plan = bo.plan_with(&Rollback::of(Selection::Event(edit))).unwrap();
        assert_eq!((plan.steps.len(), plan.skipped.len()), (0, 1), "{plan}");
    }
    let again = bo.rollback_with(&Rollback::of(Selection::Event(back.first))).unwrap().unwrap();
    assert_eq!(bo.read(ObjectId(10)).unwrap().value().unwrap(), json!({ "cpu": 4 }));
    assert_eq!(taken(&reading, &edits), [0, 0, 0]);
    assert_eq!(taken(&reading, &[back.last, again.last]), [again.last.get(), 0]);
    let third = bo.rollback_with(&Rollback::of(Selection::Event(again.first))).unwrap().unwrap();
    assert_eq!(taken(&reading, &edits), [by, by, by]);
    assert_eq!(taken(&reading, &[back.last, again.last]), [0, third.last.get()]);
    // What comes afterwards stands.
    let later = bo.execute(update(10, 5)).unwrap();
    assert_eq!(taken(&reading, &[later.first]), [0]);
}

#[test]
fn a_merge_takes_back_the_edit_that_it_names_and_no_other() {
    let (_, [_, bo, cy, _]) = world();
    bo.execute(object(10, 1, Some("org:a"), Level::Write)).unwrap();
    let put = |session: &Session, value: serde_json::Value| {
        let data = data(value);
        let update = objects::Update { object: ObjectId(10), data, expected_version: None, reason: None };
        session.execute(update).unwrap().first
    };
    let edit = put(&bo, json!({ "cpu": 8 }));
    let other = put(&cy, json!({ "cpu": 8, "name": "b" }));
    let back = bo.rollback_with(&Rollback::of(Selection::Event(edit)).merging()).unwrap().unwrap();
    assert_eq!(taken(&bo.reading(), &[edit, other]), [back.last.get(), 0]);
}

/// A rollback that was allowed to merge and had nothing to merge once said that it had, and marked the first of several edits.
#[test]
fn a_rollback_that_may_merge_and_need_not_takes_back_all() {
    let (_, [_, bo, ..]) = world();
    let made = bo.execute(object(10, 1, Some("org:a"), Level::Write)).unwrap();
    let edits = [2, 3, 4].map(|cpu| bo.execute(update(10, cpu)).unwrap().first);
    let asked = Rollback::to(Cutoff::At(made.last)).only(Selection::Actor(PrincipalId(2))).merging();
    let back = bo.rollback_with(&asked).unwrap().unwrap();
    assert_eq!(taken(&bo.reading(), &edits), [back.last.get(); 3]);
}

/// An entry of a list comes back under a new id: the events are about two entities.
#[test]
fn an_entry_that_came_back_under_another_id_marks_the_end_of_the_old_one() {
    let (engine, [_, bo, ..]) = world();
    let entry =
        AddAclEntry::new(path("org:a"), Effect::Allow, Subject::Any, "scope.read.local".parse().unwrap());
    let made = bo.execute(entry).unwrap();
    let there = engine.history().head();
    let gone = bo.execute(RemoveAclEntry { entry: EntryId(made.ids[0]) }).unwrap();
    let back = bo.rollback(&Cutoff::At(there), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    let reading = bo.reading();
    assert_eq!(taken(&reading, &[made.first, gone.first]), [0, back.last.get()]);
    let again = bo.rollback_with(&Rollback::of(Selection::Event(back.first))).unwrap().unwrap();
    assert_eq!(taken(&reading, &[gone.first, back.last]), [0, again.last.get()], "the end stands again");
}

// --- whom the trail shows what ------------------------------------------------------------------------------------------------------

/// What holds everywhere was in nobody's trail but its author's, though operators saw it in the timeline of the thing itself.
#[test]
fn operators_see_what_belongs_to_the_deployment_and_others_do_not() {
    let (engine, [ada, bo, _, di]) = world();
    engine.execute(Batch::new().with(ADA, principal(5))).unwrap();
    bo.execute(scoped::identity::SetOperator { principal: PrincipalId(2), operator: true }).unwrap_err();
    ada.execute(scoped::identity::SetOperator { principal: PrincipalId(2), operator: true }).unwrap();
    let kind =
        ada.execute(DefineKind { kind: "GADGET".parse().unwrap(), description: String::new() }).unwrap();
    let rule = ada.execute(Define::new("no", Class::Constraint, Effect::Deny)).unwrap();
    let bound =
        ada.execute(Bind { binding: None, rule: RuleId(rule.ids[0]), to: Aim::principal(PrincipalId(5)) });
    let template = templates::Create {
        template: None,
        name: "small".into(),
        template_type: "scope".into(),
        schema: serde_json::Map::new(),
        description: String::new(),
        scope: None,
    };
    let template = ada.execute(template).unwrap();
    for at in [kind.last, rule.last, bound.unwrap().last, template.last] {
        let entry = bo.reading().audit_at(at).unwrap();
        assert!(!entry.envelope.scope.is_some(), "{entry:?}");
        assert!(positions(&bo.reading(), Filter::default()).contains(&at.get()));
        assert_eq!(code(di.reading().audit_at(at)), "denied");
    }
    // What is private to somebody stays so, for operators too.
    let private = di.execute(object(20, 1, None, Level::Read)).unwrap();
    assert_eq!(code(ada.reading().audit_at(private.first)), "denied");
}

/// Nobody at all could see who had asked the trail what.
#[test]
fn operators_see_who_asked_the_trail_and_the_asker_does_not() {
    let (engine, [ada, _, _, di]) = world();
    di.reading().audit(&Filter::default(), 10).unwrap();
    engine.sync().unwrap();
    let by_di = || Filter { actor: Some(PrincipalId(4)), ..Filter::default() };
    let seen = ada.reading().audit(&by_di(), 10).unwrap().entries;
    assert_eq!(seen.iter().map(|entry| entry.kind()).collect::<Vec<_>>(), ["audit.access_recorded"]);
    assert_eq!(positions(&di.reading(), by_di()), [] as [u64; 0]);
}

/// Who tried to read a private object was known to nobody.
#[test]
fn the_owner_of_a_private_object_sees_who_tried_what_at_it_and_nobody_else_does() {
    let (engine, [ada, bo, cy, di]) = world();
    cy.execute(object(20, 1, None, Level::Read)).unwrap();
    assert_eq!(code(di.read(ObjectId(20))), "denied");
    engine.sync().unwrap();
    let tried = || Filter { object: Some(ObjectId(20)), actor: Some(PrincipalId(4)), ..Filter::default() };
    let page = cy.reading().audit(&tried(), 10).unwrap();
    let [entry] = &page.entries[..] else { panic!("{page:?}") };
    assert_eq!(entry.kind(), "audit.access_denied");
    let everything = Filter { to: engine.history().head(), ..Filter::default() };
    assert!(positions(&cy.reading(), everything.clone()).contains(&entry.envelope.sequence.get()));
    for (who, session) in [("an operator", &ada), ("an admin", &bo), ("who tried", &di)] {
        assert_eq!(positions(&session.reading(), tried()), [] as [u64; 0], "{who}");
        assert_eq!(code(session.reading().audit_at(entry.envelope.sequence)), "denied", "{who}");
        assert_eq!(session.reading().audit_count(&tried()).unwrap(), 0, "{who}");
    }
    assert_eq!(cy.reading().audit_count(&tried()).unwrap(), 1);
    // It follows the object: whoever owns it now.
    let to = PrincipalId(2);
    let give = objects::Transfer { object: ObjectId(20), to, reason: None, expected_version: None };
    cy.execute(give).unwrap();
    assert_eq!(positions(&bo.reading(), tried()).len(), 1);
    assert_eq!(positions(&cy.reading(), tried()), [] as [u64; 0]);
}

// --- which refusals it hears of -----------------------------------------------------------------------------------------------------

/// Refused attempts of a principal, as operation, code, reason and count, with the operation of its caller that each was part of.
fn attempts(engine: &Engine, actor: u128) -> Vec<((String, String, String, u32), u128)> {
    engine.sync().unwrap();
    let kinds = Some(vec![AccessDenied::KIND]);
    let filter = Filter { actor: Some(PrincipalId(actor)), kinds, ..Filter::default() };
    let history = engine.history();
    let told = |at| {
        let record = history.record(at).unwrap();
        let (context, event) = Event::decode(record.kind(), record.kind_version(), record.body()).unwrap();
        let Event::Audit(AuditEvent::AccessDenied(e)) = event else { panic!("{event:?}") };
        ((e.operation, e.code, e.reason, e.count), context.correlation)
    };
    history.audit(&filter).unwrap().into_iter().map(told).collect()
}

fn attempt(operation: &str, code: &str, reason: &str) -> (String, String, String, u32) {
    (operation.into(), code.into(), reason.into(), 1)
}

/// Only what was refused for want of rights left a trace: whoever ran into a limit all day long was in no trail.
#[test]
fn whom_a_policy_stopped_is_in_the_trail_with_the_code_and_mistakes_are_not() {
    let (engine, [_, bo, cy, _]) = world();
    bo.execute(object(10, 1, Some("org:a"), Level::Write)).unwrap();
    let limit =
        bo.execute(Define { scope: Some(path("org:a")), ..Define::limit("two", &[], 2, 60) }).unwrap();
    let bind = Bind { binding: None, rule: RuleId(limit.ids[0]), to: Aim::scope(path("org:a")) };
    bo.execute(bind).unwrap();
    for cpu in 2..4 {
        cy.execute(update(10, cpu)).unwrap();
    }
    for cpu in 4..9 {
        assert_eq!(
            code(engine.execute(Batch::new().with(PrincipalId(3), update(10, cpu)).correlated(77))),
            "rate_limited"
        );
    }
    assert_eq!(
        attempts(&engine, 3),
        [(attempt("objects.update", "rate_limited", ""), 77)],
        "the others are folded"
    );
    // Who may not is in there with the kind of reason; who names the wrong version, or nothing that is there, made a mistake.
    let stale = objects::Update { expected_version: Some(9), ..update(10, 1) };
    assert_eq!(code(bo.execute(stale)), "stale");
    let restore = objects::Restore::new(ObjectId(10));
    assert_eq!(code(bo.execute(restore)), "not_tombstoned");
    assert_eq!(attempts(&engine, 2), []);
    let freeze = FreezeScope { scope: path("org:a"), reason: None };
    assert_eq!(code(cy.execute(freeze.clone())), "denied");
    assert_eq!(attempts(&engine, 3)[1].0, attempt("tenancy.freeze_scope", "denied", "nothing_allows"));
    bo.execute(freeze).unwrap();
    assert_eq!(code(bo.execute(update(10, 1))), "scope_frozen");
    assert_eq!(attempts(&engine, 2)[0].0, attempt("objects.update", "scope_frozen", ""));
    // Whoever audits the scope sees both.
    let seen = bo.reading().audit(&Filter { kinds: Some(vec![AccessDenied::KIND]), ..Filter::default() }, 10);
    assert_eq!(seen.unwrap().entries.len(), 3);
    assert_eq!(
        Entity::of(&bo.reading().audit_at(limit.last).unwrap().event),
        Some(Entity::Rule(RuleId(limit.ids[0])))
    );
}

#[test]
fn the_reason_of_a_denial_is_the_kind_of_what_decided() {
    let (engine, [_, bo, cy, di]) = world();
    bo.execute(object(10, 1, Some("org:a"), Level::Write)).unwrap();
    let deny = Define { scope: Some(path("org:a")), ..Define::new("no", Class::Constraint, Effect::Deny) };
    let rule = RuleId(bo.execute(deny).unwrap().ids[0]);
    bo.execute(Bind {
        binding: None,
        rule,
        to: Aim { principal: Some(PrincipalId(3)), ..Aim::scope(path("org:a")) },
    })
    .unwrap();
    assert_eq!(code(cy.read(ObjectId(10))), "denied");
    assert_eq!(attempts(&engine, 3)[0].0, attempt("objects.read", "denied", "rule"));
    assert_eq!(code(di.read(ObjectId(10))), "denied");
    assert_eq!(attempts(&engine, 4)[0].0, attempt("objects.read", "denied", "nothing_allows"));
}
