//! The registry in numbers, and what is wrong with it.

use crate::registry::derived;
use scoped_projections::registry::{Lifecycle, Query};
use scoped_projections::{PrincipalId, World};
use serde::Serialize;
use std::collections::BTreeMap;

/// Entries by what they are: those that were registered, and those of what registers itself by being made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RegistryReport {
    /// All entries.
    pub total_entries: u64,
    /// Those in use.
    pub active_entries: u64,
    /// Those at their end.
    pub archived_entries: u64,
    /// Entries by kind.
    pub by_kind: BTreeMap<String, u64>,
    /// Entries by namespace.
    pub by_namespace: BTreeMap<String, u64>,
    /// Entries by lifecycle.
    pub by_lifecycle: BTreeMap<String, u64>,
    /// Principals without entry.
    pub orphaned_entries: Vec<PrincipalId>,
    /// URNs that more than one entry has.
    pub duplicate_urns: Vec<String>,
}

impl RegistryReport {
    /// Nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.orphaned_entries.is_empty() && self.duplicate_urns.is_empty()
    }

    /// Looks through a world.
    #[must_use]
    pub fn of(world: &World) -> Self {
        let mut report = Self::default();
        let mut names: BTreeMap<String, u64> = BTreeMap::new();
        let (registry, query) = (world.registry(), Query::default());
        let registered = registry.iter().filter_map(|entry| Some((registry.urn(entry)?, entry.lifecycle)));
        let made = derived::all(world, &query).map(|made| (made.urn, made.lifecycle));
        for (urn, lifecycle) in registered.chain(made) {
            report.total_entries += 1;
            report.active_entries += u64::from(lifecycle == Lifecycle::Active);
            report.archived_entries += u64::from(lifecycle == Lifecycle::Archived);
            *report.by_kind.entry(urn.kind().to_string()).or_default() += 1;
            *report.by_namespace.entry(urn.namespace().to_owned()).or_default() += 1;
            *report.by_lifecycle.entry(lifecycle.as_str().to_owned()).or_default() += 1;
            *names.entry(urn.to_string()).or_default() += 1;
        }
        report.duplicate_urns =
            names.into_iter().filter(|(_, count)| *count > 1).map(|(urn, _)| urn).collect();
        let entered = |id: PrincipalId| {
            derived::principal_urn(id).is_some_and(|urn| derived::find(world, &urn).is_some())
        };
        let principals = world.identity().iter().map(|principal| principal.id);
        report.orphaned_entries = principals.filter(|id| !entered(*id)).collect();
        report
    }
}
