//! Rows by number: a vector that can go back.

use super::{Footprint, Transact, room};
use scoped_log::hint::prefetch;

/// A growing list of rows, addressed by their number.
#[derive(Debug)]
pub struct Rows<T> {
    rows: Vec<T>,
    /// Length at `begin`, while a transaction is open.
    mark: Option<usize>,
    /// Rows as they were before they were first touched, in order of touching.
    before: Vec<(u32, T)>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), mark: None, before: Vec::new() }
    }
}

impl<T: Clone> Clone for Rows<T> {
    fn clone(&self) -> Self {
        Self { rows: room::copied(&self.rows), mark: self.mark, before: self.before.clone() }
    }
}

impl<T: Clone> Rows<T> {
    /// Makes room for so many more, at once.
    pub fn reserve(&mut self, count: usize) {
        let wanted = self.rows.len() + count;
        room::reserve(&mut self.rows, wanted);
    }
    /// Adds a row and returns its number.
    pub fn push(&mut self, row: T) -> u32 {
        room::push(&mut self.rows, row);
        (self.rows.len() - 1) as u32
    }
    /// The row, if there is one with this number.
    #[must_use]
    pub fn get(&self, row: u32) -> Option<&T> {
        self.rows.get(row as usize)
    }
    /// A hint that this row will be asked for soon.
    #[inline]
    pub fn expect(&self, row: u32) {
        prefetch(&self.rows, row as usize);
    }
    /// The row, to be changed.
    pub fn edit(&mut self, row: u32) -> Option<&mut T> {
        let found = self.rows.get_mut(row as usize)?;
        if self.mark.is_some_and(|mark| (row as usize) < mark) {
            self.before.push((row, found.clone()));
        }
        Some(found)
    }
    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }
    /// True without any row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
    /// All rows, by number.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.rows.iter()
    }
}

impl<T: Footprint> Footprint for Rows<T> {
    fn heap(&self) -> usize {
        // What a batch changed was remembered in `before`, whose room is kept for the next batch.
        self.rows.heap() + self.before.capacity() * size_of::<(u32, T)>()
    }
}

impl<T: Clone> Transact for Rows<T> {
    fn begin(&mut self) {
        self.mark = Some(self.rows.len());
        self.before.clear();
    }
    fn keep(&mut self) {
        self.mark = None;
        self.before.clear();
    }
    fn undo(&mut self) {
        while let Some((row, before)) = self.before.pop() {
            self.rows[row as usize] = before;
        }
        if let Some(mark) = self.mark.take() {
            self.rows.truncate(mark);
        }
    }
}
