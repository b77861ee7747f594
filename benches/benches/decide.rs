//! May they? Every kind of answer, in a forest of scopes eight nodes deep, without rules and with a thousand of them bound across it.
//!
//! A million objects and a million grants; as a test a small forest, so that it stays one of seconds.
#![allow(missing_docs, reason = "criterion makes public functions without documentation")]

use criterion::{Criterion, criterion_group, criterion_main};
use scoped::{Engine, log::MemoryStorage};
use scoped_benches::{is_test, options};
use scoped_tools::bench::forest::{Forest, Kind, may};
use std::sync::Arc;

const RULES: u32 = 1_000;
/// Different questions of each kind: of any object there are more than a cache holds.
const QUESTIONS: usize = 65_536;

fn decide(criterion: &mut Criterion) {
    let small = is_test();
    let (forest, grants) = if small {
        (Forest { objects: 70_000, principals: 400 }, 4_000)
    } else {
        (Forest { objects: 1_000_000, principals: 10_000 }, 1_000_000)
    };
    let engine = Engine::on(Arc::new(MemoryStorage::new()), options()).expect("an engine");
    forest.build(&engine).expect("a forest");
    forest.grant_up_to(&engine, 0, grants).expect("grants");
    for rules in [0, RULES] {
        Forest::bind_up_to(&engine, 0, rules).expect("rules");
        let mut group = criterion.benchmark_group(format!("decide, {rules} rules"));
        for kind in Kind::ALL {
            let drawn = forest.questions(kind, grants, if small { 256 } else { QUESTIONS });
            let mut asked = drawn
                .iter()
                .map(|of| (Forest::principal(of.principal), Forest::object(of.object)))
                .collect::<Vec<_>>()
                .into_iter()
                .cycle();
            group.bench_function(kind.as_str(), |bench| {
                bench.iter(|| {
                    let (actor, object) = asked.next().expect("a cycle does not end");
                    assert_eq!(may(&engine, actor, object), kind.allows());
                });
            });
        }
    }
}

criterion_group!(benches, decide);
criterion_main!(benches);
