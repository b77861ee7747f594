//! What is pinned about principals, their relationships and groups (page 02 of the specification).

use crate::support::{NOON, by_hand, data, digest, member, object, principal, scope_at, small_segments};
use scoped::identity::{
    self, ACTS_FOR, AddRelationship, Direction, EdgeFilter, GROUP_DEPTH_MAX, GROUPS_MAX, Kinship, MEMBER_OF,
    PrincipalFilter, RemoveRelationship, Status,
};
use scoped::temporal::{Cutoff, Selection};
use scoped::{
    Batch, EdgeId, Engine, Error, Level, ObjectId, Policy, PrincipalId, Reading, Receipt, Role, Session,
    parse_line,
};
use serde_json::json;

const ENTERPRISE: PrincipalId = PrincipalId(2);
const ORG: PrincipalId = PrincipalId(3);
const TEAM: PrincipalId = PrincipalId(4);
const USER: PrincipalId = PrincipalId(5);
const LONER: PrincipalId = PrincipalId(6);
const OTHER: PrincipalId = PrincipalId(7);

fn founder(engine: &Engine) -> Session {
    engine.session(PrincipalId(1)).unwrap()
}

fn relate(engine: &Engine, parent: PrincipalId, child: PrincipalId, label: &str) -> Result<Receipt, Error> {
    founder(engine).execute(AddRelationship::labelled(parent, child, label))
}

/// Enterprise → org → team → user, each a member of the one before; two more who belong to nobody.
fn chain() -> Engine {
    let (engine, _) = by_hand(2);
    let mut batch = Batch::new();
    for id in 2..=7 {
        batch.push(PrincipalId(1), principal(id));
    }
    engine.execute(batch).unwrap();
    for (parent, child) in [(ENTERPRISE, ORG), (ORG, TEAM), (TEAM, USER)] {
        relate(&engine, parent, child, MEMBER_OF).unwrap();
    }
    engine
}

fn reading(engine: &Engine) -> Reading {
    founder(engine).reading()
}

fn kin(engine: &Engine, of: PrincipalId, kinship: Kinship<'_>) -> Vec<PrincipalId> {
    reading(engine).kin(of, kinship).unwrap().into_iter().map(|kin| kin.principal).collect()
}

#[test]
fn a_principal_is_created_active_with_kind_name_and_version_1() {
    let (engine, _) = by_hand(1);
    let made = founder(&engine)
        .execute(
            identity::CreatePrincipal::named("user", "Ada").unwrap().with_handle("user:ada".parse().unwrap()),
        )
        .unwrap();
    let found = reading(&engine).principal(made.principal()).unwrap();
    assert_eq!((found.status, &*found.kind, found.operator), (Status::Active, "user", false));
    assert_eq!(found.description, json!({ "name": "Ada" }));
    assert_eq!((found.version, found.handle.as_deref()), (2, Some("user:ada")), "a handle is a version");
    assert_eq!((found.created_by, found.created), (PrincipalId(1), made.first.get()));
    let whole = serde_json::to_value(&found).unwrap();
    assert_eq!((&whole["status"], &whole["description"]["name"]), (&json!("active"), &json!("Ada")));
}

#[test]
fn an_unknown_principal_is_refused() {
    let (engine, _) = by_hand(1);
    assert_eq!(reading(&engine).principal(PrincipalId(99)).unwrap_err().code(), "denied");
    assert!(engine.read(|moment| moment.world().identity().get(PrincipalId(99)).is_none()));
}

