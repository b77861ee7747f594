//! Hearing of changes of the registry: a subscription to its events.

use super::{Lifecycle, Urn};
use crate::engine::Engine;
use crate::error::Result;
use crate::subscription::{Committed, EventFilter, Subscription};
use scoped_projections::registry::RegistryEvent;
use scoped_projections::{Event, RegistrationId, Sequence};
use std::time::Duration;

/// What happened to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryEvent {
    /// It was registered.
    Register,
    /// It came to another point of its life.
    LifecycleChange,
    /// It was described anew.
    Update,
}

impl EntryEvent {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::LifecycleChange => "lifecycle_change",
            Self::Update => "update",
        }
    }
}

/// A change of the registry that is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryChange {
    /// What happened.
    pub event: EntryEvent,
    /// To which entry.
    pub urn: Urn,
    /// Where its life came to by this event; `None` when it is not about that.
    pub lifecycle: Option<Lifecycle>,
    /// The event itself.
    pub committed: Committed,
}

/// Changes of entries, in order, after they were published.
#[must_use = "it gives nothing unless it is asked"]
pub struct RegistryChanges {
    engine: Engine,
    events: Subscription,
}

impl Engine {
    /// Changes of the registry from now on, or from the event `from` on. Freezing and the definition of kinds are not about an entry: they
    /// are heard by [`Engine::subscribe`].
    pub fn registry_changes(&self, from: Option<Sequence>) -> RegistryChanges {
        use scoped_projections::registry::{Described, LifecycleChanged, Registered, Reinstated};
        let kinds = vec![Registered::KIND, LifecycleChanged::KIND, Described::KIND, Reinstated::KIND];
        let from = from.unwrap_or(Sequence::NONE);
        let events = self.subscribe(EventFilter { kinds: Some(kinds), from, ..EventFilter::default() });
        RegistryChanges { engine: self.clone(), events }
    }
}

impl RegistryChanges {
    /// Calls `listener` for each change that is there already, in order, and gives how many there were.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn each(&mut self, mut listener: impl FnMut(&RegistryChange)) -> Result<usize> {
        let mut heard = 0;
        while let Some(committed) = self.events.try_next()? {
            if let Some(change) = self.change(committed) {
                listener(&change);
                heard += 1;
            }
        }
        Ok(heard)
    }

    /// The next change; waits for it, but no longer than that.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn next_within(&mut self, patience: Duration) -> Result<Option<RegistryChange>> {
        Ok(self.events.next_within(patience)?.and_then(|committed| self.change(committed)))
    }

    fn change(&self, committed: Committed) -> Option<RegistryChange> {
        let Event::Registry(event) = &committed.event else { return None };
        let (event, id, lifecycle) = what(event)?;
        // A name never changes, so that of now is that of then.
        let urn = self.engine.read(|moment| {
            let registry = moment.world().registry();
            registry.urn(registry.get(id)?)
        })?;
        Some(RegistryChange { event, urn, lifecycle, committed })
    }
}

fn what(event: &RegistryEvent) -> Option<(EntryEvent, RegistrationId, Option<Lifecycle>)> {
    use RegistryEvent as E;
    Some(match event {
        E::Registered(e) => (EntryEvent::Register, e.registration, Some(e.lifecycle)),
        E::LifecycleChanged(e) => (EntryEvent::LifecycleChange, e.registration, Some(e.to)),
        E::Reinstated(e) => (EntryEvent::LifecycleChange, e.registration, Some(e.to)),
        E::Described(e) => (EntryEvent::Update, e.registration, None),
        E::KindDefined(_) | E::Frozen(_) | E::Unfrozen(_) => return None,
    })
}
