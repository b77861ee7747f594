//! Contracts: what data of a type has to look like.
//!
//! Words: a *contract* belongs to an object type and perhaps to a scope; a *version* of it is a [`Definition`] that never changes;
//! an *upgrade* is a step that makes data of the version before fit. A contract *governs* what is written where: of the active
//! contracts of a type that of the nearest scope on the way from an object's home to its root, else the one without scope.
//! Invariants: versions count 1, 2, 3 …; for each (type, scope) at most one contract is active; which contract and version governed
//! at a position of the log can be asked for every position ([`Contracts::governed`]), so that it need not be written beside
//! each version of an object.

mod definition;
mod events;
mod slot;
mod state;

pub use definition::{
    Conversion, CrossKind, CrossRule, Definition, Field, FieldRule, FieldType, RuleKind, Upgrade, UpgradeKind,
};
pub use events::{
    ContractActivated, ContractArchived, ContractCreated, ContractDeprecated, ContractUnarchived,
    ContractUpdated, ContractsEvent,
};
pub use slot::Slot;
pub use state::{Contract, Contracts, Lifecycle, Version};
