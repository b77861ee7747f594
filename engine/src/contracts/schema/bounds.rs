//! How much a JSON Schema can cost, known before it is used.
//!
//! References multiply: `a` that refers to `b` twice, `b` to `c` twice, and so on takes two to the power of their number. So every
//! reference is followed here, as a validator would, and the places are counted. A schema that refers to itself has no end of them,
//! and is refused: how deep data nests is not for the data to say. So is what would lead a reference elsewhere than it reads.

use super::super::compile::PATTERNS_MAX;
use serde_json::Value;

/// Most places of a schema, each counted as often as it is referred to.
const PLACES_MAX: usize = 10_000;
/// How deep they nest, references followed.
const DEPTH_MAX: usize = 64;

/// Is it bounded?
///
/// # Errors
/// Why it is not.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    let draft = schema.get("$schema").and_then(Value::as_str).unwrap_or_default();
    if draft.contains("draft-03") || draft.contains("draft-04") {
        return Err("draft 4 of JSON Schema and what is older cannot be used".into());
    }
    Walk { root: schema, places: 0, patterns: 0 }.see(schema, 0)
}

struct Walk<'a> {
    root: &'a Value,
    places: usize,
    patterns: usize,
}

impl<'a> Walk<'a> {
    fn see(&mut self, value: &'a Value, depth: usize) -> Result<(), String> {
        self.places += 1;
        if self.places > PLACES_MAX || depth > DEPTH_MAX {
            return Err(format!(
                "the JSON Schema has more than {PLACES_MAX} places, nests deeper than {DEPTH_MAX}, or refers to itself"
            ));
        }
        match value {
            Value::Array(list) => list.iter().try_for_each(|one| self.see(one, depth + 1)),
            Value::Object(map) => map.iter().try_for_each(|(key, one)| self.keyword(key, one, depth)),
            _ => Ok(()),
        }
    }

    fn keyword(&mut self, key: &str, value: &'a Value, depth: usize) -> Result<(), String> {
        match (key, value) {
            ("$ref", Value::String(to)) => {
                let target = to.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
                let Some(target) = target else {
                    return Err(format!(
                        "the JSON Schema refers to `{to:.64}`: only `#/…` within itself is followed"
                    ));
                };
                return self.see(target, depth + 1);
            }
            ("$dynamicRef" | "$recursiveRef", Value::String(_)) => {
                return Err(format!("`{key}` cannot be used: it has no bound"));
            }
            ("$id", Value::String(_)) if depth > 0 => {
                return Err("only a whole JSON Schema has an `$id`".into());
            }
            ("pattern", Value::String(_)) => self.patterns += 1,
            ("patternProperties", Value::Object(map)) => self.patterns += map.len(),
            _ => {}
        }
        if self.patterns > PATTERNS_MAX {
            return Err(format!("a JSON Schema has at most {PATTERNS_MAX} patterns"));
        }
        self.see(value, depth + 1)
    }
}
