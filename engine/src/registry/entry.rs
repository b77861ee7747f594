//! Entries as people and programs see them.

use scoped_projections::registry::{Lifecycle, Urn};
use scoped_projections::{Micros, PrincipalId, RegistrationId, Sequence};

/// An entry of the registry.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EntryInfo {
    /// Its name.
    pub urn: Urn,
    /// Its id; `None` for what is registered by being made, which has an id of its own in its name.
    pub registration: Option<RegistrationId>,
    /// How far it has come.
    pub lifecycle: Lifecycle,
    /// Words that it is found by, sorted; without the one that says where in the code it is.
    pub tags: Vec<String>,
    /// Where in the code it is, if that was declared: the path of a type, function, module or value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// How often something was said about it; `None` in lists for what is registered by being made.
    pub entry_version: Option<u32>,
    /// Who registered it.
    pub registered_by: PrincipalId,
    /// When, µs since the epoch.
    pub registered_at: Micros,
    /// The event that registered it.
    pub registered: u64,
    /// The last event about it.
    pub changed: u64,
    /// The entry of the edition before it.
    pub previous: Option<RegistrationId>,
}

/// An entry with all that was said about it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Entry {
    /// What a list shows.
    #[serde(flatten)]
    pub info: EntryInfo,
    /// What else there is to say about it: an object, empty when nothing was said.
    pub metadata: serde_json::Value,
}

/// One event about an entry.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EntryChange {
    /// Its version from then on.
    pub entry_version: u32,
    /// The event.
    pub at: u64,
    /// When, µs since the epoch.
    pub time: Micros,
    /// Who did it.
    pub by: PrincipalId,
    /// The kind of the event: `registry.registered`, `registry.lifecycle_changed` …
    pub change: &'static str,
    /// Where it came to, if that is what the event is about.
    pub lifecycle: Option<Lifecycle>,
    /// The event whose effect it took back.
    pub undoes: Option<u64>,
}

/// A page of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPage {
    /// The entries, in the order in which they were registered.
    pub entries: Vec<EntryInfo>,
    /// What the next page comes behind; `None` when this is the last.
    pub next: Option<Sequence>,
}
