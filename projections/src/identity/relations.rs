//! Relationships between principals: a labelled graph, and the walks over it.
//!
//! An edge leads from a *parent* (the group, the authority) to a *child* (the member, the one that acts). At most one live edge
//! for each parent, child and label; what was removed is kept, so that "was A a member of B then?" has an answer.
//! Walks are breadth-first and deterministic: nearer ones first, of equal distance in the order of label and principal. The start
//! is never part of the answer, whatever cycles there are, and a bound of 0 steps finds nothing.

use crate::canonical::{Input, InputError, Output};
use crate::store::{Identified, NO_ROW, Sorted, Table, Words, transact};
use crate::{EdgeId, Sequence};
use roaring::RoaringBitmap;
use std::collections::BTreeMap;

/// The label that makes a child belong to a group: the parent's rights are the child's.
pub const MEMBER_OF: &str = "member_of";
/// How many groups speak for one principal, at most. Commands hold it; folds take what there is.
pub const GROUPS_MAX: u64 = 256;
/// The label that lets a child act for the parent.
pub const ACTS_FOR: &str = "acts_for";

/// A relationship of two principals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Its id.
    pub id: EdgeId,
    /// Row of the group, the authority, the one acted for.
    pub parent: u32,
    /// Row of the member, the one that acts.
    pub child: u32,
    label: u32,
    /// The event that added it (again), whose payload is what is said about it.
    pub added: Sequence,
    /// The event that removed it, whose payload is the reason; [`Sequence::NONE`] while it holds.
    pub removed: Sequence,
}

impl Edge {
    /// Does it hold?
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.removed.is_none()
    }
    /// The last event about it.
    #[must_use]
    pub fn changed(&self) -> Sequence {
        self.added.max(self.removed)
    }
}

crate::store::owns_nothing!(Edge);

impl Identified for Edge {
    fn id(&self) -> u128 {
        self.id.0
    }
}

/// Which way to follow edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From child to parent.
    Up,
    /// From parent to child.
    Down,
    /// Both ways.
    Both,
}

/// One principal that a walk came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// Its row.
    pub principal: u32,
    /// How many edges away, from 1.
    pub distance: u32,
    /// Row of the edge that led to it.
    pub edge: u32,
}

/// A way between two principals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Rows of the principals on it, both ends included.
    pub principals: Vec<u32>,
    /// Rows of the edges between them: one less.
    pub edges: Vec<u32>,
}

/// How to walk.
#[derive(Debug, Clone, Copy)]
pub struct Walk {
    /// Which way.
    pub direction: Direction,
    /// Only along edges with this label (its number); `None` for all.
    pub label: Option<u32>,
    /// At most so many edges away.
    pub max_depth: u32,
}

/// All relationships.
#[derive(Debug, Clone, Default)]
pub struct Relations {
    edges: Table<Edge>,
    labels: Words,
    /// Live edges by child, label, parent, and the other way round.
    up: Sorted<(u32, u32, u32), u32>,
    down: Sorted<(u32, u32, u32), u32>,
    /// All edges that ever were, by either end.
    of: Sorted<(u32, u32), ()>,
}
transact!(Relations { edges, labels, up, down, of });

