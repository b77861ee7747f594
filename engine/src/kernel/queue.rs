//! The queue to the writer: bounded, and closed for good before the writer ends.
//!
//! Why not the bare channel: a call that slips in behind the request to close would wait for an answer that nobody gives. So
//! sending takes a shared lock, closing the exclusive one: what was sent before is answered, what comes behind is told
//! that the engine is closed.

use super::journal::Line;
use crate::error::{Error, Result};
use crate::receipt::{Order, gone};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use parking_lot::RwLock;
use tokio::sync::{Notify, oneshot};

/// What the writer is asked to do.
pub(crate) enum Op {
    /// The order comes back with its answer.
    Execute {
        order: Box<Order>,
        reply: oneshot::Sender<Box<Order>>,
    },
    /// A read was refused, or is to be recorded.
    Access(Box<Line>),
    /// Answer when everything before is durable.
    Sync(oneshot::Sender<Result<()>>),
    /// Nothing; but how long the writer's thread may sleep has changed.
    LookUp,
    Close(oneshot::Sender<Result<()>>),
}

/// The callers' end.
pub(crate) struct Queue {
    ops: RwLock<Option<Sender<Op>>>,
    /// Told whenever the writer has emptied the queue, and when it is closed.
    space: Notify,
}

impl Queue {
    /// A queue for so many operations, and the writer's end of it.
    pub(crate) fn new(bound: usize) -> (Self, Receiver<Op>) {
        let (ops, receiver) = bounded(bound);
        (Self { ops: RwLock::new(Some(ops)), space: Notify::new() }, receiver)
    }

    /// Waits while the queue is full. A writer that works empties it, so closing waits at most for that.
    pub(crate) fn send(&self, op: Op) -> Result<()> {
        let ops = self.ops.read();
        ops.as_ref().ok_or_else(gone)?.send(op).map_err(|_| gone())
    }

    /// Gives the operation back when the queue is full.
    pub(crate) fn try_send(&self, op: Op) -> Result<Option<Op>> {
        match self.ops.read().as_ref().ok_or_else(gone)?.try_send(op) {
            Ok(()) => Ok(None),
            Err(TrySendError::Full(op)) => Ok(Some(op)),
            Err(TrySendError::Disconnected(_)) => Err(gone()),
        }
    }

    /// How many operations wait, and for how many there is room in all.
    pub(crate) fn filled(&self) -> (usize, usize) {
        let ops = self.ops.read();
        ops.as_ref().map_or((0, 0), |ops| (ops.len(), ops.capacity().unwrap_or(usize::MAX)))
    }

    /// Waits without blocking the thread.
    pub(crate) async fn send_async(&self, mut op: Op) -> Result<()> {
        loop {
            // Asked for before trying, so that space made in between is not missed.
            let space = self.space.notified();
            match self.try_send(op)? {
                None => return Ok(()),
                Some(back) => op = back,
            }
            space.await;
        }
    }

    /// The writer has emptied the queue.
    pub(crate) fn made_space(&self) {
        self.space.notify_waiters();
    }

    /// The last operation: closes the queue behind a request to close. `None` when it is closed already.
    pub(crate) fn close(&self) -> Option<oneshot::Receiver<Result<()>>> {
        let ops = self.ops.write().take()?;
        let (reply, closed) = oneshot::channel();
        // A writer that is gone drops the request, which its receiver sees.
        let _ = ops.send(Op::Close(reply));
        drop(ops);
        self.space.notify_waiters();
        Some(closed)
    }
}

/// What callers are told when the writer thread died.
pub(crate) fn died() -> Error {
    Error::unavailable("closed", "the writer thread panicked").hint("open the log again and look")
}
