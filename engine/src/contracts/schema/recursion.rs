//! JSON Schemas that refer to themselves: used where each piece of data is asked about once.
//!
//! INVARIANT (once): inside of what refers to itself, a reference that leads round again stands below `properties`, `additionalProperties`,
//! `prefixItems` or `items` alone. These hand each child of the data to one schema, so no two such references meet the same data, nor data
//! within the other's. So a piece of data is met once by each place of the schema, whatever the depth, and the work is places times pieces of
//! data, as without recursion. A choice (`anyOf`, `if`, `contains`, …) hands the same data to several, or several times: at 128 levels that never ends.
//! The data is finite and 128 levels deep at most, and every round goes a level down.
//!
//! Whatever is not known to go well is refused. Cost: one look at each place of the schema for each name that it is referred to by, [`PLACES_MAX`] at most.

use super::bounds::{DEPTH_MAX, PLACES_MAX, too_large};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Where a reference leads, as far as it stays within the schema. One that hides its way behind `%` is not followed: whoever decodes it would come
/// to another place than whoever does not.
pub(super) fn target<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let way = reference.strip_prefix('#')?;
    if way.contains('%') { None } else { root.pointer(way) }
}

/// References by which the schema leads round again.
#[derive(Debug, Default)]
pub(super) struct Recursion<'a> {
    /// Those on a way round.
    round: BTreeSet<&'a str>,
    /// Those that lead to one, themselves included.
    towards: BTreeSet<&'a str>,
}

impl<'a> Recursion<'a> {
    /// Finds them, and looks whether each round asks about data once.
    ///
    /// # Errors
    /// When one does not, or there is too much to look at.
    pub(super) fn of(root: &'a Value) -> Result<Self, String> {
        let mut places = 0;
        let mut leads: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut next = vec!["#"];
        while let Some(from) = next.pop() {
            let (Some(at), false) = (target(root, from), leads.contains_key(from)) else { continue };
            let mut to = BTreeSet::new();
            references(at, 0, &mut places, &mut to)?;
            next.extend(to.iter().copied());
            leads.insert(from, to);
        }
        let towards = trimmed(&leads);
        let mut back: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (from, to) in leads.iter().filter(|(from, _)| towards.contains(*from)) {
            back.entry(from).or_default();
            for to in to.iter().filter(|to| towards.contains(*to)) {
                back.entry(to).or_default().insert(from);
            }
        }
        let found = Self { round: trimmed(&back), towards };
        let mut left = PLACES_MAX;
        for from in &found.round {
            let Some(at) = target(root, from) else { continue };
            Round { root, recursion: &found, left: &mut left }.holds(at, 0, false)?;
        }
        Ok(found)
    }

    /// Does it lead round again?
    pub(super) fn has(&self, reference: &str) -> bool {
        self.round.contains(reference)
    }
    /// All that do.
    pub(super) fn all(&self) -> impl Iterator<Item = &'a str> {
        self.round.iter().copied()
    }
}

/// A look at one round, from where it begins.
struct Round<'a, 'r> {
    root: &'a Value,
    recursion: &'r Recursion<'a>,
    /// Places that may still be looked at.
    left: &'r mut usize,
}

