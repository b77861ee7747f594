//! What can have happened to templates.

use crate::events::events;
use crate::{ObjectId, ScopeId, TemplateId};

events! {
    /// Facts about templates.
    domain 10;
    enum TemplatesEvent {
        /// a template came to be, with its first version (payload: schema, and description and reason as far as given)
        1 "templates.template_created" TemplateCreated {
            /// Its id.
            template: TemplateId,
            /// Its name.
            name: String,
            /// What sort of thing it is for, a word of the application.
            template_type: String,
            /// The scope whose readers see it, [`ScopeId::NONE`] for everybody.
            scope: ScopeId,
        }
        /// a template got a new version (payload: schema, description, and the reason if one was given)
        2 "templates.template_updated" TemplateUpdated {
            /// Which.
            template: TemplateId,
            /// Its name from now on.
            name: String,
        }
        /// a template was archived: nothing is made of it any more
        3 "templates.template_archived" TemplateArchived {
            /// Which.
            template: TemplateId,
        }
        /// an archived template was opened again, as it was
        4 "templates.template_reopened" TemplateReopened {
            /// Which.
            template: TemplateId,
        }
        /// something was made of a template (payload: the overrides)
        5 "templates.template_instantiated" TemplateInstantiated {
            /// Which.
            template: TemplateId,
            /// Of which version.
            version: u32,
        }
    }
}

impl TemplatesEvent {
    /// Templates are no objects.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        None
    }
}
