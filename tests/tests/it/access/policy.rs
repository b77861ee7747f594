//! Rules once more, written from the page on rules and decision 0015, and from nothing else.
//!
//! Access is what tenancy allows, and no rule that denies matches, and, where an allow is bound to what is asked about, one matches. Rules
//! are the JSON of their facts; conditions are walked as they stand there, and one that is not known here is an error.

use super::oracle::{Access, On};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone)]
struct Rule {
    class: String,
    body: Value,
    archived: bool,
}

#[derive(Debug, Clone)]
struct Binding {
    rule: String,
    to: Value,
    removed: bool,
}

/// All rules and what they are bound to.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    rules: BTreeMap<String, Rule>,
    bindings: BTreeMap<String, Binding>,
}

/// A scope through which something is reached, and the highest role that reaches there.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) scope: String,
    pub(super) role: Option<usize>,
}

/// What is about to be done, with what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doing<'a> {
    pub(super) action: &'a str,
    /// Of what is to be made; of what is there the type is known.
    pub(super) object_type: Option<&'a str>,
}

/// What rules say to a question.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Heard {
    pub(super) denies: bool,
    governs: bool,
    allows: bool,
}

impl Heard {
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            denies: self.denies || other.denies,
            governs: self.governs || other.governs,
            allows: self.allows || other.allows,
        }
    }
    /// Where rules govern, one of them has to allow.
    pub(super) fn lets_pass(self) -> bool {
        self.allows || !self.governs
    }
}

/// Page 5 and 0015: what is missing makes an allow fail and a deny hold; what is asked of each object by itself speaks in favour.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Truth {
    Yes,
    No,
    Missing,
    Each,
}

/// How strongly a part of a conjunction counts: no, else missing, else each, else yes.
fn all(parts: impl IntoIterator<Item = Truth>) -> Truth {
    let parts: Vec<Truth> = parts.into_iter().collect();
    let first = [Truth::No, Truth::Missing, Truth::Each].into_iter().find(|truth| parts.contains(truth));
    first.unwrap_or(Truth::Yes)
}

fn any(parts: impl IntoIterator<Item = Truth>) -> Truth {
    let parts: Vec<Truth> = parts.into_iter().collect();
    let first = [Truth::Yes, Truth::Missing, Truth::Each].into_iter().find(|truth| parts.contains(truth));
    first.unwrap_or(Truth::No)
}

fn yes(so: bool) -> Truth {
    if so { Truth::Yes } else { Truth::No }
}

#[derive(Debug, Clone, Copy)]
enum Attribute<'a> {
    Is(&'a str),
    None,
    Missing,
    Each,
}

impl Attribute<'_> {
    fn test(self, so: impl FnOnce(&str) -> bool) -> Truth {
        match self {
            Self::Is(word) => yes(so(word)),
            Self::None => Truth::No,
            Self::Missing => Truth::Missing,
            Self::Each => Truth::Each,
        }
    }
}

fn lists(words: &Value, word: &str) -> bool {
    words.as_array().expect("a list").iter().any(|one| one == word)
}

/// The classes that vote, each on its own actions.
fn votes(class: &str, action: &str) -> bool {
    match class {
        "access" => matches!(action, "create" | "read" | "update" | "delete" | "restore" | "search"),
        "sharing" => matches!(action, "projection" | "revoke" | "export"),
        "visibility" => matches!(action, "audit_read" | "access_check"),
        "ownership" => action == "ownership_transfer",
        "constraint" => true,
        _ => false,
    }
}

/// What one mostly does with a capability.
pub(super) fn action(capability: &str) -> &'static str {
    match capability {
        "scope.read.local" | "scope.read.holistic" | "scope.read.descend" => "read",
        "scope.write" => "update",
        "scope.provision" | "scope.provision.other" | "scope.create" | "scope.create.root" => "scope_create",
        "scope.members.manage" | "scope.owners.manage" => "membership_change",
        "scope.acl.manage" => "acl_change",
        "scope.policy.manage" => "scope_modify",
        "scope.audit.read" => "audit_read",
        "scope.explain" => "access_check",
        "scope.delete" => "scope_dissolve",
        "scope.rules.manage" => "rule_change",
        "scope.contracts.manage" => "contract_change",
        "scope.templates.manage" => "template_change",
        "scope.config.write" => "config_set",
        "principals.manage" => "principal_change",
        "log.mark" => "mark",
        "registry.manage" => "register",
        "log.sweep" => "delete",
        "subjects.erase" => "erase",
        other => panic!("what does one do with `{other}`?"),
    }
}

