//! Sessions: a principal at work.

use crate::command::{Batch, Command};
use crate::data::Data;
use crate::engine::{Engine, Past};
use crate::error::Result;
use crate::kernel::journal::{Access, Line};
use crate::objects;
use crate::reading::{PAGE_MAX, Reading, RecordQuery};
use crate::receipt::{Pending, Receipt, Submitted};
use crate::requests::Metadata;
use crate::temporal::{Cutoff, Plan, Policy, Rollback, Selection, SetMark};
use crate::{clock::Ids, error::Error};
use scoped_projections::tenancy::{Capability, Level, Scope};
use scoped_projections::{ObjectId, PrincipalId, Sequence, World};

/// How often a rollback is planned anew because the world has moved on.
const PLANS_MAX: usize = 3;

/// A principal at work: every command and every read is its own. Cheap to clone.
#[derive(Clone)]
pub struct Session {
    engine: Engine,
    actor: PrincipalId,
    /// Where its requests come from.
    metadata: Option<Metadata>,
}

impl Session {
    pub(crate) fn new(engine: Engine, actor: PrincipalId) -> Self {
        Self { engine, actor, metadata: None }
    }
    /// Who it is.
    #[must_use]
    pub fn actor(&self) -> PrincipalId {
        self.actor
    }
    /// The engine it works on.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
    /// The same principal at work from there: whatever it asks for tells so, in the audit trail, unless a batch has metadata of its own.
    /// Refused attempts and recorded reads tell so too.
    #[must_use]
    pub fn with_metadata(&self, metadata: Metadata) -> Self {
        Self { metadata: Some(metadata), ..self.clone() }
    }
    /// A batch that comes from where this session does.
    pub(crate) fn begin(&self) -> Batch {
        Batch { metadata: self.metadata.clone(), ..Batch::new() }
    }
    fn one(&self, command: impl Into<Command>) -> Batch {
        self.begin().with(self.actor, command)
    }

