//! Drawn values: what stands in the pool, and how bytes choose from it.

use super::shape::{Field, Shape};
use arbitrary::{Result, Unstructured};
use std::sync::OnceLock;

/// Ids of everything are small numbers, so that commands meet the same things.
pub const IDS: u128 = 9;
/// µs: some Sunday in 2026, where the runs begin.
pub const NOON: u64 = 1_795_348_800_000_000;
/// Longest list or map that is drawn.
const LIST_MAX: usize = 4;
/// Steps of a batch.
const STEPS_MAX: usize = 3;

/// The text of the id with that number.
#[must_use]
pub fn id(number: u128) -> String {
    scoped::ObjectId(number).to_string()
}

/// JSON that is tried in every place: words of the engine, ids, paths, times, numbers at their edges, nonsense.
pub fn pool() -> &'static [String] {
    static POOL: OnceLock<Vec<String>> = OnceLock::new();
    POOL.get_or_init(|| {
        let mut pool: Vec<String> = (0..=IDS).map(|number| format!("{:?}", id(number))).collect();
        let raw = [
            "null",
            "true",
            "false",
            "0",
            "1",
            "2",
            "3",
            "8",
            "50",
            "100",
            "255",
            "256",
            "65536",
            "4294967295",
            "4294967296",
            "9007199254740993",
            "18446744073709551615",
            "-1",
            "-9223372036854775808",
            "0.5",
            "1e300",
            "{}",
            "[]",
        ];
        pool.extend(raw.map(str::to_owned));
        pool.extend(
            [0, 1, 1_000_000, 60_000_000, 3_600_000_000].map(|later: u64| (NOON + later).to_string()),
        );
        let words = [
            "",
            " ",
            "a",
            "b",
            "thing",
            "limits",
            "cpu",
            "name",
            "a.b",
            "/cpu",
            "k",
            "reader",
            "member_of",
            "person",
            "bot",
            "MODEL",
            "CUSTOM",
            "core",
            "note",
            "scoped:MODEL:core:note:1",
            "scoped:FUNCTION:core:process:3",
            "org:a",
            "org:a/dept:b",
            "org:a/dept:b/user:c",
            "org:a/ws:new/ws:newer",
            "org:z",
            "org:new",
            "user:c",
            "scope.write",
            "scope.read.*",
            "*",
            "read",
            "write",
            "any",
            "role:writer",
            "P1D",
            "PT5M",
            "P365D",
            "P1Y",
            "2026-11-22T12:00:00Z",
            ".*",
            "(",
            "[a-z]{1,3}",
            "action == 'read'",
            "1 +",
            "objects",
            "records",
            "sha256",
            "é",
            "\u{0}\u{7}",
            "\u{202e}rtl",
            "🦀",
        ];
        pool.extend(words.map(|word| serde_json::Value::from(word).to_string()));
        pool.push(serde_json::Value::from("x".repeat(70)).to_string());
        pool.push(serde_json::Value::from("y".repeat(5_000)).to_string());
        pool
    })
}

