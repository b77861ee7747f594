//! The writer: who holds it owns the log and the world that runs ahead.
//!
//! ```text
//! take all that is queued ─▶ execute each ─▶ frame ─▶ one write, one sync ─▶ publish ─▶ receipts ─▶ catch up
//! ```
//!
//! While a group syncs the next one gathers by itself, so there is no timer: under load thousands share one sync, alone a
//! caller waits for its own. Publishing stands between the sync and the receipts, in this order: whoever holds the receipt of a revocation
//! can be sure that no check that starts now still allows. Time is read once a group. Who holds it is the business of [`super::combiner`].
//! Errors: a write or sync that failed poisons the writer. Those in flight are told that their outcome is unknown; later ones that the
//! log is unavailable. Readers go on.

use super::Worlds;
use super::answers::{Answers, provisioned};
use super::bell::Bell;
use super::durability::Durability;
use super::erasing::Erasing;
use super::execute::{Declined, Fact, Out, Outcome, Refusal, execute};
use super::framing::frame;
use super::journal::{Access, Journal, Line, Outcome as AccessOutcome, access};
use super::queue::Op;
use super::refused::{ON_BEHALF, reason, stopped};
use crate::clock::{Door, Ids};
use crate::command::Batch;
use crate::error::{Error, Result};
use crate::history::History;
use crate::receipt::{Answer, Order, Promise, Receipt};
use crate::sealed::Sealer;
use crate::temporal::{Entity, undone};
use crossbeam_channel::{Receiver, TryRecvError};
use scoped_log::{Digest, Durability as LogDurability, Stage, Writer};
use scoped_projections::store::Transact;
use scoped_projections::{Micros, Sequence, SubjectId};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Bytes after which a group is written even though more is queued.
const GROUP_BYTES_MAX: usize = 512 * 1024;
/// Answers after which a group is written: what is refused stages nothing, and must not put the others off.
const GROUP_ANSWERS_MAX: usize = 4_096;
/// How long folded accesses may wait before the writer looks after them.
const JOURNAL_WAIT: Duration = Duration::from_secs(1);

/// Chain value of a receipt whose group is not hashed yet: [`Answers`] puts in what it is before the receipt is given.
const UNKNOWN: Digest = Digest::new([0; 32]);

/// What comes after a turn.
pub(super) enum Next {
    GoOn,
    /// Somebody wants it closed, or nobody is left who could want anything.
    Close(Option<oneshot::Sender<Result<()>>>),
}

pub(crate) struct Committer {
    log: Writer,
    pub(super) history: History,
    pub(super) worlds: Worlds,
    door: Arc<dyn Door>,
    pub(super) ids: Ids,
    durability: Durability,
    bell: Arc<Bell>,
    erasing: Erasing,
    pub(super) journal: Journal,
    pub(super) facts: Vec<Fact>,
    /// Whom the group erases.
    erased: Vec<SubjectId>,
    answers: Answers,
    /// When the group began: the time of all that is decided in it.
    pub(super) now: Micros,
    bodies: Vec<u8>,
    /// Since when something written waits for a sync.
    unsynced: Option<Instant>,
    pub(super) poisoned: Option<Error>,
}

impl Committer {
    pub(crate) fn new(
        log: Writer,
        history: History,
        worlds: Worlds,
        door: Arc<dyn Door>,
        durability: Durability,
        bell: Arc<Bell>,
    ) -> Self {
        let (ids, erasing) = (Ids::new(&*door), Erasing::new(history.sealing().clone()));
        Self {
            log,
            history,
            worlds,
            door,
            ids,
            durability,
            bell,
            erasing,
            journal: Journal::default(),
            facts: Vec::new(),
            erased: Vec::new(),
            answers: Answers::default(),
            now: 0,
            bodies: Vec::new(),
            unsynced: None,
            poisoned: None,
        }
    }

    /// Takes what is queued as one group. When the wait for it was over before anything came, looks after what has waited.
    pub(super) fn turn(&mut self, ops: &Receiver<Op>, timed_out: bool) -> Next {
        let next = match ops.try_recv() {
            Ok(op) => self.group(op, ops),
            Err(TryRecvError::Disconnected) => Next::Close(None),
            Err(TryRecvError::Empty) => {
                if timed_out {
                    self.quiet();
                }
                Next::GoOn
            }
        };
        self.sync_if_due();
        next
    }

    /// One batch as a group of its own.
    pub(super) fn alone(&mut self, order: Box<Order>, reply: oneshot::Sender<Box<Order>>) {
        self.now = self.door.now();
        self.submit(order, reply);
        self.flush();
        self.sync_if_due();
    }

    /// How long it may be left alone; `None`: until somebody wants something.
    pub(super) fn patience(&self) -> Option<Duration> {
        match self.sync_due_in() {
            _ if !self.door.runs() => None,
            Some(left) => Some(left),
            None if self.journal.is_waiting() || self.erasing.is_waiting() => Some(JOURNAL_WAIT),
            None => None,
        }
    }

