//! The fold over projections.

use super::SharingEvent as E;
use super::places::Places;
use crate::canonical::{Input, InputError, Output, RowOf};
use crate::objects::Objects;
use crate::store::{Postings, RowSet, transact};
use crate::tenancy::{Level, Parked, Tenancy};
use crate::{Envelope, ObjectId, ScopeId, Sequence};
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

crate::store::owns_nothing!(Level);

/// All live projections.
#[derive(Debug, Clone, Default)]
pub struct Sharing {
    places: Places,
    in_scope: Postings,
    parked: Parked<Level>,
}
transact!(Sharing { places, in_scope, parked });

impl Sharing {
    /// Where an object is projected, oldest first.
    pub fn of(&self, object: u32) -> impl Iterator<Item = Share> + Clone + '_ {
        self.places.of(object)
    }
    /// Scopes that an object is projected into and how far one goes there, oldest first: sooner than [`Self::of`], which also tells since when.
    #[inline]
    pub fn scopes(&self, object: u32) -> impl Iterator<Item = (u32, Level)> + Clone + '_ {
        self.places.scopes(object)
    }
    /// A hint that it will be asked where an object is projected.
    #[inline]
    pub fn expect(&self, object: u32) {
        self.places.expect(object);
    }
    /// Its projection into one scope.
    #[must_use]
    pub fn share(&self, object: u32, scope: u32) -> Option<Share> {
        self.of(object).find(|share| share.scope == scope)
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
        let mut shares: SmallVec<[Share; 3]> = self.of(object).collect();
        match shares.iter_mut().find(|old| old.scope == share.scope) {
            Some(old) => *old = share,
            None => shares.push(share),
        }
        self.places.set(object, shares);
        self.in_scope.insert(share.scope, object);
        self.parked.take(share.scope, object);
    }

    /// Takes an object out of a scope; gives how far its members might go.
    fn take(&mut self, object: u32, scope: u32) -> Option<Level> {
        let level = self.share(object, scope)?.level;
        let left = self.of(object).filter(|share| share.scope != scope).collect();
        self.places.set(object, left);
        self.in_scope.remove(scope, object);
        Some(level)
    }

    pub(crate) fn save(&self, out: &mut impl Output) {
        // Private objects behind the last shared one may or may not have a row: neither form may show.
        let all = (0..self.places.len() as u32).map(|object| (object, self.of(object)));
        let shared = all.filter(|(_, shares)| shares.clone().next().is_some());
        out.count(shared.clone().count());
        for (object, shares) in shared {
            out.u32(object);
            out.count(shares.clone().count());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Transact;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

        /// An object goes from no scope to one, to several and back, also where a batch is taken back: it is where it was put, in the order
        /// in which it came there.
        #[test]
        fn an_object_is_where_it_was_put(
            ops in prop::collection::vec((0u32..4, 0u32..6, any::<bool>(), 0u8..12), 0..200)
        ) {
            let (mut sharing, mut naive) = (Sharing::default(), BTreeMap::<u32, Vec<Share>>::new());
            let mut before = None;
            for (nth, (object, scope, there, batch)) in ops.into_iter().enumerate() {
                match batch {
                    0 if before.is_none() => {
                        sharing.begin();
                        before = Some(naive.clone());
                    }
                    1 => if let Some(then) = before.take() {
                        sharing.undo();
                        naive = then;
                    },
                    2 if before.take().is_some() => sharing.keep(),
                    _ => {}
                }
                let (share, shares) = (
                    Share { scope, level: Level::Write, since: Sequence::new(nth as u64 + 1) },
                    naive.entry(object).or_default(),
                );
                match shares.iter_mut().find(|old| old.scope == scope) {
                    Some(old) if there => *old = share,
                    None if there => shares.push(share),
                    _ => shares.retain(|old| old.scope != scope),
                }
                if there {
                    sharing.put(object, share);
                } else {
                    sharing.take(object, scope);
                }
                for object in 0..5 {
                    let there = naive.get(&object).cloned().unwrap_or_default();
                    let scopes: Vec<_> = there.iter().map(|share| (share.scope, share.level)).collect();
                    prop_assert_eq!(sharing.of(object).collect::<Vec<_>>(), there);
                    prop_assert_eq!(sharing.scopes(object).collect::<Vec<_>>(), scopes);
                }
            }
        }
    }
}
