//! What each kind of event about the registry is, for the audit trail and for rollback.

use crate::temporal::Nature;
use scoped_projections::registry::RegistryEvent as E;
use scoped_projections::rules::Action::Register;

/// An exhaustive match: a new kind says what it is, or the engine does not compile.
pub(crate) fn nature(event: &E) -> Nature {
    match event {
        E::Registered(_) => Nature::differently(Register, "the entry is archived"),
        E::KindDefined(_) => Nature::for_good(Register, "a kind of construct stays defined"),
        E::LifecycleChanged(_) | E::Described(_) | E::Frozen(_) | E::Unfrozen(_) | E::Reinstated(_) => {
            Nature::reversible(Register)
        }
    }
}
