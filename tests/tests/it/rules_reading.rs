//! Rules on the ways by which things are read: lists and views, cursors, exports, the trail, and the history of access.

use crate::rules::{ADA, BO, BOS, PRIVATE, ROBO, SHARED, at, bound, when, world};
use crate::support::{NOON, data, digest, member, path, principal, scope_at, update};
use scoped::objects::package::PackageOf;
use scoped::projections::rules::{Class, Redact, Redactions};
use scoped::rules::{Aim, Archive, Define};
use scoped::tenancy::AddMember;
use scoped::{
    AccessSpan, Capability, EdgeCause, Effect, Engine, Level, ObjectId, PrincipalId, Recall, Role, Session,
    View, objects,
};
use serde_json::{Value, json};

const NOTE: ObjectId = ObjectId(77);

fn allow(text: &str) -> Define {
    Define::new("yes", Class::Access, Effect::Allow).when(when(text))
}

fn deny(text: &str) -> Define {
    Define::new("no", Class::Access, Effect::Deny).when(when(text))
}

/// Hides the field `cpu` from whoever does one of these actions.
fn hide(actions: &str) -> Define {
    let redactions = Redactions::from([("cpu".to_owned(), Redact::default())]);
    let hide = Define { redactions: Some(redactions), ..Define::new("hide", Class::Redaction, Effect::Deny) };
    hide.when(when(actions))
}

/// A note in `org:a/dept:b` beside the two objects that are there.
fn with_note(engine: &Engine) {
    let note = objects::Create {
        object: Some(NOTE),
        object_type: "note".into(),
        data: data(json!({ "cpu": 9 })),
        scope: Some(path("org:a/dept:b")),
        level: Level::Admin,
        reason: None,
        subject: None,
    };
    engine.session(ADA).unwrap().execute(note).unwrap();
}

fn listed(session: &Session, view: View) -> Vec<ObjectId> {
    let page = session.reading().recall(&Recall::from(path("org:a/dept:b")).view(view)).unwrap();
    page.records().map(|record| record.object_id).collect()
}

