//! Decisions about marks.

use crate::authorize::Target;
use crate::command::{Decide, Needs, commands};
use crate::error::Error;
use crate::export::{Recalled, Recalling};
use crate::kernel::execute::{Facts, Result, View, need};
use crate::temporal::Entity;
use scoped_projections::ScopeId;
use scoped_projections::temporal::{MarkSet, TemporalEvent};
use scoped_projections::tenancy::Capability;

commands! {
    /// Commands about moments.
    domain "temporal";
    enum Command {
        /// gives a position of the log a name, for good
        "mark" SetMark {
            /// The name: printable, without blanks.
            name: String,
            /// The sequence it stands for; absent: that of the mark itself, hence everything before it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            position: Option<u64>,
        }
    }
}

/// Longest name of a mark, in bytes.
const MARK_BYTES_MAX: usize = 200;

impl Decide for SetMark {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        need(Capability::Mark, Target::Deployment)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let name = &self.name;
        if name.is_empty()
            || name.len() > MARK_BYTES_MAX
            || name.chars().any(|c| c.is_control() || c.is_whitespace())
        {
            let message =
                format!("a mark has 1 to {MARK_BYTES_MAX} bytes, no blanks and no control characters");
            return Err(Error::invalid(message).into());
        }
        if on.world.temporal().mark(name).is_some() {
            let error = Error::refused("exists", format!("there is a mark `{name}` already"));
            return Err(error.hint("a mark never moves: choose another name").into());
        }
        let position = self.position.unwrap_or(on.next.get());
        if position > on.next.get() {
            return Err(
                Error::refused("position_ahead", format!("the log has not reached #{position} yet")).into()
            );
        }
        facts.push(ScopeId::NONE, MarkSet { name: name.clone(), position }, None);
        Ok(())
    }
}

/// Moments and rollbacks are history, not state.
pub(crate) fn entity(_: &TemporalEvent) -> Option<Entity> {
    None
}

/// The command that would bring this fact about; the record of a rollback is part of its batch.
pub(crate) fn recall(event: TemporalEvent, _: Recalling<'_>) -> Option<Recalled> {
    Some(match event {
        TemporalEvent::MarkSet(e) => Recalled::one(SetMark { name: e.name, position: Some(e.position) }),
        TemporalEvent::RolledBack(_) => Recalled::Silent,
    })
}