    /// Was something only buffered, to be synced by itself?
    pub(super) fn owes_sync(&self) -> bool {
        self.door.runs() && self.sync_due_in().is_some()
    }

    /// Time left until what was only buffered has to be synced; `None` when nothing waits for that.
    fn sync_due_in(&self) -> Option<Duration> {
        match (self.durability, self.unsynced) {
            (Durability::Buffered { sync_every }, Some(since)) => {
                Some(sync_every.saturating_sub(since.elapsed()))
            }
            _ => None,
        }
    }

    /// A queue that is never empty must not put the sync off.
    fn sync_if_due(&mut self) {
        if self.sync_due_in().is_some_and(|left| left.is_zero()) {
            // A failure poisons the log, which the next caller is told.
            let _ = self.sync();
        }
    }

    /// One group: everything that is queued, up to a bound in bytes.
    fn group(&mut self, first: Op, ops: &Receiver<Op>) -> Next {
        self.now = self.door.now();
        let mut op = Some(first);
        let (mut syncs, mut next) = (Vec::new(), Next::GoOn);
        while let Some(taken) = op.take() {
            match taken {
                Op::Execute { order, reply } => self.submit(order, reply),
                Op::Access(line) => self.trace(*line),
                Op::Sync(reply) => syncs.push(reply),
                Op::Close(reply) => next = Next::Close(Some(reply)),
                Op::LookUp => {}
            }
            if self.durability == Durability::SyncedEach {
                self.flush();
                self.now = self.door.now();
            }
            let room = self.log.staged_bytes() < GROUP_BYTES_MAX && self.answers.len() < GROUP_ANSWERS_MAX;
            if matches!(next, Next::GoOn) && room {
                op = ops.try_recv().ok();
            }
        }
        self.flush();
        if !syncs.is_empty() {
            let failed = self.sync().err();
            for reply in syncs {
                let _ = reply.send(failed.as_ref().map_or(Ok(()), |error| Err(error.again())));
            }
        }
        next
    }

    /// Nothing to do for a while.
    fn quiet(&mut self) {
        self.now = self.door.now();
        self.write_folded(false);
        self.flush();
        self.erasing.again();
        // A failure poisons the log, which the next caller is told.
        let _ = self.sync();
    }

    fn submit(&mut self, mut order: Box<Order>, reply: oneshot::Sender<Box<Order>>) {
        let made = std::mem::take(&mut order.made);
        order.answer = match &self.poisoned {
            Some(error) => Answer::Refused(error.again()),
            None => self.carry_out(&order.batch, made).unwrap_or_else(Answer::Refused),
        };
        self.answers.push(order, reply);
    }

    fn carry_out(&mut self, batch: &Batch, mut made: Vec<u128>) -> Result<Answer> {
        // A batch that does not fit into the group any more is taken back and decided again in the next one.
        for _ in 0..2 {
            let (now, start) = (self.now, self.facts.len());
            let undone = undone(batch, |at| self.about(at));
            let mut sealer = Sealer::new(self.history.sealing().vault());
            let own = self.worlds.own();
            let out = Out { facts: &mut self.facts, made: &mut made };
            let warnings = match execute(own, batch, &undone, now, &mut self.ids, &mut sealer, out) {
                Ok(Outcome::Facts(warnings)) => warnings,
                Ok(Outcome::Before(first, last)) => return Ok(Answer::Before(first, last)),
                Err(declined) => return Err(self.declined(batch, *declined, now)),
            };
            // A key is durable before anything that is sealed under it is.
            if let Err(error) = sealer.keep() {
                self.take_back(start);
                return Err(error);
            }
            let done =
                if self.facts.len() == start { Some(self.nothing_to_do()) } else { self.stage(start)? };
            if let Some(mut receipt) = done {
                (receipt.ids, receipt.warnings) = (made, warnings);
                receipt.provisioned =
                    self.facts[start..].iter().filter_map(|fact| provisioned(&fact.event)).collect();
                return Ok(Answer::Receipt(receipt));
            }
        }
        Err(Error::unavailable("unavailable", "the log did not take the batch into an empty group"))
    }

    /// What an event is about, be it in the log already or still in the group.
    fn about(&self, at: Sequence) -> Option<Entity> {
        let staged = self.facts.first().and_then(|first| at.get().checked_sub(first.at.sequence.get()));
        match staged.and_then(|nth| self.facts.get(usize::try_from(nth).ok()?)) {
            Some(fact) => Entity::of(&fact.event),
            None => self.history.about(at),
        }
    }

    /// The receipt of a batch after which everything is as it was: nothing is appended.
    fn nothing_to_do(&mut self) -> Receipt {
        let world = self.worlds.own();
        world.keep();
        let (last, time) = (world.position(), world.time());
        self.receipt(last.next(), last, time)
    }

    /// A receipt for these events, without what was made by them.
    fn receipt(&self, first: Sequence, last: Sequence, time: Micros) -> Receipt {
        Receipt {
            first,
            last,
            head: UNKNOWN,
            time,
            promise: self.promise(),
            repeated: false,
            ids: Vec::new(),
            warnings: Vec::new(),
            provisioned: Vec::new(),
        }
    }

