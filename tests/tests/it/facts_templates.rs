//! Templates: the facts that their page pins, and who sees them.

use crate::support::{by_hand, digest, member, path, principal, same_elsewhere, scope_at};
use scoped::projections::templates::TemplateInstantiated;
use scoped::templates::{Archive, Create, Reopen, TemplateFilter, Update, merge};
use scoped::temporal::{Cutoff, Selection};
use scoped::{Engine, Filter, Policy, PrincipalId, Role, Session, TemplateId, tenancy};
use serde_json::{Map, Value, json};

const T: TemplateId = TemplateId(100);

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no map"),
    }
}

/// Ada administers `org:a`, Bo writes there, Cy is in `org:z`.
fn tree() -> (Engine, Session, Session, Session) {
    let (engine, _) = by_hand(6);
    let ada = engine.session(engine.founder()).unwrap();
    for (at, id) in [("org:a", 1), ("org:z", 2)] {
        ada.execute(scope_at(at, id)).unwrap();
    }
    for id in [2, 3] {
        ada.execute(principal(id)).unwrap();
    }
    ada.execute(member("org:a", 2, Role::Writer)).unwrap();
    ada.execute(member("org:z", 3, Role::Admin)).unwrap();
    let (bo, cy) = (engine.session(PrincipalId(2)).unwrap(), engine.session(PrincipalId(3)).unwrap());
    (engine, ada, bo, cy)
}

fn small() -> Create {
    Create::new(
        "small",
        "environment",
        map(json!({ "cpu": 1, "tags": ["a", "b"], "net": { "open": false } })),
    )
    .with_id(T)
}

#[test]
fn overrides_and_instances_leave_the_template_as_it_is() {
    let (_, ada, ..) = tree();
    ada.execute(small()).unwrap();
    let before = ada.reading().template(T).unwrap();
    let overrides = map(json!({ "cpu": 8, "net": { "open": true } }));
    let mut made = ada.instantiate(T, &overrides, None).unwrap();
    assert_eq!(
        Value::from(made.data.clone()),
        json!({ "cpu": 8, "tags": ["a", "b"], "net": { "open": true } })
    );
    assert_eq!(made.overrides_applied, overrides);
    assert_eq!((made.template_id, made.template_version), (T, 1));
    assert_eq!((&*made.template_name, &*made.template_type), ("small", "environment"));
    made.data.clear();
    assert_eq!(ada.reading().template(T).unwrap(), before);
}

#[test]
fn a_deep_merge_reaches_four_levels_down() {
    let base = map(json!({ "a": { "b": { "c": { "d": 1, "keep": 2 } } }, "stay": 3 }));
    let over = map(json!({ "a": { "b": { "c": { "d": 9 }, "new": 4 } } }));
    let merged = merge(&base, &over);
    assert_eq!(
        Value::from(merged),
        json!({ "a": { "b": { "c": { "d": 9, "keep": 2 }, "new": 4 } }, "stay": 3 })
    );
}

#[test]
fn a_scalar_replaces_a_map_and_a_map_a_scalar() {
    let base = map(json!({ "a": { "x": 1 }, "b": 2, "c": [1, 2], "d": 1 }));
    let merged = merge(&base, &map(json!({ "a": 5, "b": { "y": 1 }, "c": [3], "d": null })));
    assert_eq!(Value::from(merged), json!({ "a": 5, "b": { "y": 1 }, "c": [3], "d": null }));
}

#[test]
fn empty_overrides_give_an_equal_copy() {
    let (_, ada, ..) = tree();
    ada.execute(small()).unwrap();
    assert_eq!(ada.instantiate(T, &Map::new(), None).unwrap().data, small().schema);
}

#[test]
fn replacing_a_list_in_an_instance_leaves_the_stored_schema_as_it_was() {
    let (_, ada, ..) = tree();
    ada.execute(small()).unwrap();
    let made = ada.instantiate(T, &map(json!({ "tags": ["z"] })), None).unwrap();
    assert_eq!(made.data["tags"], json!(["z"]), "a list is replaced as a whole");
    assert_eq!(ada.reading().template(T).unwrap().schema, small().schema);
}

