//! From command to facts: identify, authorize, decide, admit. Pure, but for the ids that are drawn.
//!
//! A batch runs inside a transaction of the world: each step is authorized and decided against what the steps before it
//! left, and a refusal takes all of it back.

mod told;

use super::admit::admit;
use super::delegation::{delegated, forbids};
use crate::authorize::{Request, Target, authorize};
use crate::clock::Ids;
use crate::command::{BATCH_STEPS_MAX, Batch, KEY_BYTES_MAX, Needs, Step};
use crate::data::Data;
use crate::error::Error;
use crate::receipt::Warning;
use crate::rules::outside::AskedData;
use crate::rules::policy::connector;
use crate::sealed::{Sealer, Written};
use crate::temporal::{Entity, Remark, check_form, check_step, filed};
use scoped_log::Payload;
use scoped_projections::identity::ActedOnBehalf;
use scoped_projections::objects::ObjectsEvent;
use scoped_projections::rules::{Action, Attribute};
use scoped_projections::store::Transact;
use scoped_projections::temporal::RolledBack;
use scoped_projections::tenancy::{Capability, TenancyEvent};
use scoped_projections::{Context, Envelope, Event, Micros, ObjectId, PrincipalId, ScopeId, Sequence, World};
use smallvec::SmallVec;
use std::cell::RefCell;
use told::Keyed;

/// What a command gets to see.
pub(crate) struct View<'a> {
    pub(crate) world: &'a World,
    /// Whose rights decide, and whose name the facts carry.
    pub(crate) actor: PrincipalId,
    /// Who acts for it, if it does not act itself.
    pub(crate) agent: Option<PrincipalId>,
    /// The time that the facts will carry.
    pub(crate) now: Micros,
    /// The sequence that the next fact will have.
    pub(crate) next: Sequence,
    /// Which step of the batch it is, from 0.
    pub(crate) step: usize,
    /// Is there a key store?
    pub(crate) has_keys: bool,
    pub(crate) warnings: &'a RefCell<Vec<Warning>>,
}

impl View<'_> {
    /// Something that the caller should hear though it is done.
    pub(crate) fn warn(&self, code: &'static str, message: impl FnOnce() -> String) {
        let mut warnings = self.warnings.borrow_mut();
        if warnings.len() < WARNINGS_MAX {
            warnings.push(Warning { step: self.step, code, message: message() });
        }
    }
}

/// Most warnings that one receipt carries.
const WARNINGS_MAX: usize = 64;

/// One need alone.
pub(crate) fn need<'a>(capability: Capability, target: Target) -> Needs<'a> {
    smallvec::smallvec![Request::new(capability, target)]
}

/// What follows from a command.
pub(crate) struct Facts<'a> {
    ids: &'a mut Ids,
    now: Micros,
    list: &'a mut FactList,
}

/// Most commands come to one fact or two. It is large, and stays where it is made.
type FactList = SmallVec<[Proposed; 2]>;

/// A fact before it is written.
#[derive(Debug, Clone)]
pub(crate) struct Proposed {
    /// The scope it is filed under.
    pub(crate) scope: ScopeId,
    pub(crate) event: Event,
    pub(crate) payload: Option<Written>,
}

impl Facts<'_> {
    pub(crate) fn push(&mut self, scope: ScopeId, event: impl Into<Event>, data: Option<&Data>) {
        let payload = data.map(Written::of);
        self.list.push(Proposed { scope, event: event.into(), payload });
    }
    /// A new id.
    pub(crate) fn fresh(&mut self) -> u128 {
        self.ids.next(self.now)
    }
}

/// Why a step was declined.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Not allowed: leaves a trace.
    Denied(Request<'static>),
    /// Allowed, and still not possible.
    Declined(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Declined(error)
    }
}

pub(crate) type Result<T> = std::result::Result<T, Refusal>;

/// One fact, as it will stand in the log.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) at: Envelope,
    pub(crate) event_id: u128,
    pub(crate) event: Event,
    pub(crate) payload: Option<Payload>,
}

/// What a batch came to.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Facts to be appended, in the world already, the transaction open. With what the caller should hear.
    Facts(Vec<Warning>),
    /// Carried out before, under the same key: the first and last event of back then.
    Before(Sequence, Sequence),
}

/// Where it is put what a batch comes to.
pub(crate) struct Out<'a> {
    /// Its facts, behind those of the batches before it.
    pub(crate) facts: &'a mut Vec<Fact>,
    /// The id of what each step made or changed, 0 where there is none, in place of what was there. Whoever asks makes room for it: the
    /// writer's thread would ask the system for memory that another thread gives back.
    pub(crate) made: &'a mut Vec<u128>,
}

