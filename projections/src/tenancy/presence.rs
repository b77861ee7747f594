//! Where a principal may be a member: two cache lines that answer most of a walk with "not here".
//!
//! Why: a walk to the root asks at every node whether the actor is a member, and mostly it is not. A map of a million memberships
//! lies in no cache; the lines of those who act do. A clear bit is certain; set ones are looked up. With a hundred
//! memberships one in thirty answers "perhaps" in vain. Bits stay when a membership ends: that costs a look, and no more.
//! Source of the idea: Bloom, Space/Time Trade-offs in Hash Coding with Allowable Errors (1970), with two bits a key.

use crate::store::{Rows, transact};

const WORDS: usize = 16;
/// Principals that lines are kept for; of those behind, every scope is looked up.
const PRINCIPALS_MAX: u32 = 1 << 24;

/// Scopes that somebody may be a member of. The default is nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(align(64))]
pub struct Presence([u64; WORDS]);

/// The word of a scope, and its two bits there. Rows are counted up: scopes that were made together fall on different words.
#[inline]
fn place(scope: u32) -> (usize, u64) {
    let hash = u64::from(scope).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((hash >> 60) as usize % WORDS, 1 << (hash >> 54 & 63) | 1 << (hash >> 48 & 63))
}

impl Presence {
    /// False: certainly no member of that very scope. True: perhaps.
    #[inline]
    #[must_use]
    pub fn may_be_in(&self, scope: u32) -> bool {
        let (word, bits) = place(scope);
        self.0[word] & bits == bits
    }
    /// Wherever one of the two may be.
    #[inline]
    pub fn join(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own |= other;
        }
    }
}

crate::store::owns_nothing!(Presence);

/// Of all principals, by row.
#[derive(Debug, Clone, Default)]
pub(super) struct Presences {
    rows: Rows<Presence>,
}
transact!(Presences { rows });

impl Presences {
    #[inline]
    pub(super) fn of(&self, principal: u32) -> Presence {
        match self.rows.get(principal) {
            Some(presence) => *presence,
            None if principal < PRINCIPALS_MAX => Presence::default(),
            None => Presence([!0; WORDS]),
        }
    }
    #[inline]
    pub(super) fn may_be_in(&self, principal: u32, scope: u32) -> bool {
        match self.rows.get(principal) {
            Some(presence) => presence.may_be_in(scope),
            None => principal >= PRINCIPALS_MAX,
        }
    }
    /// That principal is a member of that scope from now on.
    pub(super) fn put(&mut self, principal: u32, scope: u32) {
        if principal >= PRINCIPALS_MAX {
            return;
        }
        while self.rows.len() <= principal as usize {
            self.rows.push(Presence::default());
        }
        if self.rows.get(principal).is_some_and(|presence| !presence.may_be_in(scope))
            && let Some(presence) = self.rows.edit(principal)
        {
            let (word, bits) = place(scope);
            presence.0[word] |= bits;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bit that is missed would be a right that is lost.
    #[test]
    fn whoever_was_put_somewhere_may_be_there() {
        let mut presences = Presences::default();
        let scopes: Vec<u32> = (0..200).map(|nth: u32| nth.wrapping_mul(7_919)).collect();
        scopes.iter().for_each(|scope| presences.put(3, *scope));
        let own = presences.of(3);
        assert!(scopes.iter().all(|scope| own.may_be_in(*scope)));
        assert_eq!(presences.of(2), Presence::default(), "nobody else is anywhere");
        presences.put(PRINCIPALS_MAX, 1);
        assert!(presences.of(PRINCIPALS_MAX).may_be_in(1), "who is not kept is looked up");
        let few = (0..100_000).filter(|scope| own.may_be_in(*scope)).count();
        assert!(few < 15_000, "it tells apart: {few} of 100 000");
    }
}
