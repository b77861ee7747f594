//! Deciders: who may write which object, asked about the same forest of scopes (`scoped_tools::bench::forest`).
//!
//! Each is given the world in the form that its documentation recommends for roles on a tree, and the same kinds of facts: where
//! objects live, members of scopes, and principals that are denied everything at one node below a root that allows them. Groups and
//! projections are left out: no question that is asked here turns on them.

mod casbin;
mod cedar;
mod cedar_links;
mod ours;
mod zanzibar;

use crate::report::Who;
use scoped_tools::bench::forest::{Forest, Place, Question};

/// Somebody who decides.
pub trait Decides {
    /// May that principal write that object?
    ///
    /// # Errors
    /// When it gives no answer.
    fn decide(&self, question: Question) -> anyhow::Result<bool>;
}

/// What is decided about.
#[derive(Debug, Clone, Copy)]
pub struct World {
    /// Scopes, objects and principals.
    pub forest: Forest,
    /// Memberships.
    pub grants: u32,
    /// Rules bound across the scopes. None of them changes an answer.
    pub rules: u32,
}

impl World {
    /// Memberships: the granted ones, and those of the denied at their roots.
    fn members(self) -> impl Iterator<Item = (u32, Place)> {
        let denied =
            self.denies().map(|(principal, place)| (principal, place.chain().last().unwrap_or(place)));
        (0..self.grants).map(move |number| self.forest.grant(number)).chain(denied)
    }
    /// Denies: who, and at which node.
    fn denies(self) -> impl Iterator<Item = (u32, Place)> {
        (0..self.forest.denied()).map(move |nth| self.forest.deny(nth))
    }
}

/// A node in words.
fn name(place: Place) -> String {
    format!("{}.{}", place.level, place.number)
}

/// A decider, before it is given a world.
pub struct Kind {
    /// What it is called in tables.
    pub name: &'static str,
    /// How the world is told to it.
    pub how: &'static str,
    /// Tells it.
    pub make: fn(World) -> anyhow::Result<Box<dyn Decides>>,
}

impl Kind {
    /// As it appears in a report.
    pub fn who(&self) -> Who {
        if self.name == ours::KIND.name { Who::ours(self.how) } else { Who::peer(self.name, self.how) }
    }
}

/// All of them.
pub const KINDS: [Kind; 5] = [ours::KIND, cedar::KIND, cedar_links::KIND, casbin::KIND, zanzibar::KIND];
