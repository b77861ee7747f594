//! The decision rule, clause by clause: sections 5.2 to 5.4 of the page on scopes.

use crate::support::{in_memory, member, object, path, principal, scope_at};
use scoped::projections::tenancy::Applies;
use scoped::tenancy::{AddAclEntry, CreateScope, MoveScope};
use scoped::{
    Batch, Capability, Command, Data, Decision, Effect, Engine, EntryId, Level, ObjectId, PrincipalId, Role,
    Rule, ScopeId, ScopeRef, Sequence, Subject, Target, Tier, identity, objects, tenancy,
};
use serde_json::json;

const FOUNDER: u128 = 1;
const BO: u128 = 2;
const ORG: &str = "org:a";
const DEPT: &str = "org:a/dept:b";
const USER: &str = "org:a/dept:b/user:c";

/// Three scopes in a row; Bo is there and may nothing.
fn world() -> Engine {
    let engine = crate::support::by_hand(21).0;
    let founder = PrincipalId(FOUNDER);
    let mut batch = Batch::new().with(founder, principal(BO)).with(founder, principal(3));
    for (at, id) in [(ORG, 1), (DEPT, 2), (USER, 3), ("org:z", 4)] {
        batch.push(founder, scope_at(at, id));
    }
    engine.execute(batch).unwrap();
    engine
}

fn does(engine: &Engine, command: impl Into<Command>) -> Sequence {
    engine.execute(Batch::new().with(PrincipalId(FOUNDER), command)).unwrap().last
}

fn entry(id: u128, at: &str, effect: Effect, capability: &str) -> AddAclEntry {
    let subject = Subject::Principal(PrincipalId(BO));
    let entry = AddAclEntry::new(path(at), effect, subject, capability.parse().unwrap());
    AddAclEntry { entry: Some(EntryId(id)), ..entry }
}

fn decide(engine: &Engine, who: u128, capability: Capability, at: &str) -> Decision {
    engine.read(|moment| moment.can(PrincipalId(who), capability, path(at).target(moment.world().tenancy())))
}

fn row(engine: &Engine, at: &str) -> u32 {
    engine.read(|moment| path(at).row(moment.world().tenancy()).unwrap())
}

/// The table of 5.2, and that no role lacks what the one before it has.
#[test]
fn each_role_includes_the_one_before() {
    use Capability as C;
    let adds: [(Role, &[C]); 4] = [
        (Role::Reader, &[C::ReadLocal, C::ReadHolistic]),
        (Role::Writer, &[C::Write, C::Provision]),
        (
            Role::Admin,
            &[
                C::ReadDescend,
                C::ProvisionOther,
                C::Create,
                C::MembersManage,
                C::AclManage,
                C::PolicyManage,
                C::AuditRead,
                C::Explain,
            ],
        ),
        (Role::Owner, &[C::Delete, C::OwnersManage]),
    ];
    let mut held: Vec<C> = Vec::new();
    for (role, more) in adds {
        let engine = world();
        does(&engine, member(ORG, BO, role));
        let may = |capability: &C| decide(&engine, BO, *capability, ORG).allowed;
        assert!(more.iter().all(may), "{role} has what the table says");
        assert!(held.iter().all(may), "{role} has what the role before it has");
        held.extend(more);
        let table = adds.iter().flat_map(|(_, more)| more.iter());
        assert!(table.filter(|capability| may(capability)).all(|c| held.contains(c)), "{role} has no more");
        assert!(!may(&C::CreateRoot), "roots belong to no role");
    }
}

#[test]
fn capabilities_are_the_union_of_the_roles_on_the_way_up() {
    let engine = world();
    does(&engine, member(ORG, BO, Role::Admin));
    does(&engine, member(DEPT, BO, Role::Reader));
    for capability in [Capability::Write, Capability::MembersManage, Capability::ReadLocal] {
        let decision = decide(&engine, BO, capability, USER);
        assert!(decision.allowed, "a nearer, smaller role takes nothing away: {capability}");
    }
    does(&engine, member("org:z", BO, Role::Owner));
    assert!(!decide(&engine, BO, Capability::Delete, USER).allowed, "what is held beside it does not count");
}

