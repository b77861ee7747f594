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

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldChange {
    /// Where: a JSON pointer (RFC 6901); empty for the whole.
    pub path: String,
    /// What it was; `None` when it was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<serde_json::Value>,
    /// What it is; `None` when it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<serde_json::Value>,
}

impl FieldChange {
    /// Everything that differs, down to the fields of nested maps, in the order of the paths. Lists are compared as a whole.
    #[must_use]
    pub fn between(before: &serde_json::Value, after: &serde_json::Value) -> Vec<Self> {
        let mut found = Vec::new();
        fields(&mut String::new(), before, after, &mut found);
        found
    }
}

/// Recursion ends: what was parsed is at most 128 levels deep.
fn fields(
    path: &mut String,
    before: &serde_json::Value,
    after: &serde_json::Value,
    found: &mut Vec<FieldChange>,
) {
    let (Some(old), Some(new)) = (before.as_object(), after.as_object()) else {
        if before != after {
            let (before, after) = (Some(before.clone()), Some(after.clone()));
            found.push(FieldChange { path: path.clone(), before, after });
        }
        return;
    };
    let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let length = path.len();
        path.push('/');
        path.push_str(&key.replace('~', "~0").replace('/', "~1"));
        match (old.get(key), new.get(key)) {
            (Some(before), Some(after)) => fields(path, before, after, found),
            (before, after) => {
                let (before, after) = (before.cloned(), after.cloned());
                found.push(FieldChange { path: path.clone(), before, after });
            }
        }
        path.truncate(length);
    }
}

#[cfg(test)]
mod tests {
    use super::{Diff, FieldChange};
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

    #[test]
    fn nested_fields_are_named_by_pointers() {
        let (before, after) = (json!({"a": {"x": 1, "y/z": 2}, "b": 1}), json!({"a": {"x": 3}, "c": [1]}));
        let found: Vec<_> = FieldChange::between(&before, &after)
            .into_iter()
            .map(|change| (change.path, change.before, change.after))
            .collect();
        assert_eq!(
            found,
            [
                ("/a/x".to_owned(), Some(json!(1)), Some(json!(3))),
                ("/a/y~1z".to_owned(), Some(json!(2)), None),
                ("/b".to_owned(), Some(json!(1)), None),
                ("/c".to_owned(), None, Some(json!([1]))),
            ]
        );
        assert_eq!(FieldChange::between(&json!(1), &json!(2))[0].path, "");
        assert_eq!(FieldChange::between(&after, &after), []);
    }
}
