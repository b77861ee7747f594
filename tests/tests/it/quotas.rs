//! Quotas of rules: whatever brings something about, the counters say what somebody who counts anew would say.

use crate::rules::{ADA, BO, ROBO, at, bound, world};
use crate::support::{by_hand, data, digest, member, object, path, principal, scope_at};
use proptest::prelude::*;
use scoped::contracts::{FieldSpec, FieldType};
use scoped::projections::rules::{Class, Quota, Resource};
use scoped::projections::tenancy::Tenancy;
use scoped::rules::{Aim, Archive, Bind, Define, Rebind, Unbind, Update};
use scoped::temporal::{Cutoff, Selection};
use scoped::tenancy::{Children, CreateScope, DeleteScope, MoveScope, Records, ReopenScope};
use scoped::{
    Batch, BindingId, Command, ContractId, Effect, Engine, Level, ObjectId, Policy, PrincipalId, Role,
    RuleId, ScopeId, TemplateId, config, contracts, objects, templates, tenancy,
};
use serde_json::json;

/// A quota on something else than objects.
fn quota(resource: Resource, max_count: u64) -> Define {
    let quota = Some(Quota { resource, max_count });
    Define { quota, ..Define::new("so many", Class::Quota, Effect::Deny) }
}

fn code(done: Result<scoped::Receipt, scoped::Error>) -> &'static str {
    done.map_or_else(|error| error.code(), |_| "fine")
}

fn does(engine: &Engine, who: PrincipalId, command: impl Into<Command>) -> &'static str {
    code(engine.session(who).unwrap().execute(command))
}

fn give(object: u128, to: PrincipalId) -> objects::Transfer {
    objects::Transfer { object: ObjectId(object), to, reason: None, expected_version: None }
}

/// Once a quota on what somebody owns was asked when they made something, and never when they were given it.
#[test]
fn what_is_handed_over_counts_for_whoever_gets_it() {
    let (engine, _) = world();
    for id in 100..102 {
        assert_eq!(does(&engine, BO, object(id, 1, None, Level::Read)), "fine");
    }
    let rule = bound(&engine, Define::quota("two", None, 2), Aim::principal(ADA));
    let used = || engine.read(|moment| moment.rule_usage(rule, ADA)[0].used);
    assert_eq!((used(), does(&engine, BO, give(100, ADA))), (1, "fine"));
    assert_eq!((used(), does(&engine, BO, give(101, ADA))), (2, "quota_exceeded"));
    assert_eq!(does(&engine, ADA, give(100, BO)), "fine");
    assert_eq!((used(), does(&engine, BO, give(101, ADA))), (1, "fine"));
    // What stays in its scope adds nothing to it.
    bound(&engine, Define::quota("full", None, 2), at("org:a/dept:b"));
    assert_eq!(does(&engine, BO, give(11, ROBO)), "fine");
    digest(&engine);
}

/// A quota that is bound to a group holds for each member apart, and `rule_usage` told what the group itself owned: nothing, mostly.
#[test]
fn a_quota_of_a_group_is_told_as_it_holds_for_each_member() {
    use scoped::identity::AddRelationship;
    let (engine, _) = world();
    let group = PrincipalId(9);
    assert_eq!(does(&engine, ADA, principal(9)), "fine");
    assert_eq!(does(&engine, ADA, AddRelationship::member(group, BO)), "fine");
    let rule = bound(&engine, Define::quota("three", None, 3), Aim::principal(group));
    let used = |whose| engine.read(|moment| moment.rule_usage(rule, whose)[0].clone());
    assert_eq!((used(BO).used, used(BO).remaining), (2, 1));
    assert_eq!(does(&engine, BO, object(100, 1, None, Level::Read)), "fine");
    assert_eq!((used(BO).used, used(BO).remaining), (3, 0));
    assert_eq!(does(&engine, BO, object(101, 1, None, Level::Read)), "quota_exceeded");
    assert_eq!((used(group).used, used(ADA).used), (0, 0), "the group itself, for those it is not about");
}

