//! What things are called on the command line: ids, handles, names; and whose name cannot be read any more.

use crate::desk::Desk;
use serde_json::{Value, json};

/// A founder, with lines of commands of its own carried out.
struct Log {
    desk: Desk,
    founder: String,
}

impl Log {
    fn new() -> Self {
        let desk = Desk::new();
        desk.fine(&["vault", "new", "kek"]);
        let founder = desk.fine(&["init", "log"]).trim().to_owned();
        Self { desk, founder }
    }
    #[track_caller]
    fn does(&self, lines: &[(&str, Value)]) {
        let line = |(name, with): &(&str, Value)| {
            json!({ "as": self.founder, "do": name, "with": with }).to_string() + "\n"
        };
        let text: String = lines.iter().map(line).collect();
        let keys = ["--keys", "keys", "--kek", "kek"];
        self.desk.piped(&[&keys[..], &["import", "commands", "log", "-"]].concat(), text.as_bytes()).fine();
    }
}

const ADA: &str = "01HX3ZQ6J5M8K9N0P1Q2R3S001";
const BO: &str = "01HX3ZQ6J5M8K9N0P1Q2R3S002";

fn person(id: &str, name: &str, handle: &str) -> (&'static str, Value) {
    (
        "identity.create_principal",
        json!({ "principal": id, "kind": "person", "description": { "name": name }, "handle": handle }),
    )
}

/// Once a principal was known by its id and by its name, and not by the handle that names one alone, which paths and documents call it by.
#[test]
fn a_principal_is_called_by_its_handle() {
    let log = Log::new();
    log.does(&[person(ADA, "ada", "user:ada"), ("tenancy.create_scope", json!({ "path": "org:acme" }))]);
    let can = |who: &str| {
        let line = ["can", "log", "--actor", who, "--scope", "org:acme", "--capability", "write"];
        log.desk.run(&[&line[..], &["--format", "json"]].concat()).json()["actor"].clone()
    };
    assert_eq!((can("user:ada"), can("ada")), (ADA.into(), ADA.into()));
    // The handle of somebody who is gone for good is free, and means whoever has it.
    log.does(&[("identity.archive_principal", json!({ "principal": ADA })), person(BO, "bo", "user:ada")]);
    assert_eq!((can("user:ada"), can("ada")), (BO.into(), ADA.into()));
    log.desk.run(&["log", "log", "--actor", "user:ad"]).refused(1, &["did you mean `user:ada`?"]);
}

/// Once contracts and templates were asked for by ids only, which nobody remembers, while rules had names.
#[test]
fn contracts_templates_and_rules_are_called_by_their_names() {
    let log = Log::new();
    let contract = |id: &str| {
        let fields = json!([{ "name": "title", "type": "string" }]);
        (
            "contracts.create",
            json!({ "contract": id, "name": "shape", "object_type": "note", "fields": fields }),
        )
    };
    log.does(&[
        ("registry.register", json!({ "urn": "scoped:MODEL:app:note:1" })),
        contract(ADA),
        (
            "templates.create",
            json!({ "template": ADA, "name": "blank", "type": "thing", "schema": { "cpu": 2 } }),
        ),
        ("rules.define", json!({ "rule": ADA, "name": "no", "class": "access", "effect": "deny" })),
    ]);
    for (list, name, key) in
        [("contracts", "shape", "contract"), ("templates", "blank", "template"), ("rules", "no", "rule")]
    {
        assert_eq!(log.desk.json(&[list, "log", name])[key], ADA, "{list}");
        assert_eq!(log.desk.json(&[list, "log", ADA])[key], ADA, "{list}");
        let missing = format!("there is no {key} `other` at #");
        log.desk.run(&[list, "log", "other"]).refused(1, &[&missing, "lists all"]);
    }
    // Of two with one name the live one is meant, and of two live ones neither.
    log.does(&[("contracts.archive", json!({ "contract": ADA })), contract(BO)]);
    assert_eq!(log.desk.json(&["contracts", "log", "shape"])["contract"], BO);
    let (name, schema) = ("blank", json!({}));
    log.does(&[(
        "templates.create",
        json!({ "template": BO, "name": name, "type": "thing", "schema": schema }),
    )]);
    log.desk.run(&["templates", "log", "blank"]).refused(1, &["2 templates are called `blank`", ADA, BO]);
}

/// Once nearly every command of the tool failed on a log in which the description of one principal was sealed and its key not at hand, and for
/// good when that principal was erased: what everybody is called is read first.
#[test]
fn a_principal_whose_name_cannot_be_read_is_called_by_its_id() {
    let log = Log::new();
    let maria =
        json!({ "principal": ADA, "kind": "person", "description": { "name": "maria" }, "personal": true });
    log.does(&[("identity.create_principal", maria)]);
    let (desk, keys) = (&log.desk, ["--keys", "keys", "--kek", "kek"]);
    let all = |with: &[&str]| desk.fine(&[with, &["principals", "log"]].concat());
    assert!(all(&keys).contains("maria"));
    let without = all(&[]);
    assert!(without.contains(ADA) && !without.contains("maria"), "{without}");
    desk.fine(&[&keys[..], &["erase", "log", "--subject", ADA]].concat());
    for command in ["log", "audit", "principals", "objects"] {
        let shown = desk.fine(&[&keys[..], &[command, "log"]].concat());
        assert!(!shown.contains("maria"), "{shown}");
    }
    let one = desk.json(&[&keys[..], &["principals", "log", ADA]].concat());
    assert!(one.to_string().contains(ADA) && !one.to_string().contains("maria"), "{one}");
    let plan = [&keys[..], &["rollback", "log", "--to", "#1", "--dry-run"]].concat();
    let plan = desk.run(&plan);
    assert!(plan.err.is_empty() || !plan.err.contains("the data is erased"), "{}", plan.err);
}
