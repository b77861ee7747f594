//! Whose business an event is that is filed under no scope. What is filed under one is the business of who audits that scope.

use scoped_projections::subjects::SubjectsEvent;
use scoped_projections::{Event, ObjectId};

/// Who sees it, besides whoever did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Concern {
    /// Operators: it belongs to the deployment.
    Operators,
    /// The owner of an object that is in no scope, and nobody else.
    Owner(ObjectId),
    /// Nobody.
    Actor,
}

impl Concern {
    /// An exhaustive match: a new domain says whose business its events are, or the engine does not compile.
    pub(crate) fn of(event: &Event) -> Self {
        match event {
            // Who acts, what may exist, marks and the heads of rollbacks; and what holds everywhere because no scope was named for it.
            Event::Identity(_)
            | Event::Registry(_)
            | Event::Temporal(_)
            | Event::Contracts(_)
            | Event::Templates(_)
            | Event::Rules(_) => Self::Operators,
            Event::Subjects(SubjectsEvent::SubjectErased(_) | SubjectsEvent::PrincipalBound(_)) => {
                Self::Operators
            }
            // What is in no scope is its owner's, and what the owner did to it is in the owner's own trail.
            Event::Subjects(SubjectsEvent::ObjectBound(_)) | Event::Objects(_) | Event::Sharing(_) => {
                Self::Actor
            }
            // Filed under a scope, all of them.
            Event::Tenancy(_) | Event::Config(_) => Self::Actor,
            Event::Requests(_) => Self::Actor,
            Event::Audit(access) => access.object().map_or(Self::Operators, Self::Owner),
        }
    }
}
