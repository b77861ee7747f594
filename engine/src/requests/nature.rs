//! What each kind of event about requests is, for the audit trail and for rollback.

use crate::temporal::Nature;
use scoped_projections::requests::RequestsEvent as E;

/// An exhaustive match: a new kind says what it is, or the engine does not compile.
pub(crate) fn nature(event: &E) -> Nature {
    match event {
        E::RequestKeyed(_) | E::RequestDescribed(_) => Nature::history(None),
    }
}
