//! Every sum of a log on disk, on one thread.
#![allow(missing_docs, reason = "criterion makes public functions without documentation")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use scoped::log::{FileStorage, Storage, VerifyOptions, verify};
use scoped_benches::closed_log;
use std::sync::Arc;

fn verification(criterion: &mut Criterion) {
    let directory = closed_log(2_000).expect("a log");
    let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(directory.path()));
    let options = VerifyOptions { threads: 1, ..VerifyOptions::default() };
    let records = verify(&storage, &options, &|_| {}).expect("a report").records;
    let mut group = criterion.benchmark_group("verify");
    group.throughput(Throughput::Elements(records));
    group.bench_function("one thread", |bench| {
        bench.iter(|| assert!(verify(&storage, &options, &|_| {}).expect("a report").is_clean()));
    });
}

criterion_group!(benches, verification);
criterion_main!(benches);
