//! The fold alone: records that lie in memory become a world.
#![allow(missing_docs, reason = "criterion makes public functions without documentation")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use scoped::{Sequence, World};
use scoped_benches::Filled;
use std::hint::black_box;

fn fold(criterion: &mut Criterion) {
    let filled = Filled::in_memory(2_000).expect("a small world");
    for _ in 0..4 {
        filled.engine.execute(filled.updates(2_000).expect("updates")).expect("a receipt");
    }
    let (reader, head) = (filled.engine.history().reader(), filled.engine.history().head());
    let records: Vec<_> = reader.records(Sequence::new(1), head).collect::<Result<_, _>>().expect("records");
    let mut group = criterion.benchmark_group("fold");
    group.throughput(Throughput::Elements(records.len() as u64));
    group.bench_function("into an empty world", |bench| {
        bench.iter(|| {
            let mut world = World::default();
            records.iter().for_each(|record| world.fold(record).expect("a fold never fails on its own log"));
            black_box(world.position())
        });
    });
}

criterion_group!(benches, fold);
criterion_main!(benches);
