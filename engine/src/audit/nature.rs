//! What each kind of event about access is, for the audit trail and for rollback.

use crate::temporal::Nature;
use scoped_projections::audit::AuditEvent as E;
use scoped_projections::rules::Action;

/// An exhaustive match: a new kind says what it is, or the engine does not compile.
pub(crate) fn nature(event: &E) -> Nature {
    match event {
        E::AccessDenied(_) => Nature::history(Some(Action::Access)),
        E::AccessRecorded(e) => Nature::history(Some(read(&e.operation))),
    }
}

/// The action that a recorded read was, by the operation's name.
fn read(operation: &str) -> Action {
    let (noun, verb) = operation.split_once('.').unwrap_or((operation, ""));
    match noun {
        "audit" => Action::Audit,
        "access" => Action::Access,
        _ if verb.contains("export") => Action::Export,
        _ if verb.contains("search") => Action::Search,
        _ => Action::Read,
    }
}
