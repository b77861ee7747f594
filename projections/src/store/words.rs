//! Words that recur (principal kinds, object types), kept once and named by number.

use super::{Footprint, Sorted, Transact};
use crate::canonical::{Input, InputError, Output};

/// A growing list of distinct words.
#[derive(Debug, Clone, Default)]
pub struct Words {
    by_word: Sorted<Box<str>, u32>,
    by_number: super::Rows<Box<str>>,
}

impl Words {
    /// The number of `word`, which is taken in when it is new.
    pub fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.by_word.get(word) {
            return *number;
        }
        let number = self.by_number.push(word.into());
        self.by_word.insert(word.into(), number);
        number
    }
    /// The number of `word`, if it is known.
    #[must_use]
    pub fn find(&self, word: &str) -> Option<u32> {
        self.by_word.get(word).copied()
    }
    /// The word with that number, empty if there is none.
    #[must_use]
    pub fn word(&self, number: u32) -> &str {
        self.by_number.get(number).map_or("", |word| word)
    }
    /// How many words there are.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.by_number.len()
    }
    /// Is there a word with that number?
    #[must_use]
    pub fn has(&self, number: u32) -> bool {
        self.by_number.get(number).is_some()
    }
    pub(crate) fn save(&self, out: &mut impl Output) {
        out.count(self.by_number.len());
        for word in self.by_number.iter() {
            out.text(word);
        }
    }
    pub(crate) fn load(input: &mut Input<'_>) -> Result<Self, InputError> {
        let mut words = Self::default();
        for _ in 0..input.count()? {
            words.number(input.text()?);
        }
        Ok(words)
    }
}

impl Footprint for Words {
    fn heap(&self) -> usize {
        self.by_word.heap() + self.by_number.heap()
    }
}

impl Transact for Words {
    fn begin(&mut self) {
        self.by_word.begin();
        self.by_number.begin();
    }
    fn keep(&mut self) {
        self.by_word.keep();
        self.by_number.keep();
    }
    fn undo(&mut self) {
        self.by_word.undo();
        self.by_number.undo();
    }
}
