//! Templates: blueprints, of which something can be made.
//!
//! Words: a *template* has a type (a word of the application) and perhaps a scope; a *version* is the schema (a JSON map) it had from
//! some event on; to *instantiate* is to merge overrides into a version: it gives data and creates nothing.
//! Invariants: versions count 1, 2, 3 …; nothing is ever removed; an archived template is kept and takes no changes.
//! Shape: schemas stay in the log; the world keeps where they lie.

mod events;
mod state;

pub use events::{
    TemplateArchived, TemplateCreated, TemplateInstantiated, TemplateReopened, TemplateUpdated,
    TemplatesEvent,
};
pub use state::{Template, Templates};
