//! Contracts.

mod events;
mod state;

pub use events::{ContractCreated, ContractsEvent};
pub use state::Contracts;
