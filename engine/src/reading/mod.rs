//! Reading as a principal: every answer goes through the one authorization function, every refusal leaves a trace.
//!
//! Of the past one sees what one might read then *and* may still read now: who lost access cannot use history to get round it.

mod access;
mod audit;
mod lists;
mod objects;
mod operation;
mod principals;
mod show;
mod versions;
mod views;

pub use audit::{AuditEntry, AuditPage};
pub use lists::{OBJECTS_PAGE_MAX, ObjectPage, ObjectQuery};
pub use objects::ReadObject;
pub use operation::Operation;
pub use principals::{Kin, KinPath, PRINCIPALS_PAGE_MAX, PrincipalPage};
pub use versions::ReadVersion;

use crate::authorize::{Decision, Request, Target, authorize};
use crate::engine::{Engine, Past};
use crate::error::{Error, Result};
use crate::kernel::execute::{Refusal, object_target};
use crate::kernel::writer::attempt;
use crate::moment::Moment;
use scoped_projections::tenancy::Capability as C;
use scoped_projections::{Micros, ObjectId, PrincipalId, World};

/// What a principal may see, of the present or of a past moment.
#[derive(Clone)]
pub struct Reading {
    engine: Engine,
    actor: PrincipalId,
    past: Option<Past>,
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
        self.ask(Request::new(capability, target))
    }
    fn ask(&self, request: Request<'_>) -> Result<Decision, Refusal> {
        let then = authorize(self.moment.world, self.actor, request, self.moment.now);
        let both = then.allowed
            && (std::ptr::eq(self.moment.world, self.present)
                || authorize(self.present, self.actor, request, self.now).allowed);
        if both { Ok(then) } else { Err(Refusal::Denied(request.bare())) }
    }
    /// Rows never change, so a row of then is a row of now.
    fn allowed_now(&self, capability: C, target: Target) -> bool {
        authorize(self.present, self.actor, Request::new(capability, target), self.now).allowed
    }
    fn object(&self, id: ObjectId) -> Result<(), Refusal> {
        self.need(C::ReadLocal, object_target(self.moment.world, id)).map(drop)
    }
}

impl Reading {
    pub(crate) fn new(engine: Engine, actor: PrincipalId, past: Option<Past>) -> Self {
        Self { engine, actor, past }
    }

    fn ask<T>(&self, operation: Operation, ask: impl FnOnce(&Ask<'_>) -> Result<T, Refusal>) -> Result<T> {
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
                let attempt = attempt(world, self.actor, operation.as_str(), need);
                drop(present);
                self.engine.trace(attempt);
                Err(Error::denied(need.capability))
            }
        }
    }
}
