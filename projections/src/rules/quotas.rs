//! How many there are of what a quota counts.
//!
//! A quota on objects keeps the set of those that count; putting one in twice changes nothing, so no event can make it drift. Bound
//! to a principal, it counts what somebody owns. Everything else is counted when it is asked for: what it counts is few.

use super::usage::Usage;
use super::{Action, Asked, Attribute, Class, Content, Part, Quota, Resource, Rules, Truth};
use crate::contracts::Lifecycle;
use crate::identity::Identity;
use crate::objects::Objects;
use crate::store::NO_ROW;
use crate::tenancy::{Tenancy, TenancyEvent};
use crate::{Event, World};
use smallvec::SmallVec;

impl Rules {
    /// Are there quotas, on whatever?
    #[must_use]
    pub fn has_quotas(&self) -> bool {
        self.usage.has_quotas()
    }

    /// The quotas that something of this type, made in this scope by this owner, would count against.
    #[must_use]
    pub fn quotas(&self, asked: &Asked<'_>) -> SmallVec<[(u32, Quota); 4]> {
        let mut found: SmallVec<[(u32, Quota); 4]> = SmallVec::new();
        self.each(asked, Part::Others, &mut |entry| {
            if entry.class == Class::Quota
                && !found.iter().any(|(binding, _)| *binding == entry.binding)
                && self.bound(entry, asked).and(self.when(entry, asked)) == Truth::Yes
                && let Some(Content::Quota(quota)) = self.content(entry)
            {
                found.push((entry.binding, *quota));
            }
        });
        found
    }

    /// How many count against a quota now. One that is bound to a principal counts what `owner` owns: bound to a group, it
    /// holds for each of its members apart.
    #[must_use]
    pub fn used(&self, binding: u32, quota: &Quota, owner: u32, world: &World) -> u64 {
        let (tenancy, objects) = (world.tenancy(), world.objects());
        let Some(bound) = self.binding_at(binding) else { return 0 };
        match quota.resource {
            Resource::Objects if bound.principal != NO_ROW => {
                let owned = objects.owned_by(owner).into_iter().flatten();
                owned.filter(|row| self.counts(binding, *row, tenancy, objects)).count() as u64
            }
            Resource::Objects => self.usage.counted_len(binding),
            resource => self.within(resource, bound.scope, world),
        }
    }

    /// How many there are in a scope and below ([`NO_ROW`]: everywhere), of whatever type; of scopes those below it.
    #[must_use]
    pub fn within(&self, resource: Resource, scope: u32, world: &World) -> u64 {
        let tenancy = world.tenancy();
        let scopes = || if scope == NO_ROW { tenancy.in_order() } else { tenancy.subtree(scope) };
        let is_root = |row: &u32| tenancy.at(*row).is_some_and(|node| node.parent == NO_ROW);
        let roots = || (0..tenancy.len() as u32).filter(is_root);
        let inside = |home: u32| scope == NO_ROW || (home != NO_ROW && tenancy.is_within(home, scope));
        match resource {
            Resource::Objects => {
                let homed = |row: &u32| world.objects().homed(*row).map_or(0, |set| set.len());
                scopes().iter().map(homed).sum()
            }
            // Kept along with every event: asked for each one that is made.
            Resource::Scopes if scope != NO_ROW => tenancy.counts(scope).scopes,
            Resource::Scopes => {
                let live = |row: u32| tenancy.at(row).is_some_and(|node| !node.archived);
                roots().map(|row| tenancy.counts(row).scopes + u64::from(live(row))).sum()
            }
            Resource::Members if scope != NO_ROW => tenancy.counts(scope).members,
            Resource::Members => roots().map(|row| tenancy.counts(row).members).sum(),
            Resource::Rules => self.iter().filter(|rule| !rule.archived && inside(rule.home)).count() as u64,
            Resource::Contracts => {
                let live = world.contracts().iter().filter(|one| one.lifecycle != Lifecycle::Archived);
                live.filter(|one| inside(one.scope)).count() as u64
            }
            Resource::Templates => {
                let live = world.templates().iter().filter(|one| !one.archived);
                live.filter(|one| inside(one.scope)).count() as u64
            }
            Resource::Settings => {
                let live = |row: &u32| world.config().of(*row).filter(|one| !one.deleted).count() as u64;
                scopes().iter().map(live).sum()
            }
        }
    }

