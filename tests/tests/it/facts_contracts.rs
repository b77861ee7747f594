//! Contracts: the facts that their page pins, and what they do where data is written.

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

fn update(ada: &Session, id: u128, value: Value) -> Result<scoped::Receipt, Error> {
    ada.execute(objects::Update::new(ObjectId(id), data(value)))
}

#[test]
fn a_field_survives_a_round_trip() {
    let (engine, ada) = alone();
    let field = FieldSpec::new("name", T::String).optional().nullable().or("x").bound(R::MaxLength, 5);
    let field = FieldSpec { description: "what it is called".into(), ..field };
    let made = ada.execute(Create::new("thing", "thing", vec![field.clone()])).unwrap().contract();
    let version = ada.reading().contract_version(made, None).unwrap();
    assert_eq!(version.fields, std::slice::from_ref(&field));
    let text = serde_json::to_string(&field).unwrap();
    assert_eq!(serde_json::from_str::<FieldSpec>(&text).unwrap(), field, "{text}");
    digest(&engine);
}

#[test]
fn the_required_fields_are_those_declared_so() {
    let (_, ada) = alone();
    let fields = vec![
        FieldSpec::new("b", T::Any),
        FieldSpec::new("c", T::Any).optional(),
        FieldSpec::new("a", T::Any),
    ];
    let made = ada.execute(Create::new("thing", "thing", fields)).unwrap().contract();
    let version = ada.reading().contract_version(made, None).unwrap();
    assert_eq!((version.field_names(), version.required()), (vec!["b", "c", "a"], vec!["b", "a"]));
}

#[test]
fn a_float_accepts_an_integer() {
    fits(one(T::Float), json!({ "f": 3 }));
}

/// Once `true` passed as an integer, any text as an instant, and null could not be said.
#[test]
fn types_are_strict() {
    for (field_type, good, bad) in [
        (T::String, vec![json!("")], vec![json!(1), json!(["a"])]),
        (T::Integer, vec![json!(0), json!(-5), json!(u64::MAX)], vec![json!(true), json!(1.0), json!("1")]),
        (T::Float, vec![json!(1.5), json!(2)], vec![json!(true), json!("1.5")]),
        (T::Boolean, vec![json!(false)], vec![json!(0), json!("true")]),
        (
            T::Datetime,
            vec![json!("2026-01-02T03:04:05Z"), json!("2026-01-02T03:04:05.25+01:00")],
            vec![
                json!("soon"),
                json!("2026-01-02"),
                json!("2026-13-02T03:04:05Z"),
                json!("2026-01-02T03:04:05"),
                json!(5),
            ],
        ),
        (T::Json, vec![json!({}), json!([])], vec![json!("{}"), json!(1)]),
        (T::List, vec![json!([])], vec![json!({}), json!("a")]),
        (T::Ref, vec![json!("x")], vec![json!(1)]),
        (T::Blob, vec![json!("x")], vec![json!(1)]),
        (T::Any, vec![json!(1), json!("a"), json!([]), json!(false)], vec![]),
    ] {
        for value in good {
            fits(one(field_type), json!({ "f": value }));
        }
        for value in bad.into_iter().chain([json!(null)]) {
            complains(one(field_type), json!({ "f": value }), &format!("expected {field_type}"));
        }
        fits(vec![FieldSpec::new("f", field_type).nullable()], json!({ "f": null }));
    }
}

#[test]
fn an_unknown_key_is_invalid() {
    complains(one(T::Any), json!({ "f": 1, "g": 2 }), "Unknown field `g`");
}

#[test]
fn min_length_counts_characters() {
    complains(bound(T::String, R::MinLength, 3), json!({ "f": "éé" }), "min_length 3");
    fits(bound(T::String, R::MinLength, 3), json!({ "f": "ééé" }));
}

#[test]
fn max_length_counts_characters() {
    complains(bound(T::String, R::MaxLength, 2), json!({ "f": "éééé" }), "max_length 2");
    fits(bound(T::String, R::MaxLength, 2), json!({ "f": "éé" }));
}

#[test]
fn min_value_is_inclusive() {
    complains(bound(T::Integer, R::MinValue, 5), json!({ "f": 4 }), "min_value 5");
    complains(bound(T::Float, R::MinValue, 0.5), json!({ "f": 0 }), "min_value 0.5");
    fits(bound(T::Integer, R::MinValue, 5), json!({ "f": 5 }));
}

#[test]
fn max_value_is_inclusive() {
    complains(bound(T::Integer, R::MaxValue, 5), json!({ "f": 6 }), "max_value 5");
    fits(bound(T::Float, R::MaxValue, 5), json!({ "f": 5.0 }));
}

