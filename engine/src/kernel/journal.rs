//! The access journal: refused attempts, and reads that the scope's policy wants recorded, folded when they repeat.
//!
//! The first of its kind is an event at once. The same one again (outcome, actor, operation, capability, target, code, reason) within the window is
//! only counted; when the window ends, one more event says how often and until when. So a hostile caller cannot flood the log,
//! and nothing is lost but the exact times in between. What was counted and not yet written is lost in a crash.
//! Bounds: of one actor at most [`ACTOR_KINDS_MAX`] kinds of each outcome are told apart in a window, the others are one kind without a
//! target; at most [`KINDS_MAX`] kinds are folded at a time, beyond that the oldest are written and forgotten. Where it came from makes no kind of
//! its own, or an address that changes would pass the fold by: what is written carries that of the first that it stands for. At most
//! 4 KiB of it are held for each kind that is folded.

use super::execute::Fact;
use crate::authorize::{Request, Target};
use crate::clock::Ids;
use crate::requests::Metadata;
use crate::sealed::Sealer;
use scoped_projections::audit::{AccessDenied, AccessRecorded};
use scoped_projections::tenancy::Capability;
use scoped_projections::{Context, Envelope, Event, Micros, ObjectId, PrincipalId, ScopeId, World};
use std::collections::BTreeMap;

/// How long equal accesses are folded into one event, in µs.
const WINDOW: Micros = 1_000_000;
/// How many kinds of access are folded at a time.
const KINDS_MAX: usize = 4_096;
/// How many kinds of access of one actor, with one outcome, are told apart at a time.
const ACTOR_KINDS_MAX: usize = 64;
/// What is written as the operation where kinds are not told apart.
const MANY: &str = "many";

/// How it came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// Somebody tried what is not theirs.
    Refused,
    /// A read that is to be recorded.
    Read,
}

/// One access, and what makes two of them the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Access {
    pub(crate) outcome: Outcome,
    pub(crate) actor: PrincipalId,
    pub(crate) operation: &'static str,
    pub(crate) capability: Capability,
    pub(crate) scope: ScopeId,
    pub(crate) object: ObjectId,
    /// The code of the error that it came to; empty for a read.
    pub(crate) code: &'static str,
    /// Why it was denied, in a word, where that is known.
    pub(crate) reason: &'static str,
}

/// An access, and where it came from, if that was said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) access: Access,
    pub(crate) metadata: Option<Metadata>,
}

#[derive(Debug, Clone)]
struct Folded {
    window_began: Micros,
    first: Micros,
    last: Micros,
    /// Not written yet.
    count: u32,
    /// Where the first of those came from.
    metadata: Option<Metadata>,
}

/// Accesses of the current window.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    folded: BTreeMap<Access, Folded>,
}

impl Journal {
    /// Counts an access; gives it back, as it is to be told, when it has to be written now.
    pub(crate) fn note(&mut self, line: Line, now: Micros) -> Option<Line> {
        let Line { access, metadata } = line;
        let access = self.told_apart(access, now);
        if let Some(folded) = self.folded.get_mut(&access)
            && now.saturating_sub(folded.window_began) < WINDOW
        {
            folded.count = folded.count.saturating_add(1);
            if folded.count == 1 {
                (folded.first, folded.metadata) = (now, metadata);
            }
            folded.last = now;
            return None;
        }
        let folded = Folded { window_began: now, first: now, last: now, count: 0, metadata: None };
        self.folded.insert(access.clone(), folded);
        Some(Line { access, metadata })
    }

    /// The access itself, or one without operation and target when its actor does too many different things.
    fn told_apart(&self, access: Access, now: Micros) -> Access {
        let first = Access {
            operation: "",
            capability: Capability::ReadLocal,
            scope: ScopeId::NONE,
            ..access.clone()
        };
        let same = |other: &Access| (other.outcome, other.actor) == (access.outcome, access.actor);
        let of_actor = self.folded.range(first..).take_while(|(other, _)| same(other));
        let current = of_actor.filter(|(_, folded)| now.saturating_sub(folded.window_began) < WINDOW);
        if self.folded.contains_key(&access) || current.count() < ACTOR_KINDS_MAX {
            return access;
        }
        Access { operation: MANY, scope: ScopeId::NONE, object: ObjectId::NONE, reason: "", ..access }
    }

