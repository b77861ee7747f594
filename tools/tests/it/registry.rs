//! `scoped registry`, as people and scripts meet it.

use crate::desk::{Desk, Run};
use scoped::registry::{Archive, Describe, Lifecycle, Register, Transition};
use scoped::{Data, Engine, identity, temporal};
use serde_json::{Value, json};

/// Ada, with two types, a function, and a draft.
fn filled() -> Desk {
    let desk = Desk::new();
    let engine = Engine::open(desk.path("log")).unwrap();
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
    desk
}

fn asked(desk: &Desk, more: &[&str]) -> Run {
    desk.run(&[&["registry", "log"], more].concat())
}

#[track_caller]
fn fine(desk: &Desk, more: &[&str]) -> String {
    asked(desk, more).fine().out
}

#[track_caller]
fn value(desk: &Desk, more: &[&str]) -> Value {
    desk.json(&[&["registry", "log"], more].concat())
}

fn names(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["urn"].as_str().unwrap()).collect()
}

const LIMITS: &str = "scoped:MODEL:app:limits:1";
const ORDER: &str = "scoped:MODEL:app:order:1";
const PROCESS: &str = "scoped:FUNCTION:core:process:3";

#[test]
fn the_list_holds_what_is_in_use_unless_more_is_asked_for() {
    let desk = filled();
    assert_eq!(names(&value(&desk, &[])), [PROCESS, ORDER]);
    assert_eq!(names(&value(&desk, &["--archived"])), [LIMITS, PROCESS, ORDER]);
    assert_eq!(names(&value(&desk, &["--made", "--archived"])).len(), 3 + 2, "with Ada and Bo");
    assert_eq!(names(&value(&desk, &["--at", "mark:v1"])), [LIMITS, PROCESS, ORDER]);
}

#[test]
fn filters_hold_together() {
    let desk = filled();
    assert_eq!(names(&value(&desk, &["--kind", "MODEL"])), [ORDER]);
    assert_eq!(names(&value(&desk, &["--kind", "MODEL", "--lifecycle", "ARCHIVED"])), [LIMITS]);
    assert_eq!(names(&value(&desk, &["--tag", "billing", "--at", "mark:v1"])), [LIMITS]);
    assert_eq!(names(&value(&desk, &["--tag", "billing", "--tag", "hot", "--at", "mark:v1"])), [""; 0]);
    assert_eq!(names(&value(&desk, &["--namespace", "core"])), [PROCESS]);
    assert_eq!(names(&value(&desk, &["--name", "process", "--kind", "FUNCTION"])), [PROCESS]);
    assert_eq!(names(&value(&desk, &["--kind", "PRINCIPAL"])).len(), 2);
}

#[test]
fn one_entry_is_shown_with_metadata_and_history() {
    let desk = filled();
    let entry = value(&desk, &[LIMITS]);
    assert_eq!((&entry["lifecycle"], &entry["entry_version"]), (&json!("ARCHIVED"), &json!(4)));
    let then = value(&desk, &[LIMITS, "--at", "mark:v1"]);
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
    let table = fine(&desk, &[LIMITS]);
    assert!(table.contains("DEPRECATED") && table.contains("founder"), "{table}");
    let by_id = value(&desk, &[entry["registration"].as_str().unwrap()]);
    assert_eq!(by_id, entry);
    let made = value(&desk, &[names(&value(&desk, &["--kind", "PRINCIPAL"]))[1]]);
    assert_eq!(made["history"][0]["change"], "identity.principal_created");
}

#[test]
fn every_format_answers_and_what_is_not_there_is_refused() {
    let desk = filled();
    for format in ["table", "tsv"] {
        assert!(fine(&desk, &["--format", format]).contains(PROCESS));
        assert!(fine(&desk, &[PROCESS, "--format", format]).contains("registry.registered"));
    }
    let refused = |more: &[&str], code: i32, words: &str| {
        asked(&desk, more).refused(code, &[words]);
    };
    refused(&["scoped:MODEL:app:never:1"], 1, "is not registered");
    refused(&[LIMITS, "--at", "#1"], 1, "is not registered");
    refused(&["not:a:valid:urn"], 2, "invalid URN");
    refused(&["--kind", "model"], 2, "no kind");
    refused(&[PROCESS, "--kind", "MODEL"], 2, "cannot be used with");
}

