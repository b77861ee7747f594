//! The words that are declared of something: one mostly, several where a scope and a type say different things.
//!
//! Words add up. A test of several words that do not all give the same answer is a missing attribute, so that no word which
//! somebody adds makes a deny go away, or an allow hold.

use super::{Attribute, Truth};

/// Most different words that are kept apart. More are known to be there, and that is all.
const WORDS_MAX: usize = 4;

/// A few words, each once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Words<'a> {
    words: [&'a str; WORDS_MAX],
    count: u8,
    /// There are others, or it is not known whether there are.
    more: bool,
}

impl<'a> Words<'a> {
    /// One word.
    #[must_use]
    pub fn one(word: &'a str) -> Self {
        let mut words = Self::default();
        words.add(word);
        words
    }
    /// Is more said than these words, or perhaps more?
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.more
    }
    /// One more.
    pub(super) fn add(&mut self, word: &'a str) {
        if self.iter().any(|known| known == word) {
            return;
        }
        match self.words.get_mut(usize::from(self.count)) {
            Some(place) => {
                *place = word;
                self.count += 1;
            }
            None => self.more = true,
        }
    }
    /// There may be others.
    pub(super) fn add_unknown(&mut self) {
        self.more = true;
    }
    /// Was nothing said at all?
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0 && !self.more
    }
    /// Those that are known.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let Self { words, count, .. } = *self;
        words.into_iter().take(usize::from(count))
    }
    /// The only one, if it is the only one.
    #[must_use]
    pub fn single(&self) -> Option<&'a str> {
        if self.more || self.count != 1 { None } else { self.iter().next() }
    }
    fn test(&self, holds: impl Fn(&str) -> bool) -> Truth {
        let (all, any) = (self.iter().all(&holds), self.iter().any(&holds));
        match (self.more, all, any) {
            (false, true, _) => Truth::Yes,
            (false, _, false) => Truth::No,
            _ => Truth::Missing,
        }
    }
}

impl Attribute<Words<'_>> {
    /// A test of each word: missing unless all give the same answer.
    pub fn says(self, holds: impl Fn(&str) -> bool) -> Truth {
        match self {
            Self::Is(words) => words.test(holds),
            Self::None => Truth::No,
            Self::Missing => Truth::Missing,
            Self::Each => Truth::Each,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&'static str]) -> Words<'static> {
        let mut all = Words::default();
        words.iter().for_each(|word| all.add(word));
        all
    }

    #[test]
    fn words_that_disagree_are_a_missing_attribute() {
        let is = |words: &[&'static str]| Attribute::Is(of(words)).says(|word| word == "secret");
        assert_eq!(is(&["secret"]), Truth::Yes);
        assert_eq!(is(&["public"]), Truth::No);
        assert_eq!(is(&["public", "internal"]), Truth::No);
        assert_eq!(is(&["public", "secret"]), Truth::Missing);
        assert_eq!(is(&["a", "b", "c", "d", "e"]), Truth::Missing, "one that is not kept may be the one");
        assert_eq!((of(&["a", "a"]).single(), of(&["a", "b"]).single()), (Some("a"), None));
    }
}
