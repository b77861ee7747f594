//! What was measured, as plain values: printed by `run`, or written as JSON.
//!
//! Units stand in the names: `_ns`, `_us`, `_s`, `_bytes`; a `ratio` compares with the floor measured in the same run.

use super::conditions::Conditions;
use super::decisions::Decisions;
use super::growth::Growth;
use super::open::Open;
use super::proofs::Proofs;
use super::spread::Spread;
use serde::Serialize;

/// Everything one run found out.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Where and when it ran.
    #[serde(flatten)]
    pub conditions: Conditions,
    /// What was asked for.
    #[serde(flatten)]
    pub measured: Measured,
    /// Each goal, met or missed; empty when the machine was busy.
    pub verdicts: Vec<Verdict>,
}

/// The figures, section by section.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Measured {
    /// Throughput of commits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
    /// A caller who waits for its own sync.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// Verification against bare hashing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
    /// Replay from the first record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
    /// Opening a long log, and going back in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<Open>,
    /// Proofs and checkpoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proofs: Option<Proofs>,
    /// Authorization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// Decisions, as the number of grants grows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decisions: Option<Decisions>,
    /// Reading objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Read>,
    /// Reading objects while somebody writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beside: Option<Beside>,
    /// Every operation, as the log grows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth: Option<Growth>,
    /// Import of a real history.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub import: Vec<Import>,
}

/// Writers that keep many batches in flight, against one thread that hashes, copies, writes and syncs.
#[derive(Debug, Clone, Serialize)]
pub struct Commit {
    /// Writing threads.
    pub writers: usize,
    /// Commands in a batch.
    pub batch: usize,
    /// Bytes of a command's data.
    pub payload_bytes: usize,
    /// Bytes of a record in the log.
    pub record_bytes: usize,
    /// When a receipt is given.
    pub durability: &'static str,
    /// Batches that a writer keeps in flight.
    pub window: usize,
    /// Events acknowledged.
    pub events: u64,
    /// Events a second; the median of the rounds.
    pub events_per_s: f64,
    /// Events a second of the floor, likewise.
    pub floor_per_s: f64,
    /// The first as a part of the second: the median of the rounds' own ratios.
    pub ratio: f64,
    /// Events in a group, on average.
    pub group_events: f64,
    /// From submitting to the receipt.
    pub latency: Spread,
}

/// One caller, one batch at a time, each with a sync of its own.
#[derive(Debug, Clone, Serialize)]
pub struct Latency {
    /// Of a command, from the call to the receipt.
    pub command: Spread,
    /// Of a bare write and sync of as many bytes.
    pub bare: Spread,
    /// Medians compared.
    pub ratio: f64,
}

/// Verification of a whole log.
#[derive(Debug, Clone, Serialize)]
pub struct Verify {
    /// Records in the log.
    pub records: u64,
    /// Bytes of the log.
    pub bytes: u64,
    /// With one thread, against one thread of bare hashing.
    pub one: Rate,
    /// With all cores, against as many threads of bare hashing.
    pub all: Rate,
    /// Threads for the latter.
    pub threads: usize,
}

/// A rate and the floor's.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Rate {
    /// Records a second.
    pub per_s: f64,
    /// Records a second of the floor.
    pub floor_per_s: f64,
    /// The first as a part of the second.
    pub ratio: f64,
}

/// Replay of the same log.
#[derive(Debug, Clone, Serialize)]
pub struct Replay {
    /// Events in the log.
    pub events: u64,
    /// Events a second; the median of the runs.
    pub events_per_s: f64,
    /// Bytes of the log a second.
    pub bytes_per_s: f64,
}

/// Authorization checks of random principals on random objects.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Objects in the world.
    pub objects: u32,
    /// Principals in the world.
    pub principals: u32,
    /// Nodes from an object's scope to its root, both counted.
    pub depth: u32,
    /// Of one check on any object, reading the clock included.
    pub latency: Spread,
    /// Of one check on a hot set of objects, likewise.
    pub hot: Spread,
    /// Of reading the clock, which is part of every sample.
    pub clock: Spread,
    /// Median on any object, without the clock.
    pub p50_ns: u64,
    /// Median on the hot set, without the clock.
    pub hot_p50_ns: u64,
    /// How many were allowed, of all.
    pub allowed: f64,
}

/// Reads of random objects against bare maps that hold the same data.
#[derive(Debug, Clone, Serialize)]
pub struct Read {
    /// Objects in the world.
    pub objects: u32,
    /// Bytes of each object's data.
    pub payload_bytes: usize,
    /// Each look-up waits for what the one before found, as a caller does who acts on what it reads.
    pub one_by_one: Looks,
    /// Independent look-ups in a row: short ones overlap in the processor, long ones cannot.
    pub overlapped: Looks,
}

/// Times of one look, in ns: medians of many turns.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Looks {
    /// A read as a principal: authorized, data in the mapped log.
    pub read_ns: f64,
    /// A look-up of such ids in a map with the engine's hash.
    pub map_ns: f64,
    /// The same with the hash of the standard library.
    pub std_map_ns: f64,
    /// Read against the first map.
    pub ratio: f64,
    /// Read against the map of the standard library.
    pub std_ratio: f64,
}

