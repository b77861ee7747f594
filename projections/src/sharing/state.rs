//! The fold over projections.

use super::SharingEvent as E;
use crate::canonical::{Input, InputError, Output, RowOf};
use crate::objects::Objects;
use crate::store::{NO_ROW, Postings, RowSet, Rows, transact};
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

const _: () = assert!(size_of::<Share>() == 16, "four to a cache line, none across two");

crate::store::owns_nothing!(Share, Level);

/// What stands in the column for an object in no scope.
const PRIVATE: Share = Share { scope: NO_ROW, level: Level::Read, since: Sequence::NONE };
/// What stands there for one that is, or was, in several; in place of an event it names the row of its list.
const SEVERAL: Share = Share { scope: NO_ROW - 1, ..PRIVATE };

/// The projections of an object that is, or was, in several scopes: one cache line for up to three.
#[derive(Debug, Clone)]
#[repr(align(64))]
struct Several(SmallVec<[Share; 3]>);

const _: () = assert!(size_of::<Several>() == 64, "one cache line");

impl crate::store::Footprint for Several {
    fn heap(&self) -> usize {
        if self.0.spilled() { self.0.capacity() * size_of::<Share>() } else { 0 }
    }
}

/// The row of the list, where that stands in the column.
fn several(share: &Share) -> Option<u32> {
    (share.scope == SEVERAL.scope).then_some(share.since.get() as u32)
}

/// All live projections.
#[derive(Debug, Clone, Default)]
pub struct Sharing {
    /// By row of the object; shorter than the table of objects when the last ones are private.
    ///
    /// Most objects live in one scope, which stands here; those in several have a row in `several`, which stands here then.
    first: Rows<Share>,
    /// Found without a look-up: a decision would wait for memory once more. An object that was in several scopes keeps its row.
    several: Rows<Several>,
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
            Some(share) => {
                let several = several(share).and_then(|row| self.several.get(row));
                several.map_or(&[], |shares| &shares.0)
            }
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
        if let Some(row) = self.first.get(object).and_then(several) {
            if let Some(list) = self.several.edit(row) {
                *list = Several(shares.into());
            }
            return;
        }
        let first = match &*shares {
            [] => PRIVATE,
            [share] => *share,
            _ => {
                let row = self.several.push(Several(shares.into()));
                Share { since: Sequence::new(row.into()), ..SEVERAL }
            }
        };
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
                    prop_assert_eq!(sharing.of(object), naive.get(&object).map_or(&[][..], |shares| shares));
                }
            }
        }
    }
}
