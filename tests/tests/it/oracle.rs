//! The naive oracle: a list of accepted facts, and maps that are made from it anew for every question.
//!
//! It shares no code with the engine but the types of commands: rights are words in lists, patterns are prefixes, decisions walk
//! everything there is. Slow and plain on purpose; where the two disagree, one of them is wrong.

use scoped::projections::tenancy::Applies;
use scoped::{
    Batch, Capability, Command, Effect, EntryId, Level, ObjectId, PrincipalId, Role, ScopeId, ScopeRef,
    Subject, identity, objects, sharing, temporal, tenancy,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What happened, in the oracle's own words.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    Principal {
        id: PrincipalId,
        description: Value,
        operator: bool,
    },
    Described {
        id: PrincipalId,
        description: Value,
    },
    Status {
        id: PrincipalId,
        status: &'static str,
    },
    Operator {
        id: PrincipalId,
        operator: bool,
    },
    Kind {
        id: PrincipalId,
        kind: String,
    },
    /// Empty for none.
    Handle {
        id: PrincipalId,
        handle: String,
    },
    Renamed {
        id: ScopeId,
        name: String,
    },
    ScopeDescribed {
        id: ScopeId,
        description: Value,
    },
    Owner {
        id: ObjectId,
        owner: PrincipalId,
    },
    Scope {
        id: ScopeId,
        parent: Option<ScopeId>,
        path: String,
        name: String,
    },
    Archived {
        id: ScopeId,
        archived: bool,
    },
    Member {
        scope: ScopeId,
        principal: PrincipalId,
        part: Option<(Role, Option<u64>)>,
    },
    Entry {
        id: EntryId,
        entry: Entry,
    },
    EntryRemoved {
        id: EntryId,
    },
    Object {
        id: ObjectId,
        object_type: String,
        owner: PrincipalId,
        home: Option<ScopeId>,
        data: Value,
    },
    Data {
        id: ObjectId,
        data: Value,
    },
    Tombstoned {
        id: ObjectId,
        tombstoned: bool,
    },
    /// Tombstoned with its home scope.
    Forgotten {
        id: ObjectId,
    },
    Share {
        object: ObjectId,
        scope: ScopeId,
        level: Option<Level>,
    },
    /// `None`: its own position.
    Mark {
        name: String,
        position: Option<u64>,
    },
    Keyed,
    CameFrom,
    RolledBack,
}

/// One accepted fact.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) at: u64,
    pub(crate) what: What,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Principal {
    pub(crate) status: &'static str,
    pub(crate) operator: bool,
    pub(crate) description: Value,
    pub(crate) kind: String,
    /// Empty for none.
    pub(crate) handle: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scope {
    pub(crate) parent: Option<ScopeId>,
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) archived: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) scope: ScopeId,
    pub(crate) effect: Effect,
    pub(crate) subject: Subject,
    pub(crate) capability: String,
    pub(crate) applies: Applies,
    pub(crate) expires_at: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Object {
    pub(crate) object_type: String,
    pub(crate) owner: PrincipalId,
    pub(crate) home: Option<ScopeId>,
    /// With the event each stands in.
    pub(crate) versions: Vec<(u64, Value)>,
    pub(crate) tombstoned: bool,
}

/// What a list of facts adds up to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Oracle {
    pub(crate) principals: BTreeMap<PrincipalId, Principal>,
    pub(crate) scopes: BTreeMap<ScopeId, Scope>,
    pub(crate) members: BTreeMap<(ScopeId, PrincipalId), (Role, Option<u64>)>,
    pub(crate) entries: BTreeMap<EntryId, Entry>,
    /// Also those that were removed: whose list they stood on is still known.
    used_entries: BTreeMap<EntryId, ScopeId>,
    pub(crate) objects: BTreeMap<ObjectId, Object>,
    pub(crate) shares: BTreeMap<(ObjectId, ScopeId), Level>,
    pub(crate) marks: BTreeMap<String, u64>,
    /// The scope that a path names now.
    named: BTreeMap<String, ScopeId>,
    /// What ended with a scope that was deleted.
    parked_members: BTreeMap<(ScopeId, PrincipalId), (Role, Option<u64>)>,
    parked_shares: BTreeMap<(ObjectId, ScopeId), Level>,
    parked_objects: BTreeSet<(ScopeId, ObjectId)>,
}

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum On {
    Own,
    Deployment,
    Scope(ScopeId),
    Below(ScopeId),
    Object(ObjectId),
    Nothing,
}

/// A rule that spoke for or against somebody.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Voice {
    Allow,
    Deny,
}

/// The table of roles, as the specification of scopes prints it.
fn role_holds(role: Role, capability: &str) -> bool {
    let adds = |role: Role| -> &[&str] {
        match role {
            Role::Reader => &["scope.read.local", "scope.read.holistic"],
            Role::Writer => &["scope.write", "scope.provision"],
            Role::Admin => &[
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
            Role::Owner => &["scope.delete", "scope.owners.manage"],
        }
    };
    [Role::Reader, Role::Writer, Role::Admin, Role::Owner]
        .iter()
        .any(|r| *r <= role && adds(*r).contains(&capability))
}

fn pattern_matches(pattern: &str, capability: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == capability, |prefix| capability.starts_with(prefix))
}

fn json(data: &scoped::Data) -> Value {
    data.value().unwrap()
}

/// What nobody can foresee from the facts alone: such batches are left out.
pub(crate) const UNFORESEEN: &str = "unforeseen";

