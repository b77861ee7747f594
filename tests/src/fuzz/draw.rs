//! Drawn values: what stands in the pool, and how bytes choose from it.

use super::known::{Echo, Known, domain, names_own};
use super::shape::{Field, Learnt, Shape};
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

/// Chooses by the bytes of an input.
pub struct Drawn<'a, 'b> {
    /// The bytes that are left.
    pub bytes: &'a mut Unstructured<'b>,
    /// Ids that the run brought about.
    pub made: &'a [u128],
    /// The same by what they name, and what was said when they came.
    pub known: &'a Known,
    /// What time it is, µs.
    pub now: u64,
}

/// Commands that are easily accepted, and after which little else is.
const STOPS: &[&str] = &[
    "registry.freeze",
    "tenancy.freeze_scope",
    "tenancy.delete_scope",
    "identity.archive_principal",
    "identity.suspend_principal",
];

/// What fits fields that take more than their type says.
fn plausible(domain: &str, field: &str) -> &'static [&'static str] {
    match field {
        "type" | "object_type" => &[r#""thing""#, r#""note""#, r#""limits""#, r#""a""#],
        "class" => &[r#""access""#, r#""constraint""#, r#""visibility""#],
        "when" => &["{}", r#"{"action":"transfer"}"#],
        "to" if domain == "rules" => &["{}", r#"{"scope":"org:a/dept:b"}"#, r#"{"object_type":"note"}"#],
        "policy" => &[
            r#"{"retention":{"objects":{"max_age":"PT10S"}}}"#,
            r#"{"retention":{"versions":{"max_age":"PT1M"}}}"#,
            r#"{"retention":{"objects":{"min_age":"PT30S"}}}"#,
            r#"{"quota":{"max_records":40}}"#,
            r#"{"inherit_members":false}"#,
            "{}",
        ],
        "digest" => &[r#""00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff""#],
        "expected_version" | "version" => &["1", "2"],
        "fields" => &[r#"[{"name":"cpu","type":"any","required":false}]"#, "[]"],
        "context" => &[r#"{"org_id":"a"}"#, r#"{"org_id":"a","user_id":"c","agent_id":"planner"}"#],
        "path" => &[r#""org:a/ws:new""#, r#""org:a/dept:b/ws:x""#, r#""org:z/team:t""#],
        "handle" => &[r#""user:c""#, r#""user:d""#],
        "records" => &[r#""keep""#, r#""forget""#],
        "urn" => &[r#""scoped:FUNCTION:core:process:3""#, r#""scoped:MODEL:core:note:1""#],
        _ => &[],
    }
}

impl Drawn<'_, '_> {
    /// A line of the wire form, mostly of known commands with arguments that fit.
    ///
    /// # Errors
    /// When the bytes are at their end.
    pub fn line(&mut self) -> Result<String> {
        let all = super::shape::all();
        let count = 1 + self.below(STEPS_MAX * 2)?.saturating_sub(STEPS_MAX);
        let mut steps = Vec::new();
        for _ in 0..count {
            // The founder may most; the others show what they may not.
            let actor = [1, 1, 1, 1, 1, 1, 1, 2, 3, 4, IDS][self.below(11)?];
            let learnt = self.command(all)?;
            let with = self.arguments(learnt)?;
            steps.push(format!(r#"{{"as":"{}","do":"{}","with":{with}}}"#, id(actor), learnt.name));
        }
        if count == 1 {
            return Ok(steps.remove(0));
        }
        let key = if self.below(4)? == 0 { r#","key":"k""# } else { "" };
        Ok(format!(r#"{{"batch":[{}]{key}}}"#, steps.join(",")))
    }

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

    /// A command, often one of a domain that was spoken of before; seldom one after which little else is accepted.
    ///
    /// # Errors
    /// When the bytes are at their end.
    pub fn command<'l>(&mut self, all: &'l [Learnt]) -> Result<&'l Learnt> {
        let (known, mut of_it) = (self.known, Vec::new());
        let spoken = known.domains();
        if !spoken.is_empty() && self.one_in(2)? {
            let wanted = spoken[self.below(spoken.len())?];
            of_it.extend(all.iter().filter(|learnt| domain(learnt.name) == wanted));
        }
        if of_it.is_empty() {
            of_it.extend(all);
        }
        let mut drawn = of_it[self.below(of_it.len())?];
        while STOPS.contains(&drawn.name) && !self.one_in(6)? {
            drawn = of_it[self.below(of_it.len())?];
        }
        Ok(drawn)
    }

    /// The arguments of a command, mostly about what an earlier one was about.
    ///
    /// # Errors
    /// When the bytes are at their end.
    pub fn arguments(&mut self, command: &Learnt) -> Result<String> {
        let (domain, fields) = (domain(command.name), &command.arguments.fields);
        if fields.is_empty() || self.one_in(48)? {
            return self.value(&command.arguments);
        }
        let echoes = self.known.echoes(domain, fields);
        let echo = if echoes.is_empty() || self.one_in(3)? { None } else { Some(self.below(echoes.len())?) };
        let echo = echo.map(|nth| echoes[nth]);
        // With all that may be said, or with hardly any of it: much that is optional excludes each other.
        let some = [2, 4, 8, 16][self.below(4)?];
        let mut parts = Vec::new();
        for field in fields {
            // An id that may be left out is that of something new.
            let is_new = !field.required && names_own(domain, &field.name);
            let often = if is_new { 8 } else { some };
            if if field.required { !self.one_in(48)? } else { self.one_in(often)? } {
                parts.push(format!("{:?}:{}", field.name, self.field(domain, field, echo)?));
            }
        }
        Ok(format!("{{{}}}", parts.join(",")))
    }

    fn field(&mut self, domain: &str, field: &Field, echo: Option<&Echo>) -> Result<String> {
        if let Some(said) = echo.and_then(|echo| echo.field(domain, &field.name))
            && !self.one_in(4)?
        {
            return Ok(said.to_owned());
        }
        if field.name == "expires_at" && !self.one_in(3)? {
            // Soon enough that it runs out while the input lasts.
            let later = [1_000_000, 10_000_000, 60_000_000][self.below(3)?];
            return Ok((self.now + later).to_string());
        }
        let (words, ids) = (plausible(domain, &field.name), self.known.ids(domain, &field.name));
        if !words.is_empty() && !self.one_in(3)? {
            return Ok(words[self.below(words.len())?].to_owned());
        }
        if !ids.is_empty() && !self.one_in(3)? {
            return Ok(format!("{:?}", id(ids[self.below(ids.len())?])));
        }
        self.value(&field.shape)
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
