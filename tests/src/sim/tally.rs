//! What all runs together have been through: a simulator that never reaches something tests nothing there.

use scoped::log::storage::{Call, Trouble};
use std::collections::BTreeMap;
use std::fmt;

/// What came of lies of the disk of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// How many were told.
    pub tried: u64,
    /// Found by `verify`, or refused when the log was opened.
    pub found: u64,
    /// They hit nothing that anybody was promised.
    pub harmless: u64,
    /// The known limit: the very last group, with nothing behind it, and a `HEAD` that is older.
    pub limit: u64,
}

/// Counts over all runs.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Runs.
    pub seeds: u64,
    /// Calls of the storage.
    pub calls: u64,
    /// Crashes: each is followed by a recovery that is looked at, or by a crash in that.
    pub crashes: u64,
    /// Crashes at a call of the storage; the others fell between two.
    pub crashes_at_a_call: u64,
    /// Crashes while the log was being opened.
    pub crashes_while_opening: u64,
    /// Crashes that took the power too.
    pub power: u64,
    /// Times that the log was opened and looked at.
    pub opened: u64,
    /// How it was found.
    pub verdicts: BTreeMap<String, u64>,
    /// Batches that were acknowledged.
    pub acknowledged: u64,
    /// Batches whose callers were told that the outcome is unknown, or were told nothing.
    pub unknown: u64,
    /// Those of them that were in the log.
    pub unknown_kept: u64,
    /// Acknowledged before their sync, which the power was lost before.
    pub only_buffered: u64,
    /// Refusals by code.
    pub refused: BTreeMap<&'static str, u64>,
    /// Batches sent again under their key.
    pub sent_again: u64,
    /// Writers that were found poisoned and tried once more.
    pub poisoned: u64,
    /// Rollbacks that were carried out.
    pub rollbacks: u64,
    /// Snapshots that were written.
    pub snapshots: u64,
    /// Read-only openings, of crashed logs and beside a writer.
    pub followers: u64,
    /// Seals, footers and `HEAD`s that a loss of power left cut inside of a sector, which `verify` names until the log is opened.
    pub torn_ends: u64,
    /// Jumps of the clock.
    pub jumps: u64,
    /// Syncs that failed and left the cache falsely clean.
    pub false_syncs: u64,
    /// Looks at payloads of data subjects that could be read.
    pub sealed: u64,
    /// Looks at payloads of data subjects that are erased.
    pub erased: u64,
    /// What went wrong with calls.
    pub met: BTreeMap<(Call, Trouble), u64>,
    /// Lies of the disk, by kind.
    pub lies: BTreeMap<&'static str, Told>,
}

impl Tally {
    /// Adds what another thread counted.
    pub fn add(&mut self, other: Self) {
        fn all<K: Ord>(into: &mut BTreeMap<K, u64>, from: BTreeMap<K, u64>) {
            for (key, count) in from {
                *into.entry(key).or_default() += count;
            }
        }
        self.seeds += other.seeds;
        self.calls += other.calls;
        self.crashes += other.crashes;
        self.crashes_at_a_call += other.crashes_at_a_call;
        self.crashes_while_opening += other.crashes_while_opening;
        self.power += other.power;
        self.opened += other.opened;
        self.acknowledged += other.acknowledged;
        self.unknown += other.unknown;
        self.unknown_kept += other.unknown_kept;
        self.only_buffered += other.only_buffered;
        self.sent_again += other.sent_again;
        self.poisoned += other.poisoned;
        self.rollbacks += other.rollbacks;
        self.snapshots += other.snapshots;
        self.followers += other.followers;
        self.torn_ends += other.torn_ends;
        self.jumps += other.jumps;
        self.false_syncs += other.false_syncs;
        self.sealed += other.sealed;
        self.erased += other.erased;
        all(&mut self.verdicts, other.verdicts);
        all(&mut self.refused, other.refused);
        all(&mut self.met, other.met);
        for (kind, told) in other.lies {
            let into = self.lies.entry(kind).or_default();
            into.tried += told.tried;
            into.found += told.found;
            into.harmless += told.harmless;
            into.limit += told.limit;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} crashes in {} runs: {} at a call, {} while opening, {} with the power; {} calls of the storage",
            self.crashes,
            self.seeds,
            self.crashes_at_a_call,
            self.crashes_while_opening,
            self.power,
            self.calls
        )?;
        writeln!(f, "opened and looked at {} times: {:?}", self.opened, self.verdicts)?;
        writeln!(
            f,
            "{} batches acknowledged, none lost; {} of unknown outcome, of which {} were kept, none in part; the power went before the sync of {}",
            self.acknowledged, self.unknown, self.unknown_kept, self.only_buffered
        )?;
        writeln!(
            f,
            "{} sent again under their key, {} rollbacks, {} snapshots, {} read-only openings, {} jumps of the clock",
            self.sent_again, self.rollbacks, self.snapshots, self.followers, self.jumps
        )?;
        writeln!(
            f,
            "{} endings cut inside of a sector, named by `verify` until the log was opened",
            self.torn_ends
        )?;
        writeln!(
            f,
            "{} looks at payloads of data subjects that could be read, {} at payloads of erased ones that could not",
            self.sealed, self.erased
        )?;
        writeln!(f, "{} poisoned writers, none of which acknowledged anything", self.poisoned)?;
        for ((call, trouble), count) in &self.met {
            writeln!(f, "  {count:>9}  {trouble:?} at {call:?}")?;
        }
        writeln!(f, "  {:>9}  Broken at Sync, the cache falsely clean", self.false_syncs)?;
        for (kind, told) in &self.lies {
            writeln!(
                f,
                "  {:>9}  lies: {kind}: {} found, {} harmless, {} at the known limit",
                told.tried, told.found, told.harmless, told.limit
            )?;
        }
        write!(f, "refused: {:?}", self.refused)
    }
}
