//! The audit index: which events belong to which actor, action, kind, entity, scope, cause, correlation.
//!
//! Shape: a set of sequence numbers for each. A query is an intersection of sets, cut to a range of sequences; time is a range too,
//! since times never decrease. An entity is found by the ids it is made of (a member by its scope and its principal), so each id has
//! one set however many sorts of entities it takes part in.
//! Kept beside the world by whoever asks (decision 0004): writing pays nothing.
//! Units: sequences up to 2³² − 1; later events would need 64-bit bitmaps, and the index says so instead of wrapping.
//! Memory: about 60 bytes for each id that is ever spoken of, and two bytes an event and set.

use super::Filter;
use super::concern::Concern;
use super::reversals::Reversals;
use super::spots::Spots;
use crate::error::{Error, Result};
use crate::history::decode;
use crate::temporal::{Entity, Nature, Remark, Taker};
use foldhash::fast::RandomState as Hash;
use roaring::RoaringBitmap;
use scoped_log::Record;
use scoped_projections::identity::IdentityEvent;
use scoped_projections::objects::ObjectsEvent;
use scoped_projections::requests::RequestDescribed;
use scoped_projections::rules::{Action, RulesEvent, Targets};
use scoped_projections::store::{Footprint, hashed};
use scoped_projections::tenancy::{Subject, TenancyEvent};
use scoped_projections::{Event, ObjectId, PrincipalId, ScopeId, Sequence};
use smallvec::{SmallVec, smallvec};
use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};

type Sets<K> = HashMap<K, RoaringBitmap, Hash>;
type Places<K> = HashMap<K, Spots, Hash>;

/// One id that an event speaks of, with the sort of thing it is the id of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Thing {
    sort: u8,
    id: [u8; 16],
}

impl Thing {
    fn new(sort: u8, id: u128) -> Self {
        Self { sort, id: id.to_le_bytes() }
    }
    pub(crate) fn principal(id: PrincipalId) -> Self {
        Self::new(1, id.0)
    }
    pub(crate) fn scope(id: ScopeId) -> Self {
        Self::new(2, id.0)
    }
    pub(crate) fn object(id: ObjectId) -> Self {
        Self::new(3, id.0)
    }
    /// The ids that an entity is made of.
    pub(crate) fn of(entity: Entity) -> SmallVec<[Self; 2]> {
        match entity {
            Entity::Principal(id) => smallvec![Self::principal(id)],
            Entity::Scope(id) | Entity::Policy(id) => smallvec![Self::scope(id)],
            Entity::Member(scope, id) => smallvec![Self::scope(scope), Self::principal(id)],
            Entity::Object(id) => smallvec![Self::object(id)],
            Entity::Share(object, scope) => smallvec![Self::object(object), Self::scope(scope)],
            other => smallvec![Self::new(4 + other.sort(), other.id())],
        }
    }
    /// What a rule is bound to.
    fn targets(targets: &Targets) -> impl Iterator<Item = Self> {
        let (scope, principal) = (targets.scope.map(Self::scope), targets.principal.map(Self::principal));
        [scope, principal, targets.object.map(Self::object)].into_iter().flatten()
    }
    /// All ids that an event speaks of.
    fn mentioned(event: &Event, entity: Option<Entity>) -> SmallVec<[Self; 3]> {
        let mut found: SmallVec<[Self; 3]> = entity.into_iter().flat_map(Self::of).collect();
        let mut add = |thing| {
            if !found.contains(&thing) {
                found.push(thing);
            }
        };
        if let Some(object) = event.object() {
            add(Self::object(object));
        }
        match event {
            Event::Tenancy(TenancyEvent::AclEntryAdded(added)) => {
                if let Subject::Principal(principal) = added.subject {
                    add(Self::principal(principal));
                }
            }
            Event::Identity(IdentityEvent::RelationshipAdded(added)) => {
                [added.parent, added.child].into_iter().for_each(|end| add(Self::principal(end)));
            }
            Event::Objects(ObjectsEvent::OwnershipTransferred(given)) => add(Self::principal(given.owner)),
            Event::Rules(RulesEvent::BindingAdded(added)) => {
                Self::of(Entity::Rule(added.rule)).into_iter().for_each(&mut add);
                Self::targets(&added.targets).for_each(add);
            }
            Event::Rules(RulesEvent::BindingChanged(changed)) => {
                Self::targets(&changed.targets).for_each(add);
            }
            _ => {}
        }
        found
    }
}

