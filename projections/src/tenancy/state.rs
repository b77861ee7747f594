//! The fold over scopes: what it keeps, what it is asked, and which part of it follows which event.

mod entries;
mod members;
mod tree;
mod walk;

pub use entries::{AclEntry, AclLine};
pub use members::Member;

use super::counts::{CountColumn, Counts};
use super::parked::Parked;
use super::parts::{PartList, Parts};
use super::policy::Declared;
use super::presence::{Presence, Presences};
use super::spine::{Link, Spine};
use super::{Node, ScopePath, TenancyEvent as E};
use crate::identity::Identity;
use crate::store::{Flat, NO_ROW, Rows, Sorted, Table, transact};
use crate::{EntryId, Envelope, Micros, ScopeId, Sequence};

/// All scopes.
#[derive(Debug, Clone, Default)]
pub struct Tenancy {
    nodes: Table<Node>,
    spine: Spine,
    /// The node that a path names now, in path order: a subtree is one run.
    paths: Sorted<ScopePath, u32>,
    children: Sorted<(u32, u32), ()>,
    members: Flat<Member>,
    /// INVARIANT (presence): who has a member's part in a scope may be there.
    presences: Presences,
    parts: Parts,
    by_scope: Sorted<(u32, u32), ()>,
    by_principal: Sorted<(u32, u32), ()>,
    acl: Table<AclEntry>,
    /// INVARIANT (lists): as many as there are nodes, each the lines of its entries, rising. A list has few.
    acl_by_scope: Rows<Box<[AclLine]>>,
    counts: CountColumn,
    policies: Sorted<u32, Declared>,
    /// The event whose payload describes a scope.
    described: Sorted<u32, Sequence>,
    /// Memberships that have an end, by their end.
    ends: Sorted<(Micros, u32, u32), ()>,
    /// Entries on lists that have an end, by their end.
    entry_ends: Sorted<(Micros, u32), ()>,
    parked: Parked<Member>,
    /// `(scope, move)` → row of the parent that it had before, [`NO_ROW`] for none. Only grows; paths never move.
    moves: Sorted<(u32, Sequence), u32>,
}
transact!(Tenancy {
    nodes,
    spine,
    paths,
    children,
    members,
    presences,
    parts,
    by_scope,
    by_principal,
    acl,
    acl_by_scope,
    counts,
    policies,
    described,
    ends,
    entry_ends,
    parked,
    moves
});

/// Most scopes from one to its root, both counted: depths are a byte.
const CHAIN_MAX: usize = u8::MAX as usize + 1;

fn pair(scope: u32, principal: u32) -> u64 {
    u64::from(scope) << 32 | u64::from(principal)
}

