//! Reading the audit trail.
//!
//! One sees one's own actions, what happened in scopes that one may audit, and what others tried at one's own objects that are in no
//! scope; operators see what belongs to the deployment (principals, registrations, marks, what holds everywhere, who read what of it).
//! A page begins by looking at what fits, in order. Whoever sees little of it gets sets instead: what may be seen is a set of positions
//! like the answer to a filter, and both are intersected before another record is read. So an auditor of a subtree pays for what it gets
//! and not for the log, and an auditor of everything for a page and not for all scopes.
//! Payloads leave through the same door as everywhere else ([`Ask::show`]); refusals of one's own are not shown, since they would tell
//! what is missing from what is forbidden.
//! Where a request came from is for whoever gave it, and for whoever audits the place that the entry is filed under (scope or deployment): who only owns
//! what was touched sees who it was, and not from where.

use super::{Ask, Operation, Reading};
use crate::audit::{Concern, Filter, end, is_description};
use crate::authorize::{Request, Target, reach};
use crate::error::{Error, Result};
use crate::history::{History, decode};
use crate::kernel::execute::{Refusal, object_target};
use crate::sealed::{Absence, Content};
use crate::temporal::{Entity, EntityState, Nature};
use roaring::RoaringBitmap;
use scoped_log::{Digest, Record};
use scoped_projections::rules::Action;
use scoped_projections::tenancy::Capability as C;
use scoped_projections::world::envelope;
use scoped_projections::{Envelope, Event, ObjectId, ScopeId, Sequence, World};
use serde_json::Value;
use std::collections::VecDeque;

/// Events or scopes that are looked at while holding the present world.
const AUDIT_SLICE: usize = 256;
/// Positions that a page looks at before it asks for everything that its reader may see: as dear as a thousand scopes.
const LOOKS: usize = 4 * AUDIT_SLICE;
/// Looking goes on while at least one position in so many may be seen.
const WORTH: usize = 8;
/// Most entries of a page, whatever is asked for: the page says where the next one begins.
pub(super) const AUDIT_PAGE_MAX: usize = 10_000;

/// One event of the audit trail, as far as its reader may see it.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    /// Its own id.
    pub id: u128,
    /// Its place and origin.
    pub envelope: Envelope,
    /// What happened.
    pub event: Event,
    /// What it is about, where it changes something.
    pub entity: Option<Entity>,
    /// The action it stands for, and what taking it back means.
    pub nature: Nature,
    /// The event that has taken it back, if one has and still stands.
    pub undone_by: Option<Sequence>,
    /// The path or the name of the scope it was done in, as it is called now.
    pub scope_path: Option<String>,
    /// The payload: of one's own actions, and of objects that one may read now; the marker where it cannot be read.
    pub data: Option<Vec<u8>>,
    /// Why it cannot be read, if it cannot.
    pub absent: Option<Absence>,
    /// Where the request came from that it was part of, or the attempt, as its caller said: of one's own requests, and where one audits. The
    /// marker where it cannot be read.
    pub metadata: Option<Value>,
    /// The running digest over all events up to this one: what receipts and checkpoints hold.
    pub chain: Digest,
    /// What its entity was before and after; only where that was asked for ([`crate::audit::StatesWalk`]).
    pub states: Option<AuditStates>,
}

impl AuditEntry {
    /// An entry of a record, with a payload that was cut down already.
    pub(crate) fn of(record: &Record, undone_by: Option<Sequence>, data: Option<Vec<u8>>) -> Result<Self> {
        let (context, event) = decode(record)?;
        let (entity, nature) = (Entity::of(&event), Nature::of(&event));
        let envelope = envelope(record, context);
        let (id, chain) = (record.event_id(), record.chain());
        let (scope_path, absent, metadata, states) = (None, None, None, None);
        Ok(Self {
            id,
            envelope,
            event,
            entity,
            nature,
            undone_by,
            scope_path,
            data,
            absent,
            metadata,
            chain,
            states,
        })
    }
    /// The same with the name that its scope has in that world.
    pub(crate) fn placed(mut self, world: &World) -> Self {
        self.scope_path = world.tenancy().get(self.envelope.scope).map(|node| node.label().to_owned());
        self
    }
    /// An entry of a record as it stands in the log, with the whole payload: for whoever holds the files.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub fn unfiltered(history: &History, at: Sequence, names: &World) -> Result<Self> {
        let record = history.record(at)?;
        let (undone_by, place) =
            history.with_index(|index| (index.undone_by(at), index.described_near(end(&record))))?;
        let metadata = history.described(&record, place)?.map(|found| found.metadata);
        let entry = Self { metadata, ..Self::of(&record, undone_by, None)?.placed(names) };
        if is_description(&entry.event) {
            return Ok(entry);
        }
        let content = history.content(&record)?;
        let absent = content.as_ref().and_then(Content::absence);
        let data = content.map(|content| content.shown().into_owned());
        Ok(Self { absent, data, ..entry })
    }
    /// The name of its kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        scoped_projections::domains::kind_info(self.event.kind()).map_or("unknown", |info| info.name)
    }
}

