//! Older data under newer versions: upgrades and migrations.

use super::*;

/// An engine in which 30 tasks were written under version 1, and version 2 calls `n` `number` and wants a `kind`.
fn outdated() -> (Engine, Session) {
    let (engine, ada) = alone();
    write(&ada, 500, json!("from before there was a contract")).unwrap();
    let fields = vec![FieldSpec::new("n", T::Any), FieldSpec::new("old", T::Any).optional()];
    ada.execute(Create::new("thing", "thing", fields).with_id(TASK)).unwrap();
    for id in 1..=30 {
        write(&ada, id, json!({ "n": id.to_string(), "old": id })).unwrap();
    }
    write(&ada, 600, json!({ "n": "many" })).unwrap();
    ada.execute(
        Update::new(
            TASK,
            vec![
                FieldSpec::new("number", T::Integer),
                FieldSpec::new("kind", T::String),
                FieldSpec::new("tags", T::List).optional(),
            ],
        )
        .upgrading(UpgradeSpec::Rename { from: "n".into(), to: "number".into() })
        .upgrading(UpgradeSpec::Convert { field: "number".into(), to: Conversion::ToInteger })
        .upgrading(UpgradeSpec::SetDefault { field: "kind".into(), value: "plain".into() })
        .upgrading(UpgradeSpec::Drop { field: "old".into() }),
    )
    .unwrap();
    write(&ada, 700, json!({ "number": 7, "kind": "new" })).unwrap();
    (engine, ada)
}

#[test]
fn a_migration_brings_old_data_to_the_current_version_and_reports_what_it_cannot() {
    let (engine, ada) = outdated();
    let before = digest(&engine);
    let would = ada.migrate(TASK, true).unwrap();
    assert_eq!(digest(&engine), before, "a dry run writes nothing");
    let did = ada.migrate(TASK, false).unwrap();
    assert_eq!(would, did);
    assert_eq!((did.upgraded, did.current, did.more_problems), (30, 1, 0));
    let problems: Vec<_> = did.problems.iter().map(|problem| problem.object).collect();
    assert_eq!(problems, [ObjectId(500), ObjectId(600)]);
    assert!(did.problems[0].reason.contains("under no version"), "{}", did.problems[0].reason);
    assert!(did.problems[1].reason.contains("to_integer"), "{}", did.problems[1].reason);
    let read = ada.read(ObjectId(7)).unwrap();
    assert_eq!((read.version, read.value().unwrap()), (2, json!({ "number": 7, "kind": "plain" })));
    assert_eq!(ada.read(ObjectId(600)).unwrap().value().unwrap(), json!({ "n": "many" }), "left as it was");
    let again = ada.migrate(TASK, false).unwrap();
    assert_eq!((again.upgraded, again.current), (0, 31));
    digest(&engine);
}

#[test]
fn a_migration_touches_only_what_its_principal_may_write() {
    let (engine, ada, bo) = tree();
    ada.execute(tenancy::ChangeMember {
        scope: path("org:a"),
        principal: PrincipalId(2),
        role: Role::Admin,
        expires_at: None,
    })
    .unwrap();
    ada.execute(Create::new("thing", "thing", one(T::Integer)).with_id(TASK).in_scope(path("org:a")))
        .unwrap();
    ada.execute(into("org:a", 1, json!({ "f": 1 }))).unwrap();
    let read_only = objects::Create { level: Level::Read, ..into("org:a", 2, json!({ "f": 2 })) };
    ada.execute(read_only).unwrap();
    ada.execute(into("org:z", 3, json!({ "f": 3 }))).unwrap();
    let fields = vec![FieldSpec::new("f", T::List)];
    ada.execute(Update::new(TASK, fields).upgrading(UpgradeSpec::Wrap { field: "f".into() })).unwrap();
    let report = bo.migrate(TASK, false).unwrap();
    assert_eq!((report.upgraded, report.current, report.problems.len()), (1, 0, 0));
    let value = |id| ada.read(ObjectId(id)).unwrap().value().unwrap();
    assert_eq!([value(1), value(2), value(3)], [json!({ "f": [1] }), json!({ "f": 2 }), json!({ "f": 3 })]);
    digest(&engine);
}

#[test]
fn reading_offers_the_upgraded_form_without_writing() {
    let (engine, ada) = outdated();
    let before = digest(&engine);
    let reading = ada.reading();
    let shown = reading.read_as(ObjectId(7), None).unwrap();
    assert_eq!((shown.from, shown.to), (Some(1), Some(2)));
    assert_eq!(shown.data, json!({ "number": 7, "kind": "plain" }));
    assert_eq!(reading.read_as(ObjectId(7), Some(1)).unwrap().data, json!({ "n": "7", "old": 7 }));
    assert_eq!(
        reading.read_as(ObjectId(700), Some(1)).unwrap_err().code(),
        "not_upgradable",
        "there is no way back"
    );
    assert_eq!(reading.read_as(ObjectId(500), None).unwrap_err().code(), "not_upgradable");
    assert_eq!(reading.read_as(ObjectId(600), None).unwrap_err().code(), "not_upgradable");
    assert_eq!(digest(&engine), before);
}

#[test]
fn upgrades_that_lead_nowhere_are_refused_when_they_are_declared() {
    let (_, ada) = alone();
    ada.execute(Create::new("thing", "thing", named(&["a"])).with_id(TASK)).unwrap();
    for (step, says) in [
        (UpgradeSpec::Rename { from: "a".into(), to: "x".into() }, "no field `x`"),
        (UpgradeSpec::Rename { from: "b".into(), to: "b".into() }, "another name"),
        (UpgradeSpec::Drop { field: "b".into() }, "has that field"),
        (UpgradeSpec::SetDefault { field: "b".into(), value: "x".into() }, "does not fit"),
        (UpgradeSpec::Convert { field: "b".into(), to: Conversion::ToString }, "does not give"),
        (UpgradeSpec::Wrap { field: "b".into() }, "no list"),
    ] {
        let error = ada
            .execute(Update::new(TASK, vec![FieldSpec::new("b", T::Integer)]).upgrading(step))
            .unwrap_err();
        assert!(error.code() == "invalid" && error.to_string().contains(says), "{error}");
    }
}
