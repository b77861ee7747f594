//! Templates: versions, the archive, who may make and change them (page 1).

use super::ground::{ADMIN, Ground, READER, Who, number, place};
use super::{Answer, Line, Raw, id};
use scoped::Moment;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
struct Template {
    scope: Option<u8>,
    owner: Who,
    archived: bool,
    schemas: Vec<Value>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Templates(BTreeMap<u8, Template>);

pub(super) fn drawn(raw: &Raw) -> Line {
    let [_, _, a, b, c, d] = *raw;
    let template = id(a % 2 + 1);
    match d % 8 {
        0 | 1 => {
            let name = if c % 16 == 0 { "" } else { "t" };
            let mut with = json!({ "template": template, "name": name,
                "type": "thing", "schema": { "n": c } });
            if let Some(scope) = place(b) {
                with["scope"] = id(scope).into();
            }
            ("templates.create", with)
        }
        2 | 3 => {
            let mut with = json!({ "template": template, "schema": { "n": c } });
            if b % 3 == 0 {
                with["expected_version"] = (b / 3 % 3 + 1).into();
            }
            ("templates.update", with)
        }
        4 => ("templates.archive", json!({ "template": template })),
        5 => ("templates.reopen", json!({ "template": template })),
        _ if b % 2 == 0 => ("templates.instantiate", json!({ "template": template })),
        _ => ("templates.instantiate", json!({ "template": template, "version": c % 3 + 1 })),
    }
}

impl Template {
    fn seen_by(&self, ground: &Ground, who: Who) -> bool {
        self.scope.is_none_or(|scope| ground.holds(who, READER, scope))
    }
    /// Its owner, who still sees it, or whoever may make one there.
    fn managed_by(&self, ground: &Ground, who: Who) -> bool {
        match self.scope {
            _ if self.owner == who => self.seen_by(ground, who),
            None => ground.operates(who),
            Some(scope) => ground.holds(who, ADMIN, scope),
        }
    }
    fn open(&self) -> Answer {
        if self.archived { Err("archived") } else { Ok(()) }
    }
}

impl Templates {
    pub(super) fn command(&mut self, ground: &Ground, who: Who, name: &str, with: &Value) -> Answer {
        let number = |key: &str| number(with, key);
        let (id, version) = (number("template").unwrap(), |key: &str| with[key].as_u64());
        if name == "templates.create" {
            let scope = number("scope");
            let may = scope.map_or(ground.operates(who), |scope| ground.holds(who, ADMIN, scope));
            if !may {
                return Err("denied");
            }
            if with["name"] == "" {
                return Err("invalid");
            }
            scope.map_or(Ok(()), |scope| ground.open(scope))?;
            if self.0.contains_key(&id) {
                return Err("exists");
            }
            let schemas = vec![with["schema"].clone()];
            self.0.insert(id, Template { scope, owner: who, archived: false, schemas });
            return Ok(());
        }
        let template = self.0.get_mut(&id).ok_or("denied")?;
        let may = match name {
            "templates.instantiate" => template.seen_by(ground, who),
            _ => template.managed_by(ground, who),
        };
        if !may {
            return Err("denied");
        }
        let scope_open = template.scope.map_or(Ok(()), |scope| ground.open(scope));
        let versions = template.schemas.len() as u64;
        match name {
            "templates.update" => {
                template.open()?;
                scope_open?;
                if version("expected_version").is_some_and(|expected| expected != versions) {
                    return Err("stale");
                }
                template.schemas.push(with["schema"].clone());
            }
            "templates.archive" => {
                template.open()?;
                template.archived = true;
            }
            "templates.reopen" => {
                if !template.archived {
                    return Err("not_archived");
                }
                scope_open?;
                template.archived = false;
            }
            // Making something of it changes nothing.
            _ => {
                template.open()?;
                if version("version").is_some_and(|wanted| wanted > versions) {
                    return Err("no_version");
                }
            }
        }
        Ok(())
    }

    pub(super) fn compare(&self, moment: &Moment<'_>) {
        let templates = moment.world().templates();
        assert_eq!(templates.len(), self.0.len());
        for (number, expected) in &self.0 {
            let key = id(*number).parse().unwrap();
            let found = templates.get(key).unwrap();
            assert_eq!((found.archived, found.version as usize), (expected.archived, expected.schemas.len()));
            for (version, schema) in (1..).zip(&expected.schemas) {
                let at = templates.version(key, version).unwrap();
                let said: Value =
                    serde_json::from_slice(&moment.history().payload(at).unwrap().unwrap()).unwrap();
                assert_eq!(said["schema"], *schema, "version {version} of {number}");
            }
        }
    }
}
