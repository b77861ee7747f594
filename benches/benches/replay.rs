//! A log on disk read from record 1 and folded, checksums verified.
#![allow(missing_docs, reason = "criterion makes public functions without documentation")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use scoped::History;
use scoped_benches::closed_log;

fn replay(criterion: &mut Criterion) {
    let directory = closed_log(2_000).expect("a log");
    let (history, _) = History::open(directory.path()).expect("a log");
    let mut group = criterion.benchmark_group("replay");
    group.throughput(Throughput::Elements(history.head().get()));
    group.bench_function("from record 1", |bench| {
        bench.iter(|| history.replay(history.head(), &mut |_| {}).expect("a world"))
    });
}

criterion_group!(benches, replay);
criterion_main!(benches);
