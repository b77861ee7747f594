//! The decision rule once more, written from the specification and from nothing else.
//!
//! It reads the log as an auditor would, names of kinds and their facts in JSON, and makes maps from them anew for every moment. It
//! predicts no command: what was accepted is what stands in the log. Rights are words, patterns are prefixes, everything is
//! walked. Sections are those of the page on scopes; "groups" is the page on identity.

use super::conditions::Asked;
use super::policy::{Doing, Heard, Rules, Way, action};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One event: where it stands, its kind, its facts.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) at: u64,
    pub(crate) kind: &'static str,
    /// The scope it is filed under; nothing for none.
    pub(crate) scope: String,
    pub(crate) actor: String,
    pub(crate) time: u64,
    /// Events of its batch behind it.
    pub(crate) left: u32,
    pub(crate) facts: Value,
    /// What it carries, if it carries data.
    pub(crate) payload: Option<Value>,
}

/// A scope, as far as decisions go.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    pub(crate) parent: Option<String>,
    pub(crate) archived: bool,
    /// `inherit_members = false`.
    pub(crate) cut: bool,
    /// `visible_to_descendants = false`.
    pub(crate) hidden: bool,
    /// Its path, or the name of a flat one.
    pub(crate) label: String,
    /// Limits by metric.
    pub(crate) quota: BTreeMap<String, u64>,
}

#[derive(Debug, Clone)]
struct Entry {
    scope: String,
    denies: bool,
    subject: String,
    capability: String,
    subtree: bool,
    end: Option<u64>,
}

#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) owner: String,
    pub(crate) tombstoned: bool,
    pub(crate) object_type: String,
    /// The scope it was written in.
    pub(crate) home: Option<String>,
    /// What it says now.
    pub(crate) data: Value,
}

/// What the log up to a moment comes to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Access {
    /// Status and operator.
    principals: BTreeMap<String, (String, bool)>,
    /// Parent and child of the live `member_of` edges.
    belongs: BTreeMap<String, (String, String)>,
    /// Edges of any label, so that one that comes back is known again.
    labels: BTreeMap<String, String>,
    pub(crate) scopes: BTreeMap<String, Scope>,
    pub(super) members: BTreeMap<(String, String), (String, Option<u64>)>,
    entries: BTreeMap<String, Entry>,
    pub(crate) objects: BTreeMap<String, Object>,
    pub(crate) shares: BTreeMap<(String, String), String>,
    /// What sort of principal each is.
    pub(super) kinds: BTreeMap<String, String>,
    /// Their handles.
    pub(super) handles: BTreeMap<String, String>,
    /// The scope that a path names now.
    pub(super) named: BTreeMap<String, String>,
    pub(super) rules: Rules,
}

/// What a question is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum On {
    Deployment,
    Scope(String),
    /// A path below it that is not registered.
    Below(String),
    Object(String),
    /// What every active principal may do, with things of its own.
    Own,
}

pub(super) const LADDER: [&str; 4] = ["reader", "writer", "admin", "owner"];

/// 5.2: what each role adds to the one before.
fn adds(role: &str) -> &'static [&'static str] {
    match role {
        "reader" => &["scope.read.local", "scope.read.holistic"],
        "writer" => &["scope.write", "scope.provision"],
        "admin" => &[
            "scope.read.descend",
            "scope.provision.other",
            "scope.create",
            "scope.members.manage",
            "scope.acl.manage",
            "scope.policy.manage",
            "scope.audit.read",
            "scope.explain",
            "scope.rules.manage",
            "scope.contracts.manage",
            "scope.templates.manage",
            "scope.config.write",
        ],
        _ => &["scope.delete", "scope.owners.manage"],
    }
}

/// 5.2: each role includes the ones before.
fn holds(role: &str, capability: &str) -> bool {
    LADDER[..=rank(role)].iter().any(|role| adds(role).contains(&capability))
}

/// Its place on the ladder.
pub(super) fn rank(role: &str) -> usize {
    LADDER.iter().position(|r| *r == role).expect("one of four roles")
}

fn matches(pattern: &str, capability: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == capability, |prefix| capability.starts_with(prefix))
}

pub(super) fn in_force(end: Option<u64>, now: u64) -> bool {
    end.is_none_or(|end| end > now)
}

impl Access {
    /// Everything up to and including a position.
    pub(crate) fn at(facts: &[Fact], to: u64) -> Self {
        let mut access = Self::default();
        facts.iter().filter(|fact| fact.at <= to).for_each(|fact| access.apply(fact));
        access
    }

