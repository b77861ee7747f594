//! What each kind of event about templates is, for the audit trail and for rollback.

use crate::temporal::Nature;
use scoped_projections::rules::Action;
use scoped_projections::templates::TemplatesEvent as E;

/// An exhaustive match: a new kind says what it is, or the engine does not compile.
pub(crate) fn nature(event: &E) -> Nature {
    match event {
        E::TemplateCreated(_) => Nature::differently(Action::Templates, "the template is archived"),
        E::TemplateUpdated(_) | E::TemplateArchived(_) | E::TemplateReopened(_) => {
            Nature::reversible(Action::Templates)
        }
        E::TemplateInstantiated(_) => Nature::history(Some(Action::Instantiate)),
    }
}
