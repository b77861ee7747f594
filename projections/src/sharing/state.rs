//! The fold over projections.

use super::SharingEvent as E;
use crate::canonical::{Input, InputError, Output};
use crate::objects::Objects;
use crate::store::{Postings, Rows, transact};
use crate::tenancy::{Level, Parked, Tenancy};
use crate::{Envelope, ObjectId, ScopeId, Sequence};
use roaring::RoaringBitmap;
use smallvec::SmallVec;

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

/// Most objects live in one scope.
type Shares = SmallVec<[Share; 1]>;

/// All live projections.
#[derive(Debug, Clone, Default)]
pub struct Sharing {
    /// By row of the object; shorter than the table of objects when the last ones are private.
    of_object: Rows<Shares>,
    in_scope: Postings,
    parked: Parked<Level>,
}
transact!(Sharing { of_object, in_scope, parked });

impl Sharing {
    /// Where an object is projected, oldest first.
    #[must_use]
    pub fn of(&self, object: u32) -> &[Share] {
        self.of_object.get(object).map_or(&[], |shares| shares)
    }
    /// Its projection into one scope.
    #[must_use]
    pub fn share(&self, object: u32, scope: u32) -> Option<&Share> {
        self.of(object).iter().find(|share| share.scope == scope)
    }
    /// Rows of what is projected into a scope, tombstoned objects included.
    #[must_use]
    pub fn within(&self, scope: u32) -> Option<&RoaringBitmap> {
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
                if let Some((object, scope)) = rows(e.object, e.scope)
                    && let Some(shares) = self.of_object.edit(object)
                {
                    let level = shares.iter().find(|share| share.scope == scope).map(|share| share.level);
                    shares.retain(|share| share.scope != scope);
                    self.in_scope.remove(scope, object);
                    let ended = tenancy.at(scope).filter(|node| node.archived).map(|node| node.changed);
                    if let Some((level, ended)) = level.zip(ended) {
                        self.parked.put(scope, object, level, ended);
                    }
                }
            }
        }
    }

    fn put(&mut self, object: u32, share: Share) {
        while self.of_object.len() <= object as usize {
            self.of_object.push(Shares::new());
        }
        if let Some(shares) = self.of_object.edit(object) {
            match shares.iter_mut().find(|old| old.scope == share.scope) {
                Some(old) => *old = share,
                None => shares.push(share),
            }
        }
        self.in_scope.insert(share.scope, object);
        self.parked.take(share.scope, object);
    }

    pub(crate) fn save(&self, out: &mut impl Output) {
        // Private objects behind the last shared one may or may not have a row: neither form may show.
        let shared = self.of_object.iter().enumerate().filter(|(_, shares)| !shares.is_empty());
        out.count(shared.clone().count());
        for (object, shares) in shared {
            out.u32(object as u32);
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
            let object = input.u32()?;
            for _ in 0..input.count()? {
                let (scope, level) = (input.u32()?, Level::from_tag(input.u8()?).ok_or(InputError)?);
                if object as usize > 1 << 28 || scope as usize > 1 << 28 {
                    return Err(InputError);
                }
                state.put(object, Share { scope, level, since: input.sequence()? });
            }
        }
        state.parked = Parked::load(input, |input| Level::from_tag(input.u8()?).ok_or(InputError))?;
        Ok(state)
    }
}
