//! Giving the commands behind the events again, at their moment.
//!
//! Every event follows from a command, and the way back is known ([`crate::export::recall`]). So each batch can be decided once more: against
//! the world that it met, at its time, by the same authorization and the same decisions. It has to be allowed, and to come to the same
//! events with the same payloads. What was written past the engine does not: by who may not, in a form that no command has, or
//! without what has to come along.
//!
//! Sealed payloads are compared by what they say, where it can be read: nonces differ each time. Of what was erased, or is sealed without its key at
//! hand, it is checked that it would be sealed, for whom, and everything that does not hang on the data. What takes a feature that this
//! build is without (conditions in CEL, contracts in JSON Schema) is not judged, and that is a warning.

use super::check::Book;
use super::invariant::CheckName as N;
use super::requests::wrong;
use crate::clock::{Ids, ManualDoor};
use crate::error::Result;
use crate::export::recall_to_check;
use crate::history::History;
use crate::kernel::execute::{Fact, Out, Outcome, Refusal, execute};
use crate::sealed::{Content, Sealer, Why, stored_subject, subject_of};
use crate::temporal::undone;
use scoped_log::Record;
use scoped_projections::domains::kind_info;
use scoped_projections::requests::RequestsEvent;
use scoped_projections::rules::Version;
use scoped_projections::store::Transact;
use scoped_projections::{Envelope, Event, PrincipalId, SubjectId, World};

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
    if let Some(wrong) = wrong(history, world, records, events) {
        book.violation(name, || wrong);
    }
    let batch = match recall_to_check(history, records) {
        Ok(Some(batch)) => batch,
        // Refusals and recorded reads happen beside commands; a keyed batch may have come to nothing.
        Ok(None) if events.iter().all(|(_, event)| matches!(event, Event::Audit(_)) || is_key(event)) => {
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
    let (mut facts, mut made) = (Vec::new(), Vec::new());
    let out = Out { facts: &mut facts, made: &mut made };
    let undone = undone(&batch, |at| history.about(at));
    match execute(world, &batch, &undone, first.time, &mut ids, &mut Sealer::pretending(), out) {
        Ok(Outcome::Facts(..)) => {
            world.undo();
            if let Some(difference) = differ(history, world, &facts, records, events, book) {
                book.violation(name, || format!("{}: {difference}", place()));
            }
        }
        Ok(Outcome::Before(..)) => {}
        Err(declined) => {
            let (step, operation, actor) = (declined.step + 1, declined.operation, declined.actor);
            let what =
                || format!("{}: `{operation}` of {actor} (step {step}) would have been refused", place());
            match declined.refusal {
                Refusal::Denied(_) if lacks_cel(world) => book.warning(N::DecisionsHold, || {
                    format!("{} without the feature `cel`: a build with it can tell", what())
                }),
                Refusal::Declined(error) if error.code() == "no_feature" => {
                    book.warning(name, || format!("{}: {error}", what()));
                }
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

/// Do rules have conditions that this build cannot look at? It denies then, also what was allowed where the log was written.
fn lacks_cel(world: &World) -> bool {
    let rules = world.rules();
    let in_cel = |version: &Version| version.when.as_ref().is_some_and(|clause| clause.cel.is_some());
    cfg!(not(feature = "cel")) && rules.iter().any(|rule| rules.versions(rule).any(in_cel))
}

/// The first difference between what the commands come to and what stands in the log.
fn differ(
    history: &History,
    world: &World,
    facts: &[Fact],
    records: &[Record],
    events: &[(Envelope, Event)],
    book: &mut Book,
) -> Option<String> {
    // The key of a batch is no part of what was asked for; it is the last thing written.
    let mut stands = events.iter().zip(records).filter(|((_, event), _)| !is_key(event));
    let first = events.first().map_or(0, |(at, _)| at.sequence.get());
    for fact in facts {
        let Some(((at, event), record)) = stands.next() else {
            return Some(format!("`{}` is missing", name(&fact.event)));
        };
        let (context, other) = (&fact.at.context, &at.context);
        let subject = || subject_of(world, events.iter().map(|(_, event)| event), at.actor, event);
        let same = match says(history, fact, record, subject, book) {
            Ok(same) => same,
            Err(error) => return Some(error.to_string()),
        };
        let parts = [
            ("body", fact.event == *event),
            ("payload", same),
            ("actor", fact.at.actor == at.actor),
            // The heads of rollbacks were once filed under no scope at all.
            ("scope", fact.at.scope == at.scope || (event.heads_rollback() && !at.scope.is_some())),
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

/// Is it the key of a request?
fn is_key(event: &Event) -> bool {
    matches!(event, Event::Requests(RequestsEvent::RequestKeyed(_)))
}

/// Does the payload say what it would say, and is it sealed if it would be, for whom it would be?
fn says(
    history: &History,
    fact: &Fact,
    record: &Record,
    subject: impl Fn() -> Option<SubjectId>,
    book: &mut Book,
) -> Result<bool> {
    let wanted = fact.payload.as_ref();
    let Some(content) = history.content(record)? else { return Ok(wanted.is_none()) };
    if record.is_sealed() && stored_subject(record) != subject() {
        return Ok(false);
    }
    Ok(match content {
        Content::Clear(bytes) => {
            wanted.is_some_and(|wanted| wanted.is_sealed() == record.is_sealed() && wanted.bytes() == &*bytes)
        }
        Content::Absent(absence) => {
            if absence.why == Why::Sealed {
                book.warning(N::CommandsExplainEvents, || {
                    format!("event {}: what it says was not checked: {absence}", record.sequence())
                });
            }
            // A reason that cannot be read is none.
            wanted.is_none_or(scoped_log::Payload::is_sealed)
        }
    })
}

pub(super) fn name(event: &Event) -> &'static str {
    kind_info(event.kind()).map_or("event", |kind| kind.name)
}
