//! Reading one entity through time: what it is at a moment, and its whole life.
//!
//! Who may: for objects and their projections, who may read the object; for what belongs to a scope, who may audit it; for principals,
//! relationships and the registry, operators, and everybody about oneself. Valid time (when something happened according to the caller) is
//! shown and not searched.

use super::audit::AUDIT_PAGE_MAX;
use super::{Ask, Operation, Reading};
use crate::authorize::Target;
use crate::canonical;
use crate::error::{Error, Result};
use crate::kernel::execute::{Refusal, object_target};
use crate::temporal::{Entity, EntityState, Timeline};
use scoped_projections::Sequence;
use scoped_projections::tenancy::Capability as C;
use serde_json::Value;

impl Reading {
    /// What an entity is at this reading's moment. What was tombstoned, archived or removed says so: it is neither missing nor alive.
    ///
    /// # Errors
    /// The same words whether it is missing or not this principal's to see.
    pub fn state(&self, entity: Entity) -> Result<EntityState> {
        self.ask(Operation::EntityState, |ask| {
            ask.entity(entity)?;
            let moment = ask.moment;
            Ok(entity.shown_state(moment.world, moment.history, &|row, data| ask.show(row, data))?)
        })
    }

    /// Every change of an entity up to this reading's moment, with what it was after each; at most `limit`, beginning at `from`.
    ///
    /// # Errors
    /// As [`Self::state`].
    pub fn timeline(&self, entity: Entity, from: Sequence, limit: usize) -> Result<Timeline> {
        if limit == 0 {
            return Err(Error::invalid("a part of a timeline has at least one entry"));
        }
        let last = self.ask(Operation::EntityTimeline, |ask| {
            ask.entity(entity)?;
            Ok(ask.moment.world.position())
        })?;
        // Worlds of the past are built without holding the present one; then the states are cut down.
        let limit = limit.min(AUDIT_PAGE_MAX);
        let mut timeline = self.engine.inner.history.timeline(entity, from, last, limit)?;
        self.peek(Operation::EntityTimeline, |ask| {
            ask.entity(entity)?;
            timeline.entries.iter_mut().try_for_each(|step| ask.cut(entity, &mut step.state))?;
            Ok(())
        })?;
        Ok(timeline)
    }
}

impl Ask<'_> {
    /// May the actor follow this entity?
    pub(super) fn entity(&self, entity: Entity) -> Result<(), Refusal> {
        if entity == Entity::Principal(self.actor) {
            return self.audit_need(C::ReadLocal, Target::Own);
        }
        if let Entity::Object(id) | Entity::Share(id, _) = entity {
            let target = object_target(self.moment.world, id);
            self.audit_need(C::ReadLocal, target)?;
            // What it was is data of its own: rules that speak about reading have their say.
            return self.need(C::ReadLocal, target).map(drop);
        }
        let place = |world| entity.place(world).0;
        let scope = place(self.moment.world).or_else(|| place(self.present));
        let row = scope.and_then(|scope| self.moment.world.tenancy().row(scope));
        let target = match (scope, row) {
            (_, Some(row)) => Target::Scope(row),
            (Some(_), None) => Target::Nothing,
            (None, None) => Target::Deployment,
        };
        self.audit_need(C::AuditRead, target)?;
        match entity {
            // What a scope says of itself and what its contracts ask for is for those who read there.
            Entity::Scope(_) | Entity::Contract(_) if scope.is_some() => {
                self.need(C::ReadLocal, target).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Cuts the data in an object's state down to what may be seen.
    fn cut(&self, entity: Entity, state: &mut EntityState) -> Result<()> {
        let Entity::Object(id) = entity else { return Ok(()) };
        let (Some(row), Some(data)) = (self.present.objects().row(id), state.value.get_mut("data")) else {
            return Ok(());
        };
        let broken = |e: serde_json::Error| Error::corrupt(format!("stored data is no JSON: {e}"));
        let bytes = canonical::bytes(&*data).map_err(broken)?;
        let shown: Value = serde_json::from_slice(&self.show(row, &bytes)?).map_err(broken)?;
        *data = shown;
        Ok(())
    }
}
