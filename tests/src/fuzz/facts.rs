//! Any bytes as bodies of events, folded one after the other: what somebody wrote into a log with all sums right.
//!
//! ```text
//! kind u16 | length u16 | body, as much of it as there is | the next one
//! ```
//!
//! INVARIANTS looked for: (no panic) a body is read or refused, and no fact that can be read upsets the fold; (one form) what was read is
//! written as bytes that read the same; (snapshot) whatever world comes of it, its snapshot gives the same world, or is refused.

use scoped::projections::{Context, Envelope, snapshot};
use scoped::{Digest, Event, PrincipalId, ScopeId, Sequence, World};

/// Facts that one input comes to at most.
const FACTS_MAX: u64 = 200;

/// Bytes as facts, and as the world that they add up to.
///
/// # Panics
/// Where something is wrong; that is what is looked for.
pub fn facts(input: &[u8]) {
    let mut world = World::default();
    let mut left = input;
    for at in 1..=FACTS_MAX {
        let Some((&[k0, k1, l0, l1], rest)) = left.split_first_chunk::<4>() else { break };
        let (kind, length) = (u16::from_le_bytes([k0, k1]), u16::from_le_bytes([l0, l1]));
        let (body, rest) = rest.split_at(usize::from(length).min(rest.len()));
        left = rest;
        let Some((context, event)) = read(kind, body) else { continue };
        let envelope = Envelope {
            sequence: Sequence::new(at),
            time: at * 1_000,
            actor: PrincipalId(u128::from(length % 8)),
            scope: ScopeId(context.correlation % 8),
            context,
            payload: u32::from(length),
        };
        world.apply(&envelope, &event);
    }
    let bytes = snapshot::encode(&world, 1, &Digest::new([0; 32]));
    if let Ok(again) = snapshot::Snapshot::parse(&bytes).and_then(|snapshot| snapshot.world()) {
        assert_eq!(again.content_digest(), world.content_digest(), "(snapshot)");
    }
}

/// A body as any version of its kind.
fn read(kind: u16, body: &[u8]) -> Option<(Context, Event)> {
    let (context, event) = (1..=2).find_map(|version| Event::decode(kind, version, body).ok())?;
    let mut written = Vec::new();
    event.encode_into(&context, &mut written).expect("(one form) what was read can be written");
    let again = Event::decode(event.kind(), event.version(), &written);
    assert_eq!(again, Ok((context, event.clone())), "(one form)");
    Some((context, event))
}