/// Who could change a list from which a deny keeps people: without such a deny, anybody.
#[derive(PartialEq)]
enum WayBack {
    Somebody,
    /// Some could by their role, and all of them are kept out.
    KeptOut,
    Nobody,
}

/// The answer to a command: what follows, or the code of the refusal.
pub(crate) type Answer = Result<Vec<What>, &'static str>;

impl Oracle {
    /// Everything up to and including a position, from nothing.
    pub(crate) fn of(facts: &[Fact], to: u64) -> Self {
        let mut oracle = Self::default();
        for fact in facts.iter().filter(|fact| fact.at <= to) {
            oracle.apply(fact);
        }
        oracle
    }

    fn apply(&mut self, fact: &Fact) {
        match fact.what.clone() {
            What::Principal { id, description, operator } => {
                let (kind, handle) = ("person".to_owned(), String::new());
                self.principals
                    .insert(id, Principal { status: "active", operator, description, kind, handle });
            }
            What::Described { id, description } => {
                self.principals.get_mut(&id).unwrap().description = description
            }
            What::Status { id, status } => self.principals.get_mut(&id).unwrap().status = status,
            What::Operator { id, operator } => self.principals.get_mut(&id).unwrap().operator = operator,
            What::Kind { id, kind } => self.principals.get_mut(&id).unwrap().kind = kind,
            What::Handle { id, handle } => self.principals.get_mut(&id).unwrap().handle = handle,
            What::Renamed { id, name } => self.scopes.get_mut(&id).unwrap().name = name,
            What::ScopeDescribed { .. } => {}
            What::Owner { id, owner } => self.objects.get_mut(&id).unwrap().owner = owner,
            What::Scope { id, parent, path, name } => {
                self.named.insert(path.clone(), id);
                self.scopes.insert(id, Scope { parent, path, name, archived: false });
            }
            What::Archived { id, archived } => {
                let scope = self.scopes.get_mut(&id).unwrap();
                scope.archived = archived;
                if archived {
                    self.parked_members.retain(|(at, _), _| *at != id);
                    self.parked_shares.retain(|(_, at), _| *at != id);
                    self.parked_objects.retain(|(at, _)| *at != id);
                } else {
                    self.named.insert(scope.path.clone(), id);
                }
            }
            What::Member { scope, principal, part: Some(part) } => {
                self.members.insert((scope, principal), part);
                self.parked_members.remove(&(scope, principal));
            }
            What::Member { scope, principal, part: None } => {
                let part = self.members.remove(&(scope, principal));
                if self.scopes[&scope].archived {
                    self.parked_members.extend(part.map(|part| ((scope, principal), part)));
                }
            }
            What::Entry { id, entry } => {
                self.used_entries.insert(id, entry.scope);
                self.entries.insert(id, entry);
            }
            What::EntryRemoved { id } => {
                self.entries.remove(&id);
            }
            What::Object { id, object_type, owner, home, data } => {
                let versions = vec![(fact.at, data)];
                self.objects.insert(id, Object { object_type, owner, home, versions, tombstoned: false });
            }
            What::Data { id, data } => self.objects.get_mut(&id).unwrap().versions.push((fact.at, data)),
            What::Tombstoned { id, tombstoned } => {
                let object = self.objects.get_mut(&id).unwrap();
                object.tombstoned = tombstoned;
                if !tombstoned {
                    self.parked_objects.retain(|(_, object)| *object != id);
                }
            }
            What::Forgotten { id } => {
                let object = self.objects.get_mut(&id).unwrap();
                object.tombstoned = true;
                self.parked_objects.insert((object.home.unwrap(), id));
            }
            What::Share { object, scope, level: Some(level) } => {
                self.shares.insert((object, scope), level);
                self.parked_shares.remove(&(object, scope));
            }
            What::Share { object, scope, level: None } => {
                let level = self.shares.remove(&(object, scope));
                if self.scopes[&scope].archived {
                    self.parked_shares.extend(level.map(|level| ((object, scope), level)));
                }
            }
            What::Mark { name, position } => {
                self.marks.insert(name, position.unwrap_or(fact.at));
            }
            What::Keyed | What::CameFrom | What::RolledBack => {}
        }
    }

    // --- decisions -------------------------------------------------------------------------------------------------------

    /// A scope and all above it, itself first.
    pub(crate) fn chain(&self, scope: ScopeId) -> Vec<ScopeId> {
        let mut chain = vec![scope];
        while let Some(parent) = self.scopes.get(chain.last().unwrap()).and_then(|scope| scope.parent) {
            chain.push(parent);
        }
        chain
    }

    fn holds_role(&self, actor: PrincipalId, at: ScopeId, role: Role, now: u64) -> bool {
        self.chain(at).iter().any(|scope| {
            self.members
                .get(&(*scope, actor))
                .is_some_and(|(held, end)| *held == role && end.is_none_or(|end| end > now))
        })
    }

