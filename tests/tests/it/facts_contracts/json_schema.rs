//! Contracts as JSON Schema, in builds with the feature and without.

use super::*;

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

/// Forty references, each followed twice, would be a trillion places.
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
        json!({ "$dynamicRef": "#x" }),
        json!({ "properties": { "a": { "$id": "https://example.com/a", "$ref": "#/b" } } }),
        json!({ "$schema": "http://json-schema.org/draft-04/schema#" }),
        json!({ "pattern": "(a{1000}){1000}" }),
        json!({ "anyOf": many }),
        // Once a way that is written with `%` led the check to a harmless place, and the validator round and round.
        json!({ "$ref": "#/$defs/n", "%24defs": { "n": true }, "$defs": { "n": { "allOf": [
            { "properties": { "x": { "$ref": "#/%24defs/n" } } }, { "properties": { "x": { "$ref": "#/%24defs/n" } } },
        ] } } }),
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

/// A schema of a few hundred bytes that refers to itself twice a level visits every level twice: two to the power of the depth, on the
/// writer's thread.
#[cfg(feature = "json-schema")]
#[test]
fn a_json_schema_that_might_ask_about_the_same_data_twice_a_level_is_refused_and_one_that_is_unrolled_is_not()
{
    let (_, ada) = alone();
    let create =
        |schema| Create { schema: Some(schema), ..Create::new("thing", "thing", vec![]).with_id(TASK) };
    let (round, one) = (json!({ "$ref": "#" }), json!({ "$ref": "#/$defs/one" }));
    let through = |keyword: &str| json!({ keyword: { "x": round } });
    let mut twice = vec![
        json!({ "$ref": "#" }),
        json!({ "$ref": "#/$defs/one", "$defs": { "one": { "$ref": "#/$defs/two" }, "two": one } }),
        json!({ "anyOf": [{ "items": round }, { "items": round }] }),
        json!({ "items": { "anyOf": [{ "type": "null" }, round] } }),
        json!({ "items": { "allOf": [round] } }),
        json!({ "items": { "not": round } }),
        json!({ "items": { "if": round, "then": true } }),
        json!({ "contains": round }),
        json!({ "items": round, "contains": round }),
        json!({ "items": round, "unevaluatedItems": false }),
        json!({ "properties": { "x": round }, "unevaluatedProperties": round }),
        // The same data by two ways: `x` itself, and what is in it.
        json!({ "properties": { "x": { "$ref": "#", "properties": { "x": round } } } }),
        json!({ "properties": { "x": { "$ref": "#/$defs/one", "properties": { "x": round } } }, "$defs": { "one": { "items": round } } }),
        // By way of another, which is met below the choice.
        json!({ "items": { "oneOf": [one] }, "$defs": { "one": { "items": round } } }),
    ];
    twice.extend(["patternProperties", "dependentSchemas", "x-unknown"].map(through));
    for recursive in twice {
        let error = ada.execute(create(recursive.clone())).unwrap_err();
        assert_eq!(error.code(), "invalid", "{recursive}: {error}");
        assert!(error.to_string().contains("refers to itself"), "{recursive}: {error}");
    }
    // As many places as there may be, once for each of the rounds.
    let wide: serde_json::Map<_, _> = (0..200).map(|n| (format!("p{n}"), round.clone())).collect();
    let error = ada.execute(create(json!({ "properties": wide }))).unwrap_err();
    assert!(error.to_string().contains("places"), "{error}");
    let unrolled = (0..6).fold(
        json!({ "type": "integer" }),
        |inner, _| json!({ "anyOf": [{ "type": "integer" }, { "type": "array", "items": inner }] }),
    );
    ada.execute(create(unrolled)).unwrap();
    write(&ada, 1, json!([1, [2, [3, [4]]]])).unwrap();
    assert_eq!(write(&ada, 2, json!([1, ["x"]])).unwrap_err().code(), "contract");
    assert_eq!(write(&ada, 3, json!([[[[[[[7]]]]]]])).unwrap_err().code(), "contract", "deeper than it goes");
}

/// Once every schema that refers to itself was refused, though trees and lists are what people write such schemas for.
#[cfg(feature = "json-schema")]
#[test]
fn a_json_schema_that_asks_about_each_piece_of_data_once_may_refer_to_itself() {
    let (engine, ada) = alone();
    let tree = json!({
        "type": "object", "required": ["name"], "additionalProperties": false,
        "properties": {
            "name": { "anyOf": [{ "type": "string" }, { "type": "integer" }] },
            "children": { "type": "array", "items": { "$ref": "#/$defs/tree" } },
            "next": { "$ref": "#/$defs/next" }
        }
    });
    let next =
        json!({ "type": ["array", "null"], "prefixItems": [{ "$ref": "#/$defs/tree" }], "items": false });
    let schema = json!({ "$ref": "#/$defs/tree", "$defs": { "tree": tree, "next": next } });
    let create = Create { schema: Some(schema), ..Create::new("thing", "thing", vec![]).with_id(TASK) };
    ada.execute(create).unwrap();
    let leaf = |name: serde_json::Value| json!({ "name": name });
    write(
        &ada,
        1,
        json!({ "name": "a", "children": [leaf(json!("b")), leaf(json!(3))], "next": [leaf(json!("c"))] }),
    )
    .unwrap();
    write(&ada, 2, json!({ "name": "a", "next": null })).unwrap();
    for wrong in [
        json!({ "name": "a", "children": [{ "name": "b", "children": [{ "nam": "c" }] }] }),
        json!({ "name": "a", "next": [leaf(json!("b")), leaf(json!("c"))] }),
        json!({ "name": "a", "next": [{ "name": "b", "next": [{ "name": true }] }] }),
    ] {
        assert_eq!(write(&ada, 3, wrong.clone()).unwrap_err().code(), "contract", "{wrong}");
    }
    // As deep as data goes, right and wrong at the bottom: a doubling at each level would never end.
    let deep = |bottom| (0..60).fold(leaf(bottom), |below, _| json!({ "name": "x", "children": [below] }));
    write(&ada, 4, deep(json!("bottom"))).unwrap();
    assert_eq!(write(&ada, 5, deep(json!(true))).unwrap_err().code(), "contract");
    crate::support::same_elsewhere(&engine);
}
