//! Rules and their bindings: versions, who may, what contradicts what (page 5, decision 0015).
//!
//! All are of the class `ownership`, which votes on nothing that is drawn here: what rules decide is read by `access`.

use super::ground::{ADMIN, Ground, NOWHERE, Who, number, place};
use super::{Answer, Line, Raw, id};
use scoped::Moment;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
struct Rule {
    home: Option<u8>,
    author: Who,
    archived: bool,
    /// Effect and condition of each version.
    versions: Vec<(String, Value)>,
}

#[derive(Debug, Clone)]
struct Binding {
    rule: u8,
    to: Aim,
    removed: bool,
    version: u32,
}

/// The scope and the type that a binding names.
#[derive(Debug, Clone, PartialEq)]
struct Aim {
    scope: Option<u8>,
    object_type: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    rules: BTreeMap<u8, Rule>,
    bindings: BTreeMap<u8, Binding>,
}

fn aim(a: u8, b: u8) -> Value {
    let mut aim = json!({});
    if let Some(scope) = place(a) {
        aim["scope"] = id(scope).into();
    }
    if b.is_multiple_of(4) {
        aim["object_type"] = "thing".into();
    }
    aim
}

pub(super) fn drawn(raw: &Raw) -> Line {
    let [_, _, a, b, c, d] = *raw;
    let (rule, binding) = (id(a % 2 + 1), id(a / 4 % 2 + 1));
    let (effect, when) =
        (["allow", "deny"][usize::from(c) % 2], [json!({}), json!({ "object_type": ["note"] })]);
    let when = when[usize::from(c / 2) % 2].clone();
    match d % 16 {
        0 | 1 => {
            let mut with =
                json!({ "rule": rule, "name": "r", "class": "ownership", "effect": effect, "when": when });
            if let Some(scope) = place(b) {
                with["scope"] = id(scope).into();
            }
            ("rules.define", with)
        }
        2..=4 => {
            let mut with = json!({ "rule": rule, "effect": effect, "when": when });
            if b % 4 == 0 {
                with["expected_version"] = (b / 4 % 3 + 1).into();
            }
            ("rules.update", with)
        }
        5 => ("rules.describe", json!({ "rule": rule, "description": "why" })),
        6 => ("rules.archive", json!({ "rule": rule })),
        7 | 8 => ("rules.unarchive", json!({ "rule": rule })),
        9 => ("rules.unbind", json!({ "binding": binding })),
        10 | 11 => ("rules.rebind", json!({ "binding": binding, "to": aim(b, c) })),
        _ => ("rules.bind", json!({ "binding": binding, "rule": rule, "to": aim(b, c) })),
    }
}

impl Aim {
    fn of(to: &Value) -> Self {
        let object_type = to.get("object_type").map(|word| word.as_str().unwrap().to_owned());
        Self { scope: number(to, "scope"), object_type }
    }
    /// Whoever manages the rules of the scope binds there; without one, operators.
    fn may(&self, ground: &Ground, who: Who) -> Answer {
        let may = self.scope.map_or(ground.operates(who), |scope| ground.holds(who, ADMIN, scope));
        if may { Ok(()) } else { Err("denied") }
    }
}

impl Rule {
    /// Whoever manages its home; without one its author, or an operator.
    fn may(&self, ground: &Ground, who: Who) -> Answer {
        let may = match self.home {
            Some(scope) => ground.holds(who, ADMIN, scope),
            None => self.author == who || ground.operates(who),
        };
        if may { Ok(()) } else { Err("denied") }
    }
    fn live(&self) -> Answer {
        if self.archived { Err("archived") } else { Ok(()) }
    }
    fn says(&self) -> &(String, Value) {
        self.versions.last().unwrap()
    }
}

impl Rules {
    fn bindings_of(&self, rule: u8) -> impl Iterator<Item = &Binding> {
        self.bindings.values().filter(move |binding| binding.rule == rule && !binding.removed)
    }
    /// An allow and a deny under the same conditions, bound to the same thing: the deny would always win.
    fn check_alone(&self, own: u8, (effect, when): &(String, Value), to: &Aim) -> Answer {
        let opposite = self.bindings.values().any(|binding| {
            let other = &self.rules[&binding.rule];
            let (said, under) = other.says();
            !binding.removed
                && !other.archived
                && binding.rule != own
                && binding.to == *to
                && said != effect
                && under == when
        });
        if opposite { Err("rule_conflict") } else { Ok(()) }
    }
    /// To change what a rule says takes what binding it takes, wherever it is bound.
    fn may_everywhere(&self, ground: &Ground, who: Who, id: u8) -> Answer {
        self.rules.get(&id).ok_or("denied")?.may(ground, who)?;
        self.bindings_of(id).try_for_each(|binding| binding.to.may(ground, who))
    }

    pub(super) fn command(&mut self, ground: &Ground, who: Who, name: &str, with: &Value) -> Answer {
        match name {
            "rules.bind" | "rules.rebind" | "rules.unbind" => self.binding_command(ground, who, name, with),
            _ => self.rule_command(ground, who, name, with),
        }
    }

