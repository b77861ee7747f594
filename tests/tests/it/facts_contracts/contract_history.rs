//! Contracts in rollbacks, exports and batches that fail.

use super::*;

/// Once archived contracts could be updated.
#[test]
fn an_archived_contract_takes_no_changes_until_it_is_taken_out() {
    let (_, ada) = alone();
    ada.execute(Create::new("thing", "thing", one(T::Integer)).with_id(TASK)).unwrap();
    assert_eq!(ada.execute(Unarchive { contract: TASK }).unwrap_err().code(), "not_archived");
    assert_eq!(ada.execute(Activate { contract: TASK }).unwrap_err().code(), "active");
    ada.execute(Archive { contract: TASK }).unwrap();
    let codes = [
        ada.execute(Update::new(TASK, one(T::Any))).unwrap_err().code(),
        ada.execute(Deprecate { contract: TASK }).unwrap_err().code(),
        ada.execute(Activate { contract: TASK }).unwrap_err().code(),
        ada.execute(Archive { contract: TASK }).unwrap_err().code(),
    ];
    assert_eq!(codes, ["archived"; 4]);
    write(&ada, 1, json!("governed by nothing")).unwrap();
    ada.execute(Unarchive { contract: TASK }).unwrap();
    assert_eq!(ada.reading().contract(TASK).unwrap().lifecycle, Lifecycle::Deprecated);
    assert_eq!(ada.execute(Deprecate { contract: TASK }).unwrap_err().code(), "not_active");
}

/// A rollback writes like everything else: data that does not fit today's contract is not brought back, and the plan says so.
#[test]
fn a_rollback_to_data_that_breaks_the_contract_of_today_is_refused_and_says_so() {
    let (engine, ada) = alone();
    let first = write(&ada, 1, json!({ "f": "text" })).unwrap();
    ada.execute(Create::new("thing", "thing", one(T::Integer)).with_id(TASK))
        .unwrap_or_else(|e| panic!("{e}"));
    update(&ada, 1, json!({ "f": 1 })).unwrap();
    let to = Cutoff::At(first.last);
    let plan = ada.plan_rollback(&to, Selection::Object(ObjectId(1))).unwrap();
    assert!(plan.steps[0].refused.as_ref().unwrap().contains("expected integer"), "{:?}", plan.steps);
    let error = ada.rollback(&to, Selection::Object(ObjectId(1)), Policy::AllOrNothing).unwrap_err();
    assert!(error.code() == "rollback_refused" && error.to_string().contains("contract `thing`"), "{error}");
    // With the contract rolled back too it fits: contracts come before contents.
    ada.rollback(&to, Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(ada.read(ObjectId(1)).unwrap().value().unwrap(), json!({ "f": "text" }));
    assert_eq!(ada.reading().contract(TASK).unwrap().lifecycle, Lifecycle::Archived);
    digest(&engine);
}

#[test]
fn a_rollback_brings_contracts_back_and_can_be_rolled_back_itself() {
    let (engine, ada) = alone();
    let (old, new) = (ContractId(101), ContractId(102));
    ada.execute(Create::new("thing", "thing", one(T::Integer)).with_id(TASK)).unwrap();
    ada.execute(Create::new("old", "note", one(T::Integer)).with_id(old)).unwrap();
    let then = ada.execute(Update::new(TASK, one(T::Float))).unwrap().last;
    ada.execute(Update::new(TASK, one(T::String))).unwrap();
    ada.execute(Archive { contract: old }).unwrap();
    let later = ada.execute(Create::new("new", "note", one(T::String)).with_id(new)).unwrap().last;
    let state = |session: &Session| {
        let reading = session.reading();
        let info = |id| reading.contract(id).unwrap().lifecycle;
        (reading.contract_version(TASK, None).unwrap().fields, info(TASK), info(old), info(new))
    };
    ada.rollback(&Cutoff::At(then), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(state(&ada), (one(T::Float), Lifecycle::Active, Lifecycle::Active, Lifecycle::Archived));
    ada.rollback(&Cutoff::At(later), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(state(&ada), (one(T::String), Lifecycle::Active, Lifecycle::Archived, Lifecycle::Active));
    digest(&engine);
}

/// A log whose commands are carried out anew in another engine gives the same world.
#[test]
fn contracts_survive_export_and_import() {
    let (engine, ada, _) = tree();
    let create =
        Create::new("thing", "thing", two()).constrained(ConstraintSpec::depends_on("both", "a", "b"));
    let create =
        Create { description: "what is to be done".into(), ..create.with_id(TASK).in_scope(path("org:a")) };
    ada.execute(create).unwrap();
    let upgrade = UpgradeSpec::Rename { from: "a".into(), to: "c".into() };
    ada.execute(Update::new(TASK, named(&["b", "c"])).upgrading(upgrade).because("c")).unwrap();
    ada.batch().with(Deprecate { contract: TASK }).with(Activate { contract: TASK }).execute().unwrap();
    ada.batch().with(Archive { contract: TASK }).with(Unarchive { contract: TASK }).execute().unwrap();
    crate::support::same_elsewhere(&engine);
}

/// Many contracts and versions in one batch that fails: nothing of it is left.
#[test]
fn a_batch_that_is_refused_takes_its_contracts_back() {
    let (engine, ada) = alone();
    ada.execute(Create::new("thing", "thing", one(T::Integer)).with_id(TASK)).unwrap();
    let before = digest(&engine);
    let mut batch = Batch::new();
    for command in [
        scoped::Command::from(Update::new(TASK, one(T::String))),
        Archive { contract: TASK }.into(),
        Create::new("new", "thing", one(T::Boolean)).into(),
        objects::Create::new("thing", data(json!({ "f": "no boolean" }))).into(),
    ] {
        batch.push(ada.actor(), command);
    }
    assert_eq!(engine.execute(batch).unwrap_err().code(), "contract");
    assert_eq!(digest(&engine), before);
    write(&ada, 1, json!({ "f": 1 })).unwrap();
}