    /// All rules on the way from a scope to its root that speak about this.
    fn voices(
        &self,
        actor: PrincipalId,
        capability: &str,
        scope: ScopeId,
        below: bool,
        now: u64,
    ) -> Vec<Voice> {
        let mut voices = Vec::new();
        for at in self.chain(scope) {
            for ((_, _), (role, end)) in self.members.iter().filter(|((s, p), _)| *s == at && *p == actor) {
                if end.is_none_or(|end| end > now) && role_holds(*role, capability) {
                    voices.push(Voice::Allow);
                }
            }
            for entry in self.entries.values().filter(|entry| entry.scope == at) {
                let reaches = entry.applies == Applies::Subtree || (at == scope && !below);
                let speaks = match entry.subject {
                    Subject::Any => true,
                    Subject::Principal(id) => id == actor,
                    Subject::Role(role) => self.holds_role(actor, at, role, now),
                };
                let in_force = entry.expires_at.is_none_or(|end| end > now);
                if reaches && speaks && in_force && pattern_matches(&entry.capability, capability) {
                    voices.push(if entry.effect == Effect::Deny { Voice::Deny } else { Voice::Allow });
                }
            }
        }
        voices
    }

    pub(crate) fn may(&self, actor: PrincipalId, capability: Capability, on: On, now: u64) -> bool {
        let Some(principal) = self.principals.get(&actor).filter(|p| p.status == "active") else {
            return false;
        };
        let name = capability.as_str();
        match on {
            On::Own => true,
            On::Nothing => false,
            On::Deployment => principal.operator,
            On::Scope(scope) | On::Below(scope) => {
                let voices = self.voices(actor, name, scope, matches!(on, On::Below(_)), now);
                !voices.contains(&Voice::Deny) && voices.contains(&Voice::Allow)
            }
            On::Object(id) => {
                let object = &self.objects[&id];
                let mut allowed = false;
                for ((_, scope), level) in self.shares.iter().filter(|((object, _), _)| *object == id) {
                    if self.scopes[scope].archived && !self.descends_to(actor, name, *scope, now) {
                        continue;
                    }
                    let voices = self.voices(actor, name, *scope, false, now);
                    if voices.contains(&Voice::Deny) {
                        return false;
                    }
                    let needed = match name {
                        "scope.write" => Level::Write,
                        "scope.acl.manage" | "scope.rules.manage" => Level::Admin,
                        _ => Level::Read,
                    };
                    allowed |= voices.contains(&Voice::Allow) && *level >= needed;
                }
                object.owner == actor || (allowed && !(object.tombstoned && name == "scope.read.local"))
            }
        }
    }

    /// What stayed in a deleted scope is for those who read everything below the scope above it.
    fn descends_to(&self, actor: PrincipalId, name: &str, deleted: ScopeId, now: u64) -> bool {
        let Some(above) = self.scopes[&deleted].parent.filter(|_| name == "scope.read.local") else {
            return false;
        };
        let voices = self.voices(actor, "scope.read.descend", above, true, now);
        voices.contains(&Voice::Allow) && !voices.contains(&Voice::Deny)
    }

    /// Does a deny (not only the lack of an allow) keep somebody from reading here?
    fn is_kept_out(&self, actor: PrincipalId, scope: ScopeId, now: u64) -> bool {
        ["scope.read.local", "scope.read.holistic"]
            .iter()
            .any(|name| self.voices(actor, name, scope, false, now).contains(&Voice::Deny))
    }

    /// What a view from a scope shows somebody; `None` when it is refused.
    pub(crate) fn list(
        &self,
        actor: PrincipalId,
        scope: ScopeId,
        reach: scoped::View,
        now: u64,
    ) -> Option<BTreeSet<ObjectId>> {
        use Capability as C;
        let on = if self.scopes.contains_key(&scope) { On::Scope(scope) } else { On::Nothing };
        let more = match reach {
            scoped::View::Raw | scoped::View::Granular | scoped::View::Structured => None,
            scoped::View::Holistic => Some(C::ReadHolistic),
            scoped::View::Descend => Some(C::ReadDescend),
        };
        if !self.may(actor, C::ReadLocal, on, now) || !more.is_none_or(|more| self.may(actor, more, on, now))
        {
            return None;
        }
        let holistic = reach == scoped::View::Holistic;
        let from: Vec<ScopeId> = match reach {
            scoped::View::Raw | scoped::View::Granular | scoped::View::Structured => vec![scope],
            scoped::View::Holistic => self
                .chain(scope)
                .into_iter()
                .filter(|at| *at == scope || !self.is_kept_out(actor, *at, now))
                .collect(),
            scoped::View::Descend => {
                let below = self.scopes.keys().filter(|at| self.chain(**at).contains(&scope));
                below.copied().filter(|at| self.may(actor, C::ReadLocal, On::Scope(*at), now)).collect()
            }
        };
        let mut found = BTreeSet::new();
        for (object, at) in self.shares.keys() {
            let stayed = reach == scoped::View::Descend && *at != scope;
            let shown = from.contains(at)
                && (stayed || !self.scopes[at].archived)
                && !self.objects[object].tombstoned;
            // Reaching up takes no right on each object, but a deny by any of the scopes that it is in wins there too.
            let denied = self.shares.keys().any(|(other, at)| {
                let speaks =
                    || self.voices(actor, "scope.read.local", *at, false, now).contains(&Voice::Deny);
                other == object && !self.scopes[at].archived && speaks()
            });
            let readable =
                if holistic { !denied } else { self.may(actor, C::ReadLocal, On::Object(*object), now) };
            if shown && readable {
                found.insert(*object);
            }
        }
        Some(found)
    }

    // --- commands --------------------------------------------------------------------------------------------------------

