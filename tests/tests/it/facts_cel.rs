//! Conditions in CEL: what they see, what is refused when a rule is defined, and that nothing widens.

use crate::rules::{ADA, BO, BOS, PRIVATE, ROBO, SHARED, at, bound, deny_apart, when, world};
use crate::support::{NOON, data, object, update};
use scoped::projections::rules::Class;
use scoped::rules::{Aim, Archive, Define};
use scoped::{AccessSpan, Capability, Edge, Effect, Engine, Level, ObjectId, Session, objects};
use serde_json::json;

fn cel(text: &str) -> String {
    json!({ "cel": text }).to_string()
}

fn deny(text: &str) -> Define {
    Define::new("no", Class::Constraint, Effect::Deny).when(when(&cel(text)))
}

fn allow(text: &str) -> Define {
    Define::new("yes", Class::Access, Effect::Allow).when(when(&cel(text)))
}

fn reads(session: &Session, object: ObjectId) -> bool {
    session.read(object).is_ok()
}

fn refused(engine: &Engine, text: &str) -> String {
    let error = engine.session(ADA).unwrap().execute(deny(text)).unwrap_err();
    assert_eq!(error.code(), "invalid", "{text}: {error}");
    error.to_string()
}

#[test]
fn a_condition_sees_what_the_typed_conditions_see() {
    let (engine, _) = world();
    let cases = [
        ("true", false, false),
        ("false", true, true),
        ("action == 'read'", false, false),
        ("action in ['update', 'delete']", true, true),
        ("principal.kind == 'bot'", true, false),
        ("principal.id == '00000000000000000000000003'", true, false),
        ("role == 'reader'", true, true),
        ("relation == 'member'", false, false),
        ("object.type == 'limits' && object.id == '0000000000000000000000000A'", false, false),
        ("object.type.startsWith('lim') && object.type.matches('^l[a-z]+s$')", false, false),
        ("scope.path == 'org:a/dept:b'", false, false),
        ("scope.path.startsWith('org:z')", true, true),
        ("time.weekday == 'mon'", true, true),
        ("time.weekday == 'sun' && time.hour >= 8 && time.micros > 0", false, false),
        ("object.data.cpu + 1 == 2", false, false),
        ("has(object.data.cpu) && !has(object.data.ram)", false, false),
        ("size(object.type) > 100 || principal.kind == 'bot'", true, false),
    ];
    deny_apart(&engine, deny, &cases);
}

/// With `has` and `||` a text could turn what nobody said into an answer: it is not evaluated then.
#[test]
fn what_is_missing_or_wrong_denies_under_either_effect() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    for text in [
        "environment == 'staging'",
        "environment != 'staging'",
        "true || environment == 'staging'",
        "!(classification == 'secret')",
        "object.data.ram > 1",
        "!(object.data.ram > 1)",
        "object.data.cpu",
        "'true'",
        "1 / 0 == 1",
        "!(1 / 0 == 1)",
        "(-9223372036854775807 - 1) / -1 == 1",
        "object.data.cpu > 'x'",
        "int(object.type) == 1",
    ] {
        for rule in [deny(text), allow(text)] {
            let rule = bound(&engine, rule, at("org:a"));
            assert!(!reads(&bo, SHARED), "{text}");
            engine.session(ADA).unwrap().execute(Archive { rule }).unwrap();
            assert!(reads(&bo, SHARED), "archived: {text}");
        }
    }
}

/// Of several declared words none is the one that a text could compare.
#[test]
fn a_text_hears_a_declared_word_and_of_several_none() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    bound(&engine, deny("environment == 'staging' || classification == 'secret'"), at("org:a"));
    assert!(!reads(&bo, SHARED), "nobody says");
    bound(&engine, Define::declaration("a", Some("production"), Some("public")), at("org:a"));
    assert!(reads(&bo, SHARED));
    bound(&engine, Define::declaration("b", Some("edge"), None), at("org:a/dept:b"));
    assert!(!reads(&bo, SHARED), "production and edge: neither");
}

