//! Which contract governs, and what that keeps from being written.

use super::*;

/// Once contracts were a library beside the engine: an object that broke its type's contract was stored all the same.
#[test]
fn what_is_written_has_to_fit_the_contract_of_its_type() {
    let (engine, ada) = alone();
    write(&ada, 1, json!({ "f": "from before" })).unwrap();
    ada.execute(Create::new("thing", "thing", one(T::Integer)).with_id(TASK)).unwrap();
    let before = digest(&engine);
    for refused in [
        write(&ada, 2, json!({ "f": "x" })),
        update(&ada, 1, json!({})),
        ada.batch()
            .with(objects::Create::new("thing", data(json!({ "f": 1 }))))
            .with(objects::Create::new("thing", data(json!(5))))
            .execute(),
    ] {
        let error = refused.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, "contract"), "{error}");
        assert!(error.to_string().contains("contract `thing`, version 1"), "{error}");
        assert!(error.advice().is_some_and(|hint| hint.contains(&TASK.to_string())));
    }
    assert_eq!(digest(&engine), before);
    write(&ada, 2, json!({ "f": 1 })).unwrap();
    update(&ada, 1, json!({ "f": 2 })).unwrap();
    ada.execute(objects::Create::new("note", data(json!("free")))).unwrap();
}

#[test]
fn a_refusal_for_a_contract_is_of_bounded_length() {
    let (_, ada) = alone();
    ada.execute(Create::new("thing", "thing", one(T::Any))).unwrap();
    let many: serde_json::Map<String, Value> = (0..5_000).map(|n| (format!("{n:0>200}"), n.into())).collect();
    let error = write(&ada, 1, many.into()).unwrap_err();
    assert!(error.to_string().len() < 4_000, "{} bytes", error.to_string().len());
}

#[test]
fn the_contract_of_the_nearest_scope_governs_and_else_the_one_without_scope() {
    let (engine, ada, _) = tree();
    let typed = |name: &str, field_type| Create::new(name, "thing", one(field_type));
    ada.execute(typed("everywhere", T::Boolean)).unwrap();
    ada.execute(typed("org", T::Integer).in_scope(path("org:a"))).unwrap();
    ada.execute(typed("dept", T::String).in_scope(path("org:a/dept:b"))).unwrap();
    let values = [json!({ "f": true }), json!({ "f": 1 }), json!({ "f": "x" })];
    for (nth, scope) in [Some("org:z"), Some("org:a"), Some("org:a/dept:b"), None].into_iter().enumerate() {
        let allowed = nth % 3;
        for (at, value) in values.iter().enumerate() {
            let id = (10 + nth * 10 + at) as u128;
            let create = match scope {
                Some(scope) => into(scope, id, value.clone()),
                None => objects::Create::new("thing", data(value.clone())).with_id(ObjectId(id)),
            };
            assert_eq!(ada.execute(create).is_ok(), at == allowed, "{scope:?} {value}");
        }
        let name = ada.reading().contract_for("thing", scope.map(path).as_ref()).unwrap().unwrap().name;
        assert_eq!(name, ["everywhere", "org", "dept"][allowed]);
    }
    digest(&engine);
}

#[test]
fn one_contract_is_active_for_a_type_in_a_scope_and_replacing_it_is_explicit() {
    let (engine, ada) = alone();
    ada.execute(Create::new("old", "thing", one(T::Integer)).with_id(TASK)).unwrap();
    let second = || Create::new("new", "thing", one(T::String)).with_id(ContractId(101));
    let error = ada.execute(second()).unwrap_err();
    assert!(error.code() == "exists" && error.to_string().contains("`old`"), "{error}");
    ada.batch().with(Deprecate { contract: TASK }).with(second()).execute().unwrap();
    assert_eq!(ada.reading().contract_for("thing", None).unwrap().unwrap().name, "new");
    let back = ada.execute(Activate { contract: TASK }).unwrap_err();
    assert_eq!(back.code(), "exists");
    ada.batch()
        .with(Archive { contract: ContractId(101) })
        .with(Activate { contract: TASK })
        .execute()
        .unwrap();
    assert_eq!(ada.reading().contract_for("thing", None).unwrap().unwrap().name, "old");
    digest(&engine);
}

