//! `scoped rules` and `flags`: what they say of a log, now and as of a moment.

use crate::desk::{Desk, Run};
use scoped::rules::{Aim, Archive, Bind, Define, Update};
use scoped::{Action, Options, RuleId, ScopeRef, temporal, tenancy};
use serde_json::{Value, json};

const ORG: &str = "org:acme";

/// A log in `log`: a rule with two versions and a binding, one that is bound nowhere, an archived one, two flags.
struct Made {
    desk: Desk,
    bots: String,
}

impl Made {
    fn new() -> Self {
        let desk = Desk::new();
        let options = Options::default().founder_described("person", "ada").types(["note"]);
        let (engine, ada) = desk.founded(options);
        ada.execute(tenancy::CreateScope::at(ORG.parse().unwrap())).unwrap();
        let org = || ORG.parse::<ScopeRef>().unwrap();
        let mut next = 0;
        let mut define = |rule: Define| {
            next += 1;
            let id = RuleId(next);
            ada.execute(Define { rule: Some(id), ..rule }).unwrap();
            id
        };
        let bots = define(Define {
            description: Some("machines stay out".into()),
            ..Define::restrict_kind("no bots", "bot", &[Action::Update]).at_home_in(org())
        });
        define(Define::allow_crud("idle", &[Action::Read], None));
        let old = define(Define::deny_action("old", Action::Delete, Some("note")));
        define(Define::allow_crud("twin", &[], None));
        define(Define::allow_crud("twin", &[], None));
        let dark = define(Define::flag("dark-mode", true, 100));
        let search = define(Define::flag("search", true, 30).with_priority(3));
        let bind = |rule, to| ada.execute(Bind { binding: None, rule, to }).unwrap();
        bind(bots, Aim::scope(org()));
        bind(dark, Aim::everywhere());
        bind(search, Aim::scope(org()));
        ada.execute(temporal::SetMark { name: "v1".into(), position: None }).unwrap();
        let update = json!({ "rule": bots, "priority": 9, "reason": "first of all" });
        ada.execute(serde_json::from_value::<Update>(update).unwrap()).unwrap();
        ada.execute(Archive { rule: old }).unwrap();
        engine.close().unwrap();
        Self { desk, bots: bots.to_string() }
    }

