//! Reading as a principal: every answer goes through the one authorization function, every refusal leaves a trace.
//!
//! Of the past one sees what one might read then *and* may still read now: who lost access cannot use history to get round it.

mod about;
mod access;
mod audit;
mod config;
mod contracts;
mod lists;
mod objects;
mod operation;
mod packages;
mod principals;
mod records;
mod registry;
mod rules;
mod scopes;
mod show;
mod templates;
mod time;
mod versions;
mod views;

pub use access::{
    AccessAnswer, AccessInterval, AccessSpan, CHECKS_MAX, ConsideredRule, DeclaredAttribute, Edge, EdgeCause,
    Explained, Question, Reached, Resource, What, Who,
};
pub use audit::{AuditEntry, AuditPage, AuditStates, AuditStream};
pub use lists::{OBJECTS_PAGE_MAX, ObjectPage, ObjectQuery};
pub use objects::ReadObject;
pub use operation::Operation;
pub(crate) use operation::Sort;
pub(crate) use packages::PackedRow;
pub use principals::{Kin, KinPath, PRINCIPALS_PAGE_MAX, PrincipalPage};
pub use records::{RecordQuery, RecordStatistics};
pub use registry::REGISTRY_PAGE_MAX;
pub use scopes::{ProjectionInfo, SCOPES_PAGE_MAX, ScopePage, ScopeQuery};
pub use versions::ReadVersion;
pub use views::{
    Omission, Omitted, PAGE_DEFAULT, PAGE_MAX, Page, Recall, RecalledRecord, RecordEdge, RecordEvent,
    RecordNode, RecordReference, ViewItem, ViewPage, ViewSource,
};

use crate::authorize::{Actor, Request, Target};
use crate::clock::When;
use crate::engine::{Engine, Past};
use crate::error::{Error, Result};
use crate::kernel::execute::{Refusal, object_target};
use crate::kernel::journal::{Access, Line, Outcome, access};
use crate::kernel::refused::reason;
use crate::moment::Moment;
use crate::requests::Metadata;
use scoped_projections::tenancy::Capability as C;
use scoped_projections::{ObjectId, PrincipalId, World};
use smallvec::SmallVec;

/// What a principal may see, of the present or of a past moment.
#[derive(Clone)]
pub struct Reading {
    engine: Engine,
    actor: PrincipalId,
    past: Option<Past>,
    /// Where its questions come from: for what the trail tells of them.
    metadata: Option<Metadata>,
}

/// The worlds that a question is put to.
struct Ask<'a> {
    moment: Moment<'a>,
    present: &'a World,
    now: When<'a>,
    actor: PrincipalId,
    /// The same in the world that is asked, looked up once.
    who: Option<Actor<'a>>,
    operation: Operation,
    /// What the question turns out to be about.
    about: about::About,
}

impl Ask<'_> {
    /// Allowed then and now, or refused in words that disclose nothing.
    fn need(&self, capability: C, target: Target) -> Result<(), Refusal> {
        self.ask(Request::new(capability, target))
    }
    fn ask(&self, request: Request<'_>) -> Result<(), Refusal> {
        self.ask_at(request, self.moment.now)
    }
    /// The same, where *then* is decided for that time.
    fn ask_at(&self, request: Request<'_>, time: When<'_>) -> Result<(), Refusal> {
        if let Target::Object(row) = request.target {
            self.moment.world.sharing().expect(row);
        }
        let then = Moment { now: time, ..self.moment }.allowed(self.who.as_ref(), request);
        // A cursor brings its own time along: what it allows has to hold at the present time, too.
        let is_now = std::ptr::eq(self.moment.world, self.present) && time.is(self.now);
        let both = then && (is_now || self.today().allows_actor(self.actor, request));
        if !both {
            return Err(Refusal::Denied(request.bare()));
        }
        self.about.allowed(request);
        Ok(())
    }
    /// Rows never change, so a row of then is a row of now.
    fn allowed_now(&self, capability: C, target: Target) -> bool {
        self.today().allows_actor(self.actor, Request::new(capability, target))
    }
    /// The present as a moment.
    fn today(&self) -> Moment<'_> {
        Moment { world: self.present, history: self.moment.history, now: self.now }
    }
    fn object(&self, id: ObjectId) -> Result<(), Refusal> {
        self.need(C::ReadLocal, object_target(self.moment.world, id))
    }
}

impl Reading {
    pub(crate) fn new(
        engine: Engine,
        actor: PrincipalId,
        past: Option<Past>,
        metadata: Option<Metadata>,
    ) -> Self {
        Self { engine, actor, past, metadata }
    }

    /// Puts a question, and leaves the record that the scope wants of it before the answer is given.
    fn ask<T>(&self, operation: Operation, ask: impl FnOnce(&Ask<'_>) -> Result<T, Refusal>) -> Result<T> {
        self.put((operation, true), None, ask)
    }
    /// The same about an object: it is looked for while the rest is made ready.
    fn ask_about<T>(
        &self,
        operation: Operation,
        object: ObjectId,
        ask: impl FnOnce(&Ask<'_>) -> Result<T, Refusal>,
    ) -> Result<T> {
        self.put((operation, true), Some(object), ask)
    }
    /// Puts the next part of a question whose first part was recorded.
    fn peek<T>(&self, operation: Operation, ask: impl FnOnce(&Ask<'_>) -> Result<T, Refusal>) -> Result<T> {
        self.put((operation, false), None, ask)
    }
    fn put<T>(
        &self,
        (operation, recorded): (Operation, bool),
        about: Option<ObjectId>,
        ask: impl FnOnce(&Ask<'_>) -> Result<T, Refusal>,
    ) -> Result<T> {
        let inner = &self.engine.inner;
        let present = inner.published.read();
        let world = self.past.as_ref().map_or(&**present, Past::world);
        about.into_iter().for_each(|id| world.objects().expect(id));
        world.identity().expect(self.actor);
        let time = inner.present(&present);
        let now = time.when();
        let at = self.past.as_ref().map_or(now, |past| past.world().time().into());
        let moment = Moment { world, history: &inner.history, now: at };
        let who = Actor::of(world, self.actor);
        let about = about::About::default();
        let asked = Ask { moment, present: &present, now, actor: self.actor, who, operation, about };
        let line = |access: Access| Line { access, metadata: self.metadata.clone() };
        match ask(&asked) {
            Ok(answer) => {
                let records = if recorded { asked.records() } else { SmallVec::new() };
                // The writer may be waiting for this world while it empties the queue.
                drop(present);
                records.into_iter().try_for_each(|read| self.engine.record(line(read)))?;
                Ok(answer)
            }
            Err(Refusal::Declined(error)) => Err(error),
            Err(Refusal::Denied(need)) => {
                let of_then = reason(world, self.actor, need, at);
                let why = if of_then.is_empty() { reason(&present, self.actor, need, now) } else { of_then };
                let attempt =
                    access(world, self.actor, operation.as_str(), need, Outcome::Refused).because(why);
                drop(present);
                self.engine.trace(line(attempt));
                Err(Error::denied(need.capability))
            }
        }
    }
}
