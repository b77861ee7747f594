//! Tiles of the tree, added to when a segment is sealed, in a thread.
//!
//! Why beside: nobody waits for it, and what the writer has not made on the way is read from disk and hashed again, as after opening. What is sealed is durable and will not
//! change, so a tile never says what a crash could take back.
//! It promises nothing: tiles are hints. Whatever goes wrong with them goes wrong in silence, and is tried again at the next seal.

use crate::{
    options::Options,
    reader::{Reader, Shared},
    storage::Storage,
    tree::{Grower, Roots},
};
use parking_lot::Mutex;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

/// Grows the tiles of one log.
pub(super) struct Tiling {
    grower: Option<Arc<Mutex<Grower>>>,
    in_background: bool,
    stop: Arc<AtomicBool>,
    running: Option<JoinHandle<()>>,
}

impl Tiling {
    pub(super) fn new(options: &Options, storage: &Arc<dyn Storage>, shared: &Arc<Shared>) -> Self {
        let grower = || Grower::new(Arc::clone(storage), Reader::new(Arc::clone(shared)));
        Self {
            grower: options.tiles.then(|| Arc::new(Mutex::new(grower()))),
            in_background: options.prepare_in_background,
            stop: Arc::default(),
            running: None,
        }
    }

    /// All events up to `last` lie in sealed segments; `roots` gives what is known of their runs. While an earlier seal is still worked on,
    /// nothing is begun: the next one takes all of it.
    pub(super) fn sealed(&mut self, last: u64, roots: impl FnOnce() -> Roots) {
        let Some(grower) = &self.grower else { return };
        if self.running.as_ref().is_some_and(|running| !running.is_finished()) {
            return;
        }
        let (grower, roots, stop) = (Arc::clone(grower), roots(), Arc::clone(&self.stop));
        let work = move || drop(grower.lock().grow(last, &roots, &stop));
        if self.in_background {
            self.running = thread::Builder::new().name("scoped-log tiles".to_owned()).spawn(work).ok();
        } else {
            work();
        }
    }

    /// Ends the thread, so that nobody touches the directory after the writer is gone. What is missing then is added after
    /// the next seal.
    pub(super) fn settle(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(running) = self.running.take() {
            let _ = running.join(); // a thread that is gone leaves tiles out
        }
    }
}