    pub(super) fn apply(&mut self, fact: &Fact) {
        let text = |name: &str| fact.facts[name].as_str().unwrap_or_default().to_owned();
        let end = || fact.facts["expires_at"].as_u64();
        match fact.kind {
            "identity.founded" | "identity.principal_created" => {
                let founder = fact.kind == "identity.founded";
                self.kinds.insert(text("principal"), text("kind"));
                self.principals.insert(text("principal"), ("active".into(), founder));
            }
            "identity.handle_set" => drop(self.handles.insert(text("principal"), text("handle"))),
            "identity.principal_suspended" => self.status(&text("principal"), "suspended"),
            "identity.principal_reinstated" => self.status(&text("principal"), "active"),
            "identity.principal_archived" => self.status(&text("principal"), "archived"),
            "identity.operator_set" => {
                let operator = fact.facts["operator"].as_bool().unwrap();
                self.principals.get_mut(&text("principal")).unwrap().1 = operator;
            }
            "identity.relationship_added" => {
                self.labels.insert(text("edge"), text("label"));
                if text("label") == "member_of" {
                    self.belongs.insert(text("edge"), (text("parent"), text("child")));
                }
            }
            "identity.relationship_removed" => drop(self.belongs.remove(&text("edge"))),
            "tenancy.scope_created" | "tenancy.scope_provisioned" => {
                let none = "00000000000000000000000000";
                let parent = Some(text("parent")).filter(|parent| parent != none);
                let label = Some(text("path")).filter(|path| !path.is_empty());
                if let Some(path) = &label {
                    self.named.insert(path.clone(), text("scope"));
                }
                let label = label.unwrap_or_else(|| text("name"));
                self.scopes.insert(text("scope"), Scope { parent, label, ..Scope::default() });
            }
            "tenancy.scope_archived" => self.scopes.get_mut(&text("scope")).unwrap().archived = true,
            "tenancy.scope_reopened" => {
                let scope = self.scopes.get_mut(&text("scope")).unwrap();
                scope.archived = false;
                if scope.label.contains(':') {
                    self.named.insert(scope.label.clone(), text("scope"));
                }
            }
            "tenancy.scope_moved" => {
                self.scopes.get_mut(&text("scope")).unwrap().parent = Some(text("parent"));
            }
            "tenancy.policy_set" => {
                let scope = self.scopes.get_mut(&text("scope")).unwrap();
                let policy = &fact.facts["policy"];
                scope.cut = policy["inherit_members"] == Value::Bool(false);
                scope.hidden = policy["visible_to_descendants"] == Value::Bool(false);
                let limits = policy["quota"].as_object().into_iter().flatten();
                scope.quota =
                    limits.map(|(metric, limit)| (metric.clone(), limit.as_u64().unwrap())).collect();
            }
            "tenancy.member_added" | "tenancy.member_role_changed" => {
                self.members.insert((text("scope"), text("principal")), (text("role"), end()));
            }
            "tenancy.member_removed" | "tenancy.member_expired" => {
                self.members.remove(&(text("scope"), text("principal")));
            }
            "tenancy.acl_entry_added" => {
                let (scope, subject, capability) = (text("scope"), text("subject"), text("capability"));
                let (denies, subtree) = (text("effect") == "deny", text("applies") == "subtree");
                let entry = Entry { scope, denies, subject, capability, subtree, end: end() };
                self.entries.insert(text("entry"), entry);
            }
            "tenancy.acl_entry_removed" | "tenancy.acl_entry_expired" => {
                drop(self.entries.remove(&text("entry")))
            }
            "objects.created" => {
                let home = Some(fact.scope.clone()).filter(|home| !home.is_empty());
                let (owner, object_type) = (text("owner"), text("object_type"));
                let data = fact.payload.clone().unwrap();
                let object = Object { owner, tombstoned: false, object_type, home, data };
                self.objects.insert(text("object"), object);
            }
            "objects.updated" => {
                self.objects.get_mut(&text("object")).unwrap().data = fact.payload.clone().unwrap();
            }
            "objects.tombstoned" | "objects.expired" | "objects.forgotten" => {
                self.bury(&text("object"), true)
            }
            "objects.restored" | "objects.recovered" => self.bury(&text("object"), false),
            "objects.ownership_transferred" => {
                self.objects.get_mut(&text("object")).unwrap().owner = text("owner");
            }
            "sharing.object_projected" => {
                self.shares.insert((text("object"), text("scope")), text("level"));
            }
            "sharing.projection_revoked" => drop(self.shares.remove(&(text("object"), text("scope")))),
            kind => self.rules.apply(kind, &fact.facts),
        }
    }

    fn status(&mut self, principal: &str, status: &str) {
        self.principals.get_mut(principal).unwrap().0 = status.into();
    }
    fn bury(&mut self, object: &str, tombstoned: bool) {
        self.objects.get_mut(object).unwrap().tombstoned = tombstoned;
    }
    fn is_active(&self, principal: &str) -> bool {
        self.principals.get(principal).is_some_and(|(status, _)| status == "active")
    }

