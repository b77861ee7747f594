//! Contracts: the facts that their page pins, and what they do where data is written.

mod constraints;
mod contract_history;
mod definitions;
mod diff;
mod fields;
mod governing;
mod json_schema;
mod upgrades;

use crate::support::{by_hand, data, digest, member, path, principal, scope_at};
use scoped::contracts::{
    Activate, Archive, ConstraintSpec, ContractFilter, Conversion, Create, Deprecate, FieldSpec,
    FieldType as T, Lifecycle, RuleKind as R, Unarchive, Update, UpgradeSpec, Validation,
};

use scoped::temporal::{Cutoff, Selection};
use scoped::{
    Batch, ContractId, Engine, Error, ErrorKind, Level, ObjectId, Policy, PrincipalId, Role, Session,
    objects, tenancy,
};

use serde_json::{Value, json};

const TASK: ContractId = ContractId(100);

/// The founder, alone.
fn alone() -> (Engine, Session) {
    let (engine, _) = by_hand(5);
    let ada = engine.session(engine.founder()).unwrap();
    (engine, ada)
}

/// What data looks like to a contract of these fields and constraints.
fn validated(fields: Vec<FieldSpec>, constraints: &[ConstraintSpec], value: &Value) -> Validation {
    let (_, ada) = alone();
    let create = Create::new("thing", "thing", fields);
    let create = constraints.iter().cloned().fold(create, Create::constrained);
    let made = ada.execute(create).unwrap_or_else(|e| panic!("{e}")).contract();
    ada.reading().validate(made, None, value).unwrap()
}

#[track_caller]
fn fits(fields: Vec<FieldSpec>, value: Value) {
    let found = validated(fields, &[], &value);
    assert!(found.valid && found.errors.is_empty(), "{value}: {:?}", found.errors);
}

/// It does not fit, and the only complaint says this.
#[track_caller]
fn complains(fields: Vec<FieldSpec>, value: Value, says: &str) {
    let found = validated(fields, &[], &value);
    assert!(!found.valid);
    assert_eq!(found.errors.len(), 1, "{value}: {:?}", found.errors);
    assert!(found.errors[0].contains(says), "{value}: {:?} says no `{says}`", found.errors);
}

fn one(field_type: T) -> Vec<FieldSpec> {
    vec![FieldSpec::new("f", field_type)]
}

fn bound(field_type: T, kind: R, value: impl Into<Value>) -> Vec<FieldSpec> {
    vec![FieldSpec::new("f", field_type).bound(kind, value)]
}

fn write(ada: &Session, id: u128, value: Value) -> Result<scoped::Receipt, Error> {
    ada.execute(objects::Create::new("thing", data(value)).with_id(ObjectId(id)))
}

fn named(names: &[&str]) -> Vec<FieldSpec> {
    names.iter().map(|name| FieldSpec::new(*name, T::Any)).collect()
}

fn into(scope: &str, id: u128, value: Value) -> objects::Create {
    objects::Create::new("thing", data(value)).with_id(ObjectId(id)).into_scope(path(scope), Level::Write)
}

fn two() -> Vec<FieldSpec> {
    ["a", "b"].map(|name| FieldSpec::new(name, T::Any).optional().nullable()).to_vec()
}

fn update(ada: &Session, id: u128, value: Value) -> Result<scoped::Receipt, Error> {
    ada.execute(objects::Update::new(ObjectId(id), data(value)))
}

#[test]
fn an_update_makes_version_two_and_moves_the_current_version_to_it() {
    let (engine, ada) = alone();
    ada.execute(Create::new("thing", "thing", one(T::Integer)).with_id(TASK)).unwrap();
    ada.execute(Update::new(TASK, one(T::String)).because("texts")).unwrap();
    let reading = ada.reading();
    assert_eq!(reading.contract(TASK).unwrap().version, 2);
    let versions = reading.contract_versions(TASK).unwrap();
    let reasons: Vec<(u32, &str)> = versions.iter().map(|v| (v.version, v.change_reason.as_str())).collect();
    assert_eq!(reasons, [(1, "Initial version"), (2, "texts")]);
    assert_eq!(reading.contract_version(TASK, Some(1)).unwrap().fields, one(T::Integer), "the first is kept");
    let stale = Update { expected_version: Some(1), ..Update::new(TASK, one(T::Any)) };
    assert_eq!(ada.execute(stale).unwrap_err().kind(), ErrorKind::Stale);
    digest(&engine);
}

#[test]
fn an_archived_contract_is_listed_only_when_asked_for_and_still_validates() {
    let (_, ada) = alone();
    ada.execute(Create::new("thing", "thing", one(T::Integer)).with_id(TASK)).unwrap();
    ada.execute(Archive { contract: TASK }).unwrap();
    let reading = ada.reading();
    assert!(reading.contracts(&ContractFilter::default()).unwrap().is_empty());
    let all = ContractFilter { active_only: false, ..ContractFilter::default() };
    assert_eq!(reading.contracts(&all).unwrap().len(), 1);
    assert!(!reading.validate(TASK, None, &json!({})).unwrap().valid);
}

#[test]
fn validating_against_an_unknown_contract_is_refused() {
    let (engine, ada) = alone();
    let asked = engine.read(|moment| moment.validate(ContractId(7), None, &json!({})).map_err(|e| e.code()));
    assert_eq!(asked.unwrap_err(), "not_found");
    // A principal is not told whether it is missing or forbidden.
    assert_eq!(ada.reading().validate(ContractId(7), None, &json!({})).unwrap_err().code(), "denied");
    ada.execute(Create::new("thing", "thing", one(T::Any)).with_id(TASK)).unwrap();
    assert_eq!(ada.reading().validate(TASK, Some(9), &json!({})).unwrap_err().code(), "no_version");
}

#[test]
fn a_type_without_contract_is_valid() {
    let (_, ada) = alone();
    assert!(ada.reading().validate_for_type("thing", None, &json!("anything")).unwrap().valid);
    write(&ada, 1, json!(["anything"])).unwrap();
}

/// `org:a`, `org:a/dept:b`, `org:z`; principal 2 writes in `org:a`.
fn tree() -> (Engine, Session, Session) {
    let (engine, ada) = alone();
    for (at, id) in [("org:a", 1), ("org:a/dept:b", 2), ("org:z", 3)] {
        ada.execute(scope_at(at, id)).unwrap();
    }
    ada.execute(principal(2)).unwrap();
    ada.execute(member("org:a", 2, Role::Writer)).unwrap();
    let bo = engine.session(PrincipalId(2)).unwrap();
    (engine, ada, bo)
}
