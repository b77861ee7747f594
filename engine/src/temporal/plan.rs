//! Planning a rollback: which commands bring things back, in which order, and which of them would be refused.
//!
//! ```text
//! events since the cutoff ──▶ entities they touched ──▶ then ≠ now? ──▶ commands, in an order in which they can succeed
//!                              (those selected)                          ──▶ tried one by one on a copy of the world
//! ```
//!
//! The state *then* is read from the world as of the cutoff, never from what an event says about its past, so a rollback ends
//! where the log was, whatever happened in between. Scopes that are to be opened again come first, and *now* is what there is after
//! that: what they bring back by themselves needs no step, and what they bring back too much is put away (decision 0027).
//! Cost: linear in the events since the cutoff.

use super::planner::Planner;
use super::request::Rollback;
use super::selection::{Selection, Sight};
use super::touched::{Touched, touched};
use super::trial::Trial;
use super::{Entity, RollbackNote};
use crate::clock::Ids;
use crate::command::{Batch, Command, Step};
use crate::error::{Error, Result};
use crate::history::History;
use crate::kernel::journal::Access;
use crate::sealed::Sealer;
use scoped_projections::{Micros, PrincipalId, Sequence, World};
use std::collections::BTreeMap;
use std::fmt;

/// One command of a rollback.
#[derive(Clone)]
pub struct PlannedStep {
    /// What it brings back.
    pub entity: Entity,
    /// The command that does it. Not for the planner's eyes: it holds stored data, which may be hidden from whoever may write.
    pub(crate) command: Command,
    /// The first of the events whose effect it takes back.
    pub undoes: Sequence,
    /// Why it would be refused now, if it would.
    pub refused: Option<String>,
}

impl PlannedStep {
    /// The name of the command that does it.
    #[must_use]
    pub fn command_name(&self) -> &'static str {
        self.command.name()
    }
}

impl std::fmt::Debug for PlannedStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { entity, undoes, refused, .. } = self;
        write!(f, "{} of {entity}, undoes {undoes}, refused {refused:?}", self.command_name())
    }
}

/// Something that was selected and is not brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// What.
    pub entity: Entity,
    /// Why not.
    pub reason: String,
}

/// Something that was edited by events that are not selected, after or between those that are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// What.
    pub entity: Entity,
    /// The last of those edits.
    pub event: Sequence,
    /// Would a three-way merge do it?
    pub mergeable: bool,
    /// What is in the way, for people.
    pub reason: String,
}

/// A rollback before it happens.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Things are brought back to how they were after this event.
    pub to: Sequence,
    /// The position of the world that it was planned against.
    pub planned_at: Sequence,
    /// What was selected.
    pub selection: Selection,
    /// The commands, in order.
    pub steps: Vec<PlannedStep>,
    /// What the actor may not bring back.
    pub denied: Vec<Skipped>,
    /// What others edited meanwhile.
    pub conflicts: Vec<Conflict>,
    /// What is for good.
    pub irreversible: Vec<Skipped>,
    /// What had been brought back already: nothing to do, and no problem.
    pub skipped: Vec<Skipped>,
    pub(super) note: RollbackNote,
    /// The last event about each entity, as it was planned against.
    before: BTreeMap<Entity, Option<Sequence>>,
    pub(super) attempts: Vec<Access>,
}

