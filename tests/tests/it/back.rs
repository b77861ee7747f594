//! There and back: rollbacks of rollbacks, and of everything about a scope, hold each thing against what it was.

use crate::support::{NOON, by_hand, data, digest, member, object, path, principal, scope_at};
use scoped::projections::tenancy::ScopeState;
use scoped::temporal::{Cutoff, Entity, Presence, Rollback, RollbackNote, Selection};
use scoped::tenancy::{
    AclRule, AddAclEntry, ChangeMember, CreateScope, DeleteScope, DescribeScope, FreezeScope, MoveScope,
    Records, ReleaseScope, RenameScope, SetAcl, SetPolicy,
};
use scoped::{
    Batch, Command, Effect, Engine, Level, ObjectId, Policy, PrincipalId, Receipt, Role, ScopeId, ScopeRef,
    Sequence, Session, Step, Subject,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ADA: PrincipalId = PrincipalId(1);

/// Ada owns `org:a` with `org:a/team:t` and two flat scopes below `org:a`; 2 to 4 are people.
fn world() -> (Engine, Session) {
    let (engine, _) = by_hand(3);
    let ada = engine.session(ADA).unwrap();
    let mut batch = Batch::new();
    for id in 2..=4 {
        batch.push(ADA, principal(id));
    }
    batch.push(ADA, scope_at("org:a", 1));
    batch.push(ADA, scope_at("org:a/team:t", 2));
    for (id, name) in [(3, "upper"), (4, "lower")] {
        batch.push(
            ADA,
            CreateScope { scope: Some(ScopeId(id)), ..CreateScope::flat(name).below(path("org:a")) },
        );
    }
    engine.execute(batch).unwrap();
    (engine, ada)
}

fn back(ada: &Session, to: Sequence) -> Receipt {
    ada.rollback(&Cutoff::At(to), Selection::All, Policy::AllOrNothing).unwrap().unwrap()
}

/// Every entity that any event was about, with what it is, but for what only grows.
fn all(engine: &Engine) -> Vec<(Entity, bool, Value)> {
    let history = engine.history();
    let events = history.reader().records(Sequence::new(1), history.head());
    let entities: BTreeSet<Entity> =
        events.filter_map(|record| Entity::of(&history.event(&record.unwrap()).unwrap())).collect();
    let state = |entity: Entity| {
        let mut state = engine.read(|moment| entity.state(moment.world(), history)).unwrap();
        if let Some(fields) = state.value.as_object_mut() {
            fields.remove("version");
        }
        (entity, state.presence == Presence::Live, state.value)
    };
    entities.into_iter().map(state).collect()
}

fn state(engine: &Engine, entity: Entity) -> Value {
    engine.read(|moment| entity.state(moment.world(), engine.history())).unwrap().value
}

fn is_live(engine: &Engine, scope: u128) -> bool {
    engine.read(|moment| moment.world().tenancy().get(ScopeId(scope)).is_some_and(|node| !node.archived))
}

/// A rollback to the beginning puts all scopes away; the rollback back found memberships and projections missing, because what a
/// reopened scope brings back by itself was guessed, and not looked at.
#[test]
fn rolling_everything_back_and_back_again_ends_where_it_was() {
    let (engine, ada) = world();
    for (who, scope, role) in [(2, "org:a", Role::Admin), (3, "org:a/team:t", Role::Writer)] {
        ada.execute(member(scope, who, role)).unwrap();
    }
    ada.execute(object(10, 1, Some("org:a/team:t"), Level::Write)).unwrap();
    ada.execute(object(11, 1, Some("org:a"), Level::Read)).unwrap();
    ada.execute(scoped::sharing::Project {
        object: ObjectId(11),
        scope: path("org:a/team:t"),
        level: Level::Read,
    })
    .unwrap();
    engine
        .session(PrincipalId(3))
        .unwrap()
        .execute(object(12, 1, Some("org:a/team:t"), Level::Admin))
        .unwrap();
    ada.execute(SetPolicy {
        scope: path("org:a/team:t"),
        policy: data(json!({ "quota": { "max_records": 9 } })),
    })
    .unwrap();
    ada.execute(FreezeScope { scope: path("org:a/team:t"), reason: None }).unwrap();
    let (full, was) = (engine.history().head(), all(&engine));
    let there = back(&ada, Sequence::new(1));
    assert!((1..=4).all(|scope| !is_live(&engine, scope)), "nothing is left of what was made since");
    // Something happens in between, in a scope that will go.
    ada.execute(scope_at("org:new", 9)).unwrap();
    ada.execute(member("org:new", 1, Role::Owner)).unwrap_err();
    back(&ada, full);
    let is: Vec<_> =
        all(&engine).into_iter().filter(|(entity, ..)| was.iter().any(|(was, ..)| was == entity)).collect();
    assert_eq!(is, was);
    assert!(!is_live(&engine, 9));
    // The same by naming the rollback.
    back(&ada, Sequence::new(1));
    let undo = Rollback::of(Selection::Event(Sequence::new(there.first.get())));
    assert!(ada.plan_with(&undo).is_ok(), "an old one is planned, whatever came of it since");
    digest(&engine);
}

/// Once such a rollback was stale for ever: the step that corrects the member expected it to be absent, as it was while the scope
/// was deleted, and the step before it had just brought it back.
#[test]
fn what_comes_back_with_its_scope_and_was_something_else_is_corrected() {
    let (engine, ada) = world();
    ada.execute(member("org:a/team:t", 2, Role::Reader)).unwrap();
    let then = engine.history().head();
    let scope = || path("org:a/team:t");
    ada.execute(ChangeMember {
        scope: scope(),
        principal: PrincipalId(2),
        role: Role::Admin,
        expires_at: None,
    })
    .unwrap();
    ada.execute(member("org:a/team:t", 3, Role::Writer)).unwrap();
    ada.execute(DeleteScope::new(scope())).unwrap();
    back(&ada, then);
    assert_eq!(state(&engine, Entity::Member(ScopeId(2), PrincipalId(2)))["role"], "reader");
    assert_eq!(state(&engine, Entity::Member(ScopeId(2), PrincipalId(3))), Value::Null);
}

/// The scope's cutoff is later than the member's, so the member was compared before it was known that the scope comes back, and was
/// then to be added twice.
#[test]
fn what_one_actor_did_to_a_scope_and_its_members_goes_whatever_came_first() {
    let (engine, ada) = world();
    let scope = || path("org:a/team:t");
    ada.execute(member("org:a", 2, Role::Owner)).unwrap();
    ada.execute(member("org:a/team:t", 3, Role::Reader)).unwrap();
    let before = engine.history().head();
    let bo = engine.session(PrincipalId(2)).unwrap();
    bo.execute(ChangeMember {
        scope: scope(),
        principal: PrincipalId(3),
        role: Role::Writer,
        expires_at: None,
    })
    .unwrap();
    bo.execute(DeleteScope::new(scope())).unwrap();
    let of_bo = Selection::Actor(PrincipalId(2));
    ada.rollback(&Cutoff::At(before), of_bo, Policy::AllOrNothing).unwrap().unwrap();
    assert!(is_live(&engine, 2));
    assert_eq!(state(&engine, Entity::Member(ScopeId(2), PrincipalId(3)))["role"], "reader");
}

/// Scopes were put away and opened again in the order in which they had been made, which is not the order of the tree once one has moved.
#[test]
fn scopes_that_moved_go_and_come_in_the_order_of_the_tree() {
    let (engine, ada) = world();
    let before = engine.history().head();
    let make = |id: u128, name: &str, parent: u128| CreateScope {
        scope: Some(ScopeId(id)),
        ..CreateScope::flat(name).below(ScopeRef::Id(ScopeId(parent)))
    };
    ada.execute(make(7, "older", 3)).unwrap();
    ada.execute(make(8, "younger", 4)).unwrap();
    ada.execute(MoveScope { scope: ScopeId(7).into(), parent: ScopeId(8).into() }).unwrap();
    // One that was there moves below one that was not, and both are deleted.
    ada.execute(MoveScope { scope: ScopeId(3).into(), parent: ScopeId(8).into() }).unwrap();
    let moved = engine.history().head();
    back(&ada, before);
    assert!(is_live(&engine, 3) && !is_live(&engine, 7) && !is_live(&engine, 8));
    back(&ada, moved);
    assert!(is_live(&engine, 7) && is_live(&engine, 8));
    let parent = |engine: &Engine| {
        engine.read(|moment| {
            let tenancy = moment.world().tenancy();
            tenancy.at(tenancy.get(ScopeId(3)).unwrap().parent).unwrap().id
        })
    };
    assert_eq!(parent(&engine), ScopeId(8));
    ada.execute(DeleteScope::new(ScopeId(8)).recursive().records(Records::Keep)).unwrap();
    assert!(!is_live(&engine, 3));
    back(&ada, before);
    assert_eq!((parent(&engine), is_live(&engine, 3), is_live(&engine, 8)), (ScopeId(1), true, false));
    digest(&engine);
}

#[test]
fn a_freeze_a_name_a_description_and_a_list_go_back_each_by_its_inverse() {
    let (engine, ada) = world();
    let flat = || ScopeRef::Id(ScopeId(3));
    let rule = |subject, capability: &str| AclRule {
        effect: Effect::Allow,
        subject,
        capability: capability.parse().unwrap(),
        applies: scoped::projections::tenancy::Applies::Subtree,
        expires_at: None,
    };
    let kept = rule(Subject::Principal(PrincipalId(2)), "scope.read.local");
    let gone = rule(Subject::Principal(PrincipalId(3)), "scope.write");
    let set = |entries: Vec<AclRule>| SetAcl { scope: flat(), entries };
    ada.execute(DescribeScope { scope: flat(), description: data(json!({ "text": "one" })) }).unwrap();
    ada.execute(set(vec![kept.clone(), gone.clone()])).unwrap();
    let then = engine.history().head();
    let list = || {
        let mut list: Vec<String> = ada
            .reading()
            .scope_acl(&flat())
            .unwrap()
            .into_iter()
            .map(|entry| format!("{} {} {}", entry.effect, entry.subject, entry.capability))
            .collect();
        list.sort();
        list
    };
    let (was, shown) = (list(), || ada.reading().scope(&flat()).unwrap());
    let before = shown();
    ada.execute(RenameScope { scope: flat(), name: "other".into() }).unwrap();
    ada.execute(DescribeScope { scope: flat(), description: data(json!({ "text": "two" })) }).unwrap();
    ada.execute(set(vec![kept.clone(), rule(Subject::Any, "scope.read.local")])).unwrap();
    ada.execute(FreezeScope { scope: flat(), reason: None }).unwrap();
    assert_ne!(list(), was);
    let changed = engine.history().head();
    back(&ada, then);
    let now = shown();
    assert_eq!(list(), was);
    assert_eq!((&now.label, now.state, &now.description), (&before.label, before.state, &before.description));
    back(&ada, changed);
    let now = shown();
    assert_eq!((&*now.label, now.state), ("other", ScopeState::Frozen));
    assert_eq!(now.description, Some(json!({ "text": "two" })));
    assert_eq!(list().len(), 2);
    // What happened while it was released goes back, though it is frozen again.
    let still = engine.history().head();
    ada.execute(ReleaseScope { scope: flat(), reason: None }).unwrap();
    ada.execute(RenameScope { scope: flat(), name: "third".into() }).unwrap();
    ada.execute(FreezeScope { scope: flat(), reason: None }).unwrap();
    back(&ada, still);
    assert_eq!((&*shown().label, shown().state), ("other", ScopeState::Frozen));
    // A release goes back to being frozen.
    let frozen = engine.history().head();
    ada.execute(ReleaseScope { scope: flat(), reason: None }).unwrap();
    back(&ada, frozen);
    assert_eq!(shown().state, ScopeState::Frozen);
}

/// The trail said that an event had been undone when somebody had only claimed so, and a later rollback would have left it out.
#[test]
fn a_step_takes_back_only_what_it_is_about_and_only_in_a_rollback() {
    let (engine, ada) = world();
    ada.execute(object(10, 1, Some("org:a"), Level::Write)).unwrap();
    ada.execute(object(11, 1, Some("org:a"), Level::Write)).unwrap();
    let cutoff = engine.history().head();
    let edit = ada.execute(crate::support::update(10, 2)).unwrap();
    let other = ada.execute(crate::support::update(11, 2)).unwrap();
    let note =
        |to: Sequence| RollbackNote { to: to.get(), selection: "all".into(), ..RollbackNote::default() };
    let step = |actor: u128, undoes: Sequence| Step {
        actor: PrincipalId(actor),
        on_behalf_of: None,
        command: crate::support::update(10, 1).into(),
        undoes,
        unless_changed: None,
        unchanged_since: Sequence::NONE,
    };
    let forged = |to: Sequence, steps: Vec<Step>| {
        let before = engine.read(|moment| moment.world().state_digest());
        let batch = Batch { steps, rollback: Some(note(to)), ..Batch::default() };
        let code = engine.execute(batch).unwrap_err().code();
        assert_eq!(before, engine.read(|moment| moment.world().state_digest()));
        code
    };
    let nothing = Sequence::new(9_999);
    for undoes in [other.first, nothing, Sequence::NONE, cutoff] {
        assert_eq!(forged(cutoff, vec![step(1, undoes)]), "forged_rollback", "{undoes}");
    }
    // An event that is history, and one from before the moment that it leads to.
    let mark = ada.mark("m").unwrap();
    assert_eq!(forged(cutoff, vec![step(1, mark.first)]), "forged_rollback");
    assert_eq!(forged(edit.first, vec![step(1, edit.first)]), "forged_rollback");
    // Two actors.
    assert_eq!(forged(cutoff, vec![step(1, edit.first), step(2, edit.first)]), "forged_rollback");
    // Whoever may not write hears that, and nothing about what the event was about.
    assert_eq!(forged(cutoff, vec![step(4, other.first)]), "denied");
    assert!(engine.history().record(edit.first).is_ok());
    let honest = Batch { steps: vec![step(1, edit.first)], rollback: Some(note(cutoff)), ..Batch::default() };
    let done = engine.execute(honest).unwrap();
    assert_eq!(ada.reading().audit_at(edit.first).unwrap().undone_by, Some(done.last));
    // An entry that was taken off comes back under another id: that is about the same list.
    let entry =
        AddAclEntry::new(path("org:a"), Effect::Allow, Subject::Any, "scope.read.local".parse().unwrap());
    let made = ada.execute(entry).unwrap();
    let there = engine.history().head();
    ada.execute(scoped::tenancy::RemoveAclEntry { entry: scoped::EntryId(made.ids[0]) }).unwrap();
    back(&ada, there);
    assert_eq!(ada.reading().scope_acl(&path("org:a")).unwrap().len(), 1);
}

/// A rollback that puts a scope away whose list denies its end takes the deny off first, and brings it back with the scope.
#[test]
fn a_deny_on_the_end_of_a_scope_does_not_keep_it_from_being_rolled_back() {
    let (engine, ada) = world();
    let before = engine.history().head();
    ada.execute(scope_at("org:a/ws:w", 9)).unwrap();
    let deny =
        AddAclEntry::new(path("org:a/ws:w"), Effect::Deny, Subject::Any, "scope.delete".parse().unwrap());
    ada.execute(deny).unwrap();
    let after = engine.history().head();
    back(&ada, before);
    assert!(!is_live(&engine, 9));
    back(&ada, after);
    let list = ada.reading().scope_acl(&path("org:a/ws:w")).unwrap();
    assert_eq!((is_live(&engine, 9), list.len(), list[0].effect), (true, 1, Effect::Deny));
}

#[test]
fn a_policy_that_is_so_already_is_told_and_not_written() {
    let (engine, ada) = world();
    let set = || SetPolicy { scope: path("org:a"), policy: data(json!({ "quota": { "max_records": 9 } })) };
    assert!(ada.execute(set()).unwrap().warnings.is_empty());
    let (head, again) = (engine.history().head(), ada.execute(set()).unwrap());
    assert_eq!(engine.history().head(), head);
    assert_eq!(again.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(), ["unchanged"]);
    // What is declared and does nothing yet says so.
    let policy = data(json!({ "retention": { "versions": { "max_age": "P1D" } } }));
    let told = ada.execute(SetPolicy { scope: path("org:a"), policy }).unwrap();
    assert_eq!(told.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(), ["not_enforced"]);
}

/// Entries with an end stayed on the list for ever; memberships had an event that closed them.
#[test]
fn an_entry_that_has_run_out_is_closed_by_a_sweep_as_memberships_are() {
    let (engine, door) = by_hand(4);
    let ada = engine.session(ADA).unwrap();
    ada.execute(principal(2)).unwrap();
    ada.execute(scope_at("org:a", 1)).unwrap();
    let entry = |effect, capability: &str, end| AddAclEntry {
        expires_at: Some(NOON + end),
        ..AddAclEntry::new(
            path("org:a"),
            effect,
            Subject::Principal(PrincipalId(2)),
            capability.parse().unwrap(),
        )
    };
    let short = ada.execute(entry(Effect::Allow, "scope.read.local", 10)).unwrap().ids[0];
    ada.execute(entry(Effect::Deny, "scope.write", 20)).unwrap();
    let expire = || scoped::tenancy::ExpireAclEntry { entry: scoped::EntryId(short) };
    let code = |result: scoped::Result<Receipt>| result.map_or_else(|error| error.code(), |_| "fine");
    let by = |who: u128, command: Command| code(engine.session(PrincipalId(who)).unwrap().execute(command));
    assert_eq!(by(1, expire().into()), "not_expired");
    door.set(NOON + 10);
    assert_eq!(by(2, expire().into()), "denied");
    ada.execute(FreezeScope { scope: path("org:a"), reason: None }).unwrap();
    let before = engine.history().head();
    assert_eq!(ada.sweep().unwrap().entries, 1, "a freeze keeps nothing alive that has ended");
    assert_eq!(by(1, expire().into()), "not_found");
    let names: Vec<&str> = (before.get() + 1..=engine.history().head().get())
        .map(|at| engine.history().event(&engine.history().record(Sequence::new(at)).unwrap()).unwrap())
        .map(|event| scoped::projections::domains::kind_info(event.kind()).unwrap().name)
        .collect();
    assert!(names.contains(&"tenancy.acl_entry_expired"), "{names:?}");
    assert_eq!(ada.reading().scope_acl(&path("org:a")).unwrap().len(), 1);
    // What has run out is not brought back.
    ada.execute(ReleaseScope { scope: path("org:a"), reason: None }).unwrap();
    back(&ada, before);
    assert_eq!(ada.reading().scope_acl(&path("org:a")).unwrap().len(), 1);
    door.set(NOON + 20);
    assert_eq!((ada.sweep().unwrap().entries, ada.sweep().unwrap().entries), (1, 0));
    digest(&engine);
}
