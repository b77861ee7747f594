//! Subtree quotas, decided over the proposed facts (scopes specification, section 6.2).
//!
//! What a step would add to each scope is summed up and held, along the chain, against every quota on the way: used + added ≤ limit.
//! Used is what the counters say, which the states keep with every event. Only growth is refused: a limit below what is there evicts nothing.
//! Check and append are one step, since the writer is one thread: two callers cannot pass a limit together.

use super::nearest;
use crate::error::Error;
use crate::kernel::execute::{Proposed, Result, View};
use crate::sealed::Written;
use scoped_projections::objects::ObjectsEvent as O;
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::{Metric, TenancyEvent as T};
use scoped_projections::{Event, Micros, ObjectId, ScopeId, World};
use std::collections::BTreeMap;

/// What is added, or given back, by metric.
#[derive(Debug, Clone, Copy, Default)]
struct Added([i64; Metric::ALL.len()]);

impl Added {
    fn add(&mut self, metric: Metric, more: i64) {
        let at = &mut self.0[metric as usize - 1];
        *at = at.saturating_add(more);
    }
    fn of(&self, metric: Metric) -> i64 {
        self.0[metric as usize - 1]
    }
}

/// How much of each metric a scope and all below it hold.
pub(crate) fn used(world: &World, scope: u32, metric: Metric) -> u64 {
    let (counts, held) = (world.tenancy().counts(scope), world.objects().held(scope));
    match metric {
        Metric::Records => held.records,
        Metric::Bytes => held.bytes,
        Metric::LogBytes => counts.log_bytes,
        Metric::Scopes => counts.scopes,
        Metric::Members => counts.members,
    }
}

/// Most violations that a refusal lists.
const LISTED_MAX: usize = 16;

/// Do all quotas admit these facts together?
pub(super) fn check(on: &View<'_>, proposed: &[Proposed]) -> Result<()> {
    let tenancy = on.world.tenancy();
    if tenancy.policies().all(|(_, declared)| declared.policy.quota.limits().next().is_none()) {
        return Ok(());
    }
    let (world, now) = (on.world, on.now);
    let mut tally = Tally { world, now, proposed, added: BTreeMap::new(), objects: BTreeMap::new() };
    for fact in proposed {
        tally.fact(fact);
    }
    let mut violations = Vec::new();
    for (row, added) in tally.along_chains() {
        let Some(declared) = tenancy.policy(row) else { continue };
        for (metric, limit) in declared.policy.quota.limits() {
            let (mut used, more) = (used(on.world, row, metric), added.of(metric));
            let exceeds = |used: u64| more > 0 && used.saturating_add(more.unsigned_abs()) > limit;
            if metric == Metric::Members && exceeds(used) {
                used = used.saturating_sub(super::run_out(on.world, row, on.now));
            }
            if exceeds(used) {
                let label = tenancy.at(row).map_or("?", |node| node.label());
                violations
                    .push(format!("`{label}` {metric}: used {used}, wanted {more} more, limit {limit}"));
            }
        }
    }
    if violations.is_empty() {
        return Ok(());
    }
    violations.truncate(LISTED_MAX);
    let message = format!("quota exceeded: {}", violations.join("; "));
    Err(Error::refused("scope_quota_exceeded", message).into())
}

/// Adds facts up, by the scope that they count in.
struct Tally<'a> {
    world: &'a World,
    proposed: &'a [Proposed],
    now: Micros,
    added: BTreeMap<u32, Added>,
    /// Home and size of objects, as these facts would leave them; `None` for the size of a tombstone.
    objects: BTreeMap<ObjectId, (ScopeId, i64, bool)>,
}

