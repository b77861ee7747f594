//! The bell: rung when a group was published, heard by whoever waits for what comes next.
//!
//! It carries a number and no events: those stand in the log. So it needs no room, nobody can fall behind it, and the writer never waits
//! for a listener.

use parking_lot::{Condvar, Mutex};
use scoped_projections::Sequence;
use std::time::Instant;

/// How far events are published, and whether more will come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rung {
    pub(crate) last: Sequence,
    pub(crate) ended: bool,
}

#[derive(Debug)]
pub(crate) struct Bell {
    rung: Mutex<Rung>,
    changed: Condvar,
}

impl Bell {
    pub(crate) fn new(last: Sequence) -> Self {
        Self { rung: Mutex::new(Rung { last, ended: false }), changed: Condvar::new() }
    }
    /// Events up to that one are published.
    pub(crate) fn ring(&self, last: Sequence) {
        self.rung.lock().last = last;
        self.changed.notify_all();
    }
    /// No more will come.
    pub(crate) fn end(&self) {
        self.rung.lock().ended = true;
        self.changed.notify_all();
    }
    pub(crate) fn now(&self) -> Rung {
        *self.rung.lock()
    }
    /// Waits until something behind `after` is published, or no more will come, or it is `until`.
    pub(crate) fn wait(&self, after: Sequence, until: Option<Instant>) -> Rung {
        let mut rung = self.rung.lock();
        while rung.last <= after && !rung.ended {
            match until {
                None => self.changed.wait(&mut rung),
                Some(until) => {
                    if self.changed.wait_until(&mut rung, until).timed_out() {
                        break;
                    }
                }
            }
        }
        *rung
    }
}
