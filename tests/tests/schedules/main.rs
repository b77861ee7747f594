//! Every interleaving of the publish step, with the engine's own source and other primitives under it.
//!
//! ```text
//! cargo test -p scoped-tests --features schedules --test schedules
//! ```
//!
//! What is shown, for every schedule of one writer and two readers (up to three preemptions where it says so): a check that
//! starts after the receipt of a revocation does not allow; a reader never sees part of a group; what a reader sees never goes
//! back; the writer changes no world that a reader holds. And that the model would notice: with the receipt given too early, or
//! a group applied where readers look, it fails.
//! Source: loom (Tokio's), after CDSChecker (Norris and Demsky, 2013).
#![cfg(feature = "schedules")]

#[allow(dead_code, reason = "the same surface as the engine's")]
mod cell;
#[path = "../../../engine/src/kernel/publish.rs"]
mod publish;

use cell::Arc;
use loom::cell::Cell;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;
use publish::{Published, Worlds};

/// A world of two numbers that always change together, and a right. The cells notice a change beside a look.
struct World {
    left: Cell<u32>,
    right: Cell<u32>,
    allowed: Cell<bool>,
}

impl World {
    fn new() -> Self {
        Self { left: Cell::new(0), right: Cell::new(0), allowed: Cell::new(true) }
    }
    /// One fact of a group. The first moves one half, the second the other and the right.
    fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::Left => self.left.set(self.left.get() + 1),
            Fact::Right { allowed } => {
                self.right.set(self.right.get() + 1);
                self.allowed.set(*allowed);
            }
        }
    }
}

impl Clone for World {
    fn clone(&self) -> Self {
        let copy = |cell: &Cell<u32>| Cell::new(cell.get());
        Self { left: copy(&self.left), right: copy(&self.right), allowed: Cell::new(self.allowed.get()) }
    }
}

enum Fact {
    Left,
    Right { allowed: bool },
}

/// Groups of facts: each revokes or grants.
fn group(allowed: bool) -> [Fact; 2] {
    [Fact::Left, Fact::Right { allowed }]
}

/// Decides a group on the writer's own world and publishes it, as the writer does.
fn commit(worlds: &mut Worlds<World, Fact>, allowed: bool, receipts: impl FnOnce()) {
    let mut facts = Vec::from(group(allowed));
    for fact in &facts {
        worlds.own().apply(fact);
    }
    worlds.publish(&mut facts, receipts);
    assert!(facts.is_empty(), "a group is published once");
}

/// What a reader sees: the number of the group, and the right.
fn look(published: &Published<World>) -> (u32, bool) {
    let world = published.read();
    let seen = (world.left.get(), world.allowed.get());
    assert_eq!(seen.0, world.right.get(), "a reader sees whole groups");
    seen
}

/// Groups that were acknowledged, as callers know it.
type Acknowledged = Arc<AtomicU32>;

/// A reader who looks so often, and holds each look against what was acknowledged before it began.
fn reader(
    published: Arc<Published<World>>,
    acknowledged: Acknowledged,
    looks: u32,
    revoked_by: fn(u32) -> bool,
) {
    let mut before = 0;
    for _ in 0..looks {
        let known = acknowledged.load(Ordering::Acquire);
        let (group, allowed) = look(&published);
        assert!(group >= known, "group {known} was acknowledged, and group {group} is what a reader sees");
        assert!(group >= before, "what a reader sees goes forward");
        assert_eq!(allowed, !revoked_by(group), "the right is that of the group");
        assert!(
            !(revoked_by(known) && group == known && allowed),
            "allowed after the receipt of a revocation"
        );
        before = group;
    }
}

fn model(preemptions: Option<usize>, body: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.check(body);
}

#[test]
fn a_check_that_starts_after_the_receipt_of_a_revocation_never_allows() {
    model(None, || {
        let (mut worlds, published) = Worlds::new(World::new(), World::apply, |_, _| ());
        let acknowledged: Acknowledged = Arc::new(AtomicU32::new(0));
        let reads = {
            let (published, acknowledged) = (published.clone(), acknowledged.clone());
            thread::spawn(move || reader(published, acknowledged, 2, |group| group == 1))
        };
        commit(&mut worlds, false, || acknowledged.store(1, Ordering::Release));
        assert_eq!(look(&published), (1, false));
        reads.join().unwrap();
    });
}

#[test]
fn two_readers_see_whole_groups_in_order_while_two_are_written() {
    model(Some(3), || {
        let (mut worlds, published) = Worlds::new(World::new(), World::apply, |_, _| ());
        let acknowledged: Acknowledged = Arc::new(AtomicU32::new(0));
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let (published, acknowledged) = (published.clone(), acknowledged.clone());
                thread::spawn(move || reader(published, acknowledged, 1, |group| group == 1))
            })
            .collect();
        commit(&mut worlds, false, || acknowledged.store(1, Ordering::Release));
        commit(&mut worlds, true, || acknowledged.store(2, Ordering::Release));
        for reader in readers {
            reader.join().unwrap();
        }
        assert_eq!(look(&published), (2, true));
    });
}

#[test]
fn the_writer_changes_no_world_that_a_reader_still_holds() {
    model(Some(3), || {
        let (mut worlds, published) = Worlds::new(World::new(), World::apply, |_, _| ());
        let holder = {
            let published = published.clone();
            thread::spawn(move || {
                let held = published.read();
                let before = (held.left.get(), held.right.get());
                thread::yield_now();
                assert_eq!((held.left.get(), held.right.get()), before, "what is held stays as it was");
            })
        };
        commit(&mut worlds, false, || ());
        commit(&mut worlds, true, || ());
        holder.join().unwrap();
    });
}

/// The model would notice: a receipt before the swap.
#[test]
#[should_panic(expected = "was acknowledged")]
fn a_receipt_that_is_given_too_early_is_found() {
    model(Some(3), || {
        let (mut worlds, published) = Worlds::new(World::new(), World::apply, |_, _| ());
        let acknowledged: Acknowledged = Arc::new(AtomicU32::new(0));
        let reads = {
            let (published, acknowledged) = (published.clone(), acknowledged.clone());
            thread::spawn(move || reader(published, acknowledged, 1, |group| group == 1))
        };
        acknowledged.store(1, Ordering::Release);
        commit(&mut worlds, false, || ());
        reads.join().unwrap();
    });
}

/// The model would notice: a group that is published before all of its facts are in the world.
#[test]
#[should_panic(expected = "a reader sees whole groups")]
fn half_a_group_that_is_published_is_found() {
    model(Some(3), || {
        let (mut worlds, published) = Worlds::new(World::new(), World::apply, |_, _| ());
        let looks = {
            let published = published.clone();
            thread::spawn(move || look(&published))
        };
        worlds.own().apply(&Fact::Left);
        worlds.publish(&mut vec![Fact::Left], || ());
        looks.join().unwrap();
    });
}
