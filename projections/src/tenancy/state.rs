//! The fold over scopes.

use super::counts::{CountColumn, Counts};
use super::parked::Parked;
use super::policy::Declared;
use super::spine::{Link, Spine};
use super::{Applies, Effect, Node, Pattern, Policy, Role, ScopePath, Subject, TenancyEvent as E};
use crate::canonical::{Input, InputError, Output};
use crate::identity::Identity;
use crate::store::{Identified, Keyed, NO_ROW, Sorted, Table, transact};
use crate::{EntryId, Envelope, Micros, PrincipalId, ScopeId, Sequence};

/// A principal's part in a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// As what.
    pub role: Role,
    /// Until when (exclusive).
    pub expires_at: Option<Micros>,
    /// The event that made it so.
    pub since: Sequence,
}

impl Member {
    /// In force at that time?
    #[must_use]
    pub fn in_force(&self, at: Micros) -> bool {
        self.expires_at.is_none_or(|end| end > at)
    }
}

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

/// All scopes.
#[derive(Debug, Clone, Default)]
pub struct Tenancy {
    nodes: Table<Node>,
    spine: Spine,
    /// The node that a path names now, in path order: a subtree is one run.
    paths: Sorted<ScopePath, u32>,
    children: Sorted<(u32, u32), ()>,
    members: Keyed<u64, Member>,
    by_scope: Sorted<(u32, u32), ()>,
    by_principal: Sorted<(u32, u32), ()>,
    acl: Table<AclEntry>,
    acl_by_scope: Sorted<(u32, u32), ()>,
    counts: CountColumn,
    policies: Sorted<u32, Declared>,
    /// The event whose payload describes a scope.
    described: Sorted<u32, Sequence>,
    /// Memberships that have an end, by their end.
    ends: Sorted<(Micros, u32, u32), ()>,
    parked: Parked<Member>,
}
transact!(Tenancy {
    nodes,
    spine,
    paths,
    children,
    members,
    by_scope,
    by_principal,
    acl,
    acl_by_scope,
    counts,
    policies,
    described,
    ends,
    parked
});

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
        self.members.get(&pair(scope, principal))
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
        self.acl_by_scope
            .range((scope, 0)..=(scope, NO_ROW))
            .filter_map(|((_, entry), ())| self.acl.get(*entry))
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
        }
    }

    fn create(
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

    fn add_node(&mut self, node: Node) {
        if self.row(node.id).is_some() {
            return;
        }
        let (path, parent, live) = (node.path.clone(), node.parent, !node.archived);
        self.spine.follow(self.nodes.len() as u32, &node);
        let row = self.nodes.insert(node);
        self.counts.push(Counts::default());
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
    fn count_scopes(&mut self, from: u32, more: i64) {
        let chain: Vec<u32> = self.chain(from).collect();
        self.counts.along(&chain, |counts| counts.scopes = counts.scopes.saturating_add_signed(more));
    }

    fn count_members(&mut self, from: u32, more: i64) {
        let chain: Vec<u32> = self.chain(from).collect();
        self.counts.along(&chain, |counts| counts.members = counts.members.saturating_add_signed(more));
    }

    /// A payload was filed under that scope.
    pub(crate) fn count_bytes(&mut self, scope: ScopeId, bytes: u32) {
        if let Some(row) = self.row(scope) {
            let chain: Vec<u32> = self.chain(row).collect();
            let bytes = u64::from(bytes);
            self.counts.along(&chain, |counts| counts.log_bytes = counts.log_bytes.saturating_add(bytes));
        }
    }

    fn set_archived(&mut self, at: &Envelope, id: ScopeId, archived: bool) {
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
    fn move_to(&mut self, at: &Envelope, id: ScopeId, parent: ScopeId) {
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
        self.edit(at, id, |node| node.parent = parent);
        for row in below {
            self.edit_row(row, |node| {
                node.depth = u8::try_from(i16::from(node.depth) + sinks).unwrap_or(node.depth);
            });
        }
        self.count_scopes(parent, scopes);
        self.count_members(parent, members);
    }

    fn declare(&mut self, at: &Envelope, id: ScopeId, policy: Policy) {
        let Some(row) = self.row(id) else { return };
        let version = self.policies.get(&row).map_or(1, |declared| declared.version.saturating_add(1));
        self.put_policy(row, Declared { policy, version, since: at.sequence });
    }

    /// What decisions look at stands in the node as well.
    fn put_policy(&mut self, row: u32, declared: Declared) {
        self.edit_row(row, |node| {
            node.cut = declared.policy.inherit_members == Some(false);
            node.hidden = declared.policy.visible_to_descendants == Some(false);
        });
        self.policies.insert(row, declared);
    }

    fn edit(&mut self, at: &Envelope, id: ScopeId, change: impl FnOnce(&mut Node)) {
        if let Some(row) = self.row(id) {
            self.edit_row(row, |node| {
                change(node);
                node.changed = at.sequence;
            });
        }
    }

    /// Changes a node. There is no other way to: (links)
    fn edit_row(&mut self, row: u32, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.edit(row) {
            change(node);
            self.spine.follow(row, node);
        }
    }

    fn set_member(
        &mut self,
        at: &Envelope,
        identity: &Identity,
        scope: ScopeId,
        principal: PrincipalId,
        part: Option<(Role, Option<Micros>)>,
    ) {
        let (Some(scope), Some(principal)) = (self.row(scope), identity.row(principal)) else { return };
        match part {
            Some((role, expires_at)) => {
                self.put_member(scope, principal, Member { role, expires_at, since: at.sequence });
            }
            None => self.take_member(scope, principal),
        }
    }

    fn take_member(&mut self, scope: u32, principal: u32) {
        let Some(member) = self.members.remove(&pair(scope, principal)) else { return };
        self.by_scope.remove(&(scope, principal));
        self.by_principal.remove(&(principal, scope));
        if let Some(end) = member.expires_at {
            self.ends.remove(&(end, scope, principal));
        }
        self.count_members(scope, -1);
        if let Some(node) = self.at(scope).filter(|node| node.archived) {
            let since = node.changed;
            self.parked.put(scope, principal, member, since);
        }
    }

    fn put_member(&mut self, scope: u32, principal: u32, member: Member) {
        self.spine.peopled(scope);
        match self.member(scope, principal).and_then(|old| old.expires_at) {
            Some(end) => drop(self.ends.remove(&(end, scope, principal))),
            None if self.member(scope, principal).is_some() => {}
            None => self.count_members(scope, 1),
        }
        if let Some(end) = member.expires_at {
            self.ends.insert((end, scope, principal), ());
        }
        self.members.insert(pair(scope, principal), member);
        self.by_scope.insert((scope, principal), ());
        self.by_principal.insert((principal, scope), ());
        self.parked.take(scope, principal);
    }

    fn add_entry(&mut self, entry: AclEntry) {
        if self.acl.find(entry.id.0).is_some() {
            return;
        }
        let (scope, removed) = (entry.scope, entry.removed);
        let row = self.acl.insert(entry);
        if !removed {
            self.acl_by_scope.insert((scope, row), ());
            self.edit_row(scope, |node| node.entries += 1);
        }
    }

    fn remove_entry(&mut self, id: EntryId) {
        let Some(row) = self.acl.find(id.0) else { return };
        let Some(entry) = self.acl.edit(row) else { return };
        if entry.removed {
            return;
        }
        entry.removed = true;
        let scope = entry.scope;
        self.acl_by_scope.remove(&(scope, row));
        self.edit_row(scope, |node| node.entries = node.entries.saturating_sub(1));
    }

    pub(crate) fn save(&self, out: &mut impl Output) {
        out.count(self.nodes.len());
        for node in self.nodes.iter() {
            out.u128(node.id.0);
            out.u32(node.parent);
            out.u8(node.depth);
            out.u8(u8::from(node.archived));
            out.u8(u8::from(node.frozen));
            out.u8(u8::from(node.auto_provisioned));
            let path = node.path.as_ref();
            out.text(path.map_or("", |path| path.as_str()));
            out.u8(u8::from(path.is_some_and(|path| self.row_of_path(path) == self.row(node.id))));
            out.text(&node.name);
            out.sequence(node.created);
            out.sequence(node.changed);
        }
        out.count(self.members.len());
        for ((scope, principal), ()) in self.by_scope.iter() {
            let Some(member) = self.member(*scope, *principal) else { continue };
            out.u32(*scope);
            out.u32(*principal);
            out.u8(member.role.tag());
            save_end(out, member.expires_at);
            out.sequence(member.since);
        }
        out.count(self.acl.len());
        for entry in self.acl.iter() {
            out.u128(entry.id.0);
            out.u32(entry.scope);
            out.u8(entry.effect.tag());
            out.text(&entry.subject.to_string());
            out.text(entry.capability.as_str());
            out.u8(entry.applies.tag());
            save_end(out, entry.expires_at);
            out.sequence(entry.since);
            out.u8(u8::from(entry.removed));
        }
        self.save_declared(out);
        self.parked.save(out, |member, out| {
            out.u8(member.role.tag());
            save_end(out, member.expires_at);
            out.sequence(member.since);
        });
    }

    fn save_declared(&self, out: &mut impl Output) {
        if out.is_whole() {
            // About the writing, not about the content; the other counts follow from what was saved already.
            for row in 0..self.nodes.len() as u32 {
                out.u64(self.counts.get(row).log_bytes);
            }
        }
        out.count(self.described.len());
        for (row, at) in self.described.iter() {
            out.u32(*row);
            out.sequence(*at);
        }
        out.count(self.policies.len());
        for (row, declared) in self.policies.iter() {
            let mut body = Vec::new();
            // A policy is small and flat: it always encodes.
            let _ = crate::codec::encode_into(&declared.policy, &mut body);
            out.u32(*row);
            out.u32(declared.version);
            out.sequence(declared.since);
            out.count(body.len());
            out.bytes(&body);
        }
    }

    pub(crate) fn load(input: &mut Input<'_>) -> Result<Self, InputError> {
        let mut state = Self::default();
        state.load_nodes(input)?;
        for _ in 0..input.count()? {
            let (scope, principal) = (input.u32()?, input.u32()?);
            let role = Role::from_tag(input.u8()?).ok_or(InputError)?;
            let (expires_at, since) = (load_end(input)?, input.sequence()?);
            state.put_member(scope, principal, Member { role, expires_at, since });
        }
        for _ in 0..input.count()? {
            state.add_entry(AclEntry {
                id: EntryId(input.u128()?),
                scope: input.u32()?,
                effect: Effect::from_tag(input.u8()?).ok_or(InputError)?,
                subject: input.text()?.parse().map_err(|_| InputError)?,
                capability: input.text()?.parse().map_err(|_| InputError)?,
                applies: Applies::from_tag(input.u8()?).ok_or(InputError)?,
                expires_at: load_end(input)?,
                since: input.sequence()?,
                removed: input.flag()?,
            });
        }
        state.load_declared(input)?;
        state.parked = Parked::load(input, |input| {
            let role = Role::from_tag(input.u8()?).ok_or(InputError)?;
            Ok(Member { role, expires_at: load_end(input)?, since: input.sequence()? })
        })?;
        Ok(state)
    }

    fn load_nodes(&mut self, input: &mut Input<'_>) -> Result<(), InputError> {
        let mut nodes = Vec::new();
        for _ in 0..input.count()? {
            let (id, parent) = (ScopeId(input.u128()?), input.u32()?);
            let (depth, archived, frozen) = (input.u8()?, input.flag()?, input.flag()?);
            let auto_provisioned = input.flag()?;
            let path = Some(input.text()?).filter(|text| !text.is_empty());
            let path = path.map(|text| text.parse().map_err(|_| InputError)).transpose()?;
            let (named, name) = (input.flag()?, input.text()?.into());
            if named && path.is_none() {
                return Err(InputError);
            }
            let (created, changed) = (input.sequence()?, input.sequence()?);
            let (hidden, cut, entries) = (false, false, 0);
            let node = Node {
                id,
                parent,
                depth,
                archived,
                frozen,
                auto_provisioned,
                hidden,
                cut,
                entries,
                path,
                name,
                created,
                changed,
            };
            nodes.push((node, named));
        }
        // A moved node may stand before its parent. Each node stands one below its parent, so that walking up ends.
        let depth = |row: u32| nodes.get(row as usize).map(|(node, _)| node.depth);
        if nodes.iter().any(|(node, _)| match node.parent {
            NO_ROW => node.depth != 0,
            parent => depth(parent).and_then(|depth| depth.checked_add(1)) != Some(node.depth),
        }) {
            return Err(InputError);
        }
        let links: Vec<(u32, bool, Option<ScopePath>)> = nodes
            .iter()
            .map(|(node, named)| (node.parent, !node.archived, node.path.clone().filter(|_| *named)))
            .collect();
        for (node, _) in nodes {
            self.counts.push(Counts::default());
            let rows = self.nodes.len();
            self.spine.follow(rows as u32, &node);
            if self.nodes.insert(node) as usize != rows {
                return Err(InputError);
            }
        }
        for (row, (parent, live, path)) in links.into_iter().enumerate() {
            if let Some(path) = path {
                self.paths.insert(path, row as u32);
            }
            if parent != NO_ROW {
                self.children.insert((parent, row as u32), ());
                self.count_scopes(parent, i64::from(live));
            }
        }
        Ok(())
    }

    fn load_declared(&mut self, input: &mut Input<'_>) -> Result<(), InputError> {
        for row in 0..self.nodes.len() as u32 {
            let bytes = input.u64()?;
            self.counts.along(&[row], |counts| counts.log_bytes = bytes);
        }
        for _ in 0..input.count()? {
            let (row, at) = (input.u32()?, input.sequence()?);
            self.described.insert(row, at);
        }
        for _ in 0..input.count()? {
            let (row, version, since) = (input.u32()?, input.u32()?, input.sequence()?);
            let length = input.count()?;
            let policy = crate::codec::decode_exact(input.bytes(length)?).map_err(|_| InputError)?;
            self.put_policy(row, Declared { policy, version, since });
        }
        Ok(())
    }
}

fn save_end(out: &mut impl Output, end: Option<Micros>) {
    out.u8(u8::from(end.is_some()));
    out.u64(end.unwrap_or(0));
}

fn load_end(input: &mut Input<'_>) -> Result<Option<Micros>, InputError> {
    match (input.flag()?, input.u64()?) {
        (true, end) => Ok(Some(end)),
        (false, 0) => Ok(None),
        (false, _) => Err(InputError),
    }
}
