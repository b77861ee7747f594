//! Kill -9: a program that writes, a program that kills it, and what must be true of what is left.
//!
//! ```text
//! supervisor ──starts──▶ worker: open, write batches from four threads, print a line for every receipt
//!     │  ◀──lines──────────┘
//!     ├── SIGKILL at a random moment: while it writes, or while it still opens (recovery killed half way)
//!     └── opens the same directory and looks; then the next life begins on it
//! ```
//!
//! Before it is killed a life can be put through more, see [`Trial`]: stopped, kept out, followed, without space.
//!
//! INVARIANTS looked for after every life: (kept) every printed receipt stands in the log under the same chain value; (whole) every
//! batch is there with all of its objects, once, or not at all; (clean) verification finds nothing; (same) the world that
//! opening gives is the world that a replay from the first record gives; (grown) what stood in the log before stands there still;
//! (alone) never two writers at a time; (follower) readers see whole batches, nothing that goes away, and what was acknowledged before.

mod follower;
mod process;
mod seen;
mod small_disk;
mod summary;
mod trial;
mod worker;

pub use small_disk::SmallDisk;
pub use summary::Summary;
pub use trial::Trial;
pub use worker::work;

use crate::chance::Chance;
use scoped::{Durability, Engine, Options};
use seen::Seen;
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

/// The first argument of a worker.
pub const WORK: &str = "work";
/// Threads that write at the same time.
const THREADS: u64 = 4;
/// Receipts that a thread waits for at a time: groups of several batches are what a kill should hit.
const IN_FLIGHT: usize = 8;
/// Small, so that segments change several times in a life.
const SEGMENT_BYTES: u64 = 64 << 10;
/// Longest a worker may take to open.
const PATIENCE: Duration = Duration::from_secs(30);
/// Lives after which everything is replayed from the first record each time; later only now and then.
const REPLAYED_LIVES: u64 = 25;

type Result<T> = std::result::Result<T, String>;

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}

/// When the worker gives its receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// After a shared sync.
    Synced,
    /// After the write: a killed process keeps what the operating system has.
    Buffered,
}

impl Mode {
    /// The mode with that name.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        match text {
            "synced" => Some(Self::Synced),
            "buffered" => Some(Self::Buffered),
            _ => None,
        }
    }
    fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "synced",
            Self::Buffered => "buffered",
        }
    }
    fn options(self) -> Options {
        let durability = match self {
            Self::Synced => Durability::Synced,
            Self::Buffered => Durability::Buffered { sync_every: Duration::from_millis(20) },
        };
        let log = scoped::log::Options { segment_bytes: SEGMENT_BYTES, ..scoped::log::Options::default() };
        Options::default().durability(durability).snapshot_after(0).log(log).types(["piece"])
    }
}

/// Kills workers in one directory, after all that the trial puts them through, and looks after them.
///
/// # Errors
/// With the first invariant that did not hold.
pub fn supervise(
    worker: &Path,
    directory: &Path,
    kills: u64,
    seed: u64,
    (mode, trial): (Mode, Trial),
    say: &mut dyn FnMut(&str),
) -> Result<Summary> {
    let began = Instant::now();
    let mut chance = Chance::new(seed);
    let small = (trial == Trial::Full).then(|| SmallDisk::mount(directory)).transpose()?;
    let directory = &directory.join("log");
    let mut seen =
        Seen { directory, mode, trial, small, checked: 0, head: None, summary: Summary::default() };
    drop(Engine::open_with(directory, mode.options()).map_err(text)?);
    while seen.summary.kills < kills {
        let opening = chance.below(3) == 0;
        let mut acknowledged = seen.life(worker, opening, &mut chance)?;
        // Every other recovery is left to the next worker, which may be killed in the middle of it.
        while chance.below(2) == 0 && seen.summary.kills < kills {
            acknowledged.extend(seen.life(worker, true, &mut chance)?);
        }
        seen.look(&acknowledged, kills)?;
        if seen.summary.looks.is_multiple_of(50) {
            say(&format!("{} kills, {} events", seen.summary.kills, seen.checked));
        }
    }
    seen.summary.elapsed = began.elapsed();
    Ok(seen.summary)
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(otherwise()) }
}
