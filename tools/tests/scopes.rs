//! `scoped scopes`, `members` and `acl`: what they say of a log, now and as of a moment.

use scoped::projections::tenancy::{Policy, Quota};
use scoped::tenancy::{self, AddAclEntry, AddMember, CreateScope};
use scoped::{Effect, Engine, Options, PrincipalId, Role, ScopeRef, Subject, identity, temporal};
use serde_json::{Value, json};
use std::process::Command;
use tempfile::TempDir;

const ORG: &str = "org:acme";
const DOCS: &str = "org:acme/ws:docs";
const VAULT: &str = "org:acme/ws:vault";

/// Ada owns `org:acme` with a quota, in which Bo administers; `ws:docs` is frozen, `ws:vault` inherits nothing, `ws:old` is deleted.
struct Desk {
    folder: TempDir,
    flat: String,
}

fn at(path: &str) -> ScopeRef {
    path.parse().unwrap()
}

impl Desk {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let options = Options::default().founder_described("person", "ada").types(["note"]);
        let engine = Engine::open_with(folder.path().join("log"), options).unwrap();
        let ada = engine.session(engine.founder()).unwrap();
        let person = |name: &str| -> PrincipalId {
            ada.execute(identity::CreatePrincipal::named("person", name).unwrap()).unwrap().principal()
        };
        let (bo, rita) = (person("bo"), person("rita"));
        for path in [ORG, DOCS, VAULT, "org:acme/ws:old"] {
            ada.execute(CreateScope::at(path.parse().unwrap())).unwrap();
        }
        let flat = ada.execute(CreateScope::flat("corner").below(at(ORG))).unwrap().scope().to_string();
        ada.execute(AddMember::new(at(ORG), bo, Role::Admin)).unwrap();
        ada.execute(AddMember::new(at(DOCS), rita, Role::Reader)).unwrap();
        let entry = |effect, subject, capability: &str| {
            ada.execute(AddAclEntry::new(at(ORG), effect, subject, capability.parse().unwrap())).unwrap();
        };
        entry(Effect::Deny, Subject::Principal(rita), "scope.write");
        entry(Effect::Allow, Subject::Role(Role::Admin), "scope.read.*");
        ada.execute(temporal::SetMark { name: "v1".into(), position: None }).unwrap();
        let quota = Quota { max_records: Some(0), ..Quota::default() };
        let policy = Policy { quota, ..Policy::default() };
        ada.execute(tenancy::SetPolicy::new(at(ORG), &policy).unwrap()).unwrap();
        let policy = Policy { inherit_members: Some(false), ..Policy::default() };
        ada.execute(tenancy::SetPolicy::new(at(VAULT), &policy).unwrap()).unwrap();
        ada.execute(tenancy::FreezeScope { scope: at(DOCS), reason: Some("an audit".into()) }).unwrap();
        ada.execute(tenancy::DeleteScope::new(at("org:acme/ws:old"))).unwrap();
        engine.close().unwrap();
        Self { folder, flat }
    }

    /// Exit code, standard output, standard error.
    fn run(&self, line: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scoped"));
        let done =
            command.current_dir(self.folder.path()).env_remove("NO_COLOR").args(line).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
    }
    #[track_caller]
    fn fine(&self, line: &[&str]) -> String {
        let (code, out, err) = self.run(line);
        assert_eq!(code, 0, "{line:?}: {out}{err}");
        out
    }
    #[track_caller]
    fn json(&self, line: &[&str]) -> Value {
        let out = self.fine(&[line, &["--format", "json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}"))
    }
    /// These fields of each row, as one line a row.
    #[track_caller]
    fn rows(&self, line: &[&str], fields: &[&str]) -> Vec<String> {
        let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        let row = |row: &Value| fields.iter().map(|field| word(&row[*field])).collect::<Vec<_>>().join(" ");
        self.json(line).as_array().unwrap().iter().map(row).collect()
    }
}

#[test]
fn scopes_are_listed_with_their_state_deleted_ones_too() {
    let desk = Desk::new();
    let fields = ["label", "state", "auto_provisioned", "members"];
    assert_eq!(
        desk.rows(&["scopes", "log"], &fields),
        [
            "org:acme active false 2",
            "org:acme/ws:docs frozen false 2",
            "org:acme/ws:old deleted false 0",
            "org:acme/ws:vault active false 1",
            "corner active false 1",
        ]
    );
    assert_eq!(desk.rows(&["scopes", "log", "--state", "frozen"], &["label"]), [DOCS]);
    let then = desk.rows(&["scopes", "log", "--at", "mark:v1"], &["state"]);
    assert_eq!(then, ["active"; 5], "before anything was frozen or deleted");
    assert_eq!(desk.rows(&["scopes", "log", "--at", "#1"], &["label"]), [""; 0]);
}

