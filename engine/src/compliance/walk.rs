//! One pass over the log, batch by batch, with the world that each of them met.
//!
//! The world is folded from the first event on; no snapshot has a say. Memory: one world and one batch.

use super::access::Access;
use super::check::Book;
use super::invariant::CheckName as N;
use super::redo::redo;
use super::secrets::Sieve;
use crate::error::Result;
use crate::history::{History, decode};
use crate::sealed::Content;
use scoped_log::Record;
use scoped_projections::audit::AuditEvent;
use scoped_projections::identity::{IdentityEvent, Status};
use scoped_projections::objects::ObjectsEvent;
use scoped_projections::sharing::SharingEvent;
use scoped_projections::world::envelope;
use scoped_projections::{Envelope, Event, PrincipalId, Sequence, World};
use std::collections::BTreeSet;

/// Walks up to an event, and gives the world behind it.
///
/// # Errors
/// When a record cannot be read or folded: what verifies up to there has been looked at.
pub(super) fn walk(
    history: &History,
    to: Sequence,
    sieve: &Sieve<'_>,
    book: &mut Book,
    reached: &mut dyn FnMut(&World, &mut Book),
) -> Result<World> {
    let mut world = World::default();
    let mut lost = BTreeSet::new();
    let mut records = Vec::new();
    for record in history.reader().records(Sequence::NONE.next(), to) {
        let record = record?;
        let whole = record.batch_left() == 0;
        records.push(record);
        if whole {
            batch(history, &mut world, &records, &mut lost, sieve, book)?;
            reached(&world, book);
            records.clear();
        }
    }
    Ok(world)
}

/// One batch: asked before it happens, looked at event by event, asked after it.
fn batch(
    history: &History,
    world: &mut World,
    records: &[Record],
    lost: &mut BTreeSet<PrincipalId>,
    sieve: &Sieve<'_>,
    book: &mut Book,
) -> Result<()> {
    let mut events: Vec<(Envelope, Event)> = Vec::with_capacity(records.len());
    for record in records {
        let (context, event) = decode(record)?;
        events.push((envelope(record, context), event));
    }
    if let Some(denied) = redo(history, world, records, &events, book).filter(|denied| lost.contains(denied))
    {
        book.violation(N::RevocationsHold, || {
            format!("{denied} did what it had lost the right to, in the batch after {}", world.position())
        });
    }
    let mut taken = Access::default();
    for (nth, (record, (at, event))) in records.iter().zip(&events).enumerate() {
        actor(world, at, event, book);
        cause(world, at, event, book);
        let place = || format!("event {}", at.sequence);
        sieve.look(record.body(), place, book);
        // Ciphertext gives nothing away; what it says is looked through where it can be opened. What does not open is told by the redoing.
        if let Ok(Some(Content::Clear(payload))) = history.content(record) {
            sieve.look(&payload, || format!("the payload of event {}", at.sequence), book);
        }
        let before = version(world, event);
        taken.note(world, event);
        world.fold(record)?;
        versioned(world, at, event, before, book);
        born(world, at, event, &events[nth + 1..], book);
    }
    // What was taken away by one event of a batch may have been given anew by another: asked when all of it is there.
    lost.extend(taken.losers(world));
    taken.ask(world, book);
    Ok(())
}

/// Was whoever did it there, and active?
fn actor(world: &World, at: &Envelope, event: &Event, book: &mut Book) {
    let status = world.identity().get(at.actor).map(|principal| principal.status);
    let known = match event {
        // The first principal founds itself.
        Event::Identity(IdentityEvent::Founded(e)) => world.identity().is_empty() && e.principal == at.actor,
        // Who was refused may be nobody; that somebody tried is the fact.
        Event::Audit(AuditEvent::AccessDenied(_)) => true,
        // Told about what was done before: by now whoever did it may have been put away, by another step of the same batch too.
        Event::Audit(_) | Event::Requests(_) => status.is_some(),
        _ => status == Some(Status::Active),
    };
    book.hold(N::ActorsKnown, known, || {
        let was = match status {
            None => "no principal then",
            Some(Status::Active) => "not the one that founds",
            Some(Status::Suspended) => "suspended then",
            Some(Status::Archived) => "archived then",
        };
        format!("event {} was done by {}, which was {was}", at.sequence, at.actor)
    });
}

/// Do cause and time lie before it?
fn cause(world: &World, at: &Envelope, event: &Event, book: &mut Book) {
    let (here, context) = (at.sequence, &at.context);
    let before = |position: u64| position < here.get();
    book.hold(
        N::CausesExist,
        before(context.cause) && before(context.undoes) && at.time >= world.time(),
        || {
            if at.time < world.time() {
                format!("event {here} is older than the one before it")
            } else {
                format!(
                    "event {here} names what comes after it as its cause (#{}) or as undone (#{})",
                    context.cause, context.undoes
                )
            }
        },
    );
    if context.undoes != 0 {
        let head = matches!(event, Event::Temporal(_));
        book.hold(N::RollbacksName, before(context.undoes) && !head, || {
            format!("event {here} says that it takes back #{}, which it cannot", context.undoes)
        });
    }
}

/// The object that an event is about, with its version before.
fn version(world: &World, event: &Event) -> Option<u32> {
    let Event::Objects(event) = event else { return None };
    Some(world.objects().get(event.object()?).map_or(0, |object| object.version))
}

/// Did a change of data make the next version, and nothing else one?
fn versioned(world: &World, at: &Envelope, event: &Event, before: Option<u32>, book: &mut Book) {
    let (Some(before), Event::Objects(event)) = (before, event) else { return };
    let Some(object) = event.object().and_then(|id| world.objects().get(id)) else {
        return book
            .hold(N::VersionsContiguous, false, || format!("event {} is about no object", at.sequence));
    };
    let with_data = matches!(event, ObjectsEvent::ObjectCreated(_) | ObjectsEvent::ObjectUpdated(_));
    let wanted = before + u32::from(with_data);
    let right = object.version == wanted && (!with_data || object.data == at.sequence);
    book.hold(N::VersionsContiguous, right, || {
        format!(
            "after event {} the object {} has version {} instead of {wanted}",
            at.sequence, object.id, object.version
        )
    });
}

/// Is a new object its owner's alone, but for what the same batch shares?
fn born(world: &World, at: &Envelope, event: &Event, behind: &[(Envelope, Event)], book: &mut Book) {
    let Event::Objects(ObjectsEvent::ObjectCreated(e)) = event else { return };
    let Some(row) = world.objects().row(e.object) else { return };
    let private = world.sharing().scopes(row).next().is_none()
        && world.objects().at(row).is_some_and(|object| world.identity().id(object.owner) == e.owner);
    book.hold(N::BornPrivate, private, || {
        format!("the object {} was shared the moment it was made, by event {}", e.object, at.sequence)
    });
    // Shared in the same breath is shared on purpose, by a fact of its own that its maker stands for.
    for (at, event) in behind {
        if let Event::Sharing(SharingEvent::ObjectProjected(shared)) = event
            && shared.object == e.object
        {
            let by_owner = at.actor == e.owner || at.actor == actor_of(world, row);
            book.hold(N::BornPrivate, by_owner, || {
                format!(
                    "event {} shares the new object {} in the name of somebody else",
                    at.sequence, e.object
                )
            });
        }
    }
}

/// Who made an object.
fn actor_of(world: &World, row: u32) -> PrincipalId {
    let objects = world.objects();
    let first = objects.at(row).and_then(|object| objects.changes(object).last());
    first.map_or(PrincipalId::NONE, |change| world.identity().id(change.by))
}
