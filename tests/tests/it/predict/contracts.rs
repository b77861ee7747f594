//! Contracts: their life, their versions, one that is active for a type in a place, and what it keeps from being written to paths, there
//! or not (page 1, decision 0013).

use super::ground::{ADMIN, Ground, ROOT, WRITER, Who, number, place};
use super::{Answer, Line, Raw, id};
use scoped::projections::contracts::Lifecycle;
use scoped::{Moment, ScopeId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
struct Contract {
    scope: Option<u8>,
    object_type: String,
    life: &'static str,
    version: u64,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Contracts(BTreeMap<u8, Contract>);

pub(super) fn drawn(raw: &Raw) -> Line {
    let [_, _, a, b, c, d] = *raw;
    if a % 5 == 4 {
        // Two levels below the root, neither there before the first that is accepted.
        let path = ["org:a/dept:n0", "org:a/dept:n1", "org:a/dept:n1/team:t"][usize::from(b) % 3];
        let value = if c % 2 == 0 { json!(7) } else { json!("seven") };
        let object_type = ["thing", "note"][usize::from(d) % 2];
        return ("objects.create", json!({ "type": object_type, "data": { "n": value }, "scope": path }));
    }
    let (contract, fields) = (id(a % 3 + 1), json!([{ "name": "n", "type": "integer" }]));
    let name = match d % 8 {
        0..=2 => {
            let object_type = ["thing", "note"][usize::from(c) % 2];
            let mut with =
                json!({ "contract": contract, "name": "c", "object_type": object_type, "fields": fields });
            if let Some(scope) = place(b) {
                with["scope"] = id(scope).into();
            }
            return ("contracts.create", with);
        }
        3 => {
            let mut with = json!({ "contract": contract, "fields": fields });
            if b % 2 == 0 {
                with["expected_version"] = (c % 3 + 1).into();
            }
            return ("contracts.update", with);
        }
        4 => "contracts.deprecate",
        5 => "contracts.activate",
        6 => "contracts.archive",
        _ => "contracts.unarchive",
    };
    (name, json!({ "contract": contract }))
}

fn may(ground: &Ground, who: Who, scope: Option<u8>) -> Answer {
    // What holds everywhere is the operators' affair.
    let may = scope.map_or(ground.operates(who), |scope| ground.holds(who, ADMIN, scope));
    if may { Ok(()) } else { Err("denied") }
}

impl Contracts {
    fn active(&self, object_type: &str, scope: Option<u8>) -> bool {
        let mut all = self.0.values();
        all.any(|other| other.life == "active" && other.object_type == object_type && other.scope == scope)
    }

    /// Objects of a type that contracts speak about, below the root: what is made for them on the way has no contract of its own.
    pub(super) fn write(&self, ground: &Ground, who: Who, with: &Value) -> Answer {
        if !ground.holds(who, WRITER, ROOT) {
            return Err("denied");
        }
        let object_type = with["type"].as_str().unwrap();
        let governed = [Some(ROOT), None].into_iter().any(|scope| self.active(object_type, scope));
        if governed && !with["data"]["n"].is_i64() { Err("contract") } else { Ok(()) }
    }

    pub(super) fn command(&mut self, ground: &Ground, who: Who, name: &str, with: &Value) -> Answer {
        let id = number(with, "contract").unwrap();
        if name == "contracts.create" {
            let (scope, object_type) =
                (number(with, "scope"), with["object_type"].as_str().unwrap().to_owned());
            may(ground, who, scope)?;
            scope.map_or(Ok(()), |scope| ground.open(scope))?;
            if self.0.contains_key(&id) || self.active(&object_type, scope) {
                return Err("exists");
            }
            self.0.insert(id, Contract { scope, object_type, life: "active", version: 1 });
            return Ok(());
        }
        let held = self.0.get(&id).ok_or("denied")?.clone();
        may(ground, who, held.scope)?;
        let open = held.scope.map_or(Ok(()), |scope| ground.open(scope));
        match (name, held.life) {
            ("contracts.unarchive", "archived") => open?,
            ("contracts.unarchive", _) => return Err("not_archived"),
            (_, "archived") => return Err("archived"),
            ("contracts.update", _) => {
                open?;
                if with["expected_version"].as_u64().is_some_and(|expected| expected != held.version) {
                    return Err("stale");
                }
            }
            ("contracts.deprecate", "deprecated") => return Err("not_active"),
            ("contracts.activate", "active") => return Err("active"),
            ("contracts.activate", _) => {
                open?;
                if self.active(&held.object_type, held.scope) {
                    return Err("exists");
                }
            }
            _ => {}
        }
        let contract = self.0.get_mut(&id).unwrap();
        match name {
            "contracts.update" => contract.version += 1,
            "contracts.activate" => contract.life = "active",
            "contracts.archive" => contract.life = "archived",
            _ => contract.life = "deprecated",
        }
        Ok(())
    }

    pub(super) fn compare(&self, moment: &Moment<'_>) {
        let (contracts, tenancy) = (moment.world().contracts(), moment.world().tenancy());
        assert_eq!(contracts.len(), self.0.len());
        for (number, expected) in &self.0 {
            let key = id(*number).parse().unwrap();
            let found = contracts.get(key).unwrap();
            let life = match found.lifecycle {
                Lifecycle::Active => "active",
                Lifecycle::Deprecated => "deprecated",
                Lifecycle::Archived => "archived",
            };
            assert_eq!((life, u64::from(found.version)), (expected.life, expected.version), "{number}");
            let row = expected.scope.map_or(scoped::projections::store::NO_ROW, |scope| {
                tenancy.row(id(scope).parse::<ScopeId>().unwrap()).unwrap()
            });
            let rules = contracts.active(&expected.object_type, row) == contracts.row(key);
            assert_eq!(rules, expected.life == "active", "{number}");
        }
    }
}