/// A page of the audit trail.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// The entries, in the order that the filter wants.
    pub entries: Vec<AuditEntry>,
    /// Where the next page begins ([`Filter::resumed`]); `None` when this is the last.
    pub next: Option<Sequence>,
}

/// What an event's entity was before and after it.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditStates {
    /// What the event is about; `None` for what changes nothing.
    pub entity: Option<Entity>,
    /// After everything before the event.
    pub before: Option<EntityState>,
    /// After the event.
    pub after: Option<EntityState>,
}

impl Reading {
    /// A page of the audit trail: one's own actions, and those in scopes that one may audit. At most 10 000 entries a page.
    ///
    /// # Errors
    /// When this principal is not active, or the log cannot be read.
    pub fn audit(&self, filter: &Filter, limit: usize) -> Result<AuditPage> {
        if limit == 0 {
            return Err(Error::invalid("a page of the audit trail has at least one entry"));
        }
        let limit = limit.min(AUDIT_PAGE_MAX);
        let asked = self.asked_trail(filter)?;
        let mut left = asked.matching(self)?;
        let mut page = AuditPage { entries: Vec::new(), next: None };
        let (mut looked, mut is_sieved) = (0, false);
        while page.next.is_none() {
            // Whoever sees most of what fits finds a page by looking at it; only for others is it worth knowing all that they see.
            if !is_sieved && looked >= LOOKS && page.entries.len() < looked / WORTH {
                left &= asked.visible(self)?;
                is_sieved = true;
            }
            // A slice at a time: the writer waits for no one who reads a long trail.
            let slice = cut_slice(&mut left, filter.descending);
            if slice.is_empty() {
                break;
            }
            looked += slice.len();
            self.peek(Operation::AuditQuery, |ask| {
                for at in slice {
                    let at = Sequence::new(u64::from(at));
                    let Some(entry) = ask.entry(at)? else { continue };
                    if page.entries.len() == limit {
                        page.next = Some(at);
                        return Ok(());
                    }
                    page.entries.push(entry);
                }
                Ok(())
            })?;
        }
        Ok(page)
    }

    /// How many entries there are, without reading one.
    ///
    /// # Errors
    /// As [`Self::audit`].
    pub fn audit_count(&self, filter: &Filter) -> Result<u64> {
        let asked = self.asked_trail(filter)?;
        Ok((asked.matching(self)? & asked.visible(self)?).len())
    }

    /// The audit trail, entry by entry, in pages that are fetched on the way. What is written meanwhile is not part of it.
    ///
    /// # Errors
    /// As [`Self::audit`].
    pub fn audit_stream(&self, filter: &Filter) -> Result<AuditStream> {
        let last =
            self.ask(Operation::AuditQuery, |ask| ask.trail().map(|()| ask.moment.world.position()))?;
        let filter = filter.clone().placed(self.engine.inner.history.reader())?.no_further(last);
        Ok(AuditStream { reading: self.clone(), filter: Some(filter), ready: VecDeque::new() })
    }

    /// One entry by its position.
    ///
    /// # Errors
    /// The same words whether it is missing or not this principal's to see.
    pub fn audit_at(&self, at: Sequence) -> Result<AuditEntry> {
        self.ask(Operation::AuditGet, |ask| ask.shown_entry(at))
    }

    /// One entry by the id of its event.
    ///
    /// # Errors
    /// As [`Self::audit_at`].
    pub fn audit_of(&self, event: u128) -> Result<AuditEntry> {
        let found = self.engine.inner.history.reader().find_event(event).map_err(Error::from)?;
        self.audit_at(found.map_or(Sequence::NONE, |record| record.sequence()))
    }

