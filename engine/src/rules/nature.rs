//! What each kind of event about rules is, for the audit trail and for rollback.

use crate::temporal::Nature;
use scoped_projections::rules::Action::Rules;
use scoped_projections::rules::RulesEvent as E;

/// An exhaustive match: a new kind says what it is, or the engine does not compile.
pub(crate) fn nature(event: &E) -> Nature {
    match event {
        E::RuleCreated(_) => Nature::differently(Rules, "the rule is archived"),
        E::BindingAdded(_) => Nature::differently(Rules, "the binding is taken back, and its id stays used"),
        E::RuleUpdated(_)
        | E::RuleDescribed(_)
        | E::RuleArchived(_)
        | E::RuleUnarchived(_)
        | E::BindingChanged(_)
        | E::BindingRemoved(_) => Nature::reversible(Rules),
    }
}
