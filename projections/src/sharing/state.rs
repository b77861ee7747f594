//! The fold over projections.

use super::SharingEvent as E;
use crate::canonical::{Input, InputError, Output, RowOf};
use crate::objects::Objects;
use crate::store::{Keyed, NO_ROW, Postings, RowSet, Rows, transact};
use crate::tenancy::{Level, Parked, Tenancy};
use crate::{Envelope, ObjectId, ScopeId, Sequence};

/// One scope that an object is projected into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Row of the scope.
    pub scope: u32,
    /// How far its members may go.
    pub level: Level,
    /// The event that made it so.
    pub since: Sequence,
}

const _: () = assert!(size_of::<Share>() == 16, "four to a cache line, none across two");

crate::store::owns_nothing!(Share, Level);

/// What stands in the column for an object in no scope.
const PRIVATE: Share = Share { scope: NO_ROW, level: Level::Read, since: Sequence::NONE };
/// What stands there for one in several.
const SEVERAL: Share = Share { scope: NO_ROW - 1, ..PRIVATE };

/// All live projections.
#[derive(Debug, Clone, Default)]
pub struct Sharing {
    /// By row of the object; shorter than the table of objects when the last ones are private.
    ///
    /// Most objects live in one scope, which stands here; those in several are in `several`.
    first: Rows<Share>,
    several: Keyed<u32, Box<[Share]>>,
    in_scope: Postings,
    parked: Parked<Level>,
}
transact!(Sharing { first, several, in_scope, parked });

impl Sharing {
    /// Where an object is projected, oldest first.
    #[must_use]
    pub fn of(&self, object: u32) -> &[Share] {
        match self.first.get(object) {
            None => &[],
            Some(share) if share.scope < SEVERAL.scope => std::slice::from_ref(share),
            Some(share) if share.scope == SEVERAL.scope => {
                self.several.get(&object).map_or(&[], |shares| shares)
            }
            Some(_) => &[],
        }
    }
    /// A hint that it will be asked where an object is projected.
    #[inline]
    pub fn expect(&self, object: u32) {
        self.first.expect(object);
    }
    /// Its projection into one scope.
    #[must_use]
    pub fn share(&self, object: u32, scope: u32) -> Option<&Share> {
        self.of(object).iter().find(|share| share.scope == scope)
    }
    /// Rows of what is projected into a scope, tombstoned objects included.
    #[must_use]
    pub fn within(&self, scope: u32) -> Option<&RowSet> {
        self.in_scope.get(scope)
    }

    /// What was projected into a deleted scope when it ended, by row: reopening it brings that back.
    pub fn parked(&self, scope: u32, tenancy: &Tenancy) -> impl Iterator<Item = (u32, Level)> + '_ {
        let since = tenancy.at(scope).map(|node| node.changed).unwrap_or_default();
        self.parked.of(scope, since).map(|(object, level)| (object, *level))
    }

    pub(crate) fn apply(&mut self, at: &Envelope, event: &E, tenancy: &Tenancy, objects: &Objects) {
        let rows = |object: ObjectId, scope: ScopeId| Some((objects.row(object)?, tenancy.row(scope)?));
        match event {
            E::ObjectProjected(e) => {
                if let Some((object, scope)) = rows(e.object, e.scope) {
                    self.put(object, Share { scope, level: e.level, since: at.sequence });
                }
            }
            E::ProjectionRevoked(e) => {
                if let Some((object, scope)) = rows(e.object, e.scope) {
                    let level = self.take(object, scope);
                    let ended = tenancy.at(scope).filter(|node| node.archived).map(|node| node.changed);
                    if let Some((level, ended)) = level.zip(ended) {
                        self.parked.put(scope, object, level, ended);
                    }
                }
            }
        }
    }

    fn put(&mut self, object: u32, share: Share) {
        let mut shares: Vec<Share> = self.of(object).to_vec();
        match shares.iter_mut().find(|old| old.scope == share.scope) {
            Some(old) => *old = share,
            None => shares.push(share),
        }
        self.set(object, shares);
        self.in_scope.insert(share.scope, object);
        self.parked.take(share.scope, object);
    }

    /// Takes an object out of a scope; gives how far its members might go.
    fn take(&mut self, object: u32, scope: u32) -> Option<Level> {
        let level = self.share(object, scope)?.level;
        self.set(object, self.of(object).iter().filter(|share| share.scope != scope).copied().collect());
        self.in_scope.remove(scope, object);
        Some(level)
    }

    fn set(&mut self, object: u32, shares: Vec<Share>) {
        while self.first.len() <= object as usize {
            self.first.push(PRIVATE);
        }
        let first = match &*shares {
            [] => PRIVATE,
            [share] => *share,
            _ => SEVERAL,
        };
        if shares.len() > 1 {
            self.several.insert(object, shares.into());
        } else if self.first.get(object).is_some_and(|old| old.scope == SEVERAL.scope) {
            self.several.remove(&object);
        }
        if let Some(place) = self.first.edit(object) {
            *place = first;
        }
    }

    pub(crate) fn save(&self, out: &mut impl Output) {
        // Private objects behind the last shared one may or may not have a row: neither form may show.
        let all = (0..self.first.len() as u32).map(|object| (object, self.of(object)));
        let shared = all.filter(|(_, shares)| !shares.is_empty());
        out.count(shared.clone().count());
        for (object, shares) in shared {
            out.u32(object);
            out.count(shares.len());
            for share in shares {
                out.u32(share.scope);
                out.u8(share.level.tag());
                out.sequence(share.since);
            }
        }
        self.parked.save(out, |level, out| out.u8(level.tag()));
    }

    pub(crate) fn load(input: &mut Input<'_>) -> Result<Self, InputError> {
        let mut state = Self::default();
        for _ in 0..input.count()? {
            let object = input.row(RowOf::Object)?;
            for _ in 0..input.count()? {
                let (scope, level) =
                    (input.row(RowOf::Scope)?, Level::from_tag(input.u8()?).ok_or(InputError)?);
                state.put(object, Share { scope, level, since: input.sequence()? });
            }
        }
        state.parked = Parked::load(input, |input| Level::from_tag(input.u8()?).ok_or(InputError))?;
        Ok(state)
    }
}