#[test]
fn principals_are_filtered_by_kind_and_by_status() {
    let (engine, _) = by_hand(1);
    let founder = founder(&engine);
    for (id, kind) in [(2, "user"), (3, "user"), (4, "bot"), (5, "whatever you like")] {
        founder.execute(identity::CreatePrincipal { kind: kind.into(), ..principal(id) }).unwrap();
    }
    founder.execute(identity::ArchivePrincipal { principal: PrincipalId(4) }).unwrap();
    let ids = |kind: Option<&str>, status| -> Vec<u128> {
        let filter = PrincipalFilter { kind: kind.map(Into::into), status };
        let found = founder.reading().principals(&filter, None, 10).unwrap();
        found.principals.into_iter().map(|info| info.principal.0).collect()
    };
    for (kind, status, expected) in [
        (Some("user"), None, vec![2, 3]),
        (Some("bot"), None, vec![4]),
        (Some("whatever you like"), None, vec![5]),
        (None, Some(Status::Archived), vec![4]),
        (Some("user"), Some(Status::Archived), vec![]),
        (None, None, vec![1, 2, 3, 4, 5]),
    ] {
        assert_eq!(ids(kind, status), expected, "{kind:?} {status:?}");
    }
    let page = |after| founder.reading().principals(&PrincipalFilter::default(), after, 2).unwrap();
    let (first, rest) = (page(None), page(page(None).next));
    assert_eq!((first.principals.len(), rest.principals[0].principal), (2, PrincipalId(3)));
    assert_eq!(page(rest.next).next, None);
    assert!(page(Some(u32::MAX)).principals.is_empty());
    assert_eq!(
        founder.reading().principals(&PrincipalFilter::default(), None, 0).unwrap_err().code(),
        "invalid"
    );
}

#[test]
fn a_change_of_lifecycle_persists_and_an_archived_principal_stays_archived() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::open_with(directory.path(), small_segments().founder(PrincipalId(1))).unwrap();
    let ada = founder(&engine);
    ada.execute(identity::CreatePrincipal {
        description: data(json!({ "team": { "a": 1 } })),
        ..principal(2)
    })
    .unwrap();
    ada.execute(identity::SuspendPrincipal { principal: PrincipalId(2) }).unwrap();
    engine.close().unwrap();

    let engine = Engine::open(directory.path()).unwrap();
    let found = reading(&engine).principal(PrincipalId(2)).unwrap();
    assert_eq!(found.status, Status::Suspended);
    assert_eq!(found.description["team"]["a"], 1);
    let ada = founder(&engine);
    ada.execute(identity::ReinstatePrincipal { principal: PrincipalId(2) }).unwrap();
    ada.execute(identity::ArchivePrincipal { principal: PrincipalId(2) }).unwrap();
    for code in [
        ada.execute(identity::ReinstatePrincipal { principal: PrincipalId(2) }).unwrap_err().code(),
        ada.execute(identity::SuspendPrincipal { principal: PrincipalId(2) }).unwrap_err().code(),
        ada.execute(identity::ArchivePrincipal { principal: PrincipalId(2) }).unwrap_err().code(),
    ] {
        assert!(["not_suspended", "not_active", "archived"].contains(&code), "{code}");
    }
}

/// Only the handle of an archived principal was left alone: its description, its kind and its being an operator went on changing.
#[test]
fn nothing_about_an_archived_principal_changes_any_more() {
    let (engine, _) = by_hand(5);
    let ada = founder(&engine);
    let bo = PrincipalId(2);
    ada.execute(principal(2)).unwrap();
    let before = ada.execute(identity::SetOperator { principal: bo, operator: true }).unwrap().first;
    ada.execute(identity::ChangeKind { principal: bo, kind: "robot".into(), expected_version: None })
        .unwrap();
    ada.execute(identity::ArchivePrincipal { principal: bo }).unwrap();
    let content = digest(&engine);
    let description = data(json!({ "name": "another" }));
    let tries: [Result<Receipt, Error>; 4] = [
        ada.execute(identity::DescribePrincipal { principal: bo, description, expected_version: None }),
        ada.execute(identity::ChangeKind { principal: bo, kind: "bot".into(), expected_version: None }),
        ada.execute(identity::SetOperator { principal: bo, operator: false }),
        ada.execute(identity::SetHandle { principal: bo, handle: None, expected_version: None }),
    ];
    assert_eq!(tries.map(|tried| tried.unwrap_err().code()), ["archived"; 4]);
    assert_eq!(digest(&engine), content);
    // Nor does a rollback change it: it says that archiving is for good, and leaves the rest.
    let plan = ada.plan_rollback(&Cutoff::At(before), Selection::All).unwrap();
    assert_eq!((plan.steps.len(), plan.irreversible.len()), (0, 1), "{plan:?}");
}

