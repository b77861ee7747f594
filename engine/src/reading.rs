//! Reading as a principal: every answer goes through the one authorization function, every refusal leaves a trace.
//!
//! Of the past one sees what one might read then *and* may still read now: who lost access cannot use history to get round it.

use crate::authorize::{Decision, Rule, Target, authorize};
use crate::diff::Diff;
use crate::engine::{Engine, Past};
use crate::error::{Error, Result};
use crate::history::decode;
use crate::info::{ChangeInfo, Grant, ObjectInfo};
use crate::kernel::execute::{Need, Refusal, object_target};
use crate::kernel::writer::attempt;
use crate::moment::{Moment, Reach};
use crate::tenancy::ScopeRef;
use scoped_log::Record;
use scoped_projections::audit::Filter;
use scoped_projections::tenancy::Capability as C;
use scoped_projections::world::envelope;
use scoped_projections::{Envelope, Event, Micros, ObjectId, PrincipalId, ScopeId, Sequence, World};

/// Events of the trail that are looked at while holding the present world.
const AUDIT_SLICE: usize = 256;

/// What a principal may see, of the present or of a past moment.
#[derive(Clone)]
pub struct Reading {
    engine: Engine,
    actor: PrincipalId,
    past: Option<Past>,
}

/// An object with its data, which lies in the mapped log: nothing was copied.
#[derive(Debug, Clone)]
pub struct ReadObject {
    /// Its id.
    pub object: ObjectId,
    /// Who owns it.
    pub owner: PrincipalId,
    /// Its version.
    pub version: u32,
    /// Is it out of sight? Only its owner gets to see it then.
    pub tombstoned: bool,
    record: Record,
}

impl ReadObject {
    /// Its data: canonical JSON.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        self.record.payload().unwrap_or_default()
    }
    /// Its data as a value.
    ///
    /// # Errors
    /// When what lies in the log is no JSON.
    pub fn value(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(self.data())
            .map_err(|e| Error::corrupt(format!("stored data is no JSON: {e}")))
    }
    /// The event that the data stands in.
    #[must_use]
    pub fn data_at(&self) -> Sequence {
        self.record.sequence()
    }
}

/// One event of the audit trail, as far as its reader may see it.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    /// Its place and origin.
    pub envelope: Envelope,
    /// What happened.
    pub event: Event,
    /// The payload: of one's own actions, and of objects that one may read now.
    pub data: Option<Vec<u8>>,
}

/// A page of the audit trail.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// The entries, in log order.
    pub entries: Vec<AuditEntry>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<Sequence>,
}

/// The worlds that a question is put to.
struct Ask<'a> {
    moment: Moment<'a>,
    present: &'a World,
    now: Micros,
    actor: PrincipalId,
}

impl Ask<'_> {
    /// Allowed then and now, or refused in words that disclose nothing.
    fn need(&self, capability: C, target: Target) -> Result<Decision, Refusal> {
        let then = authorize(self.moment.world, self.actor, capability, target, self.moment.now);
        let both = then.allowed
            && (std::ptr::eq(self.moment.world, self.present) || self.allowed_now(capability, target));
        if both { Ok(then) } else { Err(Refusal::Denied(Need { capability, target })) }
    }
    /// Rows never change, so a row of then is a row of now.
    fn allowed_now(&self, capability: C, target: Target) -> bool {
        authorize(self.present, self.actor, capability, target, self.now).allowed
    }
    fn object(&self, id: ObjectId) -> Result<(), Refusal> {
        self.need(C::ReadLocal, object_target(self.moment.world, id)).map(drop)
    }
}

impl Reading {
    pub(crate) fn new(engine: Engine, actor: PrincipalId, past: Option<Past>) -> Self {
        Self { engine, actor, past }
    }

