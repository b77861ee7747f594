//! A real history of 2 215 commits, read, parsed and imported into memory.
#![allow(missing_docs, reason = "criterion makes public functions without documentation")]

use criterion::{Criterion, criterion_group, criterion_main};
use scoped::{Engine, log::MemoryStorage};
use scoped_benches::options;
use scoped_tools::import::git::import;
use std::path::Path;
use std::sync::Arc;

fn history(criterion: &mut Criterion) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/git-history/ripgrep.history.gz");
    let mut group = criterion.benchmark_group("import");
    group.sample_size(10);
    group.bench_function("ripgrep, in memory", |bench| {
        bench.iter(|| {
            let engine = Engine::on(Arc::new(MemoryStorage::new()), options()).expect("an engine");
            import(&engine, engine.founder(), &source, Some("ripgrep"), &mut |_| {})
                .expect("an import")
                .events
        });
    });
}

criterion_group!(benches, history);
criterion_main!(benches);
