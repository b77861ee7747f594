//! What to look for in the audit trail.

use crate::error::{Error, Result};
use crate::temporal::Entity;
use crate::tenancy::ScopeRef;
use scoped_projections::rules::Action;
use scoped_projections::{Micros, ObjectId, PrincipalId, ScopeId, Sequence, World};

/// What to look for; everything that is set must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Done by this principal.
    pub actor: Option<PrincipalId>,
    /// One of these was done.
    pub actions: Option<Vec<Action>>,
    /// Of one of these kinds (numbers of the table of kinds).
    pub kinds: Option<Vec<u16>>,
    /// About this object, its projections and refused attempts at it included.
    pub object: Option<ObjectId>,
    /// About this very entity.
    pub entity: Option<Entity>,
    /// Done in one of these scopes.
    pub scopes: Option<Vec<ScopeId>>,
    /// Done in this scope or in one below it.
    pub within: Option<ScopeRef>,
    /// Not before this one.
    pub from: Sequence,
    /// Not behind this one; [`Sequence::NONE`] for no bound.
    pub to: Sequence,
    /// Not before this instant, µs since the epoch.
    pub since: Option<Micros>,
    /// Not after this instant, µs since the epoch.
    pub until: Option<Micros>,
    /// Caused by this event directly: its children.
    pub cause: Option<Sequence>,
    /// This event, and everything that it caused, directly or not.
    pub tree: Option<Sequence>,
    /// Of this operation of a caller.
    pub correlation: Option<u128>,
    /// True: whose effect is taken back now. False: whose effect stands.
    pub undone: Option<bool>,
    /// True: those that take another event back. False: the others.
    pub undoing: Option<bool>,
    /// Those that name this event as what they take back, and the one that it went with, if it is taken back now.
    pub undoes: Option<Sequence>,
    /// Newest first.
    pub descending: bool,
}

impl Filter {
    /// The history of one entity.
    #[must_use]
    pub fn about(entity: Entity) -> Self {
        Self { entity: Some(entity), ..Self::default() }
    }
    /// What an event caused directly.
    #[must_use]
    pub fn children(event: Sequence) -> Self {
        Self { cause: Some(event), ..Self::default() }
    }
    /// The same question from where a page ended.
    #[must_use]
    pub fn resumed(mut self, next: Sequence) -> Self {
        if self.descending {
            self.to = next
        } else {
            self.from = next
        }
        self
    }
    /// Where it ends, of what there is up to `last`.
    pub(crate) fn end(&self, last: Sequence) -> Sequence {
        if self.to == Sequence::NONE { last } else { self.to.min(last) }
    }
    /// The same, and nothing behind `last`.
    pub(crate) fn no_further(mut self, last: Sequence) -> Self {
        self.to = self.end(last);
        self
    }
    /// Puts the scopes that `within` means into `scopes`, as the tree is in that world; a scope that is not there holds nothing.
    pub(crate) fn resolved(mut self, world: &World) -> Self {
        let Some(within) = self.within.take() else { return self };
        let tenancy = world.tenancy();
        let rows = within.row(tenancy).map_or_else(Vec::new, |row| tenancy.subtree(row));
        let below = rows.into_iter().filter_map(|row| tenancy.at(row)).map(|node| node.id);
        self.scopes = Some(match &self.scopes {
            Some(wanted) => below.filter(|scope| wanted.contains(scope)).collect(),
            None => below.collect(),
        });
        self
    }
    /// Turns instants into positions. Time never decreases along the log, so this is two binary searches.
    pub(crate) fn placed(mut self, reader: &scoped_log::Reader) -> Result<Self> {
        if let Some(since) = self.since.take() {
            let before = match since.checked_sub(1) {
                Some(before) => reader.at_time(before).map_err(Error::from)?,
                None => Sequence::NONE,
            };
            self.from = self.from.max(before.next());
        }
        if let Some(until) = self.until.take() {
            let last = reader.at_time(until).map_err(Error::from)?;
            // An instant before the first event: nothing fits, and "no bound" must not be said by accident.
            if last == Sequence::NONE {
                self.from = Sequence::new(u64::MAX);
            }
            self.to = self.end(last);
        }
        Ok(self)
    }
}
