//! `scoped registry`, as people and scripts meet it.

use scoped::registry::{Archive, Describe, Lifecycle, Register, Transition};
use scoped::{Data, Engine, identity, temporal};
use serde_json::{Value, json};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Ada, with two types, a function, and a draft.
fn desk() -> TempDir {
    let folder = TempDir::new().unwrap();
    let engine = Engine::open(folder.path().join("log")).unwrap();
    let ada = engine.session(engine.founder()).unwrap();
    let register = |text: &str| Register::new(text.parse().unwrap());
    let metadata = Data::new(json!({ "team": "billing" })).unwrap();
    ada.execute(register("scoped:MODEL:app:limits:1").tagged("billing").described(metadata)).unwrap();
    ada.execute(register("scoped:FUNCTION:core:process:3").tagged("hot")).unwrap();
    ada.execute(register("scoped:MODEL:app:order:1").draft()).unwrap();
    ada.execute(temporal::SetMark { name: "v1".into(), position: None }).unwrap();
    let limits = || "scoped:MODEL:app:limits:1".parse::<scoped::registry::Urn>().unwrap().into();
    ada.execute(Transition { entry: limits(), to: Lifecycle::Deprecated }).unwrap();
    ada.execute(Describe { entry: limits(), tags: vec!["old".into()], metadata: None }).unwrap();
    ada.execute(Archive { entry: limits() }).unwrap();
    ada.execute(identity::CreatePrincipal::named("person", "Bo").unwrap()).unwrap();
    engine.close().unwrap();
    folder
}

fn registry(folder: &TempDir, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scoped"));
    command.current_dir(folder.path()).args(["registry", "log"]).args(more).output().unwrap()
}

#[track_caller]
fn fine(folder: &TempDir, more: &[&str]) -> String {
    let output = registry(folder, more);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn value(folder: &TempDir, more: &[&str]) -> Value {
    serde_json::from_str(&fine(folder, &[more, &["--format", "json"]].concat())).unwrap()
}

fn names(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["urn"].as_str().unwrap()).collect()
}

const LIMITS: &str = "scoped:MODEL:app:limits:1";
const ORDER: &str = "scoped:MODEL:app:order:1";
const PROCESS: &str = "scoped:FUNCTION:core:process:3";

#[test]
fn the_list_holds_what_is_in_use_unless_more_is_asked_for() {
    let folder = desk();
    assert_eq!(names(&value(&folder, &[])), [PROCESS, ORDER]);
    assert_eq!(names(&value(&folder, &["--archived"])), [LIMITS, PROCESS, ORDER]);
    assert_eq!(names(&value(&folder, &["--made", "--archived"])).len(), 3 + 2, "with Ada and Bo");
    assert_eq!(names(&value(&folder, &["--at", "mark:v1"])), [LIMITS, PROCESS, ORDER]);
}

#[test]
fn filters_hold_together() {
    let folder = desk();
    assert_eq!(names(&value(&folder, &["--kind", "MODEL"])), [ORDER]);
    assert_eq!(names(&value(&folder, &["--kind", "MODEL", "--lifecycle", "ARCHIVED"])), [LIMITS]);
    assert_eq!(names(&value(&folder, &["--tag", "billing", "--at", "mark:v1"])), [LIMITS]);
    assert_eq!(names(&value(&folder, &["--tag", "billing", "--tag", "hot", "--at", "mark:v1"])), [""; 0]);
    assert_eq!(names(&value(&folder, &["--namespace", "core"])), [PROCESS]);
    assert_eq!(names(&value(&folder, &["--name", "process", "--kind", "FUNCTION"])), [PROCESS]);
    assert_eq!(names(&value(&folder, &["--kind", "PRINCIPAL"])).len(), 2);
}

#[test]
fn one_entry_is_shown_with_metadata_and_history() {
    let folder = desk();
    let entry = value(&folder, &[LIMITS]);
    assert_eq!((&entry["lifecycle"], &entry["entry_version"]), (&json!("ARCHIVED"), &json!(4)));
    let then = value(&folder, &[LIMITS, "--at", "mark:v1"]);
    assert_eq!((&then["metadata"], &then["tags"]), (&json!({ "team": "billing" }), &json!(["billing"])));
    let changes: Vec<&str> =
        entry["history"].as_array().unwrap().iter().map(|step| step["change"].as_str().unwrap()).collect();
    assert_eq!(
        changes,
        [
            "registry.registered",
            "registry.lifecycle_changed",
            "registry.described",
            "registry.lifecycle_changed"
        ]
    );
    let table = fine(&folder, &[LIMITS]);
    assert!(table.contains("DEPRECATED") && table.contains("founder"), "{table}");
    let by_id = value(&folder, &[entry["registration"].as_str().unwrap()]);
    assert_eq!(by_id, entry);
    let made = value(&folder, &[names(&value(&folder, &["--kind", "PRINCIPAL"]))[1]]);
    assert_eq!(made["history"][0]["change"], "identity.principal_created");
}

#[test]
fn every_format_answers_and_what_is_not_there_is_refused() {
    let folder = desk();
    for format in ["table", "tsv"] {
        assert!(fine(&folder, &["--format", format]).contains(PROCESS));
        assert!(fine(&folder, &[PROCESS, "--format", format]).contains("registry.registered"));
    }
    let refused = |more: &[&str], code: i32, words: &str| {
        let output = registry(&folder, more);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{more:?}: {told}");
        assert!(told.contains(words), "{more:?}: {told}");
    };
    refused(&["scoped:MODEL:app:never:1"], 1, "is not registered");
    refused(&[LIMITS, "--at", "#1"], 1, "is not registered");
    refused(&["not:a:valid:urn"], 2, "invalid URN");
    refused(&["--kind", "model"], 2, "no kind");
    refused(&[PROCESS, "--kind", "MODEL"], 2, "cannot be used with");
}