/// Once patterns were matched at the beginning only: `[a-z]+` took `a1`.
#[test]
fn a_pattern_matches_the_whole_text() {
    for bad in ["a1", "1a", "", "ab\n"] {
        complains(bound(T::String, R::Pattern, "[a-z]+"), json!({ "f": bad }), "pattern");
    }
    fits(bound(T::String, R::Pattern, "[a-z]+"), json!({ "f": "ab" }));
    // Each branch is anchored, not the first and the last.
    complains(bound(T::String, R::Pattern, "a|b"), json!({ "f": "ax" }), "pattern");
}

#[test]
fn choices_are_the_values_that_may_be_taken() {
    complains(bound(T::String, R::Choices, json!(["a", "b"])), json!({ "f": "c" }), "choices");
    fits(bound(T::String, R::Choices, json!(["a", "b"])), json!({ "f": "b" }));
    fits(bound(T::Float, R::Choices, json!([1, 2])), json!({ "f": 2.0 }));
}

fn two() -> Vec<FieldSpec> {
    ["a", "b"].map(|name| FieldSpec::new(name, T::Any).optional().nullable()).to_vec()
}

#[test]
fn at_least_one_fails_on_empty_data() {
    let rule = [ConstraintSpec::at_least_one("some", &["a", "b"])];
    let found = validated(two(), &rule, &json!({}));
    assert!(found.errors.len() == 1 && found.errors[0].contains("some"), "{:?}", found.errors);
    assert!(!validated(two(), &rule, &json!({ "a": null })).valid, "null says that there is nothing");
}

/// Once 0, false and the empty text were taken for absent.
#[test]
fn at_least_one_passes_with_either_field_whatever_its_value() {
    let rule = [ConstraintSpec::at_least_one("some", &["a", "b"])];
    for value in
        [json!({ "a": 1 }), json!({ "b": 1 }), json!({ "a": 0 }), json!({ "b": false }), json!({ "a": "" })]
    {
        assert!(validated(two(), &rule, &value).valid, "{value}");
    }
}

#[test]
fn mutually_exclusive_allows_one_field_at_most() {
    let rule = [ConstraintSpec::mutually_exclusive("either", &["a", "b"])];
    for (value, valid) in [
        (json!({}), true),
        (json!({ "a": 1 }), true),
        (json!({ "a": 0, "b": "" }), false),
        (json!({ "a": 1, "b": null }), true),
    ] {
        assert_eq!(validated(two(), &rule, &value).valid, valid, "{value}");
    }
}

#[test]
fn depends_on_asks_only_when_the_dependent_field_is_there() {
    let rule = [ConstraintSpec::depends_on("both", "a", "b")];
    for (value, valid) in [
        (json!({}), true),
        (json!({ "b": 1 }), true),
        (json!({ "a": 1 }), false),
        (json!({ "a": 1, "b": 1 }), true),
    ] {
        assert_eq!(validated(two(), &rule, &value).valid, valid, "{value}");
    }
}

#[test]
fn a_required_field_with_a_default_may_be_absent_and_the_default_is_not_written() {
    let (_, ada) = alone();
    let fields = vec![FieldSpec::new("f", T::Integer).or(7)];
    ada.execute(Create::new("thing", "thing", fields)).unwrap();
    write(&ada, 1, json!({})).unwrap();
    assert_eq!(ada.read(ObjectId(1)).unwrap().value().unwrap(), json!({}));
    complains(one(T::Integer), json!({}), "Missing required field `f`");
}

