//! Views, questions about access and their history, as the tool answers them on a log.

use crate::desk::{Desk, Run};
use scoped::identity::CreatePrincipal;
use scoped::temporal::SetMark;
use scoped::tenancy::{AddAclEntry, AddMember, CreateScope, RemoveMember};
use scoped::{Data, Level, Options, PrincipalId, Role, ScopePath, ScopeRef, objects, sharing};
use serde_json::{Value, json};

/// Ada owns `org:acme` with the department `eng`, in which Bo administers and Rita reads, first not, then so, then not again.
struct Log {
    desk: Desk,
    plan: String,
}

fn at(path: &str) -> ScopeRef {
    ScopePath::parse(path).unwrap().into()
}

impl Log {
    fn new() -> Self {
        let desk = Desk::new();
        let options = Options::default().founder_described("person", "ada").types(["note"]);
        let (engine, ada) = desk.founded(options);
        let person = |name: &str| -> PrincipalId {
            ada.execute(CreatePrincipal::named("person", name).unwrap()).unwrap().principal()
        };
        let (bo, rita) = (person("bo"), person("rita"));
        for path in ["org:acme", "org:acme/dept:eng", "org:acme/dept:eng/ws:x"] {
            ada.execute(CreateScope::at(ScopePath::parse(path).unwrap())).unwrap();
        }
        let member =
            |principal, role| AddMember { scope: at("org:acme/dept:eng"), principal, role, expires_at: None };
        ada.execute(member(bo, Role::Admin)).unwrap();
        let note = |title: &str, path: &str| {
            let data = Data::new(json!({ "title": title })).unwrap();
            ada.execute(objects::Create::new("note", data).into_scope(at(path), Level::Write))
                .unwrap()
                .object()
        };
        let plan = note("plan", "org:acme/dept:eng");
        note("top", "org:acme");
        note("low", "org:acme/dept:eng/ws:x");
        ada.execute(sharing::Project { object: plan, scope: at("org:acme"), level: Level::Read }).unwrap();
        ada.execute(SetMark { name: "before".into(), position: None }).unwrap();
        ada.execute(member(rita, Role::Reader)).unwrap();
        ada.execute(RemoveMember { scope: at("org:acme/dept:eng"), principal: rita }).unwrap();
        ada.execute(AddAclEntry {
            entry: None,
            scope: at("org:acme/dept:eng"),
            effect: scoped::Effect::Allow,
            subject: scoped::Subject::Principal(rita),
            capability: "scope.read.local".parse().unwrap(),
            applies: scoped::projections::tenancy::Applies::Itself,
            expires_at: None,
        })
        .unwrap();
        engine.close().unwrap();
        Self { desk, plan: plan.to_string() }
    }
}

fn column<'a>(rows: &'a Value, key: &str) -> Vec<&'a str> {
    rows.as_array().unwrap().iter().filter_map(|row| row[key].as_str()).collect()
}

#[test]
fn objects_are_shown_by_all_five_views() {
    let log = Log::new();
    let titles = |view: &str, scope: &str| {
        let rows = log.desk.json(&["objects", "log", "--scope", scope, "--view", view]);
        let title = |row: &Value| row["data"]["title"].as_str().unwrap().to_owned();
        rows.as_array().unwrap().iter().map(title).collect::<Vec<_>>()
    };
    assert_eq!(titles("granular", "org:acme/dept:eng"), ["plan"]);
    assert_eq!(titles("local", "org:acme/dept:eng"), ["plan"]);
    assert_eq!(titles("holistic", "org:acme/dept:eng/ws:x"), ["low", "plan", "top"]);
    assert_eq!(titles("descend", "org:acme"), ["plan", "top", "low"], "the plan is projected at the top too");
    let raw = log.desk.json(&["objects", "log", "--scope", "org:acme/dept:eng", "--view", "raw"]);
    assert_eq!(column(&raw, "kind"), ["objects.created", "sharing.object_projected"]);
    let graph = log.desk.json(&["objects", "log", "--scope", "org:acme/dept:eng", "--view", "structured"]);
    assert_eq!(column(&graph, "item"), ["node", "edge", "edge", "edge"]);
    assert!(graph.as_array().unwrap().iter().all(|item| item.get("data").is_none()));
    assert!(
        log.desk
            .fine(&["objects", "log", "--scope", "org:acme", "--view", "raw"])
            .contains("sharing.object_projected")
    );
    assert!(
        log.desk
            .fine(&["objects", "log", "--scope", "org:acme", "--view", "structured"])
            .contains("projected, level read")
    );
    let Run { code, err, .. } =
        log.desk.run(&["objects", "log", "--scope", "org:acme", "--view", "sideways"]);
    assert!(code != 0 && err.contains("is no view"), "{err}");
}

