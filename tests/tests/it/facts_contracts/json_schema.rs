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

/// A schema of a few hundred bytes that refers to itself twice a level visits every level twice: two to the power of the depth, on the
/// writer's thread. So recursion is refused in every form, and what is meant is unrolled.
#[cfg(feature = "json-schema")]
#[test]
fn a_json_schema_that_refers_to_itself_is_refused_and_one_that_is_unrolled_is_not() {
    let (_, ada) = alone();
    let create =
        |schema| Create { schema: Some(schema), ..Create::new("thing", "thing", vec![]).with_id(TASK) };
    let list = json!({ "type": "array", "items": { "$ref": "#/$defs/tree" } });
    for recursive in [
        json!({ "$ref": "#" }),
        json!({ "$ref": "#/$defs/tree", "$defs": { "tree": list } }),
        json!({ "$ref": "#/$defs/a", "$defs": { "a": { "items": { "$ref": "#/$defs/b" } }, "b": { "items": { "$ref": "#/$defs/a" } } } }),
        json!({ "anyOf": [{ "items": { "$ref": "#" } }, { "items": { "$ref": "#" } }] }),
        // Nothing leads there yet: a later keyword of the crate might.
        json!({ "$defs": { "tree": list } }),
    ] {
        let error = ada.execute(create(recursive.clone())).unwrap_err();
        assert_eq!(error.code(), "invalid", "{recursive}: {error}");
        assert!(error.to_string().contains("refers to itself"), "{error}");
    }
    let unrolled = (0..6).fold(
        json!({ "type": "integer" }),
        |inner, _| json!({ "anyOf": [{ "type": "integer" }, { "type": "array", "items": inner }] }),
    );
    ada.execute(create(unrolled)).unwrap();
    write(&ada, 1, json!([1, [2, [3, [4]]]])).unwrap();
    assert_eq!(write(&ada, 2, json!([1, ["x"]])).unwrap_err().code(), "contract");
    assert_eq!(write(&ada, 3, json!([[[[[[[7]]]]]]])).unwrap_err().code(), "contract", "deeper than it goes");
}
