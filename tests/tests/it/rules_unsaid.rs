//! What a question does not say: data that is not looked at yet, objects that are not named, who something comes through.

use crate::rules::{ADA, BO, PRIVATE, ROBO, SHARED, at, bound, when, world};
use crate::support::{digest, object, path, update};
use scoped::identity::{AddRelationship, CreatePrincipal};
use scoped::projections::rules::Class;
use scoped::rules::{Aim, Define};
use scoped::{
    Batch, Capability, Effect, Engine, Level, ObjectId, ObjectQuery, PrincipalId, Role, Target, objects,
    parse_line, sharing, tenancy,
};

fn deny(text: &str) -> Define {
    Define::new("no", Class::Constraint, Effect::Deny).when(when(text))
}

fn allow(text: &str) -> Define {
    Define::new("yes", Class::Access, Effect::Allow).when(when(text))
}

/// Once a condition on data beside one on something that nobody says was settled before the data was looked at: a deny held, and an allow
/// did not, whatever the data said. Found by the oracle of access.
#[test]
fn data_is_looked_at_also_where_something_else_is_missing() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    bound(&engine, deny(r#"{"environment": "production", "data": {"path": "cpu", "gt": 5}}"#), at("org:a"));
    assert!(bo.read(SHARED).is_ok(), "its cpu is 1: the deny is not about it, wherever it is");
    assert!(bo.execute(update(SHARED.0, 4)).is_ok(), "what would be written says so as well");
    assert_eq!(bo.execute(update(SHARED.0, 6)).unwrap_err().code(), "denied", "where it is nobody says");
    let either = r#"{"any": [{"environment": "test"}, {"data": {"path": "cpu", "lt": 5}}]}"#;
    bound(&engine, allow(either), Aim::object_type("limits"));
    assert!(bo.read(SHARED).is_ok() && bo.execute(update(SHARED.0, 3)).is_ok(), "one side of it is known");
    digest(&engine);
}

/// Once a deny about notes, which asked for an environment that nobody declares, took everything in a scope out of the list of what
/// somebody may read: the list began with the scopes that may be listed.
#[test]
fn what_may_be_read_is_found_where_its_scope_may_not_be_listed() {
    let (engine, _) = world();
    let bo = engine.session(BO).unwrap();
    let found = || -> Vec<ObjectId> {
        let page = bo.reading().find_objects(&ObjectQuery::default()).unwrap();
        page.objects.into_iter().map(|found| found.object).collect()
    };
    let before = found();
    assert!(before.contains(&SHARED));
    bound(&engine, deny(r#"{"environment": "production", "object_type": "note"}"#), at("org:a"));
    assert!(bo.read(SHARED).is_ok());
    assert_eq!(found(), before);
}

/// A rule that is bound to an object, and to no scope, is its owner's to make. So it holds for every question that names the object, and
/// for none that does not: else whoever owns anything could keep others out of everything.
#[test]
fn a_rule_bound_to_an_object_is_heard_by_every_operation_about_it_and_by_no_other() {
    let (engine, _) = world();
    let (ada, bo) = (engine.session(ADA).unwrap(), engine.session(BO).unwrap());
    ada.execute(tenancy::ChangeMember {
        scope: path("org:a"),
        principal: BO,
        role: Role::Admin,
        expires_at: None,
    })
    .unwrap();
    bound(&engine, deny("{}"), Aim { principal: Some(BO), ..Aim::object(SHARED) });
    let refused = |command: scoped::Command| bo.execute(command).unwrap_err().code();
    let share = |object| sharing::Project { object, scope: path("org:a/dept:c"), level: Level::Read };
    assert_eq!(bo.read(SHARED).unwrap_err().code(), "denied");
    for command in [
        update(SHARED.0, 2).into(),
        objects::Tombstone::new(SHARED).into(),
        objects::Restore::new(SHARED).into(),
        objects::Transfer { object: SHARED, to: BO, reason: None, expected_version: None }.into(),
        share(SHARED).into(),
    ] {
        assert_eq!(refused(command), "denied");
    }
    // Elsewhere, and about other things, Bo does as before.
    bo.execute(object(500, 1, Some("org:a/dept:c"), Level::Admin)).unwrap();
    bo.execute(share(PRIVATE)).unwrap();
    let may = |who, capability| {
        engine.read(|moment| {
            let row = moment.world().tenancy().row(scoped::ScopeId(2)).unwrap();
            moment.can(who, capability, Target::Scope(row)).allowed
        })
    };
    assert!(may(BO, Capability::Write) && may(BO, Capability::ReadLocal) && may(ROBO, Capability::Write));
    digest(&engine);
}

/// Once a deny that was bound to a type in an environment was not met by a question that named no type, though nobody said where it
/// was asked; the same deny without the type was.
#[test]
fn a_rule_bound_to_a_type_somewhere_is_met_where_no_type_is_named() {
    let (engine, _) = world();
    let writes = || {
        engine.read(|moment| {
            let row = moment.world().tenancy().row(scoped::ScopeId(2)).unwrap();
            moment.can(BO, Capability::Write, Target::Scope(row)).allowed
        })
    };
    assert!(writes());
    let to = Aim { environment: Some("production".into()), ..Aim::object_type("note") };
    bound(&engine, deny(r#"{"action": "update"}"#), to);
    assert!(!writes(), "what would be written there may be a note, in production");
    assert!(engine.session(BO).unwrap().execute(update(SHARED.0, 2)).is_ok(), "this is none");
}

/// A connector, by the handle `service:slack`, which may act for Bo.
fn with_connector() -> (Engine, PrincipalId) {
    let (engine, _) = world();
    let slack = PrincipalId(30);
    let handle = "service:slack".parse().unwrap();
    let description = crate::support::data(serde_json::json!({}));
    let made = CreatePrincipal {
        principal: Some(slack),
        kind: "connector".into(),
        description,
        handle: Some(handle),
        personal: false,
    };
    let member =
        tenancy::AddMember { scope: path("org:a"), principal: slack, role: Role::Writer, expires_at: None };
    let batch = Batch::new().with(ADA, made).with(ADA, member);
    engine.execute(batch.with(ADA, AddRelationship::delegate(BO, slack))).unwrap();
    (engine, slack)
}

#[test]
fn a_rule_bound_to_a_connector_is_about_what_comes_through_it() {
    let (engine, slack) = with_connector();
    let (bo, through) = (engine.session(BO).unwrap(), engine.session(slack).unwrap());
    let slacks = |to: Aim| Aim { connector: Some("service:slack".into()), ..to };
    let rule = bound(&engine, deny(r#"{"action": "update"}"#), slacks(Aim::everywhere()));
    assert!(bo.execute(update(SHARED.0, 2)).is_ok(), "he does it himself");
    assert_eq!(through.execute(update(SHARED.0, 3)).unwrap_err().code(), "denied");
    assert_eq!(through.execute_for(BO, update(SHARED.0, 3)).unwrap_err().code(), "denied", "nor in his name");
    assert!(through.read(SHARED).is_ok(), "reading is not what the rule is about");
    engine.session(ADA).unwrap().execute(scoped::rules::Archive { rule }).unwrap();
    through.execute_for(BO, update(SHARED.0, 3)).unwrap();
    // Of an allow the same: it governs what comes through there, and nothing else.
    bound(&engine, allow(r#"{"action": "read"}"#), slacks(at("org:a/dept:b")));
    assert!(bo.execute(update(SHARED.0, 4)).is_ok());
    assert_eq!(through.execute(update(SHARED.0, 5)).unwrap_err().code(), "denied");
    assert!(through.read(SHARED).is_ok());
    digest(&engine);
}

#[test]
fn a_connector_that_nobody_named_may_be_any() {
    let (engine, slack) = with_connector();
    let line = format!(r#"{{"as":"{ADA}","do":"identity.set_handle","with":{{"principal":"{slack}"}}}}"#);
    engine.execute(parse_line(&line).unwrap().0).unwrap();
    let to = Aim { connector: Some("service:mail".into()), ..Aim::everywhere() };
    let rule = bound(&engine, deny(r#"{"action": "update"}"#), to.clone());
    let through = engine.session(slack).unwrap();
    assert_eq!(through.execute(update(SHARED.0, 3)).unwrap_err().code(), "denied");
    assert_eq!(through.execute_for(BO, update(SHARED.0, 3)).unwrap_err().code(), "denied");
    assert!(engine.session(ROBO).unwrap().execute(update(SHARED.0, 3)).is_ok(), "a bot is no connector");
    // Once the allow for mail let through what may come from anywhere: what lists it by its only target was taken to hold.
    engine.session(ADA).unwrap().execute(scoped::rules::Archive { rule }).unwrap();
    through.execute(update(SHARED.0, 4)).unwrap();
    bound(&engine, allow(r#"{"action": "update"}"#), to);
    assert_eq!(
        through.execute(update(SHARED.0, 5)).unwrap_err().code(),
        "denied",
        "it governs, and does not match"
    );
    // Once what nobody named came through as nothing at all when it acted for somebody, who is no connector.
    assert_eq!(through.execute_for(BO, update(SHARED.0, 5)).unwrap_err().code(), "denied", "nor in his name");
    let both = Aim { connector: Some("service:mail".into()), principal: Some(BO), ..Aim::everywhere() };
    bound(&engine, deny(r#"{"action": "delete"}"#), both);
    let gone = || objects::Tombstone::new(SHARED);
    assert_eq!(through.execute_for(BO, gone()).unwrap_err().code(), "denied", "by a deny of him through any");
    assert!(engine.session(BO).unwrap().execute(gone()).is_ok(), "which is not about what he does himself");
}

/// Once a rule that kept an owner from what is its own kept it out altogether, where it would have let in anybody else who came by the
/// scope. Found by the oracle of access in a thousand worlds.
#[test]
fn an_owner_whom_rules_keep_out_may_still_come_as_others_do() {
    let (engine, _) = world();
    let (ada, bo) = (engine.session(ADA).unwrap(), engine.session(BO).unwrap());
    bound(&engine, allow(r#"{"principal_kind": "nobody is this"}"#), Aim::object_type("limits"));
    assert_eq!(ada.read(SHARED).unwrap_err().code(), "denied", "nothing allows it, to nobody");
    assert_eq!(bo.read(SHARED).unwrap_err().code(), "denied");
    bound(&engine, allow(r#"{"role": "reader"}"#), at("org:a"));
    assert!(bo.read(SHARED).is_ok() && ada.read(SHARED).is_ok(), "by the scope, where a rule allows it");
    digest(&engine);
}

/// Once what was to be written spoke for the scopes, too, that had to be made for it: a deny about the making of scopes, which looks at
/// data, let one be made by a write of harmless data, and refused the same scope to who asked for it alone. Found by the oracle of access in
/// a thousand worlds.
#[test]
fn what_is_written_does_not_speak_for_the_scopes_that_are_made_for_it() {
    let (engine, _) = world();
    let ada = engine.session(ADA).unwrap();
    let write = |to: &str| {
        let line = format!(
            r#"{{"as":"{ADA}","do":"objects.create","with":{{"type":"limits","data":{{"cpu":1}},"scope":"{to}"}}}}"#
        );
        engine.execute(parse_line(&line).unwrap().0).map(drop).map_err(|error| error.code())
    };
    let make = |path: &str| {
        let command = tenancy::ProvisionScope { scope: None, path: path.parse().unwrap() };
        ada.execute(command).map(drop).map_err(|error| error.code())
    };
    assert_eq!((write("org:a/ws:one"), make("org:a/ws:two")), (Ok(()), Ok(())), "while there is no rule");
    bound(&engine, deny(r#"{"action": "scope_create", "data": {"path": "cpu", "gt": 5}}"#), at("org:a"));
    assert_eq!(make("org:a/ws:three"), Err("denied"), "a scope has no data");
    assert_eq!(write("org:a/ws:three"), Err("denied"), "nor has one that is made on the way");
    assert_eq!(write("org:a/ws:two"), Ok(()), "where nothing is made");
    digest(&engine);
}
