//! Traces of refused attempts, folded when they repeat.
//!
//! The first refusal of its kind is an event at once. The same one again (actor, operation, capability, target) within the window is
//! only counted; when the window ends, one more event says how often and until when. So a hostile caller cannot flood the log,
//! and nothing is lost but the exact times in between. What was counted and not yet written is lost in a crash.
//! Bounds: of one actor at most [`ACTOR_KINDS_MAX`] kinds are told apart in a window, the others are one kind without a target; at
//! most [`KINDS_MAX`] kinds are folded at a time, beyond that the oldest are written and forgotten.

use super::execute::Fact;
use crate::clock::Ids;
use scoped_projections::audit::AccessDenied;
use scoped_projections::tenancy::Capability;
use scoped_projections::{Context, Envelope, Micros, ObjectId, PrincipalId, ScopeId, World};
use std::collections::BTreeMap;

/// How long equal refusals are folded into one event, in µs.
const WINDOW: Micros = 1_000_000;
/// How many kinds of refusal are folded at a time.
const KINDS_MAX: usize = 4_096;
/// How many kinds of refusal of one actor are told apart at a time.
const ACTOR_KINDS_MAX: usize = 64;
/// What is written as the operation where kinds are not told apart.
const MANY: &str = "many";

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
    /// Counts an attempt; gives it back, as it is to be told, when it has to be written now.
    pub(crate) fn note(&mut self, attempt: Attempt, now: Micros) -> Option<Attempt> {
        let attempt = self.told_apart(attempt, now);
        if let Some(folded) = self.folded.get_mut(&attempt)
            && now.saturating_sub(folded.window_began) < WINDOW
        {
            folded.count = folded.count.saturating_add(1);
            folded.first = if folded.count == 1 { now } else { folded.first };
            folded.last = now;
            return None;
        }
        self.folded.insert(attempt.clone(), Folded { window_began: now, first: now, last: now, count: 0 });
        Some(attempt)
    }

    /// The attempt itself, or one without operation and target when its actor tries too many different things.
    fn told_apart(&self, attempt: Attempt, now: Micros) -> Attempt {
        let first = Attempt {
            operation: "",
            capability: Capability::ReadLocal,
            scope: ScopeId::NONE,
            ..attempt.clone()
        };
        let of_actor = self.folded.range(first..).take_while(|(other, _)| other.actor == attempt.actor);
        let current = of_actor.filter(|(_, folded)| now.saturating_sub(folded.window_began) < WINDOW);
        if self.folded.contains_key(&attempt) || current.count() < ACTOR_KINDS_MAX {
            return attempt;
        }
        Attempt { operation: MANY, scope: ScopeId::NONE, object: ObjectId::NONE, ..attempt }
    }

    /// Takes out what was counted in windows that have ended (all of them when `all`), to be written.
    pub(crate) fn due(&mut self, now: Micros, all: bool) -> Vec<(Attempt, u32, Micros, Micros)> {
        let mut oldest_kept = 0;
        if self.folded.len() > KINDS_MAX {
            let mut began: Vec<Micros> = self.folded.values().map(|folded| folded.window_began).collect();
            let (_, median, _) = began.select_nth_unstable(KINDS_MAX / 2);
            oldest_kept = median.saturating_add(1);
        }
        let mut due = Vec::new();
        self.folded.retain(|attempt, folded| {
            let ended =
                all || folded.window_began < oldest_kept || now.saturating_sub(folded.window_began) >= WINDOW;
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
    let (sequence, context) = (world.position().next(), Context::default());
    let at = Envelope { sequence, time, actor, scope, context, payload: 0 };
    let (operation, capability) = (attempt.operation.to_owned(), attempt.capability.as_str().to_owned());
    let event = AccessDenied { operation, capability, object, count, first, last }.into();
    world.apply(&at, &event);
    Fact { at, event_id: ids.next(time), event, payload: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(actor: u128, object: u128) -> Attempt {
        Attempt {
            actor: PrincipalId(actor),
            operation: "objects.read",
            capability: Capability::ReadLocal,
            scope: ScopeId::NONE,
            object: ObjectId(object),
        }
    }

    #[test]
    fn the_first_is_told_at_once_and_the_others_when_the_window_ends() {
        let mut refusals = Refusals::default();
        assert_eq!(refusals.note(attempt(1, 1), 1_000), Some(attempt(1, 1)));
        for at in 0..500 {
            assert_eq!(refusals.note(attempt(1, 1), 1_001 + at), None);
        }
        assert_eq!(refusals.due(2_000, false), []);
        assert!(refusals.is_waiting());
        assert_eq!(refusals.due(1_000 + WINDOW, false), [(attempt(1, 1), 500, 1_001, 1_500)]);
        assert!(!refusals.is_waiting());
        assert_eq!(refusals.note(attempt(1, 1), 1_000 + WINDOW), Some(attempt(1, 1)), "a new window");
    }

    /// Somebody who tried to read 1 100 objects one after another once had every refusal written, at full speed.
    #[test]
    fn whoever_tries_many_things_is_told_in_one_line() {
        let mut refusals = Refusals::default();
        let written =
            (0..100_000).filter(|n| refusals.note(attempt(1, n % 1_100 + 1), 1_000).is_some()).count();
        assert_eq!(written, ACTOR_KINDS_MAX + 1);
        assert_eq!(
            refusals.note(attempt(2, 5), 1_000),
            Some(attempt(2, 5)),
            "others are told apart all the same"
        );
        let told: u32 = refusals.due(1_000, true).iter().map(|(_, count, _, _)| count).sum();
        assert_eq!(told as usize + written, 100_000, "none is lost");
    }

    #[test]
    fn many_actors_push_out_the_oldest_only() {
        let mut refusals = Refusals::default();
        for actor in 0..KINDS_MAX as u64 + 100 {
            refusals.note(attempt(u128::from(actor) + 1, 1), 1_000 + actor);
        }
        refusals.due(6_000, false);
        assert!(refusals.folded.len() <= KINDS_MAX);
        assert!(refusals.folded.contains_key(&attempt(KINDS_MAX as u128 + 100, 1)), "the newest stays");
        assert!(!refusals.folded.contains_key(&attempt(1, 1)), "the oldest goes");
    }
}
