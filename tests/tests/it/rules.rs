//! Rules as they take part in decisions: they narrow, whoever asks, on every way.

use crate::support::{by_hand, data, digest, member, object, path, principal, scope_at, update};
use scoped::projections::rules::{Class, Clause};
use scoped::rules::{Aim, Archive, Bind, Define, Unbind};
use scoped::temporal::{Cutoff, Selection};
use scoped::{
    Action, Batch, Capability, Effect, Engine, Level, ManualDoor, ObjectId, Policy, PrincipalId, Role, Rule,
    RuleId, Session, Target, objects, sharing, tenancy,
};
use std::sync::Arc;

pub(crate) const ADA: PrincipalId = PrincipalId(1);
pub(crate) const BO: PrincipalId = PrincipalId(2);
/// A bot, writer of `org:a`.
pub(crate) const ROBO: PrincipalId = PrincipalId(3);
/// Owned by Ada, in `org:a/dept:b`.
pub(crate) const SHARED: ObjectId = ObjectId(10);
/// Owned by Bo, in `org:a/dept:b`.
pub(crate) const BOS: ObjectId = ObjectId(11);
/// Owned by Bo, private.
pub(crate) const PRIVATE: ObjectId = ObjectId(12);

/// `org:a` with two departments; Ada owns it, Bo and a bot write there.
pub(crate) fn world() -> (Engine, Arc<ManualDoor>) {
    let (engine, door) = by_hand(5);
    let mut batch = Batch::new().with(ADA, principal(2));
    let bot = scoped::identity::CreatePrincipal { kind: "bot".into(), ..principal(3) };
    batch.push(ADA, bot);
    for (path, id) in [("org:a", 1), ("org:a/dept:b", 2), ("org:a/dept:c", 3), ("org:z", 4)] {
        batch.push(ADA, scope_at(path, id));
    }
    for id in [2, 3] {
        batch.push(ADA, member("org:a", id, Role::Writer));
    }
    batch.push(ADA, object(SHARED.0, 1, Some("org:a/dept:b"), Level::Admin));
    batch.push(BO, object(BOS.0, 1, Some("org:a/dept:b"), Level::Admin));
    batch.push(BO, object(PRIVATE.0, 1, None, Level::Read));
    engine.execute(batch).unwrap();
    (engine, door)
}

pub(crate) fn when(text: &str) -> Clause {
    serde_json::from_str(text).unwrap()
}

/// Defines a rule and binds it, as Ada, who is an operator as well.
#[track_caller]
pub(crate) fn bound(engine: &Engine, rule: Define, to: Aim) -> RuleId {
    let ada = engine.session(ADA).unwrap();
    let made = RuleId(ada.execute(rule).unwrap().ids[0]);
    ada.execute(Bind { binding: None, rule: made, to }).unwrap();
    made
}

pub(crate) fn at(text: &str) -> Aim {
    Aim::scope(path(text))
}

fn deny(text: &str) -> Define {
    Define::new("no", Class::Constraint, Effect::Deny).when(when(text))
}

fn allow(text: &str) -> Define {
    Define::new("yes", Class::Access, Effect::Allow).when(when(text))
}

fn reads(session: &Session, object: ObjectId) -> bool {
    session.read(object).is_ok()
}

fn writes(session: &Session, object: ObjectId) -> bool {
    session.execute(update(object.0, 9)).is_ok()
}

/// Each denial by itself, bound to `org:a`: may Bo read what is shared, may the bot? Once it is archived both may again.
pub(crate) fn deny_apart(engine: &Engine, deny: fn(&str) -> Define, cases: &[(&str, bool, bool)]) {
    let (bo, robo) = (engine.session(BO).unwrap(), engine.session(ROBO).unwrap());
    for (text, for_bo, for_robo) in cases {
        let rule = bound(engine, deny(text), at("org:a"));
        assert_eq!((reads(&bo, SHARED), reads(&robo, SHARED)), (*for_bo, *for_robo), "{text}");
        engine.session(ADA).unwrap().execute(Archive { rule }).unwrap();
        assert!(reads(&bo, SHARED) && reads(&robo, SHARED), "archived: {text}");
    }
}