#[test]
fn all_errors_are_collected_in_the_order_of_the_contract() {
    let fields = vec![
        FieldSpec::new("z", T::Integer),
        FieldSpec::new("name", T::String).bound(R::MinLength, 3).bound(R::Pattern, "[a-z]+"),
        FieldSpec::new("age", T::Integer).bound(R::MinValue, 0),
        FieldSpec::new("a", T::Any),
    ];
    let rules = [ConstraintSpec::at_least_one("some", &["z", "a"])];
    let found = validated(fields, &rules, &json!({ "age": true, "name": "1", "x": 1, "q": 2 }));
    assert_eq!(
        found.errors,
        [
            "Missing required field `z`",
            "Missing required field `a`",
            "Field `name`: shorter than min_length 3",
            "Field `name`: does not match pattern",
            "Field `age`: expected integer, got boolean",
            "Unknown field `q`",
            "Unknown field `x`",
            "Constraint `some`: at least one of `z`, `a` has to be there",
        ]
    );
    let error = found.raise_if_invalid().unwrap_err();
    assert!(error.code() == "contract" && error.to_string().contains("Unknown field `q`"));
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

/// Versions 1 and 2 of a contract, compared.
fn difference(before: Vec<FieldSpec>, after: Vec<FieldSpec>) -> [Vec<String>; 3] {
    let (_, ada) = alone();
    ada.execute(Create::new("thing", "thing", before).with_id(TASK)).unwrap();
    ada.execute(Update::new(TASK, after)).unwrap();
    let diff = ada.reading().contract_diff(TASK, 1, 2).unwrap();
    assert_eq!((diff.old_version, diff.new_version), (1, 2));
    [diff.added_fields, diff.removed_fields, diff.modified_fields]
}

fn named(names: &[&str]) -> Vec<FieldSpec> {
    names.iter().map(|name| FieldSpec::new(*name, T::Any)).collect()
}

#[test]
fn a_diff_shows_added_fields() {
    assert_eq!(difference(named(&["a"]), named(&["c", "a", "b"]))[0], ["c", "b"]);
}

#[test]
fn a_diff_shows_removed_fields() {
    assert_eq!(difference(named(&["c", "a", "b"]), named(&["a"]))[1], ["c", "b"]);
}

#[test]
fn a_diff_shows_modified_fields_also_when_only_required_changed() {
    let after = vec![FieldSpec::new("a", T::Any).optional(), FieldSpec::new("b", T::Any)];
    assert_eq!(difference(named(&["a", "b"]), after), [vec![], vec![], vec!["a".to_owned()]]);
}

/// What means nothing, or what nothing could ever fit, is refused when the contract is defined.
#[test]
fn impossible_contracts_are_refused_when_they_are_defined() {
    let field = || FieldSpec::new("f", T::String);
    for (fields, says) in [
        (vec![], "1 to 512 fields"),
        (vec![field(), field()], "declared twice"),
        (vec![FieldSpec::new("", T::String)], "name"),
        (vec![field().bound(R::MinLength, 5).bound(R::MaxLength, 4)], "min_length"),
        (vec![field().bound(R::MinLength, -1)], "whole number"),
        (vec![field().bound(R::MinValue, 1)], "says nothing about"),
        (bound(T::Integer, R::Pattern, "a"), "says nothing about"),
        (vec![FieldSpec::new("f", T::Float).bound(R::MinValue, 2).bound(R::MaxValue, 1.5)], "min_value"),
        (vec![field().bound(R::Pattern, "(a")], "pattern"),
        (vec![field().bound(R::Pattern, 5)], "pattern"),
        (vec![field().bound(R::Pattern, "(?:a{1000}){1000}")], "memory"),
        (vec![field().bound(R::Pattern, "a".repeat(5_000))], "bytes"),
        (vec![field().bound(R::Choices, json!([]))], "choices"),
        (vec![field().bound(R::Choices, json!(["a", 1]))], "choice"),
        (vec![field().bound(R::Choices, json!(["a", "a"]))], "choice"),
        (vec![field().bound(R::MaxLength, 1).bound(R::Choices, json!(["ab"]))], "choice"),
        (vec![field().or(5)], "default"),
        (vec![field().bound(R::MinLength, 3).or("ab")], "default"),
    ] {
        let (engine, ada) = alone();
        let before = digest(&engine);
        let error = ada.execute(Create::new("thing", "thing", fields.clone())).unwrap_err();
        assert_eq!(error.code(), "invalid", "{fields:?}: {error}");
        assert!(error.to_string().contains(says), "{fields:?}: {error}");
        assert_eq!(digest(&engine), before);
    }
    for (rule, says) in [
        (ConstraintSpec::at_least_one("r", &[]), "names no field"),
        (ConstraintSpec::at_least_one("r", &["a", "x"]), "no field `x`"),
        (ConstraintSpec::at_least_one("r", &["a", "a"]), "twice"),
        (ConstraintSpec::mutually_exclusive("r", &["a"]), "two fields"),
        (ConstraintSpec::mutually_exclusive("r", &["a", "b"]), "nothing could fit"),
        (ConstraintSpec::depends_on("r", "a", "a"), "twice"),
    ] {
        let (_, ada) = alone();
        let create = Create::new("thing", "thing", named(&["a", "b"])).constrained(rule);
        let error = ada.execute(create).unwrap_err();
        assert!(error.code() == "invalid" && error.to_string().contains(says), "{error}");
    }
}

/// Once unknown kinds of constraints were ignored, so that a typing error let everything through.
#[test]
fn unknown_kinds_of_constraints_are_refused_when_a_contract_is_defined() {
    let line = |fields: Value, constraints: Value| {
        let with = json!({ "name": "thing", "type": "thing", "fields": fields, "constraints": constraints });
        let line = json!({ "as": PrincipalId(1), "do": "contracts.create", "with": with }).to_string();
        scoped::parse_line(&line).map(drop).map_err(|error| error.to_string())
    };
    let field = json!({ "name": "f", "type": "string", "constraints": { "min_length": 2 } });
    line(json!([field]), json!([])).unwrap();
    for (fields, constraints, says) in [
        (
            json!([{ "name": "f", "type": "string", "constraints": { "min_lenght": 2 } }]),
            json!([]),
            "min_lenght",
        ),
        (json!([{ "name": "f", "type": "text" }]), json!([]), "text"),
        (
            json!([field]),
            json!([{ "name": "u", "type": "unique_together", "config": { "fields": ["f"] } }]),
            "unique_together",
        ),
        (json!([field]), json!([{ "name": "u", "type": "custom", "config": {} }]), "custom"),
    ] {
        let error = line(fields, constraints).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_definition_that_is_too_large_is_refused() {
    let (_, ada) = alone();
    let field =
        |n: usize| FieldSpec { description: "x".repeat(200), ..FieldSpec::new(format!("f{n}"), T::Any) };
    let error = ada.execute(Create::new("thing", "thing", (0..400).map(field).collect())).unwrap_err();
    assert_eq!(error.code(), "too_large", "{error}");
}

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

fn into(scope: &str, id: u128, value: Value) -> objects::Create {
    objects::Create::new("thing", data(value)).with_id(ObjectId(id)).into_scope(path(scope), Level::Write)
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

#[cfg(not(feature = "json-schema"))]
#[test]
fn a_build_without_json_schema_refuses_such_a_contract_and_names_the_feature() {
    let (_, ada) = alone();
    let create =
        Create { schema: Some(json!({ "type": "object" })), ..Create::new("thing", "thing", vec![]) };
    let error = ada.execute(create).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, "no_feature"));
    assert!(error.to_string().contains("json-schema"), "{error}");
}

#[cfg(feature = "json-schema")]
#[test]
fn a_contract_may_be_a_json_schema() {
    let (engine, ada) = alone();
    let schema = json!({
        "type": "object", "additionalProperties": false, "required": ["n"],
        "properties": { "n": { "type": "integer", "minimum": 1 }, "at": { "type": "string", "format": "date-time" } }
    });
    let create =
        |schema| Create { schema: Some(schema), ..Create::new("thing", "thing", vec![]).with_id(TASK) };
    for wrong in [json!({ "type": 5 }), json!({ "$ref": "https://example.com/schema.json" }), json!(7)] {
        let error = ada.execute(create(wrong)).unwrap_err();
        assert_eq!(error.code(), "invalid", "{error}");
    }
    let both = Create { fields: one(T::Any), ..create(schema.clone()) };
    assert_eq!(ada.execute(both).unwrap_err().code(), "invalid");
    ada.execute(create(schema)).unwrap();
    write(&ada, 1, json!({ "n": 1, "at": "2026-01-02T03:04:05Z" })).unwrap();
    for bad in
        [json!({}), json!({ "n": 0 }), json!({ "n": 1, "x": 1 }), json!({ "n": 1, "at": "soon" }), json!([])]
    {
        assert_eq!(write(&ada, 2, bad).unwrap_err().code(), "contract");
    }
    digest(&engine);
    crate::support::same_elsewhere(&engine);
}

/// Forty references, each followed twice, would be a trillion places; a reference to itself is as deep as the data says.
#[cfg(feature = "json-schema")]
#[test]
fn a_json_schema_whose_references_multiply_or_never_end_is_refused() {
    let (_, ada) = alone();
    let mut doubling = serde_json::Map::new();
    for n in 0..40 {
        let next = json!({ "$ref": format!("#/$defs/d{}", n + 1) });
        doubling.insert(format!("d{n}"), json!({ "allOf": [next, next] }));
    }
    doubling.insert("d40".into(), json!(true));
    let many: Vec<_> = (0..65).map(|n| json!({ "pattern": format!("^{n}$") })).collect();
    let create =
        |schema| Create { schema: Some(schema), ..Create::new("thing", "thing", vec![]).with_id(TASK) };
    for wrong in [
        json!({ "$ref": "#/$defs/d0", "$defs": doubling }),
        json!({ "properties": { "a": { "$ref": "#" } } }),
        json!({ "$dynamicRef": "#x" }),
        json!({ "properties": { "a": { "$id": "https://example.com/a", "$ref": "#/b" } } }),
        json!({ "$schema": "http://json-schema.org/draft-04/schema#" }),
        json!({ "pattern": "(a{1000}){1000}" }),
        json!({ "anyOf": many }),
    ] {
        let error = ada.execute(create(wrong)).unwrap_err();
        assert_eq!(error.code(), "invalid", "{error}");
    }
    let twice = json!({
        "properties": { "a": { "$ref": "#/$defs/n" }, "b": { "$ref": "#/$defs/n" } }, "$defs": { "n": { "type": "integer" } }
    });
    ada.execute(create(twice)).unwrap();
    write(&ada, 1, json!({ "a": 1, "b": 2 })).unwrap();
    assert_eq!(write(&ada, 2, json!({ "a": 1, "b": "x" })).unwrap_err().code(), "contract");
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
