//! Records by identity context: every operation that takes a `Scope` asks one relation, against a neighbour user, agent, session and
//! organisation (specification of scopes, sections 3.4 to 3.6).

use crate::scenario::Scenario;
use crate::support::{by_hand, code, data, path};
use scoped::{
    Engine, Error, Level, ManualDoor, ObjectId, Options, PrincipalId, Reading, RecordQuery, Scope, objects,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Two organisations with two users each; every user has a record of each of two agents in each of two sessions, and a plain one.
fn world() -> (Scenario, Vec<(ObjectId, Scope)>) {
    let mut world = Scenario::of(
        "
        people olga alice bob gus carl
        scope  org:acme
        scope  org:acme/user:alice
        scope  org:acme/user:bob
        scope  org:acme/dept:eng
        scope  org:globex
        scope  org:globex/user:alice
        member org:acme olga owner
        member org:acme/user:alice alice owner
        member org:acme/user:bob bob owner
        member org:globex gus owner
        member org:globex/user:alice carl owner
        ",
    );
    let mut made = Vec::new();
    for (who, org, user) in [("alice", "acme", "alice"), ("bob", "acme", "bob"), ("carl", "globex", "alice")]
    {
        for agent in [None, Some("bot"), Some("bit")] {
            for session in [None, Some("s1"), Some("s2")] {
                let mut context = Scope::user(org, user);
                context.agent_id = agent.map(str::to_owned);
                context.session_id = session.map(str::to_owned);
                made.push((write(&world, who, &context), context));
            }
        }
    }
    for (who, org) in [("olga", "acme"), ("gus", "globex")] {
        let with_agent = Scope { agent_id: Some("bot".into()), ..Scope::org(org) };
        for context in [Scope::org(org), with_agent] {
            made.push((write(&world, who, &context), context));
        }
    }
    // Of no context: a department is more than a context can say.
    world.go("member org:acme/dept:eng olga writer\nrecord eng1 org:acme/dept:eng olga");
    (world, made)
}

fn write(world: &Scenario, who: &str, context: &Scope) -> ObjectId {
    let session = world.engine.session(world.person(who)).unwrap();
    let value = data(serde_json::json!({ "by": who }));
    session.write_record(context, "note", value, Level::Write).unwrap().0
}

fn listed(reading: &Reading, context: &Scope, limit: usize) -> Result<Vec<ObjectId>, Error> {
    let mut query = RecordQuery { limit: Some(limit), ..RecordQuery::of(context.clone()) };
    let mut found = Vec::new();
    loop {
        let page = reading.records(&query)?;
        found.extend(page.items.iter().map(|record| record.object_id));
        match page.next_cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => return Ok(found),
        }
    }
}

/// Every pattern of fields, with values that are there, and one of each that is not.
fn questions() -> Vec<Scope> {
    let field = |values: [&str; 3]| std::iter::once(None).chain(values.map(|value| Some(value.to_owned())));
    let mut all = Vec::new();
    for org in ["acme", "globex"] {
        for agent_id in field(["bot", "bit", "none"]) {
            for user_id in field(["alice", "bob", "none"]) {
                for session_id in field(["s1", "s2", "none"]) {
                    let (agent_id, user_id) = (agent_id.clone(), user_id.clone());
                    all.push(Scope { agent_id, user_id, session_id, ..Scope::org(org) });
                }
            }
        }
    }
    all
}

#[test]
fn every_operation_that_takes_a_context_gives_what_the_relation_says() {
    let (world, made) = world();
    let olga = world.reading("olga");
    for asked in questions().into_iter().filter(|asked| asked.org_id == "acme") {
        let expected: BTreeSet<ObjectId> =
            made.iter().filter(|(_, own)| asked.contains(own)).map(|(id, _)| *id).collect();
        if asked.user_id.as_deref() == Some("none") {
            // There is no such place; olga may read there, so she hears it.
            assert_eq!(code(olga.records(&RecordQuery::of(asked))), "not_found");
            continue;
        }
        for limit in [2, 500] {
            let found = listed(&olga, &asked, limit).unwrap();
            assert_eq!(found.len(), expected.len(), "each once: {asked:?}");
            assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected, "{asked:?}");
        }
        assert_eq!(olga.count_records(&asked).unwrap(), expected.len() as u64, "{asked:?}");
        let statistics = olga.record_statistics(&asked).unwrap();
        assert_eq!(statistics.records, expected.len() as u64);
        assert_eq!(statistics.by_type.values().sum::<u64>(), statistics.records);
        assert_eq!(statistics.bytes == 0, expected.is_empty());
        let mut out = Vec::new();
        // Exports leave records of their own.
        world.engine.sync().unwrap();
        let before = world.engine.read(|moment| moment.world().position());
        let (position, count) = olga.export_records(&asked, &mut out).unwrap();
        assert_eq!(position, before);
        assert_eq!(count, statistics.records);
        for line in std::str::from_utf8(&out).unwrap().lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let id: ObjectId = line["object_id"].as_str().unwrap().parse().unwrap();
            assert!(expected.contains(&id), "{asked:?}: {line}");
            let own: Scope = serde_json::from_value(line["context"].clone()).unwrap();
            assert_eq!(made.iter().find(|(known, _)| *known == id).unwrap().1, own);
        }
    }
}