#[test]
fn versions_are_listed_in_order_with_reasons() {
    let (engine, ada, ..) = tree();
    ada.execute(small()).unwrap();
    ada.execute(Update::new(T, map(json!({ "cpu": 2 }))).because("more")).unwrap();
    let renamed = Update {
        name: Some("medium".into()),
        description: Some("for teams".into()),
        ..Update::new(T, map(json!({ "cpu": 4 })))
    };
    ada.execute(renamed).unwrap();
    let versions = ada.reading().template_versions(T).unwrap();
    let reasons: Vec<(u32, &str)> = versions.iter().map(|v| (v.version, v.change_reason.as_str())).collect();
    assert_eq!(reasons, [(1, "initial"), (2, "more"), (3, "")]);
    assert_eq!(versions.iter().map(|v| v.schema["cpu"].clone()).collect::<Vec<_>>(), [1, 2, 4]);
    let now = ada.reading().template(T).unwrap();
    assert_eq!((&*now.name, &*now.description, now.version), ("medium", "for teams", 3));
    let stale = Update { expected_version: Some(2), ..Update::new(T, Map::new()) };
    assert_eq!(ada.execute(stale).unwrap_err().code(), "stale");
    assert_eq!(ada.reading().template_version(T, Some(4)).unwrap_err().code(), "no_version");
    digest(&engine);
    same_elsewhere(&engine);
}

#[test]
fn who_is_not_the_owner_may_not_update_or_archive_a_template() {
    let (_, ada, bo, cy) = tree();
    ada.execute(small().in_scope(path("org:a"))).unwrap();
    for other in [&bo, &cy] {
        assert_eq!(other.execute(Update::new(T, Map::new())).unwrap_err().code(), "denied");
        assert_eq!(other.execute(Archive { template: T }).unwrap_err().code(), "denied");
    }
}

/// The owner may change it as long as it sees it; others may who manage templates there.
#[test]
fn a_template_is_changed_by_its_owner_or_by_who_manages_templates_there() {
    let (_, ada, bo, _) = tree();
    let change = |role| tenancy::ChangeMember {
        scope: path("org:a"),
        principal: PrincipalId(2),
        role,
        expires_at: None,
    };
    assert_eq!(
        bo.execute(small().in_scope(path("org:a"))).unwrap_err().code(),
        "denied",
        "a writer makes none"
    );
    ada.execute(change(Role::Admin)).unwrap();
    bo.execute(small().in_scope(path("org:a"))).unwrap();
    ada.execute(change(Role::Reader)).unwrap();
    bo.execute(Update::new(T, map(json!({ "cpu": 2 })))).unwrap();
    ada.execute(Update::new(T, map(json!({ "cpu": 3 })))).unwrap();
    ada.execute(tenancy::RemoveMember { scope: path("org:a"), principal: PrincipalId(2) }).unwrap();
    assert_eq!(bo.execute(Update::new(T, Map::new())).unwrap_err().code(), "denied");
    assert_eq!(bo.reading().template(T).unwrap_err().code(), "denied");
    assert_eq!(bo.instantiate(T, &Map::new(), None).unwrap_err().code(), "denied");
}

#[test]
fn an_archived_template_is_neither_updated_nor_instantiated() {
    let (_, ada, ..) = tree();
    ada.execute(small()).unwrap();
    ada.execute(Archive { template: T }).unwrap();
    let codes = [
        ada.execute(Update::new(T, Map::new())).unwrap_err().code(),
        ada.instantiate(T, &Map::new(), None).unwrap_err().code(),
        ada.execute(Archive { template: T }).unwrap_err().code(),
    ];
    assert_eq!(codes, ["archived"; 3]);
    ada.execute(Reopen { template: T }).unwrap();
    assert_eq!(ada.execute(Reopen { template: T }).unwrap_err().code(), "not_archived");
    ada.instantiate(T, &Map::new(), None).unwrap();
}

#[test]
fn version_one_instantiated_after_an_update_gives_the_data_of_version_one() {
    let (_, ada, ..) = tree();
    ada.execute(small()).unwrap();
    ada.execute(Update::new(T, map(json!({ "cpu": 2 })))).unwrap();
    let made = ada.instantiate(T, &Map::new(), Some(1)).unwrap();
    assert_eq!((made.template_version, made.data), (1, small().schema));
    assert_eq!(ada.instantiate(T, &Map::new(), None).unwrap().template_version, 2);
    assert_eq!(ada.instantiate(T, &Map::new(), Some(9)).unwrap_err().code(), "no_version");
}

