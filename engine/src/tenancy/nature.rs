//! What each kind of event about scopes is, for the audit trail and for rollback.

use crate::temporal::Nature;
use scoped_projections::rules::Action;
use scoped_projections::tenancy::TenancyEvent as E;

/// An exhaustive match: a new kind says what it is, or the engine does not compile.
pub(crate) fn nature(event: &E) -> Nature {
    match event {
        E::ScopeCreated(_) => Nature::differently(Action::ScopeCreate, "the scope is archived"),
        E::ScopeArchived(_) => Nature::reversible(Action::ScopeDissolve),
        E::ScopeReopened(_) => Nature::reversible(Action::ScopeModify),
        E::MemberAdded(_) | E::MemberRoleChanged(_) | E::MemberRemoved(_) => {
            Nature::reversible(Action::Membership)
        }
        E::AclEntryAdded(_) => Nature::reversible(Action::Acl),
        E::AclEntryRemoved(_) => Nature::differently(Action::Acl, "the entry comes back under a new id"),
    }
}
