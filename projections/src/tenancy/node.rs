//! A place where things can be shared, and how it stands.

use super::ScopePath;
use crate::store::Identified;
use crate::tagged::tagged;
use crate::{ScopeId, Sequence};

/// A place where things can be shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its id.
    pub id: ScopeId,
    /// Row of its parent, [`NO_ROW`] for a root.
    pub parent: u32,
    /// Nodes above it.
    pub depth: u8,
    /// Deleted: nothing is shared through it any more.
    pub archived: bool,
    /// Nothing in it widens or changes.
    pub frozen: bool,
    /// It came to be because something was written to its path, and nobody has registered it since.
    pub auto_provisioned: bool,
    /// Hidden from scopes below that reach up.
    pub hidden: bool,
    /// Do roles and allows from above stop here? Denies pass.
    pub cut: bool,
    /// How many entries its access control list has: most have none, and need no look.
    pub entries: u32,
    /// Its path; `None` for a flat node.
    pub path: Option<ScopePath>,
    /// Its name, for a flat node.
    pub name: Box<str>,
    /// The event that made it.
    pub created: Sequence,
    /// The last event about the node itself.
    pub changed: Sequence,
}

impl Node {
    /// Its path, or the name of a flat node.
    #[must_use]
    pub fn label(&self) -> &str {
        self.path.as_ref().map_or(&self.name, |path| path.as_str())
    }
    /// How it stands. What is deleted is not frozen as well, whatever it was before.
    #[must_use]
    pub fn state(&self) -> ScopeState {
        match (self.archived, self.frozen) {
            (true, _) => ScopeState::Deleted,
            (false, true) => ScopeState::Frozen,
            (false, false) => ScopeState::Active,
        }
    }
}

impl Identified for Node {
    fn id(&self) -> u128 {
        self.id.0
    }
}

impl crate::store::Footprint for Node {
    fn heap(&self) -> usize {
        self.path.heap() + self.name.heap()
    }
}

tagged! {
    /// How a scope stands.
    pub enum ScopeState as "state of a scope" {
        /// Things go on in it.
        Active = 1, "active";
        /// Nothing in it widens or changes.
        Frozen = 2, "frozen";
        /// It has ended.
        Deleted = 3, "deleted";
    }
}
