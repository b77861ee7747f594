//! Searching maps of paths with borrowed ones.

use super::{ScopePath, ScopePathRef};
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// The key by which maps of paths are searched, with an owned or a borrowed path and without allocating:
///
/// ```text
/// nodes.get(&alice.root() as &dyn PathKey)        nodes: BTreeMap<ScopePath, _> or HashMap<ScopePath, _>
/// ```
pub trait PathKey {
    /// The path to be found.
    fn path_key(&self) -> ScopePathRef<'_>;
}

impl PathKey for ScopePath {
    fn path_key(&self) -> ScopePathRef<'_> {
        self.as_path_ref()
    }
}

impl PathKey for ScopePathRef<'_> {
    fn path_key(&self) -> ScopePathRef<'_> {
        *self
    }
}

impl<'a> Borrow<dyn PathKey + 'a> for ScopePath {
    fn borrow(&self) -> &(dyn PathKey + 'a) {
        self
    }
}

impl PartialEq for dyn PathKey + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.path_key() == other.path_key()
    }
}

impl Eq for dyn PathKey + '_ {}

impl PartialOrd for dyn PathKey + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for dyn PathKey + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        self.path_key().cmp(&other.path_key())
    }
}

impl Hash for dyn PathKey + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.path_key().hash(state);
    }
}
