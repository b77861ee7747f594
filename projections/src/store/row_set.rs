//! Sets of rows, small ones kept small.
//!
//! Why: most scopes hold a handful of objects. A compressed bitmap (Lemire et al., Roaring Bitmaps, 2016) takes 48 bytes for each run of
//! 65 536 rows that it has one of, which is what a handful spread over a million comes to; a sorted list takes four bytes a row.
//! Rows mostly come in rising order, so a list is mostly pushed to.

use super::Footprint;
use roaring::RoaringBitmap;
use std::ops::RangeFrom;

/// Rows that are kept as a list; beyond, as a bitmap.
const FEW_MAX: usize = 64;

/// A set of row numbers, in order.
#[derive(Debug, Clone)]
pub struct RowSet(Kept);

#[derive(Debug, Clone)]
enum Kept {
    /// INVARIANT (rising): sorted, none twice, at most [`FEW_MAX`].
    Few(Vec<u32>),
    /// What has once been many stays a bitmap.
    Many(Box<RoaringBitmap>),
}

impl Default for RowSet {
    fn default() -> Self {
        Self(Kept::Few(Vec::new()))
    }
}

impl RowSet {
    /// Adds a row. False when it is there already.
    pub fn insert(&mut self, row: u32) -> bool {
        let few = match &mut self.0 {
            Kept::Many(many) => return many.insert(row),
            Kept::Few(few) => few,
        };
        let Err(at) = few.binary_search(&row) else { return false };
        if few.len() < FEW_MAX {
            // Room for one more half, where a list would take twice: there are many of them.
            if few.len() == few.capacity() {
                few.reserve_exact(few.len() / 2 + 1);
            }
            few.insert(at, row);
        } else {
            let mut many: RoaringBitmap = few.iter().copied().collect();
            many.insert(row);
            self.0 = Kept::Many(Box::new(many));
        }
        true
    }
    /// Takes a row out. False when it is not there.
    pub fn remove(&mut self, row: u32) -> bool {
        match &mut self.0 {
            Kept::Many(many) => many.remove(row),
            Kept::Few(few) => few.binary_search(&row).map(|at| few.remove(at)).is_ok(),
        }
    }
    /// Is the row in it?
    #[must_use]
    pub fn contains(&self, row: u32) -> bool {
        match &self.0 {
            Kept::Few(few) => few.binary_search(&row).is_ok(),
            Kept::Many(many) => many.contains(row),
        }
    }
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        match &self.0 {
            Kept::Few(few) => few.len() as u64,
            Kept::Many(many) => many.len(),
        }
    }
    /// True without any row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Kept::Few(few) => few.is_empty(),
            Kept::Many(many) => many.is_empty(),
        }
    }
    /// All of them, in order.
    #[must_use]
    pub fn iter(&self) -> RowIter<'_> {
        match &self.0 {
            Kept::Few(few) => RowIter(Left::Few(few.iter())),
            Kept::Many(many) => RowIter(Left::Many(many.iter())),
        }
    }
    /// Those from a row on, in order.
    #[must_use]
    pub fn range(&self, rows: RangeFrom<u32>) -> RowIter<'_> {
        match &self.0 {
            Kept::Few(few) => {
                let first = few.partition_point(|row| *row < rows.start);
                RowIter(Left::Few(few[first..].iter()))
            }
            Kept::Many(many) => RowIter(Left::Many(many.range(rows))),
        }
    }
    /// Adds what is here to `all`.
    pub fn unite(&self, all: &mut RoaringBitmap) {
        match &self.0 {
            Kept::Few(few) => all.extend(few.iter().copied()),
            Kept::Many(many) => *all |= &**many,
        }
    }
    /// The same as a bitmap, to be cut with others.
    #[must_use]
    pub fn bitmap(&self) -> RoaringBitmap {
        match &self.0 {
            Kept::Few(few) => few.iter().copied().collect(),
            Kept::Many(many) => (**many).clone(),
        }
    }
}

/// Rows of a set, in order.
#[derive(Clone)]
pub struct RowIter<'a>(Left<'a>);

#[derive(Clone)]
enum Left<'a> {
    Few(std::slice::Iter<'a, u32>),
    Many(roaring::bitmap::Iter<'a>),
}

impl Iterator for RowIter<'_> {
    type Item = u32;
    fn next(&mut self) -> Option<u32> {
        match &mut self.0 {
            Left::Few(few) => few.next().copied(),
            Left::Many(many) => many.next(),
        }
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Left::Few(few) => few.size_hint(),
            Left::Many(many) => many.size_hint(),
        }
    }
}

impl<'a> IntoIterator for &'a RowSet {
    type Item = u32;
    type IntoIter = RowIter<'a>;
    fn into_iter(self) -> RowIter<'a> {
        self.iter()
    }
}

impl Footprint for RowSet {
    fn heap(&self) -> usize {
        match &self.0 {
            Kept::Few(few) => few.heap(),
            Kept::Many(many) => size_of::<RoaringBitmap>() + many.heap(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

        #[test]
        fn few_and_many_are_the_sets_that_they_hold(ops in prop::collection::vec((0u32..300, 0u8..4), 0..400), from in 0u32..300) {
            let (mut set, mut naive) = (RowSet::default(), BTreeSet::new());
            for (row, what) in ops {
                if what == 0 {
                    prop_assert_eq!(set.remove(row), naive.remove(&row));
                } else {
                    prop_assert_eq!(set.insert(row), naive.insert(row));
                }
            }
            prop_assert!(set.iter().eq(naive.iter().copied()));
            prop_assert!(set.range(from..).eq(naive.range(from..).copied()));
            prop_assert_eq!((set.len(), set.is_empty()), (naive.len() as u64, naive.is_empty()));
            prop_assert!((0..300).all(|row| set.contains(row) == naive.contains(&row)));
            let mut all = RoaringBitmap::from([7]);
            set.unite(&mut all);
            naive.insert(7);
            prop_assert!(all.iter().eq(naive.iter().copied()));
            prop_assert!(set.bitmap().iter().eq(set.iter()));
        }
    }
}
