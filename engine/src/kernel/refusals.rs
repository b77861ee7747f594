//! Traces of refused attempts, folded when they repeat.
//!
//! The first refusal of its kind is an event at once. The same one again (actor, operation, capability, target) within the window is
//! only counted; when the window ends, one more event says how often and until when. So a hostile caller cannot flood the log,
//! and nothing is lost but the exact times in between. What was counted and not yet written is lost in a crash.
//! Bounds: at most [`KINDS_MAX`] kinds are folded at a time; beyond that the oldest are written and forgotten.

use super::execute::Fact;
use crate::clock::Ids;
use scoped_projections::audit::AccessDenied;
use scoped_projections::tenancy::Capability;
use scoped_projections::{Context, Envelope, Micros, ObjectId, PrincipalId, ScopeId, World};
use std::collections::BTreeMap;

/// How long equal refusals are folded into one event, in µs.
const WINDOW: Micros = 1_000_000;
/// How many kinds of refusal are folded at a time.
const KINDS_MAX: usize = 1_024;

/// What makes two refusals the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Attempt {
    pub(crate) actor: PrincipalId,
    pub(crate) operation: &'static str,
    pub(crate) capability: Capability,
    pub(crate) scope: ScopeId,
    pub(crate) object: ObjectId,
}

#[derive(Debug, Clone, Copy)]
struct Folded {
    window_began: Micros,
    first: Micros,
    last: Micros,
    /// Not written yet.
    count: u32,
}

/// Attempts of the current window.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    folded: BTreeMap<Attempt, Folded>,
}

impl Refusals {
    /// Counts an attempt; true when it has to be written now.
    pub(crate) fn note(&mut self, attempt: Attempt, now: Micros) -> bool {
        if let Some(folded) = self.folded.get_mut(&attempt)
            && now.saturating_sub(folded.window_began) < WINDOW
        {
            folded.count = folded.count.saturating_add(1);
            folded.first = if folded.count == 1 { now } else { folded.first };
            folded.last = now;
            return false;
        }
        true
    }

    /// A new window begins for an attempt that is written now.
    pub(crate) fn open(&mut self, attempt: Attempt, now: Micros) {
        self.folded.insert(attempt, Folded { window_began: now, first: now, last: now, count: 0 });
    }

    /// Takes out what was counted in windows that have ended (all of them when `all`), to be written.
    pub(crate) fn due(&mut self, now: Micros, all: bool) -> Vec<(Attempt, u32, Micros, Micros)> {
        let crowded = self.folded.len() > KINDS_MAX;
        let ended = |folded: &Folded| all || crowded || now.saturating_sub(folded.window_began) >= WINDOW;
        let mut due = Vec::new();
        self.folded.retain(|attempt, folded| {
            let ended = ended(folded);
            if ended && folded.count > 0 {
                due.push((attempt.clone(), folded.count, folded.first, folded.last));
            }
            !ended
        });
        due
    }

    /// Is anything counted that is not written?
    pub(crate) fn is_waiting(&self) -> bool {
        self.folded.values().any(|folded| folded.count > 0)
    }
}

/// The event of an attempt, applied to the world like any other.
pub(crate) fn fact(
    world: &mut World,
    ids: &mut Ids,
    now: Micros,
    attempt: &Attempt,
    (count, first, last): (u32, Micros, Micros),
) -> Fact {
    let (actor, scope, object) = (attempt.actor, attempt.scope, attempt.object);
    let time = now.max(world.time());
    let at = Envelope { sequence: world.position().next(), time, actor, scope, context: Context::default() };
    let (operation, capability) = (attempt.operation.to_owned(), attempt.capability.as_str().to_owned());
    let event = AccessDenied { operation, capability, object, count, first, last }.into();
    world.apply(&at, &event);
    Fact { at, event_id: ids.next(time), event, payload: None }
}