/// Forgetting to set a field never widens access silently: without a user it takes the right to look below the organisation.
#[test]
fn an_unset_user_widens_only_for_those_who_may_descend() {
    let (world, made) = world();
    let alice = world.reading("alice");
    let mine = |own: &Scope| own.org_id == "acme" && own.user_id.as_deref() == Some("alice");
    let expected: BTreeSet<ObjectId> = made.iter().filter(|(_, own)| mine(own)).map(|(id, _)| *id).collect();
    let found = listed(&alice, &Scope::user("acme", "alice"), 500).unwrap();
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
    let session = Scope { session_id: Some("s1".into()), ..Scope::org("acme") };
    let agent = Scope { agent_id: Some("bot".into()), ..Scope::org("acme") };
    for wide in [Scope::org("acme"), session, agent] {
        for neighbour in ["alice", "gus", "carl"] {
            let reading = world.reading(neighbour);
            assert_eq!(
                code(reading.records(&RecordQuery::of(wide.clone()))),
                "denied",
                "{neighbour} {wide:?}"
            );
            assert_eq!(code(reading.count_records(&wide)), "denied");
            assert_eq!(code(reading.record_statistics(&wide)), "denied");
            assert_eq!(code(reading.export_records(&wide, &mut Vec::new())), "denied");
        }
    }
    // Neighbours: another user of the organisation, the same name in another one.
    for (who, context) in [("alice", Scope::user("acme", "bob")), ("alice", Scope::user("globex", "alice"))] {
        assert_eq!(code(world.reading(who).records(&RecordQuery::of(context.clone()))), "denied");
        assert_eq!(code(world.reading(who).count_records(&context)), "denied");
    }
    assert_eq!(code(alice.records(&RecordQuery::of(Scope::user("acme", "nobody")))), "denied");
}

#[test]
fn deleting_by_context_takes_what_the_relation_says_and_nothing_else() {
    let (world, made) = world();
    let alice = world.engine.session(world.person("alice")).unwrap();
    let asked = Scope::session("acme", "alice", "s1");
    assert_eq!(code(alice.tombstone_records(&Scope::org("acme"), "x")), "denied");
    assert_eq!(code(alice.tombstone_records(&Scope::user("acme", "bob"), "x")), "denied");
    let degenerate = Scope { session_id: Some("s1".into()), ..Scope::org("acme") };
    assert_eq!(code(alice.tombstone_records(&degenerate, "x")), "scope_degenerate");
    let receipt = alice.tombstone_records(&asked, "the session is over").unwrap().unwrap();
    assert_eq!(receipt.last.get() - receipt.first.get() + 1, 3);
    assert!(alice.tombstone_records(&asked, "again").unwrap().is_none());
    world.engine.read(|moment| {
        for (id, own) in &made {
            assert_eq!(moment.object(*id).unwrap().tombstoned, asked.contains(own), "{own:?}");
        }
    });
}

#[test]
fn of_the_past_one_lists_what_was_there_and_is_still_ones_own_to_read() {
    let (mut world, _) = world();
    world.go("mark before");
    write(&world, "alice", &Scope::session("acme", "alice", "s1"));
    let asked = Scope::session("acme", "alice", "s1");
    let then = world.reading_at("alice", "before");
    assert_eq!(
        (then.count_records(&asked).unwrap(), world.reading("alice").count_records(&asked).unwrap()),
        (3, 4)
    );
    world.go("leave org:acme/user:alice alice\nmember org:acme/user:alice gus owner");
    assert_eq!(code(then.count_records(&asked)), "denied");
}

