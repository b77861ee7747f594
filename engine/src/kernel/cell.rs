//! What publishing stands on: a pointer that is swapped, and a count of who holds what it points to.
//!
//! A file of its own, so that `tests/tests/schedules` can compile the same `publish.rs` on primitives whose every interleaving
//! is tried. Nothing else in the engine uses it.

use arc_swap::{ArcSwap, Guard};
pub(crate) use std::sync::Arc;
use std::time::Duration;

/// A place for one shared value.
#[derive(Debug)]
pub(crate) struct Slot<T>(ArcSwap<T>);

/// What was in a slot when it was looked at. Whoever waits for the value to be free waits for it.
pub(crate) type Held<T> = Guard<Arc<T>>;

impl<T> Slot<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(ArcSwap::from_pointee(value))
    }
    pub(crate) fn load(&self) -> Held<T> {
        self.0.load()
    }
    /// Puts a value in and gives the one before.
    pub(crate) fn swap(&self, next: Arc<T>) -> Arc<T> {
        self.0.swap(next)
    }
}

/// The value, to be changed: a copy of it if somebody else still holds it.
pub(crate) fn unique<T: Clone>(shared: &mut Arc<T>) -> &mut T {
    Arc::make_mut(shared)
}

/// Waits a little, longer the more often it was tried.
pub(crate) fn pause(tries: u32) {
    match tries {
        0..64 => std::hint::spin_loop(),
        64..256 => std::thread::yield_now(),
        _ => std::thread::sleep(Duration::from_micros(50)),
    }
}
