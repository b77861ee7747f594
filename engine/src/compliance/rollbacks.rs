//! Rollbacks, planned on the log as it is: does what a plan would write equal what was then?

use super::check::Book;
use super::invariant::CheckName as N;
use crate::Command;
use crate::authorize::{Request, Target, authorize};
use crate::clock::ManualDoor;
use crate::error::Result;
use crate::history::History;
use crate::objects;
use crate::sealed::is_absent;
use crate::temporal::{Cutoff, Entity, Policy, Rollback, Selection};
use scoped_projections::identity::Status;
use scoped_projections::objects::Object;
use scoped_projections::tenancy::Capability;
use scoped_projections::{ObjectId, Sequence, World};
use std::sync::Arc;

/// Plans to take back the last change of some objects, spread evenly over those that have one.
///
/// Memory is three worlds: the last one, a copy of it for what is tried, and one of the past, which is moved on from plan to plan.
///
/// # Errors
/// When the log cannot be read.
pub(super) fn plans(world: &World, history: &History, wanted: usize, book: &mut Book) -> Result<()> {
    if wanted == 0 {
        return Ok(());
    }
    let changed = || world.objects().iter().filter(|object| object.version > 1 && !object.tombstoned);
    let step = changed().count() / wanted + 1;
    let before = |object: &Object| Some((before_last_change(world, object)?, object.id));
    let mut wanted: Vec<(Sequence, ObjectId)> = changed().step_by(step).filter_map(before).collect();
    wanted.sort_unstable();
    let mut then = World::default();
    for (to, object) in wanted {
        history.fold(&mut then, to, &mut |_| {})?;
        let there = Arc::new(then);
        history.remembered().keep(Arc::clone(&there));
        if let Some(object) = world.objects().get(object) {
            plan(world, history, object, book)?;
        }
        history.remembered().forget_but(world.position());
        then = Arc::unwrap_or_clone(there);
    }
    Ok(())
}

/// The last moment before an object got the data that it has.
fn before_last_change(world: &World, object: &Object) -> Option<Sequence> {
    let last = world.objects().changes(object).find(|change| change.has_data())?;
    Some(Sequence::new(last.sequence.get() - 1))
}

fn plan(world: &World, history: &History, object: &Object, book: &mut Book) -> Result<()> {
    let objects = world.objects();
    let mut with_data = objects.changes(object).filter(|change| change.has_data());
    let (Some(last), Some(then)) = (with_data.next(), with_data.next()) else { return Ok(()) };
    let Some(owner) = world.identity().at(object.owner).filter(|owner| owner.status == Status::Active) else {
        return Ok(());
    };
    // Whom rules keep from what is their own sees no plan for it.
    let Some(row) = objects.row(object.id) else { return Ok(()) };
    let write = Request::new(Capability::Write, Target::Object(row));
    if !authorize(world, owner.id, write, world.time()).allowed {
        return Ok(());
    }
    let door = ManualDoor::new(world.time(), 0);
    let to = Sequence::new(last.sequence.get() - 1);
    let asked = Rollback::to(Cutoff::At(to)).only(Selection::Object(object.id)).under(Policy::SkipDenied);
    let plan = history.plan_rollback(owner.id, &asked, &door)?;
    // What is erased or sealed cannot be brought back here: the plan has to say so.
    let readable = |at: Sequence| match history.payload(at) {
        Err(error) if is_absent(&error) => Ok(None),
        payload => payload,
    };
    let (data, now) = (readable(then.sequence)?, readable(object.data)?);
    let brings_back = plan.steps.iter().any(|step| {
        matches!(&step.command, Command::Objects(objects::Command::Update(update)) if data.as_deref() == Some(update.data.bytes()))
    });
    // Named reasons are an answer too: a rule, a lost right, an edit by others.
    let holds = brings_back || (data.is_some() && data == now) || plan.problems() > 0;
    book.hold(N::RollbacksPlanned, holds, || {
        format!(
            "a rollback of {} to {to} would not bring back version {}",
            Entity::Object(object.id),
            then.version
        )
    });
    Ok(())
}
