//! The answers that wait for a group to be durable.
//!
//! Every answer waits, refusals too: they were decided on what is not durable yet. They go out in the order in which they were asked for, after
//! the group is published; when it could not be written, each hears that its outcome is unknown.

use crate::command::Batch;
use crate::error::{Error, Result};
use crate::export;
use crate::history::History;
use crate::receipt::{Promise, Receipt, Reply};
use scoped_log::Writer;
use scoped_projections::tenancy::TenancyEvent;
use scoped_projections::{Event, Sequence};
use tokio::sync::oneshot;

/// What somebody is to be told.
pub(super) enum Answer {
    Receipt(Receipt),
    /// Of a batch that was carried out before, perhaps in this very group.
    Before(Sequence, Sequence),
    /// Decided on what is not durable yet, so it waits too.
    Refused(Error),
}

/// Somebody who waits for an answer until the group is durable.
struct Waiting {
    reply: oneshot::Sender<Reply>,
    batch: Box<Batch>,
}

impl Waiting {
    /// Whoever asked may have stopped waiting; what was done stays done.
    fn send(self, answer: Result<Receipt>) {
        let _ = self.reply.send(Reply { answer, _batch: self.batch });
    }
}

/// Everybody who waits for the group, in the order in which they asked.
#[derive(Default)]
pub(super) struct Answers {
    waiting: Vec<(Waiting, Answer)>,
}

impl Answers {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
    pub(super) fn push(&mut self, batch: Box<Batch>, reply: oneshot::Sender<Reply>, answer: Answer) {
        self.waiting.push((Waiting { reply, batch }, answer));
    }
    /// Whoever was about to hear of such a batch that it is done hears of this instead.
    pub(super) fn spoil(&mut self, such: impl Fn(&Batch) -> bool, why: impl Fn() -> Error) {
        for (waiting, answer) in &mut self.waiting {
            if matches!(answer, Answer::Receipt(_)) && such(&waiting.batch) {
                *answer = Answer::Refused(why());
            }
        }
    }
    /// The group is durable, as far as was promised, and published.
    pub(super) fn give(&mut self, log: &Writer, history: &History) {
        for (waiting, answer) in self.waiting.drain(..) {
            let answer = match answer {
                Answer::Receipt(receipt) => chained(receipt, log, history),
                Answer::Refused(error) => Err(error),
                Answer::Before(first, last) => {
                    let promise = if last <= log.durable() { Promise::Durable } else { Promise::Buffered };
                    receipt_of(history, first, last, promise)
                }
            };
            waiting.send(answer);
        }
    }
    /// Nobody knows what became of the group.
    pub(super) fn lose(&mut self, cause: &Error) {
        for (waiting, _) in self.waiting.drain(..) {
            let error =
                Error::unavailable("outcome_unknown", format!("the log could not be written: {cause}"));
            waiting.send(Err(error.hint("the outcome is unknown: open the log again and look")));
        }
    }
}

/// A receipt with the chain value after its last event, which is known since the group was written.
fn chained(mut receipt: Receipt, log: &Writer, history: &History) -> Result<Receipt> {
    let last = receipt.last;
    receipt.head = match log.chain_at(last) {
        Some(chain) => chain,
        None => {
            let missing = || Error::corrupt(format!("event {last} is not in the log"));
            history.reader().chain_at(last)?.ok_or_else(missing)?
        }
    };
    Ok(receipt)
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
