//! Principals and packages, as a person at a terminal meets them.

use crate::desk::Desk;
use scoped::identity::{AddRelationship, CreatePrincipal, RemoveRelationship};
use scoped::{Data, EdgeId, Engine, objects};
use serde_json::{Value, json};

/// A log with two notes of Ada's, and Bo who is a member of a crew.
fn small() -> Desk {
    let desk = Desk::new();
    desk.fine(&["init", "log", "--name", "Ada"]);
    desk.fine(&["init", "copy", "--name", "Cy"]);
    for name in ["log", "copy"] {
        let engine = Engine::open(desk.path(name)).unwrap();
        engine.register_types(&["note"]).unwrap();
        engine.close().unwrap();
    }
    let engine = Engine::open(desk.path("log")).unwrap();
    let ada = engine.session(engine.founder()).unwrap();
    let named = |name: &str| CreatePrincipal::named("person", name).unwrap();
    let bo = ada.execute(named("Bo").with_handle("user:bo".parse().unwrap())).unwrap().principal();
    let crew = ada.execute(named("Crew")).unwrap().principal();
    ada.execute(AddRelationship::member(crew, bo)).unwrap();
    let edge = ada.execute(AddRelationship::labelled(engine.founder(), bo, "knows")).unwrap().ids[0];
    ada.execute(RemoveRelationship { edge: EdgeId(edge), reason: Some("moved".into()) }).unwrap();
    let data = |value: Value| Data::new(value).unwrap();
    let first = ada.execute(objects::Create::new("note", data(json!({ "title": "one" })))).unwrap().object();
    ada.execute(objects::Update::new(first, data(json!({ "title": "uno" })))).unwrap();
    ada.execute(objects::Create::new("note", data(json!({ "title": "two", "parent": first })))).unwrap();
    engine.close().unwrap();
    desk
}

#[test]
fn principals_are_listed_and_one_is_shown_with_groups_and_history() {
    let desk = small();
    let rows = desk.json(&["principals", "log"]);
    let names: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Ada", "Bo", "Crew"]);
    assert_eq!(rows[1]["groups"].as_array().unwrap().len(), 1);
    let bo = desk.json(&["principals", "log", "user:bo"]);
    assert_eq!((&bo["name"], &bo["version"]), (&json!("Bo"), &json!(2)));
    assert_eq!(bo["history"][1]["change"], "identity.handle_set");
    let edges = bo["relationships"].as_array().unwrap();
    assert_eq!(edges.len(), 2);
    assert_eq!(edges[1]["removed"]["reason"], "moved");
    let told = desk.fine(&["principals", "log", "Bo"]);
    assert!(told.contains("Bo member_of Crew") && told.contains("moved"), "{told}");
    assert_eq!(desk.json(&["principals", "log", "--status", "archived"]), json!([]));
    assert_ne!(desk.run(&["principals", "log", "nobody"]).code, 0);
}

#[test]
fn a_package_goes_from_one_log_into_another() {
    let desk = small();
    let package = desk.fine(&["export", "objects", "log", "--type", "note"]);
    let value: Value = serde_json::from_str(&package).unwrap();
    assert_eq!(
        (&value["manifest"]["object_count"], &value["manifest"]["version_count"]),
        (&json!(2), &json!(3))
    );
    let done = desk
        .piped(
            &["import", "package", "copy", "-", "--reference", "note.parent", "--format", "json"],
            package.as_bytes(),
        )
        .fine()
        .json();
    assert_eq!((&done["imported"], &done["versions"]), (&json!(2), &json!(3)));
    let notes = desk.json(&["objects", "copy", "--type", "note"]);
    assert_eq!(notes[1]["data"]["parent"], notes[0]["object"], "references name the new ids");
    assert_eq!(notes[0]["data"]["title"], "uno");
    let log = desk.fine(&["log", "copy", "--format", "json"]);
    assert!(log.contains("objects.imported"), "{log}");

    let altered = package.replace("uno", "due");
    let run = desk.piped(&["import", "package", "copy", "-"], altered.as_bytes());
    assert!(run.code != 0 && run.err.contains("checksum"), "{}", run.err);
    assert_ne!(desk.run(&["export", "objects", "log"]).code, 0, "what has to be said");
    let bo = desk.run(&[
        "export",
        "objects",
        "log",
        "--as",
        "Bo",
        "--object",
        notes[0]["object"].as_str().unwrap(),
    ]);
    assert!(bo.code != 0 && bo.out.is_empty(), "{}", bo.out);
}

/// A package was protected by a digest that whoever alters it can make anew; it could not be signed.
#[test]
fn a_signed_package_comes_in_only_with_a_key_that_signed_it_and_unaltered() {
    let desk = small();
    for key in ["keeper", "other"] {
        let (file, name) = (format!("{key}.key"), format!("example.org/{key}"));
        desk.run(&["key", "generate", &file, "--name", &name]).fine();
    }
    let signed = desk.fine(&["export", "objects", "log", "--type", "note", "--key", "keeper.key"]);
    let plain = desk.fine(&["export", "objects", "log", "--type", "note"]);
    let import = |package: &str, more: &[&str]| {
        desk.piped(&[&["import", "package", "copy", "-"][..], more].concat(), package.as_bytes())
    };
    let keeper = ["--public", "keeper.key.pub"];
    import(&signed, &[]).refused(1, &["signed by example.org/keeper", "--public"]);
    import(&signed, &["--public", "other.key.pub"]).refused(1, &["example.org/keeper"]);
    import(&plain, &keeper).refused(1, &["not signed"]);
    let mut altered: Value = serde_json::from_str(&signed).unwrap();
    altered["manifest"]["exported_at"] = json!(1);
    import(&altered.to_string(), &keeper).refused(2, &["another package"]);
    // Also with the digest made anew, which anybody can do.
    let mut forged: Value = serde_json::from_str(&plain).unwrap();
    forged["manifest"]["signature"] =
        serde_json::from_str::<Value>(&signed).unwrap()["manifest"]["signature"].clone();
    import(&forged.to_string(), &keeper).refused(2, &["another package"]);
    let run = import(&signed, &["--public", "other.key.pub", "--public", "keeper.key.pub"]).fine();
    assert!(run.err.contains("signed by example.org/keeper"), "{}", run.err);
    import(&plain, &[]).fine();
}
