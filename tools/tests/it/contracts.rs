//! `scoped contracts`, `templates` and `config`: what they say of a log, now and as of a moment.

use crate::desk::{Desk, Run};
use scoped::contracts::{Archive, FieldSpec, FieldType, RuleKind, Update, UpgradeSpec};
use scoped::{ManualDoor, Options, PrincipalId, config, contracts, templates, tenancy};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A log in `log`: a contract with two versions, an archived one, a template with two versions, settings on two levels.
struct Made {
    desk: Desk,
    contract: String,
    template: String,
    /// Before the second versions.
    middle: String,
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

impl Made {
    fn new() -> Self {
        let desk = Desk::new();
        let door = Arc::new(ManualDoor::new(1_795_348_800_000_000, 1));
        let options = Options::default().door(door).founder(PrincipalId(1)).types(["limits", "note"]);
        let (engine, ada) = desk.founded(options);
        let org: scoped::ScopeRef = "org:acme".parse().unwrap();
        let docs: scoped::ScopeRef = "org:acme/ws:docs".parse().unwrap();
        for path in ["org:acme", "org:acme/ws:docs"] {
            ada.execute(tenancy::CreateScope::at(path.parse().unwrap())).unwrap();
        }
        let cpu = || FieldSpec::new("cpu", FieldType::Integer).bound(RuleKind::MaxValue, 64);
        let create = contracts::Create::new("limits of acme", "limits", vec![cpu()]).in_scope(org.clone());
        let contract = ada.execute(create).unwrap().contract();
        let note = contracts::Create::new("notes", "note", vec![FieldSpec::new("text", FieldType::String)]);
        let note = ada.execute(note).unwrap().contract();
        ada.execute(Archive { contract: note }).unwrap();
        let create = templates::Create::new("small", "environment", map(json!({ "cpu": 1 })));
        let template = ada.execute(create).unwrap().template();
        let first = ada.execute(config::Set::new(org.clone(), "retention", 30)).unwrap();
        let fields = vec![cpu().optional(), FieldSpec::new("gpu", FieldType::Integer).optional()];
        ada.execute(Update::new(contract, fields).because("gpus")).unwrap();
        ada.execute(templates::Update::new(template, map(json!({ "cpu": 2 }))).because("more")).unwrap();
        ada.execute(config::Set::new(org, "retention", json!(null)).locked()).unwrap();
        ada.execute(config::Set::new(docs, "colour", "green")).unwrap();
        engine.close().unwrap();
        let (contract, template) = (contract.to_string(), template.to_string());
        Self { desk, contract, template, middle: format!("#{}", first.last.get()) }
    }
}

#[test]
fn contracts_are_listed_newest_first_by_type_and_by_whether_they_govern() {
    let made = Made::new();
    let names = |line: &[&str]| -> Vec<String> {
        let list = made.desk.json(line);
        list.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&["contracts", "log"]), ["notes", "limits of acme"]);
    assert_eq!(names(&["contracts", "log", "--active"]), ["limits of acme"]);
    assert_eq!(names(&["contracts", "log", "--type", "note"]), ["notes"]);
    let table = made.desk.fine(&["contracts", "log"]);
    for words in ["limits of acme", "org:acme", "archived", &made.contract] {
        assert!(table.contains(words), "no `{words}` in {table}");
    }
}

#[test]
fn a_contract_in_detail_shows_fields_versions_and_what_each_changed() {
    let made = Made::new();
    let detail = made.desk.json(&["contracts", "log", &made.contract]);
    assert_eq!((&detail["version"], &detail["versions"][1]["change_reason"]), (&json!(2), &json!("gpus")));
    assert_eq!(detail["changes"][0]["added_fields"], json!(["gpu"]));
    assert_eq!(detail["changes"][0]["modified_fields"], json!(["cpu"]));
    let page = made.desk.fine(&["contracts", "log", &made.contract]);
    for words in ["max_value=64", "+gpu ~cpu", "gpus", "Initial version"] {
        assert!(page.contains(words), "no `{words}` in {page}");
    }
    let before = made.desk.json(&["contracts", "log", &made.contract, "--at", &made.middle]);
    assert_eq!(before["version"], 1);
    let Run { code, out, err } = made.desk.run(&["contracts", "log", "01HX3ZQ6J5M8K9N0P1Q2R3S4T5"]);
    assert!(code != 0 && out.is_empty() && err.contains("no contract"), "{code} {out} {err}");
}

#[test]
fn a_template_in_detail_shows_its_blueprint_and_versions() {
    let made = Made::new();
    let list = made.desk.json(&["templates", "log"]);
    assert_eq!((&list[0]["name"], &list[0]["version"]), (&json!("small"), &json!(2)));
    let page = made.desk.fine(&["templates", "log", &made.template]);
    for words in ["environment", "\"cpu\": 2", "initial", "more"] {
        assert!(page.contains(words), "no `{words}` in {page}");
    }
    let before = made.desk.json(&["templates", "log", &made.template, "--at", &made.middle]);
    assert_eq!(before["schema"], json!({ "cpu": 1 }));
}

