//! What each kind of event about principals is, for the audit trail and for rollback.

use crate::temporal::Nature;
use scoped_projections::identity::IdentityEvent as E;
use scoped_projections::rules::Action::Principals;

/// An exhaustive match: a new kind says what it is, or the engine does not compile.
pub(crate) fn nature(event: &E) -> Nature {
    match event {
        E::Founded(_) => Nature::for_good(Principals, "the founding of the log is for good"),
        E::PrincipalCreated(_) => Nature::differently(
            Principals,
            "the principal is suspended, so that rolling back the rollback can reinstate it",
        ),
        E::PrincipalArchived(_) => Nature::for_good(Principals, "archiving a principal is for good"),
        E::PrincipalDescribed(_)
        | E::PrincipalSuspended(_)
        | E::PrincipalReinstated(_)
        | E::OperatorSet(_)
        | E::PrincipalKindChanged(_)
        | E::HandleSet(_)
        | E::RelationshipAdded(_)
        | E::RelationshipRemoved(_) => Nature::reversible(Principals),
        E::ActedOnBehalf(_) => Nature::history(Some(Principals)),
    }
}
