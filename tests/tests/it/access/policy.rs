//! Rules once more, written from the page on rules and decision 0015, and from nothing else.
//!
//! Access is what tenancy allows, and no rule that denies matches, and, where an allow is bound to what is asked about, one matches. Rules
//! are the JSON of their facts.

use super::conditions::{Asked, Attribute, Truth, all, yes};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
pub(super) struct Rule {
    class: String,
    pub(super) body: Value,
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
    /// Of a write what it would write, if it would write data; nothing for a question.
    pub(super) data: Option<Option<&'a Value>>,
}

impl<'a> Doing<'a> {
    /// A question about an action.
    pub(super) fn asking(action: &'a str) -> Self {
        Self { action, object_type: None, data: None }
    }
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

    /// The rules of a class that hold, each with what it is bound to.
    pub(super) fn in_force<'r>(&'r self, class: &'r str) -> impl Iterator<Item = (&'r Rule, &'r Value)> {
        let live = self.bindings.values().filter(|binding| !binding.removed);
        let with_rule = live.map(|binding| (&self.rules[&binding.rule], &binding.to));
        with_rule.filter(move |(rule, _)| rule.class == class && !rule.archived)
    }

    /// What is bound to no scope says about all ways together.
    pub(super) fn generally(&self, asked: &Asked<'_>) -> Heard {
        self.hear(asked, |to| to.get("scope").is_none())
    }

    /// What is bound to a scope on the way up says about access through that way.
    pub(super) fn through(&self, together: Asked<'_>, way: &Way) -> Heard {
        let chain = together.access.chain(&way.scope);
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
        heard
    }
}

impl Asked<'_> {
    /// Does all that a binding names hold? A binding is met by what the question carries: one that names nothing but what is not
    /// carried is not met, and one of which it cannot be told whether it is met everywhere is a missing attribute. One that is bound to
    /// an environment is met where nobody says, too (0026). One that names an object and no scope is its owner's to make: it is about that
    /// object, and no question that names none meets it (0039).
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
        if let Some(wanted) = word("connector") {
            parts.push(self.connector().test(|is| is == wanted));
        }
        let told = parts.contains(&Truth::Yes) || word("scope").is_some() || word("environment").is_some();
        if let Some(wanted) = word("environment") {
            parts.push(self.environment.test(|is| is == wanted));
        }
        // What names an object or a type is about each thing in a list, and not about the list (0015).
        let of_each = parts.contains(&Truth::Each);
        let nothing = to.as_object().is_some_and(serde_json::Map::is_empty);
        let of_another =
            word("object").is_some() && word("scope").is_none() && !matches!(self.object, Attribute::Is(_));
        match all(parts) {
            Truth::No => Truth::No,
            _ if of_another => Truth::No,
            _ if !told && !nothing => Truth::No,
            _ if of_each => Truth::Each,
            truth => truth,
        }
    }

    /// The connector that it comes through: a principal of that kind, by its handle (0038).
    pub(super) fn connector(&self) -> Attribute<'_> {
        match self.access.handles.get(self.actor) {
            _ if self.access.kinds[self.actor] != "connector" => Attribute::None,
            Some(handle) => Attribute::Is(handle),
            None => Attribute::Missing,
        }
    }
}
