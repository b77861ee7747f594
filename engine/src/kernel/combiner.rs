//! The combiner: who holds the writer carries a group through, be it the writer's own thread or a caller who finds nobody before it.
//!
//! Why: a caller alone, whose commit waits for a sync of its own, also waited for two thread switches, as long as a fifth of the sync.
//! With nobody at work and nothing queued it does the writer's work itself.
//!
//! ```text
//! thread   waits for the queue ─▶ holds the writer: takes out what is queued, one group ─▶ lets go ─▶ …
//! caller   nobody holds the writer, and the queue is empty? ─▶ holds it for its own batch, lets go;   else ─▶ queue
//! ```
//!
//! INVARIANT (in order): operations leave the queue only in the hands of who holds the writer. So an empty queue, seen by who holds it, means that
//! everything handed over before is done, and no batch overtakes another of the same caller.
//! What can go wrong: after a panic, whoever's thread it was on, the writer is no more, and everybody is told so.
//! Source of the idea: flat combining (Hendler, Incze, Shavit and Tzafrir, 2010).

use super::bell::Bell;
use super::queue::{Op, Queue};
use super::writer::{Committer, Next};
use crate::error::Result;
use crate::receipt::{Order, Receipt, gone};
use crossbeam_channel::{Receiver, Select};
use parking_lot::Mutex;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

pub(crate) struct Combiner {
    /// `None` when it is closed, or panicked.
    writer: Mutex<Option<Committer>>,
    ops: Receiver<Op>,
    queue: Arc<Queue>,
    bell: Arc<Bell>,
}

impl Combiner {
    pub(crate) fn new(writer: Committer, ops: Receiver<Op>, queue: Arc<Queue>, bell: Arc<Bell>) -> Self {
        Self { writer: Mutex::new(Some(writer)), ops, queue, bell }
    }

    /// The writer's thread. Works until the end, whatever the end is: after a panic the queue is emptied as long as somebody may
    /// send, and dropping an operation tells its caller that nobody answers.
    pub(crate) fn run(&self) {
        let mut patience = None;
        let closing = loop {
            let timed_out = !self.wait(patience);
            let mut held = self.writer.lock();
            let Some(writer) = held.as_mut() else { break None };
            let worked = catch_unwind(AssertUnwindSafe(|| writer.turn(&self.ops, timed_out)));
            self.queue.made_space();
            match worked {
                Ok(Next::GoOn) => patience = writer.patience(),
                Ok(Next::Close(reply)) => break Some((held.take(), reply)),
                Err(_) => {
                    *held = None;
                    break None;
                }
            }
        };
        match closing {
            Some((writer, reply)) => {
                let closed = catch_unwind(AssertUnwindSafe(|| writer.map_or(Ok(()), Committer::close)));
                self.bell.end();
                if let (Some(reply), Ok(closed)) = (reply, closed) {
                    // Whoever asked may have gone.
                    let _ = reply.send(closed);
                }
            }
            None => {
                self.bell.end();
                // Each makes room for somebody who waits for it, to be told the same.
                while self.ops.recv().is_ok() {
                    self.queue.made_space();
                }
            }
        }
    }

    /// Waits until something is queued, or nobody is left who could; false when it took longer than this.
    fn wait(&self, patience: Option<Duration>) -> bool {
        if !self.ops.is_empty() {
            return true;
        }
        let mut select = Select::new();
        select.recv(&self.ops);
        match patience {
            None => select.ready(),
            Some(patience) => match select.ready_timeout(patience) {
                Ok(nth) => nth,
                Err(_) => return false,
            },
        };
        true
    }

    /// Carries a batch through on this thread, if nobody is at work and nothing is queued; gives it back otherwise.
    pub(crate) fn carry(&self, order: Box<Order>) -> std::result::Result<Result<Receipt>, Box<Order>> {
        let Some(mut held) = self.writer.try_lock() else { return Err(order) };
        // (in order)
        let Some(writer) = held.as_mut().filter(|_| self.ops.is_empty()) else { return Err(order) };
        let (reply, mut answer) = oneshot::channel();
        let (waited, owed) = (writer.patience().is_some(), writer.owes_sync());
        let worked = catch_unwind(AssertUnwindSafe(|| writer.alone(order, reply)));
        // The writer's thread sleeps for as long as was right before, and a sync may be due sooner.
        let sooner =
            |writer: &Committer| (!waited && writer.patience().is_some()) || (!owed && writer.owes_sync());
        let wakes = worked.is_ok() && sooner(writer);
        if worked.is_err() {
            *held = None;
            self.bell.end();
        }
        // Let go of first: whoever closes the queue may be waiting for the thread to empty it.
        drop(held);
        if wakes {
            // Its thread may be waiting without an end; a full queue wakes it all the same.
            let _ = self.queue.try_send(Op::LookUp);
        }
        Ok(answer.try_recv().map_or_else(|_| Err(gone()), |order| order.into_result()))
    }
}
