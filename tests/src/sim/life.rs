//! One log and its lives: opened, worked on, crashed, looked at.

use super::door::SimDoor;
use super::model::Model;
use super::outside;
use super::{Result, Swarm, Tally, ensure, keys, lie, text};
use crate::chance::Chance;
use crate::fuzz::{TYPES, draw::NOON};
use scoped::log::storage::{Chances, Crash, CrashDisk, FaultyStorage, Storage, Trouble};
use scoped::log::{VerifyOptions, VerifyReport, verify};
use scoped::{Engine, ErrorKind, Options, PrincipalId};
use std::sync::Arc;

/// Openings in a row that faults may keep from succeeding; the next one is left in peace.
const DISTURBED_OPENINGS_MAX: u64 = 4;
/// Batches that may wait for the writer: more than a group has.
const QUEUE: usize = 32;
/// Calls of an opening within which death comes, about as many as one makes.
const CALLS_OF_AN_OPENING: u64 = 120;
/// Calls of a life's work within which death comes.
const CALLS_OF_A_LIFE: u64 = 250;

/// One log on one disk.
pub(super) struct Sim {
    pub(super) swarm: Swarm,
    pub(super) chance: Chance,
    pub(super) disk: CrashDisk,
    pub(super) storage: FaultyStorage,
    pub(super) door: Arc<SimDoor>,
    pub(super) model: Model,
    /// Ids that came about, for commands that are drawn.
    pub(super) made: Vec<u128>,
    /// The number of the last batch that was sent.
    pub(super) sent: u128,
    /// Batches that can be sent again under their key.
    pub(super) keyed: Vec<(u128, scoped::Batch)>,
    /// Whether something has gone wrong in this life that may excuse a failure.
    pub(super) troubled: u64,
    /// Trouble that is planned: at a call, or from it on.
    pub(super) planned: Option<(u64, Trouble, bool)>,
    /// The one crash of a planned death: with the power or without.
    pub(super) planned_crash: Option<Crash>,
    pub(super) trace: u64,
}

impl Sim {
    pub(super) fn new(seed: u64, swarm: Swarm) -> Self {
        let disk = CrashDisk::new(seed ^ 0x6469_736b);
        disk.garbage_sectors(swarm.garbage);
        disk.offer_maps(swarm.mapped);
        let storage = FaultyStorage::new(Arc::new(disk.clone()));
        storage.faults(|faults| faults.chances = Chances::seeded(seed ^ 0x6661_756c));
        Self {
            swarm,
            chance: Chance::new(seed ^ 0x6c69_6665),
            disk,
            storage,
            door: Arc::new(SimDoor::new(NOON, seed ^ 0x646f_6f72)),
            model: Model::default(),
            made: Vec::new(),
            sent: 0,
            keyed: Vec::new(),
            troubled: 0,
            planned: None,
            planned_crash: None,
            trace: seed,
        }
    }

    /// All lives. Gives the digest of what happened.
    pub(super) fn go(mut self, tally: &mut Tally) -> Result<u64> {
        let result = self.lives(tally);
        let (met, calls, trace) =
            self.storage.faults(|faults| (std::mem::take(&mut faults.met), faults.calls, faults.trace()));
        for (key, count) in met {
            *tally.met.entry(key).or_default() += count;
        }
        tally.calls += calls;
        self.note(trace);
        result.map(|()| self.trace)
    }

