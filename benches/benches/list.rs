//! Pages of objects, read as a principal: one's own, and what a view from a scope shows.
#![allow(missing_docs, reason = "criterion makes public functions without documentation")]

use criterion::{Criterion, criterion_group, criterion_main};
use scoped::{ObjectQuery, Recall};
use scoped_benches::Filled;

/// Objects of a page.
const PAGE: usize = 50;

fn list(criterion: &mut Criterion) {
    let filled = Filled::in_memory(10_000).expect("a small world");
    let reading = filled.engine.session(filled.writer).expect("a session").reading();
    let founder = filled.engine.session(filled.engine.founder()).expect("a session").reading();
    let own = ObjectQuery { limit: PAGE, ..ObjectQuery::own() };
    assert_eq!(founder.find_objects(&own).expect("a page").objects.len(), PAGE);
    criterion.bench_function("list own objects", |bench| {
        bench.iter(|| founder.find_objects(&own).expect("a page").objects.len());
    });
    let view = Recall::from(filled.scope.clone()).limit(PAGE);
    assert_eq!(reading.recall(&view).expect("a page").records().count(), PAGE);
    criterion.bench_function("list a scope's view", |bench| {
        bench.iter(|| reading.recall(&view).expect("a page").records().count());
    });
}

criterion_group!(benches, list);
criterion_main!(benches);