    /// Carries a command out and waits for its receipt.
    ///
    /// # Errors
    /// When it is refused (nothing has changed then), or its outcome is unknown because the log could not be written.
    pub fn execute(&self, command: impl Into<Command>) -> Result<Receipt> {
        self.engine.execute(self.one(command))
    }
    /// The same, only if nothing that it would change was changed after this event: its last change, or the position at which it was read.
    ///
    /// # Errors
    /// As [`Self::execute`]; `stale` when something was changed since.
    pub fn execute_unchanged_since(&self, since: Sequence, command: impl Into<Command>) -> Result<Receipt> {
        self.engine.execute(self.one(command).unchanged_since(since))
    }
    /// The same for async code.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub async fn execute_async(&self, command: impl Into<Command>) -> Result<Receipt> {
        self.engine.execute_async(self.one(command)).await
    }
    /// Hands a command over and goes on; the receipt can be waited for later. Waits while the writer's queue is full.
    ///
    /// # Errors
    /// When the engine is closed.
    pub fn submit(&self, command: impl Into<Command>) -> Result<Pending> {
        self.engine.submit(self.one(command))
    }
    /// The same without ever waiting: a full queue gives it back.
    ///
    /// # Errors
    /// When the engine is closed.
    pub fn try_submit(&self, command: impl Into<Command>) -> Result<Submitted> {
        self.engine.try_submit(self.one(command))
    }
    /// Writes a record on somebody's behalf: into the scope of its organisation and user, with agent and session as attributes.
    ///
    /// # Errors
    /// When the context is not fit to be written with or names no place, or as [`Self::execute`].
    pub fn write_record(
        &self,
        context: &Scope,
        object_type: impl Into<String>,
        data: Data,
        level: Level,
    ) -> Result<(ObjectId, Receipt)> {
        context.validate_write()?;
        self.engine.admit_scope(context)?;
        let (path, residual) = context.to_path()?;
        let object = ObjectId(self.engine.fresh_id());
        let create = objects::Create::new(object_type, data).with_id(object).into_scope(path, level);
        let mut batch = self.one(create);
        if residual.agent_id.is_some() || residual.session_id.is_some() {
            batch.push(self.actor, objects::Attribute { object, context: context.clone() });
        }
        Ok((object, self.engine.execute(batch)?))
    }
    /// Tombstones all records of an identity context that this principal may see, together or not at all. `None`: there is none.
    ///
    /// # Errors
    /// When the context is not fit to be written with, this principal may not look that wide, or may not tombstone one of them.
    pub fn tombstone_records(&self, context: &Scope, reason: &str) -> Result<Option<Receipt>> {
        context.validate_write()?;
        let mut query = RecordQuery { limit: Some(PAGE_MAX), ..RecordQuery::of(context.clone()) };
        let (reading, mut batch) = (self.reading(), self.begin());
        loop {
            let page = reading.records(&query)?;
            for record in &page.items {
                let expected_version = Some(record.version);
                let (object, reason) = (record.object_id, Some(reason.to_owned()));
                batch.push(self.actor, objects::Tombstone { object, reason, expected_version });
            }
            match page.next_cursor {
                Some(cursor) => query.cursor = Some(cursor),
                None if batch.steps.is_empty() => return Ok(None),
                None => return self.engine.execute(batch).map(Some),
            }
        }
    }
    /// Carries a command out for a principal that lets this one act for it: with its rights, in its name, and with the trace of who
    /// did it.
    ///
    /// # Errors
    /// As [`Self::execute`]; also when that principal does not let this one act for it, or either may not act.
    pub fn execute_for(&self, principal: PrincipalId, command: impl Into<Command>) -> Result<Receipt> {
        let mut batch = self.begin();
        batch.push_for(self.actor, principal, command);
        self.engine.execute(batch)
    }
    /// Several commands that happen together or not at all.
    pub fn batch(&self) -> SessionBatch<'_> {
        SessionBatch { session: self, batch: self.begin() }
    }

    /// What this principal may see now.
    #[must_use]
    pub fn reading(&self) -> Reading {
        self.looking(None)
    }
    /// What this principal may see of a past moment: what it might read then and may still read.
    ///
    /// # Errors
    /// When there is no such moment, or the log cannot be read.
    pub fn as_of(&self, cutoff: &Cutoff) -> Result<Reading> {
        Ok(self.looking(Some(self.engine.as_of(cutoff)?)))
    }
    fn looking(&self, past: Option<Past>) -> Reading {
        Reading::new(self.engine.clone(), self.actor, past, self.metadata.clone())
    }
    /// An object as it is now, with its data.
    ///
    /// # Errors
    /// The same words whether it is missing or not this principal's to read.
    pub fn read(&self, object: scoped_projections::ObjectId) -> Result<crate::reading::ReadObject> {
        self.reading().read(object)
    }

    /// Gives the present a name. Operators only.
    ///
    /// # Errors
    /// When the name is taken or not well-formed, or this principal is no operator.
    pub fn mark(&self, name: impl Into<String>) -> Result<Receipt> {
        self.execute(SetMark { name: name.into(), position: None })
    }

    /// What a rollback would do, step by step, without doing it.
    ///
    /// # Errors
    /// When there is no such moment or nothing of what was selected, or the log cannot be read.
    pub fn plan_rollback(&self, to: &Cutoff, selection: Selection) -> Result<Plan> {
        self.plan_with(&Rollback::to(to.clone()).only(selection))
    }
    /// The same with all that can be said about it.
    ///
    /// # Errors
    /// As [`Self::plan_rollback`].
    pub fn plan_with(&self, asked: &Rollback) -> Result<Plan> {
        let inner = &self.engine.inner;
        let now = World::clone(&inner.published.read());
        let at = self.engine.resolve(&asked.to)?;
        let (time, mut ids) = (inner.now(&now), Ids::new(&*inner.door));
        crate::temporal::plan(&inner.history, now, at, asked, self.actor, time, &mut ids)
    }

    /// Brings things back to how they were at a cutoff, as one batch of new events. `None`: they are so already.
    ///
    /// # Errors
    /// When some of it would be refused and the policy is all or nothing; when others change the same things faster than it can
    /// be planned; as [`Self::plan_rollback`] and [`Self::execute`].
    pub fn rollback(&self, to: &Cutoff, selection: Selection, policy: Policy) -> Result<Option<Receipt>> {
        self.rollback_with(&Rollback::to(to.clone()).only(selection).under(policy))
    }
    /// The same with all that can be said about it.
    ///
    /// # Errors
    /// As [`Self::rollback`].
    pub fn rollback_with(&self, asked: &Rollback) -> Result<Option<Receipt>> {
        // Fixed once: `head~3` would mean another moment after a retry.
        let asked = Rollback { to: Cutoff::At(self.engine.resolve(&asked.to)?), ..asked.clone() };
        let mut tries = 0;
        loop {
            let plan = self.plan_with(&asked)?;
            // Planning alone tells the actor nothing and leaves nothing; trying it does.
            let line = |access: &Access| Line { access: access.clone(), metadata: self.metadata.clone() };
            plan.attempts().iter().for_each(|attempt| self.engine.trace(line(attempt)));
            let batch = Batch { metadata: self.metadata.clone(), ..plan.batch(self.actor) };
            if plan.problems() > 0 && (asked.policy == Policy::AllOrNothing || batch.steps.is_empty()) {
                return Err(refused(&plan));
            }
            if batch.steps.is_empty() {
                return Ok(None);
            }
            tries += 1;
            match self.engine.execute(batch) {
                Err(error) if error.kind() == crate::ErrorKind::Stale && tries < PLANS_MAX => {}
                answer => return answer.map(Some),
            }
        }
    }

    /// May this principal do that with an object, now?
    #[must_use]
    pub fn can(&self, capability: Capability, object: scoped_projections::ObjectId) -> bool {
        self.engine.read(|moment| moment.can(self.actor, capability, moment.object_target(object)).allowed)
    }
}

