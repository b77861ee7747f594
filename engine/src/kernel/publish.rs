//! Two worlds, one writer, any number of readers who never wait.
//!
//! The writer decides on its own world, which runs ahead of what is durable. When a group is durable it swaps that world in
//! front of the readers and brings the other one, now its own, up to date from the same events. Readers see whole groups only, and only durable
//! ones; taking a world costs them no lock and no shared counter.
//!
//! What the writer waits for: readers who still hold the old world when it wants to bring it up to date. Reads are closures
//! over a guard that never leaves the engine, so that wait is bounded by the longest single query.
//! Source of the idea: left-right (Ramalhete and Correia, 2013), with reference counts in place of epochs.

use super::execute::Fact;
use arc_swap::{ArcSwap, Guard};
use scoped_projections::World;
use std::sync::Arc;
use std::time::Duration;

/// What readers see.
#[derive(Debug)]
pub(crate) struct Published {
    world: ArcSwap<World>,
}

impl Published {
    /// The last durable world, without waiting. Let go of it soon: the writer may be waiting for it.
    pub(crate) fn read(&self) -> Guard<Arc<World>> {
        self.world.load()
    }
}

/// The writer's side.
#[derive(Debug)]
pub(crate) struct Worlds {
    /// INVARIANT (own): nobody else holds this one.
    own: Arc<World>,
    published: Arc<Published>,
}

impl Worlds {
    pub(crate) fn new(world: World) -> (Self, Arc<Published>) {
        let published = Arc::new(Published { world: ArcSwap::from_pointee(world.clone()) });
        (Self { own: Arc::new(world), published: Arc::clone(&published) }, published)
    }

    /// The world that runs ahead.
    pub(crate) fn own(&mut self) -> &mut World {
        // (own) makes this never clone; if a guard did leak, a copy keeps readers safe at the price of its time.
        Arc::make_mut(&mut self.own)
    }

    /// Lets readers see the own world. From the moment this returns no read sees anything older.
    pub(crate) fn swap(&mut self) {
        let next = Arc::clone(&self.own);
        self.own = self.published.world.swap(next);
    }

    /// Brings the own world up to what is published, after a [`Self::swap`].
    pub(crate) fn catch_up(&mut self, facts: &[Fact]) {
        let world = loop_until_free(&mut self.own);
        for fact in facts {
            world.apply(&fact.at, &fact.event);
        }
    }
}

fn loop_until_free(own: &mut Arc<World>) -> &mut World {
    let mut tries = 0u32;
    while Arc::get_mut(own).is_none() {
        tries += 1;
        match tries {
            0..64 => std::hint::spin_loop(),
            64..256 => std::thread::yield_now(),
            _ => std::thread::sleep(Duration::from_micros(50)),
        }
    }
    Arc::make_mut(own)
}