/// One thread that reads, each read timed alone with the clock, while nobody writes and while somebody does.
#[derive(Debug, Clone, Serialize)]
pub struct Beside {
    /// Objects that are read.
    pub objects: u32,
    /// While nobody writes.
    pub alone: Spread,
    /// While one caller writes, each commit with a sync.
    pub synced: Spread,
    /// While one caller keeps many commits in flight.
    pub flat_out: Spread,
    /// Events a second of the former writer.
    pub synced_per_s: f64,
    /// Events a second of the latter.
    pub flat_out_per_s: f64,
    /// 99th percentile beside the former writer, as a multiple of that alone.
    pub synced_p99_ratio: f64,
    /// 99th percentile beside the latter, likewise.
    pub flat_out_p99_ratio: f64,
}

/// Import of a git history.
#[derive(Debug, Clone, Serialize)]
pub struct Import {
    /// The history's name.
    pub history: String,
    /// `buffered` or `synced`.
    pub durability: &'static str,
    /// Events that it came to.
    pub events: u64,
    /// Wall-clock seconds, reading and parsing included.
    pub seconds: f64,
    /// Events a second.
    pub events_per_s: f64,
    /// Replay of what was imported, events a second.
    pub replay_per_s: f64,
}

/// A goal, and whether this run met it.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// What was to be reached.
    pub goal: &'static str,
    /// The figure that counts.
    pub figure: f64,
    /// What it is to be held against.
    pub bound: f64,
    /// Did it?
    pub met: bool,
}

impl Measured {
    /// Each goal of the project that this run has a figure for.
    pub(super) fn judge(&self) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        let at_least = |goal, figure: f64, bound: f64| Verdict { goal, figure, bound, met: figure >= bound };
        let at_most = |goal, figure: f64, bound: f64| Verdict { goal, figure, bound, met: figure <= bound };
        if let Some(commit) = &self.commit
            && commit.durability == "synced"
        {
            verdicts.push(at_least("group commit, part of the floor", commit.ratio, 0.9));
        }
        if let Some(latency) = &self.latency {
            verdicts.push(at_most("own sync, p50 in bare write + sync", latency.ratio, 1.1));
        }
        if let Some(verify) = &self.verify {
            verdicts.push(at_least("verify on one core, part of bare hashing", verify.one.ratio, 0.85));
            verdicts.push(at_least("verify on all cores, part of bare hashing", verify.all.ratio, 0.85));
        }
        if let Some(replay) = &self.replay {
            verdicts.push(at_least("replay, events/s", replay.events_per_s, 3e6));
        }
        if let Some(open) = &self.open {
            let behind = open.open_s - open.floor_s;
            verdicts.push(at_most("opening, s beyond reading the snapshot", behind, 1.0));
            verdicts.push(at_most("a world of the past, nothing at hand, s", open.cold_s.1, 1.0));
            verdicts.push(at_most("a world of the past, a near one at hand, ms", open.near_ms, 5.0));
        }
        if let Some(proofs) = &self.proofs {
            let slowest = proofs.inclusion.p99_ns.max(proofs.consistency.p99_ns);
            verdicts.push(at_most("a proof with tiles, p99 in µs", slowest as f64 / 1e3, 1_000.0));
            let extra = proofs.checkpoint_us / proofs.signature_us;
            verdicts.push(at_most("a checkpoint, in signatures", extra, 1.2));
        }
        if let Some(check) = &self.check {
            verdicts.push(at_most("check on hot objects, p50 in ns", check.hot_p50_ns as f64, 500.0));
            verdicts.push(at_most("check on any object, p50 in ns", check.p50_ns as f64, 500.0));
        }
        if let Some(decisions) = &self.decisions {
            let worst = |of: &dyn Fn(&super::decisions::Decision) -> f64| {
                decisions.of.iter().map(of).fold(0.0, f64::max)
            };
            verdicts.push(at_most("decision, p50 in ns, the worst kind", worst(&|it| it.p50_ns), 500.0));
            verdicts.push(at_most(
                "decision, p99 in ns, the worst kind",
                worst(&|it| it.p99_ns as f64),
                2_000.0,
            ));
            let mixed = [
                (false, "decision, p50 in ns, all kinds", "decision, p99 in ns, all kinds"),
                (true, "the same with the reason, p50 in ns", "the same with the reason, p99 in ns"),
            ];
            for (with_reason, p50, p99) in mixed {
                let own = || decisions.mixed.iter().filter(|it| it.with_reason == with_reason);
                verdicts.push(at_most(p50, own().map(|it| it.p50_ns).fold(0.0, f64::max), 500.0));
                verdicts.push(at_most(p99, own().map(|it| it.p99_ns as f64).fold(0.0, f64::max), 2_000.0));
            }
            verdicts.push(at_most(
                "decision, median with most grants in that with fewest",
                decisions.growth,
                1.5,
            ));
        }
        if let Some(read) = &self.read {
            let (one, all) = (read.one_by_one.ratio, read.overlapped.ratio);
            verdicts.push(at_most("reading an object, in map look-ups, one by one", one, 2.5));
            verdicts.push(at_most("reading an object, in map look-ups, overlapped", all, 2.5));
        }
        if let Some(beside) = &self.beside {
            let (synced, full) = (beside.synced_p99_ratio, beside.flat_out_p99_ratio);
            verdicts.push(at_most("read beside own syncs, p99 in that alone", synced, 1.5));
            verdicts.push(at_most("read beside a full load, p99 in that alone", full, 1.5));
        }
        for import in &self.import {
            let (goal, bound) = match import.durability {
                "synced" => ("import with group commit, events/s", 2e5),
                _ => ("import without sync, events/s", 3e5),
            };
            verdicts.push(at_least(goal, import.events_per_s, bound));
            verdicts.push(at_least("replay of the import, events/s", import.replay_per_s, 1e6));
        }
        verdicts
    }
}
