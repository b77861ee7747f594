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
struct State {
    rung: Rung,
    /// What the one waits for who waits for a number far off.
    far: Option<Sequence>,
}

#[derive(Debug)]
pub(crate) struct Bell {
    state: Mutex<State>,
    changed: Condvar,
    /// For the one who waits for a number far off, and need not be woken by each group before it.
    reached: Condvar,
}

impl Bell {
    pub(crate) fn new(last: Sequence) -> Self {
        let state = State { rung: Rung { last, ended: false }, far: None };
        Self { state: Mutex::new(state), changed: Condvar::new(), reached: Condvar::new() }
    }
    /// Events up to that one are published.
    pub(crate) fn ring(&self, last: Sequence) {
        let mut state = self.state.lock();
        state.rung.last = last;
        let reached = state.far.is_some_and(|far| far <= last);
        drop(state);
        self.changed.notify_all();
        if reached {
            self.reached.notify_all();
        }
    }
    /// No more will come.
    pub(crate) fn end(&self) {
        self.state.lock().rung.ended = true;
        self.changed.notify_all();
        self.reached.notify_all();
    }
    pub(crate) fn now(&self) -> Rung {
        self.state.lock().rung
    }
    /// Waits until the event `at` is published, or no more will come. For one listener: a second one would move its number.
    pub(crate) fn wait_for(&self, at: Sequence) -> Rung {
        let mut state = self.state.lock();
        state.far = Some(at);
        while state.rung.last < at && !state.rung.ended {
            self.reached.wait(&mut state);
        }
        state.far = None;
        state.rung
    }
    /// Waits until something behind `after` is published, or no more will come, or it is `until`.
    pub(crate) fn wait(&self, after: Sequence, until: Option<Instant>) -> Rung {
        let mut state = self.state.lock();
        while state.rung.last <= after && !state.rung.ended {
            match until {
                None => self.changed.wait(&mut state),
                Some(until) => {
                    if self.changed.wait_until(&mut state, until).timed_out() {
                        break;
                    }
                }
            }
        }
        state.rung
    }
}
