//! What answers about settings are made of.

use scoped_projections::{Micros, PrincipalId, ScopeId, SettingId};
use serde::Serialize;
use serde_json::Value;

/// A setting of a scope.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SettingInfo {
    /// Its id, the same for good.
    pub setting: SettingId,
    /// Where.
    pub scope: ScopeId,
    /// Its key.
    pub key: String,
    /// Its value; of a deleted one the last.
    pub value: Value,
    /// What it is for.
    pub description: String,
    /// Does it hold for everything below, whatever is set there?
    pub locked: bool,
    /// Has it no value any more?
    pub deleted: bool,
    /// How often it was set or deleted.
    pub version: u32,
    /// When it was first set, µs since the epoch.
    pub created_at: Micros,
    /// Who set it first.
    pub created_by: PrincipalId,
    /// When it was last set or deleted, if more than once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Micros>,
    /// Who did that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<PrincipalId>,
}

/// What holds for a key in a scope.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resolved {
    /// The key.
    pub key: String,
    /// The value; null is a value.
    pub value: Value,
    /// The scope that it was set in.
    pub source: ScopeId,
    /// Its path or name.
    pub source_label: String,
    /// Was it set above the scope that was asked about?
    pub inherited: bool,
    /// Does it hold whatever is set below it?
    pub locked: bool,
}

/// One step in the life of a setting.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SettingChangeInfo {
    /// The setting's version after it.
    pub version: u32,
    /// The event.
    pub at: u64,
    /// When, µs since the epoch.
    pub time: Micros,
    /// Who did it.
    pub by: PrincipalId,
    /// The value it got; absent when it was deleted (null is a value).
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "some")]
    pub value: Option<Value>,
    /// Was it locked by it?
    pub locked: bool,
}

fn some<S: serde::Serializer>(value: &Option<Value>, to: S) -> Result<S::Ok, S::Error> {
    value.serialize(to)
}
