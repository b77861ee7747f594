//! What is pinned about the registry (page 01 of the specification, sections 1 to 7).

use crate::support::{
    TYPES, by_hand, data, digest, in_memory, object, principal, replayed, scope_at, small_segments,
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

fn code(result: Result<Receipt, Error>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "fine")
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
fn a_urn_is_written_as_it_is_read_and_serves_as_a_key() {
    let one = urn("scoped:FUNCTION:core:process:3");
    assert_eq!(
        (one.kind(), one.namespace(), one.name(), one.version()),
        (&Kind::FUNCTION, "core", "process", 3)
    );
    assert_eq!(one.to_string(), "scoped:FUNCTION:core:process:3");
    assert_eq!(Urn::new(Kind::MODEL, "app", "limits", 1).unwrap().to_string(), "scoped:MODEL:app:limits:1");
    let map = HashMap::from([(one.clone(), 7)]);
    assert_eq!(map[&urn("scoped:FUNCTION:core:process:3")], 7);
}

#[test]
fn what_is_no_urn_is_refused_with_a_reason() {
    for (text, words) in [
        ("not:a:valid:urn", "invalid URN"),
        ("", "invalid URN"),
        ("Scoped:MODEL:app:a:1", "invalid URN"),
        ("scoped:MODEL:app:a", "invalid URN"),
        ("scoped:MODEL:app:a:1:2", "invalid URN"),
        ("scoped:model:app:a:1", "no kind"),
        ("scoped::app:a:1", "no kind"),
        ("scoped:MODEL::a:1", "no namespace"),
        ("scoped:MODEL:app::1", "no name"),
        ("scoped:MODEL:app:a/b:1", "no name"),
        ("scoped:MODEL:app:a b:1", "no name"),
        ("scoped:MODEL:app:a\n:1", "no name"),
        ("scoped:MODEL:app:a:0", "no version"),
        ("scoped:MODEL:app:a:-1", "no version"),
        ("scoped:MODEL:app:a:+1", "no version"),
        ("scoped:MODEL:app:a:01", "no version"),
        ("scoped:MODEL:app:a:99999999999", "no version"),
        ("scoped:MODEL:app:a:one", "no version"),
    ] {
        let error = text.parse::<Urn>().expect_err(text).to_string();
        assert!(error.contains(words), "{text:?}: {error}");
    }
    let long = "n".repeat(129);
    assert!(Urn::new(Kind::MODEL, "app", &long, 1).is_err() && Urn::new(Kind::MODEL, &long, "a", 1).is_err());
}

proptest! {
    /// Once a principal's registered name held a colon, so its URN had six parts, and a registry with any principal could not be loaded.
    #[test]
    fn every_urn_that_can_be_made_is_read_back_as_itself(
        kind in "[A-Z][A-Z0-9_]{0,20}", namespace in "\\PC{0,20}", name in "\\PC{0,20}", version: u32,
    ) {
        if let Ok(made) = Urn::new(Kind::named(&kind).unwrap(), &namespace, &name, version) {
            prop_assert_eq!(&made.to_string().parse::<Urn>().unwrap(), &made);
            let json = serde_json::to_string(&made).unwrap();
            prop_assert_eq!(serde_json::from_str::<Urn>(&json).unwrap(), made);
        }
    }

    #[test]
    fn every_text_that_reads_as_a_urn_is_written_as_it_stands(text in "(scoped:)?\\PC{0,40}") {
        if let Ok(read) = text.parse::<Urn>() {
            prop_assert_eq!(read.to_string(), text);
        }
    }
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

/// Freezing once stopped registrations and nothing else: a frozen registry could be archived away entry by entry.
#[test]
fn a_frozen_registry_stands_still_until_it_is_unfrozen() {
    let engine = filled();
    let entry = || RegistrationRef::from(urn("scoped:FUNCTION:core:cold:1"));
    doing(&engine, Transition { entry: entry(), to: Lifecycle::Deprecated }).unwrap();
    doing(&engine, Freeze {}).unwrap();
    let before = digest(&engine);
    let mutations: [Command; 7] = [
        Register::new(urn("scoped:FUNCTION:core:new:1")).into(),
        Transition { entry: entry(), to: Lifecycle::Archived }.into(),
        Archive { entry: entry() }.into(),
        Reinstate { entry: entry(), to: Lifecycle::Active }.into(),
        Describe { entry: entry(), tags: Vec::new(), metadata: None }.into(),
        DefineKind { kind: Kind::named("WIDGET").unwrap(), description: String::new() }.into(),
        Freeze {}.into(),
    ];
    for mutation in &mutations {
        assert_eq!(code(doing(&engine, mutation.clone())), "frozen", "{mutation:?}");
    }
    assert_eq!(digest(&engine), before);
    assert_eq!(
        code(doing(&engine, scope_at("org:a", 1))),
        "fine",
        "what is made is no construct of the code"
    );
    doing(&engine, Unfreeze {}).unwrap();
    assert_eq!(code(doing(&engine, Unfreeze {})), "unchanged");
    for mutation in mutations {
        doing(&engine, mutation).ok();
    }
    assert!(reading(&engine).find_registered(urn("scoped:FUNCTION:core:new:1")).unwrap().is_some());
}

#[test]
fn deprecating_makes_entry_version_2_and_archiving_makes_it_archived() {
    let engine = filled();
    let name = urn("scoped:FUNCTION:core:cold:1");
    let entry = || RegistrationRef::from(name.clone());
    doing(&engine, Transition { entry: entry(), to: Lifecycle::Deprecated }).unwrap();
    let now = reading(&engine).registered(entry()).unwrap().info;
    assert_eq!((now.lifecycle, now.entry_version), (Lifecycle::Deprecated, Some(2)));
    doing(&engine, Archive { entry: entry() }).unwrap();
    let now = reading(&engine).registered(entry()).unwrap().info;
    assert_eq!((now.lifecycle, now.entry_version), (Lifecycle::Archived, Some(3)));
    let history = reading(&engine).registry_history(entry()).unwrap();
    let told: Vec<_> =
        history.iter().map(|change| (change.entry_version, change.change, change.lifecycle)).collect();
    assert_eq!(
        told,
        [
            (1, "registry.registered", Some(Lifecycle::Active)),
            (2, "registry.lifecycle_changed", Some(Lifecycle::Deprecated)),
            (3, "registry.lifecycle_changed", Some(Lifecycle::Archived)),
        ]
    );
}

#[test]
fn only_legal_steps_are_taken_and_back_it_goes_only_to_where_it_has_been() {
    use Lifecycle as L;
    for from in L::ALL.iter().copied() {
        for to in L::ALL.iter().copied() {
            let engine = Engine::in_memory().unwrap();
            let name = urn("scoped:CLASS:core:Thing:1");
            let entry = || RegistrationRef::from(name.clone());
            doing(&engine, Register { lifecycle: from, ..Register::new(name.clone()) }).unwrap();
            let legal = match (from, to) {
                (from, to) if from == to => "unchanged",
                (L::Draft, L::Active | L::Archived) => "fine",
                (L::Active, L::Deprecated | L::Archived) | (L::Deprecated, L::Archived) => "fine",
                _ => "transition",
            };
            let back = if from == to { "unchanged" } else { "transition" };
            assert_eq!(code(doing(&engine, Reinstate { entry: entry(), to })), back, "{from} back to {to}");
            assert_eq!(code(doing(&engine, Transition { entry: entry(), to })), legal, "{from} to {to}");
            if legal == "fine" {
                assert_eq!(
                    code(doing(&engine, Reinstate { entry: entry(), to: from })),
                    "fine",
                    "{to} back to {from}"
                );
            }
        }
    }
}

#[test]
fn describing_anew_is_a_new_entry_version_and_the_old_one_is_there_as_of_then() {
    let engine = filled();
    let name = urn("scoped:FUNCTION:core:process:1");
    let then = engine.history().head();
    let described = Describe {
        entry: name.clone().into(),
        tags: vec!["z".into(), "a".into(), "z".into()],
        metadata: Some(data(json!({ "a": 1 }))),
    };
    doing(&engine, described).unwrap();
    let now = reading(&engine).registered(name.clone()).unwrap();
    assert_eq!(
        (now.info.entry_version, &now.info.tags[..]),
        (Some(2), &["a".to_owned(), "z".to_owned()][..])
    );
    assert_eq!(now.metadata, json!({ "a": 1 }));
    let before = ada(&engine).as_of(&Cutoff::At(then)).unwrap().registered(name).unwrap();
    assert_eq!((before.info.entry_version, before.info.tags.len(), before.metadata), (Some(1), 2, json!({})));
    assert_eq!(found(&engine, &Query { tags: vec!["io".into()], ..Query::default() }).len(), 1);
    let many = (0..65).map(|tag| tag.to_string()).collect();
    let entry = urn("scoped:FUNCTION:core:cold:1").into();
    assert_eq!(code(doing(&engine, Describe { entry, tags: many, metadata: None })), "invalid");
}

#[test]
fn custom_kinds_are_defined_once_and_serve_to_register_and_to_look_up() {
    let engine = Engine::in_memory().unwrap();
    let widget = || Kind::named("WIDGET").unwrap();
    let register = || Register::new(Urn::new(widget(), "core", "a", 1).unwrap());
    assert_eq!(code(doing(&engine, register())), "not_registered", "nothing is of a kind that is not there");
    let define = |text: &str| DefineKind { kind: widget(), description: text.into() };
    doing(&engine, define("the first description")).unwrap();
    doing(&engine, register()).unwrap();
    assert_eq!(
        found(&engine, &Query { kind: Some(widget()), ..Query::default() }),
        ["scoped:WIDGET:core:a:1"]
    );
    assert_eq!(code(doing(&engine, define("another"))), "exists");
    assert!(ada(&engine).define_kind(widget(), "a third").unwrap().is_none(), "asked for again, it is there");
    assert!(ada(&engine).define_kind(Kind::MODEL, "mine").unwrap().is_none());
    let kinds = reading(&engine).kinds().unwrap();
    let described = kinds.iter().find(|info| info.kind == widget()).unwrap();
    assert_eq!(described.description, "the first description");
    assert_eq!(Kind::BUILT_IN.len(), 29);
    assert_eq!(kinds.len(), 29 + Kind::ENGINE.len() + 1);
}

#[test]
fn kinds_are_equal_and_hash_by_name() {
    let kinds: std::collections::HashSet<Kind> =
        ["MODEL", "WIDGET", "WIDGET"].into_iter().map(|name| Kind::named(name).unwrap()).collect();
    assert_eq!(kinds.len(), 2);
    assert_eq!(Kind::named("MODEL").unwrap(), Kind::MODEL);
    assert!(Kind::MODEL.is_built_in() && !Kind::named("WIDGET").unwrap().is_built_in());
    for name in ["", "widget", "W-1", "1W", "Ü"] {
        assert!(Kind::named(name).is_err(), "{name}");
    }
}

#[test]
fn listeners_hear_of_registrations_and_changes_of_lifecycle_in_order() {
    let engine = Engine::in_memory().unwrap();
    let mut changes = engine.registry_changes(None);
    let name = urn("scoped:FUNCTION:core:process:1");
    let entry = || RegistrationRef::from(name.clone());
    doing(&engine, Register::new(name.clone())).unwrap();
    doing(&engine, principal(2)).unwrap();
    doing(&engine, Transition { entry: entry(), to: Lifecycle::Deprecated }).unwrap();
    doing(&engine, Describe { entry: entry(), tags: vec!["a".into()], metadata: None }).unwrap();
    let mut heard = Vec::new();
    let count = changes
        .each(|change| heard.push((change.event.as_str(), change.urn.name().to_owned(), change.lifecycle)))
        .unwrap();
    let name = || "process".to_owned();
    assert_eq!(
        heard,
        [
            ("register", name(), Some(Lifecycle::Active)),
            ("lifecycle_change", name(), Some(Lifecycle::Deprecated)),
            ("update", name(), None),
        ]
    );
    assert_eq!((count, changes.each(|_| ()).unwrap()), (3, 0));
    assert!(changes.next_within(Duration::from_millis(1)).unwrap().is_none());
    // Whoever comes later hears the same from the beginning.
    let from_the_first = engine.registry_changes(Some(Sequence::new(1))).next_within(Duration::ZERO).unwrap();
    assert_eq!(from_the_first.unwrap().event, EntryEvent::Register);
}

#[test]
fn a_subscription_gives_each_committed_event_once_and_ends_with_the_engine() {
    let engine = in_memory();
    let events = engine.subscribe(EventFilter { from: Sequence::new(1), ..EventFilter::default() });
    let watcher = std::thread::spawn(move || {
        events.map(|event| event.unwrap().envelope.sequence.get()).collect::<Vec<u64>>()
    });
    std::thread::scope(|scope| {
        for thread in 0..3u128 {
            let session = ada(&engine);
            scope.spawn(move || {
                for id in 0..50 {
                    session.execute(object(thread * 100 + id + 1, 1, None, Level::Read)).unwrap();
                }
            });
        }
    });
    let last = engine.history().head().get();
    engine.close().unwrap();
    assert_eq!(watcher.join().unwrap(), (1..=last).collect::<Vec<_>>());
}

#[test]
fn what_a_subscription_tells_of_is_published_already() {
    let engine = in_memory();
    doing(&engine, principal(2)).unwrap();
    let mut events =
        engine.subscribe(EventFilter { actor: Some(engine.founder()), ..EventFilter::default() });
    doing(&engine, identity::SuspendPrincipal { principal: PrincipalId(2) }).unwrap();
    let told = events.next_within(Duration::from_secs(60)).unwrap().unwrap();
    assert_eq!(told.envelope.sequence, events.seen());
    assert!(engine.session(PrincipalId(2)).is_err());
    assert!(events.try_next().unwrap().is_none());
}

#[test]
fn nothing_is_made_of_a_type_that_is_not_registered() {
    let engine = Engine::in_memory().unwrap();
    let make = |word: &str| doing(&engine, objects::Create::new(word, data(json!(1))));
    let word = |name: &str| urn(&format!("scoped:MODEL:app:{name}:1"));
    assert_eq!(code(make("order")), "not_registered");
    // Of another kind, or in another namespace, it is another thing.
    doing(&engine, Register::new(urn("scoped:CLASS:app:order:1"))).unwrap();
    doing(&engine, Register::object_type("shop/order").unwrap()).unwrap();
    assert_eq!((code(make("order")), code(make("shop/order"))), ("not_registered", "fine"));
    doing(&engine, Register::object_type("order").unwrap().draft()).unwrap();
    let error = make("order").unwrap_err();
    assert!(error.code() == "not_registered" && error.to_string().contains("draft"), "{error}");
    let to = |to| doing(&engine, Transition { entry: word("order").into(), to }).unwrap();
    to(Lifecycle::Active);
    assert!(make("order").unwrap().warnings.is_empty());
    to(Lifecycle::Deprecated);
    let warned = make("order").unwrap();
    assert_eq!(
        (warned.warnings.len(), warned.warnings[0].code, warned.warnings[0].step),
        (1, "deprecated", 0)
    );
    // A draft of the next edition does not stand in the way of the one in use.
    doing(&engine, Register::new(word("order").at_version(2).unwrap()).draft()).unwrap();
    assert_eq!(code(make("order")), "fine");
    to(Lifecycle::Archived);
    let error = make("order").unwrap_err();
    assert!(error.code() == "not_registered" && error.to_string().contains("draft"), "{error}");
    let second = || RegistrationRef::from(word("order").at_version(2).unwrap());
    doing(&engine, Transition { entry: second(), to: Lifecycle::Active }).unwrap();
    assert!(make("order").unwrap().warnings.is_empty(), "the newest edition in use counts");
    doing(&engine, Archive { entry: second() }).unwrap();
    let error = make("order").unwrap_err();
    assert!(error.code() == "not_registered" && error.to_string().contains("archived"), "{error}");
}

/// An object and its type may be made in one batch, in this order and in no other.
#[test]
fn a_type_counts_from_its_step_of_the_batch_on() {
    let engine = Engine::in_memory().unwrap();
    let founder = engine.founder();
    let (register, create) =
        (Register::object_type("order").unwrap(), objects::Create::new("order", data(json!(1))));
    let early = Batch::new().with(founder, create.clone()).with(founder, register.clone());
    assert_eq!(code(engine.execute(early)), "not_registered");
    assert_eq!(code(engine.execute(Batch::new().with(founder, register).with(founder, create))), "fine");
}

#[test]
fn outsiders_do_not_learn_which_types_there_are() {
    let engine = in_memory();
    doing(&engine, scope_at("org:a", 1)).unwrap();
    doing(&engine, principal(2)).unwrap();
    let mallory = engine.session(PrincipalId(2)).unwrap();
    let into = |word: &str| {
        let create = objects::Create::new(word, data(json!(1))).into_scope(ScopeId(1), Level::Read);
        let error = mallory.execute(create).unwrap_err();
        (error.code(), error.to_string())
    };
    assert_eq!(into("limits"), into("never"));
    assert_eq!(into("never").0, "denied");
}

#[test]
fn types_are_registered_once_however_often_it_is_asked() {
    let storage = std::sync::Arc::new(scoped::log::MemoryStorage::new());
    let open = |types: &[&str]| {
        Engine::on(storage.clone(), Options::default().types(types.iter().copied())).unwrap()
    };
    let engine = open(&["a", "b", "a"]);
    assert_eq!(engine.history().head(), Sequence::new(3), "in the founding batch");
    assert!(engine.register_types(&["a", "b"]).unwrap().is_none());
    assert!(engine.register_types(&["a", "c"]).unwrap().is_some());
    assert_eq!(engine.register_types(&["no:name"]).unwrap_err().code(), "invalid");
    engine.close().unwrap();
    let engine = open(&["a", "b", "c", "d"]);
    assert_eq!(engine.history().head(), Sequence::new(5));
    // An archived type is not registered anew behind anybody's back.
    doing(&engine, Archive { entry: urn("scoped:MODEL:app:d:1").into() }).unwrap();
    assert!(engine.register_types(&["d"]).unwrap().is_none());
    // Others than operators may ask, as long as there is nothing to do.
    doing(&engine, principal(2)).unwrap();
    let bo = engine.session(PrincipalId(2)).unwrap();
    assert!(bo.register_types(&["a"]).unwrap().is_none());
    assert_eq!(bo.register_types(&["e"]).unwrap_err().code(), "denied");
}

/// Creation registers: principals and scopes have their entry by the very event that made them.
#[test]
fn a_principal_and_a_scope_are_registered_by_being_made() {
    let engine = in_memory();
    let (ada, bo) = (ada(&engine), PrincipalId(2));
    let made = ada.execute(principal(2)).unwrap();
    let name = urn(&format!("scoped:PRINCIPAL:identity:{bo}:1"));
    let entry = ada.reading().registered(name.clone()).unwrap().info;
    assert_eq!((entry.lifecycle, entry.registered), (Lifecycle::Active, made.first.get()));
    assert_eq!((entry.registered_by, entry.registration), (engine.founder(), None));
    ada.execute(identity::SuspendPrincipal { principal: bo }).unwrap();
    assert_eq!(ada.reading().registered(name.clone()).unwrap().info.lifecycle, Lifecycle::Deprecated);
    let told = ada.reading().registry_history(name.clone()).unwrap();
    let kinds: Vec<&str> = told.iter().map(|change| change.change).collect();
    assert_eq!(kinds, ["identity.principal_created", "identity.principal_suspended"]);
    ada.execute(scope_at("org:a", 1)).unwrap();
    let name = urn(&format!("scoped:SCOPE:tenancy:{}:1", ScopeId(1)));
    assert_eq!(ada.reading().registered(name.clone()).unwrap().info.lifecycle, Lifecycle::Active);
    let scopes = Query { kind: Some(Kind::SCOPE), ..Query::default() };
    assert_eq!(found(&engine, &scopes), [name.to_string()]);
    ada.execute(tenancy::FreezeScope { scope: ScopeId(1).into(), reason: None }).unwrap();
    assert_eq!(ada.reading().registered(name.clone()).unwrap().info.lifecycle, Lifecycle::Deprecated);
    let told = ada.reading().registry_history(name.clone()).unwrap();
    let kinds: Vec<&str> = told.iter().map(|change| change.change).collect();
    assert_eq!(kinds, ["tenancy.scope_created", "tenancy.scope_frozen"]);
    ada.execute(tenancy::ReleaseScope { scope: ScopeId(1).into(), reason: None }).unwrap();
    ada.execute(tenancy::DeleteScope::new(ScopeId(1))).unwrap();
    let gone = engine.read(|moment| moment.registered(&name.clone().into()).unwrap());
    assert_eq!(gone.info.lifecycle, Lifecycle::Archived);
    for reserved in ["identity", "tenancy", "objects", "rules"] {
        let name = Urn::new(Kind::INSTANCE, reserved, "mine", 1).unwrap();
        assert_eq!(code(doing(&engine, Register::new(name))), "reserved");
    }
    let before = ada.as_of(&Cutoff::At(Sequence::new(1))).unwrap();
    assert!(before.find_registered(name).unwrap().is_none(), "then there was none");
}

#[test]
fn an_instance_is_registered_under_its_registrar() {
    let (engine, _) = by_hand(1);
    doing(&engine, principal(2)).unwrap();
    doing(&engine, identity::SetOperator { principal: PrincipalId(2), operator: true }).unwrap();
    let bo = engine.session(PrincipalId(2)).unwrap();
    let made = bo.execute(Register::instance("core", "main-queue").unwrap()).unwrap();
    let entry = bo.reading().registered(made.registration()).unwrap().info;
    assert_eq!((entry.urn.kind(), entry.registered_by), (&Kind::INSTANCE, PrincipalId(2)));
    assert_eq!(entry.urn.to_string(), "scoped:INSTANCE:core:main-queue:1");
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
fn a_rollback_brings_the_registry_back_and_is_itself_rolled_back() {
    let (engine, _) = by_hand(4);
    let ada = ada(&engine);
    let (kept, added) = (urn("scoped:MODEL:app:kept:1"), urn("scoped:MODEL:app:added:1"));
    ada.execute(Register::new(kept.clone()).tagged("a").described(data(json!({ "v": 1 })))).unwrap();
    ada.mark("before").unwrap();
    let then = engine.history().head();
    ada.execute(Register::new(added.clone())).unwrap();
    ada.execute(objects::Create::new("added", data(json!(1))).with_id(ObjectId(1))).unwrap();
    ada.execute(Describe { entry: kept.clone().into(), tags: Vec::new(), metadata: None }).unwrap();
    ada.execute(Archive { entry: kept.clone().into() }).unwrap();
    ada.execute(Freeze {}).unwrap();
    let state = || -> Vec<_> {
        let both = [&kept, &added].map(|name| reading(&engine).registered(name.clone()).unwrap());
        both.into_iter().map(|entry| (entry.info.lifecycle, entry.info.tags, entry.metadata)).collect()
    };
    let after = state();
    let undone = ada.rollback(&Cutoff::At(then), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(
        state(),
        [
            (Lifecycle::Active, vec!["a".to_owned()], json!({ "v": 1 })),
            (Lifecycle::Archived, Vec::new(), json!({})),
        ],
        "a name is given once, so what was not there is archived"
    );
    assert!(engine.read(|moment| !moment.world().registry().is_frozen()));
    ada.rollback(&Cutoff::Head(0), Selection::Event(undone.first), Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(state(), after);
    assert!(engine.read(|moment| moment.world().registry().is_frozen()));
    assert_eq!(
        engine.read(|moment| moment.world().state_digest()),
        replayed(engine.history(), engine.history().head())
    );
}

/// Frozen then and frozen now, and changed in between: the way back has to open it, and to close it behind itself.
#[test]
fn a_rollback_from_frozen_to_frozen_opens_the_registry_for_itself() {
    let (engine, _) = by_hand(4);
    let name = urn("scoped:MODEL:app:limits:1");
    doing(&engine, Freeze {}).unwrap();
    let then = engine.history().head();
    doing(&engine, Unfreeze {}).unwrap();
    doing(&engine, Transition { entry: name.clone().into(), to: Lifecycle::Deprecated }).unwrap();
    doing(&engine, Freeze {}).unwrap();
    // One event alone is refused: whoever froze the registry meant it.
    let one = Selection::Event(Sequence::new(then.get() + 2));
    let error = ada(&engine).rollback(&Cutoff::Head(0), one, Policy::AllOrNothing).unwrap_err();
    assert_eq!(error.code(), "rollback_refused");
    ada(&engine).rollback(&Cutoff::At(then), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(reading(&engine).registered(name).unwrap().info.lifecycle, Lifecycle::Active);
    assert!(engine.read(|moment| moment.world().registry().is_frozen()));
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

#[test]
fn a_rule_a_contract_and_a_template_are_registered_by_being_made_edition_by_edition() {
    use scoped::{contracts, rules, templates};
    let engine = in_memory();
    let (ada, schema) = (ada(&engine), serde_json::Map::new());
    let field = contracts::FieldSpec::new("cpu", contracts::FieldType::Any);
    let template = scoped::TemplateId(
        ada.execute(templates::Create::new("blank", "object", schema.clone())).unwrap().ids[0],
    );
    ada.execute(templates::Update::new(template, schema)).unwrap();
    ada.execute(contracts::Create::new("limits", "limits", vec![field])).unwrap();
    let rule =
        rules::Define::new("quiet", scoped::projections::rules::Class::Constraint, scoped::Effect::Deny);
    ada.execute(rule).unwrap();
    let of = |kind: Kind| found(&engine, &Query { kind: Some(kind), ..Query::default() });
    assert_eq!(of(Kind::TEMPLATE), [format!("scoped:TEMPLATE:templates:{template}:2")]);
    assert!(of(Kind::CONTRACT)[0].starts_with("scoped:CONTRACT:contracts:"));
    assert!(of(Kind::RULE)[0].starts_with("scoped:RULE:rules:"));
    for (version, there) in [(1, true), (2, true), (3, false)] {
        let name = urn(&format!("scoped:TEMPLATE:templates:{template}:{version}"));
        assert_eq!(ada.reading().find_registered(name).unwrap().is_some(), there, "version {version}");
    }
    let name = urn(&format!("scoped:TEMPLATE:templates:{template}:2"));
    assert_eq!(ada.reading().registry_history(name).unwrap().len(), 2);
    // A rule is for those who administer rules; what speaks to everybody is seen by everybody.
    ada.execute(principal(2)).unwrap();
    let bo = engine.session(PrincipalId(2)).unwrap().reading();
    let sees = |kind: Kind| bo.registry_count(&Query { kind: Some(kind), ..Query::default() }).unwrap();
    assert_eq!([Kind::TEMPLATE, Kind::CONTRACT, Kind::RULE].map(sees), [1, 1, 0]);
}