#[test]
fn the_unknown_and_the_suspended_are_denied_by_the_deployment() {
    let engine = world();
    does(&engine, member(ORG, BO, Role::Owner));
    assert!(decide(&engine, BO, Capability::ReadLocal, ORG).allowed);
    does(&engine, identity::SuspendPrincipal { principal: PrincipalId(BO) });
    for who in [BO, 77] {
        for at in [ORG, USER, "org:nowhere"] {
            let decision = decide(&engine, who, Capability::ReadLocal, at);
            let found = (decision.allowed, decision.tier, decision.rule);
            assert_eq!(found, (false, Tier::Deployment, Rule::Inactive), "{who} at {at}");
        }
    }
}

#[test]
fn the_outermost_deny_is_final_whatever_allows_below_it() {
    let engine = world();
    does(&engine, member(USER, BO, Role::Owner));
    does(&engine, entry(1, DEPT, Effect::Deny, "scope.read.*"));
    let inner = decide(&engine, BO, Capability::ReadLocal, USER);
    assert_eq!((inner.allowed, inner.tier), (false, Tier::Scope));
    does(&engine, entry(2, ORG, Effect::Deny, "scope.read.local"));
    does(&engine, entry(3, USER, Effect::Allow, "scope.read.local"));
    let outer = decide(&engine, BO, Capability::ReadLocal, USER);
    assert_eq!((outer.allowed, outer.tier), (false, Tier::Tenant));
    let Rule::Entry { scope, entry, .. } = outer.rule else { panic!("{:?}", outer.rule) };
    assert_eq!((scope, entry), (row(&engine, ORG), EntryId(2)), "the outermost one is named");
    assert!(decide(&engine, BO, Capability::Write, USER).allowed, "and it is about nothing else");
}

#[test]
fn the_nearest_allow_is_named() {
    let engine = world();
    let above = does(&engine, member(ORG, BO, Role::Reader));
    let named = |capability| match decide(&engine, BO, capability, USER).rule {
        Rule::Member { scope, since, .. } | Rule::Entry { scope, since, .. } => (scope, since),
        other => panic!("{other:?}"),
    };
    assert_eq!(named(Capability::ReadLocal), (row(&engine, ORG), above));
    let near = does(&engine, member(DEPT, BO, Role::Writer));
    assert_eq!(named(Capability::ReadLocal), (row(&engine, DEPT), near));
    let nearest = does(&engine, entry(1, USER, Effect::Allow, "scope.read.local"));
    assert_eq!(named(Capability::ReadLocal), (row(&engine, USER), nearest));
    assert_eq!(named(Capability::Write), (row(&engine, DEPT), near), "of those that speak about it");
}

#[test]
fn an_unregistered_path_is_answered_by_its_nearest_registered_ancestor() {
    let engine = world();
    does(&engine, member(DEPT, BO, Role::Reader));
    does(&engine, AddAclEntry { applies: Applies::Itself, ..entry(1, DEPT, Effect::Allow, "scope.write") });
    let below = "org:a/dept:b/ws:none/team:nor-this";
    assert!(decide(&engine, BO, Capability::ReadLocal, below).allowed);
    assert_eq!(decide(&engine, BO, Capability::ReadLocal, below).via, Some(row(&engine, DEPT)));
    let write = |at: &str| decide(&engine, BO, Capability::Write, at).allowed;
    assert!(write(DEPT) && !write(below), "what is about the ancestor alone is not about what is below");
    for at in ["org:a/ws:none", "org:none", "org:none/dept:b"] {
        assert!(!decide(&engine, BO, Capability::ReadLocal, at).allowed, "{at}");
    }
}

#[test]
fn a_decision_carries_tier_rule_position_and_capability() {
    let engine = world();
    let since = does(&engine, member(ORG, BO, Role::Writer));
    does(&engine, object(10, 1, Some(DEPT), Level::Write));
    let head = engine.history().head();
    let (org, dept) = (row(&engine, ORG), row(&engine, DEPT));
    let on_object = |who| {
        engine.read(|moment| {
            let target = moment.object_target(ObjectId(10));
            moment.can(PrincipalId(who), Capability::Write, target)
        })
    };
    let by_role = Rule::Member { scope: org, role: Role::Writer, since };
    for (decision, allowed, tier, rule, via) in [
        (decide(&engine, BO, Capability::Write, ORG), true, Tier::Tenant, by_role, Some(org)),
        (on_object(BO), true, Tier::Tenant, by_role, Some(dept)),
        (on_object(FOUNDER), true, Tier::Actor, Rule::Owner, None),
        (on_object(3), false, Tier::Default, Rule::Nothing, None),
    ] {
        let found = (decision.allowed, decision.tier, decision.rule, decision.via);
        assert_eq!(found, (allowed, tier, rule, via));
        assert_eq!((decision.capability, decision.position), (Capability::Write, head));
    }
    let roots =
        engine.read(|moment| moment.can(PrincipalId(FOUNDER), Capability::CreateRoot, Target::Deployment));
    assert_eq!((roots.allowed, roots.tier, roots.rule), (true, Tier::Deployment, Rule::Operator));
}

