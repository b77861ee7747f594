//! When somebody might do something: the intervals, each with what opened and what closed it.
//!
//! Only events that can change a decision are read: those about principals, scopes and rules, and those of the object itself, all
//! found in the audit index. They are folded over the world as it was before the span, which therefore misses the other objects
//! that came later: no decision about this one looks at them. Between events the ends of memberships and entries are edges too, and
//! the moments at which a rule that goes by the clock may change its answer: the bounds of its windows, each midnight, and every minute
//! for a condition in CEL that names the time (one that compares microseconds may turn in between, and is seen a minute late).
//! Of such moments one question looks at [`MOMENTS_MAX`] at most; a longer span is refused.
//!
//! Cost: the world before the span, then a decision for each such event, and a look at the bindings that an event about rules changes. Law: the intervals cover a position exactly when `check`
//! allows there, at the end of every batch and at every time between.

use super::Resource;
use crate::audit::Filter;
use crate::authorize::{Request, Target};
use crate::error::{Error, Result};
use crate::history::{History, decode};
use crate::moment::Moment;
use crate::reading::views::Eyes;
use crate::reading::{Operation, Reading};
use scoped_log::Record;
use scoped_projections::domains::kind_info;
use scoped_projections::rules::{Action, Turns};
use scoped_projections::tenancy::Capability as C;
use scoped_projections::world::envelope;
use scoped_projections::{DOMAINS, Event, Micros, PrincipalId, Sequence, World};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most events that one question walks.
const EVENTS_MAX: usize = 1 << 20;
/// Most moments between events that one question looks at.
const MOMENTS_MAX: usize = 1 << 18;
/// The domains whose every event can change decisions.
const DECISIVE: [&str; 3] = ["identity", "tenancy", "rules"];

/// When might somebody do something?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessSpan {
    /// Who.
    pub actor: PrincipalId,
    /// What they would have had to hold.
    pub capability: C,
    /// With what.
    pub resource: Resource,
    /// What they would have done with it, where rules of the policy may speak about that alone; absent: what one mostly does with the capability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// From the moment after this event; 0 for the beginning of the log.
    #[serde(default)]
    pub from: u64,
    /// To the moment after this event; absent: to the present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
}

impl AccessSpan {
    /// Over the whole log.
    #[must_use]
    pub fn new(actor: PrincipalId, capability: C, resource: impl Into<Resource>) -> Self {
        Self { actor, capability, resource: resource.into(), action: None, from: 0, to: None }
    }
    /// The same, about one action.
    #[must_use]
    pub fn doing(mut self, action: Action) -> Self {
        self.action = Some(action);
        self
    }
    /// The same, between two positions.
    #[must_use]
    pub fn between(mut self, from: Sequence, to: Sequence) -> Self {
        (self.from, self.to) = (from.get(), Some(to.get()));
        self
    }
}

/// What an interval begins or ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "cause")]
pub enum EdgeCause {
    /// The span begins here: it was so already.
    Start,
    /// An event.
    Event {
        /// Its kind.
        kind: &'static str,
        /// Who did it.
        by: PrincipalId,
    },
    /// A membership or an entry ran out.
    Expiry,
    /// A rule goes by the clock.
    Clock,
}

/// Where an interval begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// The event; for what ran out or goes by the clock the last event before.
    pub at: u64,
    /// When.
    pub time: Micros,
    /// By what.
    #[serde(flatten)]
    pub cause: EdgeCause,
}

impl Edge {
    /// Does a moment lie behind this edge?
    fn is_before(&self, position: Sequence, time: Micros) -> bool {
        match self.cause {
            EdgeCause::Expiry | EdgeCause::Clock => time >= self.time,
            _ => position.get() >= self.at,
        }
    }
}

/// A stretch of time in which it was allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessInterval {
    /// What opened it.
    pub opened: Edge,
    /// What closed it; `None` while it is open at the end of the span.
    pub closed: Option<Edge>,
    /// Through what it was allowed when it opened.
    pub why: String,
}

impl AccessInterval {
    /// Was it allowed in this interval, after that event and at that time?
    #[must_use]
    pub fn covers(&self, position: Sequence, time: Micros) -> bool {
        self.opened.is_before(position, time)
            && self.closed.is_none_or(|closed| !closed.is_before(position, time))
    }
}

