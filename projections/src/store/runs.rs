//! Rows that are only ever added: full runs of them are one piece of memory for all copies of a world.
//!
//! Why: there are two worlds and more, and what happened once is the same in each. A copy of a list shares its full runs; a list that was
//! filled by itself takes over those of another that has come as far ([`Runs::share`]), and gives its own back.

use super::{Footprint, Transact, room};
use std::sync::Arc;

/// Rows of a run.
const RUN: usize = 1 << 14;

/// A growing list of rows that never change, addressed by their number.
#[derive(Debug, Clone)]
pub struct Runs<T> {
    /// INVARIANT (full): each holds [`RUN`] rows.
    full: Vec<Arc<Vec<T>>>,
    /// INVARIANT (last): fewer than [`RUN`].
    last: Vec<T>,
    /// Length at `begin`, while a transaction is open.
    mark: Option<usize>,
}

impl<T> Default for Runs<T> {
    fn default() -> Self {
        Self { full: Vec::new(), last: Vec::new(), mark: None }
    }
}

impl<T: Copy> Runs<T> {
    /// Makes room for so many more, as far as they come into the last run.
    pub fn reserve(&mut self, count: usize) {
        let wanted = self.last.len().saturating_add(count).min(RUN);
        room::reserve(&mut self.last, wanted);
    }
    /// Adds a row and returns its number.
    pub fn push(&mut self, row: T) -> u32 {
        let number = self.len() as u32;
        room::push(&mut self.last, row);
        if self.last.len() == RUN {
            // Who filled a run will mostly fill another.
            let next = room::with_room(RUN);
            self.full.push(Arc::new(std::mem::replace(&mut self.last, next)));
        }
        number
    }
    /// The row, if there is one with this number.
    #[must_use]
    pub fn get(&self, row: u32) -> Option<&T> {
        let (run, at) = (row as usize / RUN, row as usize % RUN);
        match self.full.get(run) {
            Some(full) => full.get(at),
            None if run == self.full.len() => self.last.get(at),
            None => None,
        }
    }
    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.full.len() * RUN + self.last.len()
    }
    /// True without any row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// All rows, by number.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.full.iter().flat_map(|full| full.iter()).chain(&self.last)
    }
    /// Takes over the full runs of a list of the same rows, and lets go of its own.
    pub fn share(&mut self, other: &Self) {
        // The last ones first: those before a run that is shared were shared with it, or before.
        let both = self.full.len().min(other.full.len());
        for (own, others) in self.full[..both].iter_mut().zip(&other.full).rev() {
            if Arc::ptr_eq(own, others) {
                break;
            }
            own.clone_from(others);
        }
    }

    /// Lets go of all rows from that number on.
    fn cut(&mut self, length: usize) {
        while self.full.len() * RUN > length {
            let Some(full) = self.full.pop() else { break };
            self.last = Arc::unwrap_or_clone(full);
        }
        self.last.truncate(length - self.full.len() * RUN);
    }
}

impl<T: Footprint> Footprint for Runs<T> {
    fn heap(&self) -> usize {
        let run =
            |full: &Arc<Vec<T>>| (**full).heap() / Arc::strong_count(full).max(1) + Footprint::heap(full);
        let list = self.full.capacity() * size_of::<Arc<Vec<T>>>();
        list + self.full.iter().map(run).sum::<usize>() + self.last.heap()
    }
}

impl<T: Copy> Transact for Runs<T> {
    fn begin(&mut self) {
        self.mark = Some(self.len());
    }
    fn keep(&mut self) {
        self.mark = None;
    }
    fn undo(&mut self) {
        if let Some(mark) = self.mark.take() {
            self.cut(mark);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(count: usize) -> Runs<u64> {
        let mut runs = Runs::default();
        (0..count as u64).for_each(|row| assert_eq!(u64::from(runs.push(row)), row));
        runs
    }

    #[test]
    fn rows_are_found_on_both_sides_of_where_runs_end() {
        for count in [0, 1, RUN - 1, RUN, RUN + 1, 3 * RUN, 3 * RUN + 5] {
            let runs = filled(count);
            assert_eq!((runs.len(), runs.is_empty()), (count, count == 0));
            assert!(runs.iter().copied().eq(0..count as u64));
            for row in [0, 1, RUN - 1, RUN, RUN + 1, 2 * RUN, 3 * RUN + 4, 3 * RUN + 5, 4 * RUN, 5 * RUN] {
                assert_eq!(
                    runs.get(row as u32).copied(),
                    (row < count).then_some(row as u64),
                    "{row} of {count}"
                );
            }
            assert_eq!(runs.get(u32::MAX), None);
        }
    }

    #[test]
    fn undo_goes_back_over_the_end_of_a_run_and_leaves_copies_as_they_are() {
        for before in [0, 5, RUN - 1, RUN, 2 * RUN + 7] {
            for more in [0, 1, RUN - 1, 2 * RUN + 1] {
                let mut runs = filled(before);
                runs.begin();
                for row in 0..more as u64 {
                    runs.push(u64::MAX - row);
                }
                let copy = runs.clone();
                runs.undo();
                assert!(runs.iter().copied().eq(0..before as u64), "{before} and {more}");
                assert_eq!(copy.len(), before + more);
                assert_eq!(runs.push(7), before as u32);
                assert_eq!(runs.get(before as u32), Some(&7));
            }
        }
    }

    /// What two lists share is told half by each: together they tell what there is.
    #[test]
    fn lists_of_the_same_rows_come_to_share_what_is_full() {
        let (ahead, mut behind) = (filled(3 * RUN + 9), filled(2 * RUN + 1));
        let apart = ahead.heap() + behind.heap();
        behind.share(&ahead);
        assert!(behind.iter().copied().eq(0..(2 * RUN + 1) as u64));
        assert!(apart - (ahead.heap() + behind.heap()) >= 2 * RUN * size_of::<u64>());
        for row in behind.len()..ahead.len() {
            behind.push(row as u64);
        }
        behind.share(&ahead);
        let together = ahead.heap() + behind.heap();
        assert!(together < ahead.heap() * 2 + RUN * size_of::<u64>() && together < apart);
        assert!(behind.full.iter().zip(&ahead.full).all(|(own, others)| Arc::ptr_eq(own, others)));
        assert!(behind.iter().eq(ahead.iter()));
    }
}