#[test]
fn a_deny_reaches_down_the_tree_past_cuts_and_to_owners() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    assert!(writes(&bo, SHARED) && writes(&bo, BOS) && writes(&bo, PRIVATE));
    bound(&engine, deny(r#"{"action": "update"}"#), at("org:a"));
    assert!(!writes(&bo, SHARED) && !writes(&bo, BOS), "his own, too, as long as it is there");
    assert!(reads(&bo, SHARED) && writes(&bo, PRIVATE));
    let ada = engine.session(ADA).unwrap();
    ada.execute(sharing::Revoke { object: BOS, scope: path("org:a/dept:b") }).unwrap();
    assert!(writes(&bo, BOS), "out of the scope, out of its rules");
    digest(&engine);
}

#[test]
fn rules_narrow_and_never_grant() {
    let (engine, _) = world();
    bound(&engine, Define::allow_crud("all", &[], None), Aim::everywhere());
    let bo = engine.session(BO).unwrap();
    let ada = engine.session(ADA).unwrap();
    assert!(!reads(&ada, PRIVATE), "an allow opens nothing that tenancy keeps closed");
    assert!(reads(&bo, SHARED) && writes(&bo, SHARED));
}

#[test]
fn where_rules_govern_only_what_one_of_them_allows_is_left() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    bound(&engine, allow(r#"{"action": "read"}"#), at("org:a/dept:b"));
    assert!(reads(&bo, SHARED) && !writes(&bo, SHARED), "governed: update is allowed by no rule");
    assert!(writes(&bo, BOS), "the owner is not governed by scopes that it is shared into");
    let create =
        |scope| bo.execute(object(500 + u128::from(scope == "org:a/dept:c"), 1, Some(scope), Level::Read));
    assert_eq!(create("org:a/dept:b").unwrap_err().code(), "denied");
    create("org:a/dept:c").unwrap();
    bound(&engine, allow(r#"{"action": ["update", "create"], "object_type": "limits"}"#), at("org:a"));
    assert!(writes(&bo, SHARED), "an allow further up counts as well");
    create("org:a/dept:b").unwrap();
    bound(&engine, allow(r#"{"action": "read"}"#), Aim::object_type("limits"));
    assert!(!writes(&bo, PRIVATE), "a type governs everywhere, owners included");
}

#[test]
fn a_scope_that_rules_open_for_one_type_can_still_be_listed() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    let list = || bo.reading().objects(&path("org:a/dept:b"), scoped::View::Granular).unwrap().len();
    assert_eq!(list(), 2);
    bound(&engine, allow(r#"{"action": "read", "object_type": "poems"}"#), at("org:a/dept:b"));
    assert_eq!(list(), 1, "each object is asked about by itself: his own is left");
    bound(&engine, deny(r#"{"action": "read", "object_type": "limits"}"#), at("org:a/dept:c"));
    assert!(bo.reading().objects(&path("org:a/dept:c"), scoped::View::Granular).is_ok());
}

/// Once an allow for one type of objects in a scope, for one principal, closed the list of that scope to everybody else, with all that is in
/// it of other types: the binding was said to govern the list. Without the scope in the binding it did not.
#[test]
fn a_rule_about_some_objects_of_a_scope_closes_no_list_of_it() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    let list = || bo.reading().objects(&path("org:a/dept:b"), scoped::View::Granular).map(|list| list.len());
    let only_robo = r#"{"principal": "00000000000000000000000003"}"#;
    let to = Aim { object_type: Some("note".into()), ..at("org:a/dept:b") };
    bound(&engine, allow(only_robo), to);
    assert_eq!(list().unwrap(), 2, "no note is among them");
    let to = Aim { object: Some(SHARED), ..at("org:a/dept:b") };
    bound(&engine, allow(only_robo), to);
    assert_eq!(list().unwrap(), 1, "that one alone is governed");
}

/// Once whoever audits a scope saw in `raw` the events of a record that rules keep from them, as soon as it was tombstoned: the
/// tombstone was said before the rules that govern were heard.
#[test]
fn what_rules_keep_from_an_auditor_they_keep_when_it_is_tombstoned() {
    let (engine, _) = world();
    let (ada, bo) = (engine.session(ADA).unwrap(), engine.session(BO).unwrap());
    let admin =
        tenancy::ChangeMember { scope: path("org:a"), principal: BO, role: Role::Admin, expires_at: None };
    ada.execute(admin).unwrap();
    let events = || {
        let raw = scoped::Recall::from(path("org:a/dept:b")).view(scoped::View::Raw);
        let of_shared = |item: &&scoped::ViewItem| matches!(item, scoped::ViewItem::Event(event) if event.object_id == SHARED);
        bo.reading().layer(&raw).unwrap().items.iter().filter(of_shared).count()
    };
    assert_eq!(events(), 2, "made and projected");
    bound(&engine, allow(r#"{"principal": "00000000000000000000000001"}"#), Aim::object(SHARED));
    assert_eq!(events(), 0);
    ada.execute(objects::Tombstone::new(SHARED)).unwrap();
    assert_eq!(events(), 0, "nor afterwards");
    let target = |moment: &scoped::Moment<'_>| moment.object_target(SHARED);
    let rule = engine.read(|moment| moment.can(BO, Capability::ReadLocal, target(&moment)).rule);
    assert!(matches!(rule, Rule::Governed { .. }), "{rule:?}");
}

/// Once a member of an ancestor reached up less far than a stranger: to the member the ancestor was closed because rules govern
/// reading there and none allows it, to the stranger it was not, since nothing allowed it anyway.
#[test]
fn a_member_of_an_ancestor_reaches_up_as_far_as_a_stranger() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    bo.execute(object(50, 1, Some("org:a"), Level::Read)).unwrap();
    bound(&engine, allow(r#"{"not": {"scope": "00000000000000000000000001"}}"#), at("org:a"));
    let up = scoped::Recall::from(path("org:a/dept:b")).view(scoped::View::Holistic);
    let page = bo.reading().recall(&up).unwrap();
    assert!(page.records().any(|record| record.object_id == ObjectId(50)), "his own, which no scope governs");
    assert!(page.omitted.is_empty(), "no rule denies: {:?}", page.omitted);
}

#[test]
fn the_engine_fills_in_who_asks_and_what_about() {
    let (engine, _) = world();
    let cases = [
        (r#"{"principal_kind": "bot"}"#, true, false),
        (r#"{"principal": "00000000000000000000000003"}"#, true, false),
        (r#"{"not": {"principal": "00000000000000000000000003"}}"#, false, true),
        (r#"{"role": "reader"}"#, false, false),
        (r#"{"role": "admin"}"#, true, true),
        (r#"{"relation": "member"}"#, false, false),
        (r#"{"relation": ["owner", "outsider"]}"#, true, true),
        (r#"{"object_type": ["poems", "songs"]}"#, true, true),
        (r#"{"object_type": "limits"}"#, false, false),
        (r#"{"object": "0000000000000000000000000A"}"#, false, false),
        (r#"{"scope": "00000000000000000000000001"}"#, true, true),
        (r#"{"within": "00000000000000000000000001"}"#, false, false),
        (r#"{"time": {"weekdays": ["sun"]}}"#, false, false),
        (r#"{"time": {"weekdays": ["mon"], "from": "08:00"}}"#, true, true),
        (r#"{"any": [{"principal_kind": "bot"}, {"object_type": "poems"}]}"#, true, false),
        (r#"{"all": [{"principal_kind": "bot"}, {"object_type": "poems"}]}"#, true, true),
        // Nobody says in which environment this is: a deny holds then.
        (r#"{"environment": "staging"}"#, false, false),
        (r#"{"classification": "secret"}"#, false, false),
        (r#"{"cel": "true"}"#, false, false),
    ];
    deny_apart(&engine, deny, &cases);
}

#[test]
fn rules_that_look_at_data_hear_what_is_there_and_what_would_be() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    bound(&engine, deny(r#"{"data": {"path": "cpu", "gt": 5}}"#), at("org:a"));
    assert!(reads(&bo, SHARED));
    let write = |cpu| bo.execute(update(SHARED.0, cpu)).map(drop).map_err(|e| e.code());
    assert_eq!((write(4), write(6)), (Ok(()), Err("denied")), "what would be written is looked at");
    engine.session(ADA).unwrap().execute(update(SHARED.0, 4)).unwrap();
    let gone = bo.execute(objects::Tombstone::new(SHARED)).unwrap_err();
    assert_eq!(gone.code(), "denied", "nothing says what the data is: the deny holds");
    let missing = objects::Update::new(SHARED, data(serde_json::json!({ "ram": 1 })));
    assert_eq!(bo.execute(missing).unwrap_err().code(), "denied", "a field that is missing as well");
}

#[test]
fn several_targets_of_one_binding_must_all_hold_and_several_bindings_are_alternatives() {
    let (engine, _) = world();
    let (bo, robo) = (engine.session(BO).unwrap(), engine.session(ROBO).unwrap());
    let both = Aim { principal: Some(ROBO), ..at("org:a/dept:b") };
    let rule = bound(&engine, deny(r#"{"action": "read"}"#), both);
    assert!(reads(&bo, SHARED) && !reads(&robo, SHARED));
    let ada = engine.session(ADA).unwrap();
    let more = ada.execute(Bind { binding: None, rule, to: Aim::principal(BO) }).unwrap();
    assert!(!reads(&bo, SHARED) && !reads(&bo, PRIVATE));
    ada.execute(Unbind { binding: scoped::BindingId(more.ids[0]) }).unwrap();
    assert!(reads(&bo, SHARED) && reads(&bo, PRIVATE) && !reads(&robo, SHARED));
}

#[test]
fn no_rule_locks_rule_administration_out() {
    let (engine, _) = world();
    let ada = engine.session(ADA).unwrap();
    let word = ada.execute(deny(r#"{"action": "rule_change"}"#)).unwrap_err();
    assert_eq!(word.code(), "invalid");
    let rule = bound(&engine, deny("{}"), Aim::everywhere());
    assert!(!reads(&ada, SHARED) && ada.execute(member("org:a", 9, Role::Reader)).is_err());
    ada.execute(principal(77)).expect("what belongs to no scope is no rule's business");
    ada.execute(Archive { rule }).unwrap();
    assert!(reads(&ada, SHARED));
}

#[test]
fn whoever_binds_a_rule_answers_for_what_it_is_bound_to() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    let rule = RuleId(bo.execute(deny(r#"{"action": "update"}"#)).unwrap().ids[0]);
    let bind = |to| bo.execute(Bind { binding: None, rule, to }).map(drop).map_err(|e| e.code());
    for to in [
        Aim::everywhere(),
        at("org:a"),
        Aim::principal(ROBO),
        Aim::object_type("limits"),
        Aim::object(SHARED),
    ] {
        assert_eq!(bind(to.clone()), Err("denied"), "{to:?}");
    }
    assert_eq!(bind(Aim::object(BOS)), Ok(()), "of an object its owner");
    assert!(!writes(&bo, BOS));
    let defined = bo.execute(deny("{}").at_home_in(path("org:a"))).unwrap_err();
    assert_eq!(defined.code(), "denied", "a writer manages no rules");
    // Who manages a scope's rules may take off what is bound there, whosever rule it is.
    let theirs = bound(&engine, deny(r#"{"action": "delete"}"#), at("org:a/dept:b"));
    let ada = engine.session(ADA).unwrap();
    ada.execute(member("org:a/dept:c", 3, Role::Admin)).unwrap();
    let robo = engine.session(ROBO).unwrap();
    let to = at("org:a/dept:c");
    assert_eq!(
        robo.execute(Bind { binding: None, rule: theirs, to: to.clone() }).unwrap_err().code(),
        "denied"
    );
    let bound = ada.execute(Bind { binding: None, rule: theirs, to }).unwrap();
    robo.execute(Unbind { binding: scoped::BindingId(bound.ids[0]) }).unwrap();
}

#[test]
fn contradictions_and_mistakes_are_refused_when_they_are_made() {
    let (engine, _) = world();
    let ada = engine.session(ADA).unwrap();
    bound(&engine, allow(r#"{"action": "read"}"#), at("org:a"));
    let opposite = Define::new("opposite", Class::Access, Effect::Deny).when(when(r#"{"action": "read"}"#));
    let rule = RuleId(ada.execute(opposite).unwrap().ids[0]);
    let bind = |to| ada.execute(Bind { binding: None, rule, to }).map(drop).map_err(|e| e.code());
    assert_eq!(bind(at("org:a")), Err("rule_conflict"));
    assert_eq!(bind(at("org:a/dept:b")), Ok(()), "further down it is an exception, no contradiction");
    assert_eq!(bind(at("org:a/dept:b")), Err("exists"));
    for text in [
        r#"{"action": []}"#,
        r#"{"action": "membership_change"}"#,
        r#"{"object_type": [""]}"#,
        r#"{"data": {"path": "x"}}"#,
        r#"{"time": {}}"#,
        r#"{"time": {"from": "10:00", "to": "10:00"}}"#,
        r#"{"any": []}"#,
        r#"{"cel": " "}"#,
    ] {
        assert_eq!(ada.execute(allow(text)).unwrap_err().code(), "invalid", "{text}");
    }
    for text in [
        r#"{"colour": "red"}"#,
        r#"{"action": null}"#,
        r#"{"action": "dance"}"#,
        r#"{"time": {"from": "25:00"}}"#,
    ] {
        assert!(serde_json::from_str::<Clause>(text).is_err(), "{text}");
    }
    let deep = format!("{}{}{}", r#"{"not":"#.repeat(9), "{}", "}".repeat(9));
    assert_eq!(ada.execute(allow(&deep)).unwrap_err().code(), "invalid");
}

#[test]
fn a_decision_names_the_rule_its_version_and_the_binding() {
    let (engine, _) = world();
    let rule = bound(&engine, deny(r#"{"action": "update", "principal_kind": "bot"}"#), at("org:a"));
    engine.read(|moment| {
        let target = moment.object_target(SHARED);
        let denied = moment.can(ROBO, Capability::Write, target);
        let Rule::Policy { rule: named, version, .. } = denied.rule else { panic!("{denied:?}") };
        assert_eq!((named, version, denied.allowed), (rule, 1, false));
        assert!(moment.reason(&denied).contains("rule `no` version 1"), "{}", moment.reason(&denied));
        let (allowed, seen) = moment.explain(BO, Capability::Write, target);
        assert!(allowed.allowed);
        let looked_at = seen.iter().find(|seen| matches!(seen.rule, Rule::Policy { .. })).unwrap();
        assert!(!looked_at.counted && looked_at.why.contains("do not hold"));
        assert_eq!(moment.can(BO, Capability::Write, Target::Nothing).rule, Rule::Nothing);
    });
}

/// A log may hold a rule that this build cannot look into: it denies, whatever it says.
#[cfg(not(feature = "cel"))]
#[test]
fn a_condition_in_cel_denies_in_a_build_without_it_and_the_reason_names_the_feature() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    for rule in [deny(r#"{"cel": "false"}"#), allow(r#"{"cel": "true"}"#)] {
        let rule = bound(&engine, rule, at("org:a"));
        assert!(!reads(&bo, SHARED));
        engine.read(|moment| {
            let (_, seen) = moment.explain(BO, Capability::ReadLocal, moment.object_target(SHARED));
            assert!(seen.iter().any(|one| one.why.contains("without the feature `cel`")), "{seen:?}");
        });
        engine.session(ADA).unwrap().execute(Archive { rule }).unwrap();
    }
    assert!(reads(&bo, SHARED));
}

#[test]
fn the_policy_of_back_then_is_read_by_replay_and_what_is_denied_now_stays_hidden() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    let before = engine.history().head();
    let rule = bound(&engine, deny(r#"{"action": "read"}"#), at("org:a/dept:b"));
    let then = bo.as_of(&Cutoff::At(before)).unwrap();
    assert_eq!(then.read(SHARED).unwrap_err().code(), "denied", "history is no way round a rule");
    let past = engine.as_of(&Cutoff::At(before)).unwrap();
    let moment = past.moment();
    assert!(moment.can(BO, Capability::ReadLocal, moment.object_target(SHARED)).allowed);
    engine.session(ADA).unwrap().execute(Archive { rule }).unwrap();
    let held = bo.as_of(&Cutoff::Head(1)).unwrap();
    assert_eq!(held.read(SHARED).unwrap_err().code(), "denied", "denied then");
}

#[test]
fn a_rollback_brings_rules_and_bindings_back() {
    let (engine, _) = world();
    let ada = engine.session(ADA).unwrap();
    let old = bound(&engine, deny(r#"{"action": "update"}"#), at("org:a/dept:b"));
    let (then, content) = (engine.history().head(), engine.read(|moment| moment.world().content_digest()));
    ada.execute(Archive { rule: old }).unwrap();
    let new = bound(&engine, deny(r#"{"action": "read"}"#), at("org:a/dept:b"));
    let bo = engine.session(BO).unwrap();
    assert!(!reads(&bo, SHARED) && writes(&bo, SHARED) || !reads(&bo, SHARED));
    ada.rollback(&Cutoff::At(then), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert!(reads(&bo, SHARED) && !writes(&bo, SHARED));
    engine.read(|moment| {
        let rules = moment.world().rules();
        assert!(!rules.get(old).unwrap().archived && rules.get(new).unwrap().archived);
        assert_ne!(moment.world().content_digest(), content, "the new rule stays, archived");
    });
    digest(&engine);
}

#[test]
fn searching_for_an_action_of_every_capability_is_never_about_rules_themselves() {
    assert_eq!(Action::of(Capability::RulesManage), Action::Rules);
    assert!(!scoped::projections::rules::Actions::any().contains(Action::Rules));
    let deny: tenancy::AddAclEntry = tenancy::AddAclEntry::new(
        path("org:a"),
        Effect::Deny,
        scoped::Subject::Any,
        "scope.rules.manage".parse().unwrap(),
    );
    let (engine, _) = world();
    let ada = engine.session(ADA).unwrap();
    ada.execute(deny).unwrap();
    let refused = ada.execute(Define::new("x", Class::Access, Effect::Deny).at_home_in(path("org:a")));
    assert_eq!(refused.unwrap_err().code(), "denied", "access control lists speak about it all the same");
}