    fn rule_command(&mut self, ground: &Ground, who: Who, name: &str, with: &Value) -> Answer {
        let id = number(with, "rule").unwrap();
        let said = |with: &Value| (with["effect"].as_str().unwrap().to_owned(), with["when"].clone());
        match name {
            "rules.define" => {
                let home = number(with, "scope");
                // One that has no home is anybody's to define, and holds nowhere.
                if home.is_some_and(|scope| !ground.holds(who, ADMIN, scope)) {
                    return Err("denied");
                }
                if self.rules.contains_key(&id) {
                    return Err("exists");
                }
                let versions = vec![said(with)];
                self.rules.insert(id, Rule { home, author: who, archived: false, versions });
            }
            "rules.describe" => {
                let rule = self.rules.get(&id).ok_or("denied")?;
                rule.may(ground, who)?;
                rule.live()?;
            }
            "rules.update" => {
                self.may_everywhere(ground, who, id)?;
                let (rule, new) = (&self.rules[&id], said(with));
                rule.live()?;
                let expected = with["expected_version"].as_u64();
                if expected.is_some_and(|expected| expected != rule.versions.len() as u64) {
                    return Err("stale");
                }
                if *rule.says() == new {
                    return Err("unchanged");
                }
                self.bindings_of(id).try_for_each(|binding| self.check_alone(id, &new, &binding.to))?;
                self.rules.get_mut(&id).unwrap().versions.push(new);
            }
            "rules.archive" => {
                self.may_everywhere(ground, who, id)?;
                self.rules[&id].live()?;
                self.rules.get_mut(&id).unwrap().archived = true;
            }
            _ => {
                self.may_everywhere(ground, who, id)?;
                let rule = &self.rules[&id];
                if !rule.archived {
                    return Err("not_archived");
                }
                self.bindings_of(id)
                    .try_for_each(|binding| self.check_alone(id, rule.says(), &binding.to))?;
                self.rules.get_mut(&id).unwrap().archived = false;
            }
        }
        Ok(())
    }

    fn binding_command(&mut self, ground: &Ground, who: Who, name: &str, with: &Value) -> Answer {
        let (id, to) = (number(with, "binding").unwrap(), with.get("to").map(Aim::of));
        let held = self.bindings.get(&id).cloned();
        match (name, to) {
            ("rules.bind", Some(to)) => {
                let rule_id = number(with, "rule").unwrap();
                let rule = self.rules.get(&rule_id).ok_or("denied")?;
                rule.may(ground, who)?;
                to.may(ground, who)?;
                rule.live()?;
                self.check_alone(rule_id, rule.says(), &to)?;
                if self.bindings_of(rule_id).any(|other| other.to == to) || held.is_some() {
                    return Err("exists");
                }
                self.bindings.insert(id, Binding { rule: rule_id, to, removed: false, version: 1 });
            }
            (_, Some(to)) => {
                let held = held.ok_or("denied")?;
                let rule = &self.rules[&held.rule];
                rule.may(ground, who)?;
                to.may(ground, who)?;
                if !held.removed {
                    held.to.may(ground, who)?;
                    if held.to == to {
                        return Err("unchanged");
                    }
                }
                rule.live()?;
                self.check_alone(held.rule, rule.says(), &to)?;
                let version = held.version + 1;
                self.bindings.insert(id, Binding { to, removed: false, version, ..held });
            }
            (_, None) => {
                let held = held.ok_or("denied")?;
                held.to.may(ground, who)?;
                if held.removed {
                    return Err("not_bound");
                }
                let version = held.version + 1;
                self.bindings.insert(id, Binding { removed: true, version, ..held });
            }
        }
        Ok(())
    }

    pub(super) fn compare(&self, moment: &Moment<'_>) {
        let rules = moment.world().rules();
        assert_eq!(rules.len(), self.rules.len());
        for (number, expected) in &self.rules {
            let found = rules.get(id(*number).parse().unwrap()).unwrap();
            assert_eq!(found.archived, expected.archived, "{number}");
            let said = |body: &scoped::projections::rules::Body| {
                (body.effect.to_string(), serde_json::to_value(&body.when).unwrap())
            };
            let mut versions: Vec<_> = rules.versions(found).map(|version| said(&version.body)).collect();
            versions.reverse();
            assert_eq!(versions, expected.versions, "{number}");
        }
        for (number, expected) in &self.bindings {
            let found = rules.binding(id(*number).parse().unwrap()).unwrap();
            let to = &found.targets;
            let aim = Aim {
                scope: to.scope.map(|scope| (1..NOWHERE).find(|n| id(*n) == scope.to_string()).unwrap()),
                object_type: to.object_type.clone(),
            };
            assert_eq!((found.removed, found.version), (expected.removed, expected.version), "{number}");
            assert_eq!(aim, expected.to, "{number}");
        }
    }
}