/// Once a full scope could be filled further by moving scopes below it, and what had moved counted where it had been.
#[test]
fn what_moves_counts_where_it_goes_and_no_longer_where_it_was() {
    let (engine, _) = world();
    let ada = engine.session(ADA).unwrap();
    for (id, parent) in [(20, 2), (21, 20), (22, 3)] {
        let made = CreateScope { scope: Some(ScopeId(id)), ..CreateScope::flat(format!("f{id}")) };
        ada.execute(made.below(ScopeId(parent))).unwrap();
    }
    for id in 100..103 {
        let into = objects::Create {
            object: Some(ObjectId(id)),
            object_type: "limits".into(),
            data: data(json!({})),
            scope: Some(ScopeId(21).into()),
            level: Level::Read,
            reason: None,
            subject: None,
        };
        ada.execute(into).unwrap();
    }
    let there = bound(&engine, Define::quota("there", None, 2), at("org:a/dept:c"));
    let here = bound(&engine, Define::quota("here", None, 9), at("org:a/dept:b"));
    let all = bound(&engine, Define::quota("all", None, 5), at("org:a"));
    let own = Aim { principal: Some(ADA), ..at("org:a/dept:c") };
    let owned = bound(&engine, Define::quota("owned", None, 9), own);
    let used = |rule: RuleId| engine.read(|moment| moment.rule_usage(rule, ADA)[0].used);
    let to = |scope: u128, parent: u128| MoveScope {
        scope: ScopeId(scope).into(),
        parent: ScopeId(parent).into(),
    };
    assert_eq!((used(here), used(there), used(all), used(owned)), (5, 0, 5, 0));
    assert_eq!(does(&engine, ADA, to(20, 3)), "quota_exceeded", "three do not fit where two may be");
    let text = format!(r#"{{"rule": "{there}", "quota": {{"max_count": 3}}}}"#);
    ada.execute(serde_json::from_str::<Update>(&text).unwrap()).unwrap();
    let before = engine.history().head();
    assert_eq!(does(&engine, ADA, to(20, 3)), "fine", "the full scope above both gets no more by it");
    assert_eq!((used(here), used(there), used(all), used(owned)), (2, 3, 5, 3));
    ada.rollback(&Cutoff::At(before), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!((used(here), used(there), used(all), used(owned)), (5, 0, 5, 0));
    // The scopes themselves: 22 is there, 20 and what is below it would make three.
    bound(&engine, quota(Resource::Scopes, 2), at("org:a/dept:c"));
    assert_eq!(does(&engine, ADA, to(20, 3)), "quota_exceeded");
    digest(&engine);
}

/// Once a rollback could put more rules in force than there may be: coming back was no growth.
#[test]
fn what_comes_back_counts_like_what_is_new() {
    let (engine, _) = world();
    let ada = engine.session(ADA).unwrap();
    let local = |name: &str| Define::new(name, Class::Access, Effect::Deny).at_home_in(path("org:a/dept:b"));
    let made = |define: Define| RuleId(ada.execute(define).unwrap().ids[0]);
    let (first, _) = (made(local("first")), made(local("second")));
    let limit = bound(&engine, quota(Resource::Rules, 2), at("org:a/dept:b"));
    assert_eq!(code(ada.execute(local("third"))), "quota_exceeded");
    ada.execute(Archive { rule: first }).unwrap();
    ada.execute(local("third")).unwrap();
    assert_eq!(code(ada.execute(scoped::rules::Unarchive { rule: first })), "quota_exceeded");
    ada.execute(Archive { rule: limit }).unwrap();
    ada.execute(scoped::rules::Unarchive { rule: first }).unwrap();
    // A scope that is deleted and comes back, with what was in it.
    let delete = DeleteScope::new(path("org:a/dept:c")).records(Records::Forget);
    let into = |id: u128| object(id, 1, Some("org:a/dept:c"), Level::Read);
    ada.execute(into(100)).unwrap();
    ada.execute(delete).unwrap();
    bound(&engine, Define::quota("three", None, 3), at("org:a"));
    bound(&engine, quota(Resource::Scopes, 1), at("org:a"));
    ada.execute(object(101, 1, Some("org:a/dept:b"), Level::Read)).unwrap();
    let reopen = || ReopenScope { scope: path("org:a/dept:c") };
    assert_eq!(code(ada.execute(reopen())), "quota_exceeded");
    engine.read(|moment| assert!(moment.world().objects().get(ObjectId(100)).unwrap().tombstoned));
    digest(&engine);
}

/// Once such quotas were refused when they were defined, since nothing counted what they are about.
#[test]
fn contracts_templates_and_settings_are_counted_like_everything_else() {
    let (engine, _) = world();
    let ada = engine.session(ADA).unwrap();
    let here = || path("org:a/dept:b");
    let schema = || json!({ "n": 1 }).as_object().unwrap().clone();
    let contract = |id: u128, object_type: &str| {
        let fields = vec![FieldSpec::new("n", FieldType::Integer)];
        contracts::Create::new(format!("c{id}"), object_type, fields).with_id(ContractId(id)).in_scope(here())
    };
    let template = |id: u128| {
        templates::Create::new(format!("t{id}"), "x", schema()).with_id(TemplateId(id)).in_scope(here())
    };
    let set = |key: &str| config::Set::new(here(), key, 1);
    for resource in [Resource::Contracts, Resource::Templates, Resource::Settings] {
        bound(&engine, quota(resource, 2), at("org:a"));
    }
    let done = |command: Command| code(ada.execute(command));
    let made = [done(contract(1, "thing").into()), done(contract(2, "blob").into())];
    assert_eq!((made, done(contract(3, "note").into())), (["fine"; 2], "quota_exceeded"));
    assert_eq!(done(contracts::Archive { contract: ContractId(1) }.into()), "fine");
    assert_eq!(done(contract(3, "note").into()), "fine", "an archived one counts no more");
    assert_eq!(done(contracts::Unarchive { contract: ContractId(1) }.into()), "quota_exceeded");
    let made = [done(template(1).into()), done(template(2).into())];
    assert_eq!((made, done(template(3).into())), (["fine"; 2], "quota_exceeded"));
    assert_eq!(done(templates::Archive { template: TemplateId(1) }.into()), "fine");
    assert_eq!(done(template(3).into()), "fine");
    assert_eq!(done(templates::Reopen { template: TemplateId(1) }.into()), "quota_exceeded");
    assert_eq!(
        [done(set("a").into()), done(set("b").into()), done(set("c").into()), done(set("b").into())],
        ["fine", "fine", "quota_exceeded", "fine"],
        "another value for a key is no more of them"
    );
    assert_eq!(done(config::Delete { scope: here(), key: "a".into() }.into()), "fine");
    assert_eq!(done(set("c").into()), "fine");
    assert_eq!(done(set("a").into()), "quota_exceeded", "a key that had a value once is new again");
    // Somewhere else there is room, and together in one batch there is not more of it.
    let elsewhere = |key: &str| config::Set::new(path("org:z"), key, 1);
    bound(&engine, quota(Resource::Settings, 1), at("org:z"));
    let both = Batch::new().with(ADA, elsewhere("a")).with(ADA, elsewhere("b"));
    assert_eq!(code(engine.execute(both)), "quota_exceeded");
    digest(&engine);
}

/// Flat scopes of the histories, and the paths that they stand below.
const FLAT: [u128; 3] = [20, 21, 22];
const PLACES: [u128; 6] = [1, 2, 3, 20, 21, 22];
const TYPES: [&str; 2] = ["limits", "note"];

fn aims() -> Vec<Aim> {
    let scope = |id: u128| Aim::scope(ScopeId(id));
    vec![
        Aim::everywhere(),
        scope(1),
        scope(2),
        scope(3),
        scope(20),
        Aim::object_type("note"),
        Aim { object_type: Some("limits".into()), ..scope(2) },
        Aim::principal(BO),
        Aim { principal: Some(BO), ..scope(3) },
    ]
}

/// Is this scope that one, or below it? Walked by parents.
fn inside(tenancy: &Tenancy, scope: u32, above: ScopeId) -> bool {
    let mut at = tenancy.at(scope);
    while let Some(node) = at {
        if node.id == above {
            return true;
        }
        at = tenancy.at(node.parent);
    }
    false
}

/// Counts everything anew, for each binding of each rule, and asks for the same.
fn check(engine: &Engine, rules: &[RuleId]) {
    engine.read(|moment| {
        let world = moment.world();
        for rule in rules {
            let (row, found) = world.rules().row(*rule).zip(world.rules().get(*rule)).unwrap();
            let when = &world.rules().current(found).unwrap().body.when.object_type;
            let usage = moment.rule_usage(*rule, BO);
            for (_, binding) in world.rules().bindings_of(row).filter(|(_, b)| world.rules().is_active(b)) {
                let to = &binding.targets;
                let counts = |object: &&scoped::projections::objects::Object| {
                    let object_type = world.objects().object_type(object);
                    !object.tombstoned
                        && to.object_type.as_ref().is_none_or(|wanted| wanted == object_type)
                        && when.as_ref().is_none_or(|list| list.0.iter().any(|word| word == object_type))
                        && to.principal.is_none_or(|owner| world.identity().id(object.owner) == owner)
                        && to.scope.is_none_or(|scope| inside(world.tenancy(), object.home, scope))
                };
                let naive = world.objects().iter().filter(counts).count() as u64;
                let said = usage.iter().find(|one| one.binding == binding.id).unwrap().used;
                assert_eq!(said, naive, "{rule} bound to {to:?}");
            }
        }
    });
}

fn step(engine: &Engine, rules: &[RuleId], [what, a, b, c]: [u8; 4]) {
    let who = if c % 2 == 0 { ADA } else { BO };
    let place = ScopeId(PLACES[usize::from(b) % PLACES.len()]);
    let id = ObjectId(100 + u128::from(a) % 12);
    let rule = rules[usize::from(a) % rules.len()];
    let binding = BindingId(500 + u128::from(a) % aims().len() as u128);
    let aim = aims()[usize::from(b) % aims().len()].clone();
    let command: Command = match what % 16 {
        0..=4 => objects::Create {
            object: Some(id),
            object_type: TYPES[usize::from(c) % 2].into(),
            data: data(json!({ "cpu": c })),
            scope: (b % 7 != 6).then_some(place.into()),
            level: Level::Admin,
            reason: None,
            subject: None,
        }
        .into(),
        5 | 6 => objects::Tombstone::new(id).into(),
        7 => objects::Restore::new(id).into(),
        8 => give(id.0, if c % 2 == 0 { BO } else { ADA }).into(),
        9 | 10 => MoveScope { scope: ScopeId(FLAT[usize::from(a) % 3]).into(), parent: place.into() }.into(),
        11 => DeleteScope::new(place)
            .records([Records::Forget, Records::Keep][usize::from(c) % 2])
            .children([Children::Dissolve, Children::Refuse, Children::MoveUp][usize::from(a) % 3])
            .into(),
        12 => ReopenScope { scope: place.into() }.into(),
        13 => match c % 3 {
            0 => Archive { rule }.into(),
            1 => scoped::rules::Unarchive { rule }.into(),
            _ => {
                let text = format!(
                    r#"{{"rule": "{rule}", "when": {}}}"#,
                    [r#"{"object_type": ["note"]}"#, "{}"][usize::from(b) % 2]
                );
                serde_json::from_str::<Update>(&text).unwrap().into()
            }
        },
        14 if c % 2 == 0 => Rebind { binding, to: aim }.into(),
        14 => Unbind { binding }.into(),
        _ => {
            // Back to some steps ago, whatever that takes.
            let ada = engine.session(ADA).unwrap();
            let _ = ada.rollback(&Cutoff::Head(u64::from(a) % 6 + 1), Selection::All, Policy::SkipDenied);
            return;
        }
    };
    // What is refused changes nothing, and is checked as well.
    let _ = engine.session(who).unwrap().execute(command);
}

fn furnished() -> (Engine, std::sync::Arc<scoped::ManualDoor>, Vec<RuleId>) {
    let (engine, door) = by_hand(3);
    let mut batch = Batch::new().with(ADA, principal(2));
    for (path, id) in [("org:a", 1), ("org:a/dept:b", 2), ("org:a/dept:c", 3)] {
        batch.push(ADA, scope_at(path, id));
    }
    for (nth, id) in FLAT.into_iter().enumerate() {
        let made = CreateScope { scope: Some(ScopeId(id)), ..CreateScope::flat(format!("f{id}")) };
        batch.push(ADA, made.below(ScopeId(nth as u128 + 1)));
    }
    batch.push(ADA, member("org:a", 2, Role::Owner));
    engine.execute(batch).unwrap();
    let ada = engine.session(ADA).unwrap();
    let rules = aims().into_iter().enumerate().map(|(nth, to)| {
        let listed = (nth % 3 == 0).then_some("limits");
        let rule = RuleId(ada.execute(Define::quota("many", listed, 1_000)).unwrap().ids[0]);
        ada.execute(Bind { binding: Some(BindingId(500 + nth as u128)), rule, to }).unwrap();
        rule
    });
    let rules = rules.collect();
    (engine, door, rules)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("SCOPED_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(24),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Creations, tombstones, transfers, moves, ends of scopes, changes of the rules themselves, and rollbacks.
    #[test]
    fn counters_say_what_counting_anew_says(steps in proptest::collection::vec(any::<[u8; 4]>(), 1..40)) {
        let (engine, _, rules) = furnished();
        check(&engine, &rules);
        for raw in steps {
            step(&engine, &rules, raw);
            check(&engine, &rules);
        }
        digest(&engine);
    }
}

/// Once what a sweeper tombstoned went on counting for ever: time's doings are nobody's, and were not looked at.
#[test]
fn what_time_takes_away_gives_its_room_back() {
    let (engine, door, rules) = furnished();
    let ada = engine.session(ADA).unwrap();
    ada.execute(object(100, 1, Some("org:a/dept:b"), Level::Read)).unwrap();
    let policy = data(json!({ "retention": { "objects": { "max_age": "P1D" } } }));
    ada.execute(tenancy::SetPolicy { scope: path("org:a"), policy }).unwrap();
    door.set(crate::support::NOON + 3 * 86_400_000_000);
    ada.execute(objects::Expire { object: ObjectId(100) }).unwrap();
    check(&engine, &rules);
    digest(&engine);
}

#[test]
fn a_snapshot_has_the_counters() {
    let directory = tempfile::tempdir().unwrap();
    let options = || crate::support::small_segments().founder(ADA).snapshot_after(1);
    let used = |engine: &Engine| {
        let rules = engine.read(|moment| moment.rules(&scoped::rules::RuleFilter::default()));
        engine.read(|moment| moment.rule_usage(rules[0].rule, ADA)[0].used)
    };
    let engine = Engine::open_with(directory.path(), options()).unwrap();
    engine.session(ADA).unwrap().execute(scope_at("org:a", 1)).unwrap();
    bound(&engine, Define::quota("two", None, 2), at("org:a"));
    assert_eq!(does(&engine, ADA, object(1, 1, Some("org:a"), Level::Read)), "fine");
    let before = (used(&engine), digest(&engine));
    engine.close().unwrap();
    let engine = Engine::open_with(directory.path(), options()).unwrap();
    assert_eq!((used(&engine), digest(&engine)), before);
    assert_eq!(does(&engine, ADA, object(2, 1, Some("org:a"), Level::Read)), "fine");
    assert_eq!(does(&engine, ADA, object(3, 1, Some("org:a"), Level::Read)), "quota_exceeded");
}
