//! Two worlds, one writer, any number of readers who never wait.
//!
//! The writer decides on its own world, which runs ahead of what is durable. When a group is durable it swaps that world in
//! front of the readers and gives the receipts. The other world, now its own, is brought up to date from the same facts: at once if nobody
//! looks at it any more, else when it is next needed. Readers see whole groups only, and only durable ones; taking a world
//! costs them no lock and no shared counter.
//!
//! INVARIANT (published first): the swap stands before the receipts. Whoever holds the receipt of a revocation can be sure that
//! no check that starts now allows. `cargo test -p scoped-tests --features schedules --test schedules` tries every interleaving of it.
//!
//! What the writer waits for: readers who still hold the old world when the next group begins. Reads are closures
//! over a guard that never leaves the engine, so that wait is bounded by the longest single query.
//! Source of the idea: left-right (Ramalhete and Correia, 2013), with reference counts in place of epochs.

use super::cell::{Arc, Held, Slot, pause, unique};

/// What readers see.
#[derive(Debug)]
pub(crate) struct Published<W> {
    world: Slot<W>,
}

impl<W> Published<W> {
    /// The last durable world, without waiting. Let go of it soon: the writer may be waiting for it.
    pub(crate) fn read(&self) -> Held<W> {
        self.world.load()
    }
}

/// The writer's side.
#[derive(Debug)]
pub(crate) struct Worlds<W, F> {
    /// INVARIANT (own): nobody else holds this one, unless something is in `behind`.
    own: Arc<W>,
    /// What is published and not in the own world yet: those who read it when it was swapped out may read it still.
    behind: Vec<F>,
    apply: fn(&mut W, &F),
    share: fn(&mut W, &W),
    published: Arc<Published<W>>,
}

impl<W: Clone, F> Worlds<W, F> {
    /// Two worlds alike; how a fact comes into one, and what one takes over from the other once it is as far.
    pub(crate) fn new(world: W, apply: fn(&mut W, &F), share: fn(&mut W, &W)) -> (Self, Arc<Published<W>>) {
        let published = Arc::new(Published { world: Slot::new(world.clone()) });
        let (own, behind) = (Arc::new(world), Vec::new());
        (Self { own, behind, apply, share, published: Arc::clone(&published) }, published)
    }

    /// The world that runs ahead. Waits for those who still read it as it was before the last group.
    pub(crate) fn own(&mut self) -> &mut W {
        let mut tries = 0u32;
        while !self.is_level() {
            pause(tries);
            tries = tries.saturating_add(1);
        }
        // (own) makes this never clone; if a guard did leak, a copy keeps readers safe at the price of its time.
        unique(&mut self.own)
    }

    /// Lets readers see the own world, has the receipts given, then brings the other world up to what is published, if nobody
    /// reads it. Takes the facts; the empty vector that it leaves has room.
    pub(crate) fn publish(&mut self, facts: &mut Vec<F>, receipts: impl FnOnce()) {
        self.own();
        // (published first) From the moment the swap returns no read sees anything older.
        let next = Arc::clone(&self.own);
        self.own = self.published.world.swap(next);
        std::mem::swap(&mut self.behind, facts);
        receipts();
        self.is_level();
    }

    /// Is the own world as far as the published one? Brings it there if nobody reads it.
    fn is_level(&mut self) -> bool {
        if self.behind.is_empty() {
            return true;
        }
        let Some(world) = Arc::get_mut(&mut self.own) else { return false };
        for fact in &self.behind {
            (self.apply)(world, fact);
        }
        self.behind.clear();
        (self.share)(world, &self.published.read());
        true
    }
}
