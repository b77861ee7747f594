//! Three-way merges of objects: taking back one edit where others came later.
//!
//! ```text
//! before the edit   { cpu: 2, note: "a" }
//! the edit          { cpu: 8, note: "a" }      what it changed: cpu, 2 → 8
//! now               { cpu: 8, note: "b" }      cpu is still what the edit made it
//! merged            { cpu: 2, note: "b" }
//! ```
//!
//! By top-level fields: a field that the edit changed and that somebody changed again is a conflict, and then nothing is merged.

use crate::diff::Diff;
use serde_json::{Map, Value};

/// Takes the edit from `before` to `after` back out of `now`; or names the field that was changed again. `None` for the name when the data is
/// no map.
pub(super) fn take_back(before: &Value, after: &Value, now: &Value) -> Result<Value, Option<String>> {
    let (Some(_), Some(_), Some(fields)) = (before.as_object(), after.as_object(), now.as_object()) else {
        return Err(None);
    };
    let (diff, mut merged) = (Diff::between(before, after), fields.clone());
    for (key, added) in diff.added {
        still(&merged, &key, Some(&added))?;
        merged.remove(&key);
    }
    for (key, old) in diff.removed {
        still(&merged, &key, None)?;
        merged.insert(key, old);
    }
    for (key, old, new) in diff.changed {
        still(&merged, &key, Some(&new))?;
        merged.insert(key, old);
    }
    Ok(Value::Object(merged))
}

/// Is the field what the edit made it?
fn still(now: &Map<String, Value>, key: &str, made: Option<&Value>) -> Result<(), Option<String>> {
    if now.get(key) == made { Ok(()) } else { Err(Some(key.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::take_back;
    use serde_json::{Value, json};

    #[test]
    fn what_the_edit_changed_goes_back_and_what_others_changed_stays() {
        let overlap = |key: &str| Err(Some(key.to_owned()));
        type Case = (Value, Value, Value, Result<Value, Option<String>>);
        let cases: [Case; 8] = [
            (json!({"a": 1}), json!({"a": 2}), json!({"a": 2}), Ok(json!({"a": 1}))),
            (json!({"a": 1}), json!({"a": 2}), json!({"a": 2, "b": 1}), Ok(json!({"a": 1, "b": 1}))),
            (json!({"a": 1}), json!({"a": 1, "b": 2}), json!({"a": 9, "b": 2}), Ok(json!({"a": 9}))),
            (json!({"a": 1, "b": 2}), json!({"a": 1}), json!({"a": 9}), Ok(json!({"a": 9, "b": 2}))),
            (json!({"a": 1}), json!({"a": 2}), json!({"a": 3}), overlap("a")),
            (json!({"a": 1}), json!({"a": 2}), json!({}), overlap("a")),
            (json!({"a": 1}), json!({}), json!({"a": 5}), overlap("a")),
            (json!([1]), json!([2]), json!([2, 3]), Err(None)),
        ];
        for (before, after, now, expected) in cases {
            assert_eq!(take_back(&before, &after, &now), expected, "{before} → {after}, now {now}");
        }
    }
}
