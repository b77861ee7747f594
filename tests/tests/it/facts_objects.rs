//! What is pinned about objects, their versions and tombstones (page 03 of the specification).

use crate::support::{by_hand, data, digest, member, object, principal, scope_at, update};
use scoped::objects::{self, Restore, Tombstone, Transfer};
use scoped::temporal::{Cutoff, Selection};
use scoped::{
    Batch, Data, Diff, Engine, Error, Filter, Level, ObjectId, ObjectQuery, Policy, PrincipalId, Role,
    Session, identity,
};
use serde_json::json;

const ONE: ObjectId = ObjectId(10);
const MISSING: ObjectId = ObjectId(99);

/// The founder, and two who share nothing with it or with one another.
fn three() -> (Engine, Session, Session, Session) {
    let (engine, _) = by_hand(5);
    engine
        .execute(Batch::new().with(PrincipalId(1), principal(2)).with(PrincipalId(1), principal(3)))
        .unwrap();
    let session = |id| engine.session(PrincipalId(id)).unwrap();
    let (ada, alice, bob) = (session(1), session(2), session(3));
    (engine, ada, alice, bob)
}

fn tombstone(object: ObjectId, reason: &str) -> Tombstone {
    Tombstone { object, reason: Some(reason.into()), expected_version: None }
}

fn restore(object: ObjectId) -> Restore {
    Restore::new(object)
}

fn transfer(object: ObjectId, to: u128, reason: Option<&str>) -> Transfer {
    Transfer { object, to: PrincipalId(to), reason: reason.map(Into::into), expected_version: None }
}

fn words(error: &Error) -> (&'static str, String, Option<String>) {
    (error.code(), error.to_string(), error.advice().map(str::to_owned))
}

#[test]
fn a_new_object_is_its_owners_alone() {
    let (engine, _, alice, bob) = three();
    let before = engine.history().head();
    let made = alice.execute(object(ONE.0, 1, None, Level::Read)).unwrap();
    assert_eq!((made.first, made.last), (before.next(), before.next()), "one event, which is its trace");
    let read = alice.read(ONE).unwrap();
    assert_eq!((read.owner, read.version, read.tombstoned), (PrincipalId(2), 1, false));
    assert_eq!(read.checksum().to_string().len(), 64);
    let first = &alice.reading().versions(ONE).unwrap()[0];
    assert_eq!((first.version, first.by, first.checksum), (1, PrincipalId(2), read.checksum()));
    let (foreign, missing) = (bob.read(ONE).unwrap_err(), bob.read(MISSING).unwrap_err());
    assert_eq!(words(&foreign), words(&missing));
    assert_eq!(foreign.code(), "denied");
}

