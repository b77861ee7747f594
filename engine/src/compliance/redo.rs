//! Giving the commands behind the events again, at their moment.
//!
//! Every event follows from a command, and the way back is known ([`crate::export::recall`]). So each batch can be decided once more: against
//! the world that it met, at its time, by the same authorization and the same decisions. It has to be allowed, and to come to the same
//! events with the same payloads. What was written past the engine does not: by who may not, in a form that no command has, or
//! without what has to come along.

use super::check::Book;
use super::invariant::CheckName as N;
use crate::clock::{Ids, ManualDoor};
use crate::export::recall;
use crate::history::History;
use crate::kernel::execute::{Fact, Outcome, Refusal, execute};
use crate::temporal::undone;
use scoped_log::Record;
use scoped_projections::domains::kind_info;
use scoped_projections::store::Transact;
use scoped_projections::{Envelope, Event, PrincipalId, World};

/// Decides a batch again. The world is left as it was. Gives who would have been denied.
pub(super) fn redo(
    history: &History,
    world: &mut World,
    records: &[Record],
    events: &[(Envelope, Event)],
    book: &mut Book,
) -> Option<PrincipalId> {
    let ((first, _), (last, _)) = events.first().zip(events.last())?;
    let place = || match first.sequence == last.sequence {
        true => format!("event {}", first.sequence),
        false => format!("events {} to {}", first.sequence, last.sequence),
    };
    let name = N::CommandsExplainEvents;
    book.saw(name, events.len() as u64);
    let batch = match recall(records) {
        Ok(Some(batch)) => batch,
        // Refusals and recorded reads happen beside commands; a keyed batch may have come to nothing.
        Ok(None) if events.iter().all(|(_, event)| matches!(event, Event::Audit(_) | Event::Requests(_))) => {
            return None;
        }
        Ok(None) => {
            book.violation(name, || {
                let names: Vec<&str> = events.iter().take(3).map(|(_, event)| self::name(event)).collect();
                format!("{} follow from no command: {}", place(), names.join(", "))
            });
            return None;
        }
        Err(error) => {
            book.violation(name, || format!("{}: {error}", place()));
            return None;
        }
    };
    book.saw(N::DecisionsHold, batch.steps.len() as u64);
    // Only event ids are drawn: whatever else has an id is asked for by it.
    let mut ids = Ids::new(&ManualDoor::new(first.time, 0));
    let mut facts = Vec::new();
    let undone = undone(&batch, |at| history.about(at));
    match execute(world, &batch, &undone, first.time, &mut ids, &mut facts) {
        Ok(Outcome::Facts(..)) => {
            world.undo();
            if let Some(difference) = differ(&facts, records, events) {
                book.violation(name, || format!("{}: {difference}", place()));
            }
        }
        Ok(Outcome::Before(..)) => {}
        Err(declined) => {
            let (step, operation, actor) = (declined.step + 1, declined.operation, declined.actor);
            let what =
                || format!("{}: `{operation}` of {actor} (step {step}) would have been refused", place());
            match declined.refusal {
                Refusal::Denied(need) => {
                    book.violation(N::DecisionsHold, || {
                        format!("{}: `{}` was not theirs", what(), need.capability)
                    });
                    return Some(actor);
                }
                Refusal::Declined(error) => book.violation(name, || format!("{}: {error}", what())),
            }
        }
    }
    None
}

/// The first difference between what the commands come to and what stands in the log.
fn differ(facts: &[Fact], records: &[Record], events: &[(Envelope, Event)]) -> Option<String> {
    // The key of a batch is no part of what was asked for; it is the last thing written.
    let stands = events.iter().zip(records).filter(|((_, event), _)| !matches!(event, Event::Requests(_)));
    let mut stands = stands.peekable();
    let first = events.first().map_or(0, |(at, _)| at.sequence.get());
    for fact in facts {
        let Some(((at, event), record)) = stands.next() else {
            return Some(format!("`{}` is missing", name(&fact.event)));
        };
        let (context, other) = (&fact.at.context, &at.context);
        let parts = [
            ("body", fact.event == *event),
            ("payload", fact.payload.as_ref().map(scoped_log::Payload::bytes) == record.payload()),
            ("actor", fact.at.actor == at.actor),
            ("scope", fact.at.scope == at.scope),
            // What one command brought about may be recalled as several: then the first of them is the cause, in the same batch.
            ("cause", context.cause == other.cause || (first..at.sequence.get()).contains(&other.cause)),
            ("undone event", context.undoes == other.undoes),
        ];
        if let Some((part, _)) = parts.iter().find(|(_, same)| !same) {
            return Some(format!(
                "its command comes to a `{}` with another {part} than the one at {}",
                name(&fact.event),
                at.sequence
            ));
        }
    }
    stands
        .next()
        .map(|((at, event), _)| format!("no command comes to the `{}` at {}", name(event), at.sequence))
}

fn name(event: &Event) -> &'static str {
    kind_info(event.kind()).map_or("event", |kind| kind.name)
}
