//! From events back to the commands that would bring them about.
//!
//! Every event kind has its command; what a command brings along on its own (the owner of a new root, the projection of an
//! object written into a scope) is recognised and not asked for twice. Refused attempts are not commands: they are left out.

use crate::command::{Batch, Command, Step};
use crate::data::Data;
use crate::error::{Error, Result};
use crate::history::{History, decode};
use crate::kernel::execute::is_on_the_way;
use crate::requests::Metadata;
use crate::temporal::{Entity, Remark, RollbackNote};
use scoped_log::Record;
use scoped_projections::identity::IdentityEvent;
use scoped_projections::requests::RequestsEvent;
use scoped_projections::temporal::TemporalEvent;
use scoped_projections::world::envelope;
use scoped_projections::{CorrelationId, Envelope, Event, PrincipalId, Sequence};

/// An event, where it stands, and what follows it in its batch.
pub(crate) struct Recalling<'a> {
    pub(crate) at: &'a Envelope,
    /// Its payload.
    pub(crate) data: Option<Data>,
    /// The events behind it in the batch: some of them may have come along with it.
    pub(crate) behind: &'a [(Envelope, Event)],
    /// Their payloads.
    pub(crate) payloads: &'a [Option<Data>],
}

impl Recalling<'_> {
    /// The payload of the event that stands so many behind, 0 for the next.
    pub(crate) fn data_behind(&self, nth: usize) -> Option<Data> {
        self.payloads.get(nth)?.clone()
    }
}

/// What an event was asked for by.
pub(crate) enum Recalled {
    /// A command, and how many of the events behind it came along with it.
    Command(Command, usize),
    /// No command of its own.
    Silent,
}

impl Recalled {
    /// A command that brought about this event alone.
    pub(crate) fn one(command: impl Into<Command>) -> Self {
        Self::Command(command.into(), 0)
    }
}

/// What an event was asked for by; `None` when it lacks the payload of its kind.
fn recall_one(event: Event, asked: Recalling<'_>) -> Option<Recalled> {
    macro_rules! recall {
        ($($number:literal $module:ident $state:ident $event:ident [$($reads:ident),*];)+) => {
            match event { $(Event::$state(event) => crate::$module::recall(event, asked)),+ }
        };
    }
    scoped_projections::for_each_domain!(recall)
}

/// The batch whose records these are (all of them, in order). `None` when it holds only what is no command.
///
/// What was erased, or is sealed while the history has no keys, stands there as a marker.
///
/// # Errors
/// When a record cannot be read.
pub fn recall(history: &History, records: &[Record]) -> Result<Option<Batch>> {
    let mut batch = Batch::default();
    for (step, _) in steps(history, records, &mut batch, false)? {
        batch.steps.push(step);
    }
    Ok((!batch.steps.is_empty()).then_some(batch))
}

/// The same to be decided again: what cannot be read is told apart from what says the same as a marker.
pub(crate) fn recall_to_check(history: &History, records: &[Record]) -> Result<Option<Batch>> {
    let mut batch = Batch::default();
    for (step, _) in steps(history, records, &mut batch, true)? {
        batch.steps.push(step);
    }
    Ok((!batch.steps.is_empty()).then_some(batch))
}

/// The steps of a batch, each with the index of the first record that it brought about.
pub(crate) fn recall_places(history: &History, records: &[Record]) -> Result<Vec<(usize, Step)>> {
    let found = steps(history, records, &mut Batch::default(), false)?;
    Ok(found.into_iter().map(|(step, found)| (found.at, step)).collect())
}

/// For each step of the batch that stands at `first..=last`, the id of what it made or changed.
pub(crate) fn ids(history: &History, first: Sequence, last: Sequence) -> Result<Vec<u128>> {
    let records = history.reader().records(first, last).collect::<Result<Vec<_>, _>>()?;
    let mut ids: Vec<u128> = Vec::new();
    let mut on_the_way = false;
    for (_, recalled) in steps(history, &records, &mut Batch::default(), false)? {
        let (_, event) = decode(&records[recalled.at])?;
        // What a step brought along may have a command of its own, but the step was for its first fact; unless that was only on the way.
        if !recalled.came_along {
            ids.push(recalled.id);
            on_the_way = is_on_the_way(&event);
        } else if let Some(last) = ids.last_mut().filter(|_| on_the_way && !is_on_the_way(&event)) {
            *last = recalled.id;
            on_the_way = false;
        }
    }
    Ok(ids)
}

