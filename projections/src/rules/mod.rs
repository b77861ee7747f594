//! Rules.

mod action;
mod events;
mod state;

pub use action::Action;
pub use events::{RuleCreated, RulesEvent};
pub use state::Rules;
