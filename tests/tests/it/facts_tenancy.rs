//! The pinned facts of page 04 about scopes, members and projections (settings are pinned with the domain `config`).

use crate::support::{NOON, Place, by_hand, code, data, digest, member, object, path, principal, scope_at};
use scoped::temporal::{Cutoff, Selection};
use scoped::tenancy::{
    AddMember, CreateScope, DeleteScope, DescribeScope, FreezeScope, Grantee, MoveScope, Records,
    ReleaseScope, RemoveMember, RenameScope, ReopenScope, SetMembers,
};
use scoped::{
    Capability, Command, Engine, Level, ObjectId, ObjectQuery, Policy, PrincipalId, Reading, Role, ScopeId,
    ScopeQuery, ScopeRef, View, objects, sharing, tenancy,
};
use serde_json::json;

/// The founder (1) owns `org:a` with `org:a/team:t`; 2 to 5 are people.
fn team() -> Place {
    Place::with(11, (2..=5).map(principal), &[("org:a", 1), ("org:a/team:t", 2)])
}

impl Place {
    fn reading(&self, who: u128) -> Reading {
        self.at(who).reading()
    }
    fn members(&self, scope: &str) -> Vec<(u128, Role)> {
        let members = self.reading(1).scope_members(&path(scope)).unwrap();
        members.into_iter().map(|member| (member.principal.0, member.role)).collect()
    }
    fn state(&self, scope: &str) -> &'static str {
        self.engine.read(|moment| {
            let row = path(scope).row(moment.world().tenancy()).unwrap();
            moment.scope_detail(row).unwrap().state.as_str()
        })
    }
    fn project(&self, id: u128, scope: &str, level: Level) -> sharing::Project {
        sharing::Project { object: ObjectId(id), scope: path(scope), level }
    }
    fn remove(&self, scope: &str, who: u128) -> RemoveMember {
        RemoveMember { scope: path(scope), principal: PrincipalId(who) }
    }
}

fn freeze(scope: &str) -> FreezeScope {
    FreezeScope { scope: path(scope), reason: Some("legal hold".into()) }
}

#[test]
fn a_new_scope_is_active_has_its_owner_and_keeps_what_it_is_told() {
    let place = team();
    let made = place.does(1, CreateScope::flat("docs").below(path("org:a")));
    let at = || ScopeRef::Id(made.scope());
    place.does(
        1,
        DescribeScope { scope: at(), description: data(json!({ "text": "papers", "metadata": { "k": 1 } })) },
    );
    let found = place.reading(1).scope(&at()).unwrap();
    assert_eq!(
        (found.state.as_str(), found.parent, found.label.as_str()),
        ("active", Some(ScopeId(1)), "docs")
    );
    assert_eq!(found.description.unwrap(), json!({ "text": "papers", "metadata": { "k": 1 } }));
    let members = place.reading(1).scope_members(&at()).unwrap();
    assert_eq!(members.iter().map(|m| (m.principal.0, m.role)).collect::<Vec<_>>(), [(1, Role::Owner)]);
    place.does(1, RenameScope { scope: at(), name: "papers".into() });
    assert_eq!(place.reading(1).scope(&at()).unwrap().label, "papers");
    assert_eq!(place.tries(1, RenameScope { scope: path("org:a"), name: "x".into() }), "scope_has_path");
    digest(&place.engine);
}

#[test]
fn what_is_missing_and_what_was_deleted_is_told_to_who_might_read_it() {
    let place = team();
    let reading = place.reading(1);
    assert_eq!(code(reading.scope(&path("org:a/ws:none"))), "scope_not_found");
    place.does(1, DeleteScope::new(path("org:a/team:t")));
    assert_eq!(code(reading.scope(&path("org:a/team:t"))), "scope_deleted");
    for scope in ["org:a", "org:a/team:t", "org:a/ws:none", "org:none"] {
        assert_eq!(code(place.reading(2).scope(&path(scope))), "denied");
    }
}

