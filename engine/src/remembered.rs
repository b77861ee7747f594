//! Worlds of the past that are kept in memory, so that the next moment that is asked for is a short way from one.
//!
//! ```text
//! nearest(at)   a kept one that is near and nobody's     taken out, to be moved on:  no copy
//!               one that somebody holds or came back to  copied, and stays
//!               none                                     a snapshot, or the first event
//! keep(world)   in front; the one asked for longest ago goes
//! ```
//!
//! Why take out: who asks about one moment asks about the next, and a copy of a large world takes longer than what happened since. Why not always: two who
//! ask about neighbouring moments would take each other's world away, and fold the log anew each time. So what somebody holds stays, a
//! moment that was asked for again after its world had moved on stays from then on, and who finds that a world is just being moved on
//! below the moment it wants waits for it.

use parking_lot::{Condvar, Mutex};
use scoped_projections::{Sequence, World};
use std::collections::VecDeque;
use std::sync::Arc;

/// Worlds that are kept.
const WORLDS_MAX: usize = 4;
/// Moments whose worlds moved on that are known.
const LEFT_MAX: usize = 16;
/// Events that are folded sooner than a world of any size is copied or read.
pub(crate) const NEAR: u64 = 65_536;

/// The worlds, the one asked for last in front.
#[derive(Default)]
pub(crate) struct Remembered {
    kept: Mutex<Kept>,
    arrived: Condvar,
}

#[derive(Default)]
struct Kept {
    worlds: Vec<Entry>,
    /// Where worlds are on their way to.
    moving: Vec<Sequence>,
    /// Moments whose worlds moved on, the last one behind.
    left: VecDeque<Sequence>,
}

struct Entry {
    world: Arc<World>,
    /// Somebody came back to this moment after its world had moved on.
    stays: bool,
}

/// What there is to begin with for a moment.
pub(crate) enum Nearest<'a> {
    /// The very moment.
    There(Arc<World>),
    /// A world somewhat below, and the way from it, which ends when it is let go of. Only where nobody else has the world it need not be copied.
    Near(Arc<World>, Way<'a>),
    /// A world far below, which a snapshot may be nearer than.
    Far(Arc<World>),
    /// Nothing below.
    Nothing,
}

/// A world is on its way; others may wait for it.
pub(crate) struct Way<'a> {
    remembered: &'a Remembered,
    to: Sequence,
}

impl Drop for Way<'_> {
    fn drop(&mut self) {
        let mut kept = self.remembered.kept.lock();
        if let Some(nth) = kept.moving.iter().position(|to| *to == self.to) {
            kept.moving.swap_remove(nth);
        }
        self.remembered.arrived.notify_all();
    }
}

fn is_near(below: Sequence, at: Sequence) -> bool {
    at.get() - below.get() < NEAR
}

impl Remembered {
    /// What is nearest below `at`.
    pub(crate) fn nearest(&self, at: Sequence) -> Nearest<'_> {
        let mut kept = self.kept.lock();
        loop {
            let below = kept.worlds.iter().enumerate().filter(|(_, entry)| entry.world.position() <= at);
            let found = below.max_by_key(|(_, entry)| entry.world.position());
            let found = found.map(|(nth, entry)| (nth, entry.world.position()));
            let behind = found.map_or(Sequence::NONE, |(_, position)| position.next());
            // One that will arrive nearer by.
            if kept.moving.iter().any(|to| (behind..=at).contains(to) && is_near(*to, at)) {
                self.arrived.wait(&mut kept);
                continue;
            }
            let Some((nth, position)) = found else { return Nearest::Nothing };
            let entry = kept.worlds.remove(nth);
            if position != at && is_near(position, at) {
                kept.moving.push(at);
                return Nearest::Near(kept.set_out(entry), Way { remembered: self, to: at });
            }
            let world = kept.put(entry);
            return if position == at { Nearest::There(world) } else { Nearest::Far(world) };
        }
    }

    /// Keeps a world.
    pub(crate) fn keep(&self, world: Arc<World>) {
        let mut kept = self.kept.lock();
        let at = world.position();
        let mut stays = kept.left.contains(&at);
        kept.worlds.retain(|other| {
            let same = other.world.position() == at;
            stays |= same && other.stays;
            !same
        });
        kept.left.retain(|left| *left != at);
        kept.put(Entry { world, stays });
        kept.worlds.truncate(WORLDS_MAX);
    }

    /// Lets go of all but the one at `at`.
    pub(crate) fn forget_but(&self, at: Sequence) {
        self.kept.lock().worlds.retain(|entry| entry.world.position() == at);
    }
}

impl Kept {
    fn put(&mut self, entry: Entry) -> Arc<World> {
        let world = Arc::clone(&entry.world);
        self.worlds.insert(0, entry);
        world
    }

    /// A world to be moved on: itself, or to be copied where it is somebody's.
    fn set_out(&mut self, entry: Entry) -> Arc<World> {
        if entry.stays || Arc::strong_count(&entry.world) > 1 {
            return self.put(entry);
        }
        self.left.push_back(entry.world.position());
        if self.left.len() > LEFT_MAX {
            self.left.pop_front();
        }
        entry.world
    }
}

#[cfg(test)]
mod tests;