/// A log whose `note` is in use and whose archived `bill` has an object left.
fn used() -> Desk {
    let desk = Desk::new();
    let engine = Engine::open(desk.path("log")).unwrap();
    engine.register_types(&["bill", "note"]).unwrap();
    let ada = engine.session(engine.founder()).unwrap();
    for word in ["bill", "note"] {
        ada.execute(scoped::objects::Create::new(word, Data::new(json!({})).unwrap())).unwrap();
    }
    ada.execute(temporal::SetMark { name: "whole".into(), position: None }).unwrap();
    let bill = "scoped:MODEL:app:bill:1".parse::<scoped::registry::Urn>().unwrap();
    ada.execute(Archive { entry: bill.into() }).unwrap();
    engine.close().unwrap();
    desk
}

#[test]
fn a_scan_tells_by_its_exit_code_whether_everything_in_use_is_registered() {
    let desk = used();
    let scan = |more: &[&str]| desk.run(&[&["registry", "scan", "log"], more].concat());
    let report = scan(&["--format", "json"]).fails(1, &[]);
    assert_eq!(report.err, "", "the answer says it all");
    let report = report.json();
    assert_eq!((&report["compliant"], &report["coverage"]), (&json!(false), &json!(0.5)));
    let missing = &report["unregistered"][0];
    assert_eq!((&missing["name"], &missing["lifecycle"]), (&json!("bill"), &json!("ARCHIVED")));
    assert_eq!(missing["met_in"], json!(["objects"]));
    let table = scan(&[]).fails(1, &[]).out;
    for words in ["compliant", "no", "50.0 %", "bill", "ARCHIVED", "app"] {
        assert!(table.contains(words), "no `{words}` in {table}");
    }
    assert!(scan(&["--format", "tsv"]).fails(1, &[]).out.contains("unregistered\tbill\tARCHIVED"));
    scan(&["--skip", "bill"]).fine();
    scan(&["--within", "shop"]).fine();
    scan(&["--at", "mark:whole"]).fine();
}

#[test]
fn a_scan_compares_with_what_an_application_declares() {
    const BILL: scoped::registry::Construct =
        scoped::registry::Construct::new("shop::money", "Invoice", "CLASS").tags(&["billing"]);
    let desk = used();
    let text = serde_json::to_vec(&[BILL.declaration().unwrap()]).unwrap();
    std::fs::write(desk.path("shop.json"), text).unwrap();
    let line = ["registry", "scan", "log", "--declared", "shop.json", "--within", "shop"];
    let table = desk.run(&line).fails(1, &[]).out;
    assert!(table.contains("shop::money::Invoice") && table.contains("not there"), "{table}");
    let engine = Engine::open(desk.path("log")).unwrap();
    engine.register_declared(&[&[BILL]]).unwrap();
    engine.close().unwrap();
    let report = desk.json(&line);
    assert_eq!(report["registered"][0]["urn"], "scoped:CLASS:shop:money.Invoice:1");
    let entry = desk.fine(&["registry", "log", "scoped:CLASS:shop:money.Invoice:1"]);
    assert!(entry.contains("in the code") && !entry.contains("target:"), "{entry}");
}

#[test]
fn a_scan_that_cannot_be_made_says_why() {
    let desk = used();
    std::fs::write(desk.path("words.json"), "[{\"target\": 5}]").unwrap();
    for (line, code, words) in [
        (&["scan", "missing"][..], 1, "no log in missing"),
        (&["scan"], 2, "DIR"),
        (&[], 2, "DIR"),
        (&["scan", "log", "--declared", "nowhere.json"], 2, "nowhere.json"),
        (&["scan", "log", "--declared", "words.json"], 2, "words.json: invalid type"),
        (&["scan", "log", "--declared", "."], 2, ".: "),
        (&["scan", "log", "--at", "#99"], 1, "there is no event #99"),
    ] {
        desk.run(&[&["registry"], line].concat()).refused(code, &[words]);
    }
}
