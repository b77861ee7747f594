//! What answers about templates are made of.

use scoped_projections::{Micros, PrincipalId, ScopeId, TemplateId};
use serde::Serialize;
use serde_json::{Map, Value};

/// A template, as lists and reads give it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TemplateInfo {
    /// Its id.
    pub template: TemplateId,
    /// Its name.
    pub name: String,
    /// What sort of thing it is for.
    #[serde(rename = "type")]
    pub template_type: String,
    /// The scope whose readers see it; absent: everybody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Who made it.
    pub owner: PrincipalId,
    /// Is it kept without being used?
    pub archived: bool,
    /// Its current version.
    pub version: u32,
    /// When it was made, µs since the epoch.
    pub created_at: Micros,
    /// What it is for.
    pub description: String,
    /// The schema of its current version.
    pub schema: Map<String, Value>,
}

/// A version of a template.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TemplateVersionInfo {
    /// Its number.
    pub version: u32,
    /// The event that brought it.
    pub at: u64,
    /// When, µs since the epoch.
    pub created_at: Micros,
    /// Who brought it.
    pub created_by: PrincipalId,
    /// Why; `initial` for the first.
    pub change_reason: String,
    /// The blueprint.
    pub schema: Map<String, Value>,
}

/// What was made of a template: data, and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Instance {
    /// Of which template.
    pub template_id: TemplateId,
    /// Its name.
    pub template_name: String,
    /// What sort of thing it is for.
    pub template_type: String,
    /// Of which version.
    pub template_version: u32,
    /// The blueprint with the overrides merged into it.
    pub data: Map<String, Value>,
    /// The overrides.
    pub overrides_applied: Map<String, Value>,
}

/// Which templates a list holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFilter {
    /// Made by this principal.
    pub owner: Option<PrincipalId>,
    /// Of this type.
    pub template_type: Option<String>,
    /// Of this very scope.
    pub scope: Option<ScopeId>,
    /// Archived ones too?
    pub include_archived: bool,
    /// At most so many.
    pub limit: usize,
}

impl Default for TemplateFilter {
    fn default() -> Self {
        Self { owner: None, template_type: None, scope: None, include_archived: false, limit: 100 }
    }
}