#[test]
fn descriptions_kinds_and_handles_are_versions_with_a_history() {
    let engine = chain();
    let ada = founder(&engine);
    let begin = engine.history().head();
    let describe = |name: &str, expected_version| identity::DescribePrincipal {
        principal: USER,
        description: data(json!({ "name": name })),
        expected_version,
    };
    ada.execute(describe("Grace", Some(1))).unwrap();
    assert_eq!(ada.execute(describe("Gracia", Some(1))).unwrap_err().code(), "stale");
    let kind =
        |kind: &str| identity::ChangeKind { principal: USER, kind: kind.into(), expected_version: None };
    ada.execute(kind("bot")).unwrap();
    assert_eq!(ada.execute(kind("bot")).unwrap_err().code(), "unchanged");
    let handle = |principal, handle: Option<&str>| identity::SetHandle {
        principal,
        handle: handle.map(|handle| handle.parse().unwrap()),
        expected_version: None,
    };
    ada.execute(handle(USER, Some("user:grace"))).unwrap();
    assert_eq!(ada.execute(handle(OTHER, Some("user:grace"))).unwrap_err().code(), "exists");

    let found = ada.reading().principal_by_handle(&"user:grace".parse().unwrap()).unwrap();
    assert_eq!((found.principal, found.version, &*found.kind), (USER, 4, "bot"));
    let then = ada.as_of(&Cutoff::At(begin)).unwrap().principal(USER).unwrap();
    assert_eq!(
        (then.version, then.description["name"].clone(), then.handle),
        (1, json!("principal 5"), None)
    );
    let changes = engine.read(|moment| moment.principal_changes(USER)).unwrap();
    let kinds: Vec<&str> = changes.iter().map(|change| change.change).collect();
    assert_eq!(
        kinds,
        [
            "identity.principal_created",
            "identity.principal_described",
            "identity.principal_kind_changed",
            "identity.handle_set"
        ]
    );
    assert_eq!(changes[1].description, Some(json!({ "name": "Grace" })));

    ada.rollback(&Cutoff::At(begin), Selection::All, Policy::AllOrNothing).unwrap();
    let back = ada.reading().principal(USER).unwrap();
    assert_eq!(
        (back.description["name"].clone(), &*back.kind, back.handle),
        (json!("principal 5"), "person", None)
    );
    digest(&engine);
}

/// A handle names one live principal: who is archived gives it back.
#[test]
fn a_handle_names_one_live_principal() {
    let engine = chain();
    let ada = founder(&engine);
    let give = |principal| identity::SetHandle {
        principal,
        handle: Some("agent:a".parse().unwrap()),
        expected_version: None,
    };
    let by_handle =
        || engine.read(|moment| moment.world().identity().by_handle("agent:a").map(|principal| principal.id));
    ada.execute(give(LONER)).unwrap();
    assert_eq!(by_handle(), Some(LONER));
    ada.execute(identity::SuspendPrincipal { principal: LONER }).unwrap();
    assert_eq!(ada.execute(give(OTHER)).unwrap_err().code(), "exists");
    ada.execute(identity::ArchivePrincipal { principal: LONER }).unwrap();
    assert_eq!(by_handle(), None);
    ada.execute(give(OTHER)).unwrap();
    assert_eq!(by_handle(), Some(OTHER));
    for wrong in ["org:acme", "user:a/user:b", "alice"] {
        let line = format!(
            r#"{{"as":"{}","do":"identity.set_handle","with":{{"principal":"{USER}","handle":"{wrong}"}}}}"#,
            PrincipalId(1)
        );
        assert!(parse_line(&line).is_err(), "{wrong}");
    }
    digest(&engine);
}

#[test]
fn adding_a_relationship_gives_parent_child_label_and_metadata() {
    let engine = chain();
    let add = AddRelationship {
        metadata: Some(data(json!({ "since": 2020 }))),
        ..AddRelationship::labelled(ORG, LONER, "owns")
    };
    let made = founder(&engine).execute(add).unwrap();
    let found = reading(&engine).relationships(LONER, EdgeFilter::default()).unwrap();
    assert_eq!(found.len(), 1);
    let edge = &found[0];
    assert_eq!((edge.parent, edge.child, &*edge.label), (ORG, LONER, "owns"));
    assert_eq!((edge.edge, edge.metadata.clone()), (EdgeId(made.ids[0]), Some(json!({ "since": 2020 }))));
    assert_eq!((edge.added.by, edge.added.time, &edge.removed), (PrincipalId(1), NOON, &None));
    let whole = serde_json::to_value(edge).unwrap();
    assert_eq!((&whole["label"], &whole["metadata"]["since"]), (&json!("owns"), &json!(2020)));
}

