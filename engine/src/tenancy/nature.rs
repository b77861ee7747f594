//! What each kind of event about scopes is, for the audit trail and for rollback.

use crate::temporal::Nature;
use scoped_projections::rules::Action;
use scoped_projections::tenancy::TenancyEvent as E;

/// An exhaustive match: a new kind says what it is, or the engine does not compile.
pub(crate) fn nature(event: &E) -> Nature {
    match event {
        E::ScopeCreated(_) | E::ScopeProvisioned(_) => {
            Nature::differently(Action::ScopeCreate, "the scope is deleted; registered again it has a new id")
        }
        E::ScopeAdopted(_) => Nature::differently(Action::ScopeCreate, "the scope stays registered"),
        E::ScopeArchived(_) => Nature::reversible(Action::ScopeDissolve),
        E::ScopeReopened(_)
        | E::ScopeFrozen(_)
        | E::ScopeReleased(_)
        | E::ScopeRenamed(_)
        | E::ScopeMoved(_)
        | E::PolicySet(_) => Nature::reversible(Action::ScopeModify),
        E::ScopeDescribed(_) => {
            Nature::differently(Action::ScopeModify, "what was never described is described by nothing")
        }
        E::MemberAdded(_) | E::MemberRoleChanged(_) | E::MemberRemoved(_) => {
            Nature::reversible(Action::Membership)
        }
        // What has run out grants nothing, so there is nothing to bring back.
        E::MemberExpired(_) => Nature::differently(Action::Membership, "what has run out stays run out"),
        E::AclEntryExpired(_) => Nature::differently(Action::Acl, "what has run out stays run out"),
        E::AclEntryAdded(_) => Nature::reversible(Action::Acl),
        E::AclEntryRemoved(_) => Nature::differently(Action::Acl, "the entry comes back under a new id"),
    }
}
