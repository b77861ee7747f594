//! Config.

mod events;
mod state;

pub use events::{ConfigEvent, SettingSet};
pub use state::Config;
