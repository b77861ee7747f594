//! What a decision needs of the nodes between a scope and its root, eight bytes each.
//!
//! Why: every decision walks a chain, and a whole node fills two cache lines. Of a million scopes the links still fit into the
//! caches that a processor has, the nodes do not. Derived from the nodes and members, never saved.
//! Tried and left: a sorted list of each principal's memberships in place of one hashed map of all of them. With 10 000
//! principals and a million memberships the map answered a walk of eight in 280 ns, the lists in 530: what is not there, which
//! is what most probes find out, costs the map one look at its control bytes.

use super::Node;
use crate::store::{Rows, transact};

/// One node, as the walk up sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Row of its parent, [`crate::store::NO_ROW`] for a root.
    pub parent: u32,
    /// Is it archived?
    pub archived: bool,
    /// Do allows from above stop here?
    pub cut: bool,
    /// Has its access control list an entry?
    pub has_entries: bool,
    /// Has it ever had a member of its own? Without, nobody need be looked up.
    pub has_members: bool,
}

const _: () = assert!(size_of::<Link>() == 8);

impl Link {
    fn of(node: &Node, has_members: bool) -> Self {
        Self {
            parent: node.parent,
            archived: node.archived,
            cut: node.cut,
            has_entries: node.entries > 0,
            has_members,
        }
    }
}

crate::store::owns_nothing!(Link);

/// The links of all nodes.
#[derive(Debug, Clone, Default)]
pub(super) struct Spine {
    /// INVARIANT (links): as many as there are nodes, each what its node says.
    links: Rows<Link>,
}
transact!(Spine { links });

impl Spine {
    pub(super) fn get(&self, row: u32) -> Option<&Link> {
        self.links.get(row)
    }
    /// Follows a node that was added or has changed.
    pub(super) fn follow(&mut self, row: u32, node: &Node) {
        match self.links.get(row) {
            None => drop(self.links.push(Link::of(node, false))),
            Some(old) => {
                let new = Link::of(node, old.has_members);
                if *old != new
                    && let Some(link) = self.links.edit(row)
                {
                    *link = new;
                }
            }
        }
    }
    /// A node has a member of its own.
    pub(super) fn peopled(&mut self, row: u32) {
        if self.links.get(row).is_some_and(|link| !link.has_members)
            && let Some(link) = self.links.edit(row)
        {
            link.has_members = true;
        }
    }
}
