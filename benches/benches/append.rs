//! One batch of a thousand updates: decided, framed, hashed, chained, published. No disk.
#![allow(missing_docs, reason = "criterion makes public functions without documentation")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use scoped_benches::Filled;

const STEPS: u64 = 1_000;

fn append(criterion: &mut Criterion) {
    let filled = Filled::in_memory(1_000).expect("a small world");
    let mut group = criterion.benchmark_group("append");
    group.throughput(Throughput::Elements(STEPS));
    group.bench_function("batch of 1000, in memory", |bench| {
        let batch = || filled.updates(STEPS).expect("updates");
        bench.iter_batched(batch, |batch| filled.engine.execute(batch), BatchSize::LargeInput);
    });
}

criterion_group!(benches, append);
criterion_main!(benches);
