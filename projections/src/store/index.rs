//! Row numbers by id: one cache line a look.
//!
//! Why: of a million rows nothing lies in a cache, and every dependent step of a look-up is a wait for memory. A slot is one word that holds
//! the row number and half of the hash, so a look touches one line here and then the row that it wants; rows of others are not
//! touched. Open addressing with linear probing, at most three quarters full.
//!
//! Ids are often drawn by callers. The hash is keyed by the process, so that nobody can choose ids that collide.
//! INVARIANT (in order): slots are filled as if rows had come in the order of their numbers. So taking the last row out again is
//! emptying its slot, and nothing moves: all that going back to the begin of a batch needs.

use super::{Footprint, Hash, room};
use scoped_log::hint::prefetch;
use std::hash::BuildHasher;

const EMPTY: u64 = u64::MAX;
const SLOTS_MIN: usize = 4;

/// An index over ids. It holds row numbers only: 8 bytes a slot.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Length is zero or a power of two.
    slots: Vec<u64>,
    len: usize,
    hash: Hash,
}

impl Clone for Index {
    fn clone(&self) -> Self {
        Self { slots: room::copied(&self.slots), len: self.len, hash: self.hash.clone() }
    }
}

impl Footprint for Index {
    fn heap(&self) -> usize {
        self.slots.heap()
    }
}

impl Index {
    /// The row with that id; `same` tells whether a row has it.
    pub(super) fn find(&self, id: u128, same: impl Fn(u32) -> bool) -> Option<u32> {
        let hash = self.hash.hash_one(id);
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        loop {
            let slot = *self.slots.get(at)?;
            if slot == EMPTY {
                return None;
            }
            if slot >> 32 == hash >> 32 && same(slot as u32) {
                return Some(slot as u32);
            }
            at = (at + 1) & mask;
        }
    }

    /// A hint that this id will be asked for soon.
    #[inline]
    pub(super) fn expect(&self, id: u128) {
        prefetch(&self.slots, self.hash.hash_one(id) as usize & self.slots.len().wrapping_sub(1));
    }

    /// The row that mostly is the one with that id: nobody has looked at it yet.
    #[inline]
    pub(super) fn likely(&self, id: u128) -> Option<u32> {
        self.find(id, |_| true)
    }

    /// Makes room for so many more rows. `id_of` as for [`Self::push`].
    pub(super) fn reserve(&mut self, count: usize, id_of: impl Fn(u32) -> u128) {
        let wanted = (self.len + count) * 4;
        if wanted > self.slots.len() * 3 {
            // The least power of two of which three quarters are enough.
            self.widen(wanted.div_ceil(3).next_power_of_two().max(SLOTS_MIN), id_of);
        }
    }

    /// Lays everything out anew in so many slots.
    fn widen(&mut self, slots: usize, id_of: impl Fn(u32) -> u128) {
        self.slots = room::filled(slots, EMPTY);
        for row in 0..self.len as u32 {
            self.put(id_of(row), row);
        }
    }

    /// Adds the next row. `id_of` gives the ids of the rows before it, which are asked for when the index grows.
    pub(super) fn push(&mut self, id: u128, row: u32, id_of: impl Fn(u32) -> u128) {
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.widen((self.slots.len() * 2).max(SLOTS_MIN), id_of);
        }
        self.put(id, row);
        self.len += 1;
    }

    fn put(&mut self, id: u128, row: u32) {
        let hash = self.hash.hash_one(id);
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at] != EMPTY {
            at = (at + 1) & mask;
        }
        self.slots[at] = hash >> 32 << 32 | u64::from(row);
    }

    /// Takes the last row out again (in order).
    pub(super) fn pop(&mut self, id: u128, row: u32) {
        let hash = self.hash.hash_one(id);
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        let wanted = hash >> 32 << 32 | u64::from(row);
        while let Some(slot) = self.slots.get_mut(at).filter(|slot| **slot != EMPTY) {
            if *slot == wanted {
                *slot = EMPTY;
                self.len -= 1;
                return;
            }
            at = (at + 1) & mask;
        }
    }
}
