//! Limits and quotas, decided over proposed facts inside the serialised write path.
//!
//! A limit counts committed events in a sliding window: what was refused changed nothing, and is not counted. Everything that a step
//! would write is looked at together, and the steps before it in the batch have happened already. A scope that the step makes is met
//! here before it is there, and by the fold once it is: both ask the same bindings, those above it.

use super::growth::{Growth, growth};
use crate::error::Error;
use crate::kernel::execute::{Proposed, Result, View};
use crate::temporal::format_time;
use crate::tenancy::nearest;
use scoped_projections::objects::ObjectsEvent;
use scoped_projections::rules::{Action, Asked, Attribute, Doing, Quota, Resource, Standing};
use scoped_projections::sharing::SharingEvent;
use scoped_projections::store::NO_ROW;
use scoped_projections::{Event, Micros, World};
use smallvec::SmallVec;

/// Do limits and quotas admit these facts?
pub(crate) fn admit(on: &View<'_>, proposed: &[Proposed]) -> Result<()> {
    if on.world.rules().is_silent() {
        return Ok(());
    }
    let mut admission = Admission { on, proposed, taken: SmallVec::new(), made: SmallVec::new() };
    for (at, fact) in proposed.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| proposed.get(before));
        if !before.is_some_and(|before| comes_along(&before.event, &fact.event)) {
            admission.limits(fact)?;
        }
        admission.quotas(fact)?;
    }
    Ok(())
}

/// Is this the projection that comes with the creation before it? It is one doing, not two.
fn comes_along(before: &Event, event: &Event) -> bool {
    match (before, event) {
        (
            Event::Objects(ObjectsEvent::ObjectCreated(made)),
            Event::Sharing(SharingEvent::ObjectProjected(projected)),
        ) => made.object == projected.object,
        _ => false,
    }
}

struct Admission<'a> {
    on: &'a View<'a>,
    proposed: &'a [Proposed],
    /// `(binding, whose, how often)` in this step.
    taken: SmallVec<[(u32, u32, u32); 4]>,
    /// `(binding, whose, how many)` in this step.
    made: SmallVec<[(u32, u32, u64); 4]>,
}

impl Admission<'_> {
    fn limits(&mut self, fact: &Proposed) -> Result<()> {
        let world = self.on.world;
        let rules = world.rules();
        if !rules.has_limits() {
            return Ok(());
        }
        let (tenancy, objects) = (world.tenancy(), world.objects());
        let Some(doing) = Doing::of(&fact.event, fact.scope, tenancy, objects, world.sharing()) else {
            return Ok(());
        };
        let doing = match tenancy.row(fact.scope) {
            Some(_) => doing,
            None => doing.in_a_new_scope_below(nearest(world, self.proposed, fact.scope)),
        };
        let actor = world.identity().row(self.on.actor).unwrap_or(NO_ROW);
        let asked = doing.asked(world.identity(), tenancy, actor, self.on.now);
        for (binding, whose, limit) in rules.limits(&asked) {
            let place = self.taken.iter().position(|(b, w, _)| (*b, *w) == (binding, whose));
            let more = place.map_or(0, |place| self.taken[place].2);
            let standing = rules.standing(binding, whose, &limit, self.on.now, more);
            if u64::from(standing.count) + u64::from(more) >= u64::from(limit.max_count) {
                return Err(self.limited(binding, limit.max_count, limit.window_seconds, standing).into());
            }
            match place {
                Some(place) => self.taken[place].2 += 1,
                None => self.taken.push((binding, whose, 1)),
            }
        }
        Ok(())
    }

    fn limited(&self, binding: u32, max: u32, window: u32, standing: Standing) -> Error {
        let name = name(self.on.world, binding);
        let count = standing.count;
        let message = format!("rate limit `{name}`: {count} of {max} in {window} s");
        match standing.free_at {
            None => Error::refused("rate_limited", format!("{message}; so many at once never fit"))
                .hint("send them in parts"),
            Some(free_at) => {
                let micros = free_at.saturating_sub(self.on.now);
                let retry = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
                let at = format_time(free_at);
                Error::refused("rate_limited", format!("{message}; retry after {retry} s, at {at}"))
                    .hint("what was refused is not counted")
            }
        }
    }

    fn quotas(&mut self, fact: &Proposed) -> Result<()> {
        let world = self.on.world;
        let (rules, tenancy) = (world.rules(), world.tenancy());
        if !rules.has_quotas() {
            return Ok(());
        }
        for growth in growth(self.on, self.proposed, fact) {
            let scopes: &[u32] = if growth.scope == NO_ROW { &[] } else { &[growth.scope] };
            let asked = Asked {
                object_type: growth.object_type.map_or(Attribute::None, Attribute::Is),
                object: Attribute::None,
                scopes,
                now: Attribute::Is(self.on.now),
                ..Asked::about(world.identity(), tenancy, growth.owner, Action::Create)
            };
            for (binding, quota) in rules.quotas(&asked) {
                if quota.resource == growth.resource && growth.is_new_to(world, binding) {
                    self.count(binding, &quota, &growth)?;
                }
            }
        }
        Ok(())
    }

    /// So many more against one quota.
    fn count(&mut self, binding: u32, quota: &Quota, growth: &Growth<'_>) -> Result<()> {
        let world = self.on.world;
        // One that is bound to a principal holds for each owner apart.
        let each = world.rules().binding_at(binding).is_some_and(|bound| bound.targets.principal.is_some());
        let whose = if each { growth.owner } else { NO_ROW };
        let used = used(world, binding, quota, growth.owner, self.on.now);
        let place = self.made.iter().position(|(b, w, _)| (*b, *w) == (binding, whose));
        let used = used.saturating_add(place.map_or(0, |place| self.made[place].2));
        if used.saturating_add(growth.many) > quota.max_count {
            let (name, resource) = (name(world, binding), quota.resource);
            let more = if growth.many == 1 { String::new() } else { format!(", {} more", growth.many) };
            let message = format!("quota `{name}`: {used} of {} {resource} are there{more}", quota.max_count);
            return Err(Error::refused("quota_exceeded", message)
                .hint("take something away first, or ask for a larger quota")
                .into());
        }
        match place {
            Some(place) => self.made[place].2 += growth.many,
            None => self.made.push((binding, whose, growth.many)),
        }
        Ok(())
    }
}

/// How many count against a quota, for `owner` where it holds for each owner apart. Of members only those who are: a membership that has
/// run out is none, whether a sweep has come by or not.
pub(super) fn used(world: &World, binding: u32, quota: &Quota, owner: u32, now: Micros) -> u64 {
    let used = world.rules().used(binding, quota, owner, world);
    if quota.resource != Resource::Members {
        return used;
    }
    let scope = world.rules().binding_at(binding).map_or(NO_ROW, |bound| bound.scope);
    used.saturating_sub(crate::tenancy::run_out(world, scope, now))
}

/// What the rule of a binding is called.
fn name(world: &World, binding: u32) -> String {
    let rules = world.rules();
    let rule = rules.binding_at(binding).and_then(|binding| rules.at(binding.rule));
    rule.and_then(|rule| rules.current(rule)).map_or_else(String::new, |version| version.name.to_string())
}
