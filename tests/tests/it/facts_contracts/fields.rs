//! Fields: their types, their constraints, being required.

use super::*;

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

#[test]
fn a_required_field_with_a_default_may_be_absent_and_the_default_is_not_written() {
    let (_, ada) = alone();
    let fields = vec![FieldSpec::new("f", T::Integer).or(7)];
    ada.execute(Create::new("thing", "thing", fields)).unwrap();
    write(&ada, 1, json!({})).unwrap();
    assert_eq!(ada.read(ObjectId(1)).unwrap().value().unwrap(), json!({}));
    complains(one(T::Integer), json!({}), "Missing required field `f`");
}
