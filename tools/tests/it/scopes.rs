//! `scoped scopes`, `members` and `acl`: what they say of a log, now and as of a moment.

use crate::desk::{Desk, Run};
use scoped::projections::tenancy::{Policy, Quota};
use scoped::tenancy::{self, AddAclEntry, AddMember, CreateScope};
use scoped::{Effect, Options, PrincipalId, Role, ScopeRef, Subject, identity, temporal};
use serde_json::{Value, json};

const ORG: &str = "org:acme";
const DOCS: &str = "org:acme/ws:docs";
const VAULT: &str = "org:acme/ws:vault";

/// Ada owns `org:acme` with a quota, in which Bo administers; `ws:docs` is frozen, `ws:vault` inherits nothing, `ws:old` is deleted.
struct Made {
    desk: Desk,
    flat: String,
}

fn at(path: &str) -> ScopeRef {
    path.parse().unwrap()
}

impl Made {
    fn new() -> Self {
        let desk = Desk::new();
        let options = Options::default().founder_described("person", "ada").types(["note"]);
        let (engine, ada) = desk.founded(options);
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
        Self { desk, flat }
    }

    /// These fields of each row, as one line a row.
    #[track_caller]
    fn rows(&self, line: &[&str], fields: &[&str]) -> Vec<String> {
        let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        let row = |row: &Value| fields.iter().map(|field| word(&row[*field])).collect::<Vec<_>>().join(" ");
        self.desk.json(line).as_array().unwrap().iter().map(row).collect()
    }
}

#[test]
fn scopes_are_listed_with_their_state_deleted_ones_too() {
    let made = Made::new();
    let fields = ["label", "state", "auto_provisioned", "members"];
    assert_eq!(
        made.rows(&["scopes", "log"], &fields),
        [
            "org:acme active false 2",
            "org:acme/ws:docs frozen false 2",
            "org:acme/ws:old deleted false 0",
            "org:acme/ws:vault active false 1",
            "corner active false 1",
        ]
    );
    assert_eq!(made.rows(&["scopes", "log", "--state", "frozen"], &["label"]), [DOCS]);
    let then = made.rows(&["scopes", "log", "--at", "mark:v1"], &["state"]);
    assert_eq!(then, ["active"; 5], "before anything was frozen or deleted");
    assert_eq!(made.rows(&["scopes", "log", "--at", "#1"], &["label"]), [""; 0]);
}

#[test]
fn a_scope_in_detail_shows_its_policy_own_and_resolved_and_what_quotas_say() {
    let made = Made::new();
    let docs = made.desk.json(&["scopes", "log", DOCS]);
    assert_eq!((&docs["state"], &docs["policy"]["version"]), (&json!("frozen"), &json!(0)));
    let quota = json!({ "key": "quota.max_records", "value": { "limit": 0, "used": 0 }, "set_by": ORG });
    assert!(docs["policy"]["resolved"].as_array().unwrap().contains(&quota), "{docs}");
    let page = made.desk.fine(&["scopes", "log", DOCS]);
    for words in ["declares no policy", "audit_reads", "sensitive", "default", "records", ORG] {
        assert!(page.contains(words), "no `{words}` in {page}");
    }
    let vault = made.desk.fine(&["scopes", "log", VAULT]);
    assert!(vault.contains("in version 1 of its policy") && vault.contains("inherit_members"), "{vault}");
    assert_eq!(made.desk.json(&["scopes", "log", VAULT, "--at", "mark:v1"])["policy"]["own"], json!({}));
    assert_eq!(made.desk.json(&["scopes", "log", &made.flat])["label"], "corner");
}

#[test]
fn members_come_with_where_they_are_from_and_stop_where_nothing_is_inherited() {
    let made = Made::new();
    let fields = ["name", "role", "label", "inherited", "standing"];
    assert_eq!(
        made.rows(&["members", "log", "--scope", DOCS], &fields),
        [
            "ada owner org:acme/ws:docs false in_force",
            "rita reader org:acme/ws:docs false in_force",
            "ada owner org:acme true in_force",
            "bo admin org:acme true in_force",
        ]
    );
    assert_eq!(made.rows(&["members", "log", "--scope", DOCS, "--own"], &["name"]), ["ada", "rita"]);
    let vault = ["members", "log", "--scope", VAULT];
    assert_eq!(made.rows(&vault, &["name", "standing"]), ["ada in_force", "ada members_only", "bo cut_off"]);
    let then = made.rows(&[&vault[..], &["--at", "mark:v1"]].concat(), &["standing"]);
    assert_eq!(then, ["in_force"; 3], "before the cut");
    let Run { code, err, .. } = made.desk.run(&["members", "log", "--scope", "org:acme/ws:old"]);
    assert!(code == 0 && err.contains("is deleted"), "{code} {err}");
}

#[test]
fn entries_from_above_are_listed_and_only_denies_reach_past_a_cut() {
    let made = Made::new();
    let fields = ["effect", "subject_name", "capability", "label", "inherited", "standing"];
    assert_eq!(
        made.rows(&["acl", "log", "--scope", VAULT], &fields),
        [
            "deny rita scope.write org:acme true in_force",
            "allow role:admin scope.read.* org:acme true cut_off",
        ]
    );
    let own = made.rows(&["acl", "log", "--scope", ORG, "--own"], &["standing", "inherited"]);
    assert_eq!(own, ["in_force false"; 2]);
    assert_eq!(made.rows(&["acl", "log", "--scope", VAULT, "--own"], &["entry"]), [""; 0]);
}

#[test]
fn every_format_answers_and_a_scope_that_is_not_there_is_refused_with_what_to_do() {
    let made = Made::new();
    for format in ["table", "tsv"] {
        let with = |line: &[&str]| made.desk.fine(&[line, &["--format", format]].concat());
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
        let Run { code, out, err } = made.desk.run(line);
        assert!(code == 1 && out.is_empty(), "{line:?}: {code} {out}");
        assert!(err.contains("there is no scope") && err.contains("`scoped scopes DIR` lists all"), "{err}");
    }
    assert_eq!(made.desk.run(&["members", "log"]).code, 2, "without a scope");
    assert_eq!(made.desk.run(&["scopes", "log", "--state", "gone"]).code, 2);
}
