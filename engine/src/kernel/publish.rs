//! Two worlds, one writer, any number of readers who never wait.
//!
//! The writer decides on its own world, which runs ahead of what is durable. When a group is durable it swaps that world in
//! front of the readers, gives the receipts, and brings the other world, now its own, up to date from the same facts. Readers see
//! whole groups only, and only durable ones; taking a world costs them no lock and no shared counter.
//!
//! INVARIANT (published first): the swap stands before the receipts. Whoever holds the receipt of a revocation can be sure that
//! no check that starts now allows. `cargo test -p scoped-tests --features schedules --test schedules` tries every interleaving of it.
//!
//! What the writer waits for: readers who still hold the old world when it wants to bring it up to date. Reads are closures
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
pub(crate) struct Worlds<W> {
    /// INVARIANT (own): nobody else holds this one.
    own: Arc<W>,
    published: Arc<Published<W>>,
}

impl<W: Clone> Worlds<W> {
    pub(crate) fn new(world: W) -> (Self, Arc<Published<W>>) {
        let published = Arc::new(Published { world: Slot::new(world.clone()) });
        (Self { own: Arc::new(world), published: Arc::clone(&published) }, published)
    }

    /// The world that runs ahead.
    pub(crate) fn own(&mut self) -> &mut W {
        // (own) makes this never clone; if a guard did leak, a copy keeps readers safe at the price of its time.
        unique(&mut self.own)
    }

    /// Lets readers see the own world, then has the receipts given, then brings the other world up to what is published.
    pub(crate) fn publish<F>(&mut self, facts: &[F], apply: impl Fn(&mut W, &F), receipts: impl FnOnce()) {
        // (published first) From the moment the swap returns no read sees anything older.
        let next = Arc::clone(&self.own);
        self.own = self.published.world.swap(next);
        receipts();
        let world = wait_until_free(&mut self.own);
        for fact in facts {
            apply(world, fact);
        }
    }
}

fn wait_until_free<W: Clone>(own: &mut Arc<W>) -> &mut W {
    let mut tries = 0u32;
    while Arc::get_mut(own).is_none() {
        pause(tries);
        tries = tries.saturating_add(1);
    }
    unique(own)
}
