//! What the steps of a rollback say that they take back.
//!
//! Every step names one event. The trail believes it ("undone by"), and so do later rollbacks, which leave out what cancels each other. So
//! it is looked at before it is written: the event came after the moment that the rollback leads to, and it is about the thing that the
//! step changes. Whoever writes a rollback by hand, on the wire, may do nothing else than a planned one.

use super::Entity;
use crate::command::Batch;
use crate::error::Error;
use scoped_projections::store::NO_ROW;
use scoped_projections::{Event, ScopeId, Sequence, World};

/// What the events are about that the steps of a rollback name, step by step. Nothing for other batches.
pub(crate) fn undone(batch: &Batch, about: impl Fn(Sequence) -> Option<Entity>) -> Vec<Option<Entity>> {
    let steps = if batch.rollback.is_some() { &*batch.steps } else { &[] };
    steps.iter().map(|step| Some(step.undoes).filter(|at| !at.is_none()).and_then(&about)).collect()
}

/// The scope that a rollback is filed under: the innermost one that everything lies in that it takes back; none where there is no such scope.
/// Its auditors hear of it, and why. Not said by whoever rolls back, so that nobody files words in the trail of others.
pub(crate) fn filed(world: &World, undone: &[Option<Entity>]) -> ScopeId {
    let (tenancy, objects) = (world.tenancy(), world.objects());
    let row = |entity: Entity| match entity.place(world) {
        (Some(scope), _) => tenancy.row(scope),
        (None, Some(object)) => objects.get(object).map(|object| object.home),
        (None, None) => None,
    };
    let (mut way, mut before): (Option<Vec<u32>>, _) = (None, NO_ROW);
    for entity in undone {
        let Some(row) = entity.and_then(row).filter(|row| *row != NO_ROW) else { return ScopeId::NONE };
        if row == before {
            continue;
        }
        before = row;
        match &mut way {
            None => way = Some(tenancy.chain(row).collect()),
            Some(way) => {
                let shared = tenancy.chain(row).find_map(|above| way.iter().position(|it| *it == above));
                let Some(shared) = shared else { return ScopeId::NONE };
                way.drain(..shared);
            }
        }
    }
    way.and_then(|way| way.first().copied()).map_or(ScopeId::NONE, |row| tenancy.id_of(row))
}

fn forged(message: impl Into<String>) -> Error {
    Error::refused("forged_rollback", message.into()).hint("plan the rollback, and carry out the plan")
}

/// Is the batch of the form that rollbacks have? One actor, in its own name, and every step says what it takes back.
pub(crate) fn check_form(batch: &Batch) -> Result<(), Error> {
    let Some(note) = &batch.rollback else { return Ok(()) };
    let actor = batch.steps.first().map(|step| step.actor);
    for step in &batch.steps {
        if Some(step.actor) != actor || step.on_behalf_of.is_some() {
            return Err(forged("a rollback is the doing of one principal, in its own name"));
        }
        if step.undoes.get() <= note.to {
            return Err(forged(format!(
                "a step of a rollback to #{} names an event behind that, which it takes back",
                note.to
            )));
        }
    }
    Ok(())
}

/// Does a step change what the event that it names is about?
pub(crate) fn check_step<'a>(
    world: &World,
    undoes: Sequence,
    undone: Option<Entity>,
    facts: impl Iterator<Item = &'a Event>,
) -> Result<(), Error> {
    let mut changed = facts.filter_map(Entity::of).peekable();
    if changed.peek().is_none() || undone.is_some_and(|undone| changed.any(|now| same(world, undone, now))) {
        return Ok(());
    }
    Err(forged(format!("the event {undoes} is about another thing than the step that is to take it back")))
}

/// Ids of entries are used up: what takes one back may come under another id, on the same list.
fn same(world: &World, undone: Entity, now: Entity) -> bool {
    let (Entity::Entry(before), Entity::Entry(after)) = (undone, now) else { return undone == now };
    let scope = |entry| world.tenancy().entry(entry).map(|entry| entry.scope);
    // One that is only about to be put there has no place yet: the list is asked for the rights to it.
    scope(after).is_none_or(|after| scope(before) == Some(after))
}