#[test]
fn a_list_leaves_archived_templates_out_unless_asked() {
    let (_, ada, bo, cy) = tree();
    ada.execute(small()).unwrap();
    ada.execute(Create::new("own", "scope", Map::new()).with_id(TemplateId(101)).in_scope(path("org:a")))
        .unwrap();
    ada.execute(Create::new("gone", "scope", Map::new()).with_id(TemplateId(102))).unwrap();
    ada.execute(Archive { template: TemplateId(102) }).unwrap();
    let list = |session: &Session, filter: TemplateFilter| -> Vec<u128> {
        session.reading().templates(&filter).unwrap().iter().map(|info| info.template.0).collect()
    };
    let all = || TemplateFilter { include_archived: true, ..TemplateFilter::default() };
    assert_eq!(list(&ada, TemplateFilter::default()), [101, 100], "newest first");
    assert_eq!(list(&ada, all()), [102, 101, 100]);
    assert_eq!(list(&bo, all()), [102, 101, 100]);
    assert_eq!(list(&cy, all()), [102, 100], "the scope's own is for its readers");
    assert_eq!(list(&ada, TemplateFilter { template_type: Some("scope".into()), ..all() }), [102, 101]);
    assert_eq!(list(&ada, TemplateFilter { scope: Some(scoped::ScopeId(1)), ..all() }), [101]);
    assert_eq!(list(&ada, TemplateFilter { owner: Some(PrincipalId(9)), ..all() }), [0_u128; 0]);
    assert_eq!(list(&ada, TemplateFilter { limit: 1, ..all() }), [102]);
}

/// Once the scope of a template restricted nothing: everybody could read and instantiate it.
#[test]
fn a_template_of_a_scope_is_for_the_readers_of_the_scope_and_an_instance_leaves_a_trace() {
    let (engine, ada, bo, cy) = tree();
    ada.execute(small().in_scope(path("org:a"))).unwrap();
    let world = engine.read(|moment| moment.world().content_digest());
    bo.instantiate(T, &map(json!({ "cpu": 3 })), None).unwrap();
    assert_eq!(cy.instantiate(T, &Map::new(), None).unwrap_err().code(), "denied");
    assert_eq!(cy.reading().template(T).unwrap_err().code(), "denied");
    assert_eq!(engine.read(|moment| moment.world().content_digest()), world, "an instance creates nothing");
    let made = Filter { kinds: Some(vec![TemplateInstantiated::KIND]), ..Filter::default() };
    let trail = ada.reading().audit(&made, 10).unwrap().entries;
    assert_eq!(trail.iter().map(|entry| entry.envelope.actor).collect::<Vec<_>>(), [PrincipalId(2)]);
    let payload = engine.history().payload(trail[0].envelope.sequence).unwrap().unwrap();
    assert_eq!(payload, br#"{"cpu":3}"#, "with the overrides");
    same_elsewhere(&engine);
}

#[test]
fn a_rollback_brings_templates_back_and_can_be_rolled_back_itself() {
    let (engine, ada, ..) = tree();
    let (second, third) = (TemplateId(101), TemplateId(102));
    ada.execute(small()).unwrap();
    let then = ada.execute(Create::new("second", "x", Map::new()).with_id(second)).unwrap().last;
    let named = Update { name: Some("big".into()), ..Update::new(T, map(json!({ "cpu": 9 }))) };
    ada.execute(named).unwrap();
    ada.execute(Archive { template: T }).unwrap();
    ada.execute(Archive { template: second }).unwrap();
    let later = ada.execute(Create::new("third", "x", Map::new()).with_id(third)).unwrap().last;
    let state = || {
        let info = ada.reading().template(T).unwrap();
        let archived = [T, second, third].map(|id| ada.reading().template(id).unwrap().archived);
        (info.name, info.schema["cpu"].clone(), archived)
    };
    ada.rollback(&Cutoff::At(then), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(state(), ("small".into(), json!(1), [false, false, true]));
    ada.rollback(&Cutoff::At(later), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(state(), ("big".into(), json!(9), [true, true, false]));
    digest(&engine);
    same_elsewhere(&engine);
}
