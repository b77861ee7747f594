//! Deep merge: what overrides do to a blueprint.

use serde_json::{Map, Value};

/// A map over a map is merged key by key, all the way down; any other pairing replaces, lists as a whole. Keys of the base alone stay,
/// those of the overrides alone are added. Neither of the two is changed.
#[must_use]
pub fn merge(base: &Map<String, Value>, overrides: &Map<String, Value>) -> Map<String, Value> {
    let mut merged = base.clone();
    for (key, over) in overrides {
        let value = match (merged.get(key), over) {
            (Some(Value::Object(below)), Value::Object(above)) => Value::Object(merge(below, above)),
            _ => over.clone(),
        };
        merged.insert(key.clone(), value);
    }
    merged
}