    /// What a batch would come to. `next` is the sequence that its first fact would have.
    pub(crate) fn decide(&self, batch: &Batch, now: u64, next: u64) -> Answer {
        let mut world = self.clone();
        let mut all = Vec::new();
        for step in &batch.steps {
            if world.provisions(&step.command) {
                return Err(UNFORESEEN);
            }
            let at = next + all.len() as u64;
            let (before, found) = (world.clone(), world.step(step.actor, &step.command, now, at)?);
            for what in &found {
                world.apply(&Fact { at: next + all.len() as u64, what: what.clone() });
                all.push(what.clone());
            }
            world.keeps_a_way_back(&before, &found, now)?;
        }
        if batch.metadata.is_some() && !all.is_empty() {
            all.push(What::CameFrom);
        }
        if batch.key.is_some() {
            all.push(What::Keyed);
        }
        Ok(all)
    }

    fn step(&self, actor: PrincipalId, command: &Command, now: u64, at: u64) -> Answer {
        match command {
            Command::Identity(command) => self.identity(actor, command, now),
            Command::Tenancy(command) => self.tenancy(actor, command, now),
            Command::Objects(command) => self.objects(actor, command, now),
            Command::Sharing(command) => self.sharing(actor, command, now),
            Command::Temporal(temporal::Command::SetMark(c)) => {
                self.need(actor, Capability::Mark, On::Deployment, now)?;
                match c.position {
                    _ if self.marks.contains_key(&c.name) => Err("exists"),
                    Some(position) if position > at => Err("position_ahead"),
                    position => {
                        Ok(vec![What::Mark { name: c.name.clone(), position: Some(position.unwrap_or(at)) }])
                    }
                }
            }
            Command::Requests(never) => match *never {},
            Command::Audit(never) => match *never {},
            // Not modelled here.
            _ => Err("unmodelled"),
        }
    }

