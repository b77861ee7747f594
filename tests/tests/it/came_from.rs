//! Where requests came from: told with what they did, to whom it is for, and no part of what they are.

use crate::support::{Place, code, digest, member, object, path, principal, same_elsewhere, update};
use scoped::identity::AddRelationship;
use scoped::projections::audit::AccessRecorded;
use scoped::projections::tenancy::{AuditReads, Policy};
use scoped::requests::{METADATA_BYTES_MAX, METADATA_KEYS_MAX, Metadata};
use scoped::temporal::{Cutoff, Selection};
use scoped::tenancy::{RemoveMember, SetPolicy};
use scoped::{
    AuditEntry, Batch, Door, ErrorKind, Filter, Level, ObjectId, PrincipalId, Receipt, Role, ScopeId,
    Sequence, Session, parse_line, write_line,
};
use serde_json::{Value, json};

const ADA: PrincipalId = PrincipalId(1);
const OBJECT: ObjectId = ObjectId(10);

/// The founder (1) owns `org:a` and `org:z`; Bo (2) is an admin of `org:a`, Cy (3) of `org:z`, Di (4) writes in both.
fn place() -> Place {
    let place = Place::with(31, [2, 3, 4].map(principal), &[("org:a", 1), ("org:z", 2)]);
    for (scope, who, role) in [
        ("org:a", 2, Role::Admin),
        ("org:z", 3, Role::Admin),
        ("org:a", 4, Role::Writer),
        ("org:z", 4, Role::Writer),
    ] {
        place.does(1, member(scope, who, role));
    }
    place
}

fn from(ip: &str) -> Metadata {
    Metadata::new(json!({ "ip": ip, "user_agent": "curl/8.5" })).unwrap()
}

/// Where somebody is told that an event came from: `unseen` for one that they do not see.
fn told(session: &Session, at: Sequence) -> Value {
    match session.reading().audit_at(at) {
        Ok(entry) => entry.metadata.map_or(Value::Null, |said| said["ip"].clone()),
        Err(error) => {
            assert_eq!(error.code(), "denied");
            json!("unseen")
        }
    }
}

fn all(receipt: &Receipt) -> impl Iterator<Item = Sequence> {
    (receipt.first.get()..=receipt.last.get()).map(Sequence::new)
}

/// What the trail of the deployment tells of an attempt or a recorded read, the last there is.
fn last_access(place: &Place) -> AuditEntry {
    place.engine.sync().unwrap();
    let history = place.engine.history();
    let access =
        |at| place.engine.read(|moment| AuditEntry::unfiltered(history, at, moment.world()).unwrap());
    let filter = Filter { descending: true, ..Filter::default() };
    let all = history.audit(&filter).unwrap();
    all.into_iter().map(access).find(|entry| entry.kind().starts_with("audit.")).unwrap()
}

#[test]
fn every_entry_of_a_batch_says_where_it_came_from_and_no_other_does() {
    let place = place();
    let di = place.at(4);
    let here = di.with_metadata(from("192.0.2.4"));
    let before = di.execute(object(10, 1, Some("org:a"), Level::Write)).unwrap();
    let one = here.execute(update(10, 2)).unwrap();
    let many = here.batch().with(update(10, 3)).with(update(10, 4)).keyed("k").execute().unwrap();
    let own = here.batch().with(update(10, 5)).described(from("192.0.2.5")).execute().unwrap();
    let silent =
        here.batch().with(update(10, 6)).described(Metadata::new(json!({})).unwrap()).execute().unwrap();
    let kinds = |receipt: &Receipt| -> Vec<&str> {
        all(receipt).map(|at| di.reading().audit_at(at).unwrap().kind()).collect()
    };
    assert_eq!(kinds(&one), ["objects.updated", "requests.described"]);
    let with_key = ["objects.updated", "objects.updated", "requests.described", "requests.keyed"];
    assert_eq!(kinds(&many), with_key);
    assert_eq!(
        kinds(&silent),
        ["objects.updated"],
        "an empty one says nothing, and overrules that of the session"
    );
    for (receipt, ip) in [
        (&before, Value::Null),
        (&one, json!("192.0.2.4")),
        (&many, json!("192.0.2.4")),
        (&own, json!("192.0.2.5")),
        (&silent, Value::Null),
    ] {
        for at in all(receipt) {
            assert_eq!(told(&di, at), ip, "{at}");
        }
    }
    let entry = di.reading().audit_at(one.first).unwrap();
    assert_eq!(entry.metadata.unwrap(), json!({ "ip": "192.0.2.4", "user_agent": "curl/8.5" }), "all of it");
    assert_eq!(
        di.reading().audit_at(one.last).unwrap().data,
        None,
        "it is told as metadata, and not as data"
    );
    // What the request was described by follows from its first event, as the rest does.
    let caused = place.engine.history().audit(&Filter::children(many.first)).unwrap();
    assert_eq!(caused, [Sequence::new(many.last.get() - 1), many.last]);
    digest(&place.engine);
}

