//! An object with its data, read as a principal.
#![allow(missing_docs, reason = "criterion makes public functions without documentation")]

use criterion::{Criterion, criterion_group, criterion_main};
use scoped_benches::Filled;

fn read(criterion: &mut Criterion) {
    let filled = Filled::in_memory(10_000).expect("a small world");
    let reading = filled.engine.session(filled.writer).expect("a session").reading();
    let mut objects = filled.objects.iter().cycle();
    criterion.bench_function("read", |bench| {
        bench.iter(|| {
            reading.read(*objects.next().expect("a cycle does not end")).expect("an object").data().len()
        });
    });
}

criterion_group!(benches, read);
criterion_main!(benches);
