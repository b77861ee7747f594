//! Contracts: what data of a type has to look like, enforced where it is written.
//!
//! Who may: a contract of a scope takes `scope.contracts.manage` there; one without scope holds everywhere and is for operators
//! (`registry.manage` too). It is read by whoever reads its scope, without one by everybody; which contract governs in a scope
//! may be asked by whoever reads that scope. Refusals: what could never be fulfilled is refused when it is defined; a second active
//! contract for a type in a scope; changes of an archived one.
//! What is decided here and not by the specification: see decision 0013.

mod commands;
mod compile;
mod enforce;
mod info;
mod inverse;
mod life;
mod migrate;
mod nature;
mod number;
mod queries;
mod schema;
mod spec;
mod upgrade;
mod validate;

pub use commands::{Activate, Archive, Command, Create, Deprecate, Unarchive, Update};
pub(crate) use commands::{entity, recall};
pub(crate) use enforce::{admit, admit_value};
pub use info::{ContractDiff, ContractFilter, ContractInfo, ContractUse, ContractVersionInfo, Upgraded};
pub(crate) use inverse::{changed, invert, place};
pub(crate) use migrate::Outdated;
pub use migrate::{Migration, Unmigrated};
pub(crate) use nature::nature;
pub use scoped_projections::contracts::{Conversion, CrossKind, FieldType, Lifecycle, RuleKind};
pub use spec::{ConstraintSpec, CrossConfig, FieldSpec, Shape, UpgradeSpec};
pub use validate::Validation;
