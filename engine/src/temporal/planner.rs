//! From entities to steps: each is compared with the past, and what brings it back is put in order.

use super::Entity;
use super::inverse::{Inverse, Phase};
use super::merge::take_back;
use super::plan::{Conflict, Plan, PlannedStep, Skipped};
use super::touched::Touched;
use super::trial::Trial;
use crate::data::Data;
use crate::error::{Error, Result};
use crate::history::History;
use crate::moment::Moment;
use crate::sealed::is_absent;
use crate::{objects, tenancy};
use scoped_projections::{Micros, ObjectId, PrincipalId, ScopeId, Sequence, World};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Steps with their places in the order.
pub(super) type Phased = Vec<(Phase, i64, PlannedStep)>;

/// Compares the past with the present, entity by entity.
pub(super) struct Planner<'a> {
    history: &'a History,
    now: &'a World,
    actor: PrincipalId,
    time: Micros,
    merge: bool,
    standing: &'a [(Entity, Touched)],
    to: Sequence,
}

impl<'a> Planner<'a> {
    pub(super) fn of(
        trial: &'a Trial<'_>,
        merge: bool,
        standing: &'a [(Entity, Touched)],
        to: Sequence,
    ) -> Self {
        let Trial { history, now, actor, time, .. } = trial;
        Self { history, now, actor: *actor, time: *time, merge, standing, to }
    }

    /// Calls for each entity that nothing is in the way of, with the world that it goes back to.
    fn each(
        &self,
        wanted: impl Fn(Entity) -> bool,
        mut each: impl FnMut(&mut Inverse<'_>) -> Result<()>,
    ) -> Result<Phased> {
        // A copy only where entities go back to later moments too.
        let (mut then, mut phased) = (self.history.world_at(self.to)?, Phased::new());
        let twins = tenancy::Twins::default();
        for (entity, touched) in self.standing {
            if touched.conflict.is_some() || !wanted(*entity) {
                continue;
            }
            if touched.cutoff > then.position() {
                self.history.fold(Arc::make_mut(&mut then), touched.cutoff, &mut |_| ())?;
            }
            let (history, now, first, actor, time) =
                (self.history, self.now, touched.first, self.actor, self.time);
            let entity = *entity;
            let (then, twins, out) = (&*then, &twins, &mut phased);
            each(&mut Inverse { history, then, now, entity, first, actor, time, twins, out })?;
        }
        phased.sort_by_key(|(phase, order, step)| (*phase, *order, step.entity));
        Ok(phased)
    }

    /// The steps that open scopes again, upper ones first: those that were live then, and what they lie in now. Whether that was live
    /// then, and is to stay so, is seen to afterwards.
    pub(super) fn reopening(&self) -> Result<Vec<PlannedStep>> {
        let tenancy = self.now.tenancy();
        let ended: BTreeMap<u32, (ScopeId, Sequence)> = self
            .standing
            .iter()
            .filter(|(_, touched)| touched.conflict.is_none())
            .filter_map(|(entity, touched)| match entity {
                Entity::Scope(id) => Some((tenancy.row(*id)?, (*id, touched.first))),
                _ => None,
            })
            .filter(|(row, _)| tenancy.at(*row).is_some_and(|node| node.archived))
            .collect();
        if ended.is_empty() {
            return Ok(Vec::new());
        }
        let mut wanted = BTreeSet::new();
        self.each(
            |entity| matches!(entity, Entity::Scope(_)),
            |inverse| {
                let Entity::Scope(id) = inverse.entity else { return Ok(()) };
                let row = tenancy.row(id).filter(|row| ended.contains_key(row));
                if inverse.then.tenancy().get(id).is_some_and(|node| !node.archived) {
                    wanted.extend(row.into_iter().flat_map(|row| tenancy.chain(row)));
                }
                Ok(())
            },
        )?;
        let mut rows: Vec<u32> = wanted.into_iter().filter(|row| ended.contains_key(row)).collect();
        rows.sort_by_key(|row| tenancy.at(*row).map(|node| node.depth));
        let step = |(scope, undoes): &(ScopeId, Sequence)| {
            let (entity, command) = (Entity::Scope(*scope), tenancy::ReopenScope { scope: (*scope).into() });
            PlannedStep { entity, command: command.into(), undoes: *undoes, refused: None }
        };
        Ok(rows.iter().filter_map(|row| ended.get(row)).map(step).collect())
    }

    /// The steps that bring the entities back, in order; what cannot be brought back goes into the plan.
    pub(super) fn entities(&self, plan: &mut Plan) -> Result<Phased> {
        let mut phased = self.each(
            |_| true,
            |inverse| {
                let planned = inverse.out.len();
                let entity = inverse.entity;
                match inverse.run() {
                    Ok(None) => {}
                    Ok(Some(reason)) => plan.irreversible.push(Skipped { entity, reason }),
                    // To bring it back takes data that cannot be read any more, or not here.
                    Err(error) if is_absent(&error) => {
                        inverse.out.truncate(planned);
                        plan.conflicts.push(self.unreadable(entity, inverse.first, &error));
                    }
                    Err(error) => return Err(error),
                }
                Ok(())
            },
        )?;
        for (entity, touched) in self.standing {
            if let Some(event) = touched.conflict {
                self.conflict(plan, &mut phased, *entity, touched, event)?;
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
                Err(error) if is_absent(&error) => Err(error.to_string()),
                merged => merged?,
            },
            _ => Err("only objects can be merged".to_owned()),
        };
        let (mergeable, why) = match merged {
            Ok(steps) if self.merge => {
                plan.note.merged = true;
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
        let moment = Moment { world: self.now, history: self.history, now: self.time.into() };
        let objects = self.now.objects();
        let Some(object) = objects.get(id) else { return Ok(Err("it is not there".to_owned())) };
        let changes: Vec<_> =
            objects.changes(object).take_while(|change| change.sequence >= touched.first).collect();
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