    fn ask<T>(&self, operation: &'static str, ask: impl FnOnce(&Ask<'_>) -> Result<T, Refusal>) -> Result<T> {
        let inner = &self.engine.inner;
        let present = inner.published.read();
        let now = inner.now(&present);
        let world = self.past.as_ref().map_or(&**present, Past::world);
        let at = self.past.as_ref().map_or(now, |past| past.world().time());
        let moment = Moment { world, history: &inner.history, now: at };
        match ask(&Ask { moment, present: &present, now, actor: self.actor }) {
            Ok(answer) => Ok(answer),
            Err(Refusal::Declined(error)) => Err(error),
            Err(Refusal::Denied(need)) => {
                let attempt = attempt(world, self.actor, operation, need);
                drop(present);
                self.engine.trace(attempt);
                Err(Error::denied(need.capability))
            }
        }
    }

    /// An object with its data.
    ///
    /// # Errors
    /// The same words whether it is missing or not this principal's to read.
    pub fn read(&self, id: ObjectId) -> Result<ReadObject> {
        self.ask("objects.read", |ask| {
            let world = ask.moment.world;
            // Looked up once; a row stays what it is, so the answer is about the object that was asked for.
            let row = world.objects().row(id);
            ask.need(C::ReadLocal, row.map_or(Target::Nothing, Target::Object))?;
            let missing = || Error::corrupt(format!("the data of `{id}` is not in the log"));
            let object = row.and_then(|row| world.objects().at(row)).ok_or_else(missing)?;
            let record =
                ask.moment.history.reader().get(object.data).map_err(Error::from)?.ok_or_else(missing)?;
            let (owner, version, tombstoned) =
                (world.identity().id(object.owner), object.version, object.tombstoned);
            Ok(ReadObject { object: id, owner, version, tombstoned, record })
        })
    }

    /// An object's life, oldest first.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn changes(&self, id: ObjectId) -> Result<Vec<ChangeInfo>> {
        self.ask("objects.changes", |ask| {
            ask.object(id)?;
            Ok(ask.moment.changes(id)?)
        })
    }

    /// What changed between two versions of an object.
    ///
    /// # Errors
    /// As [`Self::read`]; also when there is no such version.
    pub fn diff(&self, id: ObjectId, a: u32, b: u32) -> Result<Diff> {
        self.ask("objects.diff", |ask| {
            ask.object(id)?;
            Ok(ask.moment.diff(id, a, b)?)
        })
    }

    /// Live objects of a scope, as far as the view reaches and this principal may read; oldest first. Missing rights at the scope
    /// itself fail the whole request: there is no quiet fallback to a narrower view.
    ///
    /// # Errors
    /// When a capability that the view's name demands is missing at the scope.
    pub fn objects(&self, scope: &ScopeRef, reach: Reach) -> Result<Vec<ObjectInfo>> {
        self.ask("objects.list", |ask| {
            let (world, moment) = (ask.moment.world, ask.moment);
            let target = scope.target(world.tenancy());
            ask.need(C::ReadLocal, target)?;
            let beyond = match reach {
                Reach::Granular => None,
                Reach::Holistic => Some(C::ReadHolistic),
                Reach::Descend => Some(C::ReadDescend),
            };
            if let Some(capability) = beyond {
                ask.need(capability, target)?;
            }
            let rows = moment.reach(scope, reach)?;
            let (here, shown) =
                (rows[..1].to_vec(), |at: &u32| ask.need(C::ReadLocal, Target::Scope(*at)).is_ok());
            let open: Vec<u32> = match reach {
                // Reaching up takes no membership above; only a deny there keeps out.
                Reach::Holistic => {
                    rows.into_iter().filter(|at| here.contains(at) || !ask.denied_at(*at)).collect()
                }
                Reach::Granular | Reach::Descend => rows.into_iter().filter(shown).collect(),
            };
            let above = if reach == Reach::Holistic { &open[..] } else { &[] };
            let readable = |row: &u32| {
                ask.need(C::ReadLocal, Target::Object(*row)).is_ok() || ask.reaches_up_to(*row, above)
            };
            let rows = moment.rows_within(&open).into_iter().filter(readable);
            let ids = rows.filter_map(|row| world.objects().at(row)).map(|object| object.id);
            Ok(ids.map(|id| moment.object(id)).collect::<Result<Vec<_>>>()?)
        })
    }

    /// This principal's own objects, oldest first.
    ///
    /// # Errors
    /// When it is not active.
    pub fn own_objects(&self, with_tombstoned: bool) -> Result<Vec<ObjectInfo>> {
        self.ask("objects.own", |ask| {
            ask.need(C::ReadLocal, Target::Own)?;
            let world = ask.moment.world;
            let rows = world.identity().row(ask.actor).and_then(|row| world.objects().owned_by(row));
            let objects = rows.into_iter().flatten().filter_map(|row| world.objects().at(row));
            let wanted = objects.filter(|object| with_tombstoned || !object.tombstoned);
            Ok(wanted.map(|object| ask.moment.object(object.id)).collect::<Result<Vec<_>>>()?)
        })
    }

    /// May a principal do this with an object? About oneself everybody may ask; about others whoever audits its scope.
    ///
    /// # Errors
    /// When it is not this principal's to ask.
    pub fn can(&self, actor: PrincipalId, capability: C, object: ObjectId) -> Result<bool> {
        self.ask("access.check", |ask| {
            let target = object_target(ask.moment.world, object);
            if actor != ask.actor {
                ask.need(C::AuditRead, target)?;
            }
            Ok(ask.moment.can(actor, capability, target).allowed)
        })
    }

    /// Who may do this with an object, and why.
    ///
    /// # Errors
    /// When this principal may not audit it.
    pub fn who(&self, capability: C, object: ObjectId) -> Result<Vec<Grant>> {
        self.ask("access.who", |ask| {
            let target = object_target(ask.moment.world, object);
            ask.need(C::AuditRead, target)?;
            Ok(ask.moment.who(capability, target))
        })
    }

    /// A page of the audit trail: one's own actions, and those in scopes that one may audit.
    ///
    /// # Errors
    /// When this principal is not active, or the log cannot be read.
    pub fn audit(&self, filter: &Filter, limit: usize) -> Result<AuditPage> {
        if limit == 0 {
            return Err(Error::invalid("a page of the audit trail has at least one entry"));
        }
        let (history, mut filter) = (&self.engine.inner.history, filter.clone());
        let last = self.ask("audit.query", |ask| {
            ask.need(C::ReadLocal, Target::Own)?;
            Ok(ask.moment.world.position())
        })?;
        filter.to = if filter.to == Sequence::NONE { last } else { filter.to.min(last) };
        let mut page = AuditPage { entries: Vec::new(), next: None };
        // A slice at a time: the writer waits for no one who reads a long trail.
        for slice in history.audit(&filter)?.chunks(AUDIT_SLICE) {
            let done = self.ask("audit.query", |ask| {
                for at in slice {
                    let Some(entry) = ask.entry(&history.record(*at)?)? else { continue };
                    if page.entries.len() == limit {
                        page.next = Some(*at);
                        return Ok(true);
                    }
                    page.entries.push(entry);
                }
                Ok(false)
            })?;
            if done {
                break;
            }
        }
        Ok(page)
    }
}