impl Reading {
    /// The intervals in which a principal might do something, oldest first.
    ///
    /// # Errors
    /// When it is not this principal's to ask, the span ends ahead of what can be asked about, or the log cannot be read.
    pub fn access_history(&self, span: &AccessSpan) -> Result<Vec<AccessInterval>> {
        let (now, last) = self.ask(Operation::AccessHistory, |ask| {
            let eyes = Eyes::of(ask, None);
            let resource = span.resource.target(eyes.world());
            eyes.may_ask(span.actor, resource)?;
            Ok((eyes.moment.now.read(), eyes.world().position()))
        })?;
        if span.to.is_some_and(|to| to > last.get()) {
            return Err(ahead(span.to.unwrap_or_default(), last));
        }
        let to = Sequence::new(span.to.unwrap_or(last.get()));
        self.engine.history().access(span, to, (to == last).then_some(now))
    }
}

impl Moment<'_> {
    /// The same for whoever holds the files, up to this moment.
    ///
    /// # Errors
    /// When the span ends behind this moment, or the log cannot be read.
    pub fn access_history(&self, span: &AccessSpan) -> Result<Vec<AccessInterval>> {
        let last = self.world.position();
        if span.to.is_some_and(|to| to > last.get()) {
            return Err(ahead(span.to.unwrap_or_default(), last));
        }
        let to = Sequence::new(span.to.unwrap_or(last.get()));
        self.history.access(span, to, (to == last).then(|| self.now.read()))
    }
}

fn ahead(to: u64, last: Sequence) -> Error {
    Error::refused("position_ahead", format!("there is no event #{to} yet: the log ends at {last}"))
}

impl History {
    /// Walks a span up to an event; what runs out after that counts up to `now`, which a span has that ends with the moment it is asked
    /// at. The log itself may be ahead of that moment: refusals leave traces all the time.
    fn access(&self, span: &AccessSpan, to: Sequence, now: Option<Micros>) -> Result<Vec<AccessInterval>> {
        let from = Sequence::new(span.from);
        if from > to {
            return Err(Error::invalid("a span ends after it begins"));
        }
        let mut walk = Walk::new(self, span, World::clone(&*self.world_at(from)?));
        let relevant = self.relevant(span, from, to)?;
        let mut records = relevant.iter().copied().peekable();
        while let Some(at) = records.next() {
            let record = self.record(at)?;
            walk.until(record.time())?;
            walk.apply(&record)?;
            // Inside a batch nothing is ever seen: what counts is how it leaves things.
            let end = at.get().saturating_add(u64::from(record.batch_left()));
            if records.peek().is_none_or(|next| next.get() > end) {
                walk.settle();
            }
        }
        let until = match now {
            Some(now) => now,
            None => self.reader().get(to)?.map_or(walk.time, |record| record.time()),
        };
        // The end of the span belongs to it.
        walk.until(until)?;
        Ok(walk.intervals)
    }

    /// The events that can change the decision, in log order.
    fn relevant(&self, span: &AccessSpan, from: Sequence, to: Sequence) -> Result<Vec<Sequence>> {
        if from == to {
            return Ok(Vec::new());
        }
        let decisive = DOMAINS.iter().filter(|(_, name, _)| DECISIVE.contains(name));
        let kinds = decisive.flat_map(|(_, _, kinds)| kinds.iter()).map(|info| info.kind).collect();
        let bounds = Filter { from: from.next(), to, ..Filter::default() };
        let mut found: BTreeSet<Sequence> =
            self.audit(&Filter { kinds: Some(kinds), ..bounds.clone() })?.into_iter().collect();
        if let Resource::Object(object) = span.resource {
            found.extend(self.audit(&Filter { object: Some(object), ..bounds })?);
        }
        if found.len() > EVENTS_MAX {
            let message =
                format!("{} events could matter in this span; at most {EVENTS_MAX} are walked", found.len());
            return Err(Error::invalid(message).hint("ask about a shorter span"));
        }
        Ok(found.into_iter().collect())
    }
}

/// A walk from moment to moment, and what it has found.
struct Walk<'a> {
    history: &'a History,
    span: &'a AccessSpan,
    world: World,
    time: Micros,
    allowed: bool,
    /// The last change of the decision within the batch that is being applied.
    flipped: Option<(bool, Edge)>,
    intervals: Vec<AccessInterval>,
    /// When rules may change their answer, and how many such moments may still be looked at.
    turns: Turns,
    moments: usize,
}

