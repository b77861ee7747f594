//! Environment and classification: declared by rules, asked by rules.

use crate::rules::{ADA, BO, BOS, PRIVATE, ROBO, SHARED, at, bound, when, world};
use crate::support::{data, digest, member, path, same_elsewhere};
use scoped::projections::rules::{Attributes, Class, Redact, Redactions};
use scoped::rules::{Aim, Archive, Bind, Define};
use scoped::temporal::{Cutoff, Selection};
use scoped::{
    Capability, Effect, Engine, Level, ObjectId, Policy, Question, Role, RuleId, Session, View, objects,
};
use serde_json::json;

fn deny(text: &str) -> Define {
    Define::new("no", Class::Access, Effect::Deny).when(when(text))
}

fn allow(text: &str) -> Define {
    Define::new("yes", Class::Access, Effect::Allow).when(when(text))
}

fn environment(word: &str) -> Define {
    Define::declaration(format!("is {word}"), Some(word), None)
}

fn classification(word: &str) -> Define {
    Define::declaration(format!("is {word}"), None, Some(word))
}

fn reads(session: &Session, object: ObjectId) -> bool {
    session.read(object).is_ok()
}

/// Once nothing supplied either attribute, so that a deny which asked for one denied everything, wherever it was bound.
#[test]
fn a_deny_that_asks_for_an_attribute_holds_where_it_is_declared_and_where_nobody_declares_anything() {
    for (ask, declare) in [
        ("environment", environment as fn(&str) -> Define),
        ("classification", classification as fn(&str) -> Define),
    ] {
        let (engine, _) = world();
        let bo = engine.session(BO).unwrap();
        bound(&engine, deny(&format!(r#"{{"{ask}": "red"}}"#)), at("org:a"));
        assert!(!reads(&bo, SHARED), "nobody says: the deny holds");
        let blue = bound(&engine, declare("blue"), at("org:a/dept:b"));
        assert!(reads(&bo, SHARED) && reads(&bo, BOS));
        bound(&engine, declare("red"), at("org:a"));
        assert!(!reads(&bo, SHARED), "blue and red: a word below takes none away from above");
        engine.session(ADA).unwrap().execute(Archive { rule: blue }).unwrap();
        assert!(!reads(&bo, SHARED) && reads(&bo, PRIVATE));
        digest(&engine);
    }
}

#[test]
fn an_allow_that_asks_for_an_attribute_holds_only_where_all_words_are_asked_for() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    bound(&engine, allow(r#"{"classification": ["public", "internal"]}"#), Aim::object_type("limits"));
    assert!(!reads(&bo, SHARED), "governed, and nobody says");
    bound(&engine, classification("public"), Aim::everywhere());
    assert!(reads(&bo, SHARED) && reads(&bo, PRIVATE), "what is said everywhere holds where nothing else is");
    bound(&engine, classification("internal"), at("org:a/dept:b"));
    assert!(reads(&bo, SHARED));
    bound(&engine, classification("secret"), Aim::object_type("limits"));
    assert!(!reads(&bo, SHARED) && !reads(&bo, PRIVATE));
}

#[test]
fn a_type_may_be_declared_in_one_scope_alone() {
    let (engine, _) = world();
    let (ada, bo) = (engine.session(ADA).unwrap(), engine.session(BO).unwrap());
    let note = objects::Create {
        object: Some(ObjectId(77)),
        object_type: "note".into(),
        data: data(json!({})),
        scope: Some(path("org:a/dept:b")),
        level: Level::Read,
        reason: None,
        subject: None,
    };
    ada.execute(note).unwrap();
    bound(&engine, deny(r#"{"classification": "secret"}"#), at("org:a"));
    bound(&engine, classification("public"), Aim::everywhere());
    let only = Aim { object_type: Some("note".into()), ..at("org:a/dept:b") };
    bound(&engine, classification("secret"), only);
    assert!(reads(&bo, SHARED) && !reads(&bo, ObjectId(77)));
    let list = bo.reading().objects(&path("org:a/dept:b"), View::Granular).unwrap();
    assert_eq!(list.len(), 2, "the list is given, and leaves out what is secret");
}

#[test]
fn a_rule_that_is_bound_to_an_environment_is_met_there_and_where_nobody_says() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    let staging = Aim { environment: Some("staging".into()), ..Aim::everywhere() };
    bound(&engine, deny(r#"{"action": "read"}"#), staging);
    assert!(!reads(&bo, SHARED) && !reads(&bo, PRIVATE), "nobody says where that is");
    bound(&engine, environment("production"), Aim::everywhere());
    assert!(reads(&bo, SHARED) && reads(&bo, PRIVATE));
    bound(&engine, environment("staging"), at("org:a/dept:b"));
    assert!(!reads(&bo, SHARED) && reads(&bo, PRIVATE));
}

#[test]
fn feature_flags_are_gated_by_environment() {
    let (engine, _) = world();
    let reading = engine.session(BO).unwrap().reading();
    let on = |name: &str, scope: &str| reading.flag(name, true, Some(&path(scope))).unwrap().enabled;
    bound(&engine, Define::flag("new", true, 100).when(when(r#"{"environment": "staging"}"#)), at("org:a"));
    let staging = Aim { environment: Some("staging".into()), ..Aim::everywhere() };
    bound(&engine, Define::flag("bound", true, 100), staging);
    assert!(!on("new", "org:a/dept:b") && !on("bound", "org:a/dept:b"), "nobody says: off");
    bound(&engine, environment("staging"), at("org:a/dept:b"));
    bound(&engine, environment("production"), at("org:a/dept:c"));
    assert!(on("new", "org:a/dept:b") && on("bound", "org:a/dept:b"));
    assert!(!on("new", "org:a/dept:c") && !on("bound", "org:a/dept:c"));
    assert!(!reading.flag("bound", true, None).unwrap().enabled, "from nowhere in particular");
}

#[test]
fn redactions_hear_what_is_declared() {
    let (engine, _) = world();
    let redactions = Redactions::from([("cpu".to_owned(), Redact::default())]);
    let hide = Define { redactions: Some(redactions), ..Define::new("hide", Class::Redaction, Effect::Deny) };
    bound(&engine, hide.when(when(r#"{"classification": "secret"}"#)), Aim::everywhere());
    let bo = engine.session(BO).unwrap();
    let cpu = |object| bo.read(object).unwrap().value().unwrap()["cpu"].clone();
    assert_eq!(cpu(SHARED), "[REDACTED]", "nobody says");
    bound(&engine, classification("public"), Aim::everywhere());
    assert_eq!(cpu(SHARED), 1);
    bound(&engine, classification("secret"), at("org:a/dept:b"));
    assert_eq!((cpu(SHARED), cpu(PRIVATE)), ("[REDACTED]".into(), 1.into()));
}

#[test]
fn an_explanation_tells_what_is_declared_and_by_which_rule() {
    let (engine, _) = world();
    bound(&engine, environment("production"), at("org:a"));
    bound(&engine, classification("secret"), Aim::object_type("limits"));
    bound(&engine, classification("public"), Aim::everywhere());
    let ada = engine.session(ADA).unwrap();
    let question = Question::new(BO, Capability::ReadLocal, SHARED);
    let explained = ada.reading().explain(&question).unwrap();
    let mut told: Vec<(&str, &str, bool)> = explained
        .attributes
        .iter()
        .map(|one| (one.attribute, &*one.value, one.by.contains(&format!("is {}", one.value))))
        .collect();
    told.sort_unstable();
    assert_eq!(told, [("classification", "secret", true), ("environment", "production", true)]);
    assert!(explained.attributes.iter().all(|one| one.by.contains("version 1")), "{explained:?}");
    let refused = engine.session(ROBO).unwrap().reading().explain(&question);
    assert_eq!(refused.unwrap_err().code(), "denied");
}

#[test]
fn the_words_of_back_then_are_those_of_back_then_and_a_rollback_takes_them_back() {
    let (engine, _) = world();
    let (ada, bo) = (engine.session(ADA).unwrap(), engine.session(BO).unwrap());
    bound(&engine, deny(r#"{"environment": "staging"}"#), at("org:a"));
    let unsaid = engine.history().head();
    bound(&engine, environment("production"), at("org:a"));
    let said = engine.history().head();
    let may = |at| {
        let past = engine.as_of(&Cutoff::At(at)).unwrap();
        past.moment().can(BO, Capability::ReadLocal, past.moment().object_target(SHARED)).allowed
    };
    assert!(reads(&bo, SHARED) && may(said) && !may(unsaid), "by replay");
    ada.rollback(&Cutoff::At(unsaid), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert!(!reads(&bo, SHARED));
    digest(&engine);
    same_elsewhere(&engine);
}

#[test]
fn whoever_manages_the_rules_of_a_place_declares_there_and_nowhere_else() {
    let (engine, _) = world();
    let ada = engine.session(ADA).unwrap();
    ada.execute(member("org:a/dept:c", 3, Role::Admin)).unwrap();
    let robo = engine.session(ROBO).unwrap();
    let rule = RuleId(robo.execute(environment("mine")).unwrap().ids[0]);
    let bind = |to| robo.execute(Bind { binding: None, rule, to }).map(drop).map_err(|e| e.code());
    assert_eq!(bind(at("org:a/dept:c")), Ok(()));
    for to in [at("org:a"), Aim::everywhere(), Aim::object_type("limits")] {
        assert_eq!(bind(to), Err("denied"));
    }
}

#[test]
fn a_declaration_that_could_mean_something_else_is_refused_when_it_is_made() {
    let (engine, _) = world();
    let ada = engine.session(ADA).unwrap();
    let says = |environment: Option<&str>| Attributes {
        environment: environment.map(Into::into),
        classification: None,
    };
    let wrong = [
        Define { effect: Effect::Deny, ..environment("x") },
        environment("x").when(when(r#"{"action": "read"}"#)),
        Define { attributes: Some(says(None)), ..environment("x") },
        Define { attributes: Some(says(Some(""))), ..environment("x") },
        Define { attributes: None, ..environment("x") },
        Define { class: Class::Access, ..environment("x") },
        Define { class: Class::Flag, ..environment("x") },
    ];
    for define in wrong {
        assert_eq!(ada.execute(define.clone()).unwrap_err().code(), "invalid", "{define:?}");
    }
    let rule = RuleId(ada.execute(environment("x")).unwrap().ids[0]);
    let elsewhere = Aim { environment: Some("y".into()), ..Aim::everywhere() };
    for to in [Aim::principal(BO), Aim::object(SHARED), elsewhere] {
        assert_eq!(ada.execute(Bind { binding: None, rule, to }).unwrap_err().code(), "invalid");
    }
    assert!(engine_is_untouched(&engine, rule));
}

fn engine_is_untouched(engine: &Engine, rule: RuleId) -> bool {
    engine.read(|moment| moment.rule_detail(rule).unwrap().bound.is_empty())
}

/// Once the lists of an environment were met only for the first four words that are said of a place: an administrator below could say
/// four more words, and what was bound to the environment said above no longer spoke.
#[test]
fn words_that_are_said_below_never_silence_a_rule_that_is_bound_to_one_said_above() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    bound(&engine, environment("production"), at("org:a"));
    let production = Aim { environment: Some("production".into()), ..Aim::everywhere() };
    bound(&engine, deny(r#"{"action": "read"}"#), production);
    assert!(!reads(&bo, SHARED));
    for word in ["one", "two", "three", "four", "five"] {
        bound(&engine, environment(word), at("org:a/dept:b"));
        assert!(!reads(&bo, SHARED), "{word}");
    }
}
