//! Data subjects: whose data what is, and the end of it.
//!
//! Who may erase: operators, since a subject's data lies in scopes of many. Whose data an object is is said where it is made
//! (`objects.create` with `subject`), and whether a principal's description is its own (`identity.create_principal` with `personal`); a type that is registered
//! with the tag [`PERSONAL`] takes no object without a subject.
//! Refusals: `no_keys` where the engine was opened without a key store; `subject_erased` for whatever would be written for who was erased;
//! `subject_required`.

mod admit;
mod commands;
mod queries;

pub(crate) use admit::admit;
pub use commands::{Command, Erase};
pub use queries::SubjectInfo;

use crate::export::{Recalled, Recalling};
use crate::temporal::{Entity, Inverse, Nature, Problem};
use scoped_projections::rules::Action;
use scoped_projections::subjects::SubjectsEvent as E;
use scoped_projections::{Sequence, SubjectId, World};

/// The tag of a registered type whose objects are personal data: each has to say whose.
pub const PERSONAL: &str = "personal";

/// What an event changes: who is erased. That something is somebody's is part of its coming to be.
pub(crate) fn entity(event: &E) -> Option<Entity> {
    match event {
        E::ObjectBound(_) | E::PrincipalBound(_) => None,
        E::SubjectErased(e) => Some(Entity::Subject(e.subject)),
    }
}

/// The command that would bring this fact about.
pub(crate) fn recall(event: E, asked: Recalling<'_>) -> Option<Recalled> {
    Some(match event {
        // These come along with the object or the principal.
        E::ObjectBound(_) | E::PrincipalBound(_) => Recalled::Silent,
        E::SubjectErased(e) => {
            let said = asked.data.and_then(|data| data.value().ok());
            let reason = said.and_then(|said| Some(said.get("reason")?.as_str()?.to_owned()));
            Recalled::one(Erase { subject: e.subject, reason })
        }
    })
}

/// An exhaustive match: a new kind says what it is, or the engine does not compile.
pub(crate) fn nature(event: &E) -> Nature {
    match event {
        E::ObjectBound(_) => Nature::history(Some(Action::Create)),
        E::PrincipalBound(_) => Nature::history(Some(Action::Principals)),
        E::SubjectErased(_) => Nature::for_good(Action::Erase, FOR_GOOD),
    }
}

const FOR_GOOD: &str = "the key of an erased subject is destroyed: its data is gone for good";

/// The event that made it what it is.
pub(crate) fn changed(world: &World, subject: SubjectId) -> Option<Sequence> {
    world.subjects().erased(subject)
}

/// Nothing brings back who was erased.
pub(crate) fn invert(inverse: &Inverse<'_>, subject: SubjectId) -> Problem {
    let erased = |world: &World| world.subjects().erased(subject);
    erased(inverse.now).filter(|_| erased(inverse.then).is_none()).map(|at| format!("{at}: {FOR_GOOD}"))
}