#[test]
fn what_is_not_fit_to_be_asked_or_written_with_is_refused_by_its_code() {
    let (world, _) = world();
    let olga = world.engine.session(world.person("olga")).unwrap();
    let cases = [
        (Scope::org(""), "scope_field_empty"),
        (Scope::user("acme", " "), "scope_field_empty"),
        (Scope::user("acme", "a".repeat(65)), "scope_field_too_long"),
        (Scope::user("acme", "a/b"), "scope_field_not_path_safe"),
        (Scope::user("acme", "a".repeat(60)), "scope_field_not_path_safe"),
        (Scope::org("ACME@X.IO"), "scope_field_not_path_safe"),
    ];
    for (context, expected) in cases {
        let reading = olga.reading();
        assert_eq!(code(reading.records(&RecordQuery::of(context.clone()))), expected, "{context:?}");
        assert_eq!(code(reading.count_records(&context)), expected);
        assert_eq!(code(reading.record_statistics(&context)), expected);
        assert_eq!(code(reading.export_records(&context, &mut Vec::new())), expected);
        let value = data(serde_json::json!({}));
        assert_eq!(code(olga.write_record(&context, "note", value, Level::Read)), expected);
    }
    let degenerate = Scope { session_id: Some("s1".into()), ..Scope::org("acme") };
    let value = data(serde_json::json!({}));
    assert_eq!(code(olga.write_record(&degenerate, "note", value, Level::Read)), "scope_degenerate");
    assert_eq!(olga.reading().count_records(&degenerate).unwrap(), 6, "on reads it filters");
}

#[test]
fn where_several_organisations_are_served_a_missing_one_is_refused() {
    let door = Arc::new(ManualDoor::new(crate::support::NOON, 1));
    let options = Options::default().door(door).founder(PrincipalId(1)).require_explicit_org(true);
    let storage = Arc::new(scoped::log::MemoryStorage::new());
    let strict = Engine::on(storage, options).unwrap();
    let (lax, _) = by_hand(1);
    assert_eq!(lax.scope_from_json("{}").unwrap(), Scope::default());
    for json in ["{}", r#"{"user_id":"alice"}"#, r#"{"org_id":"default"}"#] {
        assert_eq!(code(strict.scope_from_json(json)), "scope_org_required", "{json}");
    }
    assert_eq!(strict.scope_from_json(r#"{"org_id":"acme"}"#).unwrap(), Scope::org("acme"));
    for json in [r#"{"org_id":null}"#, r#"{"org_id":""}"#, "[]"] {
        assert!(strict.scope_from_json(json).is_err() && lax.scope_from_json(json).is_err(), "{json}");
    }
    let founder = strict.session(PrincipalId(1)).unwrap();
    let value = data(serde_json::json!({}));
    let written = founder.write_record(&Scope::default(), "note", value, Level::Read);
    assert_eq!(code(written), "scope_org_required");
    assert_eq!(code(founder.reading().count_records(&Scope::default())), "scope_org_required");
    assert_eq!(code(founder.reading().records(&RecordQuery::of(Scope::default()))), "scope_org_required");
}

/// Said later, it would move records between agents and sessions without a trace in their data.
#[test]
fn on_whose_behalf_an_object_was_written_is_said_once_when_it_is_made() {
    let (world, _) = world();
    let alice = world.engine.session(world.person("alice")).unwrap();
    let at = path("org:acme/user:alice");
    let new = || {
        let create =
            objects::Create::new("note", data(serde_json::json!({}))).into_scope(at.clone(), Level::Write);
        alice.execute(create).unwrap().object()
    };
    let attribute = |object, context: Scope| alice.execute(objects::Attribute { object, context });
    let (fits, made) = (Scope::full("acme", "bot", "alice", "s9"), new());
    for (wrong, expected) in [
        (Scope::full("acme", "bot", "bob", "s9"), "scope_mismatch"),
        (Scope::full("globex", "bot", "alice", "s9"), "scope_mismatch"),
        (Scope { agent_id: Some("bot".into()), ..Scope::org("acme") }, "scope_mismatch"),
        (Scope::session("acme", "alice", ""), "scope_field_empty"),
    ] {
        assert_eq!(code(attribute(made, wrong)), expected);
    }
    attribute(made, fits.clone()).unwrap();
    assert_eq!(alice.reading().count_records(&fits).unwrap(), 1);
    assert_eq!(code(attribute(made, Scope::session("acme", "alice", "s1"))), "exists");
    let changed = new();
    alice.execute(objects::Update::new(changed, data(serde_json::json!({ "n": 2 })))).unwrap();
    assert_eq!(code(attribute(changed, fits.clone())), "too_late");
    let olga = world.engine.session(world.person("olga")).unwrap();
    let foreign = new();
    assert_eq!(code(olga.execute(objects::Attribute { object: foreign, context: fits.clone() })), "too_late");
    let bob = world.engine.session(world.person("bob")).unwrap();
    assert_eq!(code(bob.execute(objects::Attribute { object: foreign, context: fits })), "denied");
    crate::support::digest(&world.engine);
}
