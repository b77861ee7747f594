//! The engine's `kernel/cell.rs` once more, on primitives that try every interleaving.
//!
//! The slot is a lock around the pointer: what it models is that a load and a swap each happen at one instant and order what was
//! done before them, which is what the atomic pointer of the engine promises. A look holds a count, as the engine's does.

pub(crate) use loom::sync::Arc;
use loom::sync::Mutex;

#[derive(Debug)]
pub(crate) struct Slot<T>(Mutex<Arc<T>>);

pub(crate) type Held<T> = Arc<T>;

impl<T> Slot<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(Arc::new(value)))
    }
    pub(crate) fn load(&self) -> Held<T> {
        Arc::clone(&self.0.lock().unwrap())
    }
    pub(crate) fn swap(&self, next: Arc<T>) -> Arc<T> {
        std::mem::replace(&mut *self.0.lock().unwrap(), next)
    }
}

/// The engine would copy a world that somebody else holds; that this never happens is part of what is shown.
pub(crate) fn unique<T: Clone>(shared: &mut Arc<T>) -> &mut T {
    Arc::get_mut(shared).expect("(own): nobody else holds the writer's world")
}

pub(crate) fn pause(_tries: u32) {
    loom::thread::yield_now();
}
