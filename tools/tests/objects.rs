//! Principals and packages, as a person at a terminal meets them.

use scoped::identity::{AddRelationship, CreatePrincipal, RemoveRelationship};
use scoped::{Data, EdgeId, Engine, objects};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

struct Folder(tempfile::TempDir);

struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Folder {
    fn run(&self, line: &[&str], input: &str) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scoped"));
        command.current_dir(self.0.path()).args(line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A tool that refuses may not read what it is given.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Run {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
    fn fine(&self, line: &[&str], input: &str) -> String {
        let run = self.run(line, input);
        assert_eq!(run.code, 0, "{line:?}: {}", run.err);
        run.out
    }
    fn json(&self, line: &[&str], input: &str) -> Value {
        serde_json::from_str(&self.fine(&[line, &["--format", "json"]].concat(), input)).unwrap()
    }
}

/// A log with two notes of Ada's, and Bo who is a member of a crew.
fn small() -> Folder {
    let folder = Folder(tempfile::tempdir().unwrap());
    folder.fine(&["init", "log", "--name", "Ada"], "");
    folder.fine(&["init", "copy", "--name", "Cy"], "");
    for name in ["log", "copy"] {
        let engine = Engine::open(folder.0.path().join(name)).unwrap();
        engine.register_types(&["note"]).unwrap();
        engine.close().unwrap();
    }
    let engine = Engine::open(folder.0.path().join("log")).unwrap();
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
    folder
}

#[test]
fn principals_are_listed_and_one_is_shown_with_groups_and_history() {
    let folder = small();
    let rows = folder.json(&["principals", "log"], "");
    let names: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Ada", "Bo", "Crew"]);
    assert_eq!(rows[1]["groups"].as_array().unwrap().len(), 1);
    let bo = folder.json(&["principals", "log", "user:bo"], "");
    assert_eq!((&bo["name"], &bo["version"]), (&json!("Bo"), &json!(2)));
    assert_eq!(bo["history"][1]["change"], "identity.handle_set");
    let edges = bo["relationships"].as_array().unwrap();
    assert_eq!(edges.len(), 2);
    assert_eq!(edges[1]["removed"]["reason"], "moved");
    let told = folder.fine(&["principals", "log", "Bo"], "");
    assert!(told.contains("Bo member_of Crew") && told.contains("moved"), "{told}");
    assert_eq!(folder.json(&["principals", "log", "--status", "archived"], ""), json!([]));
    assert_ne!(folder.run(&["principals", "log", "nobody"], "").code, 0);
}

#[test]
fn a_package_goes_from_one_log_into_another() {
    let folder = small();
    let package = folder.fine(&["export", "objects", "log", "--type", "note"], "");
    let value: Value = serde_json::from_str(&package).unwrap();
    assert_eq!(
        (&value["manifest"]["object_count"], &value["manifest"]["version_count"]),
        (&json!(2), &json!(3))
    );
    let done = folder.json(&["import", "package", "copy", "-", "--reference", "note.parent"], &package);
    assert_eq!((&done["imported"], &done["versions"]), (&json!(2), &json!(3)));
    let notes = folder.json(&["objects", "copy", "--type", "note"], "");
    assert_eq!(notes[1]["data"]["parent"], notes[0]["object"], "references name the new ids");
    assert_eq!(notes[0]["data"]["title"], "uno");
    let log = folder.fine(&["log", "copy", "--format", "json"], "");
    assert!(log.contains("objects.imported"), "{log}");

    let altered = package.replace("uno", "due");
    let run = folder.run(&["import", "package", "copy", "-"], &altered);
    assert!(run.code != 0 && run.err.contains("checksum"), "{}", run.err);
    assert_ne!(folder.run(&["export", "objects", "log"], "").code, 0, "what has to be said");
    let bo = folder.run(
        &["export", "objects", "log", "--as", "Bo", "--object", notes[0]["object"].as_str().unwrap()],
        "",
    );
    assert!(bo.code != 0 && bo.out.is_empty(), "{}", bo.out);
}
