//! What conditions say about the sort of actor and the sort of object, as bits: most conditions ask nothing else.
//!
//! Why: a question meets some ten entries, and to compare words each of them would lead to its version, its clause and two
//! strings. Here an entry holds two sets of word numbers for each of the two, those that may pass and those that certainly do. They differ
//! for words that came after the entry was compiled: nobody has to compile anew when a word comes. What the bits do not settle is
//! asked of the clause.

use super::Clause;
use crate::store::Words;

/// The bit of every word that has none of its own, and of what is not known.
const OTHER: u8 = 63;

fn bit_of(number: u32) -> u8 {
    number.min(u32::from(OTHER)) as u8
}

/// Which words pass, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sieve {
    /// Those that may pass.
    words: u64,
    /// What bits from here on say is not certain.
    known: u8,
}

impl Sieve {
    const OPEN: Self = Self { words: !0, known: OTHER + 1 };

    fn of(listed: Option<&super::Many<String>>, words: &Words) -> Self {
        let Some(listed) = listed else { return Self::OPEN };
        // Words that come later have numbers from here on: whether they are listed is not known yet.
        let known = bit_of(words.len() as u32);
        let found = listed.0.iter().filter_map(|word| words.find(word)).map(bit_of);
        let listed = found.filter(|bit| *bit < known).fold(0, |bits, bit| bits | 1 << bit);
        Self { words: listed | !0 << known, known }
    }
    /// The bits of words that certainly pass.
    fn sure(&self) -> u64 {
        self.words & 1u64.checked_shl(self.known.into()).map_or(!0, |bit| bit - 1)
    }
    #[inline]
    fn passes(&self, bit: u8) -> Option<bool> {
        if self.words >> bit & 1 == 0 {
            return Some(false);
        }
        (bit < self.known).then_some(true)
    }
}

/// What a question is about, as far as gates look: the bit of the actor's kind, and that of the object's type.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    kind: u8,
    object_type: u8,
}

impl Seen {
    /// The bits: of a kind, of a type.
    #[inline]
    pub(super) fn bits(self) -> (usize, usize) {
        (self.kind.into(), self.object_type.into())
    }
    /// An actor of the kind with that number, and an object of the type with that number, if it is known.
    #[inline]
    #[must_use]
    pub fn new(kind: u32, object_type: Option<u32>) -> Self {
        Self { kind: bit_of(kind), object_type: object_type.map_or(OTHER, bit_of) }
    }
}

/// The conditions of an entry, as far as bits say them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    kinds: Sieve,
    types: Sieve,
    /// Is anything asked besides?
    deep: bool,
}

impl Gate {
    /// Of conditions, the action left out; `None` for none.
    pub(super) fn of(when: Option<&Clause>, kinds: &Words, types: &Words) -> Self {
        let Some(when) = when else { return Self { kinds: Sieve::OPEN, types: Sieve::OPEN, deep: false } };
        let rest = Clause { principal_kind: None, object_type: None, ..when.clone() };
        Self {
            kinds: Sieve::of(when.principal_kind.as_ref(), kinds),
            types: Sieve::of(when.object_type.as_ref(), types),
            deep: !rest.is_empty(),
        }
    }
    /// The words that may pass, and those for which it holds whatever else there is: of kinds, and of types.
    pub(super) fn words(&self) -> [[u64; 2]; 2] {
        let sure = |sieve: &Sieve| if self.deep { 0 } else { sieve.sure() };
        [self.kinds, self.types].map(|sieve| [sieve.words, sure(&sieve)])
    }
    /// Do the conditions hold? `None` where the clause has to be asked.
    #[inline]
    #[must_use]
    pub fn settles(&self, seen: Seen) -> Option<bool> {
        match (self.kinds.passes(seen.kind), self.types.passes(seen.object_type)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) if !self.deep => Some(true),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Many;

    /// A word that comes after a rule, or beyond the bits, must not slip through as "not listed".
    #[test]
    fn a_gate_settles_only_what_it_knows() {
        let (mut kinds, mut types) = (Words::default(), Words::default());
        let (person, robot) = (kinds.number("person"), kinds.number("robot"));
        let note = types.number("note");
        let listed = |words: &[&str]| Some(Many(words.iter().map(|word| (*word).to_owned()).collect()));
        let when = Clause { principal_kind: listed(&["robot", "agent"]), ..Clause::default() };
        let gate = Gate::of(Some(&when), &kinds, &types);
        assert_eq!(gate.settles(Seen::new(robot, None)), Some(true));
        assert_eq!(gate.settles(Seen::new(person, Some(note))), Some(false));
        let agent = kinds.number("agent");
        assert_eq!(gate.settles(Seen::new(agent, None)), None, "it came later, and is listed");
        for nth in 0..100 {
            kinds.number(&format!("kind {nth}"));
        }
        let when = Clause { principal_kind: listed(&["kind 90"]), ..when };
        let gate = Gate::of(Some(&when), &kinds, &types);
        let numbered = |word: &str| Seen::new(kinds.find(word).unwrap_or(u32::MAX), None);
        assert_eq!(gate.settles(numbered("robot")), Some(false));
        assert_eq!((gate.settles(numbered("kind 90")), gate.settles(numbered("kind 91"))), (None, None));

        let when = Clause { object_type: listed(&["note"]), ..Clause::default() };
        let gate = Gate::of(Some(&when), &kinds, &types);
        assert_eq!(gate.settles(Seen::new(person, Some(note))), Some(true));
        assert_eq!(gate.settles(Seen::new(person, None)), None, "nobody said which type");
        let deep = Clause { role: Some(crate::tenancy::Role::Admin), ..when };
        let gate = Gate::of(Some(&deep), &kinds, &types);
        assert_eq!(gate.settles(Seen::new(person, Some(note))), None, "there is more to be asked");
        assert_eq!(Gate::of(None, &kinds, &types).settles(Seen::new(person, None)), Some(true));
    }
}