    #[track_caller]
    fn names(&self, line: &[&str]) -> Vec<String> {
        let list = self.desk.json(line);
        list.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn rules_are_listed_by_priority_archived_ones_when_asked_for() {
    let made = Made::new();
    assert_eq!(made.names(&["rules", "log"]), ["no bots", "search", "idle", "twin", "twin", "dark-mode"]);
    let all = made.desk.json(&["rules", "log", "--archived", "--effect", "deny"]);
    let states: Vec<_> = all.as_array().unwrap().iter().map(|row| (&row["name"], &row["archived"])).collect();
    assert_eq!(states, [(&json!("old"), &json!(true)), (&json!("no bots"), &json!(false))]);
    assert_eq!(made.names(&["rules", "log", "--class", "constraint"]), ["no bots"]);
    assert_eq!(made.names(&["rules", "log", "--effect", "deny", "--at", "mark:v1"]), ["old", "no bots"]);
    let table = made.desk.fine(&["rules", "log"]);
    assert!(table.contains("constraint") && table.contains(ORG) && !table.contains("archived"), "{table}");
}

#[test]
fn a_rule_in_detail_shows_conditions_versions_and_bindings() {
    let made = Made::new();
    let rule = made.desk.json(&["rules", "log", &made.bots]);
    assert_eq!(rule, made.desk.json(&["rules", "log", "no bots"]), "by id or by name");
    assert_eq!((&rule["version"], &rule["priority"], &rule["bindings"]), (&json!(2), &json!(9), &json!(1)));
    assert_eq!(rule["when"], json!({ "action": ["update"], "principal_kind": ["bot"] }));
    assert_eq!(
        (&rule["versions"][1]["reason"], &rule["bound"][0]["scope"]),
        (&json!("first of all"), &json!(ORG))
    );
    let page = made.desk.fine(&["rules", "log", "no bots"]);
    for words in ["principal_kind", "machines stay out", "first of all", "scope org:acme", "ada"] {
        assert!(page.contains(words), "no `{words}` in {page}");
    }
    assert_eq!(made.desk.json(&["rules", "log", "no bots", "--at", "mark:v1"])["version"], 1);
    assert!(made.desk.fine(&["rules", "log", "idle"]).contains("it holds nowhere"));
}

#[test]
fn flags_say_how_they_stand_and_which_rule_decides() {
    let made = Made::new();
    let stand = |line: &[&str]| -> Vec<(String, bool, u64, bool)> {
        let rows = made.desk.json(line);
        let one = |row: &Value| {
            let rule = &row["rules"][0];
            let name = row["name"].as_str().unwrap().to_owned();
            let (on, decides) = (row["enabled"].as_bool().unwrap(), rule["decides"].as_bool().unwrap());
            (name, on, rule["rollout_percentage"].as_u64().unwrap(), decides)
        };
        rows.as_array().unwrap().iter().map(one).collect()
    };
    let dark = || ("dark-mode".to_owned(), true, 100, true);
    assert_eq!(stand(&["flags", "log"]), [dark(), ("search".to_owned(), false, 30, false)]);
    let seen = stand(&["flags", "log", "--scope", ORG]);
    assert_eq!(seen, [dark(), ("search".to_owned(), false, 30, true)], "on for nobody in particular");
    assert_eq!(stand(&["flags", "log", "--scope", ORG, "--for", "ada"])[0], dark());
    assert!(made.desk.fine(&["flags", "log"]).contains("30 %"));
    assert!(made.desk.fine(&["flags", "log", "--format", "tsv"]).contains("\t30\t"));
    assert_eq!(stand(&["flags", "log", "--at", "#3"]), []);
}

#[test]
fn a_rule_that_is_not_there_is_refused_with_what_to_do() {
    let made = Made::new();
    assert!(made.desk.fine(&["rules", "log", "--format", "tsv"]).contains("no bots"));
    assert!(made.desk.fine(&["rules", "log", "no bots", "--format", "tsv"]).contains("first of all"));
    let refused = |line: &[&str], code: i32, words: &[&str]| {
        let Run { code: ended, out, err } = made.desk.run(line);
        assert!(ended == code && out.is_empty(), "{line:?}: {ended} {out}{err}");
        words.iter().for_each(|word| assert!(err.contains(word), "{line:?}: no `{word}` in {err}"));
    };
    let told = ["there is no rule", "`scoped rules DIR --archived` lists all"];
    refused(&["rules", "log", "never"], 1, &told);
    refused(&["rules", "log", "01HX3ZQ6J5M8K9N0P1Q2R3S4T5"], 1, &told);
    refused(&["rules", "log", &made.bots, "--at", "#1"], 1, &told);
    refused(&["rules", "log", "twin"], 1, &["2 rules are called", "give the id: "]);
    refused(&["flags", "log", "--scope", "org:none"], 1, &["there is no scope", "lists all"]);
    refused(&["flags", "log", "--for", "nobody"], 1, &["there is no principal"]);
    refused(&["rules", "log", "idle", "--archived"], 2, &["cannot be used with"]);
    refused(&["rules", "log", "--class", "none"], 2, &["access"]);
}

/// A rule that denied deleting was not heard by `scoped can --capability write`: the question named no action, and was taken for an update.
#[test]
fn a_question_may_name_the_action_that_a_rule_speaks_about() {
    let desk = Desk::new();
    let options = Options::default().founder_described("person", "ada").types(["note"]);
    let (engine, ada) = desk.founded(options);
    ada.execute(tenancy::CreateScope::at(ORG.parse().unwrap())).unwrap();
    let org = || ORG.parse::<ScopeRef>().unwrap();
    let rule = RuleId(1);
    let keep = Define { rule: Some(rule), ..Define::deny_action("keep", Action::Delete, None) };
    ada.execute(keep.at_home_in(org())).unwrap();
    ada.execute(Bind { binding: None, rule, to: Aim::scope(org()) }).unwrap();
    let create = scoped::objects::Create::new("note", scoped::Data::new(json!({})).unwrap());
    let object = ada.execute(create.into_scope(org(), scoped::Level::Write)).unwrap().object().to_string();
    engine.close().unwrap();
    let asked = |action: &[&str]| {
        let line = ["can", "log", "--actor", "ada", "--object", &object, "--capability", "write"];
        desk.run(&[&line[..], action].concat()).code
    };
    assert_eq!((asked(&[]), asked(&["--action", "update"]), asked(&["--action", "delete"])), (0, 0, 1));
    let count = |line: &[&str]| desk.json(line).as_array().unwrap().len();
    let write = ["--capability", "write"];
    assert_eq!(count(&[&["what", "log", "--actor", "ada"], &write[..]].concat()), 1);
    assert_eq!(count(&[&["what", "log", "--actor", "ada", "--action", "delete"], &write[..]].concat()), 0);
    assert_eq!(count(&[&["who", "log", "--object", &object], &write[..]].concat()), 1);
    assert_eq!(count(&[&["who", "log", "--object", &object, "--action", "delete"], &write[..]].concat()), 0);
    let span = ["timeline", "log", "--actor", "ada", "--object", &object, "--action", "delete"];
    assert_eq!(count(&[&span[..], &write[..]].concat()), 0, "it was never allowed");
}

#[test]
fn a_limit_in_detail_shows_how_it_stands_for_somebody() {
    let desk = Desk::new();
    let options = Options::default().founder_described("person", "ada").types(["note"]);
    let (engine, ada) = desk.founded(options);
    let rule = RuleId(1);
    ada.execute(Define { rule: Some(rule), ..Define::quota("three notes", Some("note"), 3) }).unwrap();
    ada.execute(Bind { binding: None, rule, to: Aim::everywhere() }).unwrap();
    let note = || scoped::objects::Create::new("note", scoped::Data::new(json!({})).unwrap());
    ada.execute(note()).unwrap();
    ada.execute(note()).unwrap();
    engine.close().unwrap();
    let usage = &desk.json(&["rules", "log", "three notes", "--for", "ada"])["usage"];
    assert_eq!((&usage[0]["used"], &usage[0]["remaining"]), (&json!(2), &json!(1)), "{usage}");
    assert!(desk.json(&["rules", "log", "three notes"]).get("usage").is_none());
    assert!(desk.fine(&["rules", "log", "three notes", "--for", "ada"]).contains("how it stands for ada"));
}
