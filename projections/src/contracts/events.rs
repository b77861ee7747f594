//! What can have happened to contracts.

use super::{Definition, Upgrade};
use crate::events::events;
use crate::{ContractId, ObjectId, ScopeId};

events! {
    /// Facts about contracts.
    domain 9;
    enum ContractsEvent {
        /// a contract came to be, active, with its first version (payload: description, metadata, reason, as far as given)
        1 "contracts.contract_created" ContractCreated {
            /// Its id.
            contract: ContractId,
            /// Its name.
            name: String,
            /// What sort of objects it speaks about.
            object_type: String,
            /// The scope in which and below which it does, [`ScopeId::NONE`] for everywhere.
            scope: ScopeId,
            /// What it demands.
            definition: Definition,
        }
        /// a contract got a new version (payload: the reason, if one was given)
        2 "contracts.contract_updated" ContractUpdated {
            /// Which.
            contract: ContractId,
            /// What it demands from now on.
            definition: Definition,
            /// How data of the version before becomes data of this one.
            upgrades: Vec<Upgrade>,
        }
        /// an active contract was deprecated: it governs no more
        3 "contracts.contract_deprecated" ContractDeprecated {
            /// Which.
            contract: ContractId,
        }
        /// a deprecated contract was made active again
        4 "contracts.contract_activated" ContractActivated {
            /// Which.
            contract: ContractId,
        }
        /// a contract was archived: nothing is changed about it any more
        5 "contracts.contract_archived" ContractArchived {
            /// Which.
            contract: ContractId,
        }
        /// an archived contract was taken out of the archive, as a deprecated one
        6 "contracts.contract_unarchived" ContractUnarchived {
            /// Which.
            contract: ContractId,
        }
    }
}

impl ContractsEvent {
    /// The contract it speaks of.
    #[must_use]
    pub fn contract(&self) -> ContractId {
        match self {
            Self::ContractCreated(ContractCreated { contract, .. })
            | Self::ContractUpdated(ContractUpdated { contract, .. })
            | Self::ContractDeprecated(ContractDeprecated { contract })
            | Self::ContractActivated(ContractActivated { contract })
            | Self::ContractArchived(ContractArchived { contract })
            | Self::ContractUnarchived(ContractUnarchived { contract }) => *contract,
        }
    }
    /// Contracts are no objects.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        None
    }
}
