//! Sets of positions, small ones kept small.
//!
//! Most entities are spoken of once or twice: for them a sorted handful of numbers, for the others a compressed bitmap
//! (Lemire et al., Roaring Bitmaps, 2016).

use roaring::RoaringBitmap;
use scoped_projections::store::Footprint;
use smallvec::SmallVec;

/// Positions that are kept as a list; beyond, as a bitmap.
const FEW_MAX: usize = 24;

/// A set of positions that only grows, at its end.
#[derive(Debug, Clone)]
pub(super) enum Spots {
    Few(SmallVec<[u32; 2]>),
    Many(Box<RoaringBitmap>),
}

impl Default for Spots {
    fn default() -> Self {
        Self::Few(SmallVec::new())
    }
}

impl Spots {
    /// Adds a position that is not before those that are there; the last one again changes nothing.
    pub(super) fn push(&mut self, at: u32) {
        match self {
            Self::Few(few) if few.last() == Some(&at) => {}
            Self::Few(few) if few.len() < FEW_MAX => few.push(at),
            Self::Few(few) => {
                let mut many: RoaringBitmap = few.iter().copied().collect();
                many.insert(at);
                *self = Self::Many(Box::new(many));
            }
            Self::Many(many) => {
                many.insert(at);
            }
        }
    }
    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Few(few) => few.len() as u64,
            Self::Many(many) => many.len(),
        }
    }
    /// All of them, in order.
    pub(super) fn iter(&self) -> Box<dyn Iterator<Item = u32> + '_> {
        match self {
            Self::Few(few) => Box::new(few.iter().copied()),
            Self::Many(many) => Box::new(many.iter()),
        }
    }
    /// Leaves in `found` what is here too.
    pub(super) fn intersect(&self, found: &mut RoaringBitmap) {
        match self {
            Self::Few(few) => *found = few.iter().copied().filter(|at| found.contains(*at)).collect(),
            Self::Many(many) => *found &= &**many,
        }
    }
    /// Adds what is here to `all`.
    pub(super) fn unite(&self, all: &mut RoaringBitmap) {
        match self {
            Self::Few(few) => all.extend(few.iter().copied()),
            Self::Many(many) => *all |= &**many,
        }
    }
}

impl Footprint for Spots {
    fn heap(&self) -> usize {
        match self {
            Self::Few(few) if few.spilled() => few.capacity() * size_of::<u32>(),
            Self::Few(_) => 0,
            Self::Many(many) => size_of::<RoaringBitmap>() + many.heap(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_are_the_same_set() {
        let mut spots = Spots::default();
        for at in (0..200).step_by(2) {
            spots.push(at);
            spots.push(at);
            assert_eq!(spots.len(), u64::from(at / 2) + 1);
            assert_eq!(spots.iter().last(), Some(at));
        }
        assert!(matches!(spots, Spots::Many(_)));
        let (mut cut, mut all) = ((0..10).collect::<RoaringBitmap>(), RoaringBitmap::from([1, 3]));
        spots.intersect(&mut cut);
        spots.unite(&mut all);
        assert_eq!((cut.len(), all.len()), (5, 102));
    }
}
