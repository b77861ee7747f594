//! What limits and quotas count: a fold over committed events of all domains.
//!
//! A limit keeps the times of the events in its window, and forgets them as they leave it: memory is bounded by what happened in the
//! windows. What was refused is no event, and is not counted. A limit counts from the moment it is bound, or changed. What quotas
//! count is in [`super::quotas`].

use super::{Action, Asked, Attribute, Class, Content, Entry, Part, Per, RateLimit, Resource, Rules, Truth};
use crate::canonical::{Input, InputError, Output, RowOf};
use crate::identity::Identity;
use crate::objects::{ChangeKind, Objects, ObjectsEvent};
use crate::sharing::{Sharing, SharingEvent};
use crate::store::{NO_ROW, Postings, Sorted, transact};
use crate::tenancy::Tenancy;
use crate::{Envelope, Event, Micros, ObjectId, ScopeId, Sequence};
use smallvec::SmallVec;

/// Counters of limits and quotas, by row of the binding.
#[derive(Debug, Clone, Default)]
pub(super) struct Usage {
    limits: Sorted<u32, ()>,
    pub(super) quotas: Sorted<u32, ()>,
    /// `(binding, event)` → whose, and when: in the order in which they leave the window.
    order: Sorted<(u32, u64), (u32, Micros)>,
    /// `(binding, whose, event)` → when.
    times: Sorted<(u32, u32, u64), Micros>,
    /// Binding of a quota → rows of the objects that count.
    pub(super) counted: Postings,
    redactions: Sorted<u32, ()>,
    declarations: Sorted<u32, ()>,
    /// Quotas, on whatever.
    bounds: Sorted<u32, ()>,
}
transact!(Usage { limits, quotas, order, times, counted, redactions, declarations, bounds });

impl Usage {
    pub(super) fn is_idle(&self) -> bool {
        self.limits.is_empty() && self.quotas.is_empty()
    }

    pub(super) fn has_quotas(&self) -> bool {
        !self.bounds.is_empty()
    }

    pub(super) fn has_declarations(&self) -> bool {
        !self.declarations.is_empty()
    }

    pub(super) fn has_redactions(&self) -> bool {
        !self.redactions.is_empty()
    }

    /// From now on a binding counts for this, or for nothing. What it counted of times begins anew.
    pub(super) fn follow(&mut self, binding: u32, content: Option<&Content>) {
        let old: Vec<_> = self
            .order
            .range((binding, 0)..=(binding, u64::MAX))
            .map(|((_, event), (whose, _))| (*event, *whose))
            .collect();
        for (event, whose) in old {
            self.forget(binding, event, whose);
        }
        let (limits, quotas) = match content {
            Some(Content::RateLimit(_)) => (true, false),
            Some(Content::Quota(quota)) => (false, quota.resource == Resource::Objects),
            _ => (false, false),
        };
        let redactions = matches!(content, Some(Content::Redactions(_)));
        let declares = matches!(content, Some(Content::Attributes(_)));
        let sets = [
            (&mut self.limits, limits),
            (&mut self.quotas, quotas),
            (&mut self.redactions, redactions),
            (&mut self.declarations, declares),
            (&mut self.bounds, matches!(content, Some(Content::Quota(_)))),
        ];
        for (set, there) in sets {
            if there {
                set.insert(binding, ());
            } else {
                set.remove(&binding);
            }
        }
    }

    fn forget(&mut self, binding: u32, event: u64, whose: u32) {
        self.order.remove(&(binding, event));
        self.times.remove(&(binding, whose, event));
    }

    fn push(&mut self, binding: u32, whose: u32, event: Sequence, now: Micros, window: Micros) {
        loop {
            let first = self.order.range((binding, 0)..=(binding, u64::MAX)).next();
            let Some(((_, event), (whose, then))) = first else { break };
            if then.saturating_add(window) > now {
                break;
            }
            let (event, whose) = (*event, *whose);
            self.forget(binding, event, whose);
        }
        self.order.insert((binding, event.get()), (whose, now));
        self.times.insert((binding, whose, event.get()), now);
    }

    pub(super) fn save(&self, out: &mut impl Output) {
        // When and where things were written is not their content.
        if !out.is_whole() {
            return;
        }
        out.count(self.order.iter().len());
        for ((binding, event), (whose, time)) in self.order.iter() {
            out.u32(*binding);
            out.u64(*event);
            out.u32(*whose);
            out.u64(*time);
        }
        out.count(self.quotas.len());
        for (binding, ()) in self.quotas.iter() {
            out.u32(*binding);
            let set = self.counted.get(*binding);
            out.count(set.map_or(0, |set| set.len() as usize));
            for row in set.into_iter().flatten() {
                out.u32(row);
            }
        }
    }

    pub(super) fn load(&mut self, input: &mut Input<'_>) -> Result<(), InputError> {
        for _ in 0..input.count()? {
            let (binding, event, whose, time) = (input.u32()?, input.u64()?, input.u32()?, input.u64()?);
            self.order.insert((binding, event), (whose, time));
            self.times.insert((binding, whose, event), time);
        }
        for _ in 0..input.count()? {
            let binding = input.u32()?;
            if self.quotas.get(&binding).is_none() {
                return Err(InputError);
            }
            for _ in 0..input.count()? {
                self.counted.insert(binding, input.row(RowOf::Object)?);
            }
        }
        Ok(())
    }
}

/// What an event does, as limits and quotas see it.
pub struct Doing<'a> {
    action: Action,
    object: Attribute<(u32, ObjectId)>,
    object_type: Attribute<&'a str>,
    scopes: SmallVec<[u32; 2]>,
    below: u32,
}

