//! From events back to the commands that would bring them about.
//!
//! Every event kind has its command; what a command brings along on its own (the owner of a new root, the projection of an
//! object written into a scope) is recognised and not asked for twice. Refused attempts are not commands: they are left out.

use crate::command::{Batch, Command, RollbackNote, Step};
use crate::data::Data;
use crate::error::{Error, Result};
use crate::history::decode;
use crate::temporal::Entity;
use crate::{identity, objects, sharing, temporal, tenancy};
use scoped_log::{Reader, Record};
use scoped_projections::temporal::TemporalEvent;
use scoped_projections::world::envelope;
use scoped_projections::{Envelope, Event, Sequence};

/// The batch whose records these are (all of them, in order). `None` when it holds only what is no command.
///
/// # Errors
/// When a record cannot be read.
pub fn recall(records: &[Record]) -> Result<Option<Batch>> {
    let mut batch = Batch::default();
    for (step, _) in steps(records, &mut batch)? {
        batch.steps.push(step);
    }
    Ok((!batch.steps.is_empty()).then_some(batch))
}

/// For each step of the batch that stands at `first..=last`, the id of what it made or changed.
pub(crate) fn ids(reader: &Reader, first: Sequence, last: Sequence) -> Result<Vec<u128>> {
    let records = reader.records(first, last).collect::<Result<Vec<_>, _>>()?;
    Ok(steps(&records, &mut Batch::default())?.into_iter().map(|(_, id)| id).collect())
}

/// The steps of a batch, each with the id of what it made or changed; what holds for the whole batch goes into `whole`.
fn steps(records: &[Record], whole: &mut Batch) -> Result<Vec<(Step, u128)>> {
    let mut events: Vec<(Envelope, Event)> = Vec::with_capacity(records.len());
    for record in records {
        let (context, event) = decode(record)?;
        events.push((envelope(record, context), event));
    }
    let (mut found, mut at) = (Vec::with_capacity(events.len()), 0);
    while let Some((envelope, event)) = events.get(at) {
        let next = events.get(at + 1).map(|(_, event)| event);
        let data = records[at].payload().map(Data::from_canonical).transpose()?;
        let (mut taken, id) = (1, Entity::of(event).map_or(0, Entity::id));
        whole.valid_time = envelope.context.valid_time;
        let command: Option<Command> = match event.clone() {
            Event::Identity(event) => identity::recall(event, data).map(Into::into),
            Event::Tenancy(event) => {
                taken += usize::from(tenancy::owner_follows(&event, envelope.actor, next));
                tenancy::recall(event).map(Into::into)
            }
            Event::Objects(event) => {
                let object = event.object().unwrap_or_default();
                taken += usize::from(objects::projection_follows(envelope, object, next).is_some());
                objects::recall(envelope, event, data, next).map(Into::into)
            }
            Event::Sharing(event) => Some(sharing::recall(event).into()),
            Event::Temporal(TemporalEvent::RolledBack(e)) => {
                whole.rollback = Some(RollbackNote { to: e.to, selection: e.selection });
                at += 1;
                continue;
            }
            Event::Temporal(event) => temporal::recall(event).map(Into::into),
            Event::Requests(_) | Event::Audit(_) => {
                at += 1;
                continue;
            }
        };
        let command = command.ok_or_else(|| {
            Error::corrupt(format!("event {} lacks the payload of its kind", envelope.sequence))
        })?;
        let (actor, undoes) = (envelope.actor, Sequence::new(envelope.context.undoes));
        found.push((Step { actor, command, undoes, unless_changed: None }, id));
        at += taken;
    }
    Ok(found)
}