fn refused(plan: &Plan) -> Error {
    let first = plan.unfit().next().map(|(entity, why)| (entity.to_string(), why.to_owned()));
    let (entity, why) = first.unwrap_or_default();
    let wanted = plan.steps.len() + plan.denied.len() + plan.conflicts.len() + plan.irreversible.len();
    let message = format!("{} of {wanted} steps cannot be done; the first: {entity}: {why}", plan.problems());
    Error::refused("rollback_refused", message)
        .hint("look at the plan; what can be done alone is done with the policy `skip-denied`")
}

/// Commands of one session that happen together or not at all.
#[must_use = "nothing happens before it is executed"]
pub struct SessionBatch<'a> {
    session: &'a Session,
    batch: Batch,
}

impl SessionBatch<'_> {
    /// Adds a command; it sees what the ones before it did.
    pub fn with(mut self, command: impl Into<Command>) -> Self {
        self.batch.push(self.session.actor, command);
        self
    }
    /// Adds a command that is done on behalf of another principal, as [`Session::execute_for`] does.
    pub fn with_for(mut self, principal: PrincipalId, command: impl Into<Command>) -> Self {
        self.batch.push_for(self.session.actor, principal, command);
        self
    }
    /// The command added last is done only if nothing that it would change was changed after this event
    /// ([`Step::unchanged_since`](crate::Step::unchanged_since)).
    pub fn unchanged_since(mut self, since: Sequence) -> Self {
        self.batch = self.batch.unchanged_since(since);
        self
    }
    /// Says that it is part of an operation of the caller: a request id, a job.
    pub fn correlated(mut self, correlation: u128) -> Self {
        self.batch = self.batch.correlated(correlation);
        self
    }
    /// Sending it twice under one key does it once.
    pub fn keyed(mut self, key: impl Into<String>) -> Self {
        self.batch = self.batch.keyed(key);
        self
    }
    /// Says where it came from, in place of what the session says.
    pub fn described(mut self, metadata: Metadata) -> Self {
        self.batch = self.batch.described(metadata);
        self
    }
    /// Says when it happened out in the world, µs since the epoch.
    pub fn happened_at(mut self, valid_time: i64) -> Self {
        self.batch = self.batch.happened_at(valid_time);
        self
    }
    /// Carries it out and waits for the receipt.
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub fn execute(self) -> Result<Receipt> {
        self.session.engine.execute(self.batch)
    }
    /// The same for async code.
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub async fn execute_async(self) -> Result<Receipt> {
        self.session.engine.execute_async(self.batch).await
    }
    /// Hands it over and goes on.
    ///
    /// # Errors
    /// As [`Session::submit`].
    pub fn submit(self) -> Result<Pending> {
        self.session.engine.submit(self.batch)
    }
}
