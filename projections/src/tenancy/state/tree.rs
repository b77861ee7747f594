//! The tree: nodes come, end, move and are counted.

use super::{Node, Tenancy};
use crate::store::NO_ROW;
use crate::tenancy::counts::Counts;
use crate::tenancy::policy::Declared;
use crate::tenancy::{Policy, ScopePath};
use crate::{Envelope, ScopeId};

impl Tenancy {
    pub(super) fn create(
        &mut self,
        at: &Envelope,
        (id, parent): (ScopeId, ScopeId),
        path: &str,
        name: &str,
        auto_provisioned: bool,
    ) {
        let parent = if parent.is_some() { self.row(parent) } else { None };
        let depth = parent.and_then(|row| self.at(row)).map_or(0, |node| node.depth.saturating_add(1));
        let path = if path.is_empty() { None } else { path.parse::<ScopePath>().ok() };
        let (created, parent) = (at.sequence, parent.unwrap_or(NO_ROW));
        self.add_node(Node {
            id,
            parent,
            depth,
            archived: false,
            frozen: false,
            auto_provisioned,
            hidden: false,
            cut: false,
            entries: 0,
            path,
            name: name.into(),
            created,
            changed: created,
        });
    }

    pub(super) fn add_node(&mut self, node: Node) {
        if self.row(node.id).is_some() {
            return;
        }
        let (path, parent, live) = (node.path.clone(), node.parent, !node.archived);
        self.spine.follow(self.nodes.len() as u32, &node);
        let row = self.nodes.insert(node);
        self.counts.push(Counts::default());
        self.acl_by_scope.push(Box::default());
        if let Some(path) = path {
            // A path that was deleted and is registered again names the new node.
            self.paths.insert(path, row);
        }
        if parent != NO_ROW {
            self.children.insert((parent, row), ());
            self.count_scopes(parent, i64::from(live));
        }
    }

    /// So many more live scopes in the node at `from` and in all above it.
    pub(super) fn count_scopes(&mut self, from: u32, more: i64) {
        let chain: Vec<u32> = self.chain(from).collect();
        self.counts.along(&chain, |counts| counts.scopes = counts.scopes.saturating_add_signed(more));
    }

    pub(super) fn count_members(&mut self, from: u32, more: i64) {
        let chain: Vec<u32> = self.chain(from).collect();
        self.counts.along(&chain, |counts| counts.members = counts.members.saturating_add_signed(more));
    }

    /// A scope got members of its own, or lost some.
    pub(super) fn count_own_members(&mut self, scope: u32, more: i64) {
        let own = |counts: &mut Counts| counts.own_members = counts.own_members.saturating_add_signed(more);
        self.counts.along(&[scope], own);
        self.count_members(scope, more);
    }

    /// A payload was filed under that scope.
    pub(crate) fn count_bytes(&mut self, scope: ScopeId, bytes: u32) {
        if let Some(row) = self.row(scope) {
            let chain: Vec<u32> = self.chain(row).collect();
            let bytes = u64::from(bytes);
            self.counts.along(&chain, |counts| counts.log_bytes = counts.log_bytes.saturating_add(bytes));
        }
    }

    pub(super) fn set_archived(&mut self, at: &Envelope, id: ScopeId, archived: bool) {
        let Some((row, node)) = self.row(id).and_then(|row| Some((row, self.at(row)?))) else { return };
        let (parent, path, changes) = (node.parent, node.path.clone(), node.archived != archived);
        self.edit(at, id, |node| node.archived = archived);
        if changes && parent != NO_ROW {
            self.count_scopes(parent, if archived { -1 } else { 1 });
        }
        if let Some(path) = path
            && !archived
        {
            self.paths.insert(path, row);
        }
    }

    /// Puts a node and all below it under another parent. What would make a circle, or a chain beyond counting, fits nothing.
    pub(super) fn move_to(&mut self, at: &Envelope, id: ScopeId, parent: ScopeId) {
        let (Some(row), Some(parent)) = (self.row(id), self.row(parent)) else { return };
        let Some(node) = self.at(row) else { return };
        let (old, live) = (node.parent, !node.archived);
        let Some(depth) = self.at(parent).and_then(|node| node.depth.checked_add(1)) else { return };
        let below = self.subtree(row);
        let lowest = below.iter().filter_map(|row| self.at(*row)).map(|node| node.depth).max();
        let sinks = i16::from(depth) - i16::from(node.depth);
        let fits = lowest.is_some_and(|lowest| u8::try_from(i16::from(lowest) + sinks).is_ok());
        if !fits || self.is_within(parent, row) {
            return;
        }
        let held = self.counts(row);
        let (scopes, members) = (held.scopes as i64 + i64::from(live), held.members as i64);
        if old != NO_ROW {
            self.count_scopes(old, -scopes);
            self.count_members(old, -members);
            self.children.remove(&(old, row));
        }
        self.children.insert((parent, row), ());
        self.moves.insert((row, at.sequence), old);
        self.edit(at, id, |node| node.parent = parent);
        for row in below {
            self.edit_row(row, |node| {
                node.depth = u8::try_from(i16::from(node.depth) + sinks).unwrap_or(node.depth);
            });
        }
        self.count_scopes(parent, scopes);
        self.count_members(parent, members);
    }

    pub(super) fn declare(&mut self, at: &Envelope, id: ScopeId, policy: Policy) {
        let Some(row) = self.row(id) else { return };
        let version = self.policies.get(&row).map_or(1, |declared| declared.version.saturating_add(1));
        self.put_policy(row, Declared { policy, version, since: at.sequence });
    }

    /// What decisions look at stands in the node as well.
    pub(super) fn put_policy(&mut self, row: u32, declared: Declared) {
        self.edit_row(row, |node| {
            node.cut = declared.policy.inherit_members == Some(false);
            node.hidden = declared.policy.visible_to_descendants == Some(false);
        });
        self.policies.insert(row, declared);
    }

    pub(super) fn edit(&mut self, at: &Envelope, id: ScopeId, change: impl FnOnce(&mut Node)) {
        if let Some(row) = self.row(id) {
            self.edit_row(row, |node| {
                change(node);
                node.changed = at.sequence;
            });
        }
    }

    /// Changes a node. There is no other way to: (links)
    pub(super) fn edit_row(&mut self, row: u32, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.edit(row) {
            change(node);
            self.spine.follow(row, node);
        }
    }
}