    /// Takes out what was counted in windows that have ended (all of them when `all`), to be written.
    pub(crate) fn due(&mut self, now: Micros, all: bool) -> Vec<(Line, u32, Micros, Micros)> {
        let mut oldest_kept = 0;
        if self.folded.len() > KINDS_MAX {
            let mut began: Vec<Micros> = self.folded.values().map(|folded| folded.window_began).collect();
            let (_, median, _) = began.select_nth_unstable(KINDS_MAX / 2);
            oldest_kept = median.saturating_add(1);
        }
        let mut due = Vec::new();
        self.folded.retain(|access, folded| {
            let ended =
                all || folded.window_began < oldest_kept || now.saturating_sub(folded.window_began) >= WINDOW;
            if ended && folded.count > 0 {
                let line = Line { access: access.clone(), metadata: folded.metadata.take() };
                due.push((line, folded.count, folded.first, folded.last));
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

/// The event of an access, applied to the world like any other. Where it came from is left out when that has to be sealed and cannot be: what
/// happened is told all the same.
pub(crate) fn fact(
    world: &mut World,
    (ids, sealer): (&mut Ids, &mut Sealer<'_>),
    now: Micros,
    Line { access, metadata }: &Line,
    correlation: u128,
    (count, first, last): (u32, Micros, Micros),
) -> Fact {
    let (actor, scope, object) = (access.actor, access.scope, access.object);
    let time = now.max(world.time());
    let (sequence, event_id) = (world.position().next(), ids.next(time));
    // What was folded out of many operations is one of its own.
    let correlation = if correlation == 0 { event_id } else { correlation };
    let context = Context { correlation, ..Context::default() };
    let (operation, capability) = (access.operation.to_owned(), access.capability.as_str().to_owned());
    let event: Event = match access.outcome {
        Outcome::Refused => {
            let (code, reason) = (access.code.to_owned(), access.reason.to_owned());
            AccessDenied { operation, capability, object, code, reason, count, first, last }.into()
        }
        Outcome::Read => AccessRecorded { operation, capability, object, count, first, last }.into(),
    };
    let said = metadata.as_ref().filter(|said| !said.is_empty());
    let payload = said.and_then(|said| sealer.described(world, actor, &event, said).ok().flatten());
    let length = payload.as_ref().map_or(0, |payload| payload.bytes().len()) as u32;
    let at = Envelope { sequence, time, actor, scope, context, payload: length };
    world.apply(&at, &event);
    Fact { at, event_id, event, payload }
}

/// What was done or tried, in the words of the audit trail.
pub(crate) fn access(
    world: &World,
    actor: PrincipalId,
    operation: &'static str,
    need: Request<'_>,
    outcome: Outcome,
) -> Access {
    let (mut scope, mut object) = (ScopeId::NONE, ObjectId::NONE);
    match need.target {
        Target::Scope(row) | Target::Below(row) => {
            scope = world.tenancy().at(row).map_or(scope, |node| node.id)
        }
        Target::Object(row) => {
            if let Some(found) = world.objects().at(row) {
                object = found.id;
                scope = world.tenancy().at(found.home).map_or(scope, |node| node.id);
            }
        }
        Target::Own | Target::Deployment | Target::Nothing => {}
    }
    let code = if outcome == Outcome::Refused { "denied" } else { "" };
    Access { outcome, actor, operation, capability: need.capability, scope, object, code, reason: "" }
}

impl Access {
    /// The same, with the reason in a word.
    pub(crate) fn because(self, reason: &'static str) -> Self {
        Self { reason, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(outcome: Outcome, actor: u128, object: u128) -> Access {
        Access {
            outcome,
            actor: PrincipalId(actor),
            operation: "objects.read",
            capability: Capability::ReadLocal,
            scope: ScopeId::NONE,
            object: ObjectId(object),
            code: "denied",
            reason: "",
        }
    }

    fn attempt(actor: u128, object: u128) -> Line {
        line(seen(Outcome::Refused, actor, object))
    }

    /// From nowhere that was said.
    fn line(access: Access) -> Line {
        Line { access, metadata: None }
    }

    #[test]
    fn the_first_is_told_at_once_and_the_others_when_the_window_ends() {
        let mut journal = Journal::default();
        assert_eq!(journal.note(attempt(1, 1), 1_000), Some(attempt(1, 1)));
        for at in 0..500 {
            assert_eq!(journal.note(attempt(1, 1), 1_001 + at), None);
        }
        assert_eq!(journal.due(2_000, false), []);
        assert!(journal.is_waiting());
        assert_eq!(journal.due(1_000 + WINDOW, false), [(attempt(1, 1), 500, 1_001, 1_500)]);
        assert!(!journal.is_waiting());
        assert_eq!(journal.note(attempt(1, 1), 1_000 + WINDOW), Some(attempt(1, 1)), "a new window");
    }

    /// Somebody who tried to read 1 100 objects one after another once had every refusal written, at full speed.
    #[test]
    fn whoever_tries_many_things_is_told_in_one_line() {
        let mut journal = Journal::default();
        let written =
            (0..100_000).filter(|n| journal.note(attempt(1, n % 1_100 + 1), 1_000).is_some()).count();
        assert_eq!(written, ACTOR_KINDS_MAX + 1);
        assert_eq!(
            journal.note(attempt(2, 5), 1_000),
            Some(attempt(2, 5)),
            "others are told apart all the same"
        );
        let told: u32 = journal.due(1_000, true).iter().map(|(_, count, _, _)| count).sum();
        assert_eq!(told as usize + written, 100_000, "none is lost");
    }

    #[test]
    fn many_actors_push_out_the_oldest_only() {
        let mut journal = Journal::default();
        for actor in 0..KINDS_MAX as u64 + 100 {
            journal.note(attempt(u128::from(actor) + 1, 1), 1_000 + actor);
        }
        journal.due(6_000, false);
        assert!(journal.folded.len() <= KINDS_MAX);
        assert!(journal.folded.contains_key(&attempt(KINDS_MAX as u128 + 100, 1).access), "the newest stays");
        assert!(!journal.folded.contains_key(&attempt(1, 1).access), "the oldest goes");
    }

    /// Reads and refusals are counted apart, or whoever reads a lot could hide what was refused to it.
    #[test]
    fn many_reads_do_not_hide_a_refusal() {
        let mut journal = Journal::default();
        for object in 0..2 * ACTOR_KINDS_MAX as u128 {
            journal.note(line(seen(Outcome::Read, 1, object + 1)), 1_000);
        }
        assert_eq!(journal.note(attempt(1, 7), 1_000), Some(attempt(1, 7)));
        assert_eq!(journal.note(attempt(1, 7), 1_001), None, "folded with its like only");
        assert_eq!(journal.note(line(seen(Outcome::Read, 1, 7)), 1_001), None);
    }

    /// Told apart by where they came from, attempts from an address that changes each time would each be written.
    #[test]
    fn where_it_came_from_makes_no_kind_of_its_own_and_the_first_of_a_fold_is_told() {
        let from = |nth: u64| Line {
            metadata: Some(Metadata::new(serde_json::json!({ "ip": format!("192.0.2.{nth}") })).unwrap()),
            ..attempt(1, 1)
        };
        let mut journal = Journal::default();
        assert_eq!(journal.note(from(1), 1_000), Some(from(1)), "the first is told at once");
        for nth in 2..9 {
            assert_eq!(journal.note(from(nth), 1_000 + nth), None);
        }
        assert_eq!(journal.due(1_000 + WINDOW, false), [(from(2), 7, 1_002, 1_008)]);
    }
}