/// What is known of a recalled step.
struct Found {
    /// Index of its first record.
    at: usize,
    /// The id of what it made or changed.
    id: u128,
    /// Did an earlier event of the same batch, other than the head of a rollback, bring it along?
    came_along: bool,
}

/// Somebody who acts for another from an event on.
#[derive(Clone, Copy)]
struct Acting {
    at: Sequence,
    agent: PrincipalId,
}

/// The steps of a batch, each with the id of what it made or changed; what holds for the whole batch goes into `whole`.
fn steps(
    history: &History,
    records: &[Record],
    whole: &mut Batch,
    marks_unread: bool,
) -> Result<Vec<(Step, Found)>> {
    let mut events: Vec<(Envelope, Event)> = Vec::with_capacity(records.len());
    let mut payloads: Vec<Option<Data>> = Vec::with_capacity(records.len());
    for record in records {
        let (context, event) = decode(record)?;
        events.push((envelope(record, context), event));
        payloads.push(match history.content(record)? {
            None => None,
            Some(content) => {
                let unread = marks_unread && content.absence().is_some();
                let data = Data::from_canonical(content.shown().into_owned())?;
                Some(if unread { data.standing_for(record.payload_len()) } else { data })
            }
        });
    }
    let (mut found, mut at) = (Vec::with_capacity(events.len()), 0);
    let mut acting = None;
    while let Some((envelope, event)) = events.get(at) {
        let data = payloads[at].clone();
        let id = Entity::of(event).map_or(0, Entity::id);
        whole.valid_time = envelope.context.valid_time;
        // A batch that was given none carries the id of its first event: it gets a new one where it is carried out again.
        let correlation = envelope.context.correlation;
        if records.first().is_some_and(|first| first.event_id() != correlation) {
            whole.correlation = CorrelationId(correlation);
        }
        if let Event::Temporal(TemporalEvent::RolledBack(e)) = event {
            let Remark { reason, merged } = Remark::read(data.as_ref().map(Data::bytes));
            whole.rollback = Some(RollbackNote { to: e.to, selection: e.selection.clone(), reason, merged });
        }
        if let Event::Requests(RequestsEvent::RequestDescribed(_)) = event {
            whole.metadata = Some(Metadata::recalled(data.clone(), envelope.sequence)?);
        }
        if let Event::Identity(IdentityEvent::ActedOnBehalf(e)) = event {
            acting = Some(Acting { at: envelope.sequence, agent: e.agent });
        }
        let asked =
            Recalling { at: envelope, data, behind: &events[at + 1..], payloads: &payloads[at + 1..] };
        let recalled = recall_one(event.clone(), asked).ok_or_else(|| {
            Error::corrupt(format!("event {} lacks the payload of its kind", envelope.sequence))
        })?;
        let (command, along) = match recalled {
            Recalled::Command(command, along) => (command, along),
            Recalled::Silent => {
                at += 1;
                continue;
            }
        };
        let start = events.first().map_or(0, |(first, _)| first.sequence.get());
        let cause = envelope.context.cause.checked_sub(start).filter(|_| start > 0);
        let cause = cause.and_then(|nth| events.get(usize::try_from(nth).ok()?));
        let came_along = cause.is_some_and(|(_, event)| !is_head(event));
        let undoes = Sequence::new(envelope.context.undoes);
        // Of what was done on behalf of another the facts carry the name of that one, and the cause says who did it.
        let acting = acting.filter(|acting| acting.at.get() == envelope.context.cause);
        let (actor, on_behalf_of) =
            acting.map_or((envelope.actor, None), |acting| (acting.agent, Some(envelope.actor)));
        found.push((
            Step {
                actor,
                on_behalf_of,
                command,
                undoes,
                unless_changed: None,
                unchanged_since: Sequence::NONE,
            },
            Found { at, id, came_along },
        ));
        at += 1 + along;
    }
    Ok(found)
}

/// Stands before the steps that follow from it, and is none of them.
fn is_head(event: &Event) -> bool {
    event.heads_rollback() || matches!(event, Event::Identity(IdentityEvent::ActedOnBehalf(_)))
}
