//! What a principal is and where, a word for each membership: what says yes or no without the map of all memberships.
//!
//! Why: the slot of a membership in that map is known only when the scope is, and lies in no cache, so that a decision waited for memory
//! once more. These words are found by the principal alone. They are asked for at the beginning of a decision and are there when the
//! scope is known.
//!
//! INVARIANT (parts): a list that is kept says of every scope what the map says, or to ask the map. Lists longer than
//! [`LISTED_MAX`] are given up, and say so. Derived from the memberships, never saved.

use super::Role;
use crate::store::{Rows, transact};

/// Most words of a list: eight cache lines.
const LISTED_MAX: usize = 128;
/// Principals that lists are kept for; of those behind, every scope is looked up.
const PRINCIPALS_MAX: u32 = 1 << 24;
/// Scopes that words can name.
const SCOPES_MAX: u32 = 1 << 28;
/// The one word of a list that was given up. It names no scope.
const GIVEN_UP: u32 = u32::MAX;

/// What a list says of a principal and a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It is no member there.
    Nothing,
    /// It is a member, without an end.
    Role(Role),
    /// Whether it is one, and until when, says the map.
    Unsure,
}

/// Scope, role, and whether the membership ends.
fn word(scope: u32, role: Role, ends: bool) -> u32 {
    scope << 4 | u32::from(role.tag()) << 1 | u32::from(ends)
}

fn scope_of(word: u32) -> u32 {
    word >> 4
}

/// The words of one principal, by scope.
#[derive(Debug, Clone, Copy)]
pub struct PartList<'a>(&'a [u32]);

impl PartList<'_> {
    /// What it is in that very scope.
    #[inline]
    #[must_use]
    pub fn of(self, scope: u32) -> Part {
        let at = self.0.partition_point(|word| scope_of(*word) < scope);
        match self.0.get(at) {
            Some(&word) if scope_of(word) == scope && word != GIVEN_UP => {
                match Role::from_tag((word >> 1 & 7) as u8) {
                    Some(role) if word & 1 == 0 => Part::Role(role),
                    _ => Part::Unsure,
                }
            }
            _ if self.0.last() == Some(&GIVEN_UP) => Part::Unsure,
            _ => Part::Nothing,
        }
    }
    /// A hint that it will be asked.
    #[inline]
    pub fn expect(self) {
        for at in (0..self.0.len()).step_by(64 / size_of::<u32>()) {
            scoped_log::hint::prefetch(self.0, at);
        }
    }
}

/// Of all principals, by row.
#[derive(Debug, Clone, Default)]
pub(super) struct Parts {
    rows: Rows<Box<[u32]>>,
}
transact!(Parts { rows });

impl Parts {
    #[inline]
    pub(super) fn of(&self, principal: u32) -> PartList<'_> {
        match self.rows.get(principal) {
            Some(words) => PartList(words),
            None if principal < PRINCIPALS_MAX => PartList(&[]),
            None => PartList(&[GIVEN_UP]),
        }
    }
    /// That principal is a member of that scope, as that.
    pub(super) fn put(&mut self, principal: u32, scope: u32, role: Role, ends: bool) {
        self.edit(principal, |words| match words.binary_search_by_key(&scope, |word| scope_of(*word)) {
            _ if scope >= SCOPES_MAX - 1 => *words = vec![GIVEN_UP],
            Ok(at) => words[at] = word(scope, role, ends),
            Err(_) if words.len() >= LISTED_MAX => *words = vec![GIVEN_UP],
            Err(at) => words.insert(at, word(scope, role, ends)),
        });
    }
    /// It is one no longer.
    pub(super) fn take(&mut self, principal: u32, scope: u32) {
        self.edit(principal, |words| words.retain(|word| scope_of(*word) != scope));
    }

    fn edit(&mut self, principal: u32, change: impl FnOnce(&mut Vec<u32>)) {
        if principal >= PRINCIPALS_MAX || self.of(principal).0 == [GIVEN_UP] {
            return;
        }
        while self.rows.len() <= principal as usize {
            self.rows.push(Box::default());
        }
        if let Some(list) = self.rows.edit(principal) {
            let mut words = std::mem::take(list).into_vec();
            change(&mut words);
            *list = words.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Transact;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

        /// A word too many is a right that nobody gave, one too few a right that is lost; also where a batch is taken back, and where
        /// lists become too long.
        #[test]
        fn a_list_says_what_the_map_says_or_to_ask_it(
            ops in prop::collection::vec((0u32..3, 0u32..200, 0u8..6, any::<bool>(), 0u8..20), 0..900)
        ) {
            let (mut parts, mut naive) = (Parts::default(), BTreeMap::new());
            let mut before = None;
            for (principal, scope, role, ends, batch) in ops {
                match batch {
                    0 if before.is_none() => {
                        parts.begin();
                        before = Some(naive.clone());
                    }
                    1 => if let Some(then) = before.take() {
                        parts.undo();
                        naive = then;
                    },
                    2 if before.take().is_some() => parts.keep(),
                    _ => {}
                }
                match Role::from_tag(role) {
                    Some(role) => {
                        parts.put(principal, scope, role, ends);
                        naive.insert((principal, scope), (role, ends));
                    }
                    None => {
                        parts.take(principal, scope);
                        naive.remove(&(principal, scope));
                    }
                }
            }
            for (principal, scope) in (0..4).flat_map(|principal| (0..201).map(move |scope| (principal, scope))) {
                let expected = match naive.get(&(principal, scope)) {
                    Some((role, false)) => Part::Role(*role),
                    Some((_, true)) => Part::Unsure,
                    None => Part::Nothing,
                };
                let given_up = parts.of(principal).0 == [GIVEN_UP];
                let said = parts.of(principal).of(scope);
                prop_assert_eq!(said, if given_up { Part::Unsure } else { expected });
            }
        }
    }

    #[test]
    fn what_has_no_word_is_looked_up() {
        let mut parts = Parts::default();
        assert_eq!(parts.of(0).of(7), Part::Nothing, "nobody was put anywhere");
        assert_eq!(parts.of(PRINCIPALS_MAX).of(7), Part::Unsure, "who is not kept");
        parts.put(1, 7, Role::Writer, false);
        assert_eq!((parts.of(1).of(7), parts.of(1).of(8)), (Part::Role(Role::Writer), Part::Nothing));
        parts.put(1, SCOPES_MAX, Role::Reader, false);
        assert_eq!((parts.of(1).of(7), parts.of(1).of(SCOPES_MAX)), (Part::Unsure, Part::Unsure));
        (0..=LISTED_MAX as u32).for_each(|scope| parts.put(2, scope, Role::Reader, false));
        assert_eq!((parts.of(2).of(7), parts.of(2).of(1_000)), (Part::Unsure, Part::Unsure), "too many");
    }
}
