//! Which rows belong to which: a set for each owner, scope or word.

use super::undo::Undo;
use super::{Footprint, RowSet, Transact, room};

/// Sets of row numbers, addressed by the number of what they belong to.
#[derive(Debug, Clone, Default)]
pub struct Postings {
    sets: Vec<RowSet>,
    /// `(set, value, was it put in)`.
    undo: Undo<(u32, u32, bool)>,
}

impl Postings {
    /// Puts `value` into the set of `of`.
    pub fn insert(&mut self, of: u32, value: u32) {
        if self.sets.len() <= of as usize {
            room::reserve(&mut self.sets, of as usize + 1);
            self.sets.resize_with(of as usize + 1, RowSet::default);
        }
        if self.sets[of as usize].insert(value) {
            self.undo.note(|| (of, value, true));
        }
    }
    /// Takes `value` out of the set of `of`.
    pub fn remove(&mut self, of: u32, value: u32) {
        if self.sets.get_mut(of as usize).is_some_and(|set| set.remove(value)) {
            self.undo.note(|| (of, value, false));
        }
    }
    /// True when nothing was ever put into any set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }
    /// The set of `of`; `None` when nothing was ever put into it.
    #[must_use]
    pub fn get(&self, of: u32) -> Option<&RowSet> {
        self.sets.get(of as usize)
    }
}

impl Footprint for Postings {
    fn heap(&self) -> usize {
        self.sets.heap()
    }
}

impl Transact for Postings {
    fn begin(&mut self) {
        self.undo.begin();
    }
    fn keep(&mut self) {
        self.undo.keep();
    }
    fn undo(&mut self) {
        for (of, value, put_in) in self.undo.take() {
            let set = &mut self.sets[of as usize];
            if put_in {
                set.remove(value)
            } else {
                set.insert(value)
            };
        }
    }
}
