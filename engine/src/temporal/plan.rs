//! Planning a rollback: which commands bring things back, in which order, and which of them would be refused.
//!
//! ```text
//! events since the cutoff ──▶ entities they touched ──▶ then ≠ now? ──▶ commands, in an order in which they can succeed
//!                              (those selected)                          ──▶ tried one by one on a copy of the world
//! ```
//!
//! The state *then* is read from the world as of the cutoff, never from what an event says about its past, so a rollback ends
//! where the log was, whatever happened in between. Cost: linear in the events since the cutoff.

use super::Entity;
use super::inverse::{Inverse, Phase};
use super::selection::{Selection, Sight, touched};
use crate::clock::Ids;
use crate::command::{Batch, Command, RollbackNote, Step};
use crate::error::{Error, Result};
use crate::history::History;
use crate::kernel::execute::{Refusal, execute};
use scoped_projections::store::Transact;
use scoped_projections::{Micros, PrincipalId, Sequence, World};
use std::collections::BTreeMap;

/// One command of a rollback.
#[derive(Debug, Clone)]
pub struct PlannedStep {
    /// What it brings back.
    pub entity: Entity,
    /// The command that does it.
    pub command: Command,
    /// The first of the events whose effect it takes back.
    pub undoes: Sequence,
    /// Why it would be refused now, if it would.
    pub refused: Option<String>,
}

/// Something that was selected and cannot be brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// What.
    pub entity: Entity,
    /// Why not.
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
    /// What cannot be brought back.
    pub skipped: Vec<Skipped>,
    before: BTreeMap<Entity, Option<Sequence>>,
}

impl Plan {
    /// How many steps would be refused, and entities skipped.
    #[must_use]
    pub fn problems(&self) -> usize {
        self.skipped.len() + self.steps.iter().filter(|step| step.refused.is_some()).count()
    }
    /// The batch that carries it out, without the steps that would be refused.
    pub(crate) fn batch(&self, actor: PrincipalId) -> Batch {
        let mut before = self.before.clone();
        let steps = self.steps.iter().filter(|step| step.refused.is_none()).map(|step| Step {
            actor,
            command: step.command.clone(),
            undoes: step.undoes,
            // Only the first step of an entity can expect to find it as it was planned.
            unless_changed: before.remove(&step.entity).map(|changed| (step.entity, changed)),
        });
        let note = RollbackNote { to: self.to.get(), selection: self.selection.to_string() };
        Batch { steps: steps.collect(), rollback: Some(note), ..Batch::default() }
    }
}

/// Plans a rollback for `actor` against `now`, which is used up as a scratch copy.
pub(crate) fn plan(
    history: &History,
    mut now: World,
    to: Sequence,
    selection: Selection,
    actor: PrincipalId,
    time: Micros,
    ids: &mut Ids,
) -> Result<Plan> {
    let planned_at = now.position();
    let to = match &selection {
        Selection::Event(event) if event.get() == 0 || *event > planned_at => {
            return Err(Error::refused("no_event", format!("there is no event {event}")));
        }
        Selection::Event(event) => Sequence::new(event.get() - 1),
        _ => to,
    };
    let then = history.world_at(to)?;
    let sight = Sight { world: &now, actor, time };
    let mut touched = touched(history, &sight, &then, to, &selection)?;
    // What the actor cannot see was not selected: a plan must not disclose that it is there.
    touched.retain(|entity, _| sight.sees(*entity));
    let mut plan =
        Plan { to, planned_at, selection, steps: Vec::new(), skipped: Vec::new(), before: BTreeMap::new() };
    let mut phased: Vec<(Phase, i64, PlannedStep)> = Vec::new();
    for (entity, touched) in touched {
        let problem = match touched.problem {
            Some(problem) => Some(problem),
            None => {
                let mut inverse = Inverse {
                    history,
                    then: &then,
                    now: &now,
                    entity,
                    first: touched.first,
                    actor,
                    time,
                    out: &mut phased,
                };
                inverse.run()?
            }
        };
        match problem {
            Some(reason) => plan.skipped.push(Skipped { entity, reason }),
            None => drop(plan.before.insert(entity, entity.changed(&now))),
        }
    }
    phased.sort_by_key(|(phase, order, step)| (*phase, *order, step.entity));
    for (_, _, mut step) in phased {
        let one = Step { actor, command: step.command.clone(), undoes: step.undoes, unless_changed: None };
        let batch = Batch { steps: vec![one], ..Batch::default() };
        match execute(&mut now, &batch, time, ids, &mut Vec::new()) {
            Ok(_) => now.keep(),
            Err(declined) => match declined.refusal {
                // The step itself would disclose what it is not theirs to read: the data that it brings back.
                Refusal::Denied(need) => {
                    let reason = format!("denied: `{}` is not yours there", need.capability);
                    plan.skipped.push(Skipped { entity: step.entity, reason });
                    continue;
                }
                Refusal::Declined(error) => step.refused = Some(error.to_string()),
            },
        }
        plan.steps.push(step);
    }
    Ok(plan)
}
