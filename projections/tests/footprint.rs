//! What a world says that it takes, held against an allocator that counts.
//!
//! `cargo test -p scoped-projections --test footprint -- --nocapture` prints bytes per object, version, scope, membership, principal and
//! entry, as the containers tell them and as they were allocated; two worlds are twice that.
#![expect(clippy::print_stdout, reason = "the figures are what somebody runs it for")]

#[allow(dead_code, reason = "each of the tests with this allocator asks for a part of it")]
mod counting;

use counting::live;
use scoped_projections::footprint::Thing;
use scoped_projections::identity::{Founded, PrincipalCreated};
use scoped_projections::objects::{ObjectCreated, ObjectUpdated};
use scoped_projections::sharing::ObjectProjected;
use scoped_projections::tenancy::{
    AclEntryAdded, Applies, Effect, Level, MemberAdded, Role, ScopeCreated, Subject,
};
use scoped_projections::{
    Context, EntryId, Envelope, Event, ObjectId, PrincipalId, ScopeId, Sequence, World, snapshot,
};

/// Bytes that what `make` gives keeps.
fn kept<T>(make: impl FnOnce() -> T) -> (T, usize) {
    let before = live();
    let made = make();
    (made, usize::try_from(live() - before).unwrap())
}

const PRINCIPALS: u64 = 1_000;
const SCOPES: u64 = 10_000;
const MEMBERSHIPS: u64 = 50_000;
const ENTRIES: u64 = 5_000;
const OBJECTS: u64 = 100_000;
const UPDATES: u64 = 100_000;

/// Ids are spread over the whole range, as drawn ones are.
fn id(kind: u64, number: u64) -> u128 {
    let spread =
        |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    u128::from(spread(kind << 40 | number)) << 64 | u128::from(spread(!number ^ kind))
}

fn principal(number: u64) -> PrincipalId {
    PrincipalId(id(1, number % PRINCIPALS))
}
fn scope(number: u64) -> ScopeId {
    ScopeId(id(2, number % SCOPES))
}
fn object(number: u64) -> ObjectId {
    ObjectId(id(3, number % OBJECTS))
}

/// Events of each sort in turn: of one thing there is as much as of another, and tables grow as they would in use.
fn events() -> impl Iterator<Item = (ScopeId, Event)> {
    let founded = (ScopeId::NONE, Founded { principal: principal(0), kind: "person".into() }.into());
    let people = (1..PRINCIPALS).map(|nth| {
        (ScopeId::NONE, PrincipalCreated { principal: principal(nth), kind: "person".into() }.into())
    });
    let scopes = (0..SCOPES).map(|nth| {
        let parent = if nth < 10 { ScopeId::NONE } else { scope(nth / 10) };
        let (path, name) = (String::new(), format!("team-{nth:06}"));
        (scope(nth), ScopeCreated { scope: scope(nth), parent, path, name }.into())
    });
    let members = (0..MEMBERSHIPS).map(|nth| {
        let place = scope(nth / 5);
        let principal = principal(nth.wrapping_mul(7_919));
        (place, MemberAdded { scope: place, principal, role: Role::Writer, expires_at: None }.into())
    });
    let entries = (0..ENTRIES).map(|nth| {
        let entry = AclEntryAdded {
            entry: EntryId(id(4, nth)),
            scope: scope(nth * 2),
            effect: Effect::Deny,
            subject: Subject::Principal(principal(nth)),
            capability: "scope.read.*".into(),
            applies: Applies::Subtree,
            expires_at: None,
        };
        (scope(nth * 2), entry.into())
    });
    let objects = (0..OBJECTS).flat_map(|nth| {
        let (object, owner, scope) = (object(nth), principal(nth), scope(nth.wrapping_mul(31)));
        let created = ObjectCreated { object, object_type: "note".into(), owner };
        let level = Level::Write;
        [(scope, created.into()), (scope, ObjectProjected { object, scope, level }.into())]
    });
    let updates = (0..UPDATES)
        .map(|nth| (ScopeId::NONE, ObjectUpdated { object: object(nth.wrapping_mul(7_919)) }.into()));
    std::iter::once(founded)
        .chain(people)
        .chain(scopes)
        .chain(members)
        .chain(entries)
        .chain(objects)
        .chain(updates)
}