#[test]
fn an_entry_keeps_states_scope_metadata_and_parent() {
    let place = place();
    let here = place.at(2).with_metadata(from("192.0.2.2"));
    let made = here.execute(object(10, 1, Some("org:a"), Level::Write)).unwrap();
    let edit = here.execute(update(10, 2)).unwrap();
    let reading = place.at(1).reading();
    let entry = reading.audit_at(edit.first).unwrap();
    assert_eq!(
        (entry.envelope.scope, entry.metadata.unwrap()["ip"].clone()),
        (ScopeId(1), json!("192.0.2.2"))
    );
    let states = reading.audit_states(edit.first).unwrap();
    let cpu = [states.before, states.after].map(|state| state.unwrap().value["data"]["cpu"].clone());
    assert_eq!(cpu, [json!(1), json!(2)]);
    let shared = reading.audit_at(made.first.next()).unwrap();
    assert_eq!(
        (shared.kind(), shared.envelope.context.cause),
        ("sharing.object_projected", made.first.get())
    );
    assert_eq!(shared.metadata.unwrap()["ip"], "192.0.2.2");
}

/// The description of a batch is looked for at its end or before its key. A batch that is nothing but a key stands right behind another batch.
#[test]
fn a_key_alone_is_not_told_to_come_from_where_the_batch_before_it_came_from() {
    let place = place();
    let policy = || {
        let policy = Policy { audit_reads: Some(AuditReads::None), ..Policy::default() };
        SetPolicy::new(path("org:a"), &policy).unwrap()
    };
    let ada = place.at(1);
    let set = ada.with_metadata(from("192.0.2.1")).execute(policy()).unwrap();
    let again = ada.batch().with(policy()).keyed("again").execute().unwrap();
    assert_eq!((again.first, again.last), (set.last.next(), set.last.next()), "nothing but the key");
    assert_eq!((told(&ada, set.last), told(&ada, again.last)), (json!("192.0.2.1"), Value::Null));
    let nothing = ada.with_metadata(from("192.0.2.2")).execute(policy()).unwrap();
    assert_eq!(nothing.first, nothing.last.next(), "what comes to nothing is described by nothing");
}

/// Who only owns what was touched sees who did it: from where is for whoever looks after the place.
#[test]
fn where_it_came_from_is_for_whoever_asked_and_for_whoever_audits_the_place() {
    let place = place();
    let [ada, bo, cy, di] = [1, 2, 3, 4].map(|who| place.at(who));
    let here = di.with_metadata(from("192.0.2.4"));
    let made = here
        .batch()
        .with(object(10, 1, Some("org:a"), Level::Write))
        .with(object(11, 1, Some("org:z"), Level::Write))
        .execute()
        .unwrap();
    let position = |id: u128| {
        let entity = scoped::temporal::Entity::Object(ObjectId(id));
        place.engine.history().audit(&Filter::about(entity)).unwrap()[0]
    };
    let (in_a, in_z) = (position(10), position(11));
    assert_eq!(
        [&di, &bo, &cy].map(|who| told(who, in_a)),
        [json!("192.0.2.4"), json!("192.0.2.4"), json!("unseen")]
    );
    assert_eq!(
        [&di, &bo, &cy].map(|who| told(who, in_z)),
        [json!("192.0.2.4"), json!("unseen"), json!("192.0.2.4")]
    );
    let seen = [&ada, &bo, &cy, &di].map(|who| told(who, made.last));
    assert_eq!(
        seen,
        [json!("unseen"), json!("unseen"), json!("unseen"), json!("192.0.2.4")],
        "the fact itself"
    );
    let counted = bo.reading().audit(&Filter::default(), 1_000).unwrap().entries;
    assert!(counted.iter().any(|entry| entry.envelope.sequence == in_a && entry.metadata.is_some()));

    // Cy's own object is in no scope: who tried it is told, and not from where.
    cy.execute(object(12, 1, None, Level::Read)).unwrap();
    assert_eq!(code(here.read(ObjectId(12))), "denied");
    let tried = last_access(&place);
    assert_eq!((tried.kind(), &tried.metadata.unwrap()["ip"]), ("audit.access_denied", &json!("192.0.2.4")));
    let at = tried.envelope.sequence;
    assert_eq!([&cy, &ada, &di].map(|who| told(who, at)), [Value::Null, json!("unseen"), json!("unseen")]);

    // What belongs to the deployment is for operators.
    let marked = ada.with_metadata(from("192.0.2.1")).mark("m").unwrap();
    assert_eq!([&ada, &bo].map(|who| told(who, marked.first)), [json!("192.0.2.1"), json!("unseen")]);
}

