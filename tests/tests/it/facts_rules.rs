//! Facts of the page on rules: the store, bindings, evaluation, ready-made rules, redaction, limits, quotas, flags.

use crate::rules::{ADA, BO, BOS, PRIVATE, ROBO, SHARED, at, bound, when, world};
use crate::support::{NOON, data, object, path, scope_at};
use scoped::projections::rules::{Class, Content, Redact, Redactions, Strategy};
use scoped::rules::{Aim, Archive, Bind, Define, RuleFilter, Unbind, Update};
use scoped::temporal::Cutoff;
use scoped::{
    Action, BindingId, Capability, Effect, Engine, Level, ObjectId, PrincipalId, Request, RuleId, Session,
    Target, objects,
};
use serde_json::{Value, json};

fn allow(text: &str) -> Define {
    Define::new("yes", Class::Constraint, Effect::Allow).when(when(text))
}

fn deny(text: &str) -> Define {
    Define::new("no", Class::Constraint, Effect::Deny).when(when(text))
}

/// What the rules alone say about an action of Bo's in a scope, or on an object: outcome, and how many match, deny, allow.
fn says(
    engine: &Engine,
    actor: PrincipalId,
    action: Action,
    object: Option<ObjectId>,
) -> (bool, usize, usize, usize) {
    engine.read(|moment| {
        let target = match object {
            Some(object) => moment.object_target(object),
            None => Target::Scope(moment.world().tenancy().row(scoped::ScopeId(2)).unwrap()),
        };
        let found = moment.evaluate(actor, Request::new(Capability::Write, target).doing(action));
        (found.allowed, found.matching.len(), found.deny.len(), found.allow.len())
    })
}

fn ada(engine: &Engine) -> Session {
    engine.session(ADA).unwrap()
}

