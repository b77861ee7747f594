//! The fold over principals.

use super::IdentityEvent as E;
use super::relations::{ACTS_FOR, Direction, Edge, GROUPS_MAX, MEMBER_OF, Relations, Walk};
use crate::canonical::{Input, InputError, Output, RowOf};
use crate::store::{Identified, Rows, Sorted, Table, Words, transact};
use crate::tagged::tagged;
use crate::{Envelope, PrincipalId, Sequence};

tagged! {
    /// Whether a principal may act.
    pub enum Status as "status" {
        /// May act.
        Active = 1, "active";
        /// May not act for now.
        Suspended = 2, "suspended";
        /// Will never act again.
        Archived = 3, "archived";
    }
}

/// Who can act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Its id.
    pub id: PrincipalId,
    kind: u32,
    /// Whether it may act.
    pub status: Status,
    /// Whether it may do what belongs to no scope.
    pub operator: bool,
    /// Counts what it was described as: one more with each new description, kind or handle.
    pub version: u32,
    /// Its handle, `user:alice`, if it has one.
    pub handle: Option<Box<str>>,
    /// The event that made it.
    pub created: Sequence,
    /// The event whose payload describes it.
    pub described: Sequence,
    /// The last event about it.
    pub changed: Sequence,
}

impl crate::store::Footprint for Principal {
    fn heap(&self) -> usize {
        self.handle.heap()
    }
}

impl Identified for Principal {
    fn id(&self) -> u128 {
        self.id.0
    }
}

/// All principals.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    principals: Table<Principal>,
    kinds: Words,
    /// Handles of the live.
    handles: Sorted<Box<str>, u32>,
    relations: Relations,
    /// INVARIANT (closure): for each principal, rising, the rows of the groups whose rights are its own: those reached over live
    /// `member_of` edges through active groups. Made anew for everybody below where an edge or a group changes, so that
    /// decisions only read a slice.
    groups: Rows<Box<[u32]>>,
}
transact!(Identity { principals, kinds, handles, relations, groups });