#[test]
fn what_is_done_for_another_came_from_where_the_one_who_acts_was() {
    let place = place();
    place.does(1, AddRelationship::delegate(PrincipalId(2), PrincipalId(4)));
    let (bo, di) = (place.at(2), place.at(4));
    let here = di.with_metadata(from("192.0.2.4"));
    let done = here.execute_for(PrincipalId(2), object(10, 1, None, Level::Read)).unwrap();
    let (head, fact) = (done.first, done.first.next());
    assert_eq!(
        (told(&di, head), told(&bo, fact)),
        (json!("192.0.2.4"), Value::Null),
        "it is not Bo's address"
    );
    let record = place.engine.history().record(done.last).unwrap();
    assert_eq!(PrincipalId(record.actor()), PrincipalId(4));
}

#[test]
fn refused_attempts_and_recorded_reads_carry_where_they_came_from() {
    let place = place();
    let all_reads = Policy { audit_reads: Some(AuditReads::All), ..Policy::default() };
    place.does(1, SetPolicy::new(path("org:a"), &all_reads).unwrap());
    place.does(1, object(10, 1, Some("org:a"), Level::Read));
    let (bo, here) = (place.at(2), place.at(4).with_metadata(from("192.0.2.4")));
    let tombstone = || scoped::objects::Tombstone { object: OBJECT, reason: None, expected_version: None };
    let elsewhere = place.at(3).with_metadata(from("192.0.2.3"));
    let tells = |what: &str, kind: &str, ip: &str| {
        let entry = last_access(&place);
        assert_eq!((entry.kind(), &entry.data), (kind, &None), "{what}");
        assert_eq!(entry.metadata.unwrap()["ip"], ip, "{what}");
        assert_eq!(told(&bo, entry.envelope.sequence), json!(ip), "Bo audits the place: {what}");
    };
    assert_eq!(code(here.execute(tombstone())), "denied");
    tells("a command that was refused", "audit.access_denied", "192.0.2.4");
    here.read(OBJECT).unwrap();
    tells("a read that is recorded", "audit.access_recorded", "192.0.2.4");
    assert_eq!(code(elsewhere.read(OBJECT)), "denied");
    tells("a read that was refused", "audit.access_denied", "192.0.2.3");
    // Equal attempts are one line, told to come from where the first of them did.
    for nth in 5..9 {
        let there = place.at(4).with_metadata(from(&format!("192.0.2.{nth}")));
        assert_eq!(code(there.execute(tombstone())), "denied");
    }
    place.door.set(place.door.now() + 2_000_000);
    assert_eq!(code(place.at(3).read(OBJECT)), "denied");
    place.engine.sync().unwrap();
    let filter = Filter { actor: Some(PrincipalId(4)), descending: true, ..Filter::default() };
    let history = place.engine.history();
    let found = history.audit(&filter).unwrap();
    let folded = found
        .into_iter()
        .map(|at| place.engine.read(|moment| AuditEntry::unfiltered(history, at, moment.world()).unwrap()));
    let folded = folded.into_iter().find(|entry| entry.kind() == "audit.access_denied").unwrap();
    assert_eq!(folded.metadata.unwrap()["ip"], "192.0.2.5");
    let scoped::Event::Audit(event) = folded.event else { panic!("an attempt") };
    assert_eq!(event.folded().1, 4);
    assert!(place.engine.compliance().unwrap().passed);
}