#[test]
fn relationships_are_listed_by_direction_and_by_label() {
    let engine = chain();
    relate(&engine, OTHER, TEAM, "owns").unwrap();
    let ends = |direction, label| -> Vec<(PrincipalId, PrincipalId)> {
        let filter = EdgeFilter { direction, label, with_removed: false };
        let found = reading(&engine).relationships(TEAM, filter).unwrap();
        found.iter().map(|edge| (edge.parent, edge.child)).collect()
    };
    assert_eq!(ends(Direction::Up, None), [(ORG, TEAM), (OTHER, TEAM)]);
    assert_eq!(ends(Direction::Down, None), [(TEAM, USER)]);
    assert_eq!(ends(Direction::Both, None), [(ORG, TEAM), (OTHER, TEAM), (TEAM, USER)], "parents first");
    assert_eq!(ends(Direction::Both, Some("owns")), [(OTHER, TEAM)]);
    assert_eq!(ends(Direction::Both, Some("no such label")), []);
}

#[test]
fn a_removed_relationship_is_gone_and_remembered_and_may_be_added_again() {
    let engine = chain();
    let ada = founder(&engine);
    let edge = reading(&engine).relationships(USER, EdgeFilter::default()).unwrap()[0].edge;
    let before = engine.history().head();
    let remove = || RemoveRelationship { edge, reason: Some("left".into()) };
    let removed = ada.execute(remove()).unwrap();
    assert_eq!(reading(&engine).relationships(USER, EdgeFilter::default()).unwrap(), []);
    assert_eq!(ada.execute(remove()).unwrap_err().code(), "removed");
    let all = EdgeFilter { with_removed: true, ..EdgeFilter::default() };
    let found = reading(&engine).relationships(USER, all).unwrap();
    let end = found[0].removed.clone().unwrap();
    assert_eq!((end.by, end.reason.as_deref(), end.at), (PrincipalId(1), Some("left"), removed.last.get()));
    // Was the user a member of the enterprise then? And now?
    assert!(ada.as_of(&Cutoff::At(before)).unwrap().is_member(ENTERPRISE, USER).unwrap());
    assert!(!reading(&engine).is_member(ENTERPRISE, USER).unwrap());

    relate(&engine, TEAM, USER, MEMBER_OF).unwrap();
    assert!(reading(&engine).is_member(ENTERPRISE, USER).unwrap());
    assert_eq!(reading(&engine).relationships(USER, all).unwrap().len(), 2, "the old one is still known");
    digest(&engine);
}

#[test]
fn relationships_that_make_no_sense_are_refused() {
    let engine = chain();
    relate(&engine, TEAM, USER, "knows").unwrap();
    founder(&engine).execute(identity::ArchivePrincipal { principal: OTHER }).unwrap();
    let missing = PrincipalId(99);
    for (parent, child, label, code) in [
        (missing, USER, MEMBER_OF, "not_found"),
        (TEAM, missing, MEMBER_OF, "not_found"),
        (USER, USER, MEMBER_OF, "self_relationship"),
        (USER, USER, "knows", "self_relationship"),
        (TEAM, USER, MEMBER_OF, "exists"),
        (USER, TEAM, MEMBER_OF, "cycle"),
        (USER, ENTERPRISE, MEMBER_OF, "cycle"),
        (OTHER, USER, MEMBER_OF, "archived"),
        (TEAM, OTHER, MEMBER_OF, "archived"),
        (TEAM, LONER, "", "invalid"),
        (TEAM, LONER, "line\nfeed", "invalid"),
    ] {
        assert_eq!(
            relate(&engine, parent, child, label).unwrap_err().code(),
            code,
            "{parent} {child} {label}"
        );
    }
    relate(&engine, USER, TEAM, "knows").unwrap(); // other labels may go in circles
    assert_eq!(kin(&engine, USER, Kinship::up().along("knows")), [TEAM], "the start is never its own kin");
    let unknown = RemoveRelationship { edge: EdgeId(99), reason: None };
    assert_eq!(founder(&engine).execute(unknown).unwrap_err().code(), "not_found");
}