impl Tenancy {
    /// The node with that id.
    #[must_use]
    pub fn get(&self, id: ScopeId) -> Option<&Node> {
        self.nodes.by_id(id.0)
    }
    /// Its row number, by which other states name it.
    #[must_use]
    pub fn row(&self, id: ScopeId) -> Option<u32> {
        self.nodes.find(id.0)
    }
    /// The node in a row.
    #[must_use]
    pub fn at(&self, row: u32) -> Option<&Node> {
        self.nodes.get(row)
    }
    /// The id of the node in a row; none for [`NO_ROW`].
    #[must_use]
    pub fn id_of(&self, row: u32) -> ScopeId {
        self.at(row).map_or(ScopeId::NONE, |node| node.id)
    }
    /// The little of the node in a row that a walk up needs.
    #[must_use]
    pub fn link(&self, row: u32) -> Option<&Link> {
        self.spine.get(row)
    }
    /// The row of the node that a path names; archived nodes keep their path.
    #[must_use]
    pub fn row_of_path(&self, path: &ScopePath) -> Option<u32> {
        self.paths.get(path).copied()
    }
    /// Row numbers from a node up to its root, the node first.
    pub fn chain(&self, row: u32) -> impl Iterator<Item = u32> + '_ {
        std::iter::successors(self.spine.get(row).map(|_| row), |row| {
            self.spine.get(*row).map(|link| link.parent).filter(|parent| *parent != NO_ROW)
        })
    }
    /// The same as it was right after the event `at`: a flat scope may have been moved since.
    pub fn chain_at(&self, row: u32, at: Sequence) -> impl Iterator<Item = u32> + '_ {
        let parent = move |row: &u32| {
            let mut later = self.moves.range((*row, at.next())..=(*row, Sequence::new(u64::MAX)));
            let before = later.next().map(|(_, before)| *before);
            before.or_else(|| self.spine.get(*row).map(|link| link.parent)).filter(|parent| *parent != NO_ROW)
        };
        // A chain is as long as a depth counts; what a forged snapshot ties into a circle ends there.
        std::iter::successors(self.spine.get(row).map(|_| row), parent).take(CHAIN_MAX)
    }
    /// Is `row` the node `above`, or below it?
    #[must_use]
    pub fn is_within(&self, row: u32, above: u32) -> bool {
        self.chain(row).any(|r| r == above)
    }
    /// Rows of the direct children, in the order in which they were made.
    pub fn children(&self, row: u32) -> impl Iterator<Item = u32> + '_ {
        self.children.range((row, 0)..=(row, NO_ROW)).map(|((_, child), ())| *child)
    }
    /// Rows of the node and all below it: paths in path order, then flat nodes by id.
    #[must_use]
    pub fn subtree(&self, row: u32) -> Vec<u32> {
        let mut found = vec![row];
        let mut next = 0;
        while let Some(at) = found.get(next).copied() {
            found.extend(self.children(at));
            next += 1;
        }
        found.sort_by(|a, b| self.order(*a).cmp(&self.order(*b)));
        found
    }
    /// Sorts path nodes by path, and flat nodes behind them by id.
    fn order(&self, row: u32) -> (bool, Option<&ScopePath>, ScopeId, u32) {
        let node = self.at(row);
        let path = node.and_then(|node| node.path.as_ref());
        (path.is_none(), path, node.map_or(ScopeId::NONE, |node| node.id), row)
    }
    /// All nodes: paths in path order, then flat nodes by id.
    #[must_use]
    pub fn in_order(&self) -> Vec<u32> {
        let mut rows: Vec<u32> = (0..self.nodes.len() as u32).collect();
        rows.sort_by(|a, b| self.order(*a).cmp(&self.order(*b)));
        rows
    }
    /// How many nodes there are, archived ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }
    /// True without any node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
    /// The part that a principal has in this very scope (not from above).
    #[must_use]
    pub fn member(&self, scope: u32, principal: u32) -> Option<&Member> {
        if !self.presences.may_be_in(principal, scope) {
            return None;
        }
        self.members.get(pair(scope, principal))
    }
    /// Where a principal may be a member of the very scope: what it denies need not be looked up.
    #[inline]
    #[must_use]
    pub fn presence(&self, principal: u32) -> Presence {
        self.presences.of(principal)
    }
    /// What a principal is, and where: as [`Self::member`], but without its end and its event, and without waiting for the map of all.
    #[inline]
    #[must_use]
    pub fn roles(&self, principal: u32) -> PartList<'_> {
        self.parts.of(principal)
    }
    /// A hint that [`Self::member`] will be asked this.
    #[inline]
    pub fn expect_member(&self, scope: u32, principal: u32) {
        self.members.expect(pair(scope, principal));
    }
    /// Rows of a scope's own members, oldest principal first, with their parts.
    pub fn members(&self, scope: u32) -> impl Iterator<Item = (u32, &Member)> + '_ {
        self.by_scope
            .range((scope, 0)..=(scope, NO_ROW))
            .filter_map(move |((_, principal), ())| Some((*principal, self.member(scope, *principal)?)))
    }
    /// Rows of the scopes that a principal is a member of, with its parts.
    pub fn memberships(&self, principal: u32) -> impl Iterator<Item = (u32, &Member)> + '_ {
        self.by_principal
            .range((principal, 0)..=(principal, NO_ROW))
            .filter_map(move |((_, scope), ())| Some((*scope, self.member(*scope, principal)?)))
    }
    /// How many memberships there are.
    #[must_use]
    pub fn members_len(&self) -> usize {
        self.members.len()
    }
    /// The entries of a scope's access control list, oldest first.
    pub fn entries(&self, scope: u32) -> impl Iterator<Item = &AclEntry> + '_ {
        self.lines(scope).iter().filter_map(|line| self.acl.get(line.entry))
    }
    /// The lines of the same, oldest first.
    #[inline]
    #[must_use]
    pub fn lines(&self, scope: u32) -> &[AclLine] {
        self.acl_by_scope.get(scope).map_or(&[], |rows| rows)
    }
    /// The entry in a row, also one that was removed.
    #[must_use]
    pub fn entry_at(&self, row: u32) -> Option<&AclEntry> {
        self.acl.get(row)
    }
    /// Rows of scopes whose list has entries, each once for each entry. Cost: all entries that ever were.
    pub fn scopes_with_entries(&self) -> impl Iterator<Item = u32> + '_ {
        self.acl.iter().filter(|entry| !entry.removed).map(|entry| entry.scope)
    }
    /// How many entries there are on all lists, removed ones included.
    #[must_use]
    pub fn entries_len(&self) -> usize {
        self.acl.len()
    }
    /// An entry by its id, also one that was removed.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> Option<&AclEntry> {
        self.acl.by_id(id.0)
    }
    /// All entries that ever were, in the order in which they came.
    pub fn all_entries(&self) -> impl Iterator<Item = &AclEntry> {
        self.acl.iter()
    }

    /// What a scope and all below it hold.
    #[must_use]
    pub fn counts(&self, scope: u32) -> Counts {
        self.counts.get(scope)
    }
    /// What a scope declares, if it ever declared anything.
    #[must_use]
    pub fn policy(&self, scope: u32) -> Option<&Declared> {
        self.policies.get(&scope)
    }
    /// Rows of the scopes that ever declared something, with what they declare.
    pub fn policies(&self) -> impl Iterator<Item = (u32, &Declared)> {
        self.policies.iter().map(|(row, declared)| (*row, declared))
    }
    /// True when some scope declares something: whoever asks on every write asks this first.
    #[must_use]
    pub fn has_policies(&self) -> bool {
        !self.policies.is_empty()
    }
    /// The event whose payload describes a scope; `None` when it was never described.
    #[must_use]
    pub fn described(&self, scope: u32) -> Option<Sequence> {
        self.described.get(&scope).copied()
    }
    /// Memberships that have run out by then and were not closed yet, the oldest end first: scope and principal by row.
    pub fn run_out(&self, by: Micros) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.ends.range(..=(by, NO_ROW, NO_ROW)).map(|((_, scope, principal), ())| (*scope, *principal))
    }
    /// Entries on lists that have run out by then and were not closed yet, the oldest end first.
    pub fn entries_run_out(&self, by: Micros) -> impl Iterator<Item = &AclEntry> + '_ {
        self.entry_ends.range(..=(by, NO_ROW)).filter_map(|((_, row), ())| self.acl.get(*row))
    }
    /// What a deleted scope's members were when it ended: reopening it brings them back.
    pub fn parked(&self, scope: u32) -> impl Iterator<Item = (u32, &Member)> + '_ {
        let since = self.at(scope).map(|node| node.changed);
        self.parked.of(scope, since.unwrap_or_default())
    }

    pub(crate) fn apply(&mut self, at: &Envelope, event: &E, identity: &Identity) {
        match event {
            E::ScopeCreated(e) => self.create(at, (e.scope, e.parent), &e.path, &e.name, false),
            E::ScopeProvisioned(e) => self.create(at, (e.scope, e.parent), &e.path, "", true),
            E::ScopeAdopted(e) => self.edit(at, e.scope, |node| node.auto_provisioned = false),
            E::ScopeArchived(e) => self.set_archived(at, e.scope, true),
            E::ScopeReopened(e) => self.set_archived(at, e.scope, false),
            E::ScopeFrozen(e) => self.edit(at, e.scope, |node| node.frozen = true),
            E::ScopeReleased(e) => self.edit(at, e.scope, |node| node.frozen = false),
            E::ScopeRenamed(e) => self.edit(at, e.scope, |node| node.name = e.name.as_str().into()),
            E::ScopeDescribed(e) => {
                if let Some(row) = self.row(e.scope) {
                    self.described.insert(row, at.sequence);
                    self.edit(at, e.scope, |_| ());
                }
            }
            E::ScopeMoved(e) => self.move_to(at, e.scope, e.parent),
            E::PolicySet(e) => self.declare(at, e.scope, e.policy),
            E::MemberExpired(e) => self.set_member(at, identity, e.scope, e.principal, None),
            E::MemberAdded(e) => {
                self.set_member(at, identity, e.scope, e.principal, Some((e.role, e.expires_at)))
            }
            E::MemberRoleChanged(e) => {
                self.set_member(at, identity, e.scope, e.principal, Some((e.role, e.expires_at)))
            }
            E::MemberRemoved(e) => self.set_member(at, identity, e.scope, e.principal, None),
            E::AclEntryAdded(e) => {
                let (Some(scope), Ok(capability)) = (self.row(e.scope), e.capability.parse()) else { return };
                let (id, effect, subject) = (e.entry, e.effect, e.subject);
                let (applies, expires_at, since) = (e.applies, e.expires_at, at.sequence);
                self.add_entry(AclEntry {
                    id,
                    scope,
                    effect,
                    subject,
                    capability,
                    applies,
                    expires_at,
                    since,
                    removed: false,
                });
            }
            E::AclEntryRemoved(e) => self.remove_entry(e.entry),
            E::AclEntryExpired(e) => self.remove_entry(e.entry),
        }
    }
}
