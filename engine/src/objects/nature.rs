//! What each kind of event about objects is, for the audit trail and for rollback.

use crate::temporal::Nature;
use scoped_projections::objects::ObjectsEvent as E;
use scoped_projections::rules::Action;

/// An exhaustive match: a new kind says what it is, or the engine does not compile.
pub(crate) fn nature(event: &E) -> Nature {
    match event {
        E::ObjectCreated(_) => Nature::differently(Action::Create, "the object is tombstoned"),
        E::ObjectUpdated(_) => Nature::reversible(Action::Update),
        E::ObjectForgotten(_) => Nature::reversible(Action::Delete),
        E::ObjectRecovered(_) => Nature::reversible(Action::Restore),
        E::ObjectExpired(_) => Nature::differently(Action::Delete, "only once the scope keeps it for longer"),
        E::ObjectTombstoned(_) => Nature::reversible(Action::Delete),
        E::ObjectRestored(_) => Nature::reversible(Action::Restore),
        E::OwnershipTransferred(_) => Nature::reversible(Action::Transfer),
        E::ObjectAttributed(_) => Nature::history(Some(Action::Create)),
        E::ObjectsExported(_) => Nature::history(Some(Action::Export)),
        E::ObjectsImported(_) | E::ProvenanceRecorded(_) => Nature::history(Some(Action::Import)),
        E::VersionExplained(_) => Nature::history(Some(Action::Update)),
    }
}
