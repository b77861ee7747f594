//! Constraints over several fields, and the order of complaints.

use super::*;

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
