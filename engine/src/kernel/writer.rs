//! The writer: one thread that owns the log and the world that runs ahead.
//!
//! ```text
//! take all that is queued ─▶ execute each ─▶ frame ─▶ one write, one sync ─▶ publish ─▶ receipts ─▶ catch up
//! ```
//!
//! While a group syncs the next one gathers by itself, so there is no timer: under load thousands share one sync, alone a
//! caller waits for its own. Publishing stands between the sync and the receipts, in this order: whoever holds the receipt of a revocation
//! can be sure that no check that starts now still allows. Time is read once a group.
//! Errors: a write or sync that failed poisons the writer. Those in flight are told that their outcome is unknown; later ones that the
//! log is unavailable. Readers go on.

use super::Worlds;
use super::answers::{Answer, Answers, provisioned};
use super::bell::Bell;
use super::erasing::Erasing;
use super::execute::{Declined, Fact, Outcome, Refusal, execute};
use super::journal::{Access, Journal, Outcome as AccessOutcome, access, fact};
use super::queue::Queue;
use crate::clock::{Door, Ids};
use crate::command::Batch;
use crate::error::{Error, Result};
use crate::history::History;
use crate::receipt::{Promise, Receipt, Reply, Warning};
use crate::sealed::Sealer;
use crate::temporal::{Entity, undone};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use scoped_log::{Digest, Durability as LogDurability, LogError, NewEvent, Stage, Writer};
use scoped_projections::store::Transact;
use scoped_projections::{Micros, Sequence, SubjectId, World};
use smallvec::SmallVec;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// When a receipt is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Durability {
    /// After a sync, which all batches that waited for it share. The default.
    Synced,
    /// After a sync of its own. For measuring, and for the paranoid.
    SyncedEach,
    /// After the write; a sync follows within the interval. Survives the death of the process, not power loss.
    Buffered {
        /// Longest time without a sync.
        sync_every: Duration,
    },
}

/// Bytes after which a group is written even though more is queued.
const GROUP_BYTES_MAX: usize = 512 * 1024;
/// Answers after which a group is written: what is refused stages nothing, and must not put the others off.
const GROUP_ANSWERS_MAX: usize = 4_096;
/// How long folded accesses may wait before the writer looks after them.
const JOURNAL_WAIT: Duration = Duration::from_secs(1);

/// What the writer is asked to do.
pub(crate) enum Op {
    Execute {
        batch: Box<Batch>,
        reply: oneshot::Sender<Reply>,
    },
    /// A read was refused, or is to be recorded.
    Access(Box<Access>),
    /// Answer when everything before is durable.
    Sync(oneshot::Sender<Result<()>>),
    Close(oneshot::Sender<Result<()>>),
}

/// Chain value of a receipt whose group is not hashed yet: [`Answers`] puts in what it is before the receipt is given.
const UNKNOWN: Digest = Digest::new([0; 32]);

pub(crate) struct Committer {
    pub(crate) log: Writer,
    pub(crate) history: History,
    pub(crate) worlds: Worlds,
    pub(crate) door: Arc<dyn Door>,
    pub(crate) ids: Ids,
    pub(crate) durability: Durability,
    pub(crate) queue: Arc<Queue>,
    pub(crate) bell: Arc<Bell>,
    erasing: Erasing,
    journal: Journal,
    facts: Vec<Fact>,
    answers: Answers,
    /// When the group began: the time of all that is decided in it.
    now: Micros,
    bodies: Vec<u8>,
    /// Since when something written waits for a sync.
    unsynced: Option<Instant>,
    poisoned: Option<Error>,
}

