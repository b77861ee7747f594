//! What an event is about: the thing whose state it changes, and that a rollback brings back.

use scoped_projections::{EntryId, Event, ObjectId, PrincipalId, ScopeId, Sequence, World};
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
}

impl Entity {
    /// What an event changes; `None` for what is history and not state (marks, rollbacks, keys, refusals).
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        use scoped_projections::{
            identity::IdentityEvent as I, sharing::SharingEvent as S, tenancy::TenancyEvent as T,
        };
        match event {
            Event::Identity(I::Founded(_)) | Event::Temporal(_) | Event::Requests(_) | Event::Audit(_) => {
                None
            }
            Event::Identity(event) => Some(Self::Principal(event.principal())),
            Event::Tenancy(event) => Some(match event {
                T::ScopeCreated(e) => Self::Scope(e.scope),
                T::ScopeArchived(e) => Self::Scope(e.scope),
                T::ScopeReopened(e) => Self::Scope(e.scope),
                T::MemberAdded(e) => Self::Member(e.scope, e.principal),
                T::MemberRoleChanged(e) => Self::Member(e.scope, e.principal),
                T::MemberRemoved(e) => Self::Member(e.scope, e.principal),
                T::AclEntryAdded(e) => Self::Entry(e.entry),
                T::AclEntryRemoved(e) => Self::Entry(e.entry),
            }),
            Event::Objects(event) => event.object().map(Self::Object),
            Event::Sharing(event) => Some(match event {
                S::ObjectProjected(e) => Self::Share(e.object, e.scope),
                S::ProjectionRevoked(e) => Self::Share(e.object, e.scope),
            }),
        }
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
            | Self::Share(ObjectId(id), _) => id,
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
        }
    }

    /// The scope and the object it belongs to, as far as it belongs to any.
    #[must_use]
    pub fn place(self, world: &World) -> (Option<ScopeId>, Option<ObjectId>) {
        match self {
            Self::Principal(_) => (None, None),
            Self::Scope(scope) | Self::Member(scope, _) => (Some(scope), None),
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
        }
    }
}