impl Relations {
    /// The relationship with that id, also one that was removed.
    #[must_use]
    pub fn get(&self, id: EdgeId) -> Option<&Edge> {
        self.edges.by_id(id.0)
    }
    /// The relationship in a row.
    #[must_use]
    pub fn at(&self, row: u32) -> Option<&Edge> {
        self.edges.get(row)
    }
    /// The live edge from a parent to a child with that label.
    #[must_use]
    pub fn between(&self, parent: u32, child: u32, label: &str) -> Option<&Edge> {
        self.at(*self.up.get(&(child, self.labels.find(label)?, parent))?)
    }
    /// What the child is to the parent.
    #[must_use]
    pub fn label(&self, edge: &Edge) -> &str {
        self.labels.word(edge.label)
    }
    /// The number of a label; `None` for one that no edge ever had.
    #[must_use]
    pub fn label_number(&self, label: &str) -> Option<u32> {
        self.labels.find(label)
    }
    /// All edges at a principal, oldest first, also those that were removed.
    pub fn of(&self, principal: u32) -> impl Iterator<Item = &Edge> + '_ {
        self.of.range((principal, 0)..=(principal, NO_ROW)).filter_map(|((_, edge), ())| self.at(*edge))
    }
    /// All edges that ever were, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = &Edge> {
        self.edges.iter()
    }
    /// How many there ever were.
    #[must_use]
    pub fn len(&self) -> usize {
        self.edges.len()
    }
    /// True when nobody was ever related.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    /// Those one edge away: `(principal, edge)`.
    fn next(&self, from: u32, walk: Walk) -> impl Iterator<Item = (u32, u32)> + '_ {
        let (low, high) = walk.label.map_or((0, NO_ROW), |label| (label, label));
        let range = (from, low, 0)..=(from, high, NO_ROW);
        let up = (walk.direction != Direction::Down).then(|| self.up.range(range.clone()));
        let down = (walk.direction != Direction::Up).then(|| self.down.range(range));
        up.into_iter().flatten().chain(down.into_iter().flatten()).map(|((_, _, to), edge)| (*to, *edge))
    }

    /// Everybody that edges lead to, nearest first, each once, without the start. Who is not `seen` is left out, and not walked
    /// through.
    pub fn walk(&self, from: u32, walk: Walk, seen: impl Fn(u32) -> bool) -> Vec<Reached> {
        let mut visited = RoaringBitmap::from([from]);
        let mut found: Vec<Reached> = Vec::new();
        let (mut at, mut distance, mut next) = (from, 0, 0);
        loop {
            if distance < walk.max_depth {
                for (principal, edge) in self.next(at, walk) {
                    if visited.insert(principal) && seen(principal) {
                        found.push(Reached { principal, distance: distance + 1, edge });
                    }
                }
            }
            let Some(reached) = found.get(next) else { return found };
            (at, distance, next) = (reached.principal, reached.distance, next + 1);
        }
    }

    /// A shortest way from one to another; `None` when there is none that short, and from anybody to itself.
    pub fn way(&self, from: u32, to: u32, walk: Walk, seen: impl Fn(u32) -> bool) -> Option<Way> {
        if from == to {
            return None;
        }
        let mut before: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
        let mut ring = vec![from];
        for _ in 0..walk.max_depth {
            let mut wider = Vec::new();
            for at in ring {
                for (principal, edge) in self.next(at, walk) {
                    if principal != from && !before.contains_key(&principal) && seen(principal) {
                        before.insert(principal, (at, edge));
                        wider.push(principal);
                    }
                }
            }
            if before.contains_key(&to) || wider.is_empty() {
                break;
            }
            ring = wider;
        }
        before.get(&to)?;
        let mut way = Way { principals: vec![to], edges: Vec::new() };
        let mut at = to;
        while let Some((previous, edge)) = before.get(&at) {
            way.principals.push(*previous);
            way.edges.push(*edge);
            at = *previous;
        }
        way.principals.reverse();
        way.edges.reverse();
        Some(way)
    }

    /// The longest chain of edges with that label that begins at a principal, counted up to `bound` and no further.
    #[must_use]
    pub fn longest(&self, from: u32, direction: Direction, label: u32, bound: u32) -> u32 {
        let walk = Walk { direction, label: Some(label), max_depth: 1 };
        let mut ring = RoaringBitmap::from([from]);
        for length in 0..bound {
            let wider: RoaringBitmap =
                ring.iter().flat_map(|at| self.next(at, walk).map(|(to, _)| to)).collect();
            if wider.is_empty() {
                return length;
            }
            ring = wider;
        }
        bound
    }

    /// Adds an edge, or brings one back under its id. `None` when it fits nothing: then nothing changes.
    pub(super) fn add(
        &mut self,
        id: EdgeId,
        parent: u32,
        child: u32,
        label: &str,
        at: Sequence,
    ) -> Option<u32> {
        if parent == child || self.between(parent, child, label).is_some() {
            return None;
        }
        let label = self.labels.number(label);
        let row = match self.edges.find(id.0) {
            Some(row) => {
                let edge = self.edges.edit(row)?;
                if edge.is_live() || (edge.parent, edge.child, edge.label) != (parent, child, label) {
                    return None;
                }
                (edge.added, edge.removed) = (at, Sequence::NONE);
                row
            }
            None => self.edges.insert(Edge { id, parent, child, label, added: at, removed: Sequence::NONE }),
        };
        self.index(row);
        Some(row)
    }

    /// Removes an edge; gives it, when it held until now.
    pub(super) fn remove(&mut self, id: EdgeId, at: Sequence) -> Option<Edge> {
        let row = self.edges.find(id.0)?;
        self.edges.get(row).filter(|edge| edge.is_live())?;
        let edge = self.edges.edit(row)?;
        edge.removed = at;
        let edge = edge.clone();
        self.up.remove(&(edge.child, edge.label, edge.parent));
        self.down.remove(&(edge.parent, edge.label, edge.child));
        Some(edge)
    }

    fn index(&mut self, row: u32) {
        let Some(edge) = self.edges.get(row) else { return };
        let (parent, child, label, live) = (edge.parent, edge.child, edge.label, edge.is_live());
        if live {
            self.up.insert((child, label, parent), row);
            self.down.insert((parent, label, child), row);
        }
        self.of.insert((parent, row), ());
        self.of.insert((child, row), ());
    }

    pub(super) fn save(&self, out: &mut impl Output) {
        self.labels.save(out);
        out.count(self.edges.len());
        for edge in self.edges.iter() {
            out.u128(edge.id.0);
            out.u32(edge.parent);
            out.u32(edge.child);
            out.u32(edge.label);
            out.u8(u8::from(edge.is_live()));
            out.sequence(edge.added);
            out.sequence(edge.removed);
        }
    }

    pub(super) fn load(input: &mut Input<'_>) -> Result<Self, InputError> {
        let mut state = Self { labels: Words::load(input)?, ..Self::default() };
        for _ in 0..input.count()? {
            let (id, parent, child) = (EdgeId(input.u128()?), input.u32()?, input.u32()?);
            let (label, live) = (input.u32()?, input.flag()?);
            let (added, removed) = (input.sequence()?, input.sequence()?);
            if live != removed.is_none() || parent == child {
                return Err(InputError);
            }
            let row = state.edges.insert(Edge { id, parent, child, label, added, removed });
            state.index(row);
        }
        Ok(state)
    }
}
