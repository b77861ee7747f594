//! What one decision costs, as the number of grants grows: a million objects, ten thousand principals, scopes eight nodes deep.
//!
//! The median is that of batches of 64 different questions, each batch timed as one: reading the clock is then a sixty-fourth of
//! a sample. The 99th percentile is of single decisions, each timed alone, with the median cost of reading the clock taken off;
//! on a machine with neighbours it is mostly theirs. Every answer is held against the one the question was drawn for.
//! Besides each kind by itself all of them are asked in turn, so that each batch holds as many of each: as yes or no, and with the reason.

use super::forest::{DEPTH, Forest, Kind, Question, may};
use super::load::engine;
use super::spread::{Times, median};
use scoped::{Capability, Durability, Engine, ObjectId, PrincipalId};
use serde::Serialize;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

/// Questions of each kind.
const QUESTIONS: usize = 100_000;
/// Rules bound across scopes, in the last of the worlds.
const RULES: u32 = 1_000;
/// Questions that are timed as one.
const BATCH: usize = 64;

/// Decisions of one kind in a world of one size.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Decision {
    /// How it is answered.
    pub kind: Kind,
    /// Memberships in the world.
    pub grants: u32,
    /// Rules bound across the scopes.
    pub rules: u32,
    /// The median of batches, of one decision.
    pub p50_ns: f64,
    /// The same where each batch is one call.
    pub together_ns: f64,
    /// All but one in a hundred single decisions.
    pub p99_ns: u64,
}

/// All kinds in equal shares, in a world of one size.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Mix {
    /// Memberships in the world.
    pub grants: u32,
    /// Rules bound across the scopes.
    pub rules: u32,
    /// Asked with the reason (`Engine::check`), or as yes or no (`Engine::allows`).
    pub with_reason: bool,
    /// The median of batches, of one decision.
    pub p50_ns: f64,
    /// All but one in a hundred single decisions.
    pub p99_ns: u64,
}

/// Decisions as the number of grants grows.
#[derive(Debug, Clone, Serialize)]
pub struct Decisions {
    /// Objects in the world.
    pub objects: u32,
    /// Principals in the world.
    pub principals: u32,
    /// Nodes from an object's scope to its root, both counted.
    pub depth: usize,
    /// Of each kind and size.
    pub of: Vec<Decision>,
    /// All kinds in turn, for each size.
    pub mixed: Vec<Mix>,
    /// Median with the most grants against that with the fewest: the worst of the kinds.
    pub growth: f64,
}

pub(super) fn measure(directory: &Path, large: bool) -> anyhow::Result<Decisions> {
    let forest = if large {
        Forest { objects: 1_000_000, principals: 10_000 }
    } else {
        Forest { objects: 100_000, principals: 1_000 }
    };
    let steps: &[(u32, u32)] = if large {
        &[(10_000, 0), (100_000, 0), (1_000_000, 0), (1_000_000, RULES)]
    } else {
        &[(1_000, 0), (10_000, 0), (10_000, RULES)]
    };
    let engine = engine(directory, Durability::Buffered { sync_every: Duration::from_secs(1) })?;
    forest.build(&engine)?;
    let (mut of, mut mixed, mut before) = (Vec::new(), Vec::new(), (0, 0));
    for (grants, rules) in steps.iter().copied() {
        forest.grant_up_to(&engine, before.0, grants)?;
        Forest::bind_up_to(&engine, before.1, rules)?;
        before = (grants, rules);
        let mut turns = Vec::new();
        for kind in Kind::ALL {
            let questions = forest.questions(kind, grants, QUESTIONS);
            let (p50_ns, p99_ns) = ask(&asked(kind, &questions), |of| may(&engine, of.0, of.1))?;
            let together_ns = together(&engine, kind, &questions)?;
            of.push(Decision { kind, grants, rules, p50_ns, together_ns, p99_ns });
            turns.push(asked(kind, &questions));
        }
        let turns: Vec<Asked> = (0..QUESTIONS)
            .filter_map(|nth| turns[nth % turns.len()].get(nth / turns.len()).copied())
            .collect();
        let check = |of: Who| engine.check(&scoped::Question::new(of.0, Capability::Write, of.1)).allowed;
        for with_reason in [false, true] {
            let (p50_ns, p99_ns) =
                if with_reason { ask(&turns, check)? } else { ask(&turns, |of| may(&engine, of.0, of.1))? };
            mixed.push(Mix { grants, rules, with_reason, p50_ns, p99_ns });
        }
    }
    let growth = Kind::ALL.iter().map(|kind| {
        let mut own = of
            .iter()
            .filter(|decision| decision.kind == *kind && decision.rules == 0)
            .map(|decision| decision.p50_ns);
        let first = own.next().unwrap_or(1.0);
        own.next_back().unwrap_or(first) / first
    });
    let growth = growth.fold(0.0, f64::max);
    Ok(Decisions { objects: forest.objects, principals: forest.principals, depth: DEPTH, of, mixed, growth })
}

/// The median of a decision where a batch is one call.
fn together(engine: &Engine, kind: Kind, questions: &[Question]) -> anyhow::Result<f64> {
    let asked: Vec<_> = questions.iter().map(Question::asked).collect();
    let mut batches = Vec::with_capacity(asked.len() / BATCH);
    for batch in asked.chunks_exact(BATCH) {
        let begun = Instant::now();
        let found = engine.read(|moment| moment.decisions(black_box(batch)));
        batches.push(begun.elapsed().as_nanos() as f64 / BATCH as f64);
        let right = found.iter().all(|decision| decision.allowed == kind.allows());
        anyhow::ensure!(right, "{kind:?}: a question among others is answered otherwise");
    }
    Ok(median(batches))
}

/// Who asks about what.
type Who = (PrincipalId, ObjectId);
/// The same, with the kind of question that it is.
type Asked = (Kind, Who);

/// What draws ids is not what decides.
fn asked(kind: Kind, questions: &[Question]) -> Vec<Asked> {
    let ids = |of: &Question| (Forest::principal(of.principal), Forest::object(of.object));
    questions.iter().map(|question| (kind, ids(question))).collect()
}

/// The median of a decision in batches, and the 99th percentile of single ones, in ns.
fn ask(asked: &[Asked], decide: impl Fn(Who) -> bool) -> anyhow::Result<(f64, u64)> {
    for (kind, question) in asked.iter().take(1_000) {
        let right = decide(*question) == kind.allows();
        anyhow::ensure!(right, "{kind:?}: {question:?} is answered otherwise");
    }
    let mut batches = Vec::with_capacity(asked.len() / BATCH);
    for batch in asked.chunks_exact(BATCH) {
        let begun = Instant::now();
        for (_, question) in batch {
            black_box(decide(black_box(*question)));
        }
        batches.push(begun.elapsed().as_nanos() as f64 / BATCH as f64);
    }
    let (mut times, mut clock) = (Times::new()?, Times::new()?);
    for (_, question) in asked {
        let begun = Instant::now();
        black_box(decide(black_box(*question)));
        times.record(begun.elapsed());
        let begun = Instant::now();
        clock.record(black_box(begun.elapsed()));
    }
    let p99 = times.spread().p99_ns.saturating_sub(clock.spread().p50_ns);
    Ok((median(batches), p99))
}