#[test]
fn ancestors_and_descendants_are_found_nearest_first_within_exact_bounds() {
    let engine = chain();
    let (up, down) = (Kinship::up(), Kinship::down());
    for (of, kinship, expected) in [
        (USER, up, vec![TEAM, ORG, ENTERPRISE]),
        (USER, up.within(1), vec![TEAM]),
        (USER, up.within(2), vec![TEAM, ORG]),
        (USER, up.within(0), vec![]),
        (ENTERPRISE, down, vec![ORG, TEAM, USER]),
        (ENTERPRISE, down.within(1), vec![ORG]),
        (ENTERPRISE, down.within(0), vec![]),
        (USER, down, vec![]),
        (LONER, up, vec![]),
        (LONER, down, vec![]),
    ] {
        assert_eq!(kin(&engine, of, kinship), expected, "{of} {kinship:?}");
    }
    let distances: Vec<u32> =
        reading(&engine).kin(USER, up).unwrap().into_iter().map(|kin| kin.distance).collect();
    assert_eq!(distances, [1, 2, 3]);
}

#[test]
fn a_path_is_a_shortest_one_whichever_way_its_edges_point() {
    let engine = chain();
    let path = |a, b, kinship| reading(&engine).kin_path(a, b, kinship).unwrap();
    let both = Kinship::both();
    let found = path(USER, ENTERPRISE, both).unwrap();
    assert_eq!((found.length(), found.principals), (3, vec![USER, TEAM, ORG, ENTERPRISE]));
    assert_eq!(path(ENTERPRISE, USER, both).unwrap().length(), 3);
    assert_eq!(path(USER, ENTERPRISE, both.within(2)), None, "a bound is a bound");
    assert!(path(USER, ENTERPRISE, both.within(3)).is_some());
    assert_eq!(path(USER, LONER, both), None);
    assert_eq!(path(USER, USER, both), None, "nobody is on the way to itself");
    for (a, b) in [(USER, ENTERPRISE), (ENTERPRISE, USER)] {
        assert!(reading(&engine).is_related(a, b, both).unwrap());
    }
    assert!(!reading(&engine).is_related(LONER, USER, both).unwrap());
}

#[test]
fn all_related_are_the_principal_its_ancestors_and_its_descendants() {
    let engine = chain();
    relate(&engine, ORG, OTHER, MEMBER_OF).unwrap(); // a sibling of the team
    let related = |of| reading(&engine).all_related(of, Kinship::both()).unwrap();
    assert_eq!(related(TEAM), [TEAM, ORG, ENTERPRISE, USER]);
    assert_eq!(related(LONER), [LONER]);
    assert_eq!(reading(&engine).relationships(LONER, EdgeFilter::default()).unwrap(), []);
}

#[test]
fn a_label_filter_separates_and_two_parents_are_both_returned() {
    let engine = chain();
    relate(&engine, OTHER, USER, "owns").unwrap();
    assert_eq!(kin(&engine, USER, Kinship::up().along(MEMBER_OF)), [TEAM, ORG, ENTERPRISE]);
    assert_eq!(kin(&engine, USER, Kinship::up().along("owns")), [OTHER]);
    assert_eq!(kin(&engine, USER, Kinship::up().along("never said")), []);
    assert_eq!(kin(&engine, USER, Kinship::up().within(1)), [TEAM, OTHER]);
    relate(&engine, LONER, USER, MEMBER_OF).unwrap();
    assert_eq!(kin(&engine, USER, Kinship::up().within(1).along(MEMBER_OF)), [TEAM, LONER]);
}