/// What was declined, and where in the batch.
#[derive(Debug)]
pub(crate) struct Declined {
    pub(crate) step: usize,
    pub(crate) actor: PrincipalId,
    pub(crate) operation: &'static str,
    /// The first thing that the step takes and was allowed, where it came that far.
    pub(crate) asked: Option<Request<'static>>,
    pub(crate) refusal: Refusal,
}

/// Steps 1 to 4 of the write path for a whole batch.
///
/// Facts come with the world's transaction still open: the caller keeps it when they are in the log, or undoes it. On a
/// refusal world and facts are as they were.
///
/// Of a rollback, `undone` says what each step's event is about that it takes back (see [`undone`](crate::temporal::undone)).
pub(crate) fn execute(
    world: &mut World,
    batch: &Batch,
    undone: &[Option<Entity>],
    now: Micros,
    ids: &mut Ids,
    sealer: &mut Sealer<'_>,
    Out { facts: out, made }: Out<'_>,
) -> std::result::Result<Outcome, Box<Declined>> {
    let actor = batch.steps.first().map_or(PrincipalId::NONE, |step| step.actor);
    let declined = |step: usize, error: Error| {
        let operation = batch.steps.get(step).map_or("batch", |step| step.command.name());
        Box::new(Declined { step, actor, operation, asked: None, refusal: Refusal::Declined(error) })
    };
    if batch.steps.is_empty() || batch.steps.len() > BATCH_STEPS_MAX {
        return Err(declined(0, Error::invalid(format!("a batch has 1 to {BATCH_STEPS_MAX} steps"))));
    }
    check_form(batch).map_err(|error| declined(0, error))?;
    let keyed = match &batch.key {
        None => None,
        Some(key) if key.is_empty() || key.len() > KEY_BYTES_MAX => {
            return Err(declined(
                0,
                Error::invalid(format!("an idempotency key has 1 to {KEY_BYTES_MAX} bytes")),
            ));
        }
        Some(key) => {
            let (key, request) =
                crate::requests::digests(key, batch, world, sealer).map_err(|e| declined(0, e))?;
            if let Some(before) = world.requests().get(actor, key) {
                if Some(before.request) == request {
                    return Ok(Outcome::Before(before.first, before.last));
                }
                let error =
                    Error::refused("idempotency_conflict", "this idempotency key stands for another request")
                        .hint("use a new key for a new request");
                return Err(declined(0, error));
            }
            Some((key, request))
        }
    };
    let (start, time, met) = (out.len(), now.max(world.time()), world.position());
    world.begin();
    let warnings = RefCell::default();
    let mut scribe = Scribe {
        world,
        time,
        ids,
        sealer,
        out,
        valid_time: batch.valid_time,
        correlation: batch.correlation.0,
        cause: 0,
        acting: None,
        met,
        asked: None,
        undone,
        warnings: &warnings,
    };
    let result = scribe.run(batch, actor, keyed, start, made);
    match result {
        Ok(()) => Ok(Outcome::Facts(warnings.into_inner())),
        Err((step, refusal)) => {
            let asked = scribe.asked;
            world.undo();
            out.truncate(start);
            let (actor, operation) =
                batch.steps.get(step).map_or((actor, "batch"), |step| (step.actor, step.command.name()));
            Err(Box::new(Declined { step, actor, operation, asked, refusal }))
        }
    }
}

/// Writes facts into the world and into the list of what is to be appended.
struct Scribe<'a, 'v> {
    world: &'a mut World,
    time: Micros,
    ids: &'a mut Ids,
    sealer: &'a mut Sealer<'v>,
    out: &'a mut Vec<Fact>,
    valid_time: Option<i64>,
    /// That of the batch; the id of its first event, once that is drawn, when the caller gave none.
    correlation: u128,
    /// What the next fact follows from: the head of a rollback for its steps, a step's first fact for its others.
    cause: u64,
    /// Who acts for whom since which event.
    acting: Option<(PrincipalId, PrincipalId, u64)>,
    /// The last event before the batch.
    met: Sequence,
    /// What the present step takes, first of all, once that was allowed.
    asked: Option<Request<'static>>,
    undone: &'a [Option<Entity>],
    warnings: &'a RefCell<Vec<Warning>>,
}