#[test]
fn a_scope_in_detail_shows_its_policy_own_and_resolved_and_what_quotas_say() {
    let desk = Desk::new();
    let docs = desk.json(&["scopes", "log", DOCS]);
    assert_eq!((&docs["state"], &docs["policy"]["version"]), (&json!("frozen"), &json!(0)));
    let quota = json!({ "key": "quota.max_records", "value": { "limit": 0, "used": 0 }, "set_by": ORG });
    assert!(docs["policy"]["resolved"].as_array().unwrap().contains(&quota), "{docs}");
    let page = desk.fine(&["scopes", "log", DOCS]);
    for words in ["declares no policy", "audit_reads", "sensitive", "default", "records", ORG] {
        assert!(page.contains(words), "no `{words}` in {page}");
    }
    let vault = desk.fine(&["scopes", "log", VAULT]);
    assert!(vault.contains("in version 1 of its policy") && vault.contains("inherit_members"), "{vault}");
    assert_eq!(desk.json(&["scopes", "log", VAULT, "--at", "mark:v1"])["policy"]["own"], json!({}));
    assert_eq!(desk.json(&["scopes", "log", &desk.flat])["label"], "corner");
}

#[test]
fn members_come_with_where_they_are_from_and_stop_where_nothing_is_inherited() {
    let desk = Desk::new();
    let fields = ["name", "role", "label", "inherited", "standing"];
    assert_eq!(
        desk.rows(&["members", "log", "--scope", DOCS], &fields),
        [
            "ada owner org:acme/ws:docs false in_force",
            "rita reader org:acme/ws:docs false in_force",
            "ada owner org:acme true in_force",
            "bo admin org:acme true in_force",
        ]
    );
    assert_eq!(desk.rows(&["members", "log", "--scope", DOCS, "--own"], &["name"]), ["ada", "rita"]);
    let vault = ["members", "log", "--scope", VAULT];
    assert_eq!(desk.rows(&vault, &["name", "standing"]), ["ada in_force", "ada members_only", "bo cut_off"]);
    let then = desk.rows(&[&vault[..], &["--at", "mark:v1"]].concat(), &["standing"]);
    assert_eq!(then, ["in_force"; 3], "before the cut");
    let (code, _, err) = desk.run(&["members", "log", "--scope", "org:acme/ws:old"]);
    assert!(code == 0 && err.contains("is deleted"), "{code} {err}");
}

#[test]
fn entries_from_above_are_listed_and_only_denies_reach_past_a_cut() {
    let desk = Desk::new();
    let fields = ["effect", "subject_name", "capability", "label", "inherited", "standing"];
    assert_eq!(
        desk.rows(&["acl", "log", "--scope", VAULT], &fields),
        [
            "deny rita scope.write org:acme true in_force",
            "allow role:admin scope.read.* org:acme true cut_off",
        ]
    );
    let own = desk.rows(&["acl", "log", "--scope", ORG, "--own"], &["standing", "inherited"]);
    assert_eq!(own, ["in_force false"; 2]);
    assert_eq!(desk.rows(&["acl", "log", "--scope", VAULT, "--own"], &["entry"]), [""; 0]);
}

#[test]
fn every_format_answers_and_a_scope_that_is_not_there_is_refused_with_what_to_do() {
    let desk = Desk::new();
    for format in ["table", "tsv"] {
        let with = |line: &[&str]| desk.fine(&[line, &["--format", format]].concat());
        assert!(with(&["scopes", "log"]).contains(VAULT));
        assert!(with(&["scopes", "log", VAULT]).contains("inherit_members"));
        assert!(with(&["members", "log", "--scope", VAULT]).contains("cut_off"));
        assert!(with(&["acl", "log", "--scope", VAULT]).contains("scope.write"));
    }
    let lines: [&[&str]; 4] = [
        &["scopes", "log", "org:none"],
        &["members", "log", "--scope", "org:none"],
        &["acl", "log", "--scope", "org:none"],
        &["acl", "log", "--scope", ORG, "--at", "#1"],
    ];
    for line in lines {
        let (code, out, err) = desk.run(line);
        assert!(code == 1 && out.is_empty(), "{line:?}: {code} {out}");
        assert!(err.contains("there is no scope") && err.contains("`scoped scopes DIR` lists all"), "{err}");
    }
    assert_eq!(desk.run(&["members", "log"]).0, 2, "without a scope");
    assert_eq!(desk.run(&["scopes", "log", "--state", "gone"]).0, 2);
}