#[test]
fn scopes_are_listed_by_owner_page_by_page_deleted_ones_only_when_asked_for() {
    let place = team();
    place.does(1, scope_at("org:a/team:u", 3));
    place.does(1, member("org:a/team:u", 2, Role::Owner));
    place.does(1, DeleteScope::new(path("org:a/team:t")));
    let list = |query: &ScopeQuery, after| place.reading(1).scopes(&path("org:a"), query, after, 1).unwrap();
    let ids = |query: &ScopeQuery| {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = list(query, after);
            found.extend(page.scopes.iter().map(|scope| scope.scope.0));
            after = page.next;
            if after.is_none() {
                return found;
            }
        }
    };
    assert_eq!(ids(&ScopeQuery::default()), [1, 3]);
    assert_eq!(ids(&ScopeQuery { with_deleted: true, ..ScopeQuery::default() }), [1, 2, 3]);
    assert_eq!(ids(&ScopeQuery { owner: Some(PrincipalId(2)), ..ScopeQuery::default() }), [3]);
    assert_eq!(ids(&ScopeQuery { auto_provisioned: Some(true), ..ScopeQuery::default() }), [0; 0]);
    assert_eq!(code(place.reading(2).scopes(&path("org:a"), &ScopeQuery::default(), None, 5)), "denied");
    assert_eq!(code(place.reading(1).scopes(&path("org:a"), &ScopeQuery::default(), None, 0)), "invalid");
}

/// A page that began behind a scope which had moved away meanwhile was the first page again: whoever followed it came round for ever.
#[test]
fn a_page_behind_a_scope_that_has_moved_away_is_refused() {
    let place = team();
    for (id, parent) in [(20, "org:a"), (21, "org:a"), (22, "org:a/team:t")] {
        let flat = CreateScope { scope: Some(ScopeId(id)), ..CreateScope::flat(format!("f{id}")) };
        place.does(1, flat.below(path(parent)));
    }
    let reading = place.reading(1);
    let list = |query: &ScopeQuery, scope: &str, after| {
        let page = reading.scopes(&path(scope), query, after, 9)?;
        scoped::Result::Ok(page.scopes.iter().map(|scope| scope.scope.0).collect::<Vec<u128>>())
    };
    let all = ScopeQuery::default();
    assert_eq!(list(&all, "org:a", None).unwrap(), [1, 2, 20, 21, 22], "paths in their order, then by id");
    let children = ScopeQuery { parent: Some(path("org:a")), ..ScopeQuery::default() };
    assert_eq!(list(&children, "org:a", None).unwrap(), [2, 20, 21]);
    assert_eq!(list(&children, "org:a", Some(ScopeId(20))).unwrap(), [21]);
    let none = ScopeQuery { parent: Some(path("org:none")), ..ScopeQuery::default() };
    assert_eq!(list(&none, "org:a", None).unwrap(), [0; 0]);
    assert_eq!(list(&all, "org:a/team:t", Some(ScopeId(22))).unwrap(), [0; 0]);
    place.does(1, MoveScope { scope: ScopeId(22).into(), parent: path("org:a") });
    assert_eq!(code(list(&all, "org:a/team:t", Some(ScopeId(22)))), "invalid_cursor");
}

#[test]
fn a_member_is_granted_changed_revoked_and_granted_again() {
    let place = team();
    place.does(1, member("org:a", 2, "editor".parse().unwrap()));
    assert_eq!(place.members("org:a"), [(1, Role::Owner), (2, Role::Writer)]);
    assert_eq!(place.tries(1, member("org:a", 2, Role::Reader)), "exists", "one member, one role");
    place.does(1, place.remove("org:a", 2));
    assert_eq!(place.members("org:a"), [(1, Role::Owner)]);
    assert_eq!(place.tries(1, place.remove("org:a", 2)), "not_a_member");
    place.does(1, member("org:a", 2, Role::Admin));
    place.does(2, place.remove("org:a", 2)); // leaving takes nobody's leave
    assert_eq!(place.members("org:a"), [(1, Role::Owner)]);
}

#[test]
fn ones_own_memberships_are_told_and_those_of_others_where_one_audits() {
    let place = team();
    place.does(1, scope_at("org:b", 3));
    place.does(1, member("org:a", 2, Role::Reader));
    place.does(1, member("org:b", 2, Role::Admin));
    place.does(1, member("org:b", 3, Role::Admin));
    let scopes = |asker: u128, of: u128| -> Vec<u128> {
        let found = place.reading(asker).memberships(PrincipalId(of)).unwrap();
        found.into_iter().map(|member| member.scope.0).collect()
    };
    assert_eq!(scopes(2, 2), [1, 3]);
    assert_eq!(scopes(3, 2), [3], "3 audits `org:b` alone");
    assert_eq!(scopes(4, 2), [0; 0]);
}