/// A question with all that is known of it.
struct Asked<'a> {
    access: &'a Access,
    actor: &'a str,
    selves: BTreeSet<String>,
    action: &'a str,
    owner: bool,
    role: Option<usize>,
    object: Attribute<'a>,
    object_type: Attribute<'a>,
    relation: Attribute<'a>,
    /// The scopes it is about or reached through.
    scopes: Vec<&'a str>,
}

impl<'a> Asked<'a> {
    fn new(access: &'a Access, actor: &'a str, doing: Doing<'a>, on: &'a On, ways: &'a [Way]) -> Self {
        let about_objects = matches!(
            doing.action,
            "create" | "update" | "delete" | "restore" | "projection" | "revoke" | "ownership_transfer"
        );
        let looks = matches!(doing.action, "read" | "search" | "export" | "audit_read" | "access_check");
        let (mut object, mut object_type) = match (about_objects, looks) {
            (true, _) => (Attribute::Missing, Attribute::Missing),
            (_, true) => (Attribute::Each, Attribute::Each),
            _ => (Attribute::None, Attribute::None),
        };
        let mut owner = *on == On::Own;
        if let On::Object(id) = on {
            let found = &access.objects[id];
            (object, object_type) = (Attribute::Is(id), Attribute::Is(&found.object_type));
            owner = found.owner == actor;
        } else if let Some(word) = doing.object_type {
            (object, object_type) = (Attribute::None, Attribute::Is(word));
        }
        let role = ways.iter().filter_map(|way| way.role).max();
        // Whether somebody owns what is listed is asked of each object.
        let relation = match (owner, role) {
            (true, _) => Attribute::Is("owner"),
            (false, None) if matches!(object, Attribute::Each) => Attribute::Each,
            (false, Some(_)) => Attribute::Is("member"),
            (false, None) => Attribute::Is("outsider"),
        };
        let scopes = ways.iter().map(|way| way.scope.as_str()).collect();
        let (selves, action) = (access.selves(actor), doing.action);
        Self { access, actor, selves, action, owner, role, object, object_type, relation, scopes }
    }

    fn holds(&self, clause: &Value) -> Truth {
        let ids = |id: &Value| id.as_str().expect("an id").to_owned();
        let tests = clause.as_object().expect("a clause").iter().map(|(key, wanted)| match key.as_str() {
            "action" => yes(lists(wanted, self.action)),
            "principal_kind" => yes(lists(wanted, &self.access.kinds[self.actor])),
            "principal" => yes(wanted.as_array().unwrap().iter().any(|id| self.selves.contains(&ids(id)))),
            "role" => {
                let least = super::oracle::rank(wanted.as_str().unwrap());
                yes(self.role.is_some_and(|held| held >= least))
            }
            // Of what is listed some may be the actor's own, whatever else the actor is there.
            "relation" => match self.relation.test(|is| lists(wanted, is)) {
                Truth::No if matches!(self.object, Attribute::Each) && lists(wanted, "owner") => Truth::Each,
                truth => truth,
            },
            "object_type" => self.object_type.test(|is| lists(wanted, is)),
            "object" => self.object.test(|is| lists(wanted, is)),
            "scope" => yes(self.scopes.iter().any(|at| lists(wanted, at))),
            "within" => {
                let inside = |at: &&str| self.access.chain(at).iter().any(|up| lists(wanted, up));
                yes(self.scopes.iter().any(inside))
            }
            "all" => all(wanted.as_array().unwrap().iter().map(|part| self.holds(part))),
            "any" => any(wanted.as_array().unwrap().iter().map(|part| self.holds(part))),
            "not" => match self.holds(wanted) {
                Truth::Yes => Truth::No,
                Truth::No => Truth::Yes,
                other => other,
            },
            other => panic!("a condition on `{other}` is not known here"),
        });
        all(tests)
    }

