//! The answers that wait for a group to be durable.
//!
//! Every answer waits, refusals too: they were decided on what is not durable yet. They go out in the order in which they were asked for, after
//! the group is published; when it could not be written, each hears that its outcome is unknown.

use crate::command::Batch;
use crate::error::{Error, Result};
use crate::export;
use crate::history::History;
use crate::receipt::{Answer, Order, Promise, Receipt};
use scoped_log::Writer;
use scoped_projections::tenancy::TenancyEvent;
use scoped_projections::{Event, Sequence};
use tokio::sync::oneshot;

/// Somebody who waits for an answer until the group is durable. It was decided on what is not durable yet, a refusal too.
struct Waiting {
    reply: oneshot::Sender<Box<Order>>,
    order: Box<Order>,
}

impl Waiting {
    /// Whoever asked may have stopped waiting; what was done stays done.
    fn send(self) {
        let _ = self.reply.send(self.order);
    }
}

/// Everybody who waits for the group, in the order in which they asked.
#[derive(Default)]
pub(super) struct Answers {
    waiting: Vec<Waiting>,
}

impl Answers {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
    /// An order that is answered.
    pub(super) fn push(&mut self, order: Box<Order>, reply: oneshot::Sender<Box<Order>>) {
        self.waiting.push(Waiting { reply, order });
    }
    /// Whoever was about to hear of such a batch that it is done hears of this instead.
    pub(super) fn spoil(&mut self, such: impl Fn(&Batch) -> bool, why: impl Fn() -> Error) {
        for Waiting { order, .. } in &mut self.waiting {
            if matches!(order.answer, Answer::Receipt(_)) && such(&order.batch) {
                order.answer = Answer::Refused(why());
            }
        }
    }
    /// The group is durable, as far as was promised, and published.
    pub(super) fn give(&mut self, log: &Writer, history: &History) {
        for mut waiting in self.waiting.drain(..) {
            let answer = &mut waiting.order.answer;
            let failed = match answer {
                Answer::Receipt(receipt) => chain(receipt, log, history).err(),
                Answer::Refused(_) | Answer::Open => None,
                Answer::Before(first, last) => {
                    let promise = if *last <= log.durable() { Promise::Durable } else { Promise::Buffered };
                    let before = receipt_of(history, *first, *last, promise);
                    before.map(|receipt| *answer = Answer::Receipt(receipt)).err()
                }
            };
            if let Some(error) = failed {
                *answer = Answer::Refused(error);
            }
            waiting.send();
        }
    }
    /// Nobody knows what became of the group.
    pub(super) fn lose(&mut self, cause: &Error) {
        for mut waiting in self.waiting.drain(..) {
            let error =
                Error::unavailable("outcome_unknown", format!("the log could not be written: {cause}"));
            let error = error.hint("the outcome is unknown: open the log again and look");
            waiting.order.answer = Answer::Refused(error);
            waiting.send();
        }
    }
}

/// Puts the chain value after its last event into a receipt: it is known since the group was written.
fn chain(receipt: &mut Receipt, log: &Writer, history: &History) -> Result<()> {
    let last = receipt.last;
    receipt.head = match log.chain_at(last) {
        Some(chain) => chain,
        None => {
            let missing = || Error::corrupt(format!("event {last} is not in the log"));
            history.reader().chain_at(last)?.ok_or_else(missing)?
        }
    };
    Ok(())
}

/// The receipt of a batch that stands in the log.
fn receipt_of(history: &History, first: Sequence, last: Sequence, promise: Promise) -> Result<Receipt> {
    let missing = || Error::corrupt(format!("events {first} to {last} are not in the log"));
    let reader = history.reader();
    let record = reader.get(last)?.ok_or_else(missing)?;
    let ids = export::ids(history, first, last)?;
    let (head, time) = (record.chain(), record.time());
    let mut provisioned = Vec::new();
    for record in reader.records(first, last) {
        let (_, event) = crate::history::decode(&record?)?;
        provisioned.extend(self::provisioned(&event));
    }
    Ok(Receipt { first, last, head, time, promise, repeated: true, ids, warnings: Vec::new(), provisioned })
}

/// The path that came to be by an event, if one did by itself.
pub(super) fn provisioned(event: &Event) -> Option<String> {
    match event {
        Event::Tenancy(TenancyEvent::ScopeProvisioned(e)) => Some(e.path.clone()),
        _ => None,
    }
}