impl Identity {
    /// The principal with that id.
    #[must_use]
    pub fn get(&self, id: PrincipalId) -> Option<&Principal> {
        self.principals.by_id(id.0)
    }
    /// Its row number, by which other states name it.
    #[must_use]
    pub fn row(&self, id: PrincipalId) -> Option<u32> {
        self.principals.find(id.0)
    }
    /// A hint that this principal will be asked for soon.
    #[inline]
    pub fn expect(&self, id: PrincipalId) {
        self.principals.expect(id.0);
    }
    /// The principal in a row.
    #[must_use]
    pub fn at(&self, row: u32) -> Option<&Principal> {
        self.principals.get(row)
    }
    /// The id in a row; [`PrincipalId::NONE`] when there is no such row.
    #[must_use]
    pub fn id(&self, row: u32) -> PrincipalId {
        self.at(row).map_or(PrincipalId::NONE, |p| p.id)
    }
    /// The rows that speak for a principal: its own, and those of the groups it belongs to.
    pub fn selves(&self, row: u32) -> impl Iterator<Item = u32> + Clone + '_ {
        std::iter::once(row).chain(self.groups(row).iter().copied())
    }
    /// Rows of the groups that a principal belongs to, directly or through other groups, rising. Groups that are suspended or
    /// archived give nothing, and nothing is given through them.
    #[must_use]
    pub fn groups(&self, row: u32) -> &[u32] {
        self.groups.get(row).map_or(&[], |groups| groups)
    }
    /// Rows of all who belong to a group, directly or through other groups, whatever their status; nearest first.
    pub fn below(&self, row: u32) -> impl Iterator<Item = u32> + use<> {
        let down = |label| Walk { direction: Direction::Down, label: Some(label), max_depth: u32::MAX };
        let label = self.relations.label_number(MEMBER_OF);
        let found = label.map(|label| self.relations.walk(row, down(label), |_| true));
        found.into_iter().flatten().map(|reached| reached.principal)
    }
    /// Relationships, and the walks over them.
    #[must_use]
    pub fn relations(&self) -> &Relations {
        &self.relations
    }
    /// The live principal with that handle.
    #[must_use]
    pub fn by_handle(&self, handle: &str) -> Option<&Principal> {
        self.at(*self.handles.get(handle)?)
    }
    /// The relationship by which `agent` may act for `principal` (both rows), when it holds and both are active.
    #[must_use]
    pub fn acts_for(&self, agent: u32, principal: u32) -> Option<&Edge> {
        let active = |row| self.at(row).is_some_and(|p| p.status == Status::Active);
        self.relations.between(principal, agent, ACTS_FOR).filter(|_| active(agent) && active(principal))
    }
    /// The words of kinds, by number.
    pub(crate) fn kinds(&self) -> &Words {
        &self.kinds
    }
    /// The number of what sort of actor it is.
    #[must_use]
    pub fn kind_number(&self, principal: &Principal) -> u32 {
        principal.kind
    }
    /// What sort of actor it is.
    #[must_use]
    pub fn kind(&self, principal: &Principal) -> &str {
        self.kinds.word(principal.kind)
    }
    /// The first principal; `None` before the log's first event.
    #[must_use]
    pub fn founder(&self) -> Option<&Principal> {
        self.at(0)
    }
    /// All principals, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Principal> {
        self.principals.iter()
    }
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.principals.len()
    }
    /// True before the log's first event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.principals.is_empty()
    }

    pub(crate) fn apply(&mut self, at: &Envelope, event: &E) {
        match event {
            E::Founded(e) => self.add(at, e.principal, &e.kind, true),
            E::PrincipalCreated(e) => self.add(at, e.principal, &e.kind, false),
            E::PrincipalDescribed(e) => self.edit(at, e.principal, |p| {
                p.described = at.sequence;
                p.version += 1;
            }),
            E::PrincipalSuspended(e) => self.set_status(at, e.principal, Status::Suspended),
            E::PrincipalReinstated(e) => self.set_status(at, e.principal, Status::Active),
            E::PrincipalArchived(e) => self.set_status(at, e.principal, Status::Archived),
            E::OperatorSet(e) => self.edit(at, e.principal, |p| p.operator = e.operator),
            E::PrincipalKindChanged(e) => {
                let kind = self.kinds.number(&e.kind);
                self.edit(at, e.principal, |p| {
                    p.kind = kind;
                    p.version += 1;
                });
            }
            E::HandleSet(e) => self.set_handle(at, e.principal, &e.handle),
            E::RelationshipAdded(e) => {
                let (Some(parent), Some(child)) = (self.row(e.parent), self.row(e.child)) else { return };
                if self.relations.add(e.edge, parent, child, &e.label, at.sequence).is_some()
                    && e.label == MEMBER_OF
                {
                    self.regroup_below(child);
                }
            }
            E::RelationshipRemoved(e) => {
                let Some(edge) = self.relations.remove(e.edge, at.sequence) else { return };
                if self.relations.label(&edge) == MEMBER_OF {
                    self.regroup_below(edge.child);
                }
            }
            // Says by whom the events behind it were brought about; what they change, they change.
            E::ActedOnBehalf(_) => {}
        }
    }

    fn add(&mut self, at: &Envelope, id: PrincipalId, kind: &str, operator: bool) {
        if self.row(id).is_some() {
            return;
        }
        let kind = self.kinds.number(kind);
        let (created, status) = (at.sequence, Status::Active);
        self.insert(Principal {
            id,
            kind,
            status,
            operator,
            version: 1,
            handle: None,
            created,
            described: created,
            changed: created,
        });
    }

    /// Rows of principals and of their groups grow together.
    fn insert(&mut self, principal: Principal) {
        let (live, handle) = (principal.status != Status::Archived, principal.handle.clone());
        let row = self.principals.insert(principal);
        self.groups.push(Box::default());
        if let Some(handle) = handle.filter(|_| live) {
            self.handles.insert(handle, row);
        }
    }

    fn edit(&mut self, at: &Envelope, id: PrincipalId, change: impl FnOnce(&mut Principal)) {
        if let Some(row) = self.row(id)
            && let Some(principal) = self.principals.edit(row)
        {
            change(principal);
            principal.changed = at.sequence;
        }
    }

    fn set_status(&mut self, at: &Envelope, id: PrincipalId, status: Status) {
        self.edit(at, id, |p| p.status = status);
        let Some(row) = self.row(id) else { return };
        if status == Status::Archived
            && let Some(handle) = self.at(row).and_then(|p| p.handle.clone())
        {
            self.handles.remove(&handle);
        }
        self.regroup_below(row);
    }

    fn set_handle(&mut self, at: &Envelope, id: PrincipalId, handle: &str) {
        let Some(principal) = self.get(id).filter(|p| p.status != Status::Archived) else { return };
        if self.by_handle(handle).is_some() {
            return;
        }
        let (old, new): (_, Option<Box<str>>) =
            (principal.handle.clone(), (!handle.is_empty()).then(|| handle.into()));
        if let Some(old) = old {
            self.handles.remove(&old);
        }
        if let (Some(new), Some(row)) = (&new, self.row(id)) {
            self.handles.insert(new.clone(), row);
        }
        self.edit(at, id, |p| {
            p.handle = new;
            p.version += 1;
        });
    }

    /// Restores (closure) for a principal and everybody below it.
    fn regroup_below(&mut self, row: u32) {
        let Some(label) = self.relations.label_number(MEMBER_OF) else { return };
        for row in std::iter::once(row).chain(self.below(row)) {
            self.regroup(row, label);
        }
    }

    fn regroup(&mut self, row: u32, label: u32) {
        let up = Walk { direction: Direction::Up, label: Some(label), max_depth: u32::MAX };
        let active = |group| self.at(group).is_some_and(|p| p.status == Status::Active);
        let found = self.relations.walk(row, up, active).into_iter();
        let mut groups: Box<[u32]> = found.map(|reached| reached.principal).collect();
        groups.sort_unstable();
        if self.groups(row) != &*groups
            && let Some(kept) = self.groups.edit(row)
        {
            *kept = groups;
        }
    }

    pub(crate) fn save(&self, out: &mut impl Output) {
        self.kinds.save(out);
        out.count(self.principals.len());
        for p in self.iter() {
            out.u128(p.id.0);
            out.u32(p.kind);
            out.u8(p.status.tag());
            out.u8(u8::from(p.operator));
            out.u32(p.version);
            out.text(p.handle.as_deref().unwrap_or_default());
            out.sequence(p.created);
            out.sequence(p.described);
            out.sequence(p.changed);
        }
        self.relations.save(out);
    }

    pub(crate) fn load(input: &mut Input<'_>) -> Result<Self, InputError> {
        let mut state = Self { kinds: Words::load(input)?, ..Self::default() };
        for _ in 0..input.count()? {
            let principal = Principal {
                id: PrincipalId(input.u128()?),
                kind: input.u32()?,
                status: Status::from_tag(input.u8()?).ok_or(InputError)?,
                operator: input.flag()?,
                version: input.u32()?,
                handle: Some(input.text()?).filter(|handle| !handle.is_empty()).map(Box::from),
                created: input.sequence()?,
                described: input.sequence()?,
                changed: input.sequence()?,
            };
            if state.row(principal.id).is_some() {
                return Err(InputError);
            }
            state.insert(principal);
        }
        input.holds(RowOf::Principal, state.len());
        state.relations = Relations::load(input)?;
        if let Some(label) = state.relations.label_number(MEMBER_OF) {
            // A chain of groups makes lists that add up to its square, of which no engine writes the like.
            let mut left = state.len() * GROUPS_MAX as usize;
            for row in 0..state.len() as u32 {
                state.regroup(row, label);
                left = left.checked_sub(state.groups(row).len()).ok_or(InputError)?;
            }
        }
        Ok(state)
    }
}
