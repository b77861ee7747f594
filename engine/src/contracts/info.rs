//! What answers about contracts are made of.

use super::spec::{ConstraintSpec, FieldSpec, UpgradeSpec};
use scoped_projections::contracts::Lifecycle;
use scoped_projections::{ContractId, Micros, PrincipalId};
use serde::Serialize;
use serde_json::{Map, Value};

/// A contract, as lists and reads give it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContractInfo {
    /// Its id.
    pub contract: ContractId,
    /// Its name.
    pub name: String,
    /// What sort of objects it speaks about.
    #[serde(rename = "type")]
    pub object_type: String,
    /// The scope in which and below which it does; absent: everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Who made it.
    pub owner: PrincipalId,
    /// Where it stands in its life.
    pub lifecycle: Lifecycle,
    /// Its current version.
    pub version: u32,
    /// When it was made, µs since the epoch.
    pub created_at: Micros,
    /// What it is for.
    pub description: String,
    /// Whatever else is kept with it.
    pub metadata: Map<String, Value>,
}

/// A version of a contract.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContractVersionInfo {
    /// Its number.
    pub version: u32,
    /// The event that brought it.
    pub at: u64,
    /// When, µs since the epoch.
    pub created_at: Micros,
    /// Who brought it.
    pub created_by: PrincipalId,
    /// Why; `Initial version` for the first.
    pub change_reason: String,
    /// The fields, in the order of their declaration.
    pub fields: Vec<FieldSpec>,
    /// Constraints over several fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<ConstraintSpec>,
    /// A JSON Schema in place of all that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// How data of the version before becomes data of this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub upgrades: Vec<UpgradeSpec>,
}

impl ContractVersionInfo {
    /// The names of all fields, as declared.
    #[must_use]
    pub fn field_names(&self) -> Vec<&str> {
        self.fields.iter().map(|field| field.name.as_str()).collect()
    }
    /// The names of those that have to be there, as declared.
    #[must_use]
    pub fn required(&self) -> Vec<&str> {
        self.fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect()
    }
    /// A field by its name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FieldSpec> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// Which contract governed something, in which version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContractUse {
    /// Which.
    pub contract: ContractId,
    /// Its name.
    pub name: String,
    /// In which version.
    pub version: u32,
}

/// What changed between two versions of a contract: fields by name, and whether the rest did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ContractDiff {
    /// The version compared with.
    pub old_version: u32,
    /// The version compared.
    pub new_version: u32,
    /// Fields that came, in the order of the new declaration.
    pub added_fields: Vec<String>,
    /// Fields that went, in the order of the old declaration.
    pub removed_fields: Vec<String>,
    /// Fields of which anything is different, in the order of the new declaration.
    pub modified_fields: Vec<String>,
    /// Is anything about the constraints over several fields different?
    pub constraints_changed: bool,
    /// Is the JSON Schema another one, or one where there was none?
    pub schema_changed: bool,
}

impl ContractDiff {
    pub(super) fn between(old: &ContractVersionInfo, new: &ContractVersionInfo) -> Self {
        let names = |fields: Vec<&FieldSpec>| fields.into_iter().map(|field| field.name.clone()).collect();
        let added = new.fields.iter().filter(|field| old.field(&field.name).is_none()).collect();
        let removed = old.fields.iter().filter(|field| new.field(&field.name).is_none()).collect();
        let differs = |field: &&FieldSpec| old.field(&field.name).is_some_and(|before| before != *field);
        let modified = new.fields.iter().filter(differs).collect();
        Self {
            old_version: old.version,
            new_version: new.version,
            added_fields: names(added),
            removed_fields: names(removed),
            modified_fields: names(modified),
            constraints_changed: old.constraints != new.constraints,
            schema_changed: old.schema != new.schema,
        }
    }
}

/// Which contracts a list holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractFilter {
    /// Made by this principal.
    pub owner: Option<PrincipalId>,
    /// For this type.
    pub object_type: Option<String>,
    /// Only those that govern.
    pub active_only: bool,
    /// At most so many.
    pub limit: usize,
}

impl Default for ContractFilter {
    fn default() -> Self {
        Self { owner: None, object_type: None, active_only: true, limit: 100 }
    }
}

/// An object's data as a version of its contract has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Upgraded {
    /// The data.
    pub data: Value,
    /// The contract that governs it, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractId>,
    /// The version it was written under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u32>,
    /// The version it is shown as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<u32>,
}
