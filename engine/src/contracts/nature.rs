//! What each kind of event about contracts is, for the audit trail and for rollback.

use crate::temporal::Nature;
use scoped_projections::contracts::ContractsEvent as E;
use scoped_projections::rules::Action;

/// An exhaustive match: a new kind says what it is, or the engine does not compile.
pub(crate) fn nature(event: &E) -> Nature {
    match event {
        E::ContractCreated(_) => Nature::differently(Action::Contracts, "the contract is archived"),
        E::ContractUpdated(_)
        | E::ContractDeprecated(_)
        | E::ContractActivated(_)
        | E::ContractArchived(_)
        | E::ContractUnarchived(_) => Nature::reversible(Action::Contracts),
    }
}
