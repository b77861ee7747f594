//! The trail and time in the tool: `audit`, `history` of any entity, `rollback` with its selections.

use crate::desk::{Desk, Run};
use scoped::tenancy::{AddMember, CreateScope, RemoveMember};
use scoped::{Batch, Engine, Options, PrincipalId, Role, ScopeRef, identity, objects};
use serde_json::{Value, json};

/// A directory with a log: Ada founded it and owns `org:acme`; Bo writes there and has edited Ada's note.
struct Made {
    desk: Desk,
    note: String,
}

impl Made {
    fn new() -> Self {
        let desk = Desk::new();
        let options = Options::default().founder(PrincipalId(1)).snapshot_after(0).types(["note"]);
        let engine = Engine::open_with(desk.path("log"), options).unwrap();
        let (ada, bo) = (PrincipalId(1), PrincipalId(2));
        let acme: ScopeRef = "org:acme".parse().unwrap();
        let create = identity::CreatePrincipal {
            principal: Some(bo),
            ..identity::CreatePrincipal::named("person", "Bo").unwrap()
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
        Self { desk, note: note.to_string() }
    }
    fn kinds(&self, line: &[&str]) -> Vec<String> {
        let rows = self.desk.json(&[&["audit", "log"], line].concat());
        rows.as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn the_trail_is_filtered_by_action_entity_scope_and_cause() {
    let made = Made::new();
    assert_eq!(made.kinds(&["--action", "update"]), ["objects.updated"]);
    assert_eq!(
        made.kinds(&["--entity", "member:org:acme/Bo"]),
        ["tenancy.member_added", "tenancy.member_removed"]
    );
    assert_eq!(made.kinds(&["--actor", "Bo"]), ["objects.updated"]);
    let object = format!("object:{}", made.note);
    assert_eq!(made.kinds(&["--entity", &object, "--reverse"]), ["objects.updated", "objects.created"]);
    let rows = made.desk.json(&["audit", "log", "--action", "create"]);
    let created = rows[0]["position"].to_string();
    assert_eq!(made.kinds(&["--tree", &created]), ["objects.created", "sharing.object_projected"]);
    assert_eq!(made.kinds(&["--cause", &created]), ["sharing.object_projected"]);
    let all = made.kinds(&["--scope", "org:acme", "--subtree"]).len().to_string();
    assert_eq!(made.desk.fine(&["audit", "log", "--scope", "org:acme", "--count"]).trim(), all);
    assert_eq!(made.kinds(&["--undone"]), [""; 0]);
    let states = made.desk.json(&["audit", "log", "--action", "update", "--states"]);
    assert_eq!(
        (&states[0]["before"]["value"]["data"], &states[0]["after"]["value"]["data"]),
        (&json!({"v": 1}), &json!({"v": 2}))
    );
    let Run { code, err, .. } = made.desk.run(&["audit", "log", "--export", "csv"]);
    assert_eq!(code, 2);
    assert!(err.contains("cloudevents"), "{err}");
}

#[test]
fn the_trail_is_exported_in_the_forms_of_other_systems() {
    let made = Made::new();
    let count = made.kinds(&[]).len();
    for (form, field) in [("ndjson", "position"), ("cloudevents", "specversion"), ("ocsf", "type_uid")] {
        let out = made.desk.fine(&["audit", "log", "--export", form]);
        let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), count, "{form}");
        assert!(lines.iter().all(|line| !line[field].is_null()), "{form}");
        assert_eq!(made.desk.fine(&["audit", "log", "--export", form]), out, "the same each time");
    }
    let batch: Vec<Value> =
        serde_json::from_str(&made.desk.fine(&["audit", "log", "--export", "cloudevents-batch"])).unwrap();
    assert_eq!(batch.len(), count);
}

#[test]
fn the_history_of_any_entity_shows_its_states() {
    let made = Made::new();
    let rows = made.desk.json(&["history", "log", "member:org:acme/Bo"]);
    let states: Vec<&Value> = rows.as_array().unwrap().iter().map(|row| &row["state"]["presence"]).collect();
    assert_eq!(states, ["live", "tombstoned"]);
    assert_eq!(rows[0]["state"]["value"]["role"], "writer");
    let scope = made.desk.fine(&["history", "log", "scope:org:acme"]);
    assert!(scope.contains("tenancy.scope_created"), "{scope}");
    assert_eq!(
        made.desk.json(&["history", "log", &made.note]).as_array().unwrap().len(),
        2,
        "objects as ever"
    );
    assert_eq!(made.desk.run(&["history", "log", "thing:1"]).code, 2);
}

#[test]
fn one_event_is_taken_back_with_its_reason_and_once_only() {
    let made = Made::new();
    let edit = made.desk.json(&["audit", "log", "--action", "update"])[0]["position"].to_string();
    made.desk.fine(&["rollback", "log", "--cascade", &edit, "--reason", "wrong figure"]);
    let undone = made.desk.json(&["audit", "log", "--undone"]);
    assert_eq!(undone[0]["position"].to_string(), edit);
    let heads = made.desk.fine(&["audit", "log", "--kind", "temporal.rolled_back", "--export", "ndjson"]);
    assert!(heads.contains("wrong figure"), "{heads}");
    let again = made.desk.json(&["rollback", "log", "--event", &edit, "--dry-run"]);
    assert_eq!(
        (again["steps"].as_array().unwrap().len(), again["skipped"].as_array().unwrap().len()),
        (0, 1)
    );
}

#[test]
fn one_entity_goes_back_to_a_moment_and_others_stay() {
    let made = Made::new();
    let added =
        made.desk.json(&["audit", "log", "--entity", "member:org:acme/Bo"])[0]["position"].to_string();
    made.desk.fine(&["rollback", "log", "--to", &added, "--entity", "member:org:acme/Bo"]);
    let rows = made.desk.json(&["history", "log", "member:org:acme/Bo"]);
    assert_eq!(rows[2]["state"]["presence"], "live");
    let until = made.desk.json(&["rollback", "log", "--to", "1", "--until", "2", "--dry-run"]);
    assert_eq!(until["selection"], "until:#2");
}

/// Where requests came from was nowhere: an application had no place for it, so no export could bring it along.
#[test]
fn where_a_request_came_from_is_shown_exported_and_brought_in_again() {
    let made = Made::new();
    let engine = Engine::open_with(made.desk.path("log"), Options::default().snapshot_after(0)).unwrap();
    let said = json!({ "ip": "192.0.2.7", "user_agent": "curl/8.5" });
    let here = engine.session(PrincipalId(1)).unwrap();
    let here = here.with_metadata(scoped::requests::Metadata::new(&said).unwrap());
    let at = here.batch().with(scoped::temporal::SetMark { name: "m".into(), position: None }).keyed("k");
    let at = at.execute().unwrap().first.to_string();
    engine.close().unwrap();
    let at = at.trim_start_matches('#');
    assert_eq!(made.desk.json(&["show", "log", at])["metadata"], said);
    let page = made.desk.fine(&["show", "log", at, "--format", "table"]);
    assert!(page.contains("came from") && page.contains("192.0.2.7"), "{page}");
    let rows = made.desk.json(&["audit", "log", "--since", "#1"]);
    let with: Vec<_> = rows.as_array().unwrap().iter().filter(|row| row["metadata"] == said).collect();
    let kinds: Vec<_> = with.iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["temporal.mark_set", "requests.described", "requests.keyed"]);
    assert_eq!(made.desk.json(&["show", "log", "2"]).get("metadata"), None);

    let lines = made.desk.fine(&["export", "commands", "log"]);
    let written = format!(r#""metadata":{said}"#);
    assert_eq!(lines.matches(&written).count(), 1, "{lines}");
    made.desk.piped(&["import", "commands", "copy", "-"], lines.as_bytes()).fine();
    assert_eq!(made.desk.fine(&["export", "commands", "copy"]).matches(&written).count(), 1);
    made.desk.fine(&["comply", "copy"]);
    let wrong = lines.replace(&written, r#""metadata":"192.0.2.7""#);
    let Run { code, err, .. } = made.desk.piped(&["import", "commands", "other", "-"], wrong.as_bytes());
    assert!(code == 2 && err.contains("JSON object"), "{code}: {err}");
}