#[test]
fn what_holds_in_a_scope_is_shown_with_where_it_comes_from() {
    let made = Made::new();
    let all = made.desk.json(&["config", "log", "--scope", "org:acme/ws:docs"]);
    let rows: Vec<_> =
        all.as_array().unwrap().iter().map(|row| (&row["key"], &row["value"], &row["inherited"])).collect();
    assert_eq!(
        rows,
        [
            (&json!("colour"), &json!("green"), &json!(false)),
            (&json!("retention"), &json!(null), &json!(true))
        ]
    );
    let one = made.desk.json(&["config", "log", "--scope", "org:acme/ws:docs", "retention"]);
    assert_eq!((&one["locked"], &one["source_label"]), (&json!(true), &json!("org:acme")));
    assert_eq!(one["history"][0]["value"], 30);
    let then =
        made.desk.json(&["config", "log", "--scope", "org:acme/ws:docs", "retention", "--at", &made.middle]);
    assert_eq!((&then["value"], &then["locked"]), (&json!(30), &json!(false)));
    let page = made.desk.fine(&["config", "log", "--scope", "org:acme/ws:docs"]);
    assert!(page.contains("locked") && page.contains("green"), "{page}");
    let Run { code, out, err } = made.desk.run(&["config", "log", "--scope", "org:acme", "colour"]);
    assert!(code != 0 && out.is_empty() && err.contains("neither in"), "{code} {out} {err}");
}

#[test]
fn data_is_held_against_a_contract_and_the_exit_code_says_whether_it_fits() {
    let made = Made::new();
    let fits = |line: &[&str]| {
        let run = made.desk.run(&[&["contracts", "log", "--format", "json"], line].concat());
        (run.code, run.json()["valid"].as_bool().unwrap(), run.json()["errors"].as_array().unwrap().len())
    };
    assert_eq!(fits(&[&made.contract, "--check", r#"{"cpu": 4}"#]), (0, true, 0));
    assert_eq!(fits(&[&made.contract, "--check", r#"{"cpu": 65}"#]), (1, false, 1));
    let governed = ["--type", "limits", "--scope", "org:acme/ws:docs"];
    assert_eq!(fits(&[&governed[..], &["--check", r#"{"cpu": "many"}"#]].concat()), (1, false, 1));
    assert_eq!(fits(&["--type", "note", "--check", "7"]), (0, true, 0), "nothing governs it any more");
    let used = made.desk.json(&[&["contracts", "log"], &governed[..]].concat());
    assert_eq!(
        used["contract"],
        json!(made.contract),
        "the one that governs below is that of the scope above"
    );
    let line = ["contracts", "log", "--type", "note", "--scope", "org:acme"];
    made.desk.run(&line).fails(1, &["no contract governs"]);
    made.desk.run(&["contracts", "log", "--check", "7"]).fails(2, &["--type"]);
    made.desk.run(&["contracts", "log", &made.contract, "--check", "{"]).fails(2, &["takes JSON"]);
}

#[test]
fn a_template_with_overrides_gives_its_data_and_writes_nothing() {
    let made = Made::new();
    let before = made.desk.files("log");
    let given = made.desk.json(&["templates", "log", "small", "--with", r#"{"disk": 9}"#]);
    assert_eq!(given["data"], json!({ "cpu": 2, "disk": 9 }));
    let old = made.desk.json(&["templates", "log", &made.template, "--with", "{}", "--version", "1"]);
    assert_eq!(old["data"], json!({ "cpu": 1 }));
    made.desk.run(&["templates", "log", "small", "--with", "[]"]).fails(2, &["takes a JSON object"]);
    assert_eq!(before, made.desk.files("log"));
}

#[test]
fn objects_are_migrated_by_the_tool_after_a_look_at_what_would_change() {
    let desk = Desk::new();
    let options = Options::default().founder_described("person", "ada").types(["task"]);
    let (engine, ada) = desk.founded(options);
    let title = || FieldSpec::new("title", FieldType::String);
    let contract = ada.execute(contracts::Create::new("tasks", "task", vec![title()])).unwrap().contract();
    let task = |data: Value| scoped::objects::Create::new("task", scoped::Data::new(data).unwrap());
    let object = ada.execute(task(json!({ "title": "sweep" }))).unwrap().object().to_string();
    let done = UpgradeSpec::SetDefault { field: "done".into(), value: json!(false) };
    let fields = vec![title(), FieldSpec::new("done", FieldType::Boolean)];
    ada.execute(Update::new(contract, fields).upgrading(done)).unwrap();
    engine.close().unwrap();
    let migrate = |rest: &[&str]| {
        let answer = desk.json(&[&["migrate", "log", "tasks"], rest].concat());
        (answer["upgraded"].as_u64().unwrap(), answer["current"].as_u64().unwrap())
    };
    assert_eq!(migrate(&["--dry-run"]), (1, 0));
    assert_eq!(desk.json(&["history", "log", &object]).as_array().unwrap().len(), 1, "nothing was written");
    assert_eq!(migrate(&[]), (1, 0));
    assert_eq!(migrate(&[]), (0, 1), "again, there is nothing to do");
    let last = &desk.json(&["history", "log", &object])[1];
    assert_eq!((&last["version"], &last["written"]["bytes"]), (&json!(2), &json!(30)), "{last}");
}