#[test]
fn who_and_what_speak_of_scopes_too() {
    let log = Log::new();
    let who =
        log.desk.json(&["who", "log", "--scope", "org:acme/dept:eng", "--capability", "scope.read.local"]);
    assert_eq!(column(&who, "name"), ["ada", "bo", "rita"]);
    let below = log.desk.json(&[
        "who",
        "log",
        "--scope",
        "org:acme/dept:eng/ws:x",
        "--capability",
        "scope.read.local",
    ]);
    assert_eq!(column(&below, "name"), ["ada", "bo"], "her entry reaches the department alone");
    let before = log.desk.json(&["who", "log", "--scope", "org:acme/dept:eng", "--at", "mark:before"]);
    assert_eq!(column(&before, "name"), ["ada", "bo"]);
    let what = log.desk.json(&["what", "log", "--actor", "bo", "--scopes"]);
    assert_eq!(column(&what, "label"), ["org:acme/dept:eng", "org:acme/dept:eng/ws:x"]);
    assert_eq!(log.desk.run(&["who", "log"]).code, 2, "about something");
}

#[test]
fn the_timeline_of_access_has_what_opened_and_closed_it() {
    let log = Log::new();
    let about = ["timeline", "log", "--actor", "rita"];
    let spans = log.desk.json(&[&about[..], &["--object", &log.plan]].concat());
    let spans = spans.as_array().unwrap();
    assert_eq!(spans.len(), 2, "{spans:?}");
    assert_eq!(spans[0]["opened"]["kind"], "tenancy.member_added");
    assert_eq!(spans[0]["closed"]["kind"], "tenancy.member_removed");
    assert_eq!(spans[1]["opened"]["kind"], "tenancy.acl_entry_added");
    assert!(spans[1]["closed"].is_null());
    let ended =
        log.desk.json(&[&about[..], &["--scope", "org:acme/dept:eng", "--to", "mark:before"]].concat());
    assert_eq!(ended, json!([]));
    let text = log.desk.fine(&[
        "timeline",
        "log",
        "--actor",
        "bo",
        "--scope",
        "org:acme/dept:eng",
        "--from",
        "mark:before",
    ]);
    assert!(text.contains("so already") && text.contains("admin of org:acme/dept:eng"), "{text}");
    assert_eq!(log.desk.run(&about).code, 2, "about something");
}

#[test]
fn without_a_capability_everything_that_one_may_do_in_a_scope_is_told() {
    let log = Log::new();
    let of = |who: &str| {
        let all = log.desk.json(&["can", "log", "--actor", who, "--scope", "org:acme/dept:eng"]);
        let all = all.as_array().unwrap().clone();
        assert!(all.len() > 10 && all.iter().all(|one| one["why"].is_string()));
        let allowed = all.into_iter().filter(|one| one["allowed"] == true);
        allowed.map(|one| one["capability"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("rita"), ["scope.read.local"], "her entry speaks of that alone");
    assert!(of("bo").iter().any(|capability| capability == "scope.members.manage"));
    log.desk.run(&["can", "log", "--actor", "bo", "--object", &log.plan]).fails(2, &["--capability"]);
}

#[test]
fn what_is_within_a_scope_is_what_lies_in_it_and_below() {
    let log = Log::new();
    let titled = |rest: &[&str]| {
        let found = log.desk.json(&[&["what", "log", "--actor", "ada"], rest].concat());
        found.as_array().unwrap().len()
    };
    assert_eq!(titled(&[]), 3);
    assert_eq!(titled(&["--within", "org:acme/dept:eng"]), 2, "what lies in the organisation is outside");
    assert_eq!(titled(&["--within", "org:acme/dept:eng/ws:x"]), 1);
    assert_eq!(titled(&["--within", "org:acme/dept:eng", "--scopes"]), 2);
}

#[test]
fn an_event_is_shown_with_why_it_was_allowed_even_after_the_right_has_gone() {
    let log = Log::new();
    let life = log.desk.json(&["history", "log", &log.plan]);
    let made = life[0]["position"].as_u64().unwrap().to_string();
    let why = log.desk.json(&["show", "log", &made, "--why"]);
    assert_eq!(why[0]["command"], "objects.create", "{why}");
    let ground = &why[0]["grounds"][0];
    assert_eq!((&ground["capability"], &ground["allowed"]), (&json!("scope.write"), &json!(true)));
    assert!(ground["why"].as_str().unwrap().contains("owner of org:acme"), "{ground}");
    assert!(ground["since"].as_u64().unwrap() < ground["position"].as_u64().unwrap());
    assert!(log.desk.fine(&["show", "log", &made, "--why"]).contains("owner of org:acme"));
    let first = log.desk.fine(&["show", "log", "1", "--why"]);
    assert!(first.contains("allowed") || first.contains("nothing was decided"), "{first}");
}