    /// What an event's entity was before and after it, by projection at the position before the event and at its own.
    ///
    /// # Errors
    /// As [`Self::audit_at`]; also when it is about an object that this principal may not read now.
    pub fn audit_states(&self, at: Sequence) -> Result<AuditStates> {
        let entity = self.ask(Operation::AuditStates, |ask| {
            let entry = ask.shown_entry(at)?;
            if let Some(Entity::Object(id) | Entity::Share(id, _)) = entry.entity {
                ask.audit_need(C::ReadLocal, object_target(ask.present, id))?;
            }
            // One's own event shows that it happened, not what was there before it.
            if let Some(entity) = entry.entity {
                ask.entity(entity)?;
            }
            Ok(entry.entity)
        })?;
        let Some(entity) = entity else {
            return Ok(AuditStates { entity, before: None, after: None });
        };
        // Worlds of the past are built without holding the present one.
        let history = &self.engine.inner.history;
        let before = history.world_at(Sequence::new(at.get().saturating_sub(1)))?;
        let mut after = World::clone(&before);
        history.fold(&mut after, at, &mut |_| ())?;
        self.peek(Operation::AuditStates, |ask| {
            let state = |world: &World| {
                entity.shown_state(world, history, &|row, data| ask.show(row, data)).map(Some)
            };
            Ok(AuditStates { entity: Some(entity), before: state(&before)?, after: state(&after)? })
        })
    }

    /// May the trail be asked for? What is asked for, in positions.
    fn asked_trail(&self, filter: &Filter) -> Result<AskedTrail> {
        let mut filter = filter.clone().placed(self.engine.inner.history.reader())?;
        self.ask(Operation::AuditQuery, |ask| {
            ask.trail()?;
            let world = ask.moment.world;
            let filter = std::mem::take(&mut filter).resolved(world).no_further(world.position());
            Ok(AskedTrail { filter, operator: ask.audits(Target::Deployment) })
        })
    }
}

/// A question to the trail, without anything that only a world or a log can answer.
struct AskedTrail {
    filter: Filter,
    operator: bool,
}

impl AskedTrail {
    /// The positions that fit.
    fn matching(&self, reading: &Reading) -> Result<RoaringBitmap> {
        reading.engine.inner.history.with_index(|index| index.matching(&self.filter))
    }

    /// The positions that may be seen, of the scopes that are asked about: the same rule as [`Ask::entry`].
    fn visible(&self, reading: &Reading) -> Result<RoaringBitmap> {
        // Without the scopes that nothing on the way to their roots could open.
        let reached = |ask: &Ask<'_>| -> Vec<ScopeId> {
            let tenancy = ask.present.tenancy();
            reach(ask.present, reading.actor).iter().map(|row| tenancy.id_of(row)).collect()
        };
        let scopes = match &self.filter.scopes {
            Some(scopes) => scopes.clone(),
            None => reading.peek(Operation::AuditQuery, |ask| Ok(reached(ask)))?,
        };
        let audited = kept(reading, &scopes, |ask, scope| ask.audits_scope(scope))?;
        let history = &reading.engine.inner.history;
        let tried: Vec<ObjectId> = match self.filter.object {
            Some(object) => vec![object],
            None => history.with_index(|index| index.private().collect())?,
        };
        let owned = kept(reading, &tried, |ask, object| ask.owns(object))?;
        history.with_index(|index| {
            let mut seen = index.of_actor(reading.actor).cloned().unwrap_or_default();
            seen -= index.of_access();
            audited.iter().filter_map(|scope| index.of_scope(*scope)).for_each(|set| seen |= set);
            owned.iter().for_each(|object| index.add_private(*object, &mut seen));
            if self.operator {
                seen |= index.of_deployment();
            }
            seen
        })
    }
}

/// Those that pass, asked a slice at a time, so that the writer waits for no one who asks about many.
fn kept<T: Copy>(reading: &Reading, all: &[T], passes: impl Fn(&Ask<'_>, T) -> bool) -> Result<Vec<T>> {
    let mut found = Vec::new();
    for slice in all.chunks(AUDIT_SLICE) {
        reading.peek(Operation::AuditQuery, |ask| {
            found.extend(slice.iter().copied().filter(|one| passes(ask, *one)));
            Ok(())
        })?;
    }
    Ok(found)
}

/// The next positions to look at, taken out of those that are left.
fn cut_slice(left: &mut RoaringBitmap, descending: bool) -> Vec<u32> {
    let slice: Vec<u32> = if descending {
        left.iter().rev().take(AUDIT_SLICE).collect()
    } else {
        left.iter().take(AUDIT_SLICE).collect()
    };
    match slice.last() {
        Some(last) if descending => left.remove_range(last..),
        Some(last) => left.remove_range(..=last),
        None => 0,
    };
    slice
}

/// The audit trail, entry by entry.
pub struct AuditStream {
    reading: Reading,
    /// What is still to be fetched.
    filter: Option<Filter>,
    ready: VecDeque<AuditEntry>,
}

impl Iterator for AuditStream {
    type Item = Result<AuditEntry>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.is_empty() {
            let filter = self.filter.take()?;
            match self.reading.audit(&filter, AUDIT_SLICE) {
                Ok(page) => {
                    self.filter = page.next.map(|next| filter.resumed(next));
                    self.ready = page.entries.into();
                }
                Err(error) => return Some(Err(error)),
            }
        }
        self.ready.pop_front().map(Ok)
    }
}

