//! Decisions under an instruction counter, where clocks say little because others share the machine:
//!
//! ```text
//! cargo build --release -p scoped-benches --example decisions
//! valgrind --tool=callgrind --cache-sim=yes --LL=1048576,16,64 target/release/examples/decisions 20000
//! callgrind_annotate --inclusive=yes --show-percs=no callgrind.out.* | grep asked_
//! ```
//!
//! Each kind of question is asked by a function of its own, so that the counter tells them apart; what it gives, divided by
//! [`QUESTIONS`], is the cost of one. The small last-level cache makes up for the small forest.
#![allow(clippy::print_stdout, reason = "a program")]

use scoped::{Engine, ObjectId, PrincipalId, log::MemoryStorage};
use scoped_benches::options;
use scoped_tools::bench::forest::{Forest, Kind, may};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

/// Questions of each kind, unless the fourth argument says otherwise.
const QUESTIONS: u32 = 4_096;
/// Questions that are timed as one for the median. The 99th percentile is of single ones, the clock's own time included.
const BATCH: usize = 64;
const RULES: u32 = 1_000;

type Asked<'a> = (&'a Engine, &'a [(PrincipalId, ObjectId)]);

fn count((engine, asked): Asked<'_>) -> usize {
    asked.iter().filter(|(actor, object)| may(engine, *actor, *object)).count()
}

fn timed(asked: Asked<'_>) -> f64 {
    let begun = Instant::now();
    black_box(count(asked));
    begun.elapsed().as_nanos() as f64 / asked.1.len() as f64
}

fn sorted(times: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut times: Vec<f64> = times.collect();
    times.sort_by(f64::total_cmp);
    times
}

/// The name keeps functions that do the same from being made one.
#[inline(always)]
fn named(name: &str, asked: Asked<'_>) -> usize {
    black_box(name);
    count(asked)
}

macro_rules! asked {
    ($($kind:ident $plain:ident $ruled:ident;)+) => {
        $(#[inline(never)]
        fn $plain(asked: Asked<'_>) -> usize { named(stringify!($plain), asked) }
        #[inline(never)]
        fn $ruled(asked: Asked<'_>) -> usize { named(stringify!($ruled), asked) })+
        fn ask(kind: Kind, rules: u32, asked: Asked<'_>) -> usize {
            match (kind, rules) { $((Kind::$kind, 0) => $plain(asked), (Kind::$kind, _) => $ruled(asked),)+ }
        }
    };
}

asked! {
    Direct asked_direct asked_ruled_direct;
    Inherited asked_inherited asked_ruled_inherited;
    Root asked_root asked_ruled_root;
    Projected asked_projected asked_ruled_projected;
    Group asked_group asked_ruled_group;
    Default asked_default asked_ruled_default;
    Denied asked_denied asked_ruled_denied;
    Unknown asked_unknown asked_ruled_unknown;
    Hot asked_hot asked_ruled_hot;
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let number = |nth, otherwise| std::env::args().nth(nth).map_or(Ok(otherwise), |text| text.parse());
    let (grants, objects, principals) = (number(1, 20_000)?, number(2, 70_000)?, number(3, 1_000)?);
    let questions = number(4, QUESTIONS)? as usize;
    let forest = Forest { objects, principals };
    let engine = Engine::on(Arc::new(MemoryStorage::new()), options())?;
    forest.build(&engine)?;
    forest.grant_up_to(&engine, 0, grants)?;
    for rules in [0, RULES] {
        Forest::bind_up_to(&engine, 0, rules)?;
        for kind in Kind::ALL {
            // Those that are timed are not those that were counted.
            let drawn = forest.questions(kind, grants, 2 * questions);
            let all: Vec<_> =
                drawn.iter().map(|of| (Forest::principal(of.principal), Forest::object(of.object))).collect();
            let (asked, timed_ones) = all.split_at(questions);
            let allowed = ask(kind, rules, (&engine, asked));
            let batches = sorted(timed_ones.chunks_exact(BATCH).map(|batch| timed((&engine, batch))));
            let single = sorted(timed_ones.iter().map(|one| timed((&engine, std::slice::from_ref(one)))));
            assert_eq!(allowed, if kind.allows() { questions } else { 0 }, "{kind:?}");
            let (p50, p99) = (batches[batches.len() / 2], single[single.len() * 99 / 100]);
            println!("{:<24} {rules:>5} rules  p50 {p50:>6.0} ns  p99 {p99:>6.0} ns", kind.as_str());
        }
    }
    Ok(())
}
