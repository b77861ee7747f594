//! Subjects: what an event is about, in a few words.

use crate::names::{Names, object_label};
use scoped::projections::audit::AuditEvent;
use scoped::projections::identity::IdentityEvent as I;
use scoped::projections::objects::ObjectsEvent;
use scoped::projections::requests::RequestsEvent;
use scoped::projections::sharing::SharingEvent as S;
use scoped::projections::temporal::TemporalEvent as T;
use scoped::projections::tenancy::TenancyEvent as N;
use scoped::temporal::Entity;
use scoped::{EntryId, Event, Moment, ObjectId, PrincipalId, ScopeId, Sequence, Subject};
use std::collections::HashMap;

/// Puts events into words. Remembers what objects are called, since a log speaks of the same ones again and again.
pub struct Subjects<'a> {
    moment: Moment<'a>,
    names: &'a Names,
    objects: HashMap<ObjectId, String>,
}

impl<'a> Subjects<'a> {
    /// With the names that hold at a moment.
    #[must_use]
    pub fn new(moment: Moment<'a>, names: &'a Names) -> Self {
        Self { moment, names, objects: HashMap::new() }
    }

    /// What a principal is called.
    #[must_use]
    pub fn principal(&self, id: PrincipalId) -> String {
        self.names.label(id)
    }

    /// What a scope is called; empty for none.
    #[must_use]
    pub fn scope(&self, id: ScopeId) -> String {
        let node = self.moment.world().tenancy().get(id);
        node.map_or_else(
            || if id.is_some() { id.to_string() } else { String::new() },
            |node| node.label().to_owned(),
        )
    }

    /// What an object is called.
    pub fn object(&mut self, id: ObjectId) -> &str {
        self.objects.entry(id).or_insert_with(|| object_label(&self.moment, id))
    }

    /// What the event at this position is about.
    pub fn of(&mut self, at: Sequence, event: &Event) -> String {
        match event {
            Event::Identity(I::OperatorSet(e)) => {
                let what = if e.operator { "operator" } else { "no operator" };
                format!("{} is {what}", self.principal(e.principal))
            }
            Event::Identity(event) => self.identity(event),
            Event::Tenancy(event) => self.tenancy(event),
            Event::Objects(event) => self.objects(event),
            Event::Sharing(S::ObjectProjected(e)) => format!("{}, level {}", self.object(e.object), e.level),
            Event::Sharing(S::ProjectionRevoked(e)) => self.object(e.object).to_owned(),
            Event::Temporal(T::MarkSet(e)) if e.position == at.get() => e.name.clone(),
            Event::Temporal(T::MarkSet(e)) => format!("{} at #{}", e.name, e.position),
            Event::Temporal(T::RolledBack(e)) => format!("{} to #{}, {} steps", e.selection, e.to, e.steps),
            Event::Requests(RequestsEvent::RequestKeyed(e)) => {
                format!("key {:016x}…", u64::from_be_bytes(e.key[..8].try_into().unwrap_or_default()))
            }
            Event::Requests(RequestsEvent::RequestDescribed(e)) => {
                let first = at.get().saturating_sub(u64::from(e.events));
                match e.events {
                    1 => format!("where #{first} came from"),
                    _ => format!("where #{first} to #{} came from", at.get().saturating_sub(1)),
                }
            }
            Event::Audit(AuditEvent::AccessDenied(e)) => {
                let object =
                    if e.object.is_some() { format!(" on {}", self.object(e.object)) } else { String::new() };
                let times = if e.count > 1 { format!(", {} times", e.count) } else { String::new() };
                let why = if e.reason.is_empty() { String::new() } else { format!(" ({})", e.reason) };
                match &*e.code {
                    "denied" => format!("{} needs {}{why}{object}{times}", e.operation, e.capability),
                    code => format!("{} was stopped: {code}{object}{times}", e.operation),
                }
            }
            Event::Audit(AuditEvent::AccessRecorded(e)) => {
                let object =
                    if e.object.is_some() { format!(" of {}", self.object(e.object)) } else { String::new() };
                let times = if e.count > 1 { format!(", {} times", e.count) } else { String::new() };
                format!("{} by {}{object}{times}", e.operation, e.capability)
            }
            other => Entity::of(other)
                .map_or_else(String::new, |entity| entity_label(entity, &self.moment, self.names)),
        }
    }

