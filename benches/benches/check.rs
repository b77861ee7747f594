//! May they? An object eight nodes deep, its writer a member of the root.
#![allow(missing_docs, reason = "criterion makes public functions without documentation")]

use criterion::{Criterion, criterion_group, criterion_main};
use scoped::Capability;
use scoped_benches::Filled;

fn check(criterion: &mut Criterion) {
    let filled = Filled::in_memory(10_000).expect("a small world");
    let mut objects = filled.objects.iter().cycle();
    criterion.bench_function("check, depth 8", |bench| {
        bench.iter(|| {
            let object = *objects.next().expect("a cycle does not end");
            filled.engine.read(|moment| {
                moment.can(filled.writer, Capability::Write, moment.object_target(object)).allowed
            })
        });
    });
}

criterion_group!(benches, check);
criterion_main!(benches);