/// A condition that names the time is looked at every minute.
#[test]
fn the_history_of_access_has_the_hours_of_conditions_in_cel() {
    let (engine, door) = world();
    bound(&engine, deny("action == 'read' && time.hour == 14"), at("org:a"));
    let from = engine.read(|moment| moment.world().position().get());
    door.set(NOON + 5 * 3_600_000_000);
    let span = AccessSpan { from, ..AccessSpan::new(BO, Capability::ReadLocal, SHARED) };
    let found = engine.session(ADA).unwrap().reading().access_history(&span).unwrap();
    let hours = |edge: Edge| (edge.time - NOON) / 3_600_000_000;
    let told: Vec<_> = found.iter().map(|one| (hours(one.opened), one.closed.map(hours))).collect();
    assert_eq!(told, [(0, Some(2)), (3, None)]);
}

#[test]
fn an_allow_governs_and_lets_through_what_its_text_says() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    bound(&engine, allow("object.type == 'limits' && action == 'read'"), Aim::object_type("limits"));
    assert!(reads(&bo, SHARED) && reads(&bo, PRIVATE));
    assert!(bo.execute(update(BOS.0, 9)).is_err(), "no rule allows to update");
}

#[test]
fn a_write_is_asked_about_with_what_it_would_write() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    bound(&engine, deny("action == 'update' && object.data.cpu > 5"), at("org:a"));
    let write = |cpu| bo.execute(update(SHARED.0, cpu)).map(drop).map_err(|error| error.code());
    assert_eq!((write(4), write(6)), (Ok(()), Err("denied")));
    let large = json!({ "cpu": 1, "text": "x".repeat(70_000) });
    let large = bo.execute(objects::Update::new(SHARED, data(large))).unwrap_err();
    assert_eq!(large.code(), "denied", "too large to be looked at");
    bo.execute(object(900, 1, Some("org:a/dept:b"), Level::Read)).unwrap();
}

#[test]
fn a_text_that_is_no_bounded_condition_is_refused_when_the_rule_is_defined() {
    let (engine, _) = world();
    for (text, says) in [
        ("action ==", ""),
        ("action == 'read", ""),
        ("colour == 'red'", "no attribute `colour`"),
        ("object.colour == 'red'", "no attribute `object.colour`"),
        ("object == object", "no attribute `object`"),
        ("object['type'] == 'x'", "no attribute `object`"),
        ("type(1) == int", "no function `type`"),
        ("timestamp('2026-01-01T00:00:00Z') == 1", "no function"),
        ("[1, 2].all(x, [1, 2].all(y, true))", "loops"),
        ("object.data.map(x, x) == []", "loops"),
        ("{'a': 1}.a == 1", "maps"),
        ("object.type.matches(object.data.pattern)", "written out"),
        ("object.type.matches('(a{1000}){1000}')", "pattern"),
        ("object.type.matches('(')", "pattern"),
    ] {
        let error = refused(&engine, text);
        assert!(error.contains(says), "{text}: {error}");
    }
    for (part, count) in
        [("(", 5_000), ("[", 33), ("!", 300), ("-", 300), ("a.", 300), ("true ? true : ", 100), ("1 + ", 40)]
    {
        refused(&engine, &format!("{}true", part.repeat(count)));
    }
    refused(&engine, &format!("{}true{}", "(".repeat(33), ")".repeat(33)));
    refused(&engine, &format!("action == '{}'", "x".repeat(5_000)));
    // As deep as it may be, on the stack of a test.
    let nested = format!("{}true{}", "(".repeat(14), ")".repeat(14));
    bound(&engine, deny(&nested), at("org:z"));
}

#[test]
fn more_conditions_than_are_kept_are_answered_alike() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    let ask = |n: usize| {
        let rule = bound(&engine, deny(&format!("{n} == {n} && principal.kind == 'bot'")), at("org:a"));
        assert!(reads(&bo, SHARED));
        assert!(!reads(&engine.session(ROBO).unwrap(), SHARED));
        engine.session(ADA).unwrap().execute(Archive { rule }).unwrap();
    };
    (0..520).chain(0..2).for_each(ask);
}