#[test]
fn what_a_group_may_its_members_may_until_the_edge_is_removed() {
    let engine = chain();
    let ada = founder(&engine);
    ada.execute(scope_at("org:a", 1)).unwrap();
    ada.execute(member("org:a", ENTERPRISE.0, Role::Writer)).unwrap();
    ada.execute(object(10, 1, Some("org:a"), Level::Write)).unwrap();
    let user = engine.session(USER).unwrap();
    user.read(ObjectId(10)).unwrap();
    user.execute(crate::support::update(10, 2)).unwrap();
    let denied = || assert_eq!(user.read(ObjectId(10)).unwrap_err().code(), "denied");
    let allowed = || drop(user.read(ObjectId(10)).unwrap());

    // A group between them that is suspended passes nothing on.
    ada.execute(identity::SuspendPrincipal { principal: ORG }).unwrap();
    denied();
    ada.execute(identity::ReinstatePrincipal { principal: ORG }).unwrap();
    allowed();
    let edge = reading(&engine).relationships(TEAM, EdgeFilter::default()).unwrap()[0].edge;
    let before = engine.history().head();
    ada.execute(RemoveRelationship { edge, reason: None }).unwrap();
    denied();
    ada.rollback(&Cutoff::At(before), Selection::All, Policy::AllOrNothing).unwrap();
    allowed();
    ada.execute(identity::ArchivePrincipal { principal: ORG }).unwrap();
    denied();
    digest(&engine);
}

#[test]
fn groups_stay_few_and_near() {
    let (engine, _) = by_hand(1);
    let ada = founder(&engine);
    let mut batch = Batch::new();
    for id in 2..=(GROUPS_MAX + 30).into() {
        batch.push(PrincipalId(1), principal(id));
    }
    engine.execute(batch).unwrap();
    // One behind the other: two halves are deep enough to be too deep when joined.
    let join = |parent: u32, child: u32| {
        ada.execute(AddRelationship::member(PrincipalId(parent.into()), PrincipalId(child.into())))
    };
    let depth = GROUP_DEPTH_MAX;
    for at in 0..depth {
        join(2 + at, 3 + at).unwrap();
    }
    assert_eq!(join(2 + depth, 3 + depth).unwrap_err().code(), "too_deep");
    assert_eq!(join(3 + depth, 2).unwrap_err().code(), "too_deep");

    // Many side by side.
    let groups = 30..30 + GROUPS_MAX as u32;
    let mut batch = Batch::new();
    for group in groups {
        batch.push(PrincipalId(1), AddRelationship::member(PrincipalId(group.into()), PrincipalId(1)));
    }
    engine.execute(batch).unwrap();
    assert_eq!(join(29, 1).unwrap_err().code(), "too_many_groups");
    assert_eq!(join(29, 30).unwrap_err().code(), "too_many_groups", "it would be one more for the member");
    // Those that are suspended count: they may come back.
    ada.execute(identity::SuspendPrincipal { principal: PrincipalId(30) }).unwrap();
    assert_eq!(join(29, 1).unwrap_err().code(), "too_many_groups");
    assert_eq!(engine.read(|moment| moment.groups(PrincipalId(1)).len()), GROUPS_MAX as usize - 1);
}

#[test]
fn everybody_says_itself_who_may_act_for_it_and_nobody_says_it_for_others() {
    let engine = chain();
    let ada = founder(&engine);
    ada.execute(scope_at("org:a", 1)).unwrap();
    ada.execute(member("org:a", USER.0, Role::Reader)).unwrap();
    ada.execute(member("org:a", OTHER.0, Role::Reader)).unwrap();
    let user = engine.session(USER).unwrap();
    let made = user.execute(AddRelationship::delegate(USER, OTHER)).unwrap();
    for wrong in [
        AddRelationship::delegate(OTHER, USER),
        AddRelationship::delegate(USER, LONER), // shares nothing with the user, who cannot see it
        AddRelationship::member(USER, OTHER),
    ] {
        assert_eq!(user.execute(wrong.clone()).unwrap_err().code(), "denied", "{wrong:?}");
    }
    let edge = EdgeId(made.ids[0]);
    let found = engine.session(OTHER).unwrap().reading().relationships(USER, EdgeFilter::default()).unwrap();
    assert_eq!((found[0].edge, &*found[0].label), (edge, ACTS_FOR));
    assert_eq!(
        engine.session(LONER).unwrap().execute(RemoveRelationship { edge, reason: None }).unwrap_err().code(),
        "denied"
    );
    engine.session(OTHER).unwrap().execute(RemoveRelationship { edge, reason: None }).unwrap();
}
