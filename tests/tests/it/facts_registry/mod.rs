//! What is pinned about the registry (page 01 of the specification, sections 1 to 7).

mod declared;
mod entry_life;
mod kinds;
mod listeners;
mod made;
mod scan;
mod types;
mod urn;

use crate::support::{
    TYPES, by_hand, code, data, digest, in_memory, object, principal, replayed, scope_at, small_segments,
};

use proptest::prelude::*;
use scoped::registry::{
    Archive, DefineKind, Describe, EntryEvent, Freeze, Kind, Lifecycle, Query, Register, RegistrationRef,
    Reinstate, Transition, Unfreeze, Urn,
};

use scoped::temporal::{Cutoff, Selection};
use scoped::{
    Batch, Command, Engine, Error, EventFilter, Level, ObjectId, Options, Policy, PrincipalId, Reading,
    Receipt, RegistrationId, ScopeId, Sequence, Session, identity, objects, tenancy,
};

use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

fn urn(text: &str) -> Urn {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn ada(engine: &Engine) -> Session {
    engine.session(engine.founder()).unwrap()
}

fn doing(engine: &Engine, command: impl Into<Command>) -> Result<Receipt, Error> {
    ada(engine).execute(command)
}

fn reading(engine: &Engine) -> Reading {
    ada(engine).reading()
}

fn found(engine: &Engine, query: &Query) -> Vec<String> {
    let page = reading(engine).registry(query, Sequence::NONE, 1_000).unwrap();
    page.entries.into_iter().map(|entry| entry.urn.to_string()).collect()
}

/// Constructs only: what was registered by being made is looked at by itself.
fn of_code(mut query: Query) -> Query {
    query.namespace.get_or_insert_with(|| "core".into());
    query
}

/// Three functions and a class, with tags.
fn filled() -> Engine {
    let engine = Engine::in_memory().unwrap();
    let entries = [
        ("scoped:FUNCTION:core:process:1", &["hot", "io"][..]),
        ("scoped:FUNCTION:core:cold:1", &["io"]),
        ("scoped:FUNCTION:core:process:3", &["hot"]),
        ("scoped:CLASS:core:Thing:1", &["hot"]),
        ("scoped:CLASS:other:Thing:1", &[]),
    ];
    let mut batch = Batch::new();
    for (name, tags) in entries {
        let register = tags.iter().fold(Register::new(urn(name)), |register, tag| register.tagged(*tag));
        batch.push(engine.founder(), register);
    }
    engine.execute(batch).unwrap();
    engine
}

#[test]
fn a_registered_entry_is_active_and_found_by_id_urn_and_text() {
    let engine = Engine::in_memory().unwrap();
    let name = urn("scoped:FUNCTION:core:process:1");
    let register = Register::new(name.clone()).tagged("io").tagged("hot").tagged("io");
    let made = doing(&engine, register.described(data(json!({ "team": "core" })))).unwrap();
    let entry = reading(&engine).registered(made.registration()).unwrap();
    assert_eq!((entry.info.lifecycle, entry.info.entry_version), (Lifecycle::Active, Some(1)));
    assert_eq!((entry.info.registered_by, entry.info.registered), (engine.founder(), made.first.get()));
    assert_eq!(entry.info.registered_at, made.time);
    assert_eq!(reading(&engine).registered(name.clone()).unwrap(), entry);
    let by_text: RegistrationRef = "scoped:FUNCTION:core:process:1".parse().unwrap();
    assert_eq!(reading(&engine).registered(by_text).unwrap(), entry);
    let snapshot = serde_json::to_value(&entry).unwrap();
    assert_eq!(snapshot["urn"], name.to_string());
    assert_eq!(snapshot["tags"], json!(["hot", "io"]), "sorted, each once");
    assert_eq!((&snapshot["metadata"]["team"], &snapshot["lifecycle"]), (&json!("core"), &json!("ACTIVE")));
}

#[test]
fn a_name_is_given_once_also_when_its_holder_is_archived() {
    let engine = Engine::in_memory().unwrap();
    let name = urn("scoped:FUNCTION:core:process:1");
    doing(&engine, Register::new(name.clone())).unwrap();
    assert_eq!(code(doing(&engine, Register::new(name.clone()))), "exists");
    doing(&engine, Archive { entry: name.clone().into() }).unwrap();
    assert_eq!(code(doing(&engine, Register::new(name.clone()))), "exists");
    let next = doing(&engine, Register::new(name.at_version(2).unwrap())).unwrap();
    let first = reading(&engine).registered(name.clone()).unwrap().info;
    assert_eq!(first.lifecycle, Lifecycle::Archived, "it stays findable");
    assert_eq!(reading(&engine).registered(next.registration()).unwrap().info.previous, first.registration);
    let taken =
        Register { registration: Some(next.registration()), ..Register::new(name.at_version(3).unwrap()) };
    assert_eq!(code(doing(&engine, taken)), "exists", "an id is given once, too");
}

#[test]
fn an_unknown_id_is_refused_and_finding_gives_none() {
    let (engine, nothing) = (filled(), urn("scoped:FUNCTION:core:nothing:1"));
    assert_eq!(reading(&engine).registered(RegistrationId(77)).unwrap_err().code(), "not_registered");
    assert_eq!(reading(&engine).registered(nothing.clone()).unwrap_err().code(), "not_registered");
    assert_eq!(code(doing(&engine, Archive { entry: nothing.clone().into() })), "not_registered");
    assert_eq!(reading(&engine).find_registered(nothing).unwrap(), None);
    assert_eq!(reading(&engine).find_registered(RegistrationId(77)).unwrap(), None);
}

#[test]
fn queries_ask_for_all_that_they_name() {
    let engine = filled();
    let by = |query: Query| found(&engine, &of_code(query));
    let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    assert_eq!(by(Query { kind: Some(Kind::CLASS), ..Query::default() }), ["scoped:CLASS:core:Thing:1"]);
    let both = Query { kind: Some(Kind::FUNCTION), tags: tags(&["hot"]), ..Query::default() };
    assert_eq!(by(both.clone()), ["scoped:FUNCTION:core:process:1", "scoped:FUNCTION:core:process:3"]);
    assert_eq!(by(Query { tags: tags(&["hot", "io"]), ..both.clone() }), ["scoped:FUNCTION:core:process:1"]);
    assert_eq!(by(Query { name: Some("cold".into()), ..Query::default() }), ["scoped:FUNCTION:core:cold:1"]);
    let lifecycle = Some(Lifecycle::Deprecated);
    assert_eq!(by(Query { lifecycle, ..Query::default() }), [""; 0]);
    let (entry, to) = (urn("scoped:FUNCTION:core:process:3").into(), Lifecycle::Deprecated);
    doing(&engine, Transition { entry, to }).unwrap();
    assert_eq!(by(Query { lifecycle, ..both }), ["scoped:FUNCTION:core:process:3"]);
    assert_eq!(reading(&engine).registry_count(&of_code(Query::default())).unwrap(), 4);
}

#[test]
fn a_namespace_or_tag_without_entries_gives_nothing() {
    let engine = filled();
    for query in [
        Query { namespace: Some("nowhere".into()), ..Query::default() },
        Query { tags: vec!["cold".into()], ..Query::default() },
        Query { tags: vec!["hot".into(), "never".into()], ..Query::default() },
        Query { kind: Some(Kind::named("NEVER").unwrap()), ..Query::default() },
    ] {
        assert_eq!(found(&engine, &query), [""; 0], "{query:?}");
        assert_eq!(reading(&engine).registry_count(&query).unwrap(), 0);
    }
}

#[test]
fn pages_of_the_registry_join_without_gap_or_repetition() {
    let engine = filled();
    for id in 2..30 {
        doing(&engine, principal(id)).unwrap();
    }
    let whole = found(&engine, &Query::default());
    let (mut joined, mut after) = (Vec::new(), Sequence::NONE);
    loop {
        let page = reading(&engine).registry(&Query::default(), after, 7).unwrap();
        joined.extend(page.entries.into_iter().map(|entry| entry.urn.to_string()));
        let Some(next) = page.next else { break };
        after = next;
    }
    assert_eq!(joined, whole);
    assert_eq!(whole.len(), 5 + 29);
    assert_eq!(
        reading(&engine).registry(&Query::default(), Sequence::NONE, 0).unwrap_err().code(),
        "invalid"
    );
}

/// Once loading a stored registry registered everything anew: other ids, other times, no history.
#[test]
fn opening_again_gives_identical_entries_from_the_log_and_from_a_snapshot() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::open_with(directory.path(), small_segments()).unwrap();
    let register =
        Register::new(urn("scoped:WIDGET:core:a:1")).tagged("x").described(data(json!({ "k": [1] })));
    ada(&engine).define_kind(Kind::named("WIDGET").unwrap(), "parts").unwrap();
    doing(&engine, register).unwrap();
    doing(&engine, Register::new(urn("scoped:WIDGET:core:a:2"))).unwrap();
    doing(&engine, Transition { entry: urn("scoped:WIDGET:core:a:1").into(), to: Lifecycle::Deprecated })
        .unwrap();
    doing(&engine, Freeze {}).unwrap();
    let look = |engine: &Engine| {
        let page = reading(engine).registry(&Query::default(), Sequence::NONE, 100).unwrap();
        let whole: Vec<_> = page
            .entries
            .iter()
            .map(|entry| {
                let name = entry.urn.clone();
                (
                    reading(engine).registered(name.clone()).unwrap(),
                    reading(engine).registry_history(name).unwrap(),
                )
            })
            .collect();
        (whole, reading(engine).kinds().unwrap(), digest(engine))
    };
    let before = look(&engine);
    assert_eq!(before.0.len(), TYPES.len() + 3, "the types, two widgets, the founder");
    engine.close().unwrap();
    let engine = Engine::open_with(directory.path(), small_segments()).unwrap();
    assert_eq!(look(&engine), before);
    engine.snapshot().unwrap();
    engine.close().unwrap();
    let engine = Engine::open_with(directory.path(), small_segments()).unwrap();
    assert_eq!(look(&engine), before);
    assert_eq!(code(doing(&engine, Archive { entry: urn("scoped:WIDGET:core:a:2").into() })), "frozen");
}