#[test]
fn a_flat_node_hangs_under_flat_and_path_nodes_and_never_above_a_path_node() {
    let engine = in_memory();
    let founder = engine.founder();
    let ada = engine.session(founder).unwrap();
    let flat = |id, below: Option<ScopeId>| {
        let new = CreateScope { scope: Some(ScopeId(id)), ..CreateScope::flat("flat") };
        below.map_or(new.clone(), |below| new.below(below))
    };
    ada.execute(scope_at(ORG, 1)).unwrap();
    ada.execute(flat(2, Some(ScopeId(1)))).unwrap();
    ada.execute(flat(3, Some(ScopeId(2)))).unwrap();
    ada.execute(flat(4, None)).unwrap();
    // A path has its parent in its name: there is no way to say another one, nor to move it.
    let below = CreateScope { parent: Some(ScopeId(4).into()), ..scope_at("org:b", 5) };
    assert_eq!(ada.execute(below).unwrap_err().code(), "invalid");
    let moved = MoveScope { scope: path(ORG), parent: ScopeId(4).into() };
    assert_eq!(ada.execute(moved).unwrap_err().code(), "scope_has_path");
    engine.read(|moment| {
        let tenancy = moment.world().tenancy();
        let of = |id| tenancy.row(ScopeId(id)).unwrap();
        let chain: Vec<u32> = tenancy.chain(of(3)).collect();
        assert_eq!(chain, [of(3), of(2), of(1)], "inheritance runs through flat nodes to the path");
        assert_eq!(tenancy.subtree(of(1)), [of(1), of(2), of(3)], "and they belong to its subtree");
    });
}

/// Events carry no decision: it is made once more, at their moment, and names what is long gone.
#[test]
fn why_an_event_was_allowed_is_told_from_the_log_alone() {
    let engine = Engine::in_memory().unwrap();
    engine.register_types(&["note"]).unwrap();
    let ada = engine.session(engine.founder()).unwrap();
    let bo = ada.execute(identity::CreatePrincipal::named("person", "bo").unwrap()).unwrap().principal();
    let org = || -> ScopeRef { "org:acme".parse().unwrap() };
    ada.execute(tenancy::CreateScope::at("org:acme".parse().unwrap())).unwrap();
    let member = tenancy::AddMember { scope: org(), principal: bo, role: Role::Writer, expires_at: None };
    let joined = ada.execute(member).unwrap().last;
    let data = Data::new(json!({})).unwrap();
    let create = objects::Create::new("note", data).into_scope(org(), Level::Write);
    let wrote = engine.session(bo).unwrap().execute(create).unwrap();
    ada.execute(tenancy::RemoveMember { scope: org(), principal: bo }).unwrap();

    let why = engine.history().why(wrote.last).unwrap();
    let created = why.iter().find(|step| step.command == "objects.create").unwrap();
    assert_eq!((created.actor, created.agent), (bo, None));
    let ground = &created.grounds[0];
    assert!(ground.allowed && ground.why.contains("writer of org:acme"), "{ground:?}");
    assert_eq!((ground.since, ground.position), (Some(joined.get()), wrote.first.get() - 1));
    for at in 1..=engine.history().head().get() {
        let all = engine.history().why(Sequence::new(at)).unwrap();
        assert!(
            all.iter().flat_map(|step| &step.grounds).all(|ground| ground.allowed),
            "event {at}: {all:?}"
        );
    }
    let denied = engine.session(bo).unwrap().execute(objects::Tombstone {
        object: wrote.object(),
        reason: None,
        expected_version: None,
    });
    assert!(denied.is_ok(), "it is its own");
}
