//! Opening a log and closing it again: by replay, and from a snapshot.
#![allow(missing_docs, reason = "criterion makes public functions without documentation")]

use criterion::{Criterion, criterion_group, criterion_main};
use scoped::Engine;
use scoped_benches::{closed_log, options};

fn open(criterion: &mut Criterion) {
    let directory = closed_log(2_000).expect("a log");
    let open = || Engine::open_with(directory.path(), options()).expect("an engine");
    let mut group = criterion.benchmark_group("open and close");
    group.bench_function("by replay", |bench| bench.iter(|| open().close().expect("closed")));
    let engine = open();
    engine.snapshot().expect("a snapshot");
    engine.close().expect("closed");
    group.bench_function("from a snapshot", |bench| bench.iter(|| open().close().expect("closed")));
}

criterion_group!(benches, open);
criterion_main!(benches);
