//! Rows that also have an id: found by number or by id, never removed.

use super::index::Index;
use super::{Footprint, Rows, Transact};

/// A row that knows its id. The id of a row never changes.
pub trait Identified {
    /// The id, as the 128 bits it is made of.
    fn id(&self) -> u128;
}

/// [`Rows`] with an index over their ids.
#[derive(Debug, Clone)]
pub struct Table<T> {
    rows: Rows<T>,
    index: Index,
    mark: Option<usize>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Rows::default(), index: Index::default(), mark: None }
    }
}

impl<T: Identified + Clone> Table<T> {
    /// Makes room for so many more, at once.
    pub fn reserve(&mut self, count: usize) {
        self.rows.reserve(count);
        let rows = &self.rows;
        self.index.reserve(count, |n| rows.get(n).map_or(0, Identified::id));
    }
    /// Adds a row. When its id is there already nothing happens and the row that has it is returned.
    pub fn insert(&mut self, row: T) -> u32 {
        let id = row.id();
        if let Some(found) = self.find(id) {
            return found;
        }
        let number = self.rows.push(row);
        let rows = &self.rows;
        self.index.push(id, number, |n| rows.get(n).map_or(0, Identified::id));
        number
    }
    /// The number of the row with that id.
    #[must_use]
    pub fn find(&self, id: u128) -> Option<u32> {
        self.index.find(id, |n| self.rows.get(n).is_some_and(|row| row.id() == id))
    }
    /// A hint that this id will be asked for soon. Of use when others are asked for in between.
    #[inline]
    pub fn expect(&self, id: u128) {
        self.index.expect(id);
    }
    /// The next step on the way to it: a hint that its row will be asked for. Gives the number that the row mostly has.
    #[inline]
    pub fn expect_row(&self, id: u128) -> Option<u32> {
        let row = self.index.likely(id)?;
        self.rows.expect(row);
        Some(row)
    }
    /// The row with that id.
    #[must_use]
    pub fn by_id(&self, id: u128) -> Option<&T> {
        self.get(self.find(id)?)
    }
    /// The row with that number.
    #[must_use]
    pub fn get(&self, row: u32) -> Option<&T> {
        self.rows.get(row)
    }
    /// The row with that number, to be changed (not its id).
    pub fn edit(&mut self, row: u32) -> Option<&mut T> {
        self.rows.edit(row)
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
    /// All rows, in the order in which they came.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.rows.iter()
    }
}

impl<T: Footprint> Footprint for Table<T> {
    fn heap(&self) -> usize {
        self.rows.heap() + self.index.heap()
    }
}

impl<T: Identified + Clone> Transact for Table<T> {
    fn begin(&mut self) {
        self.mark = Some(self.rows.len());
        self.rows.begin();
    }
    fn keep(&mut self) {
        self.mark = None;
        self.rows.keep();
    }
    fn undo(&mut self) {
        if let Some(mark) = self.mark.take() {
            // The last one first: (in order).
            for number in (mark..self.rows.len()).rev() {
                let id = self.rows.get(number as u32).map_or(0, Identified::id);
                self.index.pop(id, number as u32);
            }
        }
        self.rows.undo();
    }
}
