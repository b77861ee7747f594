//! Settings: the nearest value holds, unless a lock stands above it (page 4, decision 0014).

use super::ground::{ADMIN, BELOW, Ground, NOWHERE, ROOT, Who, number};
use super::{Answer, Line, Raw, id};
use scoped::{Moment, ScopeId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const KEYS: [&str; 2] = ["limit", "colour"];

/// Value and lock by scope and key.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings(BTreeMap<(u8, String), (Value, bool)>);

pub(super) fn drawn(raw: &Raw) -> Line {
    let [_, _, a, b, c, d] = *raw;
    let scope = id([ROOT, BELOW, BELOW, ROOT, NOWHERE][usize::from(a) % 5]);
    let key = if b % 16 == 15 { "" } else { KEYS[usize::from(b) % 2] };
    if d % 3 == 0 {
        return ("config.delete", json!({ "scope": scope, "key": key }));
    }
    ("config.set", json!({ "scope": scope, "key": key, "value": c, "locked": d % 5 == 0 }))
}

impl Settings {
    fn locked_above(&self, scope: u8, key: &str) -> bool {
        scope == BELOW && self.0.get(&(ROOT, key.to_owned())).is_some_and(|(_, locked)| *locked)
    }

    pub(super) fn command(&mut self, ground: &Ground, who: Who, name: &str, with: &Value) -> Answer {
        let (scope, key) = (number(with, "scope").unwrap(), with["key"].as_str().unwrap().to_owned());
        if !ground.holds(who, ADMIN, scope) {
            return Err("denied");
        }
        if name == "config.delete" {
            ground.open(scope)?;
            return self.0.remove(&(scope, key)).map(drop).ok_or("not_found");
        }
        if key.is_empty() {
            return Err("invalid");
        }
        ground.open(scope)?;
        if self.locked_above(scope, &key) {
            return Err("locked");
        }
        self.0.insert((scope, key), (with["value"].clone(), with["locked"] == true));
        Ok(())
    }

    pub(super) fn compare(&self, moment: &Moment<'_>, ground: &Ground) {
        let (config, tenancy) = (moment.world().config(), moment.world().tenancy());
        let scopes = if ground.deleted { &[ROOT][..] } else { &[ROOT, BELOW] };
        for (scope, key) in scopes.iter().flat_map(|scope| KEYS.iter().map(move |key| (*scope, *key))) {
            let row = tenancy.row(id(scope).parse::<ScopeId>().unwrap()).unwrap();
            let own = self.0.get(&(scope, key.to_owned())).filter(|_| !self.locked_above(scope, key));
            let expected =
                own.or_else(|| self.0.get(&(ROOT, key.to_owned()))).map(|(value, _)| value.clone());
            let found = config.resolve(row, key, tenancy).map(|setting| {
                let bytes = moment.history().payload(setting.changed).unwrap().unwrap();
                serde_json::from_slice::<Value>(&bytes).unwrap()["value"].clone()
            });
            assert_eq!(found, expected, "`{key}` in {scope}");
        }
    }
}
