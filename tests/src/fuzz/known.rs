//! What a run has brought about, so that later commands can be about it.
//!
//! Most commands presuppose another: what is released was frozen, what runs out was granted until then. Drawn blindly the two hardly ever
//! meet. So the ids that came about are remembered by what they name, and the arguments of accepted commands under their names: a
//! later command may echo them. Nothing is known here of what a command means.

use scoped::temporal::Entity;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// Accepted steps that are remembered.
const ECHOES_MAX: usize = 48;

/// Arguments of an accepted step, as JSON under their names, with the id that it made or changed.
#[derive(Debug)]
pub struct Echo {
    domain: String,
    fields: BTreeMap<String, String>,
}

/// Ids and arguments of accepted steps.
#[derive(Debug, Default)]
pub struct Known {
    ids: BTreeMap<&'static str, Vec<u128>>,
    echoes: VecDeque<Echo>,
}

/// What an id names, by the field that it stands in.
fn sort(domain: &str, field: &str) -> Option<&'static str> {
    Some(match (domain, field) {
        ("registry", "entry") => "registration",
        ("tenancy", "parent") | (_, "scope") => "scope",
        ("identity", "parent" | "child") | ("objects", "to") | (_, "principal" | "author") => "principal",
        ("objects" | "subjects", "subject") => "subject",
        (_, "origin" | "object") => "object",
        (_, "entry") => "entry",
        (_, "edge") => "edge",
        (_, "contract") => "contract",
        (_, "template") => "template",
        (_, "setting") => "setting",
        (_, "rule") => "rule",
        (_, "binding") => "binding",
        _ => return None,
    })
}

/// Does a field name what its own domain makes?
pub(super) fn names_own(domain: &str, field: &str) -> bool {
    let own: &[&str] = match domain {
        "identity" => &["principal", "edge"],
        "registry" => &["registration"],
        "tenancy" => &["scope", "entry"],
        "objects" => &["object"],
        "rules" => &["rule", "binding"],
        "contracts" => &["contract"],
        "templates" => &["template"],
        "config" => &["setting"],
        _ => &[],
    };
    own.contains(&field)
}

/// The domain of a command.
pub(super) fn domain(command: &str) -> &str {
    command.split('.').next().unwrap_or(command)
}

impl Known {
    /// A line was carried out: its steps, the ids of its receipt, and what its events are about.
    pub fn note(&mut self, line: &str, ids: &[u128], entities: &[Entity]) {
        for entity in entities {
            let known = self.ids.entry(entity.kind()).or_default();
            if !known.contains(&entity.id()) {
                known.push(entity.id());
            }
        }
        let Ok(line) = serde_json::from_str::<Value>(line) else { return };
        let steps = line["batch"].as_array().cloned().unwrap_or_else(|| vec![line]);
        for (step, id) in steps.iter().zip(ids) {
            let (Some(name), Some(with)) = (step["do"].as_str(), step["with"].as_object()) else { continue };
            let mut fields: BTreeMap<String, String> =
                with.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
            if let Some(entity) = entities.iter().find(|entity| entity.id() == *id) {
                let text = format!("{:?}", super::draw::id(*id));
                if let Entity::Registration(_) = entity {
                    fields.insert("entry".to_owned(), text.clone());
                }
                fields.insert(entity.kind().to_owned(), text);
            }
            self.echoes.push_back(Echo { domain: domain(name).to_owned(), fields });
        }
        while self.echoes.len() > ECHOES_MAX {
            self.echoes.pop_front();
        }
    }

    /// The domains of the last accepted steps.
    pub fn domains(&self) -> Vec<&str> {
        let last = self.echoes.iter().rev().take(8).map(|echo| &*echo.domain);
        last.collect::<std::collections::BTreeSet<&str>>().into_iter().collect()
    }

    /// The ids that may stand in a field.
    pub fn ids(&self, domain: &str, field: &str) -> &[u128] {
        sort(domain, field).and_then(|sort| self.ids.get(sort)).map_or(&[], |ids| ids)
    }

    /// The steps that say something about one of these fields.
    pub fn echoes<'a>(&'a self, domain: &'a str, fields: &'a [super::shape::Field]) -> Vec<&'a Echo> {
        let says = |echo: &&Echo| fields.iter().any(|field| echo.field(domain, &field.name).is_some());
        self.echoes.iter().filter(says).collect()
    }
}

impl Echo {
    /// What was said there. Words of another domain mean something else; ids mean the same everywhere.
    pub fn field(&self, domain: &str, field: &str) -> Option<&str> {
        let means_the_same = self.domain == domain
            || sort(domain, field).is_some_and(|means| sort(&self.domain, field) == Some(means));
        self.fields.get(field).filter(|_| means_the_same).map(String::as_str)
    }
}