    /// Does all that a binding names hold? A binding is met by what the question carries: one that names nothing but what is not
    /// carried is not met, and one of which it cannot be told whether it is met everywhere is a missing attribute.
    fn bound(&self, to: &Value) -> Truth {
        let word = |key: &str| to.get(key).and_then(Value::as_str);
        let mut parts = Vec::new();
        if let Some(principal) = word("principal") {
            parts.push(yes(self.selves.contains(principal)));
        }
        if let Some(wanted) = word("object_type") {
            parts.push(self.object_type.test(|is| is == wanted));
        }
        if let Some(wanted) = word("object") {
            parts.push(self.object.test(|is| is == wanted));
        }
        let told = parts.contains(&Truth::Yes) || word("scope").is_some();
        let truth = all(parts);
        let nothing = to.as_object().is_some_and(serde_json::Map::is_empty);
        if told || nothing || truth == Truth::No { truth } else { Truth::No }
    }
}

impl Rules {
    pub(super) fn apply(&mut self, kind: &str, facts: &Value) {
        let text = |name: &str| facts[name].as_str().unwrap_or_default().to_owned();
        match kind {
            "rules.rule_created" => {
                let (class, body) = (text("class"), facts["body"].clone());
                self.rules.insert(text("rule"), Rule { class, body, archived: false });
            }
            "rules.rule_updated" => {
                self.rules.get_mut(&text("rule")).unwrap().body = facts["body"].clone();
            }
            "rules.rule_archived" => self.rules.get_mut(&text("rule")).unwrap().archived = true,
            "rules.rule_unarchived" => self.rules.get_mut(&text("rule")).unwrap().archived = false,
            "rules.binding_added" => {
                let (rule, to) = (text("rule"), facts["targets"].clone());
                self.bindings.insert(text("binding"), Binding { rule, to, removed: false });
            }
            "rules.binding_changed" => {
                let binding = self.bindings.get_mut(&text("binding")).unwrap();
                (binding.to, binding.removed) = (facts["targets"].clone(), false);
            }
            "rules.binding_removed" => self.bindings.get_mut(&text("binding")).unwrap().removed = true,
            _ => {}
        }
    }

    /// What is bound to no scope says about all ways together.
    pub(super) fn generally(
        &self,
        access: &Access,
        actor: &str,
        doing: Doing<'_>,
        on: &On,
        ways: &[Way],
    ) -> Heard {
        let asked = Asked::new(access, actor, doing, on, ways);
        self.hear(&asked, |to| to.get("scope").is_none())
    }

    /// What is bound to a scope on the way up says about access through that way.
    pub(super) fn through(
        &self,
        access: &Access,
        actor: &str,
        doing: Doing<'_>,
        on: &On,
        ways: &[Way],
        way: &Way,
    ) -> Heard {
        let chain = access.chain(&way.scope);
        let together = Asked::new(access, actor, doing, on, ways);
        let asked = Asked { role: way.role, scopes: vec![&way.scope], ..together };
        self.hear(&asked, |to| to.get("scope").is_some_and(|at| chain.iter().any(|up| at == up)))
    }

    fn hear(&self, asked: &Asked<'_>, here: impl Fn(&Value) -> bool) -> Heard {
        let mut heard = Heard::default();
        // No rule speaks about changing rules.
        if asked.action == "rule_change" {
            return heard;
        }
        for binding in self.bindings.values().filter(|binding| !binding.removed && here(&binding.to)) {
            let rule = &self.rules[&binding.rule];
            if rule.archived || !votes(&rule.class, asked.action) {
                continue;
            }
            let bound = asked.bound(&binding.to);
            let truth = all([bound, asked.holds(&rule.body["when"])]);
            if rule.body["effect"] == "deny" {
                heard.denies |= matches!(truth, Truth::Yes | Truth::Missing) && bound != Truth::Each;
            } else {
                // What holds for some objects of a scope closes no list of it.
                heard.governs |= matches!(bound, Truth::Yes | Truth::Missing);
                heard.allows |= matches!(truth, Truth::Yes | Truth::Each);
            }
        }
        debug_assert!(!asked.owner || !matches!(asked.relation, Attribute::Each));
        heard
    }
}