    /// Groups: the principal and whom it belongs to, through others as well; what is not active gives nothing and passes nothing on.
    pub(super) fn selves(&self, actor: &str) -> BTreeSet<String> {
        let mut selves = BTreeSet::from([actor.to_owned()]);
        loop {
            let groups = self.belongs.values().filter(|(_, child)| selves.contains(child));
            let new: Vec<String> = groups
                .map(|(parent, _)| parent.clone())
                .filter(|parent| self.is_active(parent) && !selves.contains(parent))
                .collect();
            if new.is_empty() {
                return selves;
            }
            selves.extend(new);
        }
    }

    /// A scope and all above it, itself first.
    pub(crate) fn chain(&self, scope: &str) -> Vec<String> {
        let mut chain = vec![scope.to_owned()];
        while let Some(parent) = self.scopes[chain.last().unwrap()].parent.clone() {
            chain.push(parent);
        }
        chain
    }

    /// The part of a chain up to and including the first cut: from there on allows hold below.
    fn uncut(&self, chain: &[String]) -> Vec<String> {
        let upto = chain.iter().position(|at| self.scopes[at].cut).map_or(chain.len(), |cut| cut + 1);
        chain[..upto].to_vec()
    }

    /// Does one of these hold that very role at one of those scopes?
    fn holds_role(&self, selves: &BTreeSet<String>, at: &[String], role: &str, now: u64) -> bool {
        at.iter().any(|scope| {
            selves.iter().any(|who| {
                let part = self.members.get(&(scope.clone(), who.clone()));
                part.is_some_and(|(held, end)| held == role && in_force(*end, now))
            })
        })
    }

    /// 5.3, 2 and 3: is there a deny, is there an allow?
    fn voices(&self, actor: &str, capability: &str, scope: &str, below: bool, now: u64) -> (bool, bool) {
        let (selves, chain) = (self.selves(actor), self.chain(scope));
        let open = self.uncut(&chain);
        let (mut deny, mut allow) = (false, false);
        for at in &chain {
            for who in &selves {
                let Some((role, end)) = self.members.get(&(at.clone(), who.clone())) else { continue };
                let recovers = role == "owner" && capability == "scope.members.manage";
                allow |= in_force(*end, now) && holds(role, capability) && (open.contains(at) || recovers);
            }
            for entry in self.entries.values().filter(|entry| entry.scope == *at) {
                let reaches = entry.subtree || (at == scope && !below);
                if !reaches || !in_force(entry.end, now) || !matches(&entry.capability, capability) {
                    continue;
                }
                let above = self.chain(at);
                // A deny speaks to whoever holds the role here or above; a cut stops the roles from above for an allow.
                let held = if entry.denies { above } else { self.uncut(&above) };
                let speaks = match entry.subject.strip_prefix("role:") {
                    Some(role) => self.holds_role(&selves, &held, role, now),
                    None => entry.subject == "any" || selves.contains(&entry.subject),
                };
                deny |= speaks && entry.denies;
                allow |= speaks && !entry.denies && open.contains(at);
            }
        }
        (deny, allow)
    }

    /// The highest role that reaches a scope: a cut stops those from above.
    fn role_at(&self, selves: &BTreeSet<String>, scope: &str, now: u64) -> Option<usize> {
        let open = self.uncut(&self.chain(scope));
        LADDER.iter().rposition(|role| self.holds_role(selves, &open, role, now))
    }
    fn way(&self, actor: &str, scope: &str, now: u64) -> Way {
        Way { scope: scope.to_owned(), role: self.role_at(&self.selves(actor), scope, now) }
    }

    /// The decision rule, for what one mostly does with a capability.
    pub(crate) fn may(&self, actor: &str, capability: &str, on: &On, now: u64) -> bool {
        self.may_do(actor, capability, Doing::asking(action(capability)), on, now)
    }

    /// The decision rule.
    pub(crate) fn may_do(&self, actor: &str, capability: &str, doing: Doing<'_>, on: &On, now: u64) -> bool {
        if !self.is_active(actor) {
            return false;
        }
        match on {
            On::Deployment => self.principals[actor].1,
            On::Own => {
                let heard = self.rules.generally(&Asked::new(self, actor, doing, on, &[], now));
                !heard.denies && heard.lets_pass()
            }
            On::Scope(scope) | On::Below(scope) => {
                let (deny, allow) = self.voices(actor, capability, scope, matches!(on, On::Below(_)), now);
                let heard = self.heard(actor, doing, on, scope, now);
                allow && !deny && !heard.denies && heard.lets_pass()
            }
            On::Object(id) => {
                let object = &self.objects[id];
                let hidden = object.tombstoned && capability == "scope.read.local";
                match self.reaches(actor, capability, doing, id, now) {
                    Reached::KeptOut => false,
                    Reached::Owner => true,
                    Reached::Through(allowed) => allowed && !hidden,
                }
            }
        }
    }

