//! The life of one entity: every change, who made it and when, and what the entity was after it.

use super::{Entity, EntityState};
use crate::error::Result;
use crate::history::History;
use crate::reading::AuditEntry;
use scoped_projections::{Sequence, World};

/// One change of an entity.
#[derive(Debug, Clone)]
pub struct TimelineEntry {
    /// The event.
    pub entry: AuditEntry,
    /// What the entity was after it.
    pub state: EntityState,
}

/// A part of an entity's life, oldest first.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// The changes.
    pub entries: Vec<TimelineEntry>,
    /// Where the next part begins; `None` when this is the last.
    pub next: Option<Sequence>,
}

impl History {
    /// The changes of an entity from one event up to another, at most `limit` of them, unfiltered. States are those of the worlds after
    /// each change, which takes one replay of what lies between the first and the last of them.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn timeline(&self, entity: Entity, from: Sequence, to: Sequence, limit: usize) -> Result<Timeline> {
        let changes = self.with_index(|index| index.history_of(entity))?;
        let mut changes = changes
            .iter()
            .map(|at| Sequence::new(u64::from(at)))
            .filter(|at| (from..=to).contains(at))
            .peekable();
        let mut timeline = Timeline { entries: Vec::new(), next: None };
        let Some(first) = changes.peek() else { return Ok(timeline) };
        let mut world = World::clone(&*self.world_at(Sequence::new(first.get() - 1))?);
        for at in changes {
            if timeline.entries.len() == limit {
                timeline.next = Some(at);
                break;
            }
            self.fold(&mut world, at, &mut |_| ())?;
            let undone_by = self.with_index(|index| index.undone_by(at))?;
            let entry = AuditEntry::of(&self.record(at)?, undone_by, None)?.placed(&world);
            timeline.entries.push(TimelineEntry { entry, state: entity.state(&world, self)? });
        }
        Ok(timeline)
    }
}