/// Payloads count to what a scope may hold. Attempts had none before, so that by what came with them an outsider could have filled a scope that
/// refused it (found by the oracle: a refused batch has to change nothing).
#[test]
fn what_comes_with_an_attempt_fills_no_scope_that_refuses_it() {
    let place = place();
    place.does(1, object(10, 1, Some("org:a"), Level::Read));
    let before = digest(&place.engine);
    let large = Metadata::new(json!({ "ip": "x".repeat(4_000) })).unwrap();
    let outsider = place.at(3).with_metadata(large);
    assert_eq!(code(outsider.execute(update(10, 2))), "denied");
    assert_eq!(code(outsider.read(OBJECT)), "denied");
    assert_eq!(last_access(&place).envelope.scope, ScopeId(1), "filed under the scope");
    assert_eq!(digest(&place.engine), before, "and no part of what it holds");
}

/// A page that goes on from a cursor, and the past, are asked by a reading of their own.
#[test]
fn questions_about_the_past_and_further_pages_come_from_where_their_session_does() {
    let place = place();
    let all_reads = Policy { audit_reads: Some(AuditReads::All), ..Policy::default() };
    place.does(1, SetPolicy::new(path("org:a"), &all_reads).unwrap());
    let head = place.does(1, object(10, 1, Some("org:a"), Level::Read)).last;
    place.does(1, object(11, 1, Some("org:a"), Level::Read));
    let recorded = || {
        let kinds = Some(vec![AccessRecorded::KIND]);
        place.engine.sync().unwrap();
        let history = place.engine.history();
        let found = history.audit(&Filter { kinds, ..Filter::default() }).unwrap();
        found
            .into_iter()
            .map(|at| history.metadata(&history.record(at).unwrap()).unwrap())
            .collect::<Vec<_>>()
    };
    let here = place.at(4).with_metadata(from("192.0.2.4"));
    here.as_of(&Cutoff::At(head)).unwrap().read(OBJECT).unwrap();
    let ask = scoped::Recall::from(path("org:a")).limit(1);
    let first = here.reading().recall(&ask).unwrap();
    let found = recorded();
    assert!(found.len() >= 2, "{found:?}");
    assert!(
        found.iter().all(|said| said.as_ref().is_some_and(|said| said["ip"] == "192.0.2.4")),
        "{found:?}"
    );
    place.does(1, RemoveMember { scope: path("org:a"), principal: PrincipalId(4) });
    assert_eq!(code(here.reading().recall(&ask.after(&first))), "denied");
    let refused = last_access(&place);
    assert_eq!(
        (refused.kind(), &refused.metadata.unwrap()["ip"]),
        ("audit.access_denied", &json!("192.0.2.4"))
    );
}

#[test]
fn a_rollback_and_whatever_else_a_session_does_come_from_where_it_is() {
    let place = place();
    let here = place.at(1).with_metadata(from("192.0.2.1"));
    let made = here.execute(object(10, 1, Some("org:a"), Level::Write)).unwrap();
    let edit = here.execute(update(10, 2)).unwrap();
    let back = here
        .rollback(&Cutoff::At(made.last), Selection::Object(OBJECT), scoped::Policy::AllOrNothing)
        .unwrap()
        .unwrap();
    let types = here.register_types(&["invoice"]).unwrap().unwrap();
    let keyed = here.batch().with(update(10, 3)).keyed("k").execute().unwrap();
    for receipt in [&made, &edit, &back, &types, &keyed] {
        for at in all(receipt) {
            assert_eq!(told(&here, at), json!("192.0.2.1"), "{at}");
        }
    }
    // What describes a request is no part of what a rollback takes back.
    let again = here.plan_rollback(&Cutoff::At(edit.last), Selection::Object(OBJECT)).unwrap();
    assert_eq!((again.steps.len(), again.problems()), (1, 0));
    assert!(place.engine.compliance().unwrap().passed);
}