#[test]
fn a_rule_has_versions_and_an_unknown_one_is_refused() {
    let (engine, _) = world();
    let (ada, made) = (ada(&engine), bound(&engine, allow("{}"), at("org:a")));
    let text = format!(r#"{{"rule": "{made}", "effect": "deny", "reason": "too open"}}"#);
    ada.execute(serde_json::from_str::<Update>(&text).unwrap()).unwrap();
    let rule = ada.reading().rule(made).unwrap();
    let history: Vec<(u32, Effect)> = rule.versions.iter().map(|v| (v.version, v.effect)).collect();
    assert_eq!(history, [(1, Effect::Allow), (2, Effect::Deny)]);
    assert_eq!(rule.versions[1].reason.as_deref(), Some("too open"));
    assert_eq!((rule.info.version, rule.info.effect), (2, Effect::Deny));
    assert_eq!(ada.reading().rule(RuleId(999)).unwrap_err().code(), "denied");
    assert_eq!((Effect::Allow.as_str(), Effect::Deny.as_str()), ("allow", "deny"));
    let before = ada.as_of(&Cutoff::Head(1)).unwrap().rule(made).unwrap();
    assert_eq!((before.info.version, before.info.effect), (1, Effect::Allow), "the policy of back then");
}

#[test]
fn rules_are_listed_by_class_and_effect_and_archived_ones_are_not() {
    let (engine, _) = world();
    let ada = ada(&engine);
    let first = bound(&engine, Define::allow_crud("crud", &[], None), at("org:a"));
    let second = bound(&engine, deny(r#"{"action": "delete"}"#).with_priority(5), at("org:a"));
    let list = |filter: RuleFilter| -> Vec<RuleId> {
        ada.reading().rules(&filter, 0, 10).unwrap().into_iter().map(|info| info.rule).collect()
    };
    assert_eq!(list(RuleFilter::default()), [second, first], "by priority");
    assert_eq!(list(RuleFilter { class: Some(Class::Access), ..RuleFilter::default() }), [first]);
    assert_eq!(list(RuleFilter { effect: Some(Effect::Deny), ..RuleFilter::default() }), [second]);
    ada.execute(Archive { rule: second }).unwrap();
    assert_eq!(list(RuleFilter::default()), [first]);
    let gone = ada.reading().rule(second).unwrap();
    assert!(gone.info.archived && gone.info.bindings == 0 && !gone.bound[0].active);
    assert_eq!(ada.execute(Archive { rule: second }).unwrap_err().code(), "archived");
    assert_eq!(
        ada.execute(Bind { binding: None, rule: second, to: at("org:z") }).unwrap_err().code(),
        "archived"
    );
}

#[test]
fn bindings_are_made_listed_and_taken_back_once() {
    let (engine, _) = world();
    let ada = ada(&engine);
    let rule = bound(&engine, allow("{}"), at("org:a"));
    let more = ada.execute(Bind { binding: None, rule, to: at("org:z") }).unwrap();
    let other = bound(&engine, allow(r#"{"action": "read"}"#), at("org:a"));
    let active = |rule| ada.reading().rule(rule).unwrap().info.bindings;
    assert_eq!((active(rule), active(other)), (2, 1), "two bindings for a rule, two rules for a target");
    let unbind = |id| ada.execute(Unbind { binding: BindingId(id) }).map(drop).map_err(|e| e.code());
    assert_eq!(unbind(more.ids[0]), Ok(()));
    assert_eq!(unbind(more.ids[0]), Err("not_bound"));
    assert_eq!(unbind(12_345), Err("denied"));
    assert_eq!(active(rule), 1);
}

#[test]
fn denies_override_and_the_default_is_no() {
    let (engine, _) = world();
    let asked = |action| says(&engine, BO, action, Some(SHARED));
    assert_eq!(asked(Action::Update), (false, 0, 0, 0), "without rules");
    let one = bound(&engine, allow(r#"{"action": "update"}"#), at("org:a/dept:b"));
    assert_eq!(asked(Action::Update), (true, 1, 0, 1));
    assert_eq!(asked(Action::Delete), (false, 0, 0, 0), "another action");
    assert_eq!(says(&engine, BO, Action::Update, Some(PRIVATE)), (false, 0, 0, 0), "another scope");
    bound(&engine, deny(r#"{"action": "update"}"#), Aim::principal(BO));
    assert_eq!(
        asked(Action::Update),
        (false, 2, 1, 1),
        "a deny on the principal beats an allow on the scope"
    );
    assert_eq!(says(&engine, ROBO, Action::Update, Some(SHARED)), (true, 1, 0, 1), "for that principal only");
    bound(&engine, allow("{}"), Aim::object(SHARED));
    bound(&engine, allow("{}"), Aim::object_type("limits"));
    assert_eq!(asked(Action::Update), (false, 4, 1, 3), "three allows and a deny");
    ada(&engine).execute(Archive { rule: one }).unwrap();
    assert_eq!(asked(Action::Update), (false, 3, 1, 2), "archived");
    assert_eq!(says(&engine, BO, Action::Update, Some(BOS)), (false, 2, 1, 1), "an object's rule is its own");
}

#[test]
fn conditions_narrow_and_what_is_missing_never_widens() {
    let (engine, _) = world();
    let kind = bound(&engine, allow(r#"{"principal_kind": "bot"}"#), at("org:a"));
    assert!(says(&engine, ROBO, Action::Update, Some(SHARED)).0);
    assert!(!says(&engine, BO, Action::Update, Some(SHARED)).0);
    ada(&engine).execute(Archive { rule: kind }).unwrap();
    bound(&engine, allow(r#"{"object_type": "limits"}"#), at("org:a"));
    assert!(says(&engine, BO, Action::Update, Some(SHARED)).0);
    assert!(!says(&engine, BO, Action::Update, None).0, "no type, no allow");
    bound(&engine, deny(r#"{"object_type": "poems"}"#), at("org:a"));
    assert_eq!(says(&engine, BO, Action::Update, None), (false, 1, 1, 0), "no type, but a deny");
}

#[test]
fn ready_made_rules_do_what_they_are_called() {
    let (engine, _) = world();
    bound(&engine, Define::allow_crud("crud", &[], Some("limits")), at("org:a"));
    for action in [Action::Create, Action::Read, Action::Update, Action::Delete] {
        assert!(says(&engine, BO, action, Some(SHARED)).0, "{action}");
    }
    assert!(!says(&engine, BO, Action::Share, Some(SHARED)).0);
    bound(&engine, Define::restrict_kind("bots", "bot", &[Action::Delete]), at("org:a"));
    let delete = |actor| says(&engine, actor, Action::Delete, Some(SHARED)).0;
    assert!(!delete(ROBO) && delete(BO));
    bound(&engine, Define::deny_action("keep", Action::Delete, None), at("org:a"));
    assert!(!delete(BO));
    bound(&engine, Define::deny_sharing("stay"), at("org:a"));
    assert_eq!(says(&engine, BO, Action::Share, Some(SHARED)).2, 1);
}

fn redact(text: &str) -> Redactions {
    serde_json::from_str(text).unwrap()
}

fn put(engine: &Engine, id: u128, object_type: &str, value: Value) -> ObjectId {
    let create = objects::Create::new(object_type, data(value)).with_id(ObjectId(id));
    ada(engine).execute(create.into_scope(path("org:a"), Level::Write)).unwrap().object()
}

#[test]
fn redaction_hides_by_path_and_the_strictest_strategy_wins() {
    let defaults = Redact::default();
    assert_eq!(
        (defaults.strategy, &*defaults.replacement, defaults.mask_char),
        (Strategy::Replace, "[REDACTED]", '*')
    );
    let card = json!("1234567890121111");
    for (how, expected) in [
        (r#"{"strategy": "mask"}"#, json!("****************")),
        (r#"{"strategy": "mask", "visible_chars": 4}"#, json!("************1111")),
        (r#"{"strategy": "mask", "visible_chars": 99}"#, json!("****************")),
        (r#"{"strategy": "mask", "visible_chars": 12, "mask_char": "X"}"#, json!("XXXX567890121111")),
        (r#"{}"#, json!("[REDACTED]")),
        (r#"{"replacement": "gone"}"#, json!("gone")),
        (r#"{"strategy": "omit"}"#, Value::Null),
    ] {
        let (engine, _) = world();
        let rule = Define::redact_for_kind(
            "hide",
            "bot",
            "note",
            redact(&format!(r#"{{"no": {how}, "absent": {{}}}}"#)),
        );
        bound(&engine, rule, at("org:a"));
        let card = put(&engine, 70, "note", json!({ "no": card, "a": 1 }));
        let robo = engine.session(ROBO).unwrap().read(card).unwrap().value().unwrap();
        assert_eq!(robo.get("no").cloned().unwrap_or_default(), expected, "{how}");
        assert_eq!((robo["a"].as_i64(), robo.get("absent")), (Some(1), None));
        let bo = engine.session(BO).unwrap().read(card).unwrap().value().unwrap();
        assert_eq!(bo["no"], "1234567890121111", "another kind of viewer sees it, and the data is untouched");
        let other = put(&engine, 71, "file", json!({ "no": "1" }));
        let seen = engine.session(ROBO).unwrap().read(other).unwrap().value().unwrap();
        assert_eq!(seen["no"], "1", "another type");
    }
}

#[test]
fn redactions_reach_inside_and_add_up_then_and_now() {
    let (engine, _) = world();
    let hide = |text: &str| Define {
        redactions: Some(redact(text)),
        ..Define::new("hide", Class::Redaction, Effect::Deny)
    };
    let note = put(
        &engine,
        70,
        "note",
        json!({ "people": [{ "phone": "123", "name": "A" }, { "phone": "456" }], "x": { "y": "secret" } }),
    );
    let before = engine.history().head();
    let bo = engine.session(BO).unwrap();
    let read = || bo.read(note).unwrap().value().unwrap();
    assert_eq!(read()["people"][0]["phone"], "123");
    let first = bound(
        &engine,
        hide(r#"{"people[*].phone": {"strategy": "mask", "visible_chars": 1}, "x.y": {}}"#),
        at("org:a"),
    );
    assert_eq!(read()["people"], json!([{ "phone": "**3", "name": "A" }, { "phone": "**6" }]));
    assert_eq!(read()["x"]["y"], "[REDACTED]");
    bound(
        &engine,
        hide(r#"{"x.y": {"strategy": "mask"}, "people[*].phone": {"strategy": "omit"}}"#),
        Aim::principal(BO),
    );
    assert_eq!(read()["people"], json!([{ "name": "A" }, {}]), "omit is stricter than mask");
    assert_eq!(read()["x"]["y"], "[REDACTED]", "replace is stricter than mask");
    let then = bo.as_of(&Cutoff::At(before)).unwrap();
    assert_eq!(
        then.read(note).unwrap().value().unwrap()["x"]["y"],
        "[REDACTED]",
        "hidden now is hidden then"
    );
    let hidden = engine.history().head();
    ada(&engine).execute(Archive { rule: first }).unwrap();
    let then = bo.as_of(&Cutoff::At(hidden)).unwrap();
    assert_eq!(then.read(note).unwrap().value().unwrap()["x"]["y"], "[REDACTED]", "hidden then is hidden");
    assert_eq!(read()["x"]["y"], "******", "archived rules hide nothing more");
    let empty = ada(&engine).execute(Define::new("none", Class::Redaction, Effect::Deny)).unwrap_err();
    assert_eq!(empty.code(), "invalid", "a redaction without paths is a mistake");
}

#[test]
fn a_limit_counts_committed_events_in_a_sliding_window() {
    let (engine, door) = world();
    let bo = engine.session(BO).unwrap();
    let rule =
        bound(&engine, Define::limit("five", &[Action::Create, Action::Update], 5, 60), at("org:a/dept:b"));
    let mut next = 100;
    let mut create = |session: &Session, scope: &str| {
        next += 1;
        session
            .execute(object(next, 1, Some(scope), Level::Read))
            .map(drop)
            .map_err(|e| (e.code(), e.to_string()))
    };
    for second in 0..3 {
        door.set(NOON + second * 1_000_000);
        create(&bo, "org:a/dept:b").unwrap();
    }
    let usage = || ada(&engine).reading().rule_usage(rule, BO).unwrap().remove(0);
    assert_eq!(
        (usage().used, usage().remaining, usage().max_count),
        (3, 2, 5),
        "with its projection a creation is one event"
    );
    for _ in 0..2 {
        bo.execute(crate::support::update(SHARED.0, 2)).unwrap();
    }
    let (code, words) = create(&bo, "org:a/dept:b").unwrap_err();
    assert_eq!(code, "rate_limited");
    assert!(words.contains("`five`: 5 of 5 in 60 s; retry after 58.000000 s"), "{words}");
    bo.execute(objects::Tombstone::new(BOS)).expect("other actions are not counted");
    create(&bo, "org:a/dept:c").expect("neither are other scopes");
    create(&engine.session(ROBO).unwrap(), "org:a/dept:b").expect("nor other principals");
    door.set(NOON + 59_999_999);
    create(&bo, "org:a/dept:b").unwrap_err();
    door.set(NOON + 60_000_000);
    create(&bo, "org:a/dept:b").expect("the oldest has left the window, and refusals were not counted");
    create(&bo, "org:a/dept:b").unwrap_err();
    crate::support::digest(&engine);
}

/// Whatever was written to a path that was not there yet met no limit: its scope was made in the same step, and was unknown when
/// limits were asked. With one creation an hour bound to the root, three into three new departments all passed.
#[test]
fn a_limit_holds_for_what_is_written_to_a_path_below_it_that_is_not_there_yet() {
    let (engine, _) = world();
    let (ada, bo) = (ada(&engine), engine.session(BO).unwrap());
    let rule = bound(&engine, Define::limit("one", &[Action::Create], 1, 3_600), at("org:a"));
    let used = || ada.reading().rule_usage(rule, BO).unwrap().remove(0).used;
    let before = used();
    let create =
        |id, scope| bo.execute(object(id, 1, Some(scope), Level::Read)).map(drop).map_err(|e| e.code());
    create(100, "org:a/dept:new").unwrap();
    assert_eq!(used() - before, 1, "counted as it was admitted");
    let content = crate::support::digest(&engine);
    assert_eq!(create(101, "org:a/dept:newer"), Err("rate_limited"));
    assert_eq!(create(102, "org:a/dept:b/team:new"), Err("rate_limited"));
    assert_eq!(create(103, "org:a/dept:new"), Err("rate_limited"), "and the one that is there now");
    assert_eq!(crate::support::digest(&engine), content, "nor is the scope made");

    // The making of scopes is a doing in the scope that is made, hence below whatever is above that.
    let two = Define::limit("two", &[Action::ScopeCreate], 2, 3_600);
    let two = bound(&engine, two, at("org:z"));
    let make = |path, id| ada.execute(scope_at(path, id)).map(drop).map_err(|e| e.code());
    assert_eq!([make("org:z/dept:a", 50), make("org:z/dept:b", 51)], [Ok(()), Ok(())]);
    assert_eq!(make("org:z/dept:c", 52), Err("rate_limited"));
    ada.execute(Archive { rule: two }).unwrap();

    // A condition on the very scope is not one on what is below it: admission and fold agree on both.
    let here = |clause: &str| Define::limit("exact", &[Action::Create], 1, 3_600).when(when(clause));
    let scope = scoped::ScopeId(4);
    let exact = bound(&engine, here(&format!(r#"{{"scope": "{scope}"}}"#)), at("org:z"));
    let within = bound(&engine, here(&format!(r#"{{"within": "{scope}"}}"#)), at("org:z"));
    let make =
        |id, scope| ada.execute(object(id, 1, Some(scope), Level::Read)).map(drop).map_err(|e| e.code());
    let counts = || [exact, within].map(|rule| ada.reading().rule_usage(rule, ADA).unwrap().remove(0).used);
    make(110, "org:z/dept:a").unwrap();
    assert_eq!(counts(), [0, 1]);
    assert_eq!(make(111, "org:z/dept:a/team:new"), Err("rate_limited"));
    ada.execute(Archive { rule: within }).unwrap();
    make(112, "org:z/dept:a/team:new").unwrap();
    make(113, "org:z").unwrap();
    assert_eq!(make(114, "org:z"), Err("rate_limited"));
    crate::support::digest(&engine);
}

/// Said of a test before that only ever created.
#[test]
fn a_limit_without_actions_applies_to_every_action() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    bound(&engine, Define::limit("three", &[], 3, 60), at("org:a/dept:b"));
    bo.execute(object(100, 1, Some("org:a/dept:b"), Level::Write)).unwrap();
    bo.execute(crate::support::update(100, 2)).unwrap();
    bo.execute(objects::Tombstone::new(ObjectId(100))).unwrap();
    let words = |refused: scoped::Result<scoped::Receipt>| refused.unwrap_err().code();
    let restore = objects::Restore::new(ObjectId(100));
    assert_eq!(words(bo.execute(restore)), "rate_limited");
    assert_eq!(words(bo.execute(crate::support::update(SHARED.0, 2))), "rate_limited");
    assert_eq!(words(bo.execute(object(101, 1, Some("org:a/dept:b"), Level::Read))), "rate_limited");
    bo.execute(object(102, 1, Some("org:a/dept:c"), Level::Read)).expect("another scope");
}

#[test]
fn rules_of_other_classes_redact_nothing() {
    let (engine, _) = world();
    let note = put(&engine, 70, "note", json!({ "phone": "123" }));
    let redactions = || Some(redact(r#"{"phone": {}}"#));
    for class in [Class::Access, Class::Visibility, Class::Constraint, Class::Flag] {
        let other = Define { redactions: redactions(), ..Define::new("other", class, Effect::Deny) };
        assert_eq!(ada(&engine).execute(other).unwrap_err().code(), "invalid", "{class:?} hides nothing");
    }
    bound(&engine, Define::allow_crud("crud", &[], None), at("org:a"));
    bound(&engine, Define::flag("phone", true, 100), at("org:a"));
    bound(&engine, Define::quota("phone", None, 70), at("org:a"));
    let read = |session: &Session| session.read(note).unwrap().value().unwrap();
    assert_eq!(read(&engine.session(BO).unwrap()), json!({ "phone": "123" }));
    let hide = Define { redactions: redactions(), ..Define::new("hide", Class::Redaction, Effect::Deny) };
    bound(&engine, hide, at("org:a"));
    assert_eq!(read(&engine.session(BO).unwrap()), json!({ "phone": "[REDACTED]" }), "and this one does");
}

#[test]
fn two_threads_cannot_pass_a_limit_or_a_quota_together() {
    let (engine, _) = world();
    bound(&engine, Define::limit("ten", &[], 10, 3_600), at("org:a/dept:b"));
    bound(&engine, Define::quota("seven", None, 7), at("org:a/dept:c"));
    let done: Vec<(usize, usize)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4u128)
            .map(|worker| {
                let bo = engine.session(BO).unwrap();
                scope.spawn(move || {
                    let make = |nth: u128, into: &str| {
                        bo.execute(object(1_000 + worker * 100 + nth, 1, Some(into), Level::Read)).is_ok()
                    };
                    let limited = (0..10).filter(|nth| make(*nth, "org:a/dept:b")).count();
                    (limited, (50..60).filter(|nth| make(*nth, "org:a/dept:c")).count())
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    assert_eq!(done.iter().map(|(limited, _)| limited).sum::<usize>(), 10);
    assert_eq!(done.iter().map(|(_, made)| made).sum::<usize>(), 7);
    crate::support::digest(&engine);
}

#[test]
fn a_quota_counts_what_is_there_by_type_and_owner() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    let rule = bound(&engine, Define::quota("three", Some("limits"), 3), at("org:a/dept:b"));
    let usage = || ada(&engine).reading().rule_usage(rule, BO).unwrap().remove(0);
    assert_eq!((usage().used, usage().remaining), (2, 1), "what was there before it was bound counts");
    let make = |id: u128| {
        bo.execute(object(id, 1, Some("org:a/dept:b"), Level::Write)).map(drop).map_err(|e| e.code())
    };
    assert_eq!((make(100), make(101)), (Ok(()), Err("quota_exceeded")));
    let other = objects::Create::new("note", data(json!({}))).into_scope(path("org:a/dept:b"), Level::Read);
    bo.execute(other).expect("another type");
    bo.execute(objects::Tombstone::new(ObjectId(100))).unwrap();
    assert_eq!((make(102), usage().used), (Ok(()), 3));
    let back = bo.execute(objects::Restore::new(ObjectId(100))).unwrap_err();
    assert_eq!(back.code(), "quota_exceeded", "coming back counts as well");
    bound(&engine, Define::quota("own", None, 4), Aim::principal(BO));
    assert_eq!(bo.execute(object(200, 1, None, Level::Read)).unwrap_err().code(), "quota_exceeded");
    engine.session(ROBO).unwrap().execute(object(201, 1, None, Level::Read)).expect("another owner");
    let text = r#"{"name": "q", "class": "quota", "effect": "deny", "quota": {"resource": "unicorns", "max_count": 1}}"#;
    assert!(serde_json::from_str::<Define>(text).is_err(), "what cannot be counted is refused");
    let members = Define {
        quota: serde_json::from_str(r#"{"resource": "members", "max_count": 2}"#).unwrap(),
        ..Define::quota("m", None, 0)
    };
    bound(&engine, members, at("org:z"));
    let add = |id| {
        ada(&engine)
            .execute(crate::support::member("org:z", id, scoped::Role::Reader))
            .map_err(|e| e.code())
            .map(drop)
    };
    assert_eq!((add(2), add(3)), (Ok(()), Err("quota_exceeded")), "the owner is the first");
    assert!(matches!(ada(&engine).reading().rule(rule).unwrap().info.does, Content::Quota(_)));
    crate::support::digest(&engine);
}

#[test]
fn the_flag_of_the_highest_priority_decides() {
    let (engine, _) = world();
    let reading = engine.session(BO).unwrap().reading();
    let flag = |name: &str, scope: Option<&str>| {
        let found = reading.flag(name, true, scope.map(path).as_ref()).unwrap();
        (found.enabled, found.rule.is_some(), found.rollout_percentage)
    };
    assert_eq!(flag("unknown", None), (false, false, 0));
    let on = bound(&engine, Define::flag("beta", true, 100), Aim::everywhere());
    assert_eq!(flag("beta", None), (true, true, 100));
    let off = bound(&engine, Define::flag("beta", false, 100).with_priority(10), Aim::everywhere());
    assert!(!flag("beta", None).0, "off at priority 10 beats on at priority 0");
    ada(&engine).execute(Archive { rule: off }).unwrap();
    assert!(flag("beta", None).0, "archived flags are none");
    bound(&engine, Define::flag("local", true, 100), at("org:a/dept:b"));
    assert!(flag("local", Some("org:a/dept:b")).0);
    assert_eq!(flag("local", Some("org:a/dept:c")), (false, false, 0), "another scope");
    assert_eq!(flag("local", None), (false, false, 0), "no scope, no match");
    bound(&engine, Define::flag("none", true, 0), Aim::everywhere());
    bound(&engine, Define::allow_crud("beta", &[], None), Aim::object_type("songs"));
    assert!(!flag("none", None).0);
    let names: Vec<String> = reading.flags(None).unwrap().into_iter().map(|flag| flag.name).collect();
    assert_eq!(names, ["beta", "none"], "each once, and rules of other classes are no flags");
    assert!(ada(&engine).reading().rule(on).is_ok());
}

#[test]
fn a_rollout_is_stable_and_nobody_in_particular_is_out_of_it() {
    let (engine, _) = world();
    bound(&engine, Define::flag("half", true, 50), Aim::everywhere());
    let on = |id: u128| scoped::projections::rules::bucket(PrincipalId(id), "", "half") < 50;
    let hit = (1..=100).filter(|id| on(*id)).count();
    assert!((20..80).contains(&hit), "{hit} of 100 principals");
    for actor in [ADA, BO, ROBO] {
        let reading = engine.session(actor).unwrap().reading();
        for _ in 0..3 {
            assert_eq!(reading.flag("half", true, None).unwrap().enabled, on(actor.0));
        }
        assert!(
            !reading.flag("half", false, None).unwrap().enabled,
            "without a principal: only at 100 percent"
        );
    }
    let salted = |salt: &str| {
        (1..=100u128)
            .map(|id| scoped::projections::rules::bucket(PrincipalId(id), salt, "half"))
            .collect::<Vec<_>>()
    };
    assert_ne!(salted("a"), salted("b"));
}

/// `object_type: ["nosuch"]` was taken without a word, and a mistyped deny did nothing for ever.
#[test]
fn a_rule_that_names_a_type_that_is_not_registered_is_made_with_a_warning() {
    let (engine, _) = world();
    let ada = ada(&engine);
    let warned = |receipt: scoped::Receipt| -> Vec<String> {
        assert!(receipt.warnings.iter().all(|warning| warning.code == "not_registered"), "{receipt:?}");
        receipt.warnings.into_iter().map(|warning| warning.message).collect()
    };
    let text = r#"{"object_type": ["limits", "nosuch"], "not": {"any": [{"object_type": "limit"}, {"object_type": "nosuch"}]}}"#;
    let made = ada.execute(deny(text)).unwrap();
    let rule = RuleId(made.ids[0]);
    let told = warned(made);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("`limit`") && told[1].contains("`nosuch`"), "{told:?}");
    let bind = |rule, to| warned(ada.execute(Bind { binding: None, rule, to }).unwrap());
    assert_eq!(bind(rule, Aim::object_type("limits")), Vec::<String>::new());
    assert_eq!(bind(rule, Aim::object_type("limmits")).len(), 1);
    let update = |text: &str| serde_json::from_str::<Update>(text).unwrap();
    let other = update(&format!(r#"{{"rule": "{rule}", "when": {{"object_type": "nosuch"}}}}"#));
    assert_eq!(warned(ada.execute(other).unwrap()).len(), 1);
    let renamed = update(&format!(r#"{{"rule": "{rule}", "name": "other"}}"#));
    assert_eq!(warned(ada.execute(renamed).unwrap()), Vec::<String>::new(), "what it says is what it said");
    // Once the type is there the same rule speaks.
    engine.register_types(&["nosuch"]).unwrap();
    assert_eq!(warned(ada.execute(deny(r#"{"object_type": "nosuch"}"#)).unwrap()), Vec::<String>::new());
}

/// `effect` and `enabled` could say two things, and which of them held was for the reader to find out.
#[test]
fn a_flag_says_one_thing() {
    let (engine, _) = world();
    for enabled in [true, false] {
        let fine = Define::flag("f", enabled, 100);
        let effect = if enabled { Effect::Deny } else { Effect::Allow };
        let refused = ada(&engine).execute(Define { effect, ..fine.clone() }).unwrap_err();
        assert_eq!(refused.code(), "invalid");
        let rule = RuleId(ada(&engine).execute(fine).unwrap().ids[0]);
        let text = format!(r#"{{"rule": "{rule}", "effect": "{effect}"}}"#);
        let update: Update = serde_json::from_str(&text).unwrap();
        assert_eq!(ada(&engine).execute(update).unwrap_err().code(), "invalid");
    }
}