impl Tally<'_> {
    fn add(&mut self, scope: ScopeId, metric: Metric, more: i64) {
        if more == 0 {
            return;
        }
        let row = nearest(self.world, self.proposed, scope);
        if row != NO_ROW {
            self.added.entry(row).or_default().add(metric, more);
        }
    }
    /// Home, size and liveness of an object, before the next fact.
    fn object(&self, id: ObjectId) -> Option<(ScopeId, i64, bool)> {
        self.objects.get(&id).copied().or_else(|| {
            let objects = self.world.objects();
            let row = objects.row(id)?;
            let object = objects.at(row)?;
            let home = self.world.tenancy().at(object.home).map_or(ScopeId::NONE, |node| node.id);
            Some((home, i64::from(objects.size(row)), !object.tombstoned))
        })
    }
    /// An object is about to have that size, and to be live or not.
    fn becomes(&mut self, id: ObjectId, home: ScopeId, size: i64, live: bool) {
        let (_, before, lived) = self.object(id).unwrap_or((home, 0, false));
        let counted = |live: bool, size: i64| if live { (1, size) } else { (0, 0) };
        let ((was, bytes_were), (is, bytes_are)) = (counted(lived, before), counted(live, size));
        self.add(home, Metric::Records, is - was);
        self.add(home, Metric::Bytes, bytes_are - bytes_were);
        self.objects.insert(id, (home, size, live));
    }
    fn relive(&mut self, id: ObjectId, live: bool) {
        if let Some((home, size, _)) = self.object(id) {
            self.becomes(id, home, size, live);
        }
    }
    fn fact(&mut self, fact: &Proposed) {
        let bytes = fact.payload.as_ref().map_or(0, Written::size) as i64;
        match &fact.event {
            Event::Tenancy(event) => self.tenancy(event),
            Event::Objects(O::ObjectCreated(e)) => self.becomes(e.object, fact.scope, bytes, true),
            Event::Objects(O::ObjectUpdated(e)) => {
                if let Some((home, _, live)) = self.object(e.object) {
                    self.becomes(e.object, home, bytes, live);
                }
            }
            Event::Objects(O::ObjectTombstoned(e)) => self.relive(e.object, false),
            Event::Objects(O::ObjectExpired(e)) => self.relive(e.object, false),
            Event::Objects(O::ObjectForgotten(e)) => self.relive(e.object, false),
            Event::Objects(O::ObjectRestored(e)) => self.relive(e.object, true),
            Event::Objects(O::ObjectRecovered(e)) => self.relive(e.object, true),
            _ => {}
        }
        // Behind the event: what it makes may be where it is filed.
        self.add(fact.scope, Metric::LogBytes, bytes);
    }
    fn tenancy(&mut self, event: &T) {
        let tenancy = self.world.tenancy();
        let parent = |scope: ScopeId| {
            let node = tenancy.get(scope).map(|node| node.parent).filter(|parent| *parent != NO_ROW);
            node.and_then(|row| tenancy.at(row)).map_or(ScopeId::NONE, |node| node.id)
        };
        match event {
            T::ScopeCreated(e) => self.add(e.parent, Metric::Scopes, 1),
            T::ScopeProvisioned(e) => self.add(e.parent, Metric::Scopes, 1),
            T::ScopeArchived(e) => self.add(parent(e.scope), Metric::Scopes, -1),
            T::ScopeReopened(e) => self.add(parent(e.scope), Metric::Scopes, 1),
            T::ScopeMoved(e) => {
                let Some(row) = tenancy.row(e.scope) else { return };
                for metric in [Metric::Records, Metric::Bytes, Metric::Scopes, Metric::Members] {
                    let own = i64::from(metric == Metric::Scopes);
                    let held =
                        i64::try_from(used(self.world, row, metric)).unwrap_or(i64::MAX).saturating_add(own);
                    self.add(parent(e.scope), metric, -held);
                    self.add(e.parent, metric, held);
                }
            }
            // In place of one that has run out, too: what has run out is not counted where it would matter.
            T::MemberAdded(e) => self.add(e.scope, Metric::Members, 1),
            T::MemberRoleChanged(e) if super::revives(self.world, e, self.now) => {
                self.add(e.scope, Metric::Members, 1);
            }
            T::MemberRemoved(e) => self.add(e.scope, Metric::Members, -1),
            T::MemberExpired(e) => self.add(e.scope, Metric::Members, -1),
            _ => {}
        }
    }
    /// What counts in a scope counts in all above it.
    fn along_chains(self) -> BTreeMap<u32, Added> {
        let mut all: BTreeMap<u32, Added> = BTreeMap::new();
        for (row, added) in self.added {
            for at in self.world.tenancy().chain(row) {
                let sum = all.entry(at).or_default();
                for metric in Metric::ALL {
                    sum.add(*metric, added.of(*metric));
                }
            }
        }
        all
    }
}
