//! What a life is put through before it is killed.

use super::follower::Follower;
use super::process::{Acknowledged, Process};
use super::seen::Seen;
use super::{Mode, Result, ensure, text};
use crate::chance::Chance;
use scoped::Engine;
use scoped::log::storage::Storage;
use scoped::log::{FileStorage, VerifyOptions, verify};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Longest that a worker works, in µs.
const WORK_MICROS: u64 = 60_000;
/// Longest that a worker is left with opening, in µs.
const OPENING_MICROS: u64 = 6_000;
/// The lives of those who wait for their turn have numbers of their own.
const OTHERS: u64 = 1 << 32;

/// What a life is put through before it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial {
    /// Nothing else: killed at a random moment.
    Kill,
    /// Stopped (SIGSTOP) at a random moment, looked at as it stands, and killed so, or after it went on (SIGCONT).
    Stop,
    /// The disk is full, most of the time: see [`super::SmallDisk`].
    Full,
    /// Two workers want the log; the one that has it is killed, and the other takes over.
    Fight,
    /// Somebody reads along from the files alone, all the time.
    Follow,
}

impl Trial {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Kill, Self::Stop, Self::Full, Self::Fight, Self::Follow];

    /// The trial with that name.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trial| trial.as_str() == text)
    }
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Stop => "stop",
            Self::Full => "full",
            Self::Fight => "fight",
            Self::Follow => "follow",
        }
    }
}

fn pause(chance: &mut Chance, micros: u64) {
    std::thread::sleep(Duration::from_micros(chance.below(micros)));
}

impl Seen<'_> {
    /// One worker, from its start to its end. Gives the receipts it printed.
    pub(super) fn life(
        &mut self,
        worker: &Path,
        opening: bool,
        chance: &mut Chance,
    ) -> Result<Vec<Acknowledged>> {
        let life = self.summary.kills;
        let mut process = Process::start(worker, self.directory, life, self.mode)?;
        let follower = (self.trial == Trial::Follow)
            .then(|| Follower::start(self.directory, process.lines.clone(), self.mode == Mode::Synced));
        let mut other = None;
        if self.trial == Trial::Fight {
            other = Some(Process::start(worker, self.directory, life + OTHERS, self.mode)?);
        }
        if opening {
            pause(chance, OPENING_MICROS);
        } else if let Some(other) = &mut other {
            self.first_of(&mut process, other)?;
            pause(chance, WORK_MICROS);
            ensure(!other.lines.has("open"), || {
                "(alone) two workers have the log at the same time".to_owned()
            })?;
            self.summary.kept_out += u64::from(other.lines.has("locked"));
        } else if self.trial == Trial::Full {
            // On a disk that is full even opening may have to wait for space.
            process.wait_until(&["open", "full"])?;
            pause(chance, 4 * WORK_MICROS);
        } else {
            process.wait_until(&["open"])?;
            pause(chance, WORK_MICROS);
        }
        if self.trial == Trial::Stop {
            process.signal("STOP")?;
            self.look_at_the_stopped(&process)?;
            if chance.below(2) == 0 {
                process.signal("CONT")?;
                pause(chance, WORK_MICROS / 4);
            }
        }
        self.summary.kills += 1;
        self.summary.kills_while_opening += u64::from(!process.lines.has("open"));
        self.summary.full += u64::from(process.lines.has("full"));
        let mut acknowledged = process.kill()?;
        if let Some(mut other) = other {
            other.wait_until(&["open"])?;
            pause(chance, WORK_MICROS / 2);
            self.summary.kills += 1;
            acknowledged.extend(other.kill()?);
        }
        if let Some(follower) = follower {
            self.summary.followed += follower.end()?;
        }
        Ok(acknowledged)
    }

    /// Waits until one of the two has the log, and makes it the first.
    fn first_of(&self, first: &mut Process, second: &mut Process) -> Result<()> {
        let began = std::time::Instant::now();
        while !first.lines.has("open") {
            if second.lines.has("open") {
                std::mem::swap(first, second);
                return Ok(());
            }
            ensure(began.elapsed() < super::PATIENCE, || "neither of two workers gets the log".to_owned())?;
            std::thread::sleep(Duration::from_micros(200));
        }
        Ok(())
    }

    /// A writer that stands still keeps others out, and what it has written so far reads well.
    fn look_at_the_stopped(&mut self, process: &Process) -> Result<()> {
        self.summary.stops += 1;
        if process.lines.has("open") {
            match Engine::open_with(self.directory, self.mode.options()) {
                Ok(_) => return Err("(alone) a second writer got the log of one that is stopped".to_owned()),
                Err(error) => {
                    ensure(error.code() == "locked", || format!("(alone) {}: {error}", error.code()))?;
                    self.summary.kept_out += 1;
                }
            }
        }
        super::follower::read_once(self.directory, &process.lines, self.mode == Mode::Synced)?;
        let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(self.directory));
        let report = verify(&storage, &VerifyOptions::default(), &|_| ()).map_err(text)?;
        ensure(report.is_clean(), || format!("(clean) while stopped: {:?}", report.first_bad()))
    }
}