/// A line of the wire form, mostly of known commands with arguments that fit.
///
/// # Errors
/// When the bytes are at their end.
pub fn line(bytes: &mut Unstructured<'_>, made: &[u128]) -> Result<String> {
    let all = super::shape::all();
    let mut drawn = Drawn { bytes, made };
    let count = 1 + drawn.below(STEPS_MAX * 2)?.saturating_sub(STEPS_MAX);
    let mut steps = Vec::new();
    for _ in 0..count {
        // The founder may most; the others show what they may not.
        let actor = [1, 1, 1, 1, 2, 3, 4, IDS][drawn.below(8)?];
        let learnt = &all[drawn.below(all.len())?];
        let with = drawn.value(&learnt.arguments)?;
        steps.push(format!(r#"{{"as":"{}","do":"{}","with":{with}}}"#, id(actor), learnt.name));
    }
    if count == 1 {
        return Ok(steps.remove(0));
    }
    let key = if drawn.below(4)? == 0 { r#","key":"k""# } else { "" };
    Ok(format!(r#"{{"batch":[{}]{key}}}"#, steps.join(",")))
}

/// Chooses by the bytes of an input.
pub struct Drawn<'a, 'b> {
    /// The bytes that are left.
    pub bytes: &'a mut Unstructured<'b>,
    /// Ids that the run brought about.
    pub made: &'a [u128],
}

impl Drawn<'_, '_> {
    /// One of so many.
    ///
    /// # Errors
    /// When the bytes are at their end.
    pub fn below(&mut self, count: usize) -> Result<usize> {
        self.bytes.choose_index(count.max(1))
    }
    fn one_in(&mut self, count: u8) -> Result<bool> {
        self.bytes.ratio(1, count)
    }

    /// JSON for a place of that shape; now and then what may not stand there.
    ///
    /// # Errors
    /// When the bytes are at their end.
    pub fn value(&mut self, shape: &Shape) -> Result<String> {
        if self.one_in(48)? {
            let pool = pool();
            return Ok(pool[self.below(pool.len())?].clone());
        }
        if shape.any {
            return self.json(0);
        }
        let ways = [
            !shape.leaves.is_empty(),
            shape.element.is_some(),
            shape.value.is_some(),
            !shape.fields.is_empty(),
            !shape.variants.is_empty(),
        ];
        let ways: Vec<usize> = (0..ways.len()).filter(|way| ways[*way]).collect();
        if ways.is_empty() {
            return Ok("null".to_owned());
        }
        // Where there is something to build, mostly build it.
        let way = if self.one_in(4)? { self.below(ways.len())? } else { ways.len() - 1 };
        Ok(match (ways[way], &shape.element, &shape.value) {
            (1, Some(element), _) => {
                let count = self.below(LIST_MAX)?;
                let list = (0..count).map(|_| self.value(element)).collect::<Result<Vec<_>>>()?;
                format!("[{}]", list.join(","))
            }
            (2, _, Some(value)) => {
                let count = self.below(LIST_MAX)?;
                let map = (0..count).map(|nth| Ok(format!("\"k{nth}\":{}", self.value(value)?)));
                format!("{{{}}}", map.collect::<Result<Vec<_>>>()?.join(","))
            }
            (3, ..) => self.object(&shape.fields)?,
            (4, ..) => {
                let (name, held) = &shape.variants[self.below(shape.variants.len())?];
                format!("{{{name:?}:{}}}", self.value(held)?)
            }
            _ => self.leaf(&shape.leaves)?,
        })
    }

    fn leaf(&mut self, leaves: &[String]) -> Result<String> {
        let leaf = &leaves[self.below(leaves.len())?];
        // An id may be that of something the run made.
        let is_id = leaf.len() == 28 && leaf.starts_with("\"000000");
        if is_id && !self.made.is_empty() && self.one_in(3)? {
            let made = self.made[self.below(self.made.len())?];
            return Ok(format!("{:?}", id(made)));
        }
        Ok(leaf.clone())
    }

    fn object(&mut self, fields: &[Field]) -> Result<String> {
        let mut parts = Vec::new();
        for field in fields {
            if if field.required { !self.one_in(48)? } else { self.one_in(2)? } {
                parts.push(format!("{:?}:{}", field.name, self.value(&field.shape)?));
            }
        }
        Ok(format!("{{{}}}", parts.join(",")))
    }

    /// Any JSON, a few levels deep: an object's data, a template's schema.
    fn json(&mut self, depth: usize) -> Result<String> {
        let keys = ["cpu", "name", "k", "a", "current_version", "é"];
        Ok(match self.below(if depth < 3 { 4 } else { 2 })? {
            0 | 1 => {
                let pool = pool();
                pool[self.below(pool.len())?].clone()
            }
            2 => {
                let list =
                    (0..self.below(LIST_MAX)?).map(|_| self.json(depth + 1)).collect::<Result<Vec<_>>>()?;
                format!("[{}]", list.join(","))
            }
            _ => {
                let count = self.below(LIST_MAX)?;
                let map = keys.iter().take(count).map(|key| Ok(format!("{key:?}:{}", self.json(depth + 1)?)));
                format!("{{{}}}", map.collect::<Result<Vec<_>>>()?.join(","))
            }
        })
    }
}