impl Ask<'_> {
    /// What the actor may see of an event; `None` for nothing at all.
    fn entry(&self, record: &Record) -> Result<Option<AuditEntry>> {
        let (context, event) = decode(record)?;
        let row = self.present.tenancy().row(ScopeId(record.scope()));
        let audits = row.is_some_and(|row| self.allowed_now(C::AuditRead, Target::Scope(row)));
        let own = record.actor() == self.actor.0;
        // One's own refusals would tell what is missing from what is forbidden: they are for those who audit the scope.
        if !audits && (!own || matches!(event, Event::Audit(_))) {
            return Ok(None);
        }
        let readable = |id| self.allowed_now(C::ReadLocal, object_target(self.present, id));
        let shown = own || event.object().is_some_and(readable);
        let data = record.payload().filter(|_| shown).map(<[u8]>::to_vec);
        Ok(Some(AuditEntry { envelope: envelope(record, context), event, data }))
    }

    /// Is the object shown by one of these scopes to those below, with no rule that keeps the actor from it, then and now?
    fn reaches_up_to(&self, object: u32, open: &[u32]) -> bool {
        let no_rule = |world: &World, now: Micros| {
            let decision = authorize(world, self.actor, C::ReadLocal, Target::Object(object), now);
            decision.allowed || decision.rule == Rule::Nothing
        };
        let shares = self.present.sharing().of(object).iter();
        let mut shown =
            shares.filter(|share| self.present.tenancy().at(share.scope).is_some_and(|node| !node.archived));
        no_rule(self.moment.world, self.moment.now)
            && no_rule(self.present, self.now)
            && shown.any(|share| open.contains(&share.scope))
    }

    /// Does a rule (not just the lack of one) keep the actor out of this scope?
    fn denied_at(&self, row: u32) -> bool {
        let speaks = |capability| {
            let decision =
                authorize(self.moment.world, self.actor, capability, Target::Scope(row), self.moment.now);
            let now = authorize(self.present, self.actor, capability, Target::Scope(row), self.now);
            [decision, now].iter().any(|d| !d.allowed && d.rule != Rule::Nothing)
        };
        speaks(C::ReadLocal) || speaks(C::ReadHolistic)
    }
}