    /// What rules say about a scope.
    fn heard(&self, actor: &str, doing: Doing<'_>, on: &On, scope: &str, now: u64) -> Heard {
        let ways = [self.way(actor, scope, now)];
        let asked = || Asked::new(self, actor, doing, on, &ways, now);
        self.rules.generally(&asked()).with(self.rules.through(asked(), &ways[0]))
    }

    /// The scopes that an object is reached through.
    fn ways(&self, actor: &str, capability: &str, id: &str, now: u64) -> Vec<Way> {
        let at = self.shares.keys().filter(|(object, _)| object == id).map(|(_, at)| at);
        at.filter(|at| self.is_open(actor, capability, at, now)).map(|at| self.way(actor, at, now)).collect()
    }

    /// Access to an object, but for its tombstone.
    fn reaches(&self, actor: &str, capability: &str, doing: Doing<'_>, id: &str, now: u64) -> Reached {
        let (on, ways) = (On::Object(id.to_owned()), self.ways(actor, capability, id, now));
        let asked = || Asked::new(self, actor, doing, &on, &ways, now);
        let generally = self.rules.generally(&asked());
        let (mut denied, mut allowed) = (generally.denies, false);
        for way in &ways {
            let (deny, allow) = self.voices(actor, capability, &way.scope, false, now);
            let heard = self.rules.through(asked(), way);
            let level = self.shares[&(id.to_owned(), way.scope.clone())].as_str();
            let enough = match capability {
                "scope.write" => level != "read",
                "scope.acl.manage" | "scope.rules.manage" => level == "admin",
                _ => true,
            };
            denied |= deny || heard.denies;
            allowed |= allow && enough && generally.with(heard).lets_pass();
        }
        if denied {
            Reached::KeptOut
        } else if self.objects[id].owner == actor && generally.lets_pass() {
            // An allow that is bound to a scope is about access through it; an owner whom rules keep out may come there as others do.
            Reached::Owner
        } else {
            Reached::Through(allowed)
        }
    }

    /// Could an object be read, were it not tombstoned?
    pub(super) fn could_read(&self, actor: &str, id: &str, now: u64) -> bool {
        let doing = Doing::asking("read");
        self.is_active(actor)
            && match self.reaches(actor, "scope.read.local", doing, id, now) {
                Reached::KeptOut => false,
                Reached::Owner => true,
                Reached::Through(allowed) => allowed,
            }
    }

    /// 5.4: nothing is reached through an archived scope, but what was kept in it by whoever descends from above.
    fn is_open(&self, actor: &str, capability: &str, scope: &str, now: u64) -> bool {
        let node = &self.scopes[scope];
        let from_above = |above: &String| {
            let (deny, allow) = self.voices(actor, "scope.read.descend", above, true, now);
            capability == "scope.read.local" && allow && !deny
        };
        !node.archived || node.parent.as_ref().is_some_and(from_above)
    }
}

/// How an object is reached, but for its tombstone.
enum Reached {
    /// A deny by a list or a rule.
    KeptOut,
    /// By its owner, whom rules let pass.
    Owner,
    /// Through scopes.
    Through(bool),
}

impl Access {
    /// 4.2: does a deny, and not just the lack of an allow, keep somebody out of a scope?
    pub(crate) fn denies(&self, actor: &str, capability: &str, scope: &str, now: u64) -> bool {
        let doing = Doing::asking(action(capability));
        self.voices(actor, capability, scope, false, now).0
            || self.heard(actor, doing, &On::Scope(scope.to_owned()), scope, now).denies
    }
    /// The same for reading an object, through any of the scopes that it lies in; and rules that govern reading it through one of
    /// them, and do not allow it, keep out as well.
    pub(crate) fn denied_object(&self, actor: &str, object: &str, now: u64) -> bool {
        let (capability, doing) = ("scope.read.local", Doing::asking("read"));
        let (on, ways) = (On::Object(object.to_owned()), self.ways(actor, capability, object, now));
        let asked = || Asked::new(self, actor, doing, &on, &ways, now);
        let generally = self.rules.generally(&asked());
        generally.denies
            || ways.iter().any(|way| {
                let heard = generally.with(self.rules.through(asked(), way));
                self.voices(actor, capability, &way.scope, false, now).0 || heard.denies || !heard.lets_pass()
            })
    }
}
