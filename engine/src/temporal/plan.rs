//! Planning a rollback: which commands bring things back, in which order, and which of them would be refused.
//!
//! ```text
//! events since the cutoff ──▶ entities they touched ──▶ then ≠ now? ──▶ commands, in an order in which they can succeed
//!                              (those selected)                          ──▶ tried one by one on a copy of the world
//! ```
//!
//! The state *then* is read from the world as of the cutoff, never from what an event says about its past, so a rollback ends
//! where the log was, whatever happened in between. Cost: linear in the events since the cutoff.

use super::inverse::{Inverse, Phase};
use super::merge::take_back;
use super::request::Rollback;
use super::selection::{Selection, Sight};
use super::touched::{Touched, touched};
use super::{Entity, RollbackNote};
use crate::clock::Ids;
use crate::command::{Batch, Command, Step};
use crate::data::Data;
use crate::error::{Error, Result};
use crate::history::History;
use crate::kernel::execute::{Refusal, execute};
use crate::kernel::journal::{Access, Outcome};
use crate::kernel::writer::access;
use crate::moment::Moment;
use crate::objects;
use crate::sealed::Sealer;
use scoped_projections::store::Transact;
use scoped_projections::{Micros, ObjectId, PrincipalId, Sequence, World};
use std::collections::BTreeMap;
use std::fmt;

/// The name under which refused rollbacks stand in the trail.
const OPERATION: &str = "temporal.rollback";

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
    note: RollbackNote,
    before: BTreeMap<Entity, Option<Sequence>>,
    attempts: Vec<Access>,
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
            // Only the first step of an entity can expect to find it as it was planned.
            unless_changed: before.remove(&step.entity).map(|changed| (step.entity, changed)),
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
    mut now: World,
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
    let (reason, merged) = (asked.reason.clone(), asked.merge && selection.picks());
    let note = RollbackNote { to: to.get(), selection: selection.to_string(), reason, merged };
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
    let phased = Planner { history, now: &now, actor, time, merge: merged }.entities(&mut plan)?;
    let mut sealer = Sealer::new(history.sealing().vault());
    for (_, _, mut step) in phased {
        let one = Step {
            actor,
            on_behalf_of: None,
            command: step.command.clone(),
            undoes: step.undoes,
            unless_changed: None,
        };
        let batch = Batch { steps: vec![one], rollback: Some(plan.note.clone()), ..Batch::default() };
        match execute(&mut now, &batch, time, ids, &mut sealer, &mut Vec::new()) {
            Ok(_) => now.keep(),
            Err(declined) => match declined.refusal {
                // The step itself would disclose what it is not theirs to read: the data that it brings back.
                Refusal::Denied(need) => {
                    plan.attempts.push(access(&now, actor, OPERATION, need, Outcome::Refused));
                    let reason = format!("denied: `{}` is not yours there", need.capability);
                    plan.denied.push(Skipped { entity: step.entity, reason });
                    continue;
                }
                Refusal::Declined(error) => step.refused = Some(error.to_string()),
            },
        }
        plan.steps.push(step);
    }
    Ok(plan)
}

/// Steps with their places in the order.
type Phased = Vec<(Phase, i64, PlannedStep)>;

struct Planner<'a> {
    history: &'a History,
    now: &'a World,
    actor: PrincipalId,
    time: Micros,
    merge: bool,
}

