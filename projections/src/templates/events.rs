//! What can have happened to templates.

use crate::events::events;
use crate::{ObjectId, TemplateId};

events! {
    /// Facts about templates.
    domain 10;
    enum TemplatesEvent {
        /// a template came to be, with its first version (payload: its schema)
        1 "templates.template_created" TemplateCreated {
            /// Its id.
            template: TemplateId,
        }
    }
}

impl TemplatesEvent {
    /// No object.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        None
    }
}
