//! Access control lists.

use super::Tenancy;
use crate::store::Identified;
use crate::tenancy::{Applies, Effect, Pattern, Subject};
use crate::{EntryId, Micros, PrincipalId, Sequence};

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

/// A line of a list: where its entry stands, and a hint to whom it speaks.
///
/// Most entries that a walk meets speak to somebody else, and four bytes tell that without the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AclLine {
    /// Row of the entry.
    pub entry: u32,
    /// Part of the id of the principal; 0 for everybody, and for those of a role.
    hint: u32,
}

impl AclLine {
    fn of(row: u32, subject: Subject) -> Self {
        let hint = if let Subject::Principal(id) = subject { hint(id) } else { 0 };
        Self { entry: row, hint }
    }
    /// False: certainly not to that principal. True: perhaps.
    #[inline]
    #[must_use]
    pub fn may_speak_to(self, id: PrincipalId) -> bool {
        self.hint == 0 || self.hint == hint(id)
    }
}

fn hint(id: PrincipalId) -> u32 {
    id.0 as u32 | 1
}

impl Identified for AclEntry {
    fn id(&self) -> u128 {
        self.id.0
    }
}

crate::store::owns_nothing!(AclLine);
impl crate::store::Footprint for AclEntry {
    fn heap(&self) -> usize {
        self.capability.heap()
    }
}

impl Tenancy {
    pub(super) fn add_entry(&mut self, entry: AclEntry) {
        if self.acl.find(entry.id.0).is_some() {
            return;
        }
        let (scope, subject, removed, end) = (entry.scope, entry.subject, entry.removed, entry.expires_at);
        let row = self.acl.insert(entry);
        if !removed {
            if let Some(end) = end {
                self.entry_ends.insert((end, row), ());
            }
            // The newest has the highest row.
            self.list(scope, |lines| lines.push(AclLine::of(row, subject)));
            self.edit_row(scope, |node| node.entries += 1);
        }
    }

    /// Changes the list of a scope.
    fn list(&mut self, scope: u32, change: impl FnOnce(&mut Vec<AclLine>)) {
        if let Some(list) = self.acl_by_scope.edit(scope) {
            let mut lines = std::mem::take(list).into_vec();
            change(&mut lines);
            *list = lines.into();
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
        self.list(scope, |lines| lines.retain(|line| line.entry != row));
        self.edit_row(scope, |node| node.entries = node.entries.saturating_sub(1));
    }
}