impl Ask<'_> {
    /// Everybody who is active may ask for a trail; what is in it is decided entry by entry.
    fn trail(&self) -> Result<(), Refusal> {
        self.audit_need(C::ReadLocal, Target::Own)
    }
    pub(super) fn audit_need(&self, capability: C, target: Target) -> Result<(), Refusal> {
        self.ask(Request::new(capability, target).doing(Action::Audit)).map(drop)
    }
    fn audits(&self, target: Target) -> bool {
        self.allowed_now(C::AuditRead, target)
    }
    fn audits_scope(&self, scope: ScopeId) -> bool {
        self.present.tenancy().row(scope).is_some_and(|row| self.audits(Target::Scope(row)))
    }

    /// Is it the actor's own?
    fn owns(&self, object: ObjectId) -> bool {
        let owner = self.present.objects().get(object).map(|object| object.owner);
        owner.is_some() && owner == self.present.identity().row(self.actor)
    }

    /// An entry that was asked for by its place.
    fn shown_entry(&self, at: Sequence) -> Result<AuditEntry, Refusal> {
        self.trail()?;
        let known = at != Sequence::NONE && at <= self.moment.world.position();
        let found = if known { self.entry(at)? } else { None };
        found.ok_or_else(|| Refusal::Denied(Request::new(C::AuditRead, Target::Nothing).doing(Action::Audit)))
    }

    /// What the actor may see of an event; `None` for nothing at all. The same rule as that of the sets above, asked of one record.
    pub(super) fn entry(&self, at: Sequence) -> Result<Option<AuditEntry>> {
        let history = self.moment.history;
        let (record, scope) = {
            let record = history.record(at)?;
            let scope = ScopeId(record.scope());
            (record, scope)
        };
        let (_, event) = decode(&record)?;
        let own = record.actor() == self.actor.0;
        let (audits, owns) = match Concern::of(&event) {
            _ if scope.is_some() => (self.audits_scope(scope), false),
            Concern::Operators => (self.audits(Target::Deployment), false),
            Concern::Owner(object) => (false, self.owns(object)),
            Concern::Actor => (false, false),
        };
        if !audits && !owns && (!own || matches!(event, Event::Audit(_))) {
            return Ok(None);
        }
        let (undone_by, place) =
            history.with_index(|index| (index.undone_by(at), index.described_near(end(&record))))?;
        let described = history.described(&record, place)?.filter(|found| audits || found.by == self.actor);
        let metadata = described.map(|found| found.metadata);
        if is_description(&event) {
            let entry = AuditEntry::of(&record, undone_by, None)?.placed(self.present);
            return Ok(Some(AuditEntry { metadata, ..entry }));
        }
        let content = history.content(&record)?;
        let absent = content.as_ref().and_then(Content::absence);
        // Why something was rolled back is for whoever sees that it was.
        let data = match content {
            Some(content) => self.payload(event.object(), own || event.heads_rollback(), &content.shown())?,
            None => None,
        };
        let absent = absent.filter(|_| data.is_some());
        let entry = AuditEntry::of(&record, undone_by, data)?.placed(self.present);
        Ok(Some(AuditEntry { absent, metadata, ..entry }))
    }

    /// An event's payload: of one's own actions, and of objects that one may read now; cut down to what one may see.
    fn payload(&self, object: Option<ObjectId>, own: bool, data: &[u8]) -> Result<Option<Vec<u8>>> {
        let Some(object) = object else { return Ok(own.then(|| data.to_vec())) };
        let readable = self.allowed_now(C::ReadLocal, object_target(self.present, object));
        if !own && !readable {
            return Ok(None);
        }
        let row = self.present.objects().row(object);
        row.map(|row| self.show(row, data).map(|data| data.into_owned())).transpose()
    }
}