    fn lives(&mut self, tally: &mut Tally) -> Result<()> {
        for _ in 0..self.swarm.lives {
            let engine = self.open(tally)?;
            self.look(&engine, false, tally)?;
            self.arm(self.swarm.deaths, CALLS_OF_A_LIFE);
            let poisoned = self.work(&engine, tally)?;
            let how = self.end(engine, poisoned, tally)?;
            outside::look(self, Some(how), tally)?;
            if self.chance(self.swarm.lies) {
                lie::tell(self, how, tally)?;
            }
        }
        let engine = self.open_in_peace()?;
        self.look(&engine, true, tally)?;
        engine.close().map_err(|e| format!("(alarm) closing in peace: {e}"))?;
        outside::look(self, None, tally)
    }

    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.chance.below(100) < percent
    }

    /// What happened goes into the digest of the run.
    pub(super) fn note(&mut self, what: u64) {
        self.trace = (self.trace.rotate_left(7) ^ what).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    pub(super) fn options(&self) -> Options {
        options(&self.swarm, Arc::clone(&self.door), Arc::new(self.storage.clone()))
    }

    /// Sets the traps for what comes next: death within so many calls in so many of a hundred cases, and trouble by chance.
    pub(super) fn arm(&mut self, deaths: u64, calls: u64) {
        let death = self.chance(deaths).then(|| self.chance.below(calls));
        let narrow = self.chance(self.swarm.narrow).then(|| self.chance.below(60_000));
        let (swarm, planned) = (&self.swarm, self.planned);
        self.storage.faults(|faults| {
            let now = faults.calls;
            if let Some(death) = death {
                faults.at.insert(now + death, Trouble::Death);
            }
            swarm.chances(&mut faults.chances);
            faults.space = narrow;
            match planned {
                Some((at, trouble, false)) if at >= now => drop(faults.at.insert(at, trouble)),
                Some((at, trouble, true)) if at >= now => faults.from = Some((at, trouble)),
                _ => {}
            }
        });
        if self.chance(50) {
            self.disk.failing_syncs(self.swarm.false_syncs);
        }
        self.troubled = self.trouble_so_far();
    }

    fn trouble_so_far(&self) -> u64 {
        self.storage.faults(|faults| faults.met_in_all()) + self.disk.false_syncs()
    }

    /// Something has gone wrong since the traps were set, or space was little.
    pub(super) fn is_troubled(&self) -> bool {
        self.storage.faults(|faults| faults.space.is_some()) || self.trouble_so_far() > self.troubled
    }

    pub(super) fn is_dead(&self) -> bool {
        self.storage.faults(|faults| faults.dead)
    }

    /// Opens, in spite of everything that is set up against it.
    fn open(&mut self, tally: &mut Tally) -> Result<Engine> {
        for attempt in 0.. {
            let peace = attempt >= DISTURBED_OPENINGS_MAX;
            if peace {
                return self.open_in_peace();
            }
            let deaths = self.swarm.deaths.min(60);
            self.arm(deaths, CALLS_OF_AN_OPENING);
            self.model.nameless += 2;
            match Engine::on(Arc::new(self.storage.clone()), self.options()) {
                Ok(engine) if !self.is_dead() => {
                    self.disarm();
                    return self.made_durable(engine);
                }
                Ok(engine) => drop(engine),
                Err(error) => {
                    let excused = error.kind() == ErrorKind::Unavailable && self.is_troubled();
                    let excused = excused && !["closed", "locked"].contains(&error.code());
                    ensure(excused, || format!("(alarm) opening: {}: {error}", error.code()))?;
                    self.note(error.code().len() as u64);
                }
            }
            tally.crashes_while_opening += u64::from(self.is_dead());
            self.crash(tally);
        }
        Err("no opening was tried".to_owned())
    }

    fn open_in_peace(&mut self) -> Result<Engine> {
        self.disarm();
        self.disk.fail_sync_after(None);
        self.model.nameless += 2;
        let engine = Engine::on(Arc::new(self.storage.clone()), self.options())
            .map_err(|error| format!("(alarm) opening in peace: {}: {error}", error.code()))?;
        self.made_durable(engine)
    }

    /// What an opening appends by itself is only buffered where everything is; what is looked at next counts as promised.
    fn made_durable(&self, engine: Engine) -> Result<Engine> {
        match engine.sync() {
            Ok(()) => Ok(engine),
            // A sync that failed while it was being opened: nobody was told that it is open.
            Err(error) if self.is_troubled() => {
                Err(format!("(alarm) opened, and takes no writes: {}: {error}", error.code()))
            }
            Err(error) => Err(format!("(alarm) a sync in peace: {error}")),
        }
    }

    fn disarm(&mut self) {
        self.storage.faults(|faults| faults.revive());
        self.disk.failing_syncs(0);
    }

    /// Holds the opened log to everything that was promised.
    fn look(&mut self, engine: &Engine, in_peace: bool, tally: &mut Tally) -> Result<()> {
        let storage = self.storage.clone();
        storage.unseen(|| {
            tally.opened += 1;
            *tally.verdicts.entry(format!("{:?}", engine.recovery().verdict)).or_default() += 1;
            let history = engine.history();
            self.model.ingest(history.reader(), tally)?;
            let (live, at) = engine.read(|moment| (moment.world().state_digest(), moment.world().position()));
            ensure(at == history.head(), || {
                format!("(same) the world is at {at}, the log at {}", history.head())
            })?;
            let model = self.model.world.state_digest();
            ensure(live == model, || format!("(same) at {at} the world is {live}, its fold {model}"))?;
            if self.chance(25) {
                let replayed = history.replay(at, &mut |_| ()).map_err(text)?.state_digest();
                ensure(live == replayed, || {
                    format!("(same) at {at} the world is {live}, replayed {replayed}")
                })?;
            }
            let synced = !matches!(self.swarm.durability, scoped::Durability::Buffered { .. });
            // A read that failed makes a snapshot useless for once.
            let usable = !synced || self.is_troubled() || engine.notes().is_empty();
            ensure(usable, || format!("(alarm) {:?}", engine.notes()))?;
            keys::look(self, engine, tally)?;
            let report = self.verified()?;
            let how = (!in_peace).then_some(Crash::Kill);
            outside::clean(&report, how, tally)?;
            let head = self.model.chain.last().copied();
            ensure(report.last == at && Some(report.head) == head, || {
                format!("(clean) verified up to {} with {}, the log ends at {at}", report.last, report.head)
            })?;
            self.note(u64::from_le_bytes(live.as_bytes()[..8].try_into().unwrap_or_default()));
            Ok(())
        })
    }

    pub(super) fn verified(&self) -> Result<VerifyReport> {
        verified(&(Arc::new(self.storage.clone()) as Arc<dyn Storage>))
    }

    /// The end of a life: closed in peace, or killed where it stands.
    fn end(&mut self, engine: Engine, poisoned: bool, tally: &mut Tally) -> Result<Crash> {
        let storage = self.storage.clone();
        if !self.is_dead() {
            // Readers go on, whatever became of the writer.
            storage.unseen(|| self.model.holds(engine.history().reader()))?;
        }
        if !self.is_dead() && !poisoned && self.chance(self.swarm.closes) {
            match engine.close() {
                Ok(()) => self.model.synced(),
                Err(error) => ensure(self.is_troubled(), || format!("(alarm) closing: {error}"))?,
            }
        } else {
            storage.faults(|faults| {
                tally.crashes_at_a_call += u64::from(faults.dead);
                faults.dead = true;
            });
            drop(engine);
        }
        Ok(self.crash(tally))
    }

    fn crash(&mut self, tally: &mut Tally) -> Crash {
        // What is planned is about the crash at the planned call; a life may have ended before.
        let calls = self.storage.faults(|faults| faults.calls);
        let is_planned = self.planned.is_some_and(|(at, ..)| calls > at);
        let power = match self.planned_crash.take_if(|_| is_planned) {
            Some(how) => how == Crash::Power,
            None => self.chance(self.swarm.power),
        };
        tally.crashes += 1;
        tally.power += u64::from(power);
        tally.false_syncs += self.disk.false_syncs();
        self.storage.faults(|faults| faults.revive());
        if power {
            self.disk.crash(Crash::Power);
            self.model.power_lost(tally);
        } else {
            self.disk.crash(Crash::Kill);
        }
        if self.swarm.without_head {
            // It may not be there.
            let _ = self.disk.remove("HEAD");
        }
        if power { Crash::Power } else { Crash::Kill }
    }
}

/// The same steps in the same order on every run, and segments that change often.
pub(super) fn layout(swarm: &Swarm) -> scoped::log::Options {
    scoped::log::Options {
        segment_bytes: swarm.segment_bytes,
        prepare_in_background: false,
        ..scoped::log::Options::default()
    }
}

/// For a log on that disk, whose keys lie there as well.
pub(super) fn options(swarm: &Swarm, door: Arc<SimDoor>, disk: Arc<dyn Storage>) -> Options {
    Options::default()
        .keys(keys::on(disk))
        .durability(swarm.durability)
        .snapshot_after(swarm.snapshot_after)
        .founder(PrincipalId(1))
        .types(TYPES)
        .queue(QUEUE)
        .log(layout(swarm))
        .door(door)
}

pub(super) fn verified(storage: &Arc<dyn Storage>) -> Result<VerifyReport> {
    verify(storage, &VerifyOptions { threads: 1, ..VerifyOptions::default() }, &|_| ()).map_err(text)
}
