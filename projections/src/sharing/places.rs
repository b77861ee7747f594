//! Where objects are projected: a short column that every decision looks at, and a longer one for whoever asks since when.
//!
//! Why: a decision waits for the index of objects and then for this column; all else it needs of an object comes from memory while the
//! way from here to the root is walked. At four bytes an object the column of a million lies in the last cache mostly.

use super::Share;
use crate::Sequence;
use crate::store::{Footprint, Rows, transact};
use crate::tenancy::Level;
use smallvec::SmallVec;

/// What stands in the short column for an object in no scope. Otherwise `scope << 2 | level`, or `list << 2`: no level has the tag 0.
const NOWHERE: u32 = u32::MAX;
/// From here on a row leaves no room for a level beside it: such a scope stands in a list, and the row of such a list in the long column.
const ROWS_MAX: u32 = (1 << 30) - 1;

/// The projections of an object that is, or was, in several scopes: one cache line for up to three.
#[derive(Debug, Clone)]
#[repr(align(64))]
struct Several(SmallVec<[Share; 3]>);

const _: () = assert!(size_of::<Several>() == 64, "one cache line");

impl Footprint for Several {
    fn heap(&self) -> usize {
        if self.0.spilled() { self.0.capacity() * size_of::<Share>() } else { 0 }
    }
}

/// By row of the object; shorter than the table of objects when the last ones are private.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    /// Most objects live in one scope, which stands here.
    near: Rows<u32>,
    /// The event that made it so.
    since: Rows<Sequence>,
    /// Found without a look-up: a decision would wait for memory once more. An object that was in several scopes keeps its row.
    several: Rows<Several>,
}
transact!(Places { near, since, several });

impl Places {
    /// A hint that it will be asked where an object is projected.
    #[inline]
    pub(super) fn expect(&self, object: u32) {
        self.near.expect(object);
    }
    /// How many objects have a row here.
    pub(super) fn len(&self) -> usize {
        self.near.len()
    }
    /// The one scope that it is in and how far one goes there, and the list of one that is, or was, in several.
    #[inline]
    fn look(&self, object: u32) -> (Option<(u32, Level)>, &[Share]) {
        match self.near.get(object).copied().unwrap_or(NOWHERE) {
            NOWHERE => (None, &[]),
            near => match Level::from_tag(near as u8 & 3) {
                Some(level) => (Some((near >> 2, level)), &[]),
                None => {
                    (None, self.list(object).and_then(|row| self.several.get(row)).map_or(&[], |it| &it.0))
                }
            },
        }
    }
    /// The row of the list.
    #[inline]
    fn list(&self, object: u32) -> Option<u32> {
        let near = self.near.get(object).filter(|near| *near & 3 == 0)? >> 2;
        if near < ROWS_MAX { Some(near) } else { self.since.get(object).map(|row| row.get() as u32) }
    }
    /// Scopes and how far one goes there, oldest first.
    #[inline]
    pub(super) fn scopes(&self, object: u32) -> impl Iterator<Item = (u32, Level)> + Clone + '_ {
        let (one, several) = self.look(object);
        one.into_iter().chain(several.iter().map(|share| (share.scope, share.level)))
    }
    /// The same, with the events that made it so.
    pub(super) fn of(&self, object: u32) -> impl Iterator<Item = Share> + Clone + '_ {
        let (one, several) = self.look(object);
        let since = self.since.get(object).copied().unwrap_or_default();
        one.map(|(scope, level)| Share { scope, level, since }).into_iter().chain(several.iter().copied())
    }

    /// Puts an object there and nowhere else.
    pub(super) fn set(&mut self, object: u32, shares: SmallVec<[Share; 3]>) {
        while self.near.len() <= object as usize {
            self.near.push(NOWHERE);
            self.since.push(Sequence::NONE);
        }
        if let Some(row) = self.list(object) {
            if let Some(list) = self.several.edit(row) {
                *list = Several(shares);
            }
            return;
        }
        let (near, since) = match &*shares {
            [] => (NOWHERE, Sequence::NONE),
            [share] if share.scope < ROWS_MAX => {
                (share.scope << 2 | u32::from(share.level.tag()), share.since)
            }
            _ => {
                let row = self.several.push(Several(shares));
                (row.min(ROWS_MAX) << 2, Sequence::new(row.into()))
            }
        };
        if let Some(place) = self.near.edit(object) {
            *place = near;
        }
        if let Some(place) = self.since.edit(object) {
            *place = since;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No test can have so many scopes, but a row that is cut off would open an object to strangers.
    #[test]
    fn a_scope_of_a_row_too_large_for_the_short_column_stands_in_a_list() {
        let mut places = Places::default();
        for (object, scope) in [ROWS_MAX - 1, ROWS_MAX, ROWS_MAX + 1, u32::MAX - 1].into_iter().enumerate() {
            let share = Share { scope, level: Level::Admin, since: Sequence::new(7) };
            places.set(object as u32, SmallVec::from_slice(&[share]));
            assert_eq!(places.of(object as u32).collect::<Vec<_>>(), [share]);
            assert_eq!(places.scopes(object as u32).collect::<Vec<_>>(), [(scope, Level::Admin)]);
        }
        assert_eq!(places.several.len(), 3);
    }

    #[test]
    fn a_list_of_a_row_too_large_for_the_short_column_is_found_by_the_long_one() {
        let mut places = Places::default();
        let share = Share { scope: ROWS_MAX, level: Level::Read, since: Sequence::new(7) };
        places.set(0, SmallVec::from_slice(&[share]));
        *places.near.edit(0).unwrap() = ROWS_MAX << 2;
        assert_eq!(places.of(0).collect::<Vec<_>>(), [share]);
    }
}