impl Scribe<'_, '_> {
    fn run(
        &mut self,
        batch: &Batch,
        actor: PrincipalId,
        keyed: Option<Keyed>,
        start: usize,
        made: &mut Vec<u128>,
    ) -> std::result::Result<(), (usize, Refusal)> {
        // Looked at before the first step: a step may bring about what a later one of the same batch makes up for.
        let moved_on: Vec<usize> = batch
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| step.unless_changed.is_some_and(|(it, at)| it.changed(self.world) != at))
            .map(|(nth, _)| nth)
            .collect();
        if let Some(note) = &batch.rollback {
            let (to, selection) = (note.to, note.selection.clone());
            let event = RolledBack { to, selection, steps: batch.steps.len() as u32 };
            let remark = Remark { reason: note.reason.clone(), merged: note.merged };
            let remark =
                if remark.is_empty() { None } else { Some(Data::new(&remark).map_err(|e| (0, e.into()))?) };
            let payload = remark.map(|data| data.payload().clone());
            let scope = filed(self.world, self.undone);
            self.write(actor, Sequence::NONE, scope, event.into(), payload);
            self.cause = self.world.position().get();
        }
        let mut list = FactList::new();
        made.clear();
        for (at, step) in batch.steps.iter().enumerate() {
            let (rolls_back, stale) = (batch.rollback.is_some(), moved_on.binary_search(&at).is_ok());
            let id = self.step(at, step, (rolls_back, stale), &mut list).map_err(|refusal| (at, refusal))?;
            made.push(id);
        }
        self.tell(batch, actor, keyed, start).map_err(|error| (0, error.into()))
    }

    /// Decides one step and writes what follows from it; `list` is empty before and after.
    fn step(
        &mut self,
        nth: usize,
        step: &Step,
        (rolls_back, stale): (bool, bool),
        list: &mut FactList,
    ) -> Result<u128> {
        let above = self.cause;
        self.asked = None;
        let (actor, agent) = step.parties();
        if let Some(agent) = agent {
            self.act_for(agent, actor)?;
        }
        let (now, world) = (self.time, &*self.world);
        let next = world.position().next();
        let (has_keys, warnings) = (self.sealer.has_keys(), self.warnings);
        let view = View { world, actor, agent, now, next, step: nth, has_keys, warnings };
        let through = through(world, agent);
        // Allowed to the actor, and not kept from who acts for it; and does either answer hang on the data?
        let ask = |need: Request<'_>| {
            let need = need.coming_through(through);
            let answer = authorize(world, actor, need, now);
            let of_agent = agent.map(|agent| authorize(world, agent, need, now));
            let wants_data = answer.wants_data || of_agent.is_some_and(|answer| answer.wants_data);
            (answer.allowed && !of_agent.is_some_and(|answer| forbids(&answer)), wants_data)
        };
        if !step.undoes.is_none() && !rolls_back {
            let error = Error::invalid("only a step of a rollback says which event it takes back");
            return Err(error.hint("leave `undoes` out, or plan a rollback").into());
        }
        let (needs, mut waits) = (step.command.needs(&view), false);
        for need in &needs {
            let (allowed, wants_data) = ask(need.with_data(AskedData::Later));
            waits |= wants_data;
            if !allowed {
                return Err(Refusal::Denied(need.bare()));
            }
            // Who may do a thing may take it back, unless a rule keeps `rollback` from them.
            let back = need.doing(Action::Rollback).with_data(AskedData::Later);
            if rolls_back {
                let answer = authorize(world, actor, back, now);
                waits |= answer.wants_data;
                if !answer.allowed {
                    return Err(Refusal::Denied(back.bare()));
                }
            }
        }
        self.asked = needs.first().map(|need| need.bare());
        if let Some((entity, _)) = step.unless_changed.filter(|_| stale) {
            let error = Error::stale(format!("the {entity} has changed since the rollback was planned"));
            return Err(error.hint("plan it again").into());
        }
        let mut facts = Facts { ids: self.ids, now, list };
        if let Err(refusal) = step.command.decide(&view, &mut facts) {
            // Whom a rule about data may keep out is not told how things stand.
            let kept_out = |need: &Request<'_>| !ask(need.with_data(AskedData::Missing)).0;
            return Err(match needs.iter().find(|need| waits && kept_out(need)) {
                Some(need) => Refusal::Denied(need.bare()),
                None => refusal,
            });
        }
        if rolls_back {
            let undone = self.undone.get(nth).copied().flatten();
            check_step(world, step.undoes, undone, list.iter().map(|fact| &fact.event))?;
        }
        if waits && !list.iter().filter_map(|fact| fact.payload.as_ref()).any(Written::is_unread) {
            // Rules that look at data are asked again, now that it is known what would be written.
            let data = proposed_data(list);
            let data = data.as_ref().map_or(AskedData::Missing, AskedData::Is);
            for need in &needs {
                // What is written says nothing of the scopes that are made for it.
                let need =
                    need.with_data(if need.action.is_about_objects() { data } else { AskedData::Missing });
                let back = need.doing(Action::Rollback);
                if !ask(need).0 {
                    return Err(Refusal::Denied(need.bare()));
                }
                if rolls_back && !authorize(world, actor, back, now).allowed {
                    return Err(Refusal::Denied(back.bare()));
                }
            }
        }
        if !step.unchanged_since.is_none() {
            check_unchanged(world, list, (step.unchanged_since, self.met))?;
        }
        self.sealer.seal(world, actor, list)?;
        if let Some(need) = needs.first() {
            admit(&view, need.action, list)?;
        }
        drop(needs);
        let at_stake = crate::tenancy::at_stake(&view, list);
        let id = main_fact(list).and_then(|fact| Entity::of(&fact.event)).map_or(0, Entity::id);
        for (nth, Proposed { scope, event, payload }) in list.drain(..).enumerate() {
            let payload = payload.map(Written::into_stored);
            self.write(actor, step.undoes, scope, event, payload);
            if nth == 0 {
                self.cause = self.world.position().get();
            }
        }
        crate::tenancy::check_way_back(self.world, &at_stake, now)?;
        self.cause = above;
        Ok(id)
    }

    /// What follows has been done by `agent` for `principal`: told once for all steps of the batch in a row.
    fn act_for(&mut self, agent: PrincipalId, principal: PrincipalId) -> Result<()> {
        delegated(self.world, agent, principal)?;
        let told = self.acting.filter(|(a, p, _)| (*a, *p) == (agent, principal));
        let (_, _, at) = match told {
            Some(told) => told,
            None => {
                let event = ActedOnBehalf { agent, principal };
                self.write(agent, Sequence::NONE, ScopeId::NONE, event.into(), None);
                (agent, principal, self.world.position().get())
            }
        };
        self.acting = Some((agent, principal, at));
        self.cause = at;
        Ok(())
    }

    fn write(
        &mut self,
        actor: PrincipalId,
        undoes: Sequence,
        scope: ScopeId,
        event: Event,
        payload: Option<Payload>,
    ) {
        let event_id = self.ids.next(self.time);
        if self.correlation == 0 {
            self.correlation = event_id;
        }
        let (cause, undoes, correlation) = (self.cause, undoes.get(), self.correlation);
        let context = Context { cause, undoes, correlation, valid_time: self.valid_time };
        let length = payload.as_ref().map_or(0, |payload| payload.bytes().len()) as u32;
        let (sequence, time) = (self.world.position().next(), self.time);
        let at = Envelope { sequence, time, actor, scope, context, payload: length };
        self.world.apply(&at, &event);
        self.out.push(Fact { at, event_id, event, payload });
    }
}

