//! What the entities of events were before and after them, for many events one after another, unfiltered.
//!
//! One world grows along the log, so events in log order cost one replay of what lies between the first and the last. An event
//! that lies behind begins anew, from the nearest world that is at hand.

use crate::error::Result;
use crate::history::History;
use crate::reading::{AuditEntry, AuditStates};
use scoped_projections::{Sequence, World};

/// Tells states, event by event.
pub struct StatesWalk<'a> {
    history: &'a History,
    world: Option<World>,
}

impl<'a> StatesWalk<'a> {
    /// Along this log.
    #[must_use]
    pub fn new(history: &'a History) -> Self {
        Self { history, world: None }
    }

    /// The same entry, with what its entity was before and after it.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn stated(&mut self, mut entry: AuditEntry) -> Result<AuditEntry> {
        let (at, history) = (entry.envelope.sequence, self.history);
        let Some(entity) = entry.entity else { return Ok(entry) };
        let before = Sequence::new(at.get().saturating_sub(1));
        let mut world = match self.world.take().filter(|world| world.position() <= before) {
            Some(world) => world,
            None => World::clone(&*history.world_at(before)?),
        };
        history.fold(&mut world, before, &mut |_| ())?;
        let old = entity.state(&world, history)?;
        history.fold(&mut world, at, &mut |_| ())?;
        let new = entity.state(&world, history)?;
        self.world = Some(world);
        entry.states = Some(AuditStates { entity: Some(entity), before: Some(old), after: Some(new) });
        Ok(entry)
    }
}