#[test]
fn a_checksum_is_that_of_the_data_whatever_the_order_of_its_keys() {
    let checksum =
        |text: &str| Data::new(serde_json::from_str::<serde_json::Value>(text).unwrap()).unwrap().checksum();
    assert_eq!(checksum(r#"{"a":1,"b":{"c":2,"d":3}}"#), checksum(r#"{ "b": {"d":3,"c":2}, "a": 1 }"#));
    assert_eq!(checksum(r#"{"a":1}"#), checksum(r#"{"a":1}"#));
    assert_ne!(checksum(r#"{"a":1}"#), checksum(r#"{"a":2}"#));
    let text = checksum("{}").to_string();
    assert!(text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit()), "{text}");
}

#[test]
fn lists_hold_what_one_may_read_oldest_first_page_by_page() {
    let (engine, ada, alice, bob) = three();
    for (id, kind) in [(10, "note"), (11, "note"), (12, "limits"), (13, "note")] {
        alice
            .execute(objects::Create { object_type: kind.into(), ..object(id, 1, None, Level::Read) })
            .unwrap();
    }
    bob.execute(object(20, 1, None, Level::Read)).unwrap();
    alice.execute(tombstone(ObjectId(11), "old")).unwrap();
    let ids = |session: &Session, query: &ObjectQuery| -> Vec<u128> {
        let page = session.reading().find_objects(query).unwrap();
        page.objects.into_iter().map(|info| info.object.0).collect()
    };
    let (own, all) = (ObjectQuery::own(), ObjectQuery::default());
    let buried = ObjectQuery { with_tombstoned: true, ..own.clone() };
    for (query, expected) in [
        (own.clone(), vec![10, 12, 13]),
        (own.clone().of_type("note"), vec![10, 13]),
        (own.clone().of_type("nothing"), vec![]),
        (buried.clone(), vec![10, 11, 12, 13]),
        (ObjectQuery { limit: 2, ..buried.clone() }, vec![10, 11]),
        (ObjectQuery { limit: 2, offset: 2, ..buried.clone() }, vec![12, 13]),
        (ObjectQuery { limit: 2, offset: 4, ..buried.clone() }, vec![]),
        (ObjectQuery { after: Some(2), ..own.clone() }, vec![13]),
        (ObjectQuery { after: Some(u32::MAX), ..own.clone() }, vec![]),
        (all.clone(), vec![10, 12, 13]),
    ] {
        assert_eq!(ids(&alice, &query), expected, "{query:?}");
        assert_eq!(ids(&bob, &ObjectQuery { after: None, offset: 0, object_type: None, ..query }), [20]);
    }
    let first = alice.reading().find_objects(&ObjectQuery { limit: 2, ..own.clone() }).unwrap();
    assert_eq!(first.objects[1].object, ObjectId(12));
    let rest = ObjectQuery { after: first.next, limit: 2, ..own.clone() };
    let rest = alice.reading().find_objects(&rest).unwrap();
    assert_eq!((rest.objects[0].object, rest.next), (ObjectId(13), None));
    let count = |query: &ObjectQuery| alice.reading().count_objects(query).unwrap();
    let counts = [&own, &own.clone().of_type("note"), &own.clone().of_type("limits"), &buried].map(count);
    assert_eq!(counts, [3, 2, 1, 4]);
    let none = ObjectQuery { limit: 0, ..own };
    assert_eq!(alice.reading().find_objects(&none).unwrap_err().code(), "invalid");

    // What is shared is found by whoever may read it, and no longer when it is not shared any more.
    ada.execute(scope_at("org:a", 1)).unwrap();
    ada.execute(member("org:a", 2, Role::Writer)).unwrap();
    ada.execute(member("org:a", 3, Role::Reader)).unwrap();
    alice.execute(object(14, 1, Some("org:a"), Level::Read)).unwrap();
    assert_eq!(ids(&bob, &all), [20, 14]);
    assert_eq!(ids(&bob, &ObjectQuery::own()), [20]);
    let shared = engine.history().head();
    alice.execute(tombstone(ObjectId(14), "gone")).unwrap();
    assert_eq!(ids(&bob, &ObjectQuery { with_tombstoned: true, ..all.clone() }), [20]);
    let then = bob.as_of(&Cutoff::At(shared)).unwrap().find_objects(&all).unwrap();
    assert_eq!(then.objects.len(), 1, "what is out of sight now is so in the past, too");
}

#[test]
fn an_update_is_one_more_version_and_leaves_the_one_before_as_it_was() {
    let (engine, _, alice, bob) = three();
    alice.execute(object(ONE.0, 1, None, Level::Read)).unwrap();
    let before = engine.history().head();
    alice.execute(update(ONE.0, 2)).unwrap();
    assert_eq!(engine.history().head(), before.next(), "one event, which is its trace");
    alice.execute(update(ONE.0, 3).because("more of it").expecting(2)).unwrap();
    let versions = alice.reading().versions(ONE).unwrap();
    let told: Vec<_> = versions.iter().map(|v| (v.version, v.by.0, v.reason.as_deref())).collect();
    assert_eq!(told, [(1, 2, None), (2, 2, None), (3, 2, Some("more of it"))]);
    assert_ne!(versions[0].checksum, versions[1].checksum);
    let version = |n| alice.reading().version(ONE, n).unwrap().map(|v| v.value().unwrap());
    assert_eq!(version(1), Some(json!({ "cpu": 1 })));
    assert_eq!(version(3), Some(json!({ "cpu": 3 })));
    assert_eq!((version(0), version(4)), (None, None));
    assert_eq!(alice.read(ONE).unwrap().version, 3, "the current one is the latest");
    let (foreign, missing) = (bob.execute(update(ONE.0, 9)), bob.execute(update(MISSING.0, 9)));
    assert_eq!(words(&foreign.unwrap_err()), words(&missing.unwrap_err()));
    assert_eq!(alice.execute(update(ONE.0, 9).expecting(2)).unwrap_err().code(), "stale");
    for refused in [bob.reading().versions(ONE).err(), bob.reading().version(ONE, 1).err()] {
        assert_eq!(refused.unwrap().code(), "denied");
    }
    // Exported and imported elsewhere the reason is still there.
    let records = engine.history().reader().records(before.next(), engine.history().head());
    let recalled =
        scoped::export::recall(engine.history(), &records.skip(1).collect::<Result<Vec<_>, _>>().unwrap())
            .unwrap();
    let command = format!("{:?}", recalled.unwrap().steps);
    assert!(command.contains("more of it"), "{command}");
    digest(&engine);
}

/// Updates and tombstones could say why; making an object and taking it back into sight could not.
#[test]
fn why_an_object_was_made_and_restored_is_kept_where_it_was_said() {
    let (engine, ada, alice, _) = three();
    ada.execute(crate::support::scope_at("org:a", 1)).unwrap();
    ada.execute(crate::support::member("org:a", 2, scoped::Role::Writer)).unwrap();
    let make = |id: ObjectId, scope| object(id.0, 1, scope, Level::Read);
    alice.execute(make(ONE, Some("org:a")).because("asked for by ticket 7")).unwrap();
    alice.execute(tombstone(ONE, "done")).unwrap();
    alice.execute(restore(ONE).because("not done")).unwrap();
    alice.execute(update(ONE.0, 2).because("more")).unwrap();
    let private = ObjectId(40);
    alice.execute(make(private, None).because("mine")).unwrap();
    alice.execute(make(ObjectId(41), None)).unwrap();
    let reasons = |id| -> Vec<Option<String>> {
        alice.reading().versions(id).unwrap().into_iter().map(|version| version.reason).collect()
    };
    assert_eq!(reasons(ONE), [Some("asked for by ticket 7".to_owned()), Some("more".to_owned())]);
    assert_eq!((reasons(private), reasons(ObjectId(41))), (vec![Some("mine".to_owned())], vec![None]));
    let gone = alice.reading().tombstones(ONE).unwrap().remove(0);
    assert_eq!(gone.restored.unwrap().reason.as_deref(), Some("not done"));
    // Written out and in again it is the same.
    crate::support::same_elsewhere(&engine);
}

#[test]
fn a_tombstone_is_seen_by_the_owner_keeps_who_when_and_why_and_there_may_be_many() {
    let (engine, _, alice, bob) = three();
    alice.execute(object(ONE.0, 1, None, Level::Read)).unwrap();
    alice.execute(update(ONE.0, 2)).unwrap();
    assert_eq!(alice.reading().tombstones(ONE).unwrap(), []);
    assert_eq!(bob.execute(tombstone(ONE, "mine")).unwrap_err().code(), "denied");
    let before = engine.history().head();
    alice.execute(tombstone(ONE, "first")).unwrap();
    assert_eq!(engine.history().head(), before.next(), "one event, which is its trace");
    let read = alice.read(ONE).unwrap();
    assert_eq!((read.tombstoned, read.version), (true, 2));
    assert_eq!(alice.execute(tombstone(ONE, "again")).unwrap_err().code(), "tombstoned");
    assert_eq!(alice.execute(update(ONE.0, 3)).unwrap_err().code(), "tombstoned");
    assert_eq!(alice.reading().version(ONE, 1).unwrap().unwrap().value().unwrap()["cpu"], 1);
    alice.execute(restore(ONE)).unwrap();
    assert_eq!(
        alice.execute(Restore { expected_version: Some(7), ..restore(ONE) }).unwrap_err().code(),
        "not_tombstoned"
    );
    alice.execute(tombstone(ONE, "second")).unwrap();
    assert_eq!(
        alice.execute(Restore { expected_version: Some(7), ..restore(ONE) }).unwrap_err().code(),
        "stale"
    );
    let all = alice.reading().tombstones(ONE).unwrap();
    let told: Vec<_> = all
        .iter()
        .map(|t| (t.tombstoned.reason.as_deref(), t.tombstoned.by.0, t.restored.is_some()))
        .collect();
    assert_eq!(told, [(Some("first"), 2, true), (Some("second"), 2, false)]);
    assert_eq!(bob.reading().tombstones(ONE).unwrap_err().code(), "denied");
    digest(&engine);
}

#[test]
fn a_diff_gives_what_was_changed_added_and_removed() {
    let (_, _, alice, bob) = three();
    let put = |value| objects::Update::new(ONE, data(value));
    let first = objects::Create {
        data: data(json!({ "a": 1, "b": { "x": 1 } })),
        ..object(ONE.0, 1, None, Level::Read)
    };
    alice.execute(first).unwrap();
    alice.execute(put(json!({ "a": 2, "b": { "x": 1, "y": 2 }, "c": 3 }))).unwrap();
    alice.execute(put(json!({ "c": 3 }))).unwrap();
    let diff = alice.reading().diff(ONE, 1, 2).unwrap();
    assert_eq!(diff.added, [("c".to_owned(), json!(3))]);
    assert_eq!(diff.changed[0], ("a".to_owned(), json!(1), json!(2)));
    assert_eq!(alice.reading().diff(ONE, 2, 3).unwrap().removed.len(), 2);
    assert_eq!(alice.reading().diff(ONE, 2, 2).unwrap(), Diff::default());
    let deep = alice.reading().diff_fields(ONE, 1, 2).unwrap();
    assert_eq!(deep.iter().map(|change| &*change.path).collect::<Vec<_>>(), ["/a", "/b/y", "/c"]);
    assert_eq!(alice.reading().diff(ONE, 1, 9).unwrap_err().code(), "no_version");
    assert_eq!(
        words(&bob.reading().diff(ONE, 1, 2).unwrap_err()),
        words(&bob.reading().diff(MISSING, 1, 2).unwrap_err())
    );
}

#[test]
fn an_object_changes_hands_with_all_its_versions_and_comes_back_by_rollback() {
    let (engine, ada, alice, bob) = three();
    ada.execute(scope_at("org:a", 1)).unwrap();
    ada.execute(member("org:a", 2, Role::Writer)).unwrap();
    ada.execute(member("org:a", 3, Role::Admin)).unwrap();
    alice.execute(object(ONE.0, 1, Some("org:a"), Level::Admin)).unwrap();
    let before = engine.history().head();

    assert_eq!(
        bob.execute(transfer(ONE, 3, Some("mine"))).unwrap_err().code(),
        "denied",
        "an admin is no owner"
    );
    assert_eq!(alice.execute(transfer(ONE, 2, None)).unwrap_err().code(), "unchanged");
    let unknown = alice.execute(transfer(ONE, 98, None)).unwrap_err();
    assert_eq!(unknown.code(), "no_principal");
    let stale = Transfer { expected_version: Some(4), ..transfer(ONE, 3, None) };
    assert_eq!(alice.execute(stale).unwrap_err().code(), "stale");
    alice.execute(transfer(ONE, 3, Some("moving on"))).unwrap();

    let read = bob.read(ONE).unwrap();
    assert_eq!((read.owner, read.version), (PrincipalId(3), 1), "the version is what it was");
    assert_eq!(bob.reading().own_objects(false).unwrap().len(), 1);
    assert!(alice.reading().own_objects(true).unwrap().is_empty());
    let kinds: Vec<&str> =
        bob.reading().changes(ONE).unwrap().iter().map(|change| change.change.as_str()).collect();
    assert_eq!(kinds, ["created", "transferred"]);

    // Operators take back what nobody owns any more, and say why.
    assert_eq!(ada.execute(transfer(ONE, 2, None)).unwrap_err().code(), "reason_required");
    assert_eq!(ada.execute(transfer(MISSING, 2, Some("x"))).unwrap_err().code(), "not_found");
    ada.execute(transfer(ONE, 1, Some("bob left"))).unwrap();
    bob.execute(update(ONE.0, 5)).unwrap(); // still an admin of the scope
    ada.rollback(&Cutoff::At(before), Selection::Object(ONE), Policy::AllOrNothing).unwrap().unwrap();
    let read = alice.read(ONE).unwrap();
    assert_eq!((read.owner, read.value().unwrap()["cpu"].as_u64()), (PrincipalId(2), Some(1)));
    let filter = Filter { object: Some(ONE), ..Filter::default() };
    assert!(engine.history().audit(&filter).unwrap().len() >= 5);
    digest(&engine);
}

/// An object may not be handed to somebody who does not know its owner: that would tell guessed ids from those that are there.
#[test]
fn giving_an_object_away_does_not_tell_who_there_is() {
    let (_, ada, alice, _) = three();
    alice.execute(object(ONE.0, 1, None, Level::Read)).unwrap();
    let refused = |to: u128| alice.execute(transfer(ONE, to, None)).unwrap_err().to_string();
    let of = |to: u128| refused(to).replace(&PrincipalId(to).to_string(), "…");
    assert_eq!(of(3), of(98));
    ada.execute(identity::SuspendPrincipal { principal: PrincipalId(3) }).unwrap();
    assert_eq!(of(3), of(98));
}

#[test]
fn the_data_of_a_past_event_is_found_without_a_world_of_that_time() {
    let engine = Engine::in_memory().unwrap();
    engine.register_types(&["note"]).unwrap();
    let ada = engine.session(engine.founder()).unwrap();
    let data = |n: i32| Data::new(json!({ "n": n })).unwrap();
    let before = engine.history().head();
    let made = ada.execute(objects::Create::new("note", data(1))).unwrap();
    let (object, mut steps) = (made.object(), vec![(before, None), (made.last, Some(1))]);
    for n in 2..5 {
        steps.push((ada.execute(objects::Update::new(object, data(n))).unwrap().last, Some(n)));
    }
    let gone = objects::Tombstone { object, reason: None, expected_version: None };
    steps.push((ada.execute(gone).unwrap().last, None));
    let from = steps[2].0;
    ada.rollback(&Cutoff::At(from), Selection::Object(object), Policy::AllOrNothing).unwrap();
    steps.push((engine.history().head(), Some(2)));
    for (at, n) in steps {
        let found = engine.read(|moment| moment.data_at(object, at)).unwrap();
        assert_eq!(found.map(|found| found.value().unwrap()), n.map(|n| json!({ "n": n })), "after {at}");
        let then = engine.as_of(&Cutoff::At(at)).unwrap();
        let live = then.moment().object(object).is_ok_and(|info| !info.tombstoned);
        assert_eq!(live, n.is_some(), "as the world of that time says");
    }
}
