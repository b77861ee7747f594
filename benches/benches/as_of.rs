//! The world at a moment that is not remembered: from the nearest one that is, or from record 1.
#![allow(missing_docs, reason = "criterion makes public functions without documentation")]

use criterion::{Criterion, criterion_group, criterion_main};
use scoped::{Sequence, temporal::Cutoff};
use scoped_benches::Filled;

/// More than are remembered.
const MOMENTS: u64 = 16;

fn as_of(criterion: &mut Criterion) {
    let filled = Filled::in_memory(2_000).expect("a small world");
    let head = filled.engine.history().head().get();
    // Backwards, so that no remembered moment lies before the next one that is asked for.
    let mut moments = (1..=MOMENTS).rev().map(|part| Sequence::new(head * part / MOMENTS)).cycle();
    criterion.bench_function("as of", |bench| {
        bench.iter(|| {
            let cutoff = Cutoff::At(moments.next().expect("a cycle does not end"));
            filled.engine.as_of(&cutoff).expect("a moment").moment().world().position()
        });
    });
}

criterion_group!(benches, as_of);
criterion_main!(benches);