    /// Does this object count against a quota on objects?
    fn counts(&self, binding: u32, object: u32, tenancy: &Tenancy, objects: &Objects) -> bool {
        let (Some(bound), Some(found)) = (self.binding_at(binding), objects.at(object)) else { return false };
        let object_type = objects.object_type(found);
        let current = self.at(bound.rule).and_then(|rule| self.current(rule));
        let listed = current.and_then(|version| version.body.when.object_type.as_ref());
        !found.tombstoned
            && listed.is_none_or(|types| types.0.iter().any(|word| word == object_type))
            && bound.targets.object_type.as_ref().is_none_or(|word| word == object_type)
            && (bound.targets.scope.is_none()
                || (bound.scope != NO_ROW
                    && found.home != NO_ROW
                    && tenancy.is_within(found.home, bound.scope)))
    }

    /// Is it counted by the set that is kept, and not by what somebody owns?
    fn keeps_set(&self, binding: u32) -> bool {
        self.usage.is_quota(binding)
            && self.binding_at(binding).is_some_and(|bound| bound.targets.principal.is_none())
    }

    /// Counts what counts against a quota anew, after its rule or binding has changed.
    pub(super) fn recount(&mut self, binding: u32, tenancy: &Tenancy, objects: &Objects) {
        self.usage.clear(binding);
        if self.keeps_set(binding) {
            for row in 0..objects.len() as u32 {
                self.recount_one(binding, row, tenancy, objects);
            }
        }
    }

    fn recount_one(&mut self, binding: u32, object: u32, tenancy: &Tenancy, objects: &Objects) {
        let counts = self.counts(binding, object, tenancy, objects);
        self.usage.set(binding, object, counts);
    }

    /// Counts an event that has happened and been applied, whoever brought it about: time does, too.
    pub(super) fn count_quotas(
        &mut self,
        event: &Event,
        identity: &Identity,
        tenancy: &Tenancy,
        objects: &Objects,
    ) {
        if let Event::Tenancy(TenancyEvent::ScopeMoved(e)) = event {
            if let Some(scope) = tenancy.row(e.scope) {
                self.count_moved(scope, tenancy, objects);
            }
            return;
        }
        let Some(row) = event.object().and_then(|id| objects.row(id)) else { return };
        let Some(found) = objects.at(row) else { return };
        let scopes: &[u32] = if found.home == NO_ROW { &[] } else { &[found.home] };
        // Whatever is bound on the way from its home, or to its type: it may count against that, or no longer.
        let asked = Asked {
            object_type: Attribute::Is(objects.object_type(found)),
            object: Attribute::Is((row, found.id)),
            scopes,
            ..Asked::about(identity, tenancy, NO_ROW, Action::Create)
        };
        let mut bindings: SmallVec<[u32; 8]> = SmallVec::new();
        self.each(&asked, Part::Others, &mut |entry| {
            if entry.class == Class::Quota {
                bindings.push(entry.binding);
            }
        });
        for binding in bindings {
            if self.keeps_set(binding) {
                self.recount_one(binding, row, tenancy, objects);
            }
        }
    }

    /// A scope stands somewhere else: what lives in it counts against what is bound above it now, and no longer against what was.
    fn count_moved(&mut self, scope: u32, tenancy: &Tenancy, objects: &Objects) {
        let bound = |binding: &u32| self.binding_at(*binding).is_some_and(|bound| bound.scope != NO_ROW);
        let bindings: Vec<u32> = self.usage.quotas().filter(bound).collect();
        let bindings: Vec<u32> = bindings.into_iter().filter(|binding| self.keeps_set(*binding)).collect();
        if bindings.is_empty() {
            return;
        }
        for home in tenancy.subtree(scope) {
            for row in objects.homed(home).into_iter().flatten() {
                for binding in &bindings {
                    self.recount_one(*binding, row, tenancy, objects);
                }
            }
        }
    }
}

impl Usage {
    fn counted_len(&self, binding: u32) -> u64 {
        self.counted.get(binding).map_or(0, |set| set.len())
    }
    fn is_quota(&self, binding: u32) -> bool {
        self.quotas.get(&binding).is_some()
    }
    fn quotas(&self) -> impl Iterator<Item = u32> + '_ {
        self.quotas.iter().map(|(binding, ())| *binding)
    }
    fn set(&mut self, binding: u32, object: u32, counts: bool) {
        if counts {
            self.counted.insert(binding, object);
        } else {
            self.counted.remove(binding, object);
        }
    }
    fn clear(&mut self, binding: u32) {
        let old: Vec<u32> = self.counted.get(binding).into_iter().flatten().collect();
        for row in old {
            self.counted.remove(binding, row);
        }
    }
}
