//! The simulator's door: time and chance by hand, and a gate that holds groups together.
//!
//! Why the gate: which batches share a sync depends on which thread is quicker, and a run has to be the same each time. The writer
//! asks for the time when it begins a group, with the first batch in its hand; held there, it finds all the others queued when
//! it goes on.

use scoped::{Door, ManualDoor, Micros};
use std::sync::{Condvar, Mutex, PoisonError};

/// The name that the engine gives to its writer.
const WRITER: &str = "scoped-writer";

pub(super) struct SimDoor {
    hand: ManualDoor,
    held: Mutex<bool>,
    released: Condvar,
}

impl SimDoor {
    pub(super) fn new(now: Micros, seed: u64) -> Self {
        Self { hand: ManualDoor::new(now, seed), held: Mutex::new(false), released: Condvar::new() }
    }
    /// Moves time, forward or back.
    pub(super) fn set(&self, now: Micros) {
        self.hand.set(now);
    }
    /// The time without waiting.
    pub(super) fn time(&self) -> Micros {
        self.hand.now()
    }
    /// From now on the writer begins no group.
    pub(super) fn hold(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }
    pub(super) fn release(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.released.notify_all();
    }
}

impl Door for SimDoor {
    fn now(&self) -> Micros {
        if std::thread::current().name() == Some(WRITER) {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            while *held {
                held = self.released.wait(held).unwrap_or_else(PoisonError::into_inner);
            }
        }
        self.hand.now()
    }
    fn random(&self) -> u64 {
        self.hand.random()
    }
    fn runs(&self) -> bool {
        false
    }
}