#[test]
fn a_frozen_scope_widens_and_changes_nothing_and_lets_go_of_everything() {
    let place = team();
    place.does(1, member("org:a/team:t", 2, Role::Writer));
    place.does(1, object(10, 1, Some("org:a/team:t"), Level::Read));
    place.does(1, object(11, 1, None, Level::Read));
    place.does(1, freeze("org:a/team:t"));
    assert_eq!(place.state("org:a/team:t"), "frozen");
    let refused: Vec<Command> = vec![
        freeze("org:a/team:t").into(),
        member("org:a/team:t", 3, Role::Reader).into(),
        place.project(11, "org:a/team:t", Level::Read).into(),
        object(12, 1, Some("org:a/team:t"), Level::Read).into(),
        crate::support::update(10, 2).into(),
        scope_at("org:a/team:t/ws:x", 9).into(),
        DescribeScope { scope: path("org:a/team:t"), description: data(json!({})) }.into(),
        tenancy::ChangeMember {
            scope: path("org:a/team:t"),
            principal: PrincipalId(2),
            role: Role::Admin,
            expires_at: None,
        }
        .into(),
    ];
    for command in refused {
        assert_eq!(place.tries(1, command.clone()), "scope_frozen", "{command:?}");
    }
    place.does(1, sharing::Revoke { object: ObjectId(10), scope: path("org:a/team:t") });
    place.does(1, place.remove("org:a/team:t", 2));
    place.does(1, ReleaseScope { scope: path("org:a/team:t"), reason: None });
    assert_eq!(place.state("org:a/team:t"), "active");
    place.does(1, freeze("org:a/team:t"));
    place.does(1, DeleteScope::new(path("org:a/team:t")).records(Records::Forget));
    assert_eq!(place.state("org:a/team:t"), "deleted");
}

