use super::*;
use scoped_projections::identity::Founded;
use scoped_projections::{Context, Envelope, Event, PrincipalId, ScopeId};
use std::sync::atomic::{AtomicU32, Ordering};

fn moved(mut world: World, at: u64) -> World {
    let principal = PrincipalId(1);
    let (sequence, scope, context) = (Sequence::new(at), ScopeId::NONE, Context::default());
    let event = Event::from(Founded { principal, kind: "person".into() });
    world.apply(&Envelope { sequence, time: at, actor: principal, scope, context, payload: 0 }, &event);
    world
}

/// What `History` does, with what it cost: worlds made from nothing, and copies.
#[derive(Default)]
struct Reader {
    remembered: Remembered,
    anew: AtomicU32,
    copies: AtomicU32,
}

impl Reader {
    fn ask(&self, at: u64) -> Arc<World> {
        let (world, _way) = match self.remembered.nearest(Sequence::new(at)) {
            Nearest::There(world) => return world,
            Nearest::Near(world, way) => {
                self.copies.fetch_add(u32::from(Arc::strong_count(&world) > 1), Ordering::Relaxed);
                (Arc::unwrap_or_clone(world), Some(way))
            }
            Nearest::Far(world) => (World::clone(&world), None),
            Nearest::Nothing => {
                self.anew.fetch_add(1, Ordering::Relaxed);
                (World::default(), None)
            }
        };
        std::thread::yield_now();
        let world = Arc::new(moved(world, at));
        self.remembered.keep(Arc::clone(&world));
        world
    }
    fn cost(&self) -> (u32, u32) {
        (self.anew.load(Ordering::Relaxed), self.copies.load(Ordering::Relaxed))
    }
}

#[test]
fn who_goes_on_from_moment_to_moment_takes_the_world_along() {
    let reader = Reader::default();
    for at in 1_000..2_000 {
        assert_eq!(reader.ask(at).position(), Sequence::new(at));
    }
    assert_eq!(reader.cost(), (1, 0));
}

/// Whoever asked about a moment took the world of the nearest one below, and the other, who asked about that one again, had the whole log
/// folded once more: two readers at neighbouring moments did that to each other all the time.
#[test]
fn two_who_ask_about_neighbouring_moments_do_not_take_each_others_world_away() {
    let reader = Reader::default();
    for round in 0..100 {
        assert_eq!(reader.ask(1_000).position(), Sequence::new(1_000));
        let other = 1_001 + round * 7 % 50;
        assert_eq!(reader.ask(other).position(), Sequence::new(other));
    }
    assert_eq!(reader.cost().0, 2, "once to begin with, once after the first took it");
}

/// A world that somebody held was copied to be moved on, as it has to be, and then forgotten all the same.
#[test]
fn a_world_that_somebody_holds_is_not_forgotten_when_it_is_copied() {
    let reader = Reader::default();
    let held = reader.ask(1_000);
    drop(reader.ask(1_010));
    assert!(Arc::ptr_eq(&held, &reader.ask(1_000)));
    assert_eq!(reader.cost(), (1, 1));
}

/// A world that was just being moved on was nowhere, and who asked meanwhile folded the whole log.
#[test]
fn who_asks_while_a_world_is_moved_on_waits_for_it() {
    let reader = Reader::default();
    drop(reader.ask(1_000));
    let Nearest::Near(world, way) = reader.remembered.nearest(Sequence::new(1_005)) else {
        panic!("it is near");
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| reader.ask(1_007).position());
        let below = scope.spawn(|| reader.ask(1_003).position());
        assert_eq!(
            below.join().unwrap(),
            Sequence::new(1_003),
            "who asks about one below cannot wait for it"
        );
        let world = moved(Arc::unwrap_or_clone(world), 1_005);
        reader.remembered.keep(Arc::new(world));
        drop(way);
        assert_eq!(other.join().unwrap(), Sequence::new(1_007));
    });
    assert!(reader.cost().0 <= 2, "the first, and the one below: {:?}", reader.cost());
    // One that never arrives keeps nobody waiting.
    let Nearest::Near(_, way) = reader.remembered.nearest(Sequence::new(1_020)) else {
        panic!("it is near");
    };
    drop(way);
    assert_eq!(reader.ask(1_020).position(), Sequence::new(1_020));
}