impl<'a> Round<'a, '_> {
    /// Does a schema hold a reference that leads round? `down`: is it about data within that where the round began?
    fn holds(&mut self, schema: &'a Value, depth: usize, down: bool) -> Result<bool, String> {
        *self.left = self.left.checked_sub(1).filter(|_| depth <= DEPTH_MAX).ok_or_else(too_large)?;
        let Value::Object(map) = schema else { return Ok(false) };
        let here = self.here(map, depth, down)?;
        let mut below = false;
        for (keyword, value) in map {
            let children: Vec<&Value> = match (keyword.as_str(), value) {
                ("$ref", _) => continue,
                // Met by reference only.
                ("$defs" | "definitions", Value::Object(_)) => continue,
                ("properties", Value::Object(all)) => all.values().collect(),
                ("prefixItems" | "items", Value::Array(all)) => all.iter().collect(),
                ("items" | "additionalItems" | "additionalProperties", Value::Object(_)) => vec![value],
                _ => {
                    let mut found = BTreeSet::new();
                    references(value, 0, &mut 0, &mut found)?;
                    if found.iter().any(|reference| self.recursion.towards.contains(reference)) {
                        return Err(format!(
                            "the JSON Schema refers to itself below `{keyword:.32}`, where it might ask about the same data again and again: do so below `properties`, \
                             `additionalProperties`, `prefixItems` or `items` only, or unroll it to the depth that is meant"
                        ));
                    }
                    continue;
                }
            };
            for child in children {
                below |= self.holds(child, depth + 1, true)?;
            }
        }
        // What nobody else has asked about is found by asking everybody once more.
        let again = map.keys().find(|keyword| (here || below) && keyword.starts_with("unevaluated"));
        if let Some(keyword) = again {
            return Err(format!(
                "the JSON Schema refers to itself beside `{keyword:.32}`, which asks about the same data again"
            ));
        }
        if here && below {
            return Err("the JSON Schema refers to itself beside a `$ref` that does so too, so that both might ask about the same data".into());
        }
        Ok(here || below)
    }

    /// Does its own `$ref` lead round?
    fn here(&mut self, map: &'a Map<String, Value>, depth: usize, down: bool) -> Result<bool, String> {
        let Some(Value::String(reference)) = map.get("$ref") else { return Ok(false) };
        match (self.recursion.has(reference), target(self.root, reference)) {
            (true, _) if !down => Err(format!(
                "the JSON Schema refers to itself by `{reference:.64}` without going into the data"
            )),
            (true, _) => Ok(true),
            (false, Some(at)) if self.recursion.towards.contains(reference.as_str()) => {
                self.holds(at, depth + 1, down)
            }
            (false, _) => Ok(false),
        }
    }
}

/// All references within a value, whether they are used as such or not.
fn references<'a>(
    value: &'a Value,
    depth: usize,
    places: &mut usize,
    found: &mut BTreeSet<&'a str>,
) -> Result<(), String> {
    *places += 1;
    if *places > PLACES_MAX || depth > DEPTH_MAX {
        return Err(too_large());
    }
    match value {
        Value::Array(all) => all.iter().try_for_each(|one| references(one, depth + 1, places, found)),
        Value::Object(map) => map.iter().try_for_each(|(key, one)| {
            if let ("$ref", Value::String(to)) = (key.as_str(), one) {
                found.insert(to);
            }
            references(one, depth + 1, places, found)
        }),
        _ => Ok(()),
    }
}

/// What is left when everything is taken away, again and again, that leads to nothing that is left.
fn trimmed<'a>(leads: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut back: BTreeMap<&str, Vec<&'a str>> = BTreeMap::new();
    let mut counts: BTreeMap<&'a str, usize> = BTreeMap::new();
    for (from, to) in leads {
        counts.insert(from, to.len());
        to.iter().for_each(|to| back.entry(to).or_default().push(from));
    }
    // Where a reference leads nowhere, nothing leads on from there.
    let nowhere = leads.values().flatten().filter(|to| !leads.contains_key(*to)).copied();
    let mut gone: BTreeSet<&str> = nowhere.collect();
    gone.extend(counts.iter().filter(|(_, count)| **count == 0).map(|(from, _)| *from));
    let mut next: Vec<&str> = gone.iter().copied().collect();
    while let Some(to) = next.pop() {
        for from in back.get(to).into_iter().flatten() {
            let Some(count) = counts.get_mut(from) else { continue };
            *count = count.saturating_sub(1);
            if *count == 0 && gone.insert(from) {
                next.push(from);
            }
        }
    }
    leads.keys().copied().filter(|from| !gone.contains(from)).collect()
}
