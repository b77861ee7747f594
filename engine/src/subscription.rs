//! Subscriptions: committed events, in log order, each once, as they come.
//!
//! A subscription is a place in the log and a bell that says when there is more. Events are read from the log itself, so nothing is
//! buffered, nothing is lost by whoever is slow, and a subscription that begins at an old event reads the past first and then goes
//! on with the present. What it gives was published before: whoever is told of a revocation finds it in force.
//!
//! It belongs to whoever embeds the engine and is not filtered by rights.

use crate::engine::Engine;
use crate::error::Result;
use crate::history::{History, decode};
use crate::kernel::bell::Bell;
use crate::sealed::{Absence, Content};
use scoped_projections::world::envelope;
use scoped_projections::{Envelope, Event, ObjectId, PrincipalId, ScopeId, Sequence};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Which events a subscription gives: those that fit everything that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of one of these kinds (numbers of the table of kinds).
    pub kinds: Option<Vec<u16>>,
    /// Done by this principal.
    pub actor: Option<PrincipalId>,
    /// Filed under one of these scopes.
    pub scopes: Option<Vec<ScopeId>>,
    /// About this object.
    pub object: Option<ObjectId>,
    /// Not before this one; [`Sequence::NONE`]: from now on.
    pub from: Sequence,
    /// Not behind this one; [`Sequence::NONE`] for no bound.
    pub to: Sequence,
}

/// An event that is in the log, and published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Its place and origin.
    pub envelope: Envelope,
    /// What happened.
    pub event: Event,
    /// Its payload: canonical JSON, or the marker where it cannot be read.
    pub data: Option<Vec<u8>>,
    /// Why it cannot be read, if it cannot.
    pub absent: Option<Absence>,
}

/// Committed events, in order.
#[must_use = "it gives nothing unless it is asked"]
pub struct Subscription {
    history: History,
    bell: Arc<Bell>,
    filter: EventFilter,
    /// The last event that was looked at.
    seen: Sequence,
}

impl Engine {
    /// Events that fit, from `filter.from` on (from now on, when that is [`Sequence::NONE`]) up to `filter.to`.
    pub fn subscribe(&self, filter: EventFilter) -> Subscription {
        let bell = Arc::clone(&self.inner.bell);
        let seen = match filter.from.get().checked_sub(1) {
            Some(before) => Sequence::new(before),
            None => bell.now().last,
        };
        Subscription { history: self.history().clone(), bell, filter, seen }
    }
}

impl Subscription {
    /// The next event that is there already, without waiting.
    ///
    /// # Errors
    /// When the log cannot be read; asked again, it goes on behind what cannot be read.
    pub fn try_next(&mut self) -> Result<Option<Committed>> {
        self.up_to(self.bell.now().last)
    }

    /// The next event; waits for it, but no longer than that. `None`: nothing came, or nothing will come any more.
    ///
    /// # Errors
    /// As [`Self::try_next`].
    pub fn next_within(&mut self, patience: Duration) -> Result<Option<Committed>> {
        // The engine's clock is for what is written down; how long a thread sleeps is not.
        let until = Instant::now().checked_add(patience);
        loop {
            let rung = self.bell.wait(self.seen, until);
            if let Some(event) = self.up_to(rung.last)? {
                return Ok(Some(event));
            }
            if rung.ended || self.is_over() || until.is_some_and(|until| Instant::now() >= until) {
                return Ok(None);
            }
        }
    }

    /// How far it has come: everything up to there was looked at. To go on from here later, subscribe from the event behind it.
    #[must_use]
    pub fn seen(&self) -> Sequence {
        self.seen
    }

    fn is_over(&self) -> bool {
        self.filter.to != Sequence::NONE && self.seen >= self.filter.to
    }

    fn up_to(&mut self, last: Sequence) -> Result<Option<Committed>> {
        let last = if self.filter.to == Sequence::NONE { last } else { last.min(self.filter.to) };
        for record in self.history.reader().records(self.seen.next(), last) {
            self.seen = self.seen.next();
            let record = record?;
            if self.filter.kinds.as_ref().is_some_and(|kinds| !kinds.contains(&record.kind())) {
                continue;
            }
            let (context, event) = decode(&record)?;
            let envelope = envelope(&record, context);
            if fits(&self.filter, &envelope, &event) {
                let content = self.history.content(&record)?;
                let absent = content.as_ref().and_then(Content::absence);
                let data = content.map(|content| content.shown().into_owned());
                return Ok(Some(Committed { envelope, event, data, absent }));
            }
        }
        Ok(None)
    }
}

/// Blocks until the next event, and ends when the engine is closed.
impl Iterator for Subscription {
    type Item = Result<Committed>;
    fn next(&mut self) -> Option<Result<Committed>> {
        loop {
            match self.next_within(Duration::from_secs(3600)) {
                Ok(None) if self.is_over() || self.bell.now().ended => return None,
                Ok(None) => {}
                answer => return answer.transpose(),
            }
        }
    }
}

fn fits(filter: &EventFilter, at: &Envelope, event: &Event) -> bool {
    filter.actor.is_none_or(|actor| actor == at.actor)
        && filter.scopes.as_ref().is_none_or(|scopes| scopes.contains(&at.scope))
        && filter.object.is_none_or(|object| event.object() == Some(object))
}
