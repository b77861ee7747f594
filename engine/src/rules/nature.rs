//! What each kind of event about rules is, for the audit trail and for rollback.

use crate::temporal::Nature;
use scoped_projections::rules::Action;
use scoped_projections::rules::RulesEvent as E;

/// An exhaustive match: a new kind says what it is, or the engine does not compile.
pub(crate) fn nature(event: &E) -> Nature {
    match event {
        E::RuleCreated(_) => Nature::reversible(Action::Rules),
    }
}