/// Which events belong to which actor, action, kind, entity, scope, cause, correlation.
#[derive(Debug, Clone, Default)]
pub struct AuditIndex {
    by_actor: Sets<PrincipalId>,
    by_scope: Sets<ScopeId>,
    by_kind: Sets<u16>,
    by_action: Sets<Action>,
    by_sort: Sets<Discriminant<Entity>>,
    by_thing: Places<Thing>,
    by_cause: Places<u32>,
    by_correlation: Places<u128>,
    /// Events without a scope that are the business of operators.
    deployment: RoaringBitmap,
    /// Refusals and recorded reads at objects that were in no scope.
    private: Places<ObjectId>,
    /// Refusals and recorded reads.
    access: RoaringBitmap,
    reversals: Reversals,
    /// The first event of the batch that comes next, or is being taken in.
    batch: Sequence,
    /// That batch is a rollback whose steps take back one event each.
    merging: bool,
    last: Sequence,
}

impl AuditIndex {
    /// The last event that was taken in.
    #[must_use]
    pub fn last(&self) -> Sequence {
        self.last
    }

    /// Bytes that it takes in memory, as its sets and maps tell them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let by_what = hashed(&self.by_actor)
            + hashed(&self.by_scope)
            + hashed(&self.by_kind)
            + hashed(&self.by_action)
            + hashed(&self.by_sort);
        let by_id = hashed(&self.private)
            + hashed(&self.by_thing)
            + hashed(&self.by_cause)
            + hashed(&self.by_correlation);
        let sets = [&self.deployment, &self.access];
        by_what + by_id + sets.into_iter().map(Footprint::heap).sum::<usize>() + self.reversals.bytes()
    }

    /// Takes in the next record of the log.
    ///
    /// # Errors
    /// When its body cannot be read here, or it lies beyond 2³² − 1; the index stays where it was.
    pub fn apply(&mut self, record: &Record) -> Result<()> {
        let (context, event) = decode(record)?;
        let Ok(at) = u32::try_from(record.sequence().get()) else {
            return Err(Error::unavailable("index_full", "the audit index ends at event 4294967295"));
        };
        let (entity, nature) = (Entity::of(&event), Nature::of(&event));
        self.by_actor.entry(PrincipalId(record.actor())).or_default().insert(at);
        self.by_kind.entry(record.kind()).or_default().insert(at);
        if let Some(action) = nature.action {
            self.by_action.entry(action).or_default().insert(at);
        }
        if let Some(entity) = entity {
            self.by_sort.entry(discriminant(&entity)).or_default().insert(at);
        }
        let access = matches!(event, Event::Audit(_));
        if access {
            self.access.insert(at);
        }
        if record.scope() != 0 {
            self.by_scope.entry(ScopeId(record.scope())).or_default().insert(at);
        } else {
            match Concern::of(&event) {
                Concern::Operators => drop(self.deployment.insert(at)),
                Concern::Owner(object) => self.private.entry(object).or_default().push(at),
                Concern::Actor => {}
            }
        }
        for thing in Thing::mentioned(&event, entity) {
            self.by_thing.entry(thing).or_default().push(at);
        }
        if let Some(cause) = before(context.cause, at) {
            self.by_cause.entry(cause).or_default().push(at);
        }
        if context.correlation != 0 {
            self.by_correlation.entry(context.correlation).or_default().push(at);
        }
        if event.heads_rollback() {
            #[expect(clippy::disallowed_methods, reason = "what a rollback says of itself is never sealed")]
            let said = record.payload();
            self.merging = Remark::read(said).merged;
        }
        if before(context.undoes, at).is_some() {
            // Whatever else it is, it is a rollback too.
            self.by_action.entry(Action::Rollback).or_default().insert(at);
            let (undoes, batch) = (Sequence::new(context.undoes), self.batch);
            let history = entity.map(|entity| self.history_of(entity)).unwrap_or_default();
            self.reversals.take(at, Taker { undoes, batch, merged: self.merging }, &history);
        }
        self.last = record.sequence();
        if record.batch_left() == 0 {
            (self.batch, self.merging) = (self.last.next(), false);
        }
        Ok(())
    }

    /// The sequences that fit, in log order. `within`, `since` and `until` mean something only beside a world and a log: a
    /// filter that still has them is resolved first ([`crate::History::audit`] does).
    #[must_use]
    pub fn find(&self, filter: &Filter) -> Vec<Sequence> {
        let found = self.matching(filter);
        let positions = found.iter().map(|at| Sequence::new(u64::from(at)));
        if filter.descending { positions.rev().collect() } else { positions.collect() }
    }

    /// The same as a set.
    pub(crate) fn matching(&self, filter: &Filter) -> RoaringBitmap {
        let mut found = RoaringBitmap::new();
        let (from, to) = (filter.from.get().max(1), filter.end(self.last).get());
        let (Ok(from), Ok(to)) = (u32::try_from(from), u32::try_from(to)) else { return found };
        if from > to {
            return found;
        }
        found.insert_range(from..=to);
        // The narrowest first: what one entity or one cause leaves is little.
        if let Some(entity) = filter.entity {
            self.about(entity, &mut found);
        }
        if let Some(object) = filter.object {
            keep(&mut found, self.by_thing.get(&Thing::object(object)));
        }
        if let Some(correlation) = filter.correlation {
            keep(&mut found, self.by_correlation.get(&correlation));
        }
        if let Some(cause) = filter.cause {
            keep(&mut found, number(cause).and_then(|cause| self.by_cause.get(&cause)));
        }
        if let Some(root) = filter.tree {
            found &= number(root).map_or_else(RoaringBitmap::new, |root| self.tree(root));
        }
        if let Some(undoes) = filter.undoes {
            found &= number(undoes).map_or_else(RoaringBitmap::new, |undoes| self.reversals.of(undoes));
        }
        let empty = RoaringBitmap::new();
        if let Some(actor) = filter.actor {
            found &= self.by_actor.get(&actor).unwrap_or(&empty);
        }
        if let Some(scopes) = &filter.scopes {
            found &= union(scopes.iter().filter_map(|scope| self.by_scope.get(scope)));
        }
        if let Some(kinds) = &filter.kinds {
            found &= union(kinds.iter().filter_map(|kind| self.by_kind.get(kind)));
        }
        if let Some(actions) = &filter.actions {
            found &= union(actions.iter().filter_map(|action| self.by_action.get(action)));
        }
        for (wanted, set) in
            [(filter.undone, self.reversals.undone()), (filter.undoing, self.reversals.undoing())]
        {
            match wanted {
                Some(true) => found &= set,
                Some(false) => found -= set,
                None => {}
            }
        }
        found
    }

    /// Leaves what changed this very entity.
    pub(crate) fn about(&self, entity: Entity, found: &mut RoaringBitmap) {
        let things = Thing::of(entity);
        let mut sets: SmallVec<[Option<&Spots>; 2]> =
            things.iter().map(|thing| self.by_thing.get(thing)).collect();
        sets.sort_by_key(|set| set.map_or(0, Spots::len));
        for set in sets {
            keep(found, set);
        }
        match self.by_sort.get(&discriminant(&entity)) {
            Some(sort) => *found &= sort,
            None => found.clear(),
        }
    }

    /// Everything that changed this very entity, beginning with the smallest of the sets.
    pub(crate) fn history_of(&self, entity: Entity) -> RoaringBitmap {
        let (mut found, things) = (RoaringBitmap::new(), Thing::of(entity));
        let sets = things.iter().filter_map(|thing| self.by_thing.get(thing));
        if let Some(smallest) = sets.min_by_key(|set| set.len()) {
            smallest.unite(&mut found);
            self.about(entity, &mut found);
        }
        found
    }

    /// The first event about this very entity.
    pub(crate) fn first_of(&self, entity: Entity) -> Option<Sequence> {
        self.history_of(entity).min().map(|at| Sequence::new(u64::from(at)))
    }

    /// Everything that speaks of this id.
    pub(crate) fn mentions(&self, thing: Thing) -> RoaringBitmap {
        let mut found = RoaringBitmap::new();
        if let Some(set) = self.by_thing.get(&thing) {
            set.unite(&mut found);
        }
        found
    }

    /// An event and everything that it caused.
    pub(crate) fn tree(&self, root: u32) -> RoaringBitmap {
        let (mut found, mut next) = (RoaringBitmap::from([root]), vec![root]);
        while let Some(at) = next.pop() {
            for child in self.by_cause.get(&at).into_iter().flat_map(Spots::iter) {
                if found.insert(child) {
                    next.push(child);
                }
            }
        }
        found
    }

    pub(crate) fn of_scope(&self, scope: ScopeId) -> Option<&RoaringBitmap> {
        self.by_scope.get(&scope)
    }
    pub(crate) fn of_actor(&self, actor: PrincipalId) -> Option<&RoaringBitmap> {
        self.by_actor.get(&actor)
    }
    /// Events without a scope that are the business of operators.
    pub(crate) fn of_deployment(&self) -> &RoaringBitmap {
        &self.deployment
    }
    /// The objects in no scope that somebody tried something at, or was recorded reading.
    pub(crate) fn private(&self) -> impl Iterator<Item = ObjectId> {
        self.private.keys().copied()
    }
    /// Adds what was tried at an object while it was in no scope, and its recorded reads.
    pub(crate) fn add_private(&self, object: ObjectId, all: &mut RoaringBitmap) {
        self.private.get(&object).into_iter().for_each(|spots| spots.unite(all));
    }
    /// Refusals and recorded reads.
    pub(crate) fn of_access(&self) -> &RoaringBitmap {
        &self.access
    }
    /// Where the batch that ends there may say where it came from: at its end, or before its key.
    pub(crate) fn described_near(&self, last: Sequence) -> Option<Sequence> {
        let described = self.by_kind.get(&RequestDescribed::KIND)?;
        let last = number(last)?;
        let found =
            [Some(last), last.checked_sub(1)].into_iter().flatten().find(|at| described.contains(*at));
        found.map(|at| Sequence::new(u64::from(at)))
    }
    /// The event that took this one back, if one did and that still stands.
    pub(crate) fn undone_by(&self, at: Sequence) -> Option<Sequence> {
        self.reversals.by(number(at)?).map(|by| Sequence::new(u64::from(by)))
    }
}

fn number(at: Sequence) -> Option<u32> {
    u32::try_from(at.get()).ok()
}

/// A position that a context names, when it lies before the event itself.
fn before(named: u64, at: u32) -> Option<u32> {
    u32::try_from(named).ok().filter(|named| *named != 0 && *named < at)
}

fn keep(found: &mut RoaringBitmap, set: Option<&Spots>) {
    match set {
        Some(set) => set.intersect(found),
        None => found.clear(),
    }
}

fn union<'a>(sets: impl Iterator<Item = &'a RoaringBitmap>) -> RoaringBitmap {
    let mut all = RoaringBitmap::new();
    for set in sets {
        all |= set;
    }
    all
}
