//! Why what happened was allowed: the batch of an event is decided once more, at its moment.
//!
//! No event carries its decision. It follows from the log: the commands behind a batch are known ([`crate::export`]), and so is the world that
//! each of them met. So nothing has to be stored, and what is told cannot disagree with what was decided.
//! Bounds: a world of back then, and the events of one batch.

use super::end;
use crate::authorize::{Decision, Request, Rule, Tier, authorize};
use crate::error::Result;
use crate::export::recall_places;
use crate::history::{History, decode};
use crate::kernel::execute::{View, proposes_data, through};
use crate::moment::Moment;
use crate::rules::outside::AskedData;
use scoped_projections::rules::Action;
use scoped_projections::tenancy::Capability;
use scoped_projections::world::envelope;
use scoped_projections::{Event, PrincipalId, Sequence, World};
use serde::Serialize;
use std::cell::RefCell;

/// A command of a past batch, and what allowed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Allowed {
    /// The first event that it brought about.
    pub at: u64,
    /// Its name.
    pub command: &'static str,
    /// Whose rights decided.
    pub actor: PrincipalId,
    /// Who acted for it, if it did not act itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<PrincipalId>,
    /// What it took, and why that was granted.
    pub grounds: Vec<Ground>,
}

/// One thing that a command took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ground {
    /// What had to be held.
    pub capability: Capability,
    /// What was done with it.
    pub action: Action,
    /// Was it? An event that was written past the engine may lack it.
    pub allowed: bool,
    /// Where it was decided.
    pub tier: &'static str,
    /// What decided, in words.
    pub why: String,
    /// The rule of the policy that allowed it, where rules governed: with its version, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granted: Option<String>,
    /// The event that the rule, the membership or the entry goes back to; `None` where it is older than any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// The position of the world that was asked.
    pub position: u64,
}

impl Ground {
    fn of(moment: &Moment<'_>, request: Request<'_>, decision: &Decision) -> Self {
        let since = match decision.granted.unwrap_or(decision.rule) {
            Rule::Member { since, .. } | Rule::Entry { since, .. } | Rule::Policy { since, .. } => {
                Some(since)
            }
            _ => None,
        };
        Self {
            capability: request.capability,
            action: request.action,
            allowed: decision.allowed,
            tier: Tier::as_str(decision.tier),
            why: moment.reason(decision),
            granted: decision.granted.map(|rule| moment.rule(rule)),
            since: since.filter(|since| !since.is_none()).map(Sequence::get),
            position: decision.position.get(),
        }
    }
}

impl History {
    /// Why the batch that an event belongs to was allowed, command by command. Empty for what follows from no command: refused attempts,
    /// recorded reads, the beginning of a log.
    ///
    /// # Errors
    /// When there is no such event, or the log cannot be read.
    pub fn why(&self, at: Sequence) -> Result<Vec<Allowed>> {
        let mut first = at;
        while first.get() > 1 && self.record(Sequence::new(first.get() - 1))?.batch_left() > 0 {
            first = Sequence::new(first.get() - 1);
        }
        let last = end(&self.record(at)?);
        let records = self
            .reader()
            .records(first, last)
            .collect::<std::result::Result<Vec<_>, scoped_log::LogError>>()?;
        let mut steps = recall_places(self, &records)?.into_iter().peekable();
        let mut world = World::clone(&*self.world_at(Sequence::new(first.get() - 1))?);
        let mut found = Vec::new();
        for (nth, record) in records.iter().enumerate() {
            let (context, event) = decode(record)?;
            if let Some((_, step)) = steps.next_if(|(place, _)| *place == nth) {
                let (actor, agent) = step.parties();
                let (now, warnings) = (record.time(), RefCell::default());
                let moment = Moment { world: &world, history: self, now: now.into() };
                let next = world.position().next();
                let view = View {
                    world: &world,
                    actor,
                    agent,
                    now,
                    next,
                    step: nth,
                    has_keys: true,
                    warnings: &warnings,
                };
                let through = through(&world, agent);
                let data = written(self, record, &event)?;
                let ground = |need: &Request<'_>| {
                    let data = data.as_ref().filter(|_| need.action.is_about_objects());
                    let data = data.map_or(AskedData::Missing, AskedData::Is);
                    let request = need.coming_through(through).with_data(data);
                    Ground::of(&moment, request, &authorize(&world, actor, request, now))
                };
                let grounds = step.command.needs(&view).iter().map(ground).collect();
                let (at, command) = (record.sequence().get(), step.command.name());
                found.push(Allowed { at, command, actor, agent, grounds });
            }
            world.apply(&envelope(record, context), &event);
        }
        Ok(found)
    }
}

/// The data that a command proposed for an object, for rules to look at.
fn written(
    history: &History,
    record: &scoped_log::Record,
    event: &Event,
) -> Result<Option<serde_json::Value>> {
    let content = if proposes_data(event) { history.content(record)? } else { None };
    Ok(content.and_then(|content| serde_json::from_slice(&content.shown()).ok()))
}