impl Planner<'_> {
    /// The steps that bring the selected entities back, in order; what cannot be brought back goes into the plan.
    fn entities(&self, plan: &mut Plan) -> Result<Phased> {
        let then = self.history.world_at(plan.to)?;
        let sight = Sight { world: self.now, actor: self.actor, time: self.time };
        let touched = touched(self.history, &sight, &then, plan.to, &plan.selection)?;
        // In the order of their cutoffs, so that one world of the past grows with them.
        let mut touched: Vec<(Entity, Touched)> = touched.into_iter().collect();
        touched.sort_by_key(|(entity, touched)| (touched.cutoff.max(plan.to), *entity));
        let (mut then, mut phased) = (World::clone(&then), Phased::new());
        for (entity, touched) in touched {
            if let Some((event, by)) = touched.reversed {
                let reason = format!("{event} was taken back by {by} already");
                plan.skipped.push(Skipped { entity, reason });
                continue;
            }
            if let Some((event, why)) = touched.for_good {
                plan.irreversible.push(Skipped { entity, reason: format!("{event}: {why}") });
                continue;
            }
            if let Some(event) = touched.conflict {
                self.conflict(plan, &mut phased, entity, &touched, event)?;
                continue;
            }
            if touched.cutoff > then.position() {
                self.history.fold(&mut then, touched.cutoff, &mut |_| ())?;
            }
            let (history, now, first, actor, time) =
                (self.history, self.now, touched.first, self.actor, self.time);
            let planned = phased.len();
            let mut inverse =
                Inverse { history, then: &then, now, entity, first, actor, time, out: &mut phased };
            let found = inverse.run();
            let found = match found {
                // To bring it back takes data that cannot be read any more, or not here.
                Err(error) if ["erased", "sealed"].contains(&error.code()) => {
                    phased.truncate(planned);
                    plan.conflicts.push(self.unreadable(entity, touched.first, &error));
                    continue;
                }
                found => found?,
            };
            match found {
                Some(reason) => plan.irreversible.push(Skipped { entity, reason }),
                None => drop(plan.before.insert(entity, entity.changed(self.now))),
            }
        }
        phased.sort_by_key(|(phase, order, step)| (*phase, *order, step.entity));
        Ok(phased)
    }

    /// An entity that cannot be brought back because its data cannot be read: by the erasure of its subject, where that is why.
    fn unreadable(&self, entity: Entity, first: Sequence, why: &Error) -> Conflict {
        let subject = match entity {
            Entity::Object(id) => self.now.subjects().of_object(id),
            Entity::Principal(id) => self.now.subjects().of_principal(id),
            _ => None,
        };
        let erased = subject.and_then(|subject| self.now.subjects().erased(subject));
        Conflict { entity, event: erased.unwrap_or(first), mergeable: false, reason: why.to_string() }
    }

    /// An entity that others edited too: merged where that was asked for and is possible.
    fn conflict(
        &self,
        plan: &mut Plan,
        phased: &mut Phased,
        entity: Entity,
        touched: &Touched,
        event: Sequence,
    ) -> Result<()> {
        let merged = match entity {
            Entity::Object(id) => match self.merge(id, touched) {
                Err(error) if ["erased", "sealed"].contains(&error.code()) => Err(error.to_string()),
                merged => merged?,
            },
            _ => Err("only objects can be merged".to_owned()),
        };
        let (mergeable, why) = match merged {
            Ok(steps) if self.merge => {
                plan.before.insert(entity, entity.changed(self.now));
                phased.extend(steps);
                return Ok(());
            }
            Ok(_) => (true, "a three-way merge would keep both".to_owned()),
            Err(why) => (false, why),
        };
        let reason = format!("{event} changed it too, and is not selected: {why}");
        plan.conflicts.push(Conflict { entity, event, mergeable, reason });
        Ok(())
    }

    /// One update for each selected edit of an object, newest first; or why that cannot be.
    fn merge(&self, id: ObjectId, touched: &Touched) -> Result<Result<Phased, String>> {
        let moment = Moment { world: self.now, history: self.history, now: self.time };
        let objects = self.now.objects();
        let Some(object) = objects.get(id) else { return Ok(Err("it is not there".to_owned())) };
        let changes: Vec<_> =
            objects.changes(object).take_while(|change| change.sequence >= touched.first).copied().collect();
        if changes.iter().any(|change| !change.has_data() || change.version < 2) {
            return Ok(Err("it was not only given new data".to_owned()));
        }
        let (mut steps, mut value) = (Phased::new(), moment.data(id)?.value()?);
        let selected = changes.iter().filter(|change| touched.selected.contains(&change.sequence));
        for (nth, change) in selected.enumerate() {
            let before = moment.version(id, change.version - 1)?.value()?;
            let after = moment.version(id, change.version)?.value()?;
            value = match take_back(&before, &after, &value) {
                Ok(merged) => merged,
                Err(Some(field)) => return Ok(Err(format!("the field `{field}` was changed again"))),
                Err(None) => return Ok(Err("its data is no map of fields".to_owned())),
            };
            let expected_version = Some(object.version + nth as u32);
            let (data, reason) = (Data::new(&value)?, None);
            let command = objects::Update { object: id, data, expected_version, reason }.into();
            let (entity, undoes) = (Entity::Object(id), change.sequence);
            let step = PlannedStep { entity, command, undoes, refused: None };
            steps.push((Phase::ObjectsChanged, nth as i64, step));
        }
        Ok(Ok(steps))
    }
}