/// Was nothing that these facts are about changed after `since`? What the batch did itself, behind `met`, does not count.
fn check_unchanged(world: &World, list: &FactList, (since, met): (Sequence, Sequence)) -> Result<()> {
    let later = |entity: &Entity| entity.changed(world).is_some_and(|at| at > since && at <= met);
    match list.iter().filter_map(|fact| Entity::of(&fact.event)).find(later) {
        None => Ok(()),
        Some(entity) => {
            let error = Error::stale(format!("the {entity} was changed after {since}"));
            Err(error.hint("read it again, and decide again").into())
        }
    }
}

/// The fact that a step was made for: scopes that came to be on the way are not it.
fn main_fact(list: &[Proposed]) -> Option<&Proposed> {
    let first = list.first()?;
    if !is_on_the_way(&first.event) {
        return Some(first);
    }
    list.iter().find(|fact| !is_on_the_way(&fact.event)).or(Some(first))
}

/// A scope that came to be because something was written below it, or its owner.
pub(crate) fn is_on_the_way(event: &Event) -> bool {
    matches!(event, Event::Tenancy(TenancyEvent::ScopeProvisioned(_) | TenancyEvent::MemberAdded(_)))
}

/// The data that an object would have. What removes or shares one proposes none: a rule that looks at data denies it then.
fn proposed_data(proposed: &[Proposed]) -> Option<serde_json::Value> {
    let payload = proposed.iter().find(|fact| proposes_data(&fact.event))?.payload.as_ref()?;
    serde_json::from_slice(payload.clear()).ok()
}

/// Is its payload the data that an object would have?
pub(crate) fn proposes_data(event: &Event) -> bool {
    matches!(event, Event::Objects(ObjectsEvent::ObjectCreated(_) | ObjectsEvent::ObjectUpdated(_)))
}

/// Whom somebody acts through is whom it comes through.
pub(crate) fn through(world: &World, agent: Option<PrincipalId>) -> Attribute<&str> {
    let row = agent.and_then(|agent| world.identity().row(agent));
    row.map_or(Attribute::None, |row| connector(world, row))
}

/// What an object question is about, for commands and queries alike.
pub(crate) fn object_target(world: &World, object: ObjectId) -> Target {
    row_target(world.objects().row(object))
}

/// The same, of a row that was looked up.
pub(crate) fn row_target(object: Option<u32>) -> Target {
    object.map_or(Target::Nothing, Target::Object)
}
