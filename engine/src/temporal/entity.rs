//! What an event is about: the thing whose state it changes, and that a rollback brings back.

use crate::{config, contracts, registry, rules, subjects, templates};
use scoped_projections::{
    BindingId, ContractId, EdgeId, EntryId, Event, ObjectId, PrincipalId, RegistrationId, RuleId, ScopeId,
    Sequence, SettingId, SubjectId, TemplateId, World,
};
use std::fmt;

/// One thing with a state of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    /// A principal.
    Principal(PrincipalId),
    /// A scope node.
    Scope(ScopeId),
    /// A principal's part in a scope.
    Member(ScopeId, PrincipalId),
    /// An entry of an access control list.
    Entry(EntryId),
    /// An object's data and tombstone.
    Object(ObjectId),
    /// An object's projection into a scope.
    Share(ObjectId, ScopeId),
    /// A relationship between two principals.
    Edge(EdgeId),
    /// What a scope declares for itself and below.
    Policy(ScopeId),
    /// An entry of the registry.
    Registration(RegistrationId),
    /// The registry as a whole: frozen or not.
    Registry,
    /// A contract.
    Contract(ContractId),
    /// A template.
    Template(TemplateId),
    /// A setting.
    Setting(SettingId),
    /// A rule.
    Rule(RuleId),
    /// A rule bound to a target.
    Binding(BindingId),
    /// A data subject: erased or not.
    Subject(SubjectId),
}

impl Entity {
    /// What an event changes; `None` for what is history and not state (marks, rollbacks, keys, refusals).
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        macro_rules! of {
            ($($number:literal $module:ident $state:ident $event:ident [$($reads:ident),*];)+) => {
                match event { $(Event::$state(event) => crate::$module::entity(event)),+ }
            };
        }
        scoped_projections::for_each_domain!(of)
    }

    /// The id that a receipt gives for it: of the thing itself, of the scope for a member, of the object for a projection.
    #[must_use]
    pub fn id(self) -> u128 {
        match self {
            Self::Principal(PrincipalId(id))
            | Self::Scope(ScopeId(id))
            | Self::Member(ScopeId(id), _)
            | Self::Entry(EntryId(id))
            | Self::Object(ObjectId(id))
            | Self::Share(ObjectId(id), _)
            | Self::Edge(EdgeId(id))
            | Self::Policy(ScopeId(id))
            | Self::Registration(RegistrationId(id))
            | Self::Contract(ContractId(id))
            | Self::Template(TemplateId(id))
            | Self::Setting(SettingId(id))
            | Self::Rule(RuleId(id))
            | Self::Binding(BindingId(id))
            | Self::Subject(SubjectId(id)) => id,
            Self::Registry => 0,
        }
    }

    /// A number for the sort of entity, told apart inside this process only.
    pub(crate) fn sort(self) -> u8 {
        match self {
            Self::Principal(_) => 1,
            Self::Scope(_) => 2,
            Self::Member(..) => 3,
            Self::Entry(_) => 4,
            Self::Object(_) => 5,
            Self::Share(..) => 6,
            Self::Edge(_) => 7,
            Self::Policy(_) => 8,
            Self::Registration(_) => 9,
            Self::Registry => 10,
            Self::Contract(_) => 11,
            Self::Template(_) => 12,
            Self::Setting(_) => 13,
            Self::Rule(_) => 14,
            Self::Binding(_) => 15,
            Self::Subject(_) => 16,
        }
    }

    /// The event that made it what it is in this world; `None` when it is not there.
    #[must_use]
    pub fn changed(self, world: &World) -> Option<Sequence> {
        let (identity, tenancy, objects) = (world.identity(), world.tenancy(), world.objects());
        match self {
            Self::Principal(id) => identity.get(id).map(|principal| principal.changed),
            Self::Scope(id) => tenancy.get(id).map(|node| node.changed),
            Self::Member(scope, principal) => {
                tenancy.member(tenancy.row(scope)?, identity.row(principal)?).map(|member| member.since)
            }
            Self::Entry(id) => tenancy.entry(id).filter(|entry| !entry.removed).map(|entry| entry.since),
            Self::Object(id) => objects.last_change(objects.get(id)?).map(|change| change.sequence),
            Self::Share(object, scope) => {
                world.sharing().share(objects.row(object)?, tenancy.row(scope)?).map(|share| share.since)
            }
            Self::Edge(id) => crate::identity::edge_changed(world, id),
            Self::Policy(id) => crate::tenancy::policy_changed(world, id),
            Self::Registration(_) | Self::Registry => registry::changed(world, self),
            Self::Contract(_) => contracts::changed(world, self),
            Self::Template(_) => templates::changed(world, self),
            Self::Setting(_) => config::changed(world, self),
            Self::Rule(_) | Self::Binding(_) => rules::changed(world, self),
            Self::Subject(id) => subjects::changed(world, id),
        }
    }

    /// The scope and the object it belongs to, as far as it belongs to any.
    #[must_use]
    pub fn place(self, world: &World) -> (Option<ScopeId>, Option<ObjectId>) {
        match self {
            Self::Principal(_)
            | Self::Edge(_)
            | Self::Registration(_)
            | Self::Registry
            | Self::Subject(_) => (None, None),
            Self::Scope(scope) | Self::Member(scope, _) | Self::Policy(scope) => (Some(scope), None),
            Self::Contract(_) => (contracts::place(world, self), None),
            Self::Template(_) => (templates::place(world, self), None),
            Self::Setting(_) => (config::place(world, self), None),
            Self::Rule(_) | Self::Binding(_) => (rules::place(world, self), None),
            Self::Entry(entry) => {
                let tenancy = world.tenancy();
                (tenancy.entry(entry).and_then(|entry| tenancy.at(entry.scope)).map(|node| node.id), None)
            }
            Self::Object(object) => (None, Some(object)),
            Self::Share(object, scope) => (Some(scope), Some(object)),
        }
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal(id) => write!(f, "principal {id}"),
            Self::Scope(id) => write!(f, "scope {id}"),
            Self::Member(scope, principal) => write!(f, "member {principal} of {scope}"),
            Self::Entry(id) => write!(f, "entry {id}"),
            Self::Object(id) => write!(f, "object {id}"),
            Self::Share(object, scope) => write!(f, "projection of {object} into {scope}"),
            Self::Edge(id) => write!(f, "relationship {id}"),
            Self::Policy(scope) => write!(f, "policy of {scope}"),
            Self::Registration(id) => write!(f, "registration {id}"),
            Self::Registry => f.write_str("registry"),
            Self::Contract(id) => write!(f, "contract {id}"),
            Self::Template(id) => write!(f, "template {id}"),
            Self::Setting(id) => write!(f, "setting {id}"),
            Self::Rule(id) => write!(f, "rule {id}"),
            Self::Binding(id) => write!(f, "binding {id}"),
            Self::Subject(id) => write!(f, "subject {id}"),
        }
    }
}