    fn need(&self, actor: PrincipalId, capability: Capability, on: On, now: u64) -> Result<(), &'static str> {
        if self.may(actor, capability, on, now) { Ok(()) } else { Err("denied") }
    }

    fn identity(&self, actor: PrincipalId, command: &identity::Command, now: u64) -> Answer {
        use identity::Command as I;
        self.need(actor, Capability::PrincipalsManage, On::Deployment, now)?;
        let known = |id: &PrincipalId| self.principals.get(id).ok_or("not_found");
        // Whoever is archived is so for good, with all that is said of them.
        let changing = |id: &PrincipalId| match known(id)? {
            found if found.status == "archived" => Err("archived"),
            found => Ok(found),
        };
        let another_operator = |id: &PrincipalId| {
            let operators = self.principals.iter().filter(|(_, p)| p.operator && p.status == "active");
            if operators.into_iter().any(|(other, _)| other != id) { Ok(()) } else { Err("last_operator") }
        };
        Ok(match command {
            I::Found(c) => {
                if self.principals.contains_key(&c.principal) {
                    return Err("exists");
                }
                let made =
                    What::Principal { id: c.principal, description: json(&c.description), operator: false };
                vec![made, What::Operator { id: c.principal, operator: true }]
            }
            I::CreatePrincipal(c) => {
                let id = c.principal.unwrap();
                if self.principals.contains_key(&id) {
                    return Err("exists");
                }
                vec![What::Principal { id, description: json(&c.description), operator: false }]
            }
            I::DescribePrincipal(c) => {
                changing(&c.principal)?;
                vec![What::Described { id: c.principal, description: json(&c.description) }]
            }
            I::ChangeKind(c) => {
                if changing(&c.principal)?.kind == c.kind {
                    return Err("unchanged");
                }
                vec![What::Kind { id: c.principal, kind: c.kind.clone() }]
            }
            I::SetHandle(c) => {
                let found = changing(&c.principal)?;
                let handle = c.handle.as_ref().map(|handle| handle.as_str()).unwrap_or_default();
                // A handle names one principal that lives; whoever is archived is named no more.
                let taken = self.principals.values().any(|p| p.handle == handle && p.status != "archived");
                if found.handle == handle {
                    return Err("unchanged");
                }
                if !handle.is_empty() && taken {
                    return Err("exists");
                }
                vec![What::Handle { id: c.principal, handle: handle.to_owned() }]
            }
            I::SuspendPrincipal(c) => {
                if known(&c.principal)?.status != "active" {
                    return Err("not_active");
                }
                another_operator(&c.principal)?;
                vec![What::Status { id: c.principal, status: "suspended" }]
            }
            I::ReinstatePrincipal(c) => {
                if known(&c.principal)?.status != "suspended" {
                    return Err("not_suspended");
                }
                vec![What::Status { id: c.principal, status: "active" }]
            }
            I::ArchivePrincipal(c) => {
                if known(&c.principal)?.status == "archived" {
                    return Err("archived");
                }
                // For good: no root may be left to nobody.
                let owned = |scope: &ScopeId| {
                    self.members.get(&(*scope, c.principal)).is_some_and(|(role, _)| *role == Role::Owner)
                };
                let roots = self.scopes.iter().filter(|(_, scope)| scope.parent.is_none()).map(|(id, _)| *id);
                for root in roots.filter(owned) {
                    self.keeps_an_owner(root, c.principal)?;
                }
                another_operator(&c.principal)?;
                vec![What::Status { id: c.principal, status: "archived" }]
            }
            I::SetOperator(c) => {
                if changing(&c.principal)?.operator == c.operator {
                    return Err("unchanged");
                }
                if !c.operator {
                    another_operator(&c.principal)?;
                }
                vec![What::Operator { id: c.principal, operator: c.operator }]
            }
            _ => return Err("not modelled"),
        })
    }

    pub(crate) fn scope_by(&self, scope: &ScopeRef) -> Option<ScopeId> {
        match scope {
            ScopeRef::Id(id) => self.scopes.contains_key(id).then_some(*id),
            ScopeRef::Path(path) => self.named.get(path.as_str()).copied(),
        }
    }

    /// A path that is not registered is answered by its nearest registered ancestor.
    fn on_scope(&self, scope: &ScopeRef) -> On {
        if let Some(id) = self.scope_by(scope) {
            return On::Scope(id);
        }
        let ScopeRef::Path(path) = scope else { return On::Nothing };
        let mut text = path.as_str();
        while let Some(at) = text.rfind('/') {
            text = &text[..at];
            if let Some(id) = self.scope_by(&ScopeRef::Path(text.parse().unwrap())) {
                return On::Below(id);
            }
        }
        On::Nothing
    }

    fn on_object(&self, object: ObjectId) -> On {
        if self.objects.contains_key(&object) { On::Object(object) } else { On::Nothing }
    }

    fn open(&self, scope: &ScopeRef) -> Result<ScopeId, &'static str> {
        let id = self.scope_by(scope).ok_or("scope_not_found")?;
        if self.scopes[&id].archived { Err("scope_deleted") } else { Ok(id) }
    }

    /// The scope to write into. What a write makes on the way has ids that nobody knows: such batches are left out.
    fn open_to_write(&self, scope: &ScopeRef) -> Result<ScopeId, &'static str> {
        self.open(scope).map_err(|code| if code == "scope_deleted" { "scope_tombstoned" } else { code })
    }

    /// Would naming this path make scopes on the way?
    fn makes_scopes(&self, scope: &ScopeRef) -> bool {
        matches!(scope, ScopeRef::Path(_)) && self.scope_by(scope).is_none()
    }

    /// Would this command?
    pub(crate) fn provisions(&self, command: &Command) -> bool {
        match command {
            Command::Objects(objects::Command::Create(c)) => {
                c.scope.as_ref().is_some_and(|at| self.makes_scopes(at))
            }
            Command::Sharing(sharing::Command::Project(c)) => self.makes_scopes(&c.scope),
            Command::Tenancy(tenancy::Command::CreateScope(c)) => {
                let parent = c.path.as_ref().and_then(|path| path.as_str().rsplit_once('/'));
                parent.is_some_and(|(parent, _)| self.makes_scopes(&ScopeRef::Path(parent.parse().unwrap())))
            }
            _ => false,
        }
    }

    fn manage_member(
        &self,
        actor: PrincipalId,
        scope: &ScopeRef,
        whom: PrincipalId,
        role: Option<Role>,
        now: u64,
    ) -> Result<(), &'static str> {
        // What has run out is nothing to whoever is given a part.
        let lasts = |end: &Option<u64>| role.is_none() || end.is_none_or(|end| end > now);
        let part = self.scope_by(scope).and_then(|id| self.members.get(&(id, whom)));
        let held = part.filter(|(_, end)| lasts(end)).map(|(role, _)| *role);
        let on = self.on_scope(scope);
        if role != Some(Role::Owner) {
            self.need(actor, Capability::MembersManage, on, now)?;
        }
        if role == Some(Role::Owner) || held == Some(Role::Owner) {
            self.need(actor, Capability::OwnersManage, on, now)?;
        }
        Ok(())
    }

    /// Only who is active, and an owner without end, counts.
    fn keeps_an_owner(&self, scope: ScopeId, without: PrincipalId) -> Result<(), &'static str> {
        let another = self.members.iter().any(|((at, who), (role, end))| {
            let active = self.principals[who].status == "active";
            *at == scope && *who != without && *role == Role::Owner && end.is_none() && active
        });
        if another || self.scopes[&scope].parent.is_some() { Ok(()) } else { Err("last_owner") }
    }

    /// Nobody grants what they do not hold, as far as the grant reaches and for as long.
    fn holds_all(
        &self,
        actor: PrincipalId,
        granted: impl Fn(&str) -> bool,
        scope: ScopeId,
        applies: Applies,
        until: Option<u64>,
        now: u64,
    ) -> Result<(), &'static str> {
        let on = if applies == Applies::Itself { On::Scope(scope) } else { On::Below(scope) };
        let mut wanted = Capability::ALL.iter().filter(|capability| granted(capability.as_str()));
        let last = until.map_or(u64::MAX, |end| end - 1);
        let held = |capability| self.may(actor, capability, on, now) && self.may(actor, capability, on, last);
        if wanted.all(|capability| held(*capability)) { Ok(()) } else { Err("grant_exceeds_holder") }
    }

    /// Who could change the list of a scope, where a deny keeps people from it.
    fn way_back(&self, scope: ScopeId, now: u64) -> WayBack {
        let (chain, manage) = (self.chain(scope), "scope.acl.manage");
        let denies = |entry: &Entry| {
            chain.contains(&entry.scope)
                && entry.effect == Effect::Deny
                && pattern_matches(&entry.capability, manage)
                && entry.expires_at.is_none_or(|end| end > now)
        };
        if self.scopes[&scope].archived || !self.entries.values().any(denies) {
            return WayBack::Somebody;
        }
        let for_good = self.members.iter().filter(|((at, who), (role, end))| {
            let active = self.principals[who].status == "active";
            chain.contains(at) && end.is_none() && active && role_holds(*role, manage)
        });
        let managers: Vec<PrincipalId> = for_good.map(|((_, who), _)| *who).collect();
        let may = |who: &PrincipalId| self.may(*who, Capability::AclManage, On::Scope(scope), now);
        match managers.iter().any(may) {
            true => WayBack::Somebody,
            false if managers.is_empty() => WayBack::Nobody,
            false => WayBack::KeptOut,
        }
    }

    /// Whoever puts a deny on a list leaves somebody who can take it off again, and so does whoever goes. `self` is what there is behind it.
    fn keeps_a_way_back(&self, before: &Self, found: &[What], now: u64) -> Result<(), &'static str> {
        let stays = |scope: ScopeId| {
            before.way_back(scope, now) != WayBack::Somebody || self.way_back(scope, now) != WayBack::KeptOut
        };
        let kept = found.iter().all(|what| match what {
            What::Entry { entry, .. } => {
                let denies =
                    entry.effect == Effect::Deny && pattern_matches(&entry.capability, "scope.acl.manage");
                !denies || self.way_back(entry.scope, now) == WayBack::Somebody
            }
            What::Member { scope, .. } => !before.scopes.contains_key(scope) || stays(*scope),
            What::Status { id, status: "archived" } => {
                let memberships = before.members.keys().filter(|(_, who)| who == id);
                memberships.into_iter().all(|(scope, _)| stays(*scope))
            }
            _ => true,
        });
        if kept { Ok(()) } else { Err("locks_out") }
    }

    fn tenancy(&self, actor: PrincipalId, command: &tenancy::Command, now: u64) -> Answer {
        use tenancy::Command as T;
        let ahead =
            |end: Option<u64>| if end.is_some_and(|end| end <= now) { Err("invalid") } else { Ok(()) };
        let known =
            |whom: PrincipalId| if self.principals.contains_key(&whom) { Ok(()) } else { Err("not_found") };
        Ok(match command {
            T::CreateScope(c) => {
                let parent_path = c.path.as_ref().and_then(|path| path.as_str().rsplit_once('/'));
                let above = match (&c.path, parent_path) {
                    (Some(_), parent) => parent.map(|(parent, _)| ScopeRef::Path(parent.parse().unwrap())),
                    (None, _) => c.parent.clone(),
                };
                let path = c.path.as_ref().map_or_else(String::new, |path| path.as_str().to_owned());
                let there =
                    self.named.get(&path).copied().filter(|id| c.path.is_some() && !self.scopes[id].archived);
                let creates_there =
                    there.is_some_and(|id| self.may(actor, Capability::Create, On::Scope(id), now));
                match &above {
                    _ if creates_there => {}
                    None => self.need(actor, Capability::CreateRoot, On::Deployment, now)?,
                    Some(above) => self.need(actor, Capability::Create, self.on_scope(above), now)?,
                }
                if c.path.is_some() == c.name.is_some() || (c.path.is_some() && c.parent.is_some()) {
                    return Err("invalid");
                }
                let id = c.scope.unwrap();
                if there.is_some() || self.scopes.contains_key(&id) {
                    return Err("scope_exists");
                }
                let parent = above.as_ref().map(|above| self.open(above)).transpose()?;
                vec![
                    What::Scope { id, parent, path, name: c.name.clone().unwrap_or_default() },
                    What::Member { scope: id, principal: actor, part: Some((Role::Owner, None)) },
                ]
            }
            T::DeleteScope(c) => {
                self.need(actor, Capability::Delete, self.on_scope(&c.scope), now)?;
                let found = self.scope_by(&c.scope);
                let below = |id: ScopeId| -> Vec<ScopeId> {
                    let live = self.scopes.iter().filter(|(_, scope)| !scope.archived).map(|(id, _)| *id);
                    live.filter(|at| self.chain(*at).contains(&id)).collect()
                };
                for at in found.filter(|_| c.recursive).map(below).unwrap_or_default() {
                    self.need(actor, Capability::Delete, On::Scope(at), now)?;
                }
                let id = self.open(&c.scope)?;
                let ending = below(id);
                if ending.len() > 1 && !c.recursive {
                    return Err("scope_has_children");
                }
                let homed = |id: ScopeId| {
                    self.objects.iter().filter(move |(_, o)| o.home == Some(id) && !o.tombstoned)
                };
                if c.records == tenancy::Records::Refuse
                    && ending.iter().any(|id| homed(*id).next().is_some())
                {
                    return Err("scope_has_records");
                }
                let mut all = Vec::new();
                for id in ending {
                    all.push(What::Archived { id, archived: true });
                    if c.records == tenancy::Records::Forget {
                        all.extend(homed(id).map(|(id, _)| What::Forgotten { id: *id }));
                    }
                    let stays = |object: &ObjectId| {
                        c.records == tenancy::Records::Keep && homed(id).any(|(kept, _)| kept == object)
                    };
                    let ends = self.shares.keys().filter(|(object, at)| *at == id && !stays(object));
                    all.extend(ends.map(|(object, at)| What::Share {
                        object: *object,
                        scope: *at,
                        level: None,
                    }));
                    let members = self.members.keys().filter(|(at, _)| *at == id);
                    all.extend(members.map(|(at, who)| What::Member {
                        scope: *at,
                        principal: *who,
                        part: None,
                    }));
                }
                all
            }
            T::ReopenScope(c) => {
                let on = self.on_scope(&c.scope);
                let there = self.scope_by(&c.scope);
                if there.is_none() || !self.may(actor, Capability::CreateRoot, On::Deployment, now) {
                    self.need(actor, Capability::Delete, on, now)?;
                }
                let id = there.ok_or("scope_not_found")?;
                if !self.scopes[&id].archived {
                    return Err("not_deleted");
                }
                if self.scopes[&id].parent.is_some_and(|parent| self.scopes[&parent].archived) {
                    return Err("scope_deleted");
                }
                let path = &self.scopes[&id].path;
                if !path.is_empty() && !self.scopes[&self.named[path]].archived {
                    return Err("scope_exists");
                }
                let mut all = vec![What::Archived { id, archived: false }];
                let back =
                    self.parked_objects.iter().filter(|(at, o)| *at == id && self.objects[o].tombstoned);
                all.extend(back.map(|(_, o)| What::Tombstoned { id: *o, tombstoned: false }));
                let shares = self.parked_shares.iter().filter(|((_, at), _)| *at == id);
                all.extend(shares.map(|((object, at), level)| What::Share {
                    object: *object,
                    scope: *at,
                    level: Some(*level),
                }));
                let members = self
                    .parked_members
                    .iter()
                    .filter(|((at, _), (_, end))| *at == id && end.is_none_or(|end| end > now));
                all.extend(members.map(|((at, who), part)| What::Member {
                    scope: *at,
                    principal: *who,
                    part: Some(*part),
                }));
                all
            }
            T::RenameScope(c) => {
                self.need(actor, Capability::PolicyManage, self.on_scope(&c.scope), now)?;
                let id = self.open(&c.scope)?;
                if !self.scopes[&id].path.is_empty() {
                    return Err("scope_has_path");
                }
                let same = self.scopes[&id].name == c.name;
                let renamed = What::Renamed { id, name: c.name.clone() };
                if same { Vec::new() } else { vec![renamed] }
            }
            T::DescribeScope(c) => {
                self.need(actor, Capability::PolicyManage, self.on_scope(&c.scope), now)?;
                let id = self.open(&c.scope)?;
                vec![What::ScopeDescribed { id, description: json(&c.description) }]
            }
            T::ExpireMember(c) => {
                if !self.may(actor, Capability::Sweep, On::Deployment, now) {
                    self.manage_member(actor, &c.scope, c.principal, None, now)?;
                }
                let scope = self.scope_by(&c.scope).ok_or("scope_not_found")?;
                known(c.principal)?;
                let (_, end) = self.members.get(&(scope, c.principal)).ok_or("not_a_member")?;
                if end.is_none_or(|end| end > now) {
                    return Err("not_expired");
                }
                vec![What::Member { scope, principal: c.principal, part: None }]
            }
            T::AddMember(c) => {
                self.manage_member(actor, &c.scope, c.principal, Some(c.role), now)?;
                let scope = self.open(&c.scope)?;
                ahead(c.expires_at)?;
                known(c.principal)?;
                let granted = |name: &str| role_holds(c.role, name);
                self.holds_all(actor, granted, scope, Applies::Subtree, c.expires_at, now)?;
                let held = self.members.get(&(scope, c.principal));
                if held.is_some_and(|(_, end)| end.is_none_or(|end| end > now)) {
                    return Err("exists");
                }
                vec![What::Member { scope, principal: c.principal, part: Some((c.role, c.expires_at)) }]
            }
            T::ChangeMember(c) => {
                self.manage_member(actor, &c.scope, c.principal, Some(c.role), now)?;
                ahead(c.expires_at)?;
                let scope = self.scope_by(&c.scope).ok_or("scope_not_found")?;
                known(c.principal)?;
                let (held, own_end) = self.members.get(&(scope, c.principal)).ok_or("not_a_member")?;
                let granted = |name: &str| role_holds(c.role, name);
                self.holds_all(actor, granted, scope, Applies::Subtree, c.expires_at, now)?;
                if c.principal == actor && own_end.is_some_and(|own| c.expires_at.is_none_or(|end| end > own))
                {
                    return Err("grant_exceeds_holder");
                }
                if *held == Role::Owner && (c.role != Role::Owner || c.expires_at.is_some()) {
                    self.keeps_an_owner(scope, c.principal)?;
                }
                vec![What::Member { scope, principal: c.principal, part: Some((c.role, c.expires_at)) }]
            }
            T::RemoveMember(c) => {
                let own = c.principal == actor
                    && self
                        .scope_by(&c.scope)
                        .is_some_and(|scope| self.members.contains_key(&(scope, actor)));
                if own {
                    self.need(actor, Capability::ReadLocal, On::Own, now)?;
                } else {
                    self.manage_member(actor, &c.scope, c.principal, None, now)?;
                }
                let scope = self.scope_by(&c.scope).ok_or("scope_not_found")?;
                known(c.principal)?;
                let (held, _) = self.members.get(&(scope, c.principal)).ok_or("not_a_member")?;
                if *held == Role::Owner {
                    self.keeps_an_owner(scope, c.principal)?;
                }
                vec![What::Member { scope, principal: c.principal, part: None }]
            }
            T::AddAclEntry(c) => {
                self.need(actor, Capability::AclManage, self.on_scope(&c.scope), now)?;
                let scope = self.open(&c.scope)?;
                ahead(c.expires_at)?;
                match c.effect {
                    Effect::Allow => {
                        let granted = |name: &str| pattern_matches(c.capability.as_str(), name);
                        self.holds_all(actor, granted, scope, c.applies, c.expires_at, now)?;
                    }
                    Effect::Deny => {}
                }
                let id = c.entry.unwrap();
                if self.used_entries.contains_key(&id) {
                    return Err("exists");
                }
                let (effect, subject, capability) = (c.effect, c.subject, c.capability.as_str().to_owned());
                let (applies, expires_at) = (c.applies, c.expires_at);
                vec![What::Entry {
                    id,
                    entry: Entry { scope, effect, subject, capability, applies, expires_at },
                }]
            }
            T::RemoveAclEntry(c) => {
                let on = self.used_entries.get(&c.entry).map_or(On::Nothing, |scope| On::Scope(*scope));
                self.need(actor, Capability::AclManage, on, now)?;
                self.entries.get(&c.entry).ok_or("not_found")?;
                vec![What::EntryRemoved { id: c.entry }]
            }
            _ => return Err("unmodelled"),
        })
    }

    fn live(&self, id: ObjectId, expected: Option<u32>) -> Result<(), &'static str> {
        let object = self.objects.get(&id).ok_or("not_found")?;
        match expected {
            _ if object.tombstoned => Err("tombstoned"),
            Some(expected) if expected as usize != object.versions.len() => Err("stale"),
            _ => Ok(()),
        }
    }

    fn objects(&self, actor: PrincipalId, command: &objects::Command, now: u64) -> Answer {
        use objects::Command as O;
        let write = |id: ObjectId| self.need(actor, Capability::Write, self.on_object(id), now);
        Ok(match command {
            O::Create(c) => {
                let on = c.scope.as_ref().map_or(On::Own, |scope| self.on_scope(scope));
                self.need(actor, Capability::Write, on, now)?;
                let home = c.scope.as_ref().map(|scope| self.open_to_write(scope)).transpose()?;
                let id = c.object.unwrap();
                if self.objects.contains_key(&id) {
                    return Err("exists");
                }
                let (object_type, data) = (c.object_type.clone(), json(&c.data));
                let mut all = vec![What::Object { id, object_type, owner: actor, home, data }];
                all.extend(home.map(|scope| What::Share { object: id, scope, level: Some(c.level) }));
                all
            }
            O::Update(c) => {
                write(c.object)?;
                self.live(c.object, c.expected_version)?;
                vec![What::Data { id: c.object, data: json(&c.data) }]
            }
            O::Tombstone(c) => {
                write(c.object)?;
                self.live(c.object, c.expected_version)?;
                vec![What::Tombstoned { id: c.object, tombstoned: true }]
            }
            O::Transfer(c) => {
                let operator = self.may(actor, Capability::PrincipalsManage, On::Deployment, now);
                let owns = self.objects.get(&c.object).is_some_and(|object| object.owner == actor);
                match (owns, operator) {
                    (true, true) => write(c.object)?,
                    // Whom somebody sees who is no operator hangs on all that they are part of.
                    (true, false) => return Err(UNFORESEEN),
                    (false, _) => self.need(actor, Capability::PrincipalsManage, On::Deployment, now)?,
                }
                let object = self.objects.get(&c.object).ok_or("not_found")?;
                if c.expected_version.is_some_and(|expected| expected as usize != object.versions.len()) {
                    return Err("stale");
                }
                if self.principals.get(&c.to).is_none_or(|to| to.status != "active") {
                    return Err("no_principal");
                }
                if object.owner == c.to {
                    return Err("unchanged");
                }
                if !owns && c.reason.as_ref().is_none_or(|reason| reason.trim().is_empty()) {
                    return Err("reason_required");
                }
                vec![What::Owner { id: c.object, owner: c.to }]
            }
            O::Expire(_) => return Err("unmodelled"),
            O::Restore(c) => {
                write(c.object)?;
                if !self.objects[&c.object].tombstoned {
                    return Err("not_tombstoned");
                }
                vec![What::Tombstoned { id: c.object, tombstoned: false }]
            }
            _ => return Err("not modelled"),
        })
    }

    fn sharing(&self, actor: PrincipalId, command: &sharing::Command, now: u64) -> Answer {
        use sharing::Command as S;
        Ok(match command {
            S::Project(c) => {
                self.need(actor, Capability::AclManage, self.on_object(c.object), now)?;
                self.need(actor, Capability::Write, self.on_scope(&c.scope), now)?;
                let scope = self.open_to_write(&c.scope)?;
                if self.objects[&c.object].tombstoned {
                    return Err("tombstoned");
                }
                if self.shares.get(&(c.object, scope)) == Some(&c.level) {
                    return Err("unchanged");
                }
                vec![What::Share { object: c.object, scope, level: Some(c.level) }]
            }
            S::Revoke(c) => {
                let scope = self.scope_by(&c.scope);
                let shared = scope.filter(|scope| self.shares.contains_key(&(c.object, *scope)));
                let of_scope =
                    shared.is_some_and(|scope| self.may(actor, Capability::AclManage, On::Scope(scope), now));
                if !of_scope {
                    self.need(actor, Capability::AclManage, self.on_object(c.object), now)?;
                }
                let scope = shared.ok_or("not_projected")?;
                vec![What::Share { object: c.object, scope, level: None }]
            }
        })
    }
}