/// Rules passed a freeze, whatever they did: a deny could be taken off, or turned into nothing, and what lay there handed to somebody else.
#[test]
fn of_rules_only_what_denies_more_gets_into_a_frozen_scope() {
    use crate::rules::{bound, when};
    use scoped::projections::rules::Class;
    use scoped::rules::{Aim, Archive, Bind, Define, Rebind, Unarchive, Unbind, Update};
    use scoped::{BindingId, Effect, RuleId};
    let place = team();
    place.does(1, object(10, 1, Some("org:a/team:t"), Level::Read));
    let here = || Aim::scope(path("org:a/team:t"));
    let deny = |name: &str| {
        let when = when(r#"{"action": "update", "principal_kind": "bot"}"#);
        Define::new(name, Class::Constraint, Effect::Deny).when(when)
    };
    let allow = Define::new("yes", Class::Constraint, Effect::Allow).when(when(r#"{"action": "delete"}"#));
    let (held, gone) =
        (bound(&place.engine, deny("held"), here()), bound(&place.engine, deny("gone"), here()));
    let (aside, opens) =
        (bound(&place.engine, deny("aside"), Aim::scope(path("org:a"))), place.does(1, allow));
    let opens = RuleId(opens.ids[0]);
    place.does(1, Archive { rule: gone });
    let binding = |rule: RuleId| -> BindingId { place.reading(1).rule(rule).unwrap().bound[0].binding };
    let update = |rule: RuleId, with: &str| -> Command {
        serde_json::from_str::<Update>(&format!(r#"{{"rule": "{rule}", {with}}}"#)).unwrap().into()
    };
    let bind = |rule: RuleId, to: Aim| Bind { binding: None, rule, to };
    place.does(1, freeze("org:a/team:t"));
    let refused: Vec<Command> = vec![
        Unbind { binding: binding(held) }.into(),
        Rebind { binding: binding(held), to: Aim::scope(path("org:a")) }.into(),
        Archive { rule: held }.into(),
        update(held, r#""effect": "allow""#),
        update(held, r#""when": {"action": "read"}"#),
        bind(opens, here()).into(),
        bind(opens, Aim { object: Some(ObjectId(10)), ..Aim::default() }).into(),
        objects::Transfer { object: ObjectId(10), to: PrincipalId(2), reason: None, expected_version: None }
            .into(),
    ];
    for command in refused {
        assert_eq!(place.tries(1, command.clone()), "scope_frozen", "{command:?}");
    }
    place.does(1, Unarchive { rule: gone });
    place.does(1, update(held, r#""when": {}, "name": "all""#));
    bound(&place.engine, deny("emergency").at_home_in(path("org:a/team:t")), here());
    // Elsewhere the same goes on.
    place.does(1, bind(opens, Aim::scope(path("org:a"))));
    place.does(1, Archive { rule: aside });
    digest(&place.engine);
}

#[test]
fn deleting_ends_memberships_and_projections_each_with_its_event_and_a_rollback_brings_all_of_it_back() {
    let place = team();
    place.does(1, member("org:a/team:t", 2, Role::Writer));
    place.does(1, member("org:a/team:t", 3, Role::Reader));
    place.does(2, object(10, 1, Some("org:a/team:t"), Level::Write));
    place.does(3, object(11, 1, None, Level::Read));
    let before = place.engine.history().head();
    let delete = || DeleteScope::new(path("org:a/team:t"));
    assert_eq!(place.tries(1, delete()), "scope_has_records");
    let ended = place.does(1, delete().records(Records::Forget));
    let kinds: Vec<&str> = (ended.first.get()..=ended.last.get())
        .map(|at| {
            let history = place.engine.history();
            let event = history.event(&history.record(scoped::Sequence::new(at)).unwrap()).unwrap();
            scoped::projections::domains::kind_info(event.kind()).unwrap().name
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "tenancy.scope_archived",
            "objects.forgotten",
            "sharing.projection_revoked",
            "tenancy.member_removed",
            "tenancy.member_removed",
            "tenancy.member_removed"
        ]
    );
    assert_eq!(code(place.reading(2).scope(&path("org:a/team:t"))), "denied", "no member is left");
    assert_eq!(place.tries(1, delete()), "scope_deleted");
    // One batch brings the scope, its members, the record and its projection back; what was asked by the owner above who owns none of it.
    let back =
        place.at(1).rollback(&Cutoff::At(before), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(place.members("org:a/team:t"), [(1, Role::Owner), (2, Role::Writer), (3, Role::Reader)]);
    assert_eq!(code(place.at(3).read(ObjectId(10))), "fine");
    // And taking that back deletes it again.
    place
        .at(1)
        .rollback(&Cutoff::Head(0), Selection::Event(back.first), Policy::AllOrNothing)
        .unwrap()
        .unwrap();
    assert_eq!(place.state("org:a/team:t"), "deleted");
    digest(&place.engine);
}

/// Once a root that was deleted could never be opened again: nobody was left in it who could.
#[test]
fn a_deleted_root_is_opened_again_by_an_operator_with_all_that_was_below() {
    let place = team();
    place.does(1, scope_at("org:z", 7));
    place.does(1, scope_at("org:z/ws:y", 8));
    place.does(1, member("org:z", 2, Role::Owner));
    place.does(1, place.remove("org:z", 1));
    place.does(1, place.remove("org:z/ws:y", 1));
    let before = place.engine.history().head();
    assert_eq!(place.tries(2, DeleteScope::new(path("org:z"))), "scope_has_children");
    place.does(2, DeleteScope::new(path("org:z")).recursive());
    assert_eq!(place.tries(2, ReopenScope { scope: path("org:z") }), "denied", "no owner is left");
    assert_eq!(place.tries(3, ReopenScope { scope: path("org:z") }), "denied");
    place.at(1).rollback(&Cutoff::At(before), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!((place.state("org:z"), place.state("org:z/ws:y")), ("active", "active"));
    assert_eq!(code(place.reading(2).scope(&path("org:z/ws:y"))), "fine", "2 owns it again");
    assert_eq!(code(place.reading(1).scope(&path("org:z"))), "denied", "the operator got nothing by it");
}

#[test]
fn who_projects_administers_the_object_and_writes_in_the_scope() {
    let place = team();
    place.does(1, member("org:a", 2, Role::Writer));
    place.does(2, object(10, 1, None, Level::Read));
    place.does(1, object(11, 1, None, Level::Read));
    assert_eq!(place.tries(2, place.project(11, "org:a", Level::Read)), "denied", "not its object");
    assert_eq!(place.tries(2, place.project(99, "org:a", Level::Read)), "denied", "no object");
    assert_eq!(place.tries(3, object(13, 1, Some("org:a"), Level::Read)), "denied", "no part in the scope");
    assert_eq!(
        place.tries(
            2,
            sharing::Project { object: ObjectId(10), scope: ScopeId(99).into(), level: Level::Read }
        ),
        "denied"
    );
    place.does(2, place.project(10, "org:a", Level::Read));
    place.does(2, place.project(10, "org:a", Level::Write));
    place.does(1, member("org:a/team:t", 2, Role::Writer));
    place.does(2, place.project(10, "org:a/team:t", Level::Read));
    place.does(2, object(12, 1, Some("org:a"), Level::Read));
    let listed = |scope: &str| -> Vec<(u128, Level)> {
        let found = place.reading(2).scope_projections(&path(scope)).unwrap();
        found.into_iter().map(|found| (found.object.0, found.level)).collect()
    };
    assert_eq!(listed("org:a"), [(10, Level::Write), (12, Level::Read)]);
    let of: Vec<u128> = place
        .reading(2)
        .object_projections(ObjectId(10))
        .unwrap()
        .into_iter()
        .map(|found| found.scope.0)
        .collect();
    assert_eq!(of, [1, 2], "one object in two scopes");
    place.does(2, sharing::Revoke { object: ObjectId(10), scope: path("org:a") });
    assert_eq!(
        place.tries(2, sharing::Revoke { object: ObjectId(10), scope: path("org:a") }),
        "not_projected"
    );
    assert_eq!(listed("org:a"), [(12, Level::Read)]);
    place.does(2, objects::Tombstone { object: ObjectId(10), reason: None, expected_version: None });
    assert_eq!(place.tries(2, place.project(10, "org:a", Level::Read)), "tombstoned");
}

#[test]
fn seeing_follows_membership_and_ends_with_it_at_once() {
    let place = team();
    place.does(1, member("org:a/team:t", 2, Role::Reader));
    place.does(1, object(10, 1, Some("org:a/team:t"), Level::Read));
    place.does(1, object(11, 1, Some("org:a"), Level::Read));
    let sees = |who: u128, id: u128| code(place.at(who).read(ObjectId(id))) == "fine";
    assert!(sees(1, 10) && sees(2, 10) && !sees(3, 10));
    let listed = |view| -> Vec<u128> {
        let found = place.reading(2).objects(&path("org:a/team:t"), view).unwrap();
        found.into_iter().map(|info| info.object.0).collect()
    };
    assert_eq!(listed(View::Granular), [10]);
    assert_eq!(listed(View::Holistic).len(), 2, "a member of a child reaches up to the parent's");
    place.does(1, sharing::Revoke { object: ObjectId(10), scope: path("org:a/team:t") });
    assert!(!sees(2, 10));
    place.does(1, place.project(10, "org:a/team:t", Level::Write));
    assert!(sees(2, 10));
    place.does(1, place.remove("org:a/team:t", 2));
    assert!(!sees(2, 10));
}

#[test]
fn the_level_is_that_of_the_projection_as_far_as_the_role_goes_and_the_highest_of_two_scopes() {
    let place = team();
    place.does(1, scope_at("org:b", 3));
    place.does(1, member("org:a", 2, Role::Writer));
    place.does(1, member("org:b", 2, Role::Writer));
    place.does(1, object(10, 1, Some("org:a"), Level::Read));
    let may = |who: u128, capability| place.at(who).can(capability, ObjectId(10));
    assert!(may(1, Capability::AclManage), "the owner's level is admin");
    assert!(may(2, Capability::ReadLocal) && !may(2, Capability::Write));
    place.does(1, place.project(10, "org:b", Level::Write));
    assert!(may(2, Capability::Write) && !may(2, Capability::AclManage));
    assert!(!may(3, Capability::ReadLocal));
}

#[test]
fn ancestors_are_nearest_first_and_descendants_a_set() {
    let place = team();
    place.does(1, scope_at("org:a/team:t/ws:w", 3));
    place.engine.read(|moment| {
        let tenancy = moment.world().tenancy();
        let row = |id: u128| tenancy.row(ScopeId(id)).unwrap();
        let above: Vec<u32> = tenancy.chain(row(3)).skip(1).collect();
        assert_eq!(above, [row(2), row(1)]);
        assert_eq!(tenancy.subtree(row(1)), [row(1), row(2), row(3)]);
    });
}

/// Once every caller could hang a scope below somebody else's and see what was projected above.
#[test]
fn a_flat_scope_moves_only_with_the_rights_of_both_ends_and_never_in_a_circle() {
    let place = team();
    let flat =
        |name: &str, parent: u128| place.does(1, CreateScope::flat(name).below(ScopeId(parent))).scope();
    let (x, y) = (flat("x", 1), flat("y", 2));
    let z = place.does(1, CreateScope::flat("z").below(x)).scope();
    let to = |scope: ScopeId, parent: ScopeId| MoveScope { scope: scope.into(), parent: parent.into() };
    assert_eq!(place.tries(1, to(x, z)), "scope_cycle");
    assert_eq!(place.tries(1, to(x, x)), "scope_cycle");
    assert_eq!(place.tries(1, to(ScopeId(2), ScopeId(1))), "scope_has_path");
    place.does(1, AddMember::new(x, PrincipalId(2), Role::Owner));
    assert_eq!(place.tries(2, to(x, y)), "denied", "2 has no say where it would go");
    assert_eq!(place.tries(2, CreateScope::flat("mine").below(y)), "denied");
    place.does(1, object(10, 1, Some("org:a"), Level::Read));
    let before = place.engine.history().head();
    place.does(1, to(x, y));
    place.engine.read(|moment| {
        let tenancy = moment.world().tenancy();
        let depth = |id| tenancy.get(id).unwrap().depth;
        assert_eq!((depth(y), depth(x), depth(z)), (2, 3, 4));
        assert_eq!(tenancy.counts(tenancy.row(ScopeId(2)).unwrap()).scopes, 3);
    });
    place.at(1).rollback(&Cutoff::At(before), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    place.engine.read(|moment| assert_eq!(moment.world().tenancy().get(z).unwrap().depth, 2));
    let mut deep = x;
    for nth in 0..29 {
        deep = place.does(1, CreateScope::flat(format!("d{nth}")).below(deep)).scope();
    }
    assert_eq!(
        place.tries(
            1,
            CreateScope::flat("over").below(place.does(1, CreateScope::flat("last").below(deep)).scope())
        ),
        "scope_too_deep"
    );
    digest(&place.engine);
}

#[test]
fn a_list_of_members_is_replaced_by_its_difference_and_no_difference_appends_nothing() {
    let place = team();
    let set = |members: &[(u128, Role)]| SetMembers {
        scope: path("org:a"),
        members: members.iter().map(|(who, role)| Grantee::new(PrincipalId(*who), *role)).collect(),
    };
    place.does(1, set(&[(1, Role::Owner), (2, Role::Reader), (3, Role::Writer)]));
    let done = place.does(1, set(&[(1, Role::Owner), (3, Role::Admin), (4, Role::Owner)]));
    assert_eq!(done.last.get() - done.first.get() + 1, 3, "one leaves, one changes, one comes");
    let head = place.engine.history().head();
    place.does(1, set(&[(4, Role::Owner), (3, Role::Admin), (1, Role::Owner)]));
    assert_eq!(place.engine.history().head(), head);
    assert_eq!(place.tries(1, set(&[(2, Role::Reader), (2, Role::Writer)])), "duplicate_member");
    assert_eq!(place.tries(1, set(&[(3, Role::Admin)])), "last_owner");
    assert_eq!(place.tries(1, set(&[(4, Role::Owner), (77, Role::Reader)])), "not_found");
    assert_eq!(place.tries(3, set(&[(1, Role::Owner), (3, Role::Owner), (4, Role::Owner)])), "denied");
    place.does(1, set(&[(4, Role::Owner)])); // handing a root over is one list
    assert_eq!(place.reading(4).scope_members(&path("org:a")).unwrap().len(), 1);
    // What was done together is recalled together: a copy of the log comes to the same.
    let copy = by_hand(11).0;
    let history = place.engine.history();
    let all = history.reader().records(copy.history().head().next(), history.head());
    let records: Vec<_> = all.map(Result::unwrap).collect();
    for batch in records.chunk_by(|a, _| a.batch_left() > 0) {
        if let Some(batch) = scoped::export::recall(history, batch).unwrap() {
            copy.execute(batch).unwrap();
        }
    }
    let content = |engine: &Engine| engine.read(|moment| moment.world().content_digest());
    assert_eq!(content(&copy), content(&place.engine));
}

#[test]
fn a_membership_that_has_run_out_counts_no_more_and_a_sweep_closes_it() {
    let place = team();
    place.does(1, AddMember { expires_at: Some(NOON + 10), ..member("org:a", 2, Role::Reader) });
    place.does(1, object(10, 1, Some("org:a"), Level::Read));
    assert_eq!(code(place.at(2).read(ObjectId(10))), "fine");
    assert_eq!(place.at(1).sweep().unwrap().members, 0);
    place.door.set(NOON + 10);
    assert_eq!(code(place.at(2).read(ObjectId(10))), "denied");
    assert_eq!(place.members("org:a").len(), 2, "it stands there until it is closed");
    assert_eq!(code(place.at(3).sweep()), "denied");
    assert_eq!(place.at(1).sweep().unwrap().members, 1);
    assert_eq!(place.members("org:a"), [(1, Role::Owner)]);
    place.does(1, member("org:a", 2, Role::Reader)); // any number of grants
    assert_eq!(code(place.at(2).read(ObjectId(10))), "fine");
}

#[test]
fn roles_and_levels_have_their_texts() {
    let texts = |role: &str| role.parse::<Role>().unwrap().to_string();
    assert_eq!(["viewer", "editor", "admin", "owner"].map(texts), ["reader", "writer", "admin", "owner"]);
    let levels: Vec<&str> = Level::ALL.iter().map(|level| level.as_str()).collect();
    assert_eq!(levels, ["read", "write", "admin"]);
    assert!("boss".parse::<Role>().is_err());
}

#[test]
fn an_object_that_is_owned_and_projected_twice_is_listed_once() {
    let place = team();
    place.does(1, scope_at("org:b", 3));
    for scope in ["org:a", "org:b"] {
        place.does(1, member(scope, 2, Role::Admin));
    }
    place.does(1, object(10, 1, Some("org:a"), Level::Write));
    place.does(1, place.project(10, "org:a/team:t", Level::Read));
    place.does(1, place.project(10, "org:b", Level::Write));
    // Its owner is a member of all three; who owns nothing reaches it by three ways.
    for who in [1, 2] {
        let reading = place.reading(who);
        let listed = |query: &ObjectQuery| -> Vec<ObjectId> {
            reading.find_objects(query).unwrap().objects.into_iter().map(|found| found.object).collect()
        };
        assert_eq!(listed(&ObjectQuery::default()), [ObjectId(10)], "for {who}");
        assert_eq!(reading.count_objects(&ObjectQuery::default()).unwrap(), 1);
        for (scope, view) in
            [("org:a", View::Descend), ("org:a/team:t", View::Holistic), ("org:b", View::Raw)]
        {
            let found = reading.objects(&path(scope), view).unwrap();
            assert_eq!(found.len(), 1, "{who} in {scope}, {view}");
        }
        let own = listed(&ObjectQuery::own());
        assert_eq!(own.len(), usize::from(who == 1));
    }
}

#[test]
fn visible_objects_are_filtered_by_type() {
    let place = team();
    place.does(1, member("org:a", 2, Role::Reader));
    let made = |id: u128, word: &str, scope: Option<&str>| {
        let create = objects::Create { object_type: word.into(), ..object(id, 1, scope, Level::Read) };
        place.does(1, create);
    };
    for (id, word, scope) in [
        (10, "limits", Some("org:a")),
        (11, "note", Some("org:a")),
        (12, "limits", Some("org:a/team:t")),
        (13, "limits", None),
        (14, "file", None),
    ] {
        made(id, word, scope);
    }
    let of = |who: u128, word: &str| -> Vec<u128> {
        let query = ObjectQuery::default().of_type(word);
        let reading = place.reading(who);
        let found = reading.find_objects(&query).unwrap().objects;
        assert_eq!(reading.count_objects(&query).unwrap(), found.len() as u64);
        found.into_iter().map(|found| found.object.0).collect()
    };
    assert_eq!((of(1, "limits"), of(1, "note"), of(1, "file")), (vec![10, 12, 13], vec![11], vec![14]));
    assert_eq!(
        (of(2, "limits"), of(2, "note")),
        (vec![10, 12], vec![11]),
        "what is shared with it, of that type"
    );
    // A type of which it sees nothing is to it as one that is not there.
    assert_eq!((of(2, "file"), of(2, "never")), (vec![], vec![]));
    assert_eq!(of(3, "limits"), [0; 0]);
    let owned = ObjectQuery::own().of_type("limits");
    assert_eq!(
        (place.reading(1).count_objects(&owned).unwrap(), place.reading(2).count_objects(&owned).unwrap()),
        (3, 0)
    );
}
