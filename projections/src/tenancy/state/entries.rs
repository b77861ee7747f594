//! Access control lists.

use super::Tenancy;
use crate::store::Identified;
use crate::tenancy::{Applies, Effect, Pattern, Subject};
use crate::{EntryId, Micros, Sequence};

/// An entry of an access control list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AclEntry {
    /// Its id.
    pub id: EntryId,
    /// Row of its scope.
    pub scope: u32,
    /// Allow or deny.
    pub effect: Effect,
    /// To whom it speaks.
    pub subject: Subject,
    /// What it is about.
    pub capability: Pattern,
    /// How far it reaches.
    pub applies: Applies,
    /// Until when (exclusive).
    pub expires_at: Option<Micros>,
    /// The event that put it there.
    pub since: Sequence,
    /// Taken off the list.
    pub removed: bool,
}

impl AclEntry {
    /// In force at that time?
    #[must_use]
    pub fn in_force(&self, at: Micros) -> bool {
        !self.removed && self.expires_at.is_none_or(|end| end > at)
    }
}

impl Identified for AclEntry {
    fn id(&self) -> u128 {
        self.id.0
    }
}

impl Tenancy {
    pub(super) fn add_entry(&mut self, entry: AclEntry) {
        if self.acl.find(entry.id.0).is_some() {
            return;
        }
        let (scope, removed, end) = (entry.scope, entry.removed, entry.expires_at);
        let row = self.acl.insert(entry);
        if !removed {
            if let Some(end) = end {
                self.entry_ends.insert((end, row), ());
            }
            // The newest has the highest row.
            self.list(scope, |rows| rows.push(row));
            self.edit_row(scope, |node| node.entries += 1);
        }
    }

    /// Changes the list of a scope.
    fn list(&mut self, scope: u32, change: impl FnOnce(&mut Vec<u32>)) {
        if let Some(list) = self.acl_by_scope.edit(scope) {
            let mut rows = std::mem::take(list).into_vec();
            change(&mut rows);
            *list = rows.into();
        }
    }

    pub(super) fn remove_entry(&mut self, id: EntryId) {
        let Some(row) = self.acl.find(id.0) else { return };
        let Some(entry) = self.acl.edit(row) else { return };
        if entry.removed {
            return;
        }
        entry.removed = true;
        let (scope, end) = (entry.scope, entry.expires_at);
        if let Some(end) = end {
            self.entry_ends.remove(&(end, row));
        }
        self.list(scope, |rows| rows.retain(|other| *other != row));
        self.edit_row(scope, |node| node.entries = node.entries.saturating_sub(1));
    }
}
