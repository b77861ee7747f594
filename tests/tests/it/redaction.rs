//! Redaction holds whatever shape the data has: other data than a path expects hides more, never less.

use crate::rules::{ADA, BO, at, bound, world};
use crate::support::{data, path};
use proptest::prelude::*;
use scoped::projections::rules::{Class, Redactions};
use scoped::rules::{Define, Update};
use scoped::{Effect, Engine, Level, ObjectId, RuleId, objects};
use serde_json::{Value, json};

const NOTE: ObjectId = ObjectId(70);

/// A rule that hides these paths in `org:a`.
fn hide(text: &str) -> Define {
    let redactions: Redactions = serde_json::from_str(text).unwrap();
    Define { redactions: Some(redactions), ..Define::new("hide", Class::Redaction, Effect::Deny) }
}

/// A note with this data, and what Bo sees of it.
fn shown(engine: &Engine, value: Value) -> Value {
    let ada = engine.session(ADA).unwrap();
    let done = match engine.read(|moment| moment.world().objects().row(NOTE)) {
        None => {
            let create = objects::Create::new("note", data(value)).with_id(NOTE);
            ada.execute(create.into_scope(path("org:a"), Level::Write))
        }
        Some(_) => {
            let (expected_version, reason) = (None, None);
            ada.execute(objects::Update { object: NOTE, data: data(value), expected_version, reason })
        }
    };
    done.unwrap();
    engine.session(BO).unwrap().read(NOTE).unwrap().value().unwrap()
}

/// The rule hides this instead from now on.
fn instead(engine: &Engine, rule: RuleId, redactions: &str) {
    let text = format!(r#"{{"rule": "{rule}", "redactions": {redactions}}}"#);
    let update: Update = serde_json::from_str(&text).unwrap();
    engine.session(ADA).unwrap().execute(update).unwrap();
}

/// A path through a list without `[*]` led nowhere, and what it was to hide was shown.
#[test]
fn a_path_that_meets_another_shape_covers_all_that_it_meets() {
    let (engine, _) = world();
    bound(
        &engine,
        hide(r#"{"owner.email": {}, "people[*].phone": {}, "tags[*]": {"strategy": "omit"}}"#),
        at("org:a"),
    );
    let gone = "[REDACTED]";
    for (value, expected) in [
        (json!({ "owner": { "email": "s", "n": 1 } }), json!({ "owner": { "email": gone, "n": 1 } })),
        (
            json!({ "owner": [{ "email": "s" }, { "n": 1 }] }),
            json!({ "owner": [{ "email": gone }, { "n": 1 }] }),
        ),
        (json!({ "owner": [[{ "email": ["s"] }]] }), json!({ "owner": [[{ "email": gone }]] })),
        (json!({ "owner": "s" }), json!({ "owner": gone })),
        (json!({ "owner": ["s", 7] }), json!({ "owner": [gone, gone] })),
        (json!({ "owner": { "n": "s" } }), json!({ "owner": { "n": "s" } })),
        (json!({ "people": { "phone": "s", "n": 1 } }), json!({ "people": { "phone": gone, "n": 1 } })),
        (
            json!({ "people": { "ada": { "phone": "s" }, "n": 1 } }),
            json!({ "people": { "ada": { "phone": gone }, "n": 1 } }),
        ),
        (json!({ "people": "s" }), json!({ "people": gone })),
        (json!({ "tags": ["s", "t"] }), json!({ "tags": [] })),
        (json!({ "tags": "s", "n": 1 }), json!({ "n": 1 })),
        (json!({ "tags": { "s": 1 }, "n": 1 }), json!({ "n": 1 })),
    ] {
        assert_eq!(shown(&engine, value.clone()), expected, "{value}");
    }
}

#[test]
fn a_json_pointer_names_every_key() {
    let (engine, _) = world();
    let rule = bound(&engine, hide(r#"{"/a.b/c": {}}"#), at("org:a"));
    let gone = "[REDACTED]";
    assert_eq!(
        shown(&engine, json!({ "a.b": { "c": 1 }, "a": { "b": 2 } })),
        json!({ "a.b": { "c": gone }, "a": { "b": 2 } })
    );
    instead(&engine, rule, r#"{"/x~1y/~0": {}, "/": {}}"#);
    assert_eq!(
        shown(&engine, json!({ "x/y": { "~": 1 }, "": 2 })),
        json!({ "x/y": { "~": gone }, "": gone })
    );
    // A number names a place in a list: all of them are covered, since the next version may have another order.
    instead(&engine, rule, r#"{"/list/0/k": {}}"#);
    assert_eq!(
        shown(&engine, json!({ "list": [{ "k": 1 }, { "k": 2 }] })),
        json!({ "list": [{ "k": gone }, { "k": gone }] })
    );
    for bad in [r#"{"/a~2": {}}"#, r#"{"/a~": {}}"#, r#"{"a..b": {}}"#, r#"{"a[0]": {}}"#] {
        let refused = engine.session(ADA).unwrap().execute(hide(bad)).unwrap_err();
        assert_eq!(refused.code(), "invalid", "{bad}");
    }
}

/// Data around a secret: at each level a field of that name, perhaps within lists, perhaps ending early.
fn wrapped() -> impl Strategy<Value = (Vec<&'static str>, Value)> {
    let key = prop::sample::select(vec!["a", "b.c", "d", "x/y"]);
    let level = (key, 0..3_u8, any::<bool>());
    (prop::collection::vec(level, 1..5), 0..4_usize, any::<bool>()).prop_map(|(levels, early, text)| {
        let path: Vec<&'static str> = levels.iter().map(|(key, ..)| *key).collect();
        // The value may end before the path does.
        let depth = levels.len().saturating_sub(early % levels.len());
        let mut value = if text { json!("SECRET") } else { json!(["SECRET", ["SECRET"]]) };
        for (key, lists, beside) in levels.into_iter().take(depth).rev() {
            let mut field = serde_json::Map::from_iter([(key.to_owned(), value)]);
            if beside {
                field.insert("beside".into(), json!("OPEN"));
            }
            value = Value::Object(field);
            for _ in 0..lists {
                value = json!([value.clone(), {}, value]);
            }
        }
        (path, json!({ "top": value }))
    })
}

proptest! {
    #![proptest_config(crate::support::chances(48, 61))]

    #[test]
    fn nothing_that_a_path_covers_survives_in_lists((keys, value) in wrapped(), strategy in 0..3_usize) {
        let (engine, _) = world();
        let escaped = keys.iter().map(|key| key.replace('~', "~0").replace('/', "~1"));
        let pointer = format!("/top/{}", escaped.collect::<Vec<_>>().join("/"));
        let strategy = ["replace", "omit", "mask"][strategy];
        let rule = hide(&format!(r#"{{"{pointer}": {{"strategy": "{strategy}"}}}}"#));
        bound(&engine, rule, at("org:a"));
        let seen = shown(&engine, value.clone()).to_string();
        prop_assert!(!seen.contains("SECRET"), "{pointer} of {value}: {seen}");
        prop_assert_eq!(seen.matches("OPEN").count(), value.to_string().matches("OPEN").count());
    }
}
