//! Which events take others back, and which are taken back and by what: the part of the audit index that "undone by" is read from.
//!
//! Every event that takes something back names one event; what goes with that is settled among the events about the same entity, by
//! the rule that the planner has too ([`taken_back`]). Cost: the events about the entity since the one that is named.
//! Where the named event is about another entity (an entry of a list comes back under a new id), that one is taken back by itself.

use super::spots::Spots;
use crate::temporal::{Taker, taken_back};
use foldhash::fast::RandomState as Hash;
use roaring::RoaringBitmap;
use scoped_projections::Sequence;
use scoped_projections::store::{Footprint, hashed};
use std::collections::HashMap;

impl Footprint for Taker {}

/// What took what back.
#[derive(Debug, Clone, Default)]
pub(super) struct Reversals {
    /// Events that take another back.
    undoing: RoaringBitmap,
    /// Events whose effect is taken back now.
    undone: RoaringBitmap,
    /// Event → what it takes back.
    takers: HashMap<u32, Taker, Hash>,
    /// Event → those that name it.
    named: HashMap<u32, Spots, Hash>,
    /// Event → the last that took it back.
    undone_by: HashMap<u32, u32, Hash>,
}

impl Reversals {
    /// An event takes another one back; `history` is what there is about its entity, itself included.
    pub(super) fn take(&mut self, by: u32, taker: Taker, history: &RoaringBitmap) {
        let Some(undoes) = short(taker.undoes) else { return };
        self.undoing.insert(by);
        self.takers.insert(by, taker);
        self.named.entry(undoes).or_default().push(by);
        self.settle(undoes, history);
        let in_batch =
            self.undone_by.get(&undoes).is_some_and(|by| Sequence::new(u64::from(*by)) >= taker.batch);
        if !history.contains(undoes) && !in_batch {
            self.link(undoes, by);
        }
    }

    /// Decides again about everything that an event taking back `undoes` can change.
    fn settle(&mut self, undoes: u32, history: &RoaringBitmap) {
        // Takers among them may reach further back, and let that stand again.
        let (mut low, mut events) = (undoes, Vec::new());
        for at in history.iter().rev() {
            if at < low {
                break;
            }
            events.push(at);
            if let Some(reach) = self.takers.get(&at).and_then(|taker| short(taker.undoes)) {
                low = low.min(reach);
            }
        }
        events.reverse();
        let elsewhere = |at: u32| {
            let by = self.undone_by.get(&at).filter(|_| self.undone.contains(at));
            by.is_some_and(|by| !history.contains(*by))
        };
        let place = |at: &u32| Sequence::new(u64::from(*at));
        let by = taken_back(&events, place, |at| self.takers.get(at).copied().filter(|_| !elsewhere(*at)));
        let kept: Vec<bool> = events.iter().map(|at| elsewhere(*at)).collect();
        for ((at, by), kept) in events.into_iter().zip(by).zip(kept) {
            let was = self.undone.contains(at);
            match by.and_then(short) {
                Some(by) => {
                    self.undone.insert(at);
                    self.undone_by.insert(at, by);
                }
                None if kept => {}
                None => {
                    self.undone.remove(at);
                }
            }
            let is = self.undone.contains(at);
            // What it took back of another entity goes the other way.
            if let Some(named) = self.takers.get(&at).and_then(|taker| short(taker.undoes))
                && is != was
                && !history.contains(named)
                && self.undone_by.get(&named) == Some(&at)
            {
                self.flip(named, !is);
            }
        }
    }

    /// What is taken back by itself is undone, and what it took back itself stands again, and so on.
    fn link(&mut self, undone: u32, by: u32) {
        self.undone_by.insert(undone, by);
        self.flip(undone, true);
    }

    fn flip(&mut self, mut at: u32, mut is_undone: bool) {
        loop {
            if is_undone {
                self.undone.insert(at);
            } else {
                self.undone.remove(at);
            }
            match self.takers.get(&at).and_then(|taker| short(taker.undoes)) {
                Some(next) if self.undone_by.get(&next) == Some(&at) => (at, is_undone) = (next, !is_undone),
                _ => return,
            }
        }
    }

    /// Events that take another back.
    pub(super) fn undoing(&self) -> &RoaringBitmap {
        &self.undoing
    }
    /// Events whose effect is taken back now.
    pub(super) fn undone(&self) -> &RoaringBitmap {
        &self.undone
    }
    /// Those that take this one back: they name it, or what they name goes with it.
    pub(super) fn of(&self, undone: u32) -> RoaringBitmap {
        let mut by = RoaringBitmap::new();
        self.named.get(&undone).into_iter().for_each(|named| named.unite(&mut by));
        by.extend(self.by(undone));
        by
    }
    /// The one that took it back, if one did and stands.
    pub(super) fn by(&self, at: u32) -> Option<u32> {
        self.undone_by.get(&at).copied().filter(|_| self.undone.contains(at))
    }
    /// Bytes that it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        let sets = self.undoing.heap() + self.undone.heap();
        sets + hashed(&self.takers) + hashed(&self.named) + hashed(&self.undone_by)
    }
}

/// A position of the index; positions beyond it are never put in.
fn short(at: Sequence) -> Option<u32> {
    u32::try_from(at.get()).ok()
}