impl<'a> Doing<'a> {
    /// Of an event that is filed under that scope; `None` for what counts as nobody's doing, and for what came along with
    /// something that counts already.
    #[must_use]
    pub fn of(
        event: &'a Event,
        filed: ScopeId,
        tenancy: &Tenancy,
        objects: &'a Objects,
        sharing: &Sharing,
    ) -> Option<Self> {
        let action = Action::of_event(event)?;
        let mut scopes: SmallVec<[u32; 2]> = tenancy.row(filed).into_iter().collect();
        let (mut object, mut object_type) = (Attribute::None, Attribute::None);
        if let Event::Objects(ObjectsEvent::ObjectCreated(e)) = event {
            object_type = Attribute::Is(&*e.object_type);
        }
        if let Some(id) = event.object()
            && let Some(row) = objects.row(id)
            && let Some(found) = objects.at(row)
        {
            object = Attribute::Is((row, id));
            object_type = Attribute::Is(objects.object_type(found));
            scopes.extend(sharing.scopes(row).map(|(scope, _)| scope));
        }
        if let Event::Sharing(SharingEvent::ObjectProjected(e)) = event {
            scopes.extend(tenancy.row(e.scope));
        }
        // A package is taken out of wherever what is in it is at home.
        if let Event::Objects(ObjectsEvent::ObjectsExported(e)) = event {
            scopes.extend(e.scopes.iter().filter_map(|scope| tenancy.row(*scope)));
        }
        Some(Self { action, object, object_type, scopes, below: NO_ROW })
    }
    /// The same, of an event that is only proposed, filed under a scope that is made with it below the one in that row. Once it has
    /// happened the scope is there, and the fold counts it at the same bindings.
    #[must_use]
    pub fn in_a_new_scope_below(mut self, row: u32) -> Self {
        self.below = row;
        self
    }
    /// What is being done.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }
    /// The question that limits are asked about it.
    #[must_use]
    pub fn asked<'q>(
        &'q self,
        identity: &'q Identity,
        tenancy: &'q Tenancy,
        actor: u32,
        now: Micros,
    ) -> Asked<'q> {
        Asked {
            object_type: self.object_type,
            object: self.object,
            scopes: &self.scopes,
            below: self.below,
            now: Attribute::Is(now),
            ..Asked::about(identity, tenancy, actor, self.action)
        }
    }
}

/// Is this the projection that came with the creation just before? It is one doing, not two.
fn came_along(at: Sequence, event: &Event, objects: &Objects) -> bool {
    let Event::Sharing(SharingEvent::ObjectProjected(e)) = event else { return false };
    let made = objects.get(e.object).and_then(|object| objects.last_change(object));
    made.is_some_and(|change| change.kind == ChangeKind::Created && change.sequence.next() == at)
}

/// How a limit stands for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Events in the window.
    pub count: u32,
    /// When there is room again for as many as were asked about; `None` when there never is.
    pub free_at: Option<Micros>,
}

impl Rules {
    /// Are there limits that count?
    #[must_use]
    pub fn has_limits(&self) -> bool {
        !self.usage.limits.is_empty()
    }

    /// The limits that apply to a question, each with whose doings it counts.
    #[must_use]
    pub fn limits(&self, asked: &Asked<'_>) -> SmallVec<[(u32, u32, RateLimit); 4]> {
        let mut found: SmallVec<[(u32, u32, RateLimit); 4]> = SmallVec::new();
        self.each(asked, Part::Others, &mut |entry| {
            if entry.class == Class::RateLimit
                && !found.iter().any(|(binding, _, _)| *binding == entry.binding)
                && self.bound(entry, asked).and(self.when(entry, asked)) == Truth::Yes
                && let Some(Content::RateLimit(limit)) = self.content(entry)
            {
                let whose = if limit.per == Per::Actor { asked.actor } else { NO_ROW };
                found.push((entry.binding, whose, *limit));
            }
        });
        found
    }

    /// What an entry's rule does.
    #[must_use]
    pub fn content(&self, entry: &Entry) -> Option<&Content> {
        self.version(entry.version).map(|version| &version.body.content)
    }

    /// How many events count against a limit, and when there is room for one more besides `more` others.
    #[must_use]
    pub fn standing(&self, binding: u32, whose: u32, limit: &RateLimit, now: Micros, more: u32) -> Standing {
        let window = limit.window();
        let times = self.usage.times.range((binding, whose, 0)..=(binding, whose, u64::MAX));
        let live: Vec<Micros> =
            times.map(|(_, time)| *time).filter(|time| time.saturating_add(window) > now).collect();
        let count = live.len() as u32;
        let surplus = (u64::from(count) + u64::from(more) + 1).checked_sub(u64::from(limit.max_count));
        let free_at = match surplus {
            None | Some(0) => Some(now),
            Some(surplus) => live.get(surplus as usize - 1).map(|time| time.saturating_add(window)),
        };
        Standing { count, free_at }
    }

    /// Counts an event that has happened and been applied.
    pub(super) fn count(
        &mut self,
        at: &Envelope,
        event: &Event,
        identity: &Identity,
        tenancy: &Tenancy,
        objects: &Objects,
        sharing: &Sharing,
    ) {
        if !self.usage.quotas.is_empty() {
            self.count_quotas(event, identity, tenancy, objects);
        }
        if !self.has_limits() || came_along(at.sequence, event, objects) {
            return;
        }
        let Some(doing) = Doing::of(event, at.scope, tenancy, objects, sharing) else { return };
        let actor = identity.row(at.actor).unwrap_or(NO_ROW);
        for (binding, whose, limit) in self.limits(&doing.asked(identity, tenancy, actor, at.time)) {
            self.usage.push(binding, whose, at.sequence, at.time, limit.window());
        }
    }
}