/// Once anybody could update or archive anybody's contract.
#[test]
fn a_contract_of_a_scope_takes_the_right_to_manage_contracts_there() {
    let (_, ada, bo) = tree();
    let create = |scope: &str| Create::new("thing", "thing", one(T::Integer)).in_scope(path(scope));
    assert_eq!(bo.execute(create("org:a")).unwrap_err().code(), "denied", "a writer");
    assert_eq!(
        bo.execute(Create::new("thing", "thing", one(T::Any))).unwrap_err().code(),
        "denied",
        "no operator"
    );
    ada.execute(tenancy::ChangeMember {
        scope: path("org:a"),
        principal: PrincipalId(2),
        role: Role::Admin,
        expires_at: None,
    })
    .unwrap();
    let made = bo.execute(create("org:a")).unwrap().contract();
    bo.execute(Update::new(made, one(T::String))).unwrap();
    assert_eq!(bo.reading().contract(made).unwrap().owner, PrincipalId(2));
    ada.execute(tenancy::RemoveMember { scope: path("org:a"), principal: PrincipalId(2) }).unwrap();
    assert_eq!(bo.execute(Archive { contract: made }).unwrap_err().code(), "denied", "also its owner");
    assert_eq!(bo.reading().contract(made).unwrap_err().code(), "denied");
}

#[test]
fn which_contract_governed_a_version_of_an_object_follows_from_the_log() {
    let (engine, ada) = alone();
    write(&ada, 1, json!({ "f": 0 })).unwrap();
    ada.execute(Create::new("first", "thing", one(T::Integer)).with_id(TASK)).unwrap();
    update(&ada, 1, json!({ "f": 1 })).unwrap();
    ada.execute(Update::new(TASK, one(T::Float))).unwrap();
    update(&ada, 1, json!({ "f": 2 })).unwrap();
    update(&ada, 1, json!({ "f": 3 })).unwrap();
    ada.execute(Deprecate { contract: TASK }).unwrap();
    update(&ada, 1, json!({ "f": "free" })).unwrap();
    ada.execute(Create::new("second", "thing", one(T::String))).unwrap();
    update(&ada, 1, json!({ "f": "x" })).unwrap();
    let expected =
        [None, Some(("first", 1)), Some(("first", 2)), Some(("first", 2)), None, Some(("second", 1))];
    for reading in [ada.reading(), ada.as_of(&Cutoff::Head(0)).unwrap()] {
        let found: Vec<_> =
            (1..=6).map(|version| reading.contract_of(ObjectId(1), version).unwrap()).collect();
        let found: Vec<_> =
            found.iter().map(|used| used.as_ref().map(|used| (used.name.as_str(), used.version))).collect();
        assert_eq!(found, expected);
    }
    digest(&engine);
}

#[test]
fn a_contract_in_a_deleted_or_frozen_scope_takes_no_changes() {
    let (_, ada, _) = tree();
    let dept = || path("org:a/dept:b");
    let other = || Create::new("note", "note", one(T::Any)).in_scope(dept());
    ada.execute(Create::new("thing", "thing", one(T::Any)).with_id(TASK).in_scope(dept())).unwrap();
    ada.execute(tenancy::FreezeScope { scope: dept(), reason: None }).unwrap();
    assert_eq!(ada.execute(Update::new(TASK, one(T::Integer))).unwrap_err().code(), "scope_frozen");
    assert_eq!(ada.execute(other()).unwrap_err().code(), "scope_frozen");
    ada.execute(tenancy::DeleteScope::new(dept())).unwrap();
    assert_eq!(ada.execute(Update::new(TASK, one(T::Integer))).unwrap_err().code(), "scope_deleted");
    assert_eq!(ada.execute(other()).unwrap_err().code(), "scope_deleted");
    ada.execute(Deprecate { contract: TASK }).unwrap();
}

