//! The bell: rung when a group was published, heard by whoever waits for what comes next.
//!
//! It carries a number and no events: those stand in the log. So it needs no room, nobody can fall behind it, and the writer never waits
//! for a listener.

use parking_lot::{Condvar, Mutex};
use scoped_projections::Sequence;
use std::sync::atomic::{AtomicU64, Ordering};
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
    /// For the one who waits for a number far off, and need not be woken by each group before it.
    reached: Condvar,
    far: AtomicU64,
}

impl Bell {
    pub(crate) fn new(last: Sequence) -> Self {
        let (changed, reached, far) = (Condvar::new(), Condvar::new(), AtomicU64::new(u64::MAX));
        Self { rung: Mutex::new(Rung { last, ended: false }), changed, reached, far }
    }
    /// Events up to that one are published.
    pub(crate) fn ring(&self, last: Sequence) {
        self.rung.lock().last = last;
        self.changed.notify_all();
        if last.get() >= self.far.load(Ordering::Relaxed) {
            self.reached.notify_all();
        }
    }
    /// No more will come.
    pub(crate) fn end(&self) {
        self.rung.lock().ended = true;
        self.changed.notify_all();
        self.reached.notify_all();
    }
    pub(crate) fn now(&self) -> Rung {
        *self.rung.lock()
    }
    /// Waits until the event `at` is published, or no more will come. For one listener: a second one would move its number.
    pub(crate) fn wait_for(&self, at: Sequence) -> Rung {
        let mut rung = self.rung.lock();
        // Under the lock: a group is rung before, and is seen here, or after, and looks at the number.
        self.far.store(at.get(), Ordering::Relaxed);
        while rung.last < at && !rung.ended {
            self.reached.wait(&mut rung);
        }
        self.far.store(u64::MAX, Ordering::Relaxed);
        *rung
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
