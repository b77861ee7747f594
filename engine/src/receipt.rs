//! Receipts: what was done, where it stands in the log, and what will survive.

use crate::command::Batch;
use crate::error::{Error, Result};
use scoped_projections::{
    ContractId, Digest, EntryId, Micros, ObjectId, PrincipalId, RegistrationId, ScopeId, Sequence, SettingId,
    TemplateId,
};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use tokio::sync::oneshot::{self, error::TryRecvError};

/// What a receipt promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Promise {
    /// Survives power loss.
    Durable,
    /// Survives the death of the process, not power loss.
    Buffered,
}

/// Something that the caller should hear though it is done. Not written down: a repeated receipt carries none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Which step of the batch it is about, from 0.
    pub step: usize,
    /// A stable word for programs: `deprecated` …
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// The answer to a batch that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its first event; behind `last` when everything was so already and nothing was appended.
    pub first: Sequence,
    /// Its last event.
    pub last: Sequence,
    /// The chain value after its last event: whoever keeps it can tell that nothing up to there has changed.
    pub head: Digest,
    /// When the log took it, µs since the epoch.
    pub time: Micros,
    /// What survives.
    pub promise: Promise,
    /// True when the batch was carried out before, under the same idempotency key; this is the receipt of back then.
    pub repeated: bool,
    /// For each step the id of what it made or changed, 0 where there is none.
    pub ids: Vec<u128>,
    /// What the caller should hear all the same, for example that a type is deprecated.
    pub warnings: Vec<Warning>,
    /// Paths of the scopes that came to be because something was written to them, outermost first.
    pub provisioned: Vec<String>,
}

impl Receipt {
    fn id(&self, step: usize) -> u128 {
        self.ids.get(step).copied().unwrap_or(0)
    }
    /// The object that the first step made or changed.
    #[must_use]
    pub fn object(&self) -> ObjectId {
        ObjectId(self.id(0))
    }
    /// The scope that the first step made or changed.
    #[must_use]
    pub fn scope(&self) -> ScopeId {
        ScopeId(self.id(0))
    }
    /// The principal that the first step made or changed.
    #[must_use]
    pub fn principal(&self) -> PrincipalId {
        PrincipalId(self.id(0))
    }
    /// The entry of the registry that the first step made or changed.
    #[must_use]
    pub fn registration(&self) -> RegistrationId {
        RegistrationId(self.id(0))
    }
    /// The contract that the first step made or changed.
    #[must_use]
    pub fn contract(&self) -> ContractId {
        ContractId(self.id(0))
    }
    /// The template that the first step made or changed.
    #[must_use]
    pub fn template(&self) -> TemplateId {
        TemplateId(self.id(0))
    }
    /// The setting that the first step made or changed.
    #[must_use]
    pub fn setting(&self) -> SettingId {
        SettingId(self.id(0))
    }
    /// The access control list entry that the first step made or changed.
    #[must_use]
    pub fn entry(&self) -> EntryId {
        EntryId(self.id(0))
    }
}

/// A receipt that is on its way: wait for it, or await it. Dropping it does not take the batch back.
#[derive(Debug)]
#[must_use = "a batch may be refused: wait for its receipt"]
pub struct Pending(pub(crate) oneshot::Receiver<Box<Order>>);

/// What became of a batch that was not to wait for room.
#[derive(Debug)]
#[must_use = "a batch may have come back: look whether it was taken"]
pub enum Submitted {
    /// The writer has it.
    Taken(Pending),
    /// The queue is full: here it is again. Wait for a receipt that is due, or hand it over by `submit`, which waits.
    Full(Batch),
}

/// How much waits for the writer: what a caller goes by who would rather turn work away than have it wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Batches, and records of reads, that are queued and not begun.
    pub waiting: usize,
    /// How many may be before callers wait; 0 once the engine is closed.
    pub room: usize,
}

/// A batch on its way to the writer, and the answer on its way back, in one piece of memory: the writer puts the answer where the batch lies, which its
/// core holds by then, and sends back where that is. So an answer is written once, and what was allocated is freed by the thread that took it.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) batch: Batch,
    /// Room for the ids of what its steps made.
    pub(crate) made: Vec<u128>,
    pub(crate) answer: Answer,
}

/// What somebody is to be told.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Not decided yet.
    Open,
    Receipt(Receipt),
    /// Of a batch that was carried out before, perhaps in this very group; looked up before it is sent.
    Before(Sequence, Sequence),
    Refused(Error),
}

impl Order {
    pub(crate) fn new(batch: Batch) -> Box<Self> {
        let made = Vec::with_capacity(batch.steps.len());
        Box::new(Self { batch, made, answer: Answer::Open })
    }
    /// What came of it. Taken out from where it lies: the batch behind it is let go of without being moved.
    pub(crate) fn into_result(mut self: Box<Self>) -> Result<Receipt> {
        match std::mem::replace(&mut self.answer, Answer::Open) {
            Answer::Receipt(receipt) => Ok(receipt),
            Answer::Refused(error) => Err(error),
            Answer::Open | Answer::Before(..) => Err(gone()),
        }
    }
}

impl Pending {
    /// Blocks until the batch was carried out or refused. Not for async code: await it there.
    ///
    /// # Errors
    /// When it was refused, or when its outcome is unknown because the log could not be written.
    pub fn wait(self) -> Result<Receipt> {
        wait(self.0).map_or_else(|| Err(gone()), |order| order.into_result())
    }
}

impl Future for Pending {
    type Output = Result<Receipt>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(context)
            .map(|order| order.map_or_else(|_| Err(gone()), |order| order.into_result()))
    }
}

/// Waits for the writer's answer, blocking the thread; `None` when the writer is no more.
///
/// Not `blocking_recv`, which panics on the threads of an async runtime: an engine may be opened and let go of there too.
pub(crate) fn wait<T>(mut answer: oneshot::Receiver<T>) -> Option<T> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut waker = None;
    loop {
        // Looked at first: a task that has used up its share of the runtime is told "not yet" by every poll.
        match answer.try_recv() {
            Ok(answer) => return Some(answer),
            Err(TryRecvError::Closed) => return None,
            Err(TryRecvError::Empty) => {}
        }
        // Who has many batches in flight mostly finds the answer there, and needs nobody to be woken by.
        let waker = waker.get_or_insert_with(|| Waker::from(Arc::new(Unpark(std::thread::current()))));
        match Pin::new(&mut answer).poll(&mut Context::from_waker(waker)) {
            Poll::Ready(answer) => return answer.ok(),
            Poll::Pending => std::thread::park(),
        }
    }
}

/// The writer is no more.
pub(crate) fn gone() -> Error {
    Error::unavailable("closed", "the engine is closed").hint("open it again; what was acknowledged is there")
}
