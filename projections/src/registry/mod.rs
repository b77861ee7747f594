//! Registry.

mod events;
mod state;

pub use events::{Registered, RegistryEvent};
pub use state::Registry;
