//! A snapshot that somebody forged, sums and all, is read in memory that its own size bounds.

#[allow(dead_code, reason = "each of the tests with this allocator asks for a part of it")]
mod counting;

use counting::{forget_peak, live, peak};
use scoped_projections::identity::{Founded, PrincipalCreated, RelationshipAdded};
use scoped_projections::objects::{ObjectCreated, ObjectTombstoned};
use scoped_projections::rules::{
    BindingAdded, Body, Class, Clause, Content, Quota, Resource, RuleCreated, Targets,
};
use scoped_projections::sharing::ObjectProjected;
use scoped_projections::tenancy::{Effect, Level, MemberAdded, Role, ScopeCreated};
use scoped_projections::{
    BindingId, Context, Digest, EdgeId, Envelope, Event, ObjectId, PrincipalId, RuleId, ScopeId, Sequence,
    World, snapshot,
};

/// Bytes of a name that makes the file long, so that high rows look as if there were room for them.
const LENGTH: usize = 20_000;
/// Memory that a snapshot may ask for while it is read, for each of its bytes; and some for what is empty.
const FACTOR: usize = 8;
const EMPTY: usize = 100_000;
/// Where the walk begins: behind the header of `snapshot.rs`.
const HEADER_BYTES: usize = 144;

/// A little of what names rows of others: members, objects with owners and homes, projections, bindings, counts.
fn world() -> World {
    let (ada, bo, scope, object) = (PrincipalId(1), PrincipalId(2), ScopeId(3), ObjectId(4));
    let content = Content::Quota(Quota { resource: Resource::Objects, max_count: 3 });
    let few = Body { effect: Effect::Deny, priority: 0, when: Clause::default(), content };
    let of = |scope, principal| Targets { scope, principal, ..Targets::default() };
    let events: Vec<Event> = vec![
        Founded { principal: ada, kind: "person".into() }.into(),
        PrincipalCreated { principal: bo, kind: "bot".into() }.into(),
        ScopeCreated { scope, parent: ScopeId::NONE, path: String::new(), name: "x".repeat(LENGTH) }.into(),
        MemberAdded { scope, principal: bo, role: Role::Writer, expires_at: Some(77) }.into(),
        ObjectCreated { object, object_type: "note".into(), owner: ada }.into(),
        ObjectProjected { object, scope, level: Level::Write }.into(),
        ObjectCreated { object: ObjectId(5), object_type: "note".into(), owner: bo }.into(),
        ObjectTombstoned { object: ObjectId(5) }.into(),
        RuleCreated {
            rule: RuleId(6),
            name: "few".into(),
            class: Class::Quota,
            home: scope,
            body: few.into(),
        }
        .into(),
        BindingAdded { binding: BindingId(7), rule: RuleId(6), targets: of(Some(scope), None) }.into(),
        BindingAdded { binding: BindingId(8), rule: RuleId(6), targets: of(None, Some(bo)) }.into(),
    ];
    let mut world = World::default();
    for (at, event) in events.iter().enumerate() {
        let (sequence, context) = (Sequence::new(at as u64 + 1), Context::default());
        world.apply(&Envelope { sequence, time: at as u64, actor: ada, scope, context, payload: 9 }, event);
    }
    world
}

/// The most bytes that `make` has at a time.
fn peak_of(make: impl FnOnce()) -> usize {
    forget_peak();
    let before = live();
    make();
    usize::try_from(peak() - before).unwrap()
}

/// Rows were bounded by the length of the file. A forged one of 17 MB, a long name and a membership of the last row that so many bytes had
/// room for, was taken for one of 17 million principals, at 128 bytes each: 2 GB for somebody who is not there.
#[test]
fn whatever_row_a_forged_snapshot_names_it_takes_a_few_times_its_own_size() {
    let bytes = snapshot::encode(&world(), 1, &Digest::new([0; 32]));
    let name = bytes.windows(16).position(|window| window == [b'x'; 16]).unwrap();
    // The greatest row that the length allowed, and the greatest that there is.
    let rows = [(bytes.len() - HEADER_BYTES - 1) as u32, u32::MAX - 1];
    let places = (HEADER_BYTES..name).chain(name + LENGTH..bytes.len() - 3);
    for (at, row) in places.flat_map(|at| rows.map(|row| (at, row))) {
        let mut forged = bytes.clone();
        forged[at..at + 4].copy_from_slice(&row.to_le_bytes());
        // As if whoever forged it had redone the sums.
        let most = peak_of(|| drop(snapshot::Snapshot::parse(&forged).unwrap().world_if(true, true)));
        assert!(most <= forged.len() * FACTOR + EMPTY, "row {row} at {at}: {most} bytes of {}", forged.len());
    }
}

/// Who is in a group is also in the groups that this one is in, and that is kept as a list. A chain of groups, each in the next, takes a hundred
/// bytes a link, and lists as long as the chain.
#[test]
fn a_chain_of_groups_in_a_forged_snapshot_is_refused_before_its_lists_add_up_to_its_square() {
    const LINKS: u128 = 1_500;
    let id = |number: u128| PrincipalId(number);
    let mut world = World::default();
    let founded = Founded { principal: id(1), kind: "person".into() }.into();
    let members = (2..=LINKS)
        .map(|number| PrincipalCreated { principal: id(number), kind: "group".into() }.into())
        // From the top: nobody has anybody below yet.
        .chain((2..=LINKS).rev().map(|number| {
            let (parent, child) = (id(number), id(number - 1));
            RelationshipAdded { edge: EdgeId(number), parent, child, label: "member_of".into() }.into()
        }));
    for (at, event) in std::iter::once(founded).chain(members).enumerate() {
        let (sequence, context) = (Sequence::new(at as u64 + 1), Context::default());
        let (scope, actor) = (ScopeId::NONE, id(1));
        world.apply(&Envelope { sequence, time: 1, actor, scope, context, payload: 0 }, &event);
    }
    let bytes = snapshot::encode(&world, 1, &Digest::new([0; 32]));
    let most = peak_of(|| assert!(snapshot::Snapshot::parse(&bytes).unwrap().world().is_err()));
    assert!(most <= bytes.len() * 16 + EMPTY, "{most} bytes of {}", bytes.len());
}
