//! The fold over principals.

use super::IdentityEvent as E;
use crate::canonical::{Input, InputError, Output};
use crate::store::{Identified, Table, Words, transact};
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
    /// The event that made it.
    pub created: Sequence,
    /// The event whose payload describes it.
    pub described: Sequence,
    /// The last event about it.
    pub changed: Sequence,
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
}
transact!(Identity { principals, kinds });

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
        std::iter::once(row)
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
            E::PrincipalDescribed(e) => self.edit(at, e.principal, |p| p.described = at.sequence),
            E::PrincipalSuspended(e) => self.edit(at, e.principal, |p| p.status = Status::Suspended),
            E::PrincipalReinstated(e) => self.edit(at, e.principal, |p| p.status = Status::Active),
            E::PrincipalArchived(e) => self.edit(at, e.principal, |p| p.status = Status::Archived),
            E::OperatorSet(e) => self.edit(at, e.principal, |p| p.operator = e.operator),
        }
    }

    fn add(&mut self, at: &Envelope, id: PrincipalId, kind: &str, operator: bool) {
        let kind = self.kinds.number(kind);
        let (created, status) = (at.sequence, Status::Active);
        self.principals.insert(Principal {
            id,
            kind,
            status,
            operator,
            created,
            described: created,
            changed: created,
        });
    }

    fn edit(&mut self, at: &Envelope, id: PrincipalId, change: impl FnOnce(&mut Principal)) {
        if let Some(row) = self.row(id)
            && let Some(principal) = self.principals.edit(row)
        {
            change(principal);
            principal.changed = at.sequence;
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
            out.sequence(p.created);
            out.sequence(p.described);
            out.sequence(p.changed);
        }
    }

    pub(crate) fn load(input: &mut Input<'_>) -> Result<Self, InputError> {
        let mut state = Self { kinds: Words::load(input)?, ..Self::default() };
        for _ in 0..input.count()? {
            state.principals.insert(Principal {
                id: PrincipalId(input.u128()?),
                kind: input.u32()?,
                status: Status::from_tag(input.u8()?).ok_or(InputError)?,
                operator: input.flag()?,
                created: input.sequence()?,
                described: input.sequence()?,
                changed: input.sequence()?,
            });
        }
        Ok(state)
    }
}