    fn identity(&self, event: &I) -> String {
        let related = |parent, child, label: &str| {
            format!("{} {label} {}", self.principal(child), self.principal(parent))
        };
        match event {
            I::HandleSet(e) => format!("{} as {}", self.principal(e.principal), e.handle),
            I::PrincipalKindChanged(e) => format!("{} is a {}", self.principal(e.principal), e.kind),
            I::RelationshipAdded(e) => related(e.parent, e.child, &e.label),
            I::RelationshipRemoved(e) => {
                let identity = self.moment.world().identity();
                let edge = identity.relations().get(e.edge);
                edge.map_or_else(
                    || e.edge.to_string(),
                    |edge| {
                        let label = identity.relations().label(edge);
                        related(identity.id(edge.parent), identity.id(edge.child), label)
                    },
                )
            }
            I::ActedOnBehalf(e) => format!("{} for {}", self.principal(e.agent), self.principal(e.principal)),
            event => event.principal().map_or_else(String::new, |id| self.principal(id)),
        }
    }

    fn objects(&mut self, event: &ObjectsEvent) -> String {
        if let ObjectsEvent::OwnershipTransferred(e) = event {
            let to = self.principal(e.owner);
            return format!("{} to {to}", self.object(e.object));
        }
        event.object().map_or_else(String::new, |id| self.object(id).to_owned())
    }

    fn tenancy(&self, event: &N) -> String {
        match event {
            N::ScopeCreated(e) => self.scope(e.scope),
            N::ScopeArchived(e) => self.scope(e.scope),
            N::ScopeReopened(e) => self.scope(e.scope),
            N::MemberAdded(e) => format!("{} as {}", self.principal(e.principal), e.role),
            N::MemberRoleChanged(e) => format!("{} as {}", self.principal(e.principal), e.role),
            N::MemberRemoved(e) => self.principal(e.principal),
            N::ScopeProvisioned(e) => self.scope(e.scope),
            N::ScopeAdopted(e) => self.scope(e.scope),
            N::ScopeFrozen(e) => self.scope(e.scope),
            N::ScopeReleased(e) => self.scope(e.scope),
            N::ScopeRenamed(e) => format!("{}, now {}", self.scope(e.scope), e.name),
            N::ScopeDescribed(e) => self.scope(e.scope),
            N::ScopeMoved(e) => format!("{} below {}", self.scope(e.scope), self.scope(e.parent)),
            N::PolicySet(e) => format!("policy of {}", self.scope(e.scope)),
            N::MemberExpired(e) => self.principal(e.principal),
            N::AclEntryAdded(e) => format!("{} {} to {}", e.effect, e.capability, self.subject(e.subject)),
            N::AclEntryRemoved(e) => self.entry(e.entry),
            N::AclEntryExpired(e) => self.entry(e.entry),
        }
    }

    fn entry(&self, id: EntryId) -> String {
        match self.moment.world().tenancy().entry(id) {
            Some(entry) => {
                format!("{} {} to {}", entry.effect, entry.capability, self.subject(entry.subject))
            }
            None => id.to_string(),
        }
    }
    fn subject(&self, subject: Subject) -> String {
        match subject {
            Subject::Principal(id) => self.principal(id),
            other => other.to_string(),
        }
    }
}

/// What an entity is called.
#[must_use]
pub fn entity_label(entity: Entity, moment: &Moment<'_>, names: &Names) -> String {
    let tenancy = moment.world().tenancy();
    let label = |scope| tenancy.get(scope).map_or_else(|| scope.to_string(), |node| node.label().to_owned());
    match entity {
        Entity::Principal(id) => names.label(id),
        Entity::Scope(id) => label(id),
        Entity::Member(scope, id) => format!("{} in {}", names.label(id), label(scope)),
        Entity::Entry(id) => match tenancy.entry(id) {
            Some(entry) => format!("{} {} to {}", entry.effect, entry.capability, entry.subject),
            None => id.to_string(),
        },
        Entity::Object(id) => object_label(moment, id),
        Entity::Share(object, scope) => format!("{} in {}", object_label(moment, object), label(scope)),
        Entity::Policy(scope) => format!("policy of {}", label(scope)),
        Entity::Contract(id) => {
            let found = moment.world().contracts().get(id);
            found.map_or_else(|| id.to_string(), |contract| contract.name.to_string())
        }
        Entity::Template(id) => {
            let found = moment.world().templates().get(id);
            found.map_or_else(|| id.to_string(), |template| template.name.to_string())
        }
        Entity::Setting(id) => match moment.world().config().get(id) {
            Some(setting) => {
                let scope = tenancy.at(setting.scope).map_or("?", |node| node.label());
                format!("{} in {scope}", setting.key)
            }
            None => id.to_string(),
        },
        other => other.to_string(),
    }
}