impl<'a> Walk<'a> {
    fn new(history: &'a History, span: &'a AccessSpan, world: World) -> Self {
        let time = world.time();
        let turns = Turns::of(world.rules(), crate::rules::cel::mentions_time);
        let mut walk = Self {
            history,
            span,
            world,
            time,
            allowed: false,
            flipped: None,
            intervals: Vec::new(),
            turns,
            moments: MOMENTS_MAX,
        };
        if walk.decide() {
            walk.turn(true, Edge { at: span.from, time, cause: EdgeCause::Start });
        }
        walk
    }

    fn target(&self) -> Target {
        self.span.resource.target(&self.world)
    }
    fn request(&self) -> Request<'static> {
        Request::about(self.span.capability, self.span.action, self.target())
    }
    fn decide(&self) -> bool {
        let moment = Moment { world: &self.world, history: self.history, now: self.time.into() };
        moment.decide(self.span.actor, self.request()).allowed
    }

    /// Opens or closes an interval.
    fn turn(&mut self, allowed: bool, edge: Edge) {
        self.allowed = allowed;
        if allowed {
            let moment = Moment { world: &self.world, history: self.history, now: self.time.into() };
            let decision = moment.decide(self.span.actor, self.request());
            self.intervals.push(AccessInterval { opened: edge, closed: None, why: moment.reason(&decision) });
        } else if let Some(open) = self.intervals.last_mut() {
            open.closed = Some(edge);
        }
    }

    /// Time goes on to there, and what ends by then ends.
    fn until(&mut self, time: Micros) -> Result<()> {
        let ends = self.ends(time);
        let Some(turns) = self.turns.between(self.time, time, self.moments) else {
            let message =
                format!("rules that go by the clock turn more than {MOMENTS_MAX} times in this span");
            return Err(Error::invalid(message).hint("ask about a shorter span"));
        };
        self.moments -= turns.len();
        for end in ends.union(&turns).copied() {
            self.time = end;
            let allowed = self.decide();
            if allowed != self.allowed {
                let to = Sequence::new(self.span.to.unwrap_or_default());
                let at = self.history.reader().at_time(end)?.min(to).get();
                let cause = if ends.contains(&end) { EdgeCause::Expiry } else { EdgeCause::Clock };
                self.turn(allowed, Edge { at, time: end, cause });
            }
        }
        self.time = self.time.max(time);
        Ok(())
    }

    /// One event. What it changes counts when its batch is over.
    fn apply(&mut self, record: &Record) -> Result<()> {
        let (context, event) = decode(record)?;
        self.world.apply(&envelope(record, context), &event);
        if let Event::Rules(event) = &event {
            self.turns.follow(self.world.rules(), event, crate::rules::cel::mentions_time);
        }
        self.time = self.time.max(record.time());
        let allowed = self.decide();
        let before = self.flipped.map_or(self.allowed, |(allowed, _)| allowed);
        if allowed != before {
            let kind = kind_info(record.kind()).map_or("?", |info| info.name);
            let cause = EdgeCause::Event { kind, by: PrincipalId(record.actor()) };
            self.flipped = Some((allowed, Edge { at: record.sequence().get(), time: record.time(), cause }));
        }
        Ok(())
    }
    fn settle(&mut self) {
        if let Some((allowed, edge)) = self.flipped.take()
            && allowed != self.allowed
        {
            self.turn(allowed, edge);
        }
    }

    /// The times after the present one, up to `until`, at which something that speaks about the actor or the place runs out.
    fn ends(&self, until: Micros) -> BTreeSet<Micros> {
        let (tenancy, identity) = (self.world.tenancy(), self.world.identity());
        let Some(actor) = identity.row(self.span.actor) else { return BTreeSet::new() };
        let places: Vec<u32> = match self.target() {
            Target::Scope(row) | Target::Below(row) => vec![row],
            Target::Object(object) => self.world.sharing().scopes(object).map(|(scope, _)| scope).collect(),
            _ => Vec::new(),
        };
        let mut ends = BTreeSet::new();
        for row in places.into_iter().flat_map(|row| tenancy.chain(row)) {
            let held = identity.selves(actor).filter_map(|own| tenancy.member(row, own));
            ends.extend(held.filter_map(|member| member.expires_at()));
            ends.extend(tenancy.entries(row).filter_map(|entry| entry.expires_at));
        }
        ends.retain(|end| *end > self.time && *end <= until);
        ends
    }
}
