//! The trail and time in the tool: `audit`, `history` of any entity, `rollback` with its selections.

use scoped::tenancy::{AddMember, CreateScope, RemoveMember};
use scoped::{Batch, Engine, Options, PrincipalId, Role, ScopeRef, identity, objects};
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A directory with a log: Ada founded it and owns `org:acme`; Bo writes there and has edited Ada's note.
struct Desk {
    folder: TempDir,
    note: String,
}

impl Desk {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let options = Options::default().founder(PrincipalId(1)).snapshot_after(0).types(["note"]);
        let engine = Engine::open_with(folder.path().join("log"), options).unwrap();
        let (ada, bo) = (PrincipalId(1), PrincipalId(2));
        let acme: ScopeRef = "org:acme".parse().unwrap();
        let named = |name: &str| scoped::Data::new(json!({ "name": name })).unwrap();
        let create = identity::CreatePrincipal {
            principal: Some(bo),
            kind: "person".into(),
            description: named("Bo"),
            handle: None,
            personal: false,
        };
        let scope =
            CreateScope { scope: None, path: Some("org:acme".parse().unwrap()), name: None, parent: None };
        let member = AddMember { scope: acme.clone(), principal: bo, role: Role::Writer, expires_at: None };
        engine.execute(Batch::new().with(ada, create).with(ada, scope).with(ada, member)).unwrap();
        let data = |v: u32| scoped::Data::new(json!({ "v": v })).unwrap();
        let session = engine.session(ada).unwrap();
        let made = session
            .execute(objects::Create::new("note", data(1)).into_scope(acme.clone(), scoped::Level::Write));
        let note = made.unwrap().object();
        engine.session(bo).unwrap().execute(objects::Update::new(note, data(2))).unwrap();
        session.execute(RemoveMember { scope: acme, principal: bo }).unwrap();
        engine.close().unwrap();
        Self { folder, note: note.to_string() }
    }
    fn run(&self, line: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scoped"));
        command.current_dir(self.folder.path()).stdin(Stdio::null()).args(line);
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
    #[track_caller]
    fn fine(&self, line: &[&str]) -> String {
        let (code, out, err) = self.run(line);
        assert_eq!(code, 0, "out: {out}\nerr: {err}");
        out
    }
    #[track_caller]
    fn json(&self, line: &[&str]) -> Value {
        serde_json::from_str(&self.fine(&[line, &["--format", "json"]].concat())).unwrap()
    }
    fn kinds(&self, line: &[&str]) -> Vec<String> {
        let rows = self.json(&[&["audit", "log"], line].concat());
        rows.as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn the_trail_is_filtered_by_action_entity_scope_and_cause() {
    let desk = Desk::new();
    assert_eq!(desk.kinds(&["--action", "update"]), ["objects.updated"]);
    assert_eq!(
        desk.kinds(&["--entity", "member:org:acme/Bo"]),
        ["tenancy.member_added", "tenancy.member_removed"]
    );
    assert_eq!(desk.kinds(&["--actor", "Bo"]), ["objects.updated"]);
    let object = format!("object:{}", desk.note);
    assert_eq!(desk.kinds(&["--entity", &object, "--reverse"]), ["objects.updated", "objects.created"]);
    let rows = desk.json(&["audit", "log", "--action", "create"]);
    let created = rows[0]["position"].to_string();
    assert_eq!(desk.kinds(&["--tree", &created]), ["objects.created", "sharing.object_projected"]);
    assert_eq!(desk.kinds(&["--cause", &created]), ["sharing.object_projected"]);
    let all = desk.kinds(&["--scope", "org:acme", "--subtree"]).len().to_string();
    assert_eq!(desk.fine(&["audit", "log", "--scope", "org:acme", "--count"]).trim(), all);
    assert_eq!(desk.kinds(&["--undone"]), [""; 0]);
    let states = desk.json(&["audit", "log", "--action", "update", "--states"]);
    assert_eq!(
        (&states[0]["before"]["value"]["data"], &states[0]["after"]["value"]["data"]),
        (&json!({"v": 1}), &json!({"v": 2}))
    );
    let (code, _, err) = desk.run(&["audit", "log", "--export", "csv"]);
    assert_eq!(code, 2);
    assert!(err.contains("cloudevents"), "{err}");
}

#[test]
fn the_trail_is_exported_in_the_forms_of_other_systems() {
    let desk = Desk::new();
    let count = desk.kinds(&[]).len();
    for (form, field) in [("ndjson", "position"), ("cloudevents", "specversion"), ("ocsf", "type_uid")] {
        let out = desk.fine(&["audit", "log", "--export", form]);
        let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), count, "{form}");
        assert!(lines.iter().all(|line| !line[field].is_null()), "{form}");
        assert_eq!(desk.fine(&["audit", "log", "--export", form]), out, "the same each time");
    }
    let batch: Vec<Value> =
        serde_json::from_str(&desk.fine(&["audit", "log", "--export", "cloudevents-batch"])).unwrap();
    assert_eq!(batch.len(), count);
}

#[test]
fn the_history_of_any_entity_shows_its_states() {
    let desk = Desk::new();
    let rows = desk.json(&["history", "log", "member:org:acme/Bo"]);
    let states: Vec<&Value> = rows.as_array().unwrap().iter().map(|row| &row["state"]["presence"]).collect();
    assert_eq!(states, ["live", "tombstoned"]);
    assert_eq!(rows[0]["state"]["value"]["role"], "writer");
    let scope = desk.fine(&["history", "log", "scope:org:acme"]);
    assert!(scope.contains("tenancy.scope_created"), "{scope}");
    assert_eq!(desk.json(&["history", "log", &desk.note]).as_array().unwrap().len(), 2, "objects as ever");
    assert_eq!(desk.run(&["history", "log", "thing:1"]).0, 2);
}

#[test]
fn one_event_is_taken_back_with_its_reason_and_once_only() {
    let desk = Desk::new();
    let edit = desk.json(&["audit", "log", "--action", "update"])[0]["position"].to_string();
    desk.fine(&["rollback", "log", "--cascade", &edit, "--reason", "wrong figure"]);
    let undone = desk.json(&["audit", "log", "--undone"]);
    assert_eq!(undone[0]["position"].to_string(), edit);
    let heads = desk.fine(&["audit", "log", "--kind", "temporal.rolled_back", "--export", "ndjson"]);
    assert!(heads.contains("wrong figure"), "{heads}");
    let again = desk.json(&["rollback", "log", "--event", &edit, "--dry-run"]);
    assert_eq!(
        (again["steps"].as_array().unwrap().len(), again["skipped"].as_array().unwrap().len()),
        (0, 1)
    );
}

#[test]
fn one_entity_goes_back_to_a_moment_and_others_stay() {
    let desk = Desk::new();
    let added = desk.json(&["audit", "log", "--entity", "member:org:acme/Bo"])[0]["position"].to_string();
    desk.fine(&["rollback", "log", "--to", &added, "--entity", "member:org:acme/Bo"]);
    let rows = desk.json(&["history", "log", "member:org:acme/Bo"]);
    assert_eq!(rows[2]["state"]["presence"], "live");
    let until = desk.json(&["rollback", "log", "--to", "1", "--until", "2", "--dry-run"]);
    assert_eq!(until["selection"], "until:#2");
}
