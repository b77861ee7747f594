//! What scopes hold together with all below them, as far as tenancy knows it: a column beside the nodes.
//!
//! Why beside: every decision walks the nodes, hardly any looks at these numbers. They are kept along the chain (at most 32 nodes)
//! with every event, so that a quota is one look a node, and a replay gives the same numbers.
//! A scope that is moved takes its scopes and members along. Payload bytes stay where they were appended: they count what was
//! written, and what was written under a scope was written there.

use crate::store::{Rows, transact};

/// What a scope and everything below it hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Live scopes below it.
    pub scopes: u64,
    /// Memberships in it and below.
    pub members: u64,
    /// Memberships in it alone.
    pub own_members: u64,
    /// Bytes of all payloads that were ever filed under it or below.
    pub log_bytes: u64,
}

crate::store::owns_nothing!(Counts);

/// The counts of all nodes, by row.
#[derive(Debug, Clone, Default)]
pub(super) struct CountColumn {
    rows: Rows<Counts>,
}
transact!(CountColumn { rows });

impl CountColumn {
    pub(super) fn push(&mut self, counts: Counts) {
        self.rows.push(counts);
    }
    pub(super) fn get(&self, row: u32) -> Counts {
        self.rows.get(row).copied().unwrap_or_default()
    }
    /// Changes the counts of all these nodes.
    pub(super) fn along(&mut self, rows: &[u32], change: impl Fn(&mut Counts)) {
        for row in rows {
            if let Some(counts) = self.rows.edit(*row) {
                change(counts);
            }
        }
    }
}