/// A write to a missing path makes the scopes on the way in the step that writes, and the contract was looked for from a scope that
/// was not there yet: none governed. What `org:a` refused was taken in `org:a/dept:new`, and was not to be exported and imported again.
#[test]
fn a_contract_governs_what_is_written_to_a_path_below_it_that_is_not_there_yet() {
    let (engine, ada, bo) = tree();
    ada.execute(Create::new("thing", "thing", one(T::Integer)).in_scope(path("org:a"))).unwrap();
    let before = digest(&engine);
    for missing in ["org:a/dept:new", "org:a/dept:b/team:new", "org:a/dept:new/team:new"] {
        let error = bo.execute(into(missing, 1, json!({ "f": "x" }))).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, "contract"), "{missing}: {error}");
    }
    assert_eq!(digest(&engine), before, "nor is the scope made");
    bo.execute(into("org:a/dept:new/team:new", 1, json!({ "f": 1 }))).unwrap();
    assert_eq!(bo.reading().contract_of(ObjectId(1), 1).unwrap().unwrap().name, "thing");
    ada.execute(into("org:new/dept:new", 2, json!({ "f": "x" })))
        .expect("below no contract, and none without scope");
    ada.execute(Create::new("everywhere", "thing", one(T::Boolean))).unwrap();
    assert_eq!(ada.execute(into("org:new/dept:two", 3, json!({ "f": "x" }))).unwrap_err().code(), "contract");
    // The rest of the batch sees the scope that a step before has made.
    let twice = ada
        .batch()
        .with(into("org:a/dept:two", 4, json!({ "f": 1 })))
        .with(into("org:a/dept:two", 5, json!({ "f": "x" })))
        .execute();
    assert_eq!(twice.unwrap_err().code(), "contract");
    crate::support::same_elsewhere(&engine);
}

/// The contract of a version was looked for on the way to the root as it is now, so a flat scope that had moved gave what was written before
/// to contracts that never governed it: a wrong name for it, and upgrades that were not meant for it.
#[test]
fn which_contract_governed_is_told_by_where_the_scope_was_then() {
    let (engine, ada, _) = tree();
    let flat = scoped::ScopeId(9);
    let home = || scoped::ScopeRef::Id(flat);
    let parent = Some(path("org:a/dept:b"));
    ada.execute(tenancy::CreateScope { scope: Some(flat), path: None, name: Some("flat".into()), parent })
        .unwrap();
    ada.execute(Create::new("of b", "thing", one(T::Integer)).in_scope(path("org:a/dept:b"))).unwrap();
    ada.execute(Create::new("of a", "thing", one(T::Any)).in_scope(path("org:a"))).unwrap();
    ada.execute(Create::new("everywhere", "thing", one(T::String)).with_id(TASK)).unwrap();
    let into = objects::Create::new("thing", data(json!({ "f": 1 }))).with_id(ObjectId(1));
    ada.execute(into.into_scope(home(), Level::Write)).unwrap();
    let told = |reading: &scoped::Reading| -> Vec<String> {
        let versions = reading.versions(ObjectId(1)).unwrap().len() as u32;
        (1..=versions)
            .map(|version| reading.contract_of(ObjectId(1), version).unwrap().unwrap().name)
            .collect()
    };
    let root = tenancy::MoveScope { scope: home(), parent: path("org:a") };
    ada.execute(root).unwrap();
    update(&ada, 1, json!({ "f": true })).unwrap();
    ada.execute(tenancy::MoveScope { scope: home(), parent: path("org:z") }).unwrap();
    update(&ada, 1, json!({ "f": "x" })).unwrap();
    ada.execute(tenancy::MoveScope { scope: home(), parent: path("org:a/dept:b") }).unwrap();
    update(&ada, 1, json!({ "f": 4 })).unwrap();
    let expected = ["of b", "of a", "everywhere", "of b"];
    assert_eq!(told(&ada.reading()), expected);
    assert_eq!(told(&ada.as_of(&Cutoff::Head(0)).unwrap()), expected);
    // Also where the world comes from a snapshot, and the same is true elsewhere.
    digest(&engine);
    crate::support::same_elsewhere(&engine);
}
