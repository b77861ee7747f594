//! `docs/conformance.md` tells the truth: each pinned fact of the specification has its row, and each row a test that is there.
//!
//! Why: a table of what is covered rots as soon as a test is renamed, ignored or dropped, and nobody reads it again to see.
//! `tests/data/conformance/facts.tsv` holds the facts themselves, page and fact, so that taking a row out of the document is
//! seen as well.

use crate::support::package_file;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

/// Folders whose sources are searched for tests.
const SOURCES: [&str; 5] = ["log", "projections", "engine", "tests", "tools"];

/// One row of the document.
#[derive(Debug)]
struct Row {
    page: String,
    fact: String,
    test: String,
}

fn read(name: &str) -> String {
    let file = package_file(name);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The rows of all sections, in order.
fn rows(document: &str) -> Vec<Row> {
    let (mut page, mut rows) = (String::new(), Vec::new());
    for line in document.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            page = heading.trim().to_owned();
        } else if let Some(row) = line.strip_prefix('|').and_then(|line| line.trim_end().strip_suffix('|')) {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            assert_eq!(cells.len(), 2, "a row has a fact and a test: {line}");
            if cells != ["fact", "test"] && !cells[0].starts_with("---") {
                let (fact, test) = (cells[0].to_owned(), cells[1].trim_matches('`').to_owned());
                rows.push(Row { page: page.clone(), fact, test });
            }
        }
    }
    rows
}

/// Names of the tests in a source file that are run: `#[test]` or the like, and not ignored.
fn tests_in(source: &str) -> BTreeSet<String> {
    let (mut found, mut is_test, mut ignored) = (BTreeSet::new(), false, false);
    for line in source.lines().map(str::trim) {
        let of_attribute = line.starts_with("#[") || line.starts_with("//");
        is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        ignored |= line.starts_with("#[ignore");
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if let Some(name) = function.and_then(|rest| rest.split(['(', '<']).next()) {
            if is_test && !ignored {
                found.insert(name.to_owned());
            }
            (is_test, ignored) = (false, false);
        } else if !of_attribute && line.ends_with([';', '}']) {
            (is_test, ignored) = (false, false);
        }
    }
    found
}

/// `file::function` of every test below a folder; a `mod.rs` goes by the name of its folder.
fn tests_below(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let named = if path.file_stem().is_some_and(|stem| stem == "mod") { folder } else { &path };
            let stem = named.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let source = std::fs::read_to_string(&path).unwrap();
            found.extend(tests_in(&source).into_iter().map(|function| format!("{stem}::{function}")));
        }
    }
}

fn tests() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for folder in SOURCES {
        tests_below(&package_file("..").join(folder), &mut found);
    }
    found
}

/// The facts of each page, as they were taken from it.
fn facts() -> BTreeMap<String, BTreeSet<String>> {
    let mut facts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in read("data/conformance/facts.tsv").lines() {
        let (page, fact) = line.split_once('\t').expect("page, tab, fact");
        assert!(facts.entry(page.into()).or_default().insert(fact.into()), "{page}: `{fact}` stands twice");
    }
    facts
}

/// What is wrong with a row, if anything.
fn wrong(row: &Row, tests: &BTreeSet<String>) -> Option<String> {
    let reason = ["overruled:", "later:"].iter().find_map(|word| row.test.strip_prefix(word));
    match (&*row.test, reason) {
        _ if row.fact.is_empty() => Some("no fact".into()),
        ("open" | "", _) => Some("no test".into()),
        (_, Some(reason)) if reason.trim().len() >= 8 => None,
        (_, Some(_)) => Some("no reason is given".into()),
        (test, None) if tests.contains(test) => None,
        (test, None) => Some(format!("there is no test `{test}` that is run")),
    }
}

#[test]
fn every_fact_has_a_row_and_every_row_a_test_that_is_run() {
    let (rows, tests, facts) = (rows(&read("../docs/conformance.md")), tests(), facts());
    let mut problems = String::new();
    let mut seen = BTreeSet::new();
    for row in &rows {
        if let Some(problem) = wrong(row, &tests) {
            writeln!(problems, "{}: `{}`: {problem}", row.page, row.fact).unwrap();
        }
        if !seen.insert((row.page.as_str(), row.fact.as_str())) {
            writeln!(problems, "{}: `{}` stands twice", row.page, row.fact).unwrap();
        }
        if !facts.contains_key(&row.page) {
            writeln!(problems, "there is no page `{}`", row.page).unwrap();
        }
    }
    for (page, facts) in &facts {
        let rows: BTreeSet<&str> =
            rows.iter().filter(|row| row.page == *page).map(|row| &*row.fact).collect();
        for missing in facts.iter().filter(|fact| !rows.contains(fact.as_str())) {
            writeln!(problems, "{page}: `{missing}` has no row").unwrap();
        }
        for unknown in rows.iter().filter(|fact| !facts.contains(**fact)) {
            writeln!(problems, "{page}: `{unknown}` is no fact of that page").unwrap();
        }
    }
    assert!(problems.is_empty(), "docs/conformance.md:\n{problems}");
}

/// The check itself: each way in which a row can lie is seen.
#[test]
fn a_row_that_lies_is_seen() {
    let source = "#[test]\nfn there() {}\n#[test]\n#[ignore = \"slow\"]\nfn ignored() {}\nfn helper() {}\n\
                  proptest! {\n    #[test]\n    fn property(x in 0..3) {}\n}\n#[tokio::test]\nasync fn later() {}\n";
    let tests: BTreeSet<String> = tests_in(source).into_iter().map(|name| format!("file::{name}")).collect();
    let names: Vec<&str> = tests.iter().map(String::as_str).collect();
    assert_eq!(names, ["file::later", "file::property", "file::there"]);
    let check = |test: &str| {
        wrong(&Row { page: "Closed".into(), fact: "a fact".into(), test: test.into() }, &tests).is_some()
    };
    assert!(
        !check("file::there") && !check("overruled: strict types are wanted") && !check("later: with blobs")
    );
    for lie in
        ["file::ignored", "file::helper", "other::there", "there", "open", "", "overruled:", "later: x"]
    {
        assert!(check(lie), "`{lie}` is no pin");
    }
    let rows = rows("## A\n| fact | test |\n|---|---|\n| one | `file::there` |\n## B\n| two | open |\n");
    let cells: Vec<_> = rows.iter().map(|row| (&*row.page, &*row.fact, &*row.test)).collect();
    assert_eq!(cells, [("A", "one", "file::there"), ("B", "two", "open")]);
}