/// Once an allow that looked at the objects themselves (at their data, at who owns them, at how sensitive they are) was asked of
/// the scope as well, where none of that is known, and the whole view was refused.
#[test]
fn a_rule_about_things_leaves_them_out_of_a_view_and_never_refuses_the_view() {
    let (engine, _) = world();
    with_note(&engine);
    bound(&engine, Define::declaration("note", None, Some("secret")), Aim::object_type("note"));
    let bo = engine.session(BO).unwrap();
    // Bo owns one of the three: an owner is not governed by scopes that it is shared into.
    let cases = [
        (r#"{"action": "read", "object_type": "note"}"#, vec![BOS, NOTE]),
        (r#"{"action": "read", "data": {"path": "cpu", "gt": 5}}"#, vec![BOS, NOTE]),
        (r#"{"action": "read", "not": {"data": {"path": "cpu", "gt": 5}}}"#, vec![SHARED, BOS]),
        (r#"{"action": "read", "relation": "owner"}"#, vec![BOS]),
        (r#"{"action": "read", "relation": "member"}"#, vec![SHARED, BOS, NOTE]),
        (r#"{"action": "read", "classification": "secret"}"#, vec![BOS, NOTE]),
        (r#"{"action": "read", "classification": "unheard of"}"#, vec![BOS]),
    ];
    for (text, expected) in cases {
        let rule = bound(&engine, allow(text), at("org:a"));
        for view in [View::Granular, View::Holistic] {
            assert_eq!(listed(&bo, view), expected, "{text} {view:?}");
        }
        let raw = bo.reading().recall(&Recall::from(path("org:a/dept:b")).view(View::Raw)).unwrap();
        assert_eq!(raw.items.len(), expected.len() * 2, "{text}: each was made, and projected");
        assert!(bo.reading().scope(&path("org:a/dept:b")).is_ok(), "{text}");
        engine.session(ADA).unwrap().execute(Archive { rule }).unwrap();
    }
    for text in [
        r#"{"action": "read", "data": {"path": "cpu", "gt": 5}}"#,
        r#"{"action": "read", "classification": "secret"}"#,
    ] {
        let rule = bound(&engine, deny(text), at("org:a"));
        let left = listed(&bo, View::Granular);
        assert!(!left.contains(&NOTE), "{text}");
        engine.session(ADA).unwrap().execute(Archive { rule }).unwrap();
    }
    // An allow that does not speak of reading governs reading all the same, and it is the scope's own right then that is missing.
    bound(&engine, allow(r#"{"action": "update"}"#), at("org:a"));
    let refused = bo.reading().recall(&Recall::from(path("org:a/dept:b")).view(View::Granular));
    assert_eq!(refused.unwrap_err().code(), "denied");
}

/// Once a cursor brought the time of its first page along, and what had run out since was read on.
#[test]
fn a_cursor_does_not_carry_a_right_past_its_end() {
    let (engine, door) = world();
    with_note(&engine);
    let ada = engine.session(ADA).unwrap();
    ada.execute(crate::support::principal(5)).unwrap();
    ada.execute(AddMember { expires_at: Some(NOON + 100), ..member("org:a", 5, Role::Reader) }).unwrap();
    let open = deny(&json!({ "action": "read", "time": { "not_before": NOON + 50 } }).to_string());
    let eve = engine.session(scoped::PrincipalId(5)).unwrap();
    let ask = Recall::from(path("org:a/dept:b")).view(View::Granular).limit(1);
    let first = eve.reading().recall(&ask).unwrap();
    assert!(!first.complete);
    let next = || eve.reading().recall(&ask.clone().after(&first)).map(|page| page.items.len());
    assert_eq!(next().ok(), Some(1), "in time");
    let rule = bound(&engine, open, at("org:a"));
    door.set(NOON + 50);
    assert_eq!(next().unwrap_err().code(), "denied", "a rule that holds by now");
    ada.execute(Archive { rule }).unwrap();
    assert_eq!(next().ok(), Some(1));
    door.set(NOON + 100);
    assert_eq!(next().unwrap_err().code(), "denied", "the membership ran out");
}

fn packed(session: &Session, id: ObjectId) -> Result<(Value, bool), &'static str> {
    let package = session.export(&PackageOf::Objects(vec![id])).map_err(|error| error.code())?;
    let text = serde_json::to_value(&package.objects[0]).unwrap();
    let last = text["versions"].as_array().unwrap().last().unwrap();
    Ok((last["data"]["cpu"].clone(), package.manifest.redacted))
}

/// Once an export asked whether taking out was allowed, and not whether reading was: what nobody might read went out in a package.
#[test]
fn what_may_not_be_read_is_not_taken_out_and_what_is_hidden_is_hidden_there_too() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    assert_eq!(packed(&bo, SHARED), Ok((1.into(), false)));
    for (rule, expected) in [
        (deny(r#"{"action": "read", "object_type": "limits"}"#), Err("denied")),
        (Define { class: Class::Sharing, ..deny(r#"{"action": "export"}"#) }, Err("denied")),
        (hide(r#"{"action": "read"}"#), Ok(("[REDACTED]".into(), true))),
        (hide(r#"{"action": "export"}"#), Ok(("[REDACTED]".into(), true))),
        (hide(r#"{"action": "audit_read"}"#), Ok((1.into(), false))),
    ] {
        let rule = bound(&engine, rule, at("org:a"));
        assert_eq!(packed(&bo, SHARED), expected);
        let all = bo.export(&PackageOf::Type("limits".into()));
        let whole = all.map(|package| package.objects.iter().any(|object| object.id == SHARED));
        assert_eq!(whole.unwrap_or(false), expected.is_ok(), "nor among others");
        engine.session(ADA).unwrap().execute(Archive { rule }).unwrap();
    }
}

/// A mask that reading asks for, and a replacement that taking out asks for, are weighed against each other, once: with one after the
/// other the second would look at what the first had left.
#[test]
fn redactions_of_reading_and_of_taking_out_are_weighed_together() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    let how = |strategy: &str| -> Redactions {
        serde_json::from_value(json!({ "cpu": { "strategy": strategy } })).unwrap()
    };
    let rule = |strategy, text: &str| Define { redactions: Some(how(strategy)), ..hide(text) };
    bound(&engine, rule("mask", r#"{"action": "read"}"#), at("org:a"));
    // The condition is asked about the data that is stored, and not about what a mask has left of it.
    let text = r#"{"action": "export", "data": {"path": "cpu", "eq": 1}}"#;
    bound(&engine, rule("replace", text), at("org:a"));
    assert_eq!(packed(&bo, SHARED), Ok(("[REDACTED]".into(), true)));
    assert_eq!(bo.read(SHARED).unwrap().value().unwrap()["cpu"], "*");
}

/// Once the states before and after an event were shown to whom a rule kept from reading: the trail was asked about, and not the object.
#[test]
fn the_trail_shows_states_and_payloads_as_they_may_be_read() {
    let (engine, _) = world();
    let (ada, bo) = (engine.session(ADA).unwrap(), engine.session(BO).unwrap());
    ada.execute(member("org:a/dept:b", 3, Role::Admin)).unwrap();
    let edit = ada.execute(update(SHARED.0, 2)).unwrap().first;
    let shown = |session: &Session| {
        let states = session.reading().audit_states(edit).unwrap();
        let cpu = |state: Option<scoped::temporal::EntityState>| state.unwrap().value["data"]["cpu"].clone();
        let entry = session.reading().audit_at(edit).unwrap();
        let payload: Value = serde_json::from_slice(&entry.data.unwrap()).unwrap();
        (cpu(states.before), cpu(states.after), payload["cpu"].clone())
    };
    let robo = engine.session(ROBO).unwrap();
    assert_eq!(shown(&robo), (1.into(), 2.into(), 2.into()));
    let rule = bound(&engine, hide(r#"{"principal_kind": "bot"}"#), at("org:a"));
    let hidden = Value::from("[REDACTED]");
    assert_eq!(shown(&robo), (hidden.clone(), hidden.clone(), hidden));
    assert_eq!(shown(&ada), (1.into(), 2.into(), 2.into()), "from others nothing is hidden");
    ada.execute(Archive { rule }).unwrap();
    bound(&engine, deny(r#"{"action": "read", "principal_kind": "bot"}"#), at("org:a"));
    assert_eq!(robo.reading().audit_states(edit).unwrap_err().code(), "denied");
    assert!(bo.read(PRIVATE).is_ok());
}

/// Once rules that go by the clock were looked at when something else happened, and not when the hour struck.
#[test]
fn the_history_of_access_has_the_hours_of_rules_that_go_by_the_clock() {
    let (engine, door) = world();
    let hour = 3_600_000_000;
    // Noon it is, on a Sunday: closed from 14:00 to 16:00, each day.
    bound(
        &engine,
        deny(r#"{"action": "read", "time": {"from": "14:00", "to": "16:00"}}"#),
        at("org:a/dept:b"),
    );
    let bound_at = engine.read(|moment| moment.world().position());
    door.set(NOON + 27 * hour);
    engine.session(ADA).unwrap().execute(update(SHARED.0, 3)).unwrap();
    door.set(NOON + 29 * hour);
    let span = AccessSpan { from: bound_at.get(), ..AccessSpan::new(BO, Capability::ReadLocal, SHARED) };
    let found = engine.session(ADA).unwrap().reading().access_history(&span).unwrap();
    let hours: Vec<(EdgeCause, u64, Option<u64>)> = found
        .iter()
        .map(|one| {
            let hours = |time: u64| (time - NOON) / hour;
            (one.opened.cause, hours(one.opened.time), one.closed.map(|edge| hours(edge.time)))
        })
        .collect();
    assert_eq!(
        hours,
        [(EdgeCause::Start, 0, Some(2)), (EdgeCause::Clock, 4, Some(26)), (EdgeCause::Clock, 28, None),]
    );
    // The law: an interval covers a time exactly when it was allowed then.
    engine.read(|moment| {
        for half in 0..58 {
            let time = NOON + half * hour / 2;
            let may =
                moment.decided_at(time).can(BO, Capability::ReadLocal, moment.object_target(SHARED)).allowed;
            let covered = found.iter().any(|one| one.covers(bound_at, time));
            assert_eq!(covered, may, "{half} half hours after noon");
        }
    });
    // So many moments that nobody would look at all of them are refused, not left out.
    let windows: Vec<Value> =
        (0..60).map(|minute| json!({ "from": format!("03:{minute:02}"), "to": "03:59" })).take(59).collect();
    bound(&engine, deny(&json!({ "time": windows }).to_string()), at("org:z"));
    door.set(NOON + 24 * hour * 365 * 60);
    let refused = engine.session(ADA).unwrap().reading().access_history(&span).unwrap_err();
    assert_eq!(refused.code(), "invalid", "{refused}");
    digest(&engine);
}

/// Once a rule that looks at data was asked with the data only of what was otherwise allowed. Whoever reached up, and has no role up there, was
/// shown what it denies; so was an auditor, as soon as the record was tombstoned.
#[test]
fn a_rule_about_data_keeps_out_whoever_reaches_up_and_whoever_looks_at_what_was_tombstoned() {
    let (engine, _) = world();
    with_note(&engine);
    let ada = engine.session(ADA).unwrap();
    ada.execute(principal(7)).unwrap();
    ada.execute(principal(8)).unwrap();
    ada.execute(scope_at("org:a/dept:b/ws:c", 30)).unwrap();
    ada.execute(member("org:a/dept:b/ws:c", 7, Role::Reader)).unwrap();
    ada.execute(member("org:a", 8, Role::Admin)).unwrap();
    let below = engine.session(PrincipalId(7)).unwrap();
    let up = || {
        let page =
            below.reading().recall(&Recall::from(path("org:a/dept:b/ws:c")).view(View::Holistic)).unwrap();
        page.records().map(|record| record.object_id).collect::<Vec<_>>()
    };
    assert_eq!(up(), [SHARED, BOS, NOTE]);
    let auditor = engine.session(PrincipalId(8)).unwrap();
    let raw = || {
        let page = auditor.reading().recall(&Recall::from(path("org:a/dept:b")).view(View::Raw)).unwrap();
        page.items.len()
    };
    let all = raw();
    bound(&engine, deny(r#"{"action": "read", "data": {"path": "cpu", "gt": 5}}"#), at("org:a"));
    assert_eq!(up(), [SHARED, BOS]);
    assert!(auditor.read(NOTE).is_err());
    let without = raw();
    assert!(without < all);
    ada.execute(objects::Tombstone { object: NOTE, reason: None, expected_version: None }).unwrap();
    assert_eq!(raw(), without, "a tombstone opens nothing");
    assert_eq!(up(), [SHARED, BOS]);
    let found = auditor.reading().find_objects(&scoped::ObjectQuery::default()).unwrap();
    assert_eq!(found.objects.len(), 2, "a list leaves out what the rule speaks of, and not the whole scope");
}
