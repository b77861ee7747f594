//! Maps and sorted sets that can go back.

use super::undo::Undo;
use super::{Footprint, Hash, Transact, hashed};
use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash as StdHash,
    ops::RangeBounds,
};

/// A hashed map. It offers no iteration: nothing may depend on its order.
#[derive(Debug, Clone)]
pub struct Keyed<K, V> {
    map: HashMap<K, V, Hash>,
    undo: Undo<(K, Option<V>)>,
}

impl<K, V> Default for Keyed<K, V> {
    fn default() -> Self {
        Self { map: HashMap::default(), undo: Undo::default() }
    }
}

impl<K: Eq + StdHash + Clone, V: Clone> Keyed<K, V> {
    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key)
    }
    /// Sets the value of `key`.
    pub fn insert(&mut self, key: K, value: V) {
        let old = self.map.insert(key.clone(), value);
        self.undo.note(|| (key, old));
    }
    /// Takes `key` out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let old = self.map.remove(key)?;
        self.undo.note(|| (key.clone(), Some(old.clone())));
        Some(old)
    }
    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }
    /// True without any key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }
}

impl<K: Footprint, V: Footprint> Footprint for Keyed<K, V> {
    fn heap(&self) -> usize {
        hashed(&self.map) + self.map.keys().map(K::heap).sum::<usize>()
    }
}

impl<K: Eq + StdHash + Clone, V: Clone> Transact for Keyed<K, V> {
    fn begin(&mut self) {
        self.undo.begin();
    }
    fn keep(&mut self) {
        self.undo.keep();
    }
    fn undo(&mut self) {
        for (key, old) in self.undo.take() {
            match old {
                Some(value) => self.map.insert(key, value),
                None => self.map.remove(&key),
            };
        }
    }
}

/// A sorted map, for what is walked in order: names, paths, the members of a scope.
#[derive(Debug, Clone)]
pub struct Sorted<K, V> {
    map: BTreeMap<K, V>,
    undo: Undo<(K, Option<V>)>,
}

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Self { map: BTreeMap::new(), undo: Undo::default() }
    }
}

impl<K: Ord + Clone, V: Clone> Sorted<K, V> {
    /// The value of `key`.
    #[must_use]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.map.get(key)
    }
    /// Sets the value of `key`.
    pub fn insert(&mut self, key: K, value: V) {
        let old = self.map.insert(key.clone(), value);
        self.undo.note(|| (key, old));
    }
    /// Takes `key` out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let old = self.map.remove(key)?;
        self.undo.note(|| (key.clone(), Some(old.clone())));
        Some(old)
    }
    /// Part of the map, in order.
    pub fn range(&self, range: impl RangeBounds<K>) -> std::collections::btree_map::Range<'_, K, V> {
        self.map.range(range)
    }
    /// All of the map, in order.
    pub fn iter(&self) -> std::collections::btree_map::Iter<'_, K, V> {
        self.map.iter()
    }
    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }
    /// True without any key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }
}

impl<K: Footprint, V: Footprint> Footprint for Sorted<K, V> {
    fn heap(&self) -> usize {
        self.map.heap()
    }
}

impl<K: Ord + Clone, V: Clone> Transact for Sorted<K, V> {
    fn begin(&mut self) {
        self.undo.begin();
    }
    fn keep(&mut self) {
        self.undo.keep();
    }
    fn undo(&mut self) {
        for (key, old) in self.undo.take() {
            match old {
                Some(value) => self.map.insert(key, value),
                None => self.map.remove(&key),
            };
        }
    }
}
