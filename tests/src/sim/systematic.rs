//! A fixed history, disturbed at every call of the storage in every way: not drawn, but all there is.
//!
//! The history has four lives, some of which are killed and some closed, so that recoveries, closings and clean openings are in it. First it is run
//! undisturbed, to count its calls; then once for each call and each way to disturb it. Its very last opening is left in peace, to
//! see what is left.

use super::life::Sim;
use super::{Result, Swarm, Tally};
use scoped::log::storage::{Crash, Trouble};
use std::collections::BTreeMap;
use std::fmt;

/// A way to disturb a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// The process dies there; what was written stays in the cache.
    Killed,
    /// The power goes there; what was not synced is a matter of luck, which the number seeds.
    PowerLost(u64),
    /// The call fails with an input/output error; nothing was done.
    Broken,
    /// The call fails with an input/output error, although it was done.
    Unheard,
    /// There is no space at that call.
    Full,
    /// There is no space from that call on, until the process ends.
    FullFromThere,
    /// Every call from there on fails, until the process ends.
    BrokenFromThere,
    /// The sync fails, writes some of it, and leaves the cache falsely clean.
    FalselyClean,
}

/// How many histories were disturbed in which way.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Calls of the undisturbed history.
    pub calls: u64,
    /// By the way.
    pub tried: BTreeMap<&'static str, u64>,
}

impl Way {
    /// All ways, with so many different ends of a loss of power.
    #[must_use]
    pub fn all(powers: u64) -> Vec<Self> {
        let mut ways = vec![
            Self::Killed,
            Self::Broken,
            Self::Unheard,
            Self::Full,
            Self::FullFromThere,
            Self::BrokenFromThere,
            Self::FalselyClean,
        ];
        ways.extend((0..powers).map(Self::PowerLost));
        ways
    }
    fn name(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::PowerLost(_) => "power lost",
            Self::Broken => "input/output error",
            Self::Unheard => "error though done",
            Self::Full => "no space, once",
            Self::FullFromThere => "no space from there on",
            Self::BrokenFromThere => "errors from there on",
            Self::FalselyClean => "sync fails, cache falsely clean",
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a history of {} calls, disturbed at each", self.calls)?;
        for (name, count) in &self.tried {
            write!(f, "\n  {count:>9}  {name}")?;
        }
        Ok(())
    }
}

fn sim(seed: u64) -> Sim {
    Sim::new(seed, Swarm::quiet())
}

/// Runs the history once for each call (of every `step`, to be quicker) and way.
///
/// # Errors
/// With the first invariant that did not hold, and where.
pub fn every_call(seed: u64, step: u64, ways: &[Way], tally: &mut Tally) -> Result<Table> {
    let mut undisturbed = Tally::default();
    sim(seed).go(&mut undisturbed)?;
    let mut table = Table { calls: undisturbed.calls, ..Table::default() };
    for at in (0..undisturbed.calls).step_by(step.max(1) as usize) {
        for way in ways {
            if disturbed(seed, at, *way, tally).map_err(|why| format!("{way:?} at call {at}: {why}"))? {
                *table.tried.entry(way.name()).or_default() += 1;
            }
        }
    }
    Ok(table)
}

/// One disturbed run. Says whether the call was of a kind to which that can happen.
fn disturbed(seed: u64, at: u64, way: Way, tally: &mut Tally) -> Result<bool> {
    let mut sim = sim(seed);
    let met = |tally: &Tally| tally.met.values().sum::<u64>() + tally.false_syncs;
    let before = met(tally);
    sim.planned = match way {
        Way::Killed | Way::PowerLost(_) => Some((at, Trouble::Death, false)),
        Way::Broken => Some((at, Trouble::Broken, false)),
        Way::Unheard => Some((at, Trouble::Unheard, false)),
        Way::Full => Some((at, Trouble::Full, false)),
        Way::FullFromThere => Some((at, Trouble::Full, true)),
        Way::BrokenFromThere => Some((at, Trouble::Broken, true)),
        Way::FalselyClean => None,
    };
    if way == Way::FalselyClean {
        sim.disk.fail_sync_after(Some(at));
    }
    if let Way::PowerLost(luck) = way {
        sim.planned_crash = Some(Crash::Power);
        sim.disk.reseed(luck);
    }
    sim.go(tally)?;
    Ok(met(tally) > before)
}
