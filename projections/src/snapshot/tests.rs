use super::*;
use crate::canonical::RowOf;
use crate::identity::{Founded, PrincipalCreated};
use crate::objects::{ObjectCreated, ObjectTombstoned};
use crate::sharing::ObjectProjected;
use crate::store::NO_ROW;
use crate::temporal::MarkSet;
use crate::tenancy::{AclEntryAdded, Applies, Effect, Level, MemberAdded, Role, ScopeCreated, Subject};
use crate::{Context, EntryId, Envelope, Event, ObjectId, PrincipalId, ScopeId};

/// A small world with something in every state.
fn world() -> World {
    let (ada, bo, scope, object) = (PrincipalId(1), PrincipalId(2), ScopeId(3), ObjectId(4));
    let events: Vec<Event> = vec![
        Founded { principal: ada, kind: "person".into() }.into(),
        PrincipalCreated { principal: bo, kind: "bot".into() }.into(),
        ScopeCreated { scope, parent: ScopeId::NONE, path: "org:acme".into(), name: String::new() }.into(),
        ScopeCreated { scope: ScopeId(5), parent: scope, path: String::new(), name: "flat".into() }.into(),
        MemberAdded { scope, principal: bo, role: Role::Writer, expires_at: Some(77) }.into(),
        AclEntryAdded {
            entry: EntryId(6),
            scope,
            effect: Effect::Deny,
            subject: Subject::Role(Role::Reader),
            capability: "scope.read.*".into(),
            applies: Applies::Itself,
            expires_at: None,
        }
        .into(),
        ObjectCreated { object, object_type: "note".into(), owner: ada }.into(),
        ObjectProjected { object, scope, level: Level::Write }.into(),
        ObjectTombstoned { object }.into(),
        MarkSet { name: "v1".into(), position: 8 }.into(),
        crate::requests::RequestKeyed { key: [1; 16], request: [2; 16], events: 0 }.into(),
    ];
    let mut world = World::default();
    for (at, event) in events.iter().enumerate() {
        let context = Context { undoes: if at == 8 { 7 } else { 0 }, ..Context::default() };
        let sequence = Sequence::new(at as u64 + 1);
        world.apply(
            &Envelope { sequence, time: 1_000 + at as u64, actor: ada, scope, context, payload: 0 },
            event,
        );
    }
    world
}

fn encoded() -> Vec<u8> {
    encode(&world(), 42, &Digest::new([7; 32]))
}

#[test]
fn a_snapshot_gives_the_world_that_went_in() {
    let (world, bytes) = (world(), encoded());
    let snapshot = Snapshot::parse(&bytes).unwrap();
    assert_eq!((snapshot.log_id, snapshot.position), (42, world.position()));
    let back = snapshot.world().unwrap();
    assert_eq!(back.state_digest(), world.state_digest());
    assert_eq!(back.content_digest(), world.content_digest());
    assert_eq!((back.position(), back.time()), (world.position(), world.time()));
    assert_eq!(encode(&back, 42, &Digest::new([7; 32])), bytes, "byte for byte");
}

fn world_of(bytes: &[u8]) -> Result<World, SnapshotError> {
    Snapshot::parse(bytes)?.world()
}

#[test]
fn any_changed_bit_and_any_cut_is_noticed() {
    let bytes = encoded();
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(world_of(&changed).is_err(), "bit {bit}");
    }
    for length in 0..bytes.len() {
        assert!(world_of(&bytes[..length]).is_err(), "cut at {length}");
    }
}

/// Somebody who can write the checksum can write nonsense behind it. Loading must then say no, without a panic and without asking for memory.
#[test]
fn nonsense_behind_a_right_checksum_is_refused_quietly() {
    let bytes = encoded();
    // The time of the last event, behind the position, is no state: no digest covers it.
    let time = HEADER_BYTES + 8..HEADER_BYTES + 16;
    for at in (HEADER_BYTES..bytes.len()).filter(|at| !time.contains(at)) {
        for value in [0, 1, 0x7f, 0xff] {
            let mut changed = bytes.clone();
            if changed[at] == value {
                continue;
            }
            changed[at] = value;
            let sum = checksum(&changed[..112], &changed[HEADER_BYTES..]);
            changed[112..144].copy_from_slice(&sum);
            let snapshot = Snapshot::parse(&changed).unwrap();
            assert!(snapshot.world().is_err(), "byte {at} = {value:#x}: the state digest differs at least");
            if let Ok(world) = snapshot.world_if(true, true) {
                assert_ne!(
                    world.state_digest(),
                    snapshot.state_digest,
                    "byte {at} = {value:#x} is part of the state"
                );
            }
        }
    }
}

/// A row was bounded by a number, 2^28: a forged snapshot of a kilobyte that named one made lists of gigabytes before it was refused.
#[test]
fn a_row_of_something_that_the_walk_does_not_hold_is_refused_before_a_list_spans_it() {
    for (row, strict, lenient) in
        [(2, Some(2), Some(2)), (3, None, None), (NO_ROW, None, Some(NO_ROW)), (1 << 24, None, None)]
    {
        let bytes = u32::to_le_bytes(row);
        let input = || {
            let mut input = Input::new(&bytes);
            input.holds(RowOf::Scope, 3);
            input
        };
        assert_eq!(input().row(RowOf::Scope).ok(), strict, "{row}");
        assert_eq!(input().row_or_none(RowOf::Scope).ok(), lenient, "{row}");
        assert!(input().row(RowOf::Object).is_err(), "there are none of these");
    }
    let bytes = encoded();
    // Every number of four bytes, made the greatest row that is too many: whatever it was, the answer is quick and small.
    for at in HEADER_BYTES..bytes.len() - 3 {
        let mut changed = bytes.clone();
        changed[at..at + 4].copy_from_slice(&((1 << 28) - 1_u32).to_le_bytes());
        let sum = checksum(&changed[..112], &changed[HEADER_BYTES..]);
        changed[112..144].copy_from_slice(&sum);
        assert!(
            Snapshot::parse(&changed).is_ok_and(|snapshot| snapshot.world().is_err())
                || at < HEADER_BYTES + 16
        );
    }
}

#[test]
fn the_content_digest_does_not_see_where_things_were_written() {
    let mut later = World::default();
    let founded = Event::from(Founded { principal: PrincipalId(1), kind: "person".into() });
    let at = |sequence| Envelope {
        sequence: Sequence::new(sequence),
        time: sequence,
        actor: PrincipalId(1),
        scope: ScopeId::NONE,
        context: Context::default(),
        payload: 0,
    };
    let mut sooner = later.clone();
    sooner.apply(&at(1), &founded);
    later.apply(&at(9), &founded);
    assert_eq!(sooner.content_digest(), later.content_digest());
    assert_ne!(sooner.state_digest(), later.state_digest());
}
