//! Trying the steps of a plan, one after the other, on a copy of the world.

use super::plan::{Plan, PlannedStep, Skipped};
use super::undone::undone;
use crate::clock::Ids;
use crate::command::{Batch, Step};
use crate::history::History;
use crate::kernel::execute::{Out, Refusal, execute};
use crate::kernel::journal::{Outcome, access};
use crate::kernel::refused::reason;
use crate::sealed::Sealer;
use scoped_projections::store::Transact;
use scoped_projections::{Micros, PrincipalId, Sequence, World};

/// The name under which refused rollbacks stand in the trail.
const OPERATION: &str = "temporal.rollback";

/// A copy of the world, and what it takes to try steps on it.
pub(super) struct Trial<'a> {
    pub(super) history: &'a History,
    /// What there would be if the steps so far were carried out.
    pub(super) now: World,
    pub(super) actor: PrincipalId,
    pub(super) time: Micros,
    pub(super) ids: &'a mut Ids,
    /// Keys of subjects that would come to be are kept nowhere.
    pub(super) sealer: Sealer<'a>,
}

impl Trial<'_> {
    /// Tries a step; the plan hears what came of it.
    pub(super) fn step(&mut self, plan: &mut Plan, mut step: PlannedStep) {
        let one = Step {
            actor: self.actor,
            on_behalf_of: None,
            command: step.command.clone(),
            undoes: step.undoes,
            unless_changed: None,
            unchanged_since: Sequence::NONE,
        };
        let batch = Batch { steps: vec![one], rollback: Some(plan.note.clone()), ..Batch::default() };
        let undone = undone(&batch, |at| self.history.about(at));
        let out = Out { facts: &mut Vec::new(), made: &mut Vec::new() };
        match execute(&mut self.now, &batch, &undone, self.time, self.ids, &mut self.sealer, out) {
            Ok(_) => self.now.keep(),
            Err(declined) => match declined.refusal {
                // The step itself would disclose what it is not theirs to read: the data that it brings back.
                Refusal::Denied(need) => {
                    let attempt = access(&self.now, self.actor, OPERATION, need, Outcome::Refused);
                    plan.attempts.push(attempt.because(reason(
                        &self.now,
                        self.actor,
                        need,
                        self.time.into(),
                    )));
                    let reason = format!("denied: `{}` is not yours there", need.capability);
                    plan.denied.push(Skipped { entity: step.entity, reason });
                    return;
                }
                Refusal::Declined(error) => step.refused = Some(error.to_string()),
            },
        }
        plan.steps.push(step);
    }
}
