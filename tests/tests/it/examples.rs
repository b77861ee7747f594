//! The examples: compiled with the tests, run here, and quoted by the README as they are.

use crate::support::package_file;
use std::path::PathBuf;
use std::process::Command;

const EMBED: &str = "../examples/embed.rs";

/// Examples lie beside the folder of the test binaries; `cargo test` builds them, a narrower call may not have.
fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let program = own.ancestors().nth(2).unwrap().join("examples").join(name);
    if !program.exists() {
        let built =
            Command::new(env!("CARGO")).args(["build", "-p", "scoped-tests", "--example", name]).status();
        assert!(built.unwrap().success(), "the example {name} does not build");
    }
    program
}

fn runs(name: &str) {
    let output = Command::new(program(name)).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn embedding_runs() {
    runs("embed");
}

#[test]
fn erasure_runs() {
    runs("erasure");
}

#[test]
fn sharing_runs() {
    runs("sharing");
}

#[test]
fn time_travel_runs() {
    runs("time_travel");
}

#[test]
fn embedding_takes_at_most_twenty_five_lines() {
    let source = std::fs::read_to_string(package_file(EMBED)).unwrap();
    assert!(source.lines().count() <= 25, "{} lines", source.lines().count());
}

#[test]
fn the_readme_quotes_the_embedding_example_as_it_is() {
    let Ok(readme) = std::fs::read_to_string(package_file("../README.md")) else {
        return; // nothing to compare before there is one
    };
    if !readme.to_lowercase().contains("embed") {
        return;
    }
    let source = std::fs::read_to_string(package_file(EMBED)).unwrap();
    assert!(readme.contains(source.trim()), "README.md has to contain examples/embed.rs word for word");
}
