//! Templates.

mod events;
mod state;

pub use events::{TemplateCreated, TemplatesEvent};
pub use state::Templates;
