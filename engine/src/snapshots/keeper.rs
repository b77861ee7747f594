//! Snapshots while the engine runs: a thread that folds the log beside the writer and writes worlds down.
//!
//! Why not from the world that readers see: whoever holds that one makes the writer wait, and writing down ten million versions takes
//! a second. This thread starts from the last snapshot and reads the log like any other reader, so the writer never waits for it, and
//! what it costs is a core for a while and the memory of one more world.

use crate::error::Result;
use crate::history::History;
use crate::kernel::bell::Bell;
use scoped_projections::{Sequence, World};
use std::sync::Arc;
use std::thread::JoinHandle;

/// Events that are folded between two looks at whether the engine is closing.
const LOOK_EVERY: u64 = 16_384;

/// The thread that writes snapshots while the engine runs.
#[derive(Debug)]
pub(crate) struct Keeper {
    thread: JoinHandle<()>,
}

impl Keeper {
    /// Starts it: one snapshot for every so many events. Where there is no thread to be had, closing writes the only one.
    pub(crate) fn start(history: &History, bell: &Arc<Bell>, every: u64) -> Option<Self> {
        let (log, bell) = (history.clone(), Arc::clone(bell));
        let started = std::thread::Builder::new()
            .name("scoped-snapshots".to_owned())
            .spawn(move || keep(&log, &bell, every));
        let why = |e: std::io::Error| history.snapshots().note(format!("no thread for snapshots: {e}"));
        Some(Self { thread: started.map_err(why).ok()? })
    }
    /// Waits for its end, which the end of the bell brings about. A thread that died left no snapshot, and that is all.
    pub(crate) fn join(self) {
        let _ = self.thread.join();
    }
}

fn keep(history: &History, bell: &Bell, every: u64) {
    let mut last = history.snapshots().newest(history.reader());
    loop {
        let rung = bell.wait_for(Sequence::new(last.get().saturating_add(every)));
        if rung.ended {
            return;
        }
        // What went wrong is a note: the next one may do better, and the log is whole without.
        if let Err(why) = write(history, bell, rung.last) {
            history.snapshots().note(format!("the snapshot at {} was not written: {why}", rung.last));
        }
        last = rung.last;
    }
}

/// Folds the log up to there and writes the world down, unless the engine closes meanwhile: closing writes its own.
fn write(history: &History, bell: &Bell, at: Sequence) -> Result<()> {
    let (reader, snapshots) = (history.reader(), history.snapshots());
    let mut world: World = snapshots.load_nearest(reader, Sequence::NONE, at).unwrap_or_default();
    while world.position() < at {
        if bell.now().ended {
            return Ok(());
        }
        let next = Sequence::new(world.position().get().saturating_add(LOOK_EVERY)).min(at);
        history.fold(&mut world, next, &mut |_| {})?;
    }
    snapshots.save_of(&world, reader)
}
