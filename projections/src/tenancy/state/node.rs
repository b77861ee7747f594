//! A scope, as the fold keeps it.

use crate::store::Identified;
use crate::tenancy::ScopePath;
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
}

impl Identified for Node {
    fn id(&self) -> u128 {
        self.id.0
    }
}
