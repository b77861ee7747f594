//! What a state takes in memory, told by the containers themselves.
//!
//! Why: a world is kept twice, and whoever runs it wants to know what a million objects take, and which part of it takes what. An
//! allocator knows how much, and not what for.
//! Units: bytes asked of the allocator, without what it adds for itself. Lists and hashed maps count their room, used or not. A
//! sorted map does not tell its nodes: it is taken to use seven places of eleven, which both rising and random keys come to.
//! What is shared (`Arc`) counts in equal parts for those who hold it, and by its own size: the insides of rules and of contracts
//! are few, and are left out.
//! `projections/tests/footprint.rs` holds the sum against an allocator that counts.

use roaring::RoaringBitmap;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Knows how much memory it owns.
pub trait Footprint {
    /// Bytes that it owns beyond its own size; none for plain values.
    fn heap(&self) -> usize {
        0
    }
}

/// Says of types that they own nothing.
macro_rules! owns_nothing {
    ($($plain:ty),* $(,)?) => {
        $(impl $crate::store::Footprint for $plain {})*
    };
}
pub(crate) use owns_nothing;

owns_nothing!((), bool, u8, u16, u32, u64, u128, crate::Sequence);

impl<const N: usize> Footprint for [u8; N] {}

impl Footprint for Box<str> {
    fn heap(&self) -> usize {
        self.len()
    }
}
impl<T: Footprint> Footprint for Box<[T]> {
    fn heap(&self) -> usize {
        size_of_val(&**self) + insides(self.iter())
    }
}
impl<T: Footprint> Footprint for Vec<T> {
    fn heap(&self) -> usize {
        self.capacity() * size_of::<T>() + insides(self.iter())
    }
}
impl<T: Footprint> Footprint for Option<T> {
    fn heap(&self) -> usize {
        self.as_ref().map_or(0, T::heap)
    }
}
impl<T> Footprint for Arc<T> {
    fn heap(&self) -> usize {
        (size_of::<T>() + ARC_COUNTS) / Arc::strong_count(self).max(1)
    }
}
impl Footprint for Arc<str> {
    fn heap(&self) -> usize {
        (self.len() + ARC_COUNTS) / Arc::strong_count(self).max(1)
    }
}
/// The two counts beside what is shared.
const ARC_COUNTS: usize = 2 * size_of::<usize>();

macro_rules! tuples {
    ($(($($name:ident),+))*) => {
        $(impl<$($name: Footprint),+> Footprint for ($($name,)+) {
            #[expect(non_snake_case, reason = "one name for the type and its value")]
            fn heap(&self) -> usize {
                let ($($name,)+) = self;
                0 $(+ $name.heap())+
            }
        })*
    };
}
tuples! { (A, B) (A, B, C) (A, B, C, D) }

/// What lies behind each of some values.
fn insides<'a, T: Footprint + 'a>(values: impl Iterator<Item = &'a T>) -> usize {
    values.map(T::heap).sum()
}

/// Places in a node of a sorted map, and how many of them are taken for filled.
const NODE_PLACES: usize = 11;
const NODE_FILLED: usize = 7;

impl<K: Footprint, V: Footprint> Footprint for BTreeMap<K, V> {
    fn heap(&self) -> usize {
        let word = size_of::<usize>();
        let leaf = NODE_PLACES * (size_of::<K>() + size_of::<V>()) + 2 * word;
        let inner = leaf + (NODE_PLACES + 1) * word;
        // Each level has a seventh of the nodes of the one below.
        let leaves = self.len().div_ceil(NODE_FILLED);
        let nodes = leaves * leaf + leaves / (NODE_FILLED - 1) * inner;
        nodes + self.iter().map(|(key, value)| key.heap() + value.heap()).sum::<usize>()
    }
}

/// Bytes of a hashed map and of what lies behind its values: its keys own nothing.
pub fn hashed<K, V: Footprint, S>(map: &HashMap<K, V, S>) -> usize {
    // Seven slots of eight hold something; each has a byte beside it.
    let slots = (map.capacity() * 8 / 7).checked_next_power_of_two().unwrap_or(0);
    let slots = if map.capacity() == 0 { 0 } else { slots };
    slots * (size_of::<(K, V)>() + 1) + insides(map.values())
}

/// A slot of a compressed set's list of parts, as it is laid out today: the type is not ours.
const PART_BYTES: usize = 40;
/// Bytes of a part that is a plain bitmap.
const BITMAP_BYTES: usize = 8_192;

impl Footprint for RoaringBitmap {
    fn heap(&self) -> usize {
        let seen = self.statistics();
        // The first part makes room for four. Arrays tell their room as if their values had four bytes; they have two.
        let parts = (seen.n_containers as usize).checked_next_power_of_two().unwrap_or(0);
        let room = if seen.n_containers == 0 { 0 } else { parts.max(4) * PART_BYTES };
        room + seen.n_bytes_array_containers as usize / 2
            + seen.n_bytes_run_containers as usize
            + seen.n_bitset_containers as usize * BITMAP_BYTES
    }
}

/// A container, and what it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The domain that it belongs to.
    pub domain: &'static str,
    /// Its name in the domain's state.
    pub container: &'static str,
    /// Bytes in one world.
    pub bytes: usize,
}
