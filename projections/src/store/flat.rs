//! A map from a number to a small value: one cache line a look, whether it is there or not.
//!
//! Why: a decision asks a map of a million memberships a few times, and each time waits for memory. A map with control bytes
//! beside its values waits twice; here key and value lie in one slot of 32 bytes, which never lies across two lines.
//! Open addressing with linear probing, at most three quarters full; what is taken out is closed up by those behind it, so there are no
//! gravestones (Knuth, The Art of Computer Programming 3, 6.4, algorithm R).
//!
//! Keys are pairs of row numbers, which callers cannot choose freely; the hash is keyed by the process all the same.

use super::undo::Undo;
use super::{Footprint, Hash, Transact, room};
use scoped_log::hint::prefetch;
use std::hash::BuildHasher;

const SLOTS_MIN: usize = 4;
/// The key that no value has.
const EMPTY: u64 = u64::MAX;

#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
struct Slot<V> {
    key: u64,
    value: V,
}

/// A hashed map of small values. It offers no iteration: nothing may depend on its order.
#[derive(Debug)]
pub struct Flat<V> {
    /// Length is zero or a power of two; at least a quarter is empty.
    slots: Vec<Slot<V>>,
    len: usize,
    hash: Hash,
    undo: Undo<(u64, Option<V>)>,
}

impl<V> Default for Flat<V> {
    fn default() -> Self {
        const { assert!(size_of::<Slot<V>>() == 32, "values of at most 24 bytes") }
        Self { slots: Vec::new(), len: 0, hash: Hash::default(), undo: Undo::default() }
    }
}

impl<V: Copy> Clone for Flat<V> {
    fn clone(&self) -> Self {
        let (slots, undo) = (room::copied(&self.slots), self.undo.clone());
        Self { slots, len: self.len, hash: self.hash.clone(), undo }
    }
}

impl<V: Copy + Default> Flat<V> {
    /// The value of `key`.
    #[inline]
    #[must_use]
    pub fn get(&self, key: u64) -> Option<&V> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = self.home(key);
        loop {
            let slot = self.slots.get(at & mask)?;
            if slot.key == key && key != EMPTY {
                return Some(&slot.value);
            }
            if slot.key == EMPTY {
                return None;
            }
            at = (at & mask) + 1;
        }
    }
    /// A hint that `key` will be asked for soon.
    #[inline]
    pub fn expect(&self, key: u64) {
        prefetch(&self.slots, self.home(key) & self.slots.len().wrapping_sub(1));
    }
    /// Sets the value of `key`; the greatest number is no key, and setting it does nothing.
    pub fn insert(&mut self, key: u64, value: V) {
        if key == EMPTY {
            return;
        }
        let old = self.put(key, value);
        self.undo.note(|| (key, old));
    }
    /// Takes `key` out.
    pub fn remove(&mut self, key: u64) -> Option<V> {
        let old = self.take(key)?;
        self.undo.note(|| (key, Some(old)));
        Some(old)
    }
    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }
    /// True without any key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    fn home(&self, key: u64) -> usize {
        self.hash.hash_one(key) as usize
    }

    /// Where `key` is, or the empty slot where it would be; none while there are no slots.
    fn place(&self, key: u64) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = self.home(key) & mask;
        while self.slots[at].key != EMPTY && self.slots[at].key != key {
            at = (at + 1) & mask;
        }
        Some(at)
    }

    fn put(&mut self, key: u64, value: V) -> Option<V> {
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            let empty = Slot { key: EMPTY, value: V::default() };
            let wider = room::filled((self.slots.len() * 2).max(SLOTS_MIN), empty);
            let full = std::mem::replace(&mut self.slots, wider);
            for slot in full.into_iter().filter(|slot| slot.key != EMPTY) {
                if let Some(at) = self.place(slot.key) {
                    self.slots[at] = slot;
                }
            }
        }
        let at = self.place(key)?;
        let old = std::mem::replace(&mut self.slots[at], Slot { key, value });
        if old.key == EMPTY {
            self.len += 1;
            return None;
        }
        Some(old.value)
    }

    fn take(&mut self, key: u64) -> Option<V> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut gap = self.place(key).filter(|at| self.slots[*at].key != EMPTY)?;
        let old = self.slots[gap].value;
        let mut at = gap;
        loop {
            at = (at + 1) & mask;
            let slot = self.slots[at];
            if slot.key == EMPTY {
                break;
            }
            // One that started its probe behind the gap stays: it would not be found before it.
            let home = self.home(slot.key) & mask;
            if at.wrapping_sub(home) & mask >= at.wrapping_sub(gap) & mask {
                self.slots[gap] = slot;
                gap = at;
            }
        }
        self.slots[gap].key = EMPTY;
        self.len -= 1;
        Some(old)
    }
}

impl<V> Footprint for Flat<V> {
    fn heap(&self) -> usize {
        self.slots.capacity() * size_of::<Slot<V>>()
    }
}

impl<V: Copy + Default> Transact for Flat<V> {
    fn begin(&mut self) {
        self.undo.begin();
    }
    fn keep(&mut self) {
        self.undo.keep();
    }
    fn undo(&mut self) {
        for (key, old) in self.undo.take() {
            match old {
                Some(value) => self.put(key, value),
                None => self.take(key),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

        /// Keys come, change and go, in tables that are full enough for long probes.
        #[test]
        fn it_holds_what_a_sorted_map_holds(ops in prop::collection::vec((0u64..200, any::<bool>(), any::<u64>()), 0..800)) {
            let (mut flat, mut naive) = (Flat::<u64>::default(), BTreeMap::new());
            for (key, put, value) in ops {
                if put {
                    flat.insert(key, value);
                    naive.insert(key, value);
                } else {
                    prop_assert_eq!(flat.remove(key), naive.remove(&key));
                }
                prop_assert_eq!(flat.len(), naive.len());
            }
            for key in (0..200).chain([u64::MAX]) {
                prop_assert_eq!(flat.get(key), naive.get(&key));
            }
        }
    }
}
