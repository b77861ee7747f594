//! Contracts that cannot be are refused when they are defined.

use super::*;

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
