//! What can have happened to contracts.

use crate::events::events;
use crate::{ContractId, ObjectId};

events! {
    /// Facts about contracts.
    domain 9;
    enum ContractsEvent {
        /// a contract came to be, with its first version
        1 "contracts.contract_created" ContractCreated {
            /// Its id.
            contract: ContractId,
        }
    }
}

impl ContractsEvent {
    /// No object.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        None
    }
}
