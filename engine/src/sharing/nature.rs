//! What each kind of event about projections is, for the audit trail and for rollback.

use crate::temporal::Nature;
use scoped_projections::rules::Action;
use scoped_projections::sharing::SharingEvent as E;

/// An exhaustive match: a new kind says what it is, or the engine does not compile.
pub(crate) fn nature(event: &E) -> Nature {
    match event {
        E::ObjectProjected(_) => Nature::reversible(Action::Share),
        E::ProjectionRevoked(_) => Nature::reversible(Action::Revoke),
    }
}
