//! How much a JSON Schema can cost, known before it is used.
//!
//! References multiply: `a` that refers to `b` twice, `b` to `c` twice, and so on takes two to the power of their number. So every
//! reference is followed here, as a validator would, and the places are counted. One that leads round again counts for all places of all rounds, and
//! [`recursion`](super::recursion) says which may. What would lead a reference elsewhere than it reads is refused.

use super::super::compile::PATTERNS_MAX;
use super::recursion::{Recursion, target};
use serde_json::Value;

/// Most places of a schema, each counted as often as it is referred to.
pub(super) const PLACES_MAX: usize = 10_000;
/// How deep they nest, references followed.
pub(super) const DEPTH_MAX: usize = 64;

/// Is it bounded?
///
/// # Errors
/// Why it is not.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    let draft = schema.get("$schema").and_then(Value::as_str).unwrap_or_default();
    if draft.contains("draft-03") || draft.contains("draft-04") {
        return Err("draft 4 of JSON Schema and what is older cannot be used".into());
    }
    let recursion = Recursion::of(schema)?;
    let mut walk = Walk { root: schema, recursion: &recursion, rounds: 0, places: 0, patterns: 0 };
    for round in recursion.all() {
        target(schema, round).map_or(Ok(()), |round| walk.see(round, 0))?;
    }
    (walk.rounds, walk.places, walk.patterns) = (walk.places, 0, 0);
    walk.see(schema, 0)
}

/// What is said of one that has no bound that is small enough.
pub(super) fn too_large() -> String {
    format!("the JSON Schema has more than {PLACES_MAX} places, or nests deeper than {DEPTH_MAX}")
}

struct Walk<'a, 'r> {
    root: &'a Value,
    recursion: &'r Recursion<'a>,
    /// Places of all that leads round again.
    rounds: usize,
    places: usize,
    patterns: usize,
}

impl<'a> Walk<'a, '_> {
    fn see(&mut self, value: &'a Value, depth: usize) -> Result<(), String> {
        self.places += 1;
        if self.places > PLACES_MAX || depth > DEPTH_MAX {
            return Err(too_large());
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
                let Some(target) = target(self.root, to) else {
                    return Err(format!(
                        "the JSON Schema refers to `{to:.64}`: only `#/…` within itself is followed"
                    ));
                };
                if self.recursion.has(to) {
                    self.places = self.places.saturating_add(self.rounds);
                    return self.see(&Value::Null, depth);
                }
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