#[test]
fn too_much_is_refused_in_words_that_say_what_to_do() {
    let keys = |count: usize| -> Value {
        (0..count).map(|nth| (format!("k{nth}"), json!(nth))).collect::<serde_json::Map<_, _>>().into()
    };
    // Two braces, four quotes and a colon around it.
    let bytes = |count: usize| json!({ "a": "x".repeat(count - 8) });
    assert!(Metadata::new(keys(METADATA_KEYS_MAX)).is_ok());
    assert!(Metadata::new(bytes(METADATA_BYTES_MAX)).is_ok());
    for (value, word) in [
        (keys(METADATA_KEYS_MAX + 1), "33 keys"),
        (bytes(METADATA_BYTES_MAX + 1), "4097 bytes"),
        (json!("192.0.2.7"), "JSON object"),
        (json!([]), "JSON object"),
        (Value::Null, "JSON object"),
    ] {
        let error = Metadata::new(&value).unwrap_err();
        assert_eq!((error.kind(), error.advice().is_some()), (ErrorKind::Invalid, true), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }
    assert_eq!(code(Metadata::from_json(r#"{"n":18446744073709551616}"#)), "inexact");
    assert!(Metadata::from_json("{").is_err());
    let line = r#"{"batch":[],"metadata":["192.0.2.7"]}"#;
    let error = parse_line(line).unwrap_err();
    assert_eq!((error.column, error.message.contains("JSON object")), (24, true), "{error}");
}

/// A phone that changes networks between two tries sends the same request.
#[test]
fn a_request_that_is_sent_again_from_another_address_is_the_same_request() {
    let place = place();
    let send = |ip: &str| {
        let here = place.at(4).with_metadata(from(ip));
        here.batch().with(object(10, 1, Some("org:a"), Level::Read)).keyed("once").execute().unwrap()
    };
    let (first, again) = (send("192.0.2.4"), send("198.51.100.9"));
    assert!(again.repeated && !first.repeated);
    assert_eq!((again.first, again.last, again.ids), (first.first, first.last, first.ids.clone()));
    assert_eq!(place.engine.history().head(), first.last);
    assert_eq!(told(&place.at(4), first.first), json!("192.0.2.4"), "the one that was carried out");
}

#[test]
fn a_batch_is_written_out_and_carried_out_again_with_where_it_came_from() {
    let place = place();
    let batch = Batch::new()
        .with(ADA, object(10, 1, None, Level::Read).into_scope(ScopeId(1), Level::Read))
        .described(
            Metadata::from_json(r#"{"z":1.50,"ip":"192.0.2.1","tags":[null,{"b":1,"a":2}]}"#).unwrap(),
        );
    let made = place.engine.execute(batch.clone()).unwrap();
    let log = place.engine.history().reader();
    let records: Vec<_> = log.records(made.first, made.last).map(Result::unwrap).collect();
    let recalled = scoped::export::recall(place.engine.history(), &records).unwrap().unwrap();
    assert_eq!(recalled, batch);
    let line = write_line(&recalled, made.first).unwrap();
    let metadata = r#""metadata":{"ip":"192.0.2.1","tags":[null,{"a":2,"b":1}],"z":1.5}"#;
    assert!(line.contains(metadata), "canonical: {line}");
    assert_eq!(parse_line(&line).unwrap().0, recalled);
    same_elsewhere(&place.engine);
}

/// It is history: two worlds that differ in it say the same.
#[test]
fn where_requests_came_from_changes_nothing_that_is_so() {
    let (with, without) = (place(), place());
    let (one, other) = (with.at(4).with_metadata(from("192.0.2.4")), without.at(4));
    for session in [&one, &other] {
        session.execute(object(10, 1, Some("org:a"), Level::Read)).unwrap();
        session.execute(update(10, 2)).unwrap();
    }
    let content = |place: &Place| place.engine.read(|moment| moment.world().content_digest());
    assert_eq!(content(&with), content(&without));
    let about = Filter { entity: Some(scoped::temporal::Entity::Scope(ScopeId(1))), ..Filter::default() };
    let count = |place: &Place| place.engine.history().audit(&about).unwrap().len();
    assert_eq!(count(&with), count(&without), "it is about no entity");
    assert!(with.engine.compliance().unwrap().passed);
}
