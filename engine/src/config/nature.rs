//! What each kind of event about config is, for the audit trail and for rollback.

use crate::temporal::Nature;
use scoped_projections::config::ConfigEvent as E;
use scoped_projections::rules::Action;

/// An exhaustive match: a new kind says what it is, or the engine does not compile.
pub(crate) fn nature(event: &E) -> Nature {
    match event {
        E::SettingSet(_) | E::SettingDeleted(_) => Nature::reversible(Action::Config),
    }
}
