//! Two thousand commands in flight at once, sharing syncs.
#![allow(missing_docs, reason = "criterion makes public functions without documentation")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use scoped::{Batch, Durability};
use scoped_benches::{Filled, directory};

const IN_FLIGHT: u64 = 2_000;

fn group_commit(criterion: &mut Criterion) {
    let directory = directory();
    let filled = Filled::on_disk(directory.path(), 1_000, Durability::Synced).expect("a small world");
    let mut group = criterion.benchmark_group("group commit");
    group.throughput(Throughput::Elements(IN_FLIGHT));
    group.bench_function("2000 in flight, synced", |bench| {
        let commands = || -> Vec<Batch> {
            let one = |number| Batch::new().with(filled.writer, filled.update(number).expect("an update"));
            (0..IN_FLIGHT).map(one).collect()
        };
        let commit = |batches: Vec<Batch>| {
            let pending: Vec<_> = batches.into_iter().map(|batch| filled.engine.submit(batch)).collect();
            // Receipts come in order: the last one is the latest.
            pending
                .into_iter()
                .rev()
                .for_each(|pending| drop(pending.and_then(scoped::Pending::wait).expect("a receipt")));
        };
        bench.iter_batched(commands, commit, BatchSize::LargeInput);
    });
}

criterion_group!(benches, group_commit);
criterion_main!(benches);