impl Plan {
    /// How much of what was selected cannot be done.
    #[must_use]
    pub fn problems(&self) -> usize {
        self.denied.len()
            + self.conflicts.len()
            + self.irreversible.len()
            + self.steps.iter().filter(|step| step.refused.is_some()).count()
    }
    /// What cannot be done, each with its reason.
    pub fn unfit(&self) -> impl Iterator<Item = (Entity, &str)> {
        let steps = self.steps.iter().filter_map(|step| Some((step.entity, step.refused.as_deref()?)));
        let others = self.denied.iter().chain(&self.irreversible);
        let conflicts = self.conflicts.iter().map(|conflict| (conflict.entity, &*conflict.reason));
        steps.chain(others.map(|skipped| (skipped.entity, &*skipped.reason))).chain(conflicts)
    }
    /// The refused attempts that it came to: what the trail is to hear of when the plan is carried out or refused.
    pub(crate) fn attempts(&self) -> &[Access] {
        &self.attempts
    }
    /// The batch that carries it out, without what cannot be done.
    pub(crate) fn batch(&self, actor: PrincipalId) -> Batch {
        let mut before = self.before.clone();
        let steps = self.steps.iter().filter(|step| step.refused.is_none()).map(|step| Step {
            actor,
            on_behalf_of: None,
            command: step.command.clone(),
            undoes: step.undoes,
            // Once is enough: it is looked at before the first step of the batch.
            unless_changed: before.remove(&step.entity).map(|changed| (step.entity, changed)),
            unchanged_since: Sequence::NONE,
        });
        Batch { steps: steps.collect(), rollback: Some(self.note.clone()), ..Batch::default() }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refused = self.steps.iter().filter(|step| step.refused.is_some()).count();
        write!(
            f,
            "{} steps ({refused} refused), {} denied, {} conflicts, {} irreversible, {} skipped",
            self.steps.len(),
            self.denied.len(),
            self.conflicts.len(),
            self.irreversible.len(),
            self.skipped.len()
        )
    }
}

/// Plans a rollback for `actor` against `now`, which is used up as a scratch copy. `to` is the cutoff that was asked for.
pub(crate) fn plan(
    history: &History,
    now: World,
    to: Sequence,
    asked: &Rollback,
    actor: PrincipalId,
    time: Micros,
    ids: &mut Ids,
) -> Result<Plan> {
    let (planned_at, selection) = (now.position(), asked.selection.clone());
    let to = match selection.root() {
        Some(event) if event.get() == 0 || event > planned_at => {
            return Err(Error::refused("no_event", format!("there is no event {event}")));
        }
        Some(event) => Sequence::new(event.get() - 1),
        None => to,
    };
    let (reason, merge) = (asked.reason.clone(), asked.merge && selection.picks());
    let note = RollbackNote { to: to.get(), selection: selection.to_string(), reason, merged: false };
    let mut plan = Plan {
        to,
        planned_at,
        selection,
        steps: Vec::new(),
        denied: Vec::new(),
        conflicts: Vec::new(),
        irreversible: Vec::new(),
        skipped: Vec::new(),
        note,
        before: BTreeMap::new(),
        attempts: Vec::new(),
    };
    let standing = standing(history, &now, actor, time, &mut plan)?;
    plan.before = standing.iter().map(|(entity, _)| (*entity, entity.changed(&now))).collect();
    let sealer = Sealer::new(history.sealing().vault());
    let mut trial = Trial { history, now, actor, time, ids, sealer };
    // A scope that is opened again brings back what ended with it. So that is done first, and all else compared with what there is then.
    for step in Planner::of(&trial, merge, &standing, to).reopening()? {
        trial.step(&mut plan, step);
    }
    for (_, _, step) in Planner::of(&trial, merge, &standing, to).entities(&mut plan)? {
        trial.step(&mut plan, step);
    }
    Ok(plan)
}

/// The entities whose selected events still stand and can be taken back, in the order of their cutoffs, so that one world of the past can
/// grow with them. The others go into the plan.
fn standing(
    history: &History,
    now: &World,
    actor: PrincipalId,
    time: Micros,
    plan: &mut Plan,
) -> Result<Vec<(Entity, Touched)>> {
    let then = history.world_at(plan.to)?;
    let sight = Sight { world: now, actor, time };
    let mut standing = Vec::new();
    for (entity, touched) in touched(history, &sight, &then, plan.to, &plan.selection)? {
        if let Some((event, by)) = touched.reversed {
            let reason = format!("{event} was taken back by {by} already");
            plan.skipped.push(Skipped { entity, reason });
        } else if let Some((event, why)) = touched.for_good {
            plan.irreversible.push(Skipped { entity, reason: format!("{event}: {why}") });
        } else {
            standing.push((entity, touched));
        }
    }
    standing.sort_by_key(|(entity, touched)| (touched.cutoff.max(plan.to), *entity));
    Ok(standing)
}