    /// Frames the facts from `start` on, which are in the world with its transaction open. `None`: the group is full, was
    /// written, and the facts are taken back.
    pub(super) fn stage(&mut self, start: usize) -> Result<Option<Receipt>> {
        let staged = frame(&mut self.log, &mut self.bodies, &mut self.facts[start..]);
        match staged {
            Ok(Stage::Staged(staged)) => {
                self.worlds.own().keep();
                self.erased.extend(self.facts[start..].iter().filter_map(Erasing::of));
                Ok(Some(self.receipt(staged.first, staged.last, staged.time)))
            }
            Ok(Stage::GroupFull) => {
                self.take_back(start);
                self.flush();
                match &self.poisoned {
                    Some(error) => Err(error.again()),
                    None => Ok(None),
                }
            }
            Err(error) => {
                self.take_back(start);
                let error = Error::from(error);
                if error.code() == "unavailable" {
                    self.poison(error.again());
                }
                Err(error)
            }
        }
    }

    fn take_back(&mut self, start: usize) {
        self.worlds.own().undo();
        self.facts.truncate(start);
    }

    fn promise(&self) -> Promise {
        if matches!(self.durability, Durability::Buffered { .. }) {
            Promise::Buffered
        } else {
            Promise::Durable
        }
    }

    /// A refusal in the words that its caller may hear; one for want of rights leaves a trace, and one of somebody who was stopped.
    fn declined(&mut self, batch: &Batch, declined: Declined, now: Micros) -> Error {
        let Declined { step, actor, operation, asked, refusal } = declined;
        let correlation = batch.correlation.0;
        let attempt = |world: &_, need| access(world, actor, operation, need, AccessOutcome::Refused);
        let line = |access: Access| Line { access, metadata: batch.metadata.clone() };
        match refusal {
            Refusal::Declined(error) => {
                if let (Some(code), Some(need)) = (stopped(&error), asked) {
                    let attempt = Access { code, ..attempt(self.worlds.own(), need) };
                    self.trace_at(line(attempt), correlation, now);
                }
                error
            }
            Refusal::Denied(need) => {
                let world = self.worlds.own();
                let on_behalf = batch.steps.get(step).is_some_and(|step| step.on_behalf_of.is_some());
                // Who acts for another is stopped by either's rights.
                let reason = if on_behalf { ON_BEHALF } else { reason(world, actor, need, now.into()) };
                let attempt = attempt(world, need).because(reason);
                let error = Error::denied(need.capability);
                self.trace_at(line(attempt), correlation, now);
                if step > 0 {
                    return error
                        .hint(format!("it was step {} of the batch; none was carried out", step + 1));
                }
                error
            }
        }
    }

    /// Writes the group, lets readers see it, answers, catches up. In this order.
    fn flush(&mut self) {
        if self.facts.is_empty() {
            self.answers.give(&self.log, &self.history);
            return;
        }
        let erased = std::mem::take(&mut self.erased);
        let how = match self.durability {
            // The end of a key is for good: the event that says so comes first.
            _ if !erased.is_empty() => LogDurability::Synced,
            Durability::Buffered { .. } => LogDurability::Buffered,
            Durability::Synced | Durability::SyncedEach => LogDurability::Synced,
        };
        match self.log.commit(how) {
            Ok(_) => {
                self.unsynced = match how {
                    LogDurability::Buffered => self.unsynced.or_else(|| Some(Instant::now())),
                    LogDurability::Synced => None,
                };
                self.erasing.erase(&erased, &mut self.answers);
                let (answers, log, history) = (&mut self.answers, &self.log, &self.history);
                let (bell, last) = (&self.bell, self.facts.last().map(|fact| fact.at.sequence));
                self.worlds.publish(&mut self.facts, || {
                    // Before the receipts: whoever holds one hears of its events without waiting.
                    last.into_iter().for_each(|last| bell.ring(last));
                    answers.give(log, history);
                });
            }
            Err(error) => self.poison(error.into()),
        }
    }

    fn sync(&mut self) -> Result<()> {
        if let Some(error) = &self.poisoned {
            return Err(error.again());
        }
        if self.unsynced.take().is_none() {
            return Ok(());
        }
        self.log.sync().map_err(|error| {
            let error = Error::from(error);
            self.poison(error.again());
            error
        })
    }

    /// Nothing is acknowledged from here on.
    fn poison(&mut self, cause: Error) {
        self.answers.lose(&cause);
        self.facts.clear();
        self.erased.clear();
        self.unsynced = None;
        let later = Error::unavailable("unavailable", format!("the log takes no more writes: {cause}"));
        self.poisoned = Some(later.hint("close the engine, see to the cause, and open the log again"));
    }

    pub(super) fn close(mut self) -> Result<()> {
        self.write_folded(true);
        self.flush();
        self.erasing.again();
        if let Some(error) = self.poisoned.take() {
            return Err(error);
        }
        Ok(self.log.close()?)
    }
}