fn world() -> World {
    let mut world = World::default();
    for (at, (scope, event)) in events().enumerate() {
        let (sequence, time) = (Sequence::new(at as u64 + 1), 1_000_000 + at as u64);
        let context = Context::default();
        world.apply(
            &Envelope { sequence, time, actor: principal(at as u64), scope, context, payload: 100 },
            &event,
        );
    }
    world
}

fn told(world: &World) -> usize {
    world.footprint().iter().map(|part| part.bytes).sum()
}

/// As many of `part` as of `whole`, give or take `percent`.
fn close(part: usize, whole: usize, percent: usize) -> bool {
    part.abs_diff(whole) * 100 <= whole * percent
}

#[test]
fn a_world_takes_what_its_containers_say_within_a_tenth() {
    let (world, allocated) = kept(world);
    let told = told(&world);
    println!("told {told} bytes, allocated {allocated}");
    for taken in world.takes() {
        println!(
            "{:>9} {:<12} {:6.1} bytes each in one world",
            taken.count,
            taken.thing.as_str(),
            taken.each()
        );
    }
    for part in world.footprint().iter().filter(|part| part.bytes > 100_000) {
        println!("{:>10}  {}.{}", part.bytes, part.domain, part.container);
    }
    assert!(close(told, allocated, 10), "told {told} bytes, allocated {allocated}");
}

#[test]
fn a_world_from_a_snapshot_takes_what_its_containers_say_and_no_more_than_the_one_it_was_written_from() {
    let (first, folded) = kept(world);
    let bytes = snapshot::encode(&first, 1, &scoped_projections::Digest::new([0; 32]));
    let (world, loaded) = kept(|| snapshot::Snapshot::parse(&bytes).unwrap().world().unwrap());
    assert!(close(told(&world), loaded, 10), "told {} bytes, allocated {loaded}", told(&world));
    assert!(loaded <= folded * 101 / 100, "loaded {loaded} bytes, folded {folded}");
}

#[test]
fn a_copy_of_a_world_takes_no_more_than_the_world() {
    let (world, allocated) = kept(world);
    let (copy, copied) = kept(|| world.clone());
    assert_eq!(copy.state_digest(), world.state_digest());
    assert!(copied <= allocated, "copied {copied} bytes, folded {allocated}");
}

/// The writer folds each event into two worlds, one behind the other: what neither will change they then keep once.
#[test]
fn two_worlds_that_are_level_keep_their_versions_once_and_tell_it() {
    let ahead = world();
    let mut behind = world();
    let (before, together) = (told(&ahead) + told(&behind), live());
    behind.share(&ahead);
    let given_back = usize::try_from(together - live()).unwrap();
    assert!(given_back > 180_000 * 20, "of 200 000 versions of 20 bytes {given_back} bytes were given back");
    assert!(close(before - told(&ahead) - told(&behind), given_back, 2), "{given_back} bytes");
    assert_eq!(behind.state_digest(), ahead.state_digest());
}

/// One world of the two. The budget of the project is 120 and 40 for both: what is above it is told in docs/performance.md.
#[test]
fn each_thing_takes_no_more_than_it_did() {
    let world = world();
    let _other = world.clone();
    for (thing, most) in [
        (Thing::Object, 130.0),
        (Thing::Version, 12.0),
        (Thing::Scope, 180.0),
        (Thing::Membership, 131.0),
        (Thing::Principal, 120.0),
        (Thing::Entry, 190.0),
    ] {
        let taken = world.takes().into_iter().find(|taken| taken.thing == thing).unwrap();
        assert!(taken.each() <= most, "{} takes {:.1} bytes, not {most}", thing.as_str(), taken.each());
    }
}