impl Committer {
    pub(crate) fn new(
        log: Writer,
        history: History,
        worlds: Worlds,
        door: Arc<dyn Door>,
        durability: Durability,
        queue: Arc<Queue>,
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
            queue,
            bell,
            erasing,
            journal: Journal::default(),
            facts: Vec::new(),
            answers: Answers::default(),
            now: 0,
            bodies: Vec::new(),
            unsynced: None,
            poisoned: None,
        }
    }

    /// Works until the end, whatever the end is: after a panic the queue is emptied as long as somebody may send, and dropping an
    /// operation tells its caller that nobody answers.
    pub(crate) fn run_to_the_end(self, ops: &Receiver<Op>) {
        let bell = Arc::clone(&self.bell);
        let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.run(ops)));
        bell.end();
        if worked.is_err() {
            while ops.recv().is_ok() {}
        }
    }

    /// Works until it is told to close, or nobody is left who could tell.
    fn run(mut self, ops: &Receiver<Op>) {
        loop {
            let closing = match self.wait(ops) {
                Ok(Some(op)) => {
                    let closing = self.group(op, ops);
                    // A queue that is never empty must not put the sync off.
                    if self.sync_due_in().is_some_and(|left| left.is_zero()) {
                        // A failure poisons the log, which the next caller is told.
                        let _ = self.sync();
                    }
                    closing
                }
                Ok(None) => {
                    self.quiet();
                    None
                }
                Err(()) => Some(None),
            };
            self.queue.made_space();
            if let Some(reply) = closing {
                let closed = self.close();
                if let Some(reply) = reply {
                    // Whoever asked may have gone.
                    let _ = reply.send(closed);
                }
                return;
            }
        }
    }

    /// The next thing to do; `None` when it is time to look after what waits.
    fn wait(&self, ops: &Receiver<Op>) -> Result<Option<Op>, ()> {
        let patience = match self.sync_due_in() {
            _ if !self.door.runs() => None,
            Some(left) => Some(left),
            None if self.journal.is_waiting() || self.erasing.is_waiting() => Some(JOURNAL_WAIT),
            None => None,
        };
        match patience {
            None => ops.recv().map(Some).map_err(|_| ()),
            Some(patience) => match ops.recv_timeout(patience) {
                Ok(op) => Ok(Some(op)),
                Err(RecvTimeoutError::Timeout) => Ok(None),
                Err(RecvTimeoutError::Disconnected) => Err(()),
            },
        }
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

    /// One group: everything that is queued, up to a bound in bytes. Gives the reply to a request to close, if one came.
    #[expect(clippy::option_option, reason = "closing or not, with or without somebody who waits for it")]
    fn group(&mut self, first: Op, ops: &Receiver<Op>) -> Option<Option<oneshot::Sender<Result<()>>>> {
        let mut next = Some(first);
        self.now = self.door.now();
        let (mut syncs, mut closing) = (Vec::new(), None);
        while let Some(op) = next.take() {
            match op {
                Op::Execute { batch, reply } => self.submit(batch, reply),
                Op::Access(access) => self.trace(&access),
                Op::Sync(reply) => syncs.push(reply),
                Op::Close(reply) => closing = Some(Some(reply)),
            }
            if self.durability == Durability::SyncedEach {
                self.flush();
                self.now = self.door.now();
            }
            let room = self.log.staged_bytes() < GROUP_BYTES_MAX && self.answers.len() < GROUP_ANSWERS_MAX;
            if closing.is_none() && room {
                next = ops.try_recv().ok();
            }
        }
        self.flush();
        if !syncs.is_empty() {
            let failed = self.sync().err();
            for reply in syncs {
                let _ = reply.send(failed.as_ref().map_or(Ok(()), |error| Err(error.again())));
            }
        }
        closing
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

    fn submit(&mut self, batch: Box<Batch>, reply: oneshot::Sender<Reply>) {
        let answer = match &self.poisoned {
            Some(error) => Answer::Refused(error.again()),
            None => match self.carry_out(&batch) {
                Ok(Carried::Now(receipt)) => Answer::Receipt(receipt),
                Ok(Carried::Before(first, last)) => Answer::Before(first, last),
                Err(error) => Answer::Refused(error),
            },
        };
        self.answers.push(batch, reply, answer);
    }

    fn carry_out(&mut self, batch: &Batch) -> Result<Carried> {
        // A batch that does not fit into the group any more is taken back and decided again in the next one.
        for _ in 0..2 {
            let (now, start) = (self.now, self.facts.len());
            let history = self.history.clone();
            let mut sealer = Sealer::new(history.sealing().vault());
            let undone = undone(batch, |at| self.about(at));
            let own = self.worlds.own();
            let outcome = execute(own, batch, &undone, now, &mut self.ids, &mut sealer, &mut self.facts);
            let (ids, warnings) = match outcome {
                Ok(Outcome::Facts(ids, warnings)) => (ids, warnings),
                Ok(Outcome::Before(first, last)) => return Ok(Carried::Before(first, last)),
                Err(declined) => return Err(self.declined(*declined, now)),
            };
            // A key is durable before anything that is sealed under it is.
            if let Err(error) = sealer.keep() {
                self.take_back(start);
                return Err(error);
            }
            if self.facts.len() == start {
                return Ok(Carried::Now(self.nothing_to_do(ids, warnings)));
            }
            if let Some(mut receipt) = self.stage(start)? {
                (receipt.ids, receipt.warnings) = (ids, warnings);
                receipt.provisioned =
                    self.facts[start..].iter().filter_map(|fact| provisioned(&fact.event)).collect();
                return Ok(Carried::Now(receipt));
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
    fn nothing_to_do(&mut self, ids: Vec<u128>, warnings: Vec<Warning>) -> Receipt {
        let world = self.worlds.own();
        world.keep();
        let (last, time) = (world.position(), world.time());
        let (promise, repeated, head) = (self.promise(), false, UNKNOWN);
        Receipt {
            first: last.next(),
            last,
            head,
            time,
            promise,
            repeated,
            ids,
            warnings,
            provisioned: Vec::new(),
        }
    }

    /// Frames the facts from `start` on, which are in the world with its transaction open. `None`: the group is full, was
    /// written, and the facts are taken back.
    fn stage(&mut self, start: usize) -> Result<Option<Receipt>> {
        let staged = stage(&mut self.log, &mut self.bodies, &self.facts[start..]);
        match staged {
            Ok(Stage::Staged(staged)) => {
                self.worlds.own().keep();
                let (promise, repeated) = (self.promise(), false);
                let (first, last, head, time) = (staged.first, staged.last, UNKNOWN, staged.time);
                Ok(Some(Receipt {
                    first,
                    last,
                    head,
                    time,
                    promise,
                    repeated,
                    ids: Vec::new(),
                    warnings: Vec::new(),
                    provisioned: Vec::new(),
                }))
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

    /// A refusal in the words that its caller may hear; one for want of rights leaves a trace.
    fn declined(&mut self, declined: Declined, now: Micros) -> Error {
        match declined.refusal {
            Refusal::Declined(error) => error,
            Refusal::Denied(need) => {
                let refused = AccessOutcome::Refused;
                let attempt = access(self.worlds.own(), declined.actor, declined.operation, need, refused);
                let error = Error::denied(need.capability);
                self.trace_at(&attempt, now);
                if declined.step > 0 {
                    return error.hint(format!(
                        "it was step {} of the batch; none was carried out",
                        declined.step + 1
                    ));
                }
                error
            }
        }
    }

    fn trace(&mut self, attempt: &Access) {
        if self.poisoned.is_none() {
            self.trace_at(attempt, self.now);
        }
    }

    fn trace_at(&mut self, attempt: &Access, now: Micros) {
        self.write_folded(false);
        if let Some(attempt) = self.journal.note(attempt.clone(), now) {
            self.write_attempt(&attempt, (1, now, now));
        }
    }

    fn write_folded(&mut self, all: bool) {
        if self.poisoned.is_some() {
            return;
        }
        for (attempt, count, first, last) in self.journal.due(self.now, all) {
            self.write_attempt(&attempt, (count, first, last));
        }
    }

    fn write_attempt(&mut self, attempt: &Access, counted: (u32, Micros, Micros)) {
        for _ in 0..2 {
            let (now, start) = (self.now, self.facts.len());
            let world = self.worlds.own();
            world.begin();
            let fact = fact(world, &mut self.ids, now, attempt, counted);
            self.facts.push(fact);
            // A full disk keeps traces out as it keeps commands out; the refusal itself stands.
            if !matches!(self.stage(start), Ok(None)) {
                return;
            }
        }
    }

    /// Writes the group, lets readers see it, answers, catches up. In this order.
    fn flush(&mut self) {
        if self.facts.is_empty() {
            self.answers.give(&self.log, &self.history);
            return;
        }
        let erased: Vec<SubjectId> = self.facts.iter().filter_map(Erasing::of).collect();
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
                let follow = |world: &mut World, fact: &Fact| world.apply(&fact.at, &fact.event);
                let (bell, last) = (&self.bell, self.facts.last().map(|fact| fact.at.sequence));
                self.worlds.publish(&self.facts, follow, || {
                    // Before the receipts: whoever holds one hears of its events without waiting.
                    last.into_iter().for_each(|last| bell.ring(last));
                    answers.give(log, history);
                });
                self.facts.clear();
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
        self.unsynced = None;
        let later = Error::unavailable("unavailable", format!("the log takes no more writes: {cause}"));
        self.poisoned = Some(later.hint("close the engine, see to the cause, and open the log again"));
    }

    fn close(mut self) -> Result<()> {
        self.write_folded(true);
        self.flush();
        self.erasing.again();
        if let Some(error) = self.poisoned.take() {
            return Err(error);
        }
        Ok(self.log.close()?)
    }
}

enum Carried {
    Now(Receipt),
    Before(Sequence, Sequence),
}

/// Encodes the bodies of one batch and frames it.
fn stage(log: &mut Writer, bodies: &mut Vec<u8>, facts: &[Fact]) -> Result<Stage, LogError> {
    bodies.clear();
    let mut ends: SmallVec<[usize; 4]> = SmallVec::with_capacity(facts.len());
    for fact in facts {
        if fact.event.encode_into(&fact.at.context, bodies).is_err() {
            return Err(LogError::Invalid { detail: "an event has no encoding" });
        }
        ends.push(bodies.len());
    }
    let mut from = 0;
    let mut events: SmallVec<[NewEvent<'_>; 4]> = SmallVec::with_capacity(facts.len());
    for (fact, end) in facts.iter().zip(ends) {
        let (kind, kind_version) = (fact.event.kind(), fact.event.version());
        let (actor, scope) = (fact.at.actor.0, fact.at.scope.0);
        let (body, payload) = (&bodies[from..end], fact.payload.as_ref());
        events.push(NewEvent { event_id: fact.event_id, kind, kind_version, actor, scope, body, payload });
        from = end;
    }
    let time = facts.first().map_or(0, |fact| fact.at.time);
    log.stage(time, &events)
}
