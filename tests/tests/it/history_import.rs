//! Two long, real histories: every commit of ripgrep and redis, compared with what git itself says at sixty moments each.
//!
//! `INDEX SHA FILES DIGEST`: DIGEST is the SHA-256 over the `PATH<TAB>BLOB<LF>` lines of the live files, sorted by the bytes of
//! the path, with the tree of commit SHA checked out.

use crate::support::{package_file, replayed};
use scoped::log::{FileStorage, Storage, VerifyOptions, verify};
use scoped::temporal::{Cutoff, Selection};
use scoped::{Engine, Moment, Options, Policy};
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::sync::Arc;

/// A row of the truth.
struct Row {
    sha: String,
    files: usize,
    digest: String,
}

fn truth(name: &str) -> Vec<Row> {
    let text = std::fs::read_to_string(package_file(&format!("data/git-history/{name}.truth.tsv"))).unwrap();
    let row = |line: &str| {
        let words: Vec<&str> = line.split('\t').collect();
        Row { sha: words[1].to_owned(), files: words[2].parse().unwrap(), digest: words[3].to_owned() }
    };
    text.lines().filter(|line| !line.is_empty()).map(row).collect()
}

/// Number and digest of the live files of a moment.
fn files(moment: &Moment<'_>) -> (usize, String) {
    let mut lines: Vec<(String, String)> = Vec::new();
    for info in moment.objects(None).unwrap().into_iter().filter(|info| info.object_type == "file") {
        let value = moment.data(info.object).unwrap().value().unwrap();
        let field = |name: &str| value[name].as_str().unwrap().to_owned();
        lines.push((field("path"), field("blob")));
    }
    lines.sort();
    let mut hasher = Sha256::new();
    for (path, blob) in &lines {
        hasher.update(format!("{path}\t{blob}\n"));
    }
    (lines.len(), hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn check(moment: &Moment<'_>, row: &Row, what: &str) {
    assert_eq!(files(moment), (row.files, row.digest.clone()), "{what} {}", row.sha);
}

fn is_clean(directory: &Path) {
    let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(directory));
    let report = verify(&storage, &VerifyOptions::default(), &|_| ()).unwrap();
    assert!(report.is_clean(), "{:?}", report.first_bad());
}

fn import(name: &str) {
    let directory = tempfile::tempdir().unwrap();
    let durability = scoped::Durability::Buffered { sync_every: std::time::Duration::from_secs(1) };
    let engine = Engine::open_with(directory.path(), Options::default().durability(durability)).unwrap();
    let source = package_file(&format!("data/git-history/{name}.history.gz"));
    let summary =
        scoped_tools::import::git::import(&engine, engine.founder(), &source, Some(name), &mut |_| ())
            .unwrap();
    assert!(summary.commits > 2_000, "{} commits", summary.commits);

    let rows = truth(name);
    assert!(rows.len() > 50);
    for row in &rows {
        let past = engine.as_of(&Cutoff::Mark(row.sha.clone())).unwrap();
        check(&past.moment(), row, "as of");
    }

    // The whole organisation goes back to a moment half way, and from there to the first one.
    let ada = engine.session(engine.founder()).unwrap();
    let org = scoped::ScopeRef::Path(format!("org:{name}").parse().unwrap());
    for row in [&rows[rows.len() / 2], &rows[0]] {
        let head = engine.history().head();
        let chain = engine.history().reader().chain_at(head).unwrap();
        let to = Cutoff::Mark(row.sha.clone());
        let receipt = ada.rollback(&to, Selection::Scope(org.clone()), Policy::AllOrNothing).unwrap();
        assert!(receipt.is_some_and(|receipt| receipt.first > head), "the log has only grown");
        assert_eq!(engine.history().reader().chain_at(head).unwrap(), chain, "what was there is there");
        engine.read(|moment| check(&moment, row, "after the rollback to"));
    }
    let last = rows.last().unwrap();
    check(
        &engine.as_of(&Cutoff::Mark(last.sha.clone())).unwrap().moment(),
        last,
        "after rollbacks, still as of",
    );

    let (live, head) = engine.read(|moment| (moment.world().state_digest(), moment.world().position()));
    assert_eq!(replayed(engine.history(), head), live);
    engine.close().unwrap();
    is_clean(directory.path());
    let again = Engine::open(directory.path()).unwrap();
    assert_eq!(again.read(|moment| moment.world().state_digest()), live);
}

#[test]
fn ripgrep_is_what_git_says_at_every_moment_and_after_a_rollback() {
    import("ripgrep");
}

#[test]
fn redis_is_what_git_says_at_every_moment_and_after_a_rollback() {
    import("redis");
}