#[test]
fn a_batch_is_one_transaction_of_the_registry() {
    let engine = filled();
    let (founder, before) = (engine.founder(), digest(&engine));
    let batch = |last: Command| {
        let mut batch = Batch::new()
            .with(founder, DefineKind { kind: Kind::named("WIDGET").unwrap(), description: String::new() })
            .with(founder, Register::new(urn("scoped:WIDGET:core:b:1")).tagged("hot"))
            .with(founder, Archive { entry: urn("scoped:CLASS:core:Thing:1").into() })
            .with(
                founder,
                Describe { entry: urn("scoped:WIDGET:core:b:1").into(), tags: Vec::new(), metadata: None },
            )
            .with(founder, Freeze {});
        batch.push(founder, last);
        batch
    };
    let refused = batch(Register::new(urn("scoped:WIDGET:core:c:1")).into());
    assert_eq!(code(engine.execute(refused)), "frozen", "a later step sees the earlier ones");
    assert_eq!(digest(&engine), before, "and all of it is taken back");
    assert_eq!(found(&engine, &Query { tags: vec!["hot".into()], ..Query::default() }).len(), 3);
    engine.execute(batch(Unfreeze {}.into())).unwrap();
    assert!(reading(&engine).find_registered(urn("scoped:WIDGET:core:b:1")).unwrap().is_some());
}

#[test]
fn two_engines_have_two_registries() {
    let (one, two) = (filled(), Engine::in_memory().unwrap());
    let name = urn("scoped:CLASS:core:Thing:1");
    let clone = one.clone();
    doing(&clone, Archive { entry: name.clone().into() }).unwrap();
    assert_eq!(
        reading(&one).registered(name.clone()).unwrap().info.lifecycle,
        Lifecycle::Archived,
        "clones are one"
    );
    assert!(reading(&two).find_registered(name).unwrap().is_none());
}

#[test]
fn every_entry_has_a_name_of_its_own() {
    let engine = filled();
    for id in 2..6 {
        doing(&engine, principal(id)).unwrap();
        doing(&engine, scope_at(&format!("org:o{id}"), id)).unwrap();
    }
    let names = found(&engine, &Query::default());
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    assert_eq!(names.len(), 5 + 5 + 4);
}
