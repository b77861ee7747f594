//! What keeps a log in order: sweeping, records by identity context, and what was put out of sight.

use crate::desk::Desk;
use scoped::identity::CreatePrincipal;
use scoped::projections::tenancy::Scope;
use scoped::tenancy::{AddMember, CreateScope};
use scoped::{Data, Level, ManualDoor, Options, PrincipalId, Role, objects};
use serde_json::{Value, json};
use std::sync::Arc;

/// Long ago.
const THEN: u64 = 1_000_000_000_000_000;

fn options() -> Options {
    let door = Arc::new(ManualDoor::new(THEN, 1));
    Options::default().door(door).founder_described("person", "ada").types(["note"])
}

fn data(value: Value) -> Data {
    Data::new(value).unwrap()
}

#[test]
fn what_has_run_out_is_shown_first_and_closed_once() {
    let desk = Desk::new();
    let (engine, ada) = desk.founded(options());
    let bo: PrincipalId = ada.execute(CreatePrincipal::named("person", "bo").unwrap()).unwrap().principal();
    ada.execute(CreateScope::at("org:acme".parse().unwrap())).unwrap();
    let scope = || "org:acme".parse().unwrap();
    let expires_at = Some(THEN + 1_000_000_000);
    ada.execute(AddMember { scope: scope(), principal: bo, role: Role::Reader, expires_at }).unwrap();
    engine.close().unwrap();
    let before = desk.json(&["replay", "log"])["events"].clone();
    let swept = |rest: &[&str]| desk.json(&[&["sweep", "log"], rest].concat())["members"].clone();
    assert_eq!(swept(&["--dry-run"]), json!(1));
    assert_eq!(desk.json(&["replay", "log"])["events"], before, "a look writes nothing");
    desk.run(&["sweep", "log", "--as", "bo"]).fails(1, &["denied"]);
    assert_eq!((swept(&[]), swept(&[])), (json!(1), json!(0)));
    let last = desk.json(&["audit", "log", "--kind", "tenancy.member_expired"]);
    assert_eq!(last.as_array().unwrap().len(), 1, "{last}");
}

#[test]
fn records_are_listed_counted_exported_and_put_out_of_sight_by_whose_they_are() {
    let desk = Desk::new();
    let (engine, ada) = desk.founded(options());
    for path in ["org:acme", "org:acme/user:u1", "org:acme/user:u2"] {
        ada.execute(CreateScope::at(path.parse().unwrap())).unwrap();
    }
    for (user, agent, title) in [("u1", Some("bot"), "a"), ("u1", None, "b"), ("u2", None, "c")] {
        let context =
            Scope { user_id: Some(user.into()), agent_id: agent.map(Into::into), ..Scope::org("acme") };
        ada.write_record(&context, "note", data(json!({ "title": title })), Level::Write).unwrap();
    }
    engine.close().unwrap();
    let titles = |rest: &[&str]| {
        let found = desk.json(&[&["records", "log", "--org", "acme"], rest].concat());
        let title = |row: &Value| row["data"]["title"].as_str().unwrap().to_owned();
        found.as_array().unwrap().iter().map(title).collect::<Vec<_>>()
    };
    assert_eq!(titles(&[]), ["a", "b", "c"]);
    assert_eq!(titles(&["--user", "u1"]), ["a", "b"]);
    assert_eq!(titles(&["--agent", "bot"]), ["a"]);
    let sums = desk.json(&["records", "log", "--org", "acme", "--statistics"]);
    assert_eq!((&sums["records"], &sums["users"]), (&json!(3), &json!(2)), "{sums}");
    let lines = desk.fine(&["records", "log", "--org", "acme", "--user", "u2", "--export"]);
    let line: Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!((&line["data"]["title"], &line["context"]["user_id"]), (&json!("c"), &json!("u2")));
    let gone = ["records", "log", "--org", "acme", "--user", "u1", "--tombstone"];
    desk.run(&gone).fails(2, &["--reason"]);
    assert_eq!(desk.json(&[&gone[..], &["--reason", "left us"]].concat())["records"], json!(2));
    assert_eq!(titles(&[]), ["c"]);

    let out = desk.json(&["objects", "log", "--tombstoned"]);
    let out = out.as_array().unwrap();
    assert_eq!(out.len(), 2);
    let life = desk.json(&["history", "log", out[0]["object"].as_str().unwrap()]);
    assert_eq!((&life[1]["change"], &life[1]["reason"]), (&json!("tombstoned"), &json!("left us")));
    assert_eq!(desk.json(&["objects", "log", "--owner", "ada"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_life_says_why_each_version_was_written_and_what_it_weighs() {
    let desk = Desk::new();
    let (engine, ada) = desk.founded(options());
    let object = ada.execute(objects::Create::new("note", data(json!({ "n": 1 })))).unwrap().object();
    ada.execute(objects::Update::new(object, data(json!({ "n": 22 }))).because("counted again")).unwrap();
    engine.close().unwrap();
    let life = desk.json(&["history", "log", &object.to_string()]);
    let of = |at: usize| (life[at]["reason"].clone(), life[at]["written"]["bytes"].clone());
    assert_eq!((of(0), of(1)), ((json!(null), json!(7)), (json!("counted again"), json!(8))));
    let digest = life[1]["written"]["checksum"].as_str().unwrap();
    let shown = desk.fine(&["history", "log", &object.to_string()]);
    assert!(shown.contains("counted again") && shown.contains(&digest[..12]), "{shown}");
}

#[test]
fn the_version_says_what_the_build_knows() {
    let said = Desk::new().json(&["--version", "--verbose"]);
    let known: Vec<&str> =
        said["features"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    let wanted = [("cel", cfg!(feature = "cel")), ("json-schema", cfg!(feature = "json-schema"))];
    let wanted: Vec<&str> = wanted.into_iter().filter_map(|(word, on)| on.then_some(word)).collect();
    assert_eq!(known, wanted);
}
