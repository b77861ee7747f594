//! The difference between two versions of an object's data.

use serde::Serialize;

/// What changed between two versions, by top-level key.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Diff {
    /// Keys that came, with their values.
    pub added: Vec<(String, serde_json::Value)>,
    /// Keys that went, with the values they had.
    pub removed: Vec<(String, serde_json::Value)>,
    /// Keys whose values changed: before and after.
    pub changed: Vec<(String, serde_json::Value, serde_json::Value)>,
}

impl Diff {
    /// The difference between two values; anything but two maps is compared as a whole, under the empty key.
    #[must_use]
    pub fn between(before: &serde_json::Value, after: &serde_json::Value) -> Self {
        let mut diff = Self::default();
        let (Some(old), Some(new)) = (before.as_object(), after.as_object()) else {
            if before != after {
                diff.changed.push((String::new(), before.clone(), after.clone()));
            }
            return diff;
        };
        for (key, value) in old {
            match new.get(key) {
                None => diff.removed.push((key.clone(), value.clone())),
                Some(now) if now != value => diff.changed.push((key.clone(), value.clone(), now.clone())),
                Some(_) => {}
            }
        }
        let came = new.iter().filter(|(key, _)| !old.contains_key(*key));
        diff.added.extend(came.map(|(key, value)| (key.clone(), value.clone())));
        diff
    }
}

#[cfg(test)]
mod tests {
    use super::Diff;
    use serde_json::json;

    #[test]
    fn keys_come_go_and_change() {
        for (before, after, added, removed, changed) in [
            (json!({"a": 1}), json!({"a": 1}), 0, 0, 0),
            (json!({"a": 1}), json!({"a": 1, "b": 2}), 1, 0, 0),
            (json!({"a": 1, "b": 2}), json!({"b": 2}), 0, 1, 0),
            (json!({"a": {"x": 1}}), json!({"a": {"x": 2}}), 0, 0, 1),
            (json!({"a": null}), json!({}), 0, 1, 0),
            (json!({"a": 1, "b": 1}), json!({"b": 2, "c": 3}), 1, 1, 1),
            (json!([1]), json!([2]), 0, 0, 1),
            (json!(5), json!(5), 0, 0, 0),
        ] {
            let diff = Diff::between(&before, &after);
            let counts = (diff.added.len(), diff.removed.len(), diff.changed.len());
            assert_eq!(counts, (added, removed, changed), "{before} → {after}");
        }
    }
}
