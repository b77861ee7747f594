//! Constructs that are declared beside the code, and what registering them does.

use super::*;
use scoped::registry::{Construct, Declared};

/// A type of objects, with all that can be said about it.
struct Limits;
/// A type of which nothing is said.
struct Plain;
fn process() -> u32 {
    42
}
static QUEUE: [u8; 1] = [7];
mod importer {}

scoped::constructs! {
    /// What this module declares.
    CONSTRUCTS = [
        type Limits {
            kind: "MODEL", namespace: "app", name: "limits", tags: &["billing", "hot"],
            metadata: || json!({ "team": "billing", "since": 3 }),
        },
        type Plain,
        fn process { namespace: "core", name: "process", version: 3, lifecycle: Lifecycle::Draft },
        static QUEUE { namespace: "core", name: "main-queue" },
        mod importer { kind: "IMPORTER", kind_about: "brings data in" },
    ]
}

const HERE: &str = module_path!();

fn names(engine: &Engine) -> Vec<String> {
    let targeted = |entry: &scoped::registry::EntryInfo| entry.target.is_some();
    let page = reading(engine).registry(&Query::default(), Sequence::NONE, 1_000).unwrap();
    page.entries.into_iter().filter(targeted).map(|entry| entry.urn.to_string()).collect()
}

#[test]
fn a_declared_construct_has_its_entry_attached_and_works_as_before() {
    let engine = Engine::in_memory().unwrap();
    assert!(reading(&engine).find_registered(Limits::CONSTRUCT.urn().unwrap()).unwrap().is_none());
    let done = engine.register_declared(&[CONSTRUCTS]).unwrap().unwrap();
    let entry = reading(&engine).registered(Limits::CONSTRUCT.urn().unwrap()).unwrap();
    assert_eq!(entry.info.urn.to_string(), "scoped:MODEL:app:limits:1");
    assert_eq!((entry.info.lifecycle, entry.info.registered_by), (Lifecycle::Active, engine.founder()));
    assert_eq!(entry.info.registered, done.first.get());
    let at = reading(&engine).registered_at(&Limits::CONSTRUCT.target()).unwrap();
    assert_eq!(at.as_ref(), Some(&entry), "the type leads to its entry, and its path as well");
    assert_eq!(process(), 42, "what is declared is left as it is");
    let function = reading(&engine).registered_at(scoped::target!(process)).unwrap().unwrap().info;
    assert_eq!(function.urn.to_string(), "scoped:FUNCTION:core:process:3");
    assert_eq!(
        (function.lifecycle, function.target.as_deref()),
        (Lifecycle::Draft, Some(scoped::target!(process)))
    );
    // A type that is declared serves as a type of objects.
    assert_eq!(code(doing(&engine, objects::Create::new("limits", data(json!(1))))), "fine");
}

#[test]
fn a_declared_construct_keeps_tags_and_metadata() {
    let engine = Engine::in_memory().unwrap();
    engine.register_declared(&[CONSTRUCTS]).unwrap();
    let entry = reading(&engine).registered(Limits::CONSTRUCT.urn().unwrap()).unwrap();
    assert_eq!(entry.info.tags, ["billing", "hot"]);
    assert_eq!(entry.metadata, json!({ "since": 3, "team": "billing" }));
    let by_tag = Query { tags: vec!["hot".into()], ..Query::default() };
    assert_eq!(found(&engine, &by_tag), ["scoped:MODEL:app:limits:1"]);
}

#[test]
fn an_instance_is_found_by_its_target() {
    let engine = Engine::in_memory().unwrap();
    engine.register_declared(&[CONSTRUCTS]).unwrap();
    let queue = reading(&engine).registered_at(scoped::target!(QUEUE)).unwrap().unwrap().info;
    assert_eq!(queue.urn.to_string(), "scoped:INSTANCE:core:main-queue:1");
    assert_eq!(queue.target, Some(format!("{HERE}::QUEUE")));
    assert_eq!(QUEUE, [7]);
    // One that comes to be while the program runs says its target itself.
    doing(&engine, Register::instance("core", "second").unwrap().at_target("shop::SECOND")).unwrap();
    let second = reading(&engine).registered_at("shop::SECOND").unwrap().unwrap().info;
    assert_eq!((second.urn.name(), second.tags.len()), ("second", 0), "where it is, is no tag to look at");
    assert!(reading(&engine).registered_at("shop::THIRD").unwrap().is_none());
    // Of several editions the newest in use.
    let next = |version| second.urn.at_version(version).unwrap();
    doing(&engine, Register::new(next(2)).at_target("shop::SECOND")).unwrap();
    doing(&engine, Register::new(next(3)).at_target("shop::SECOND").draft()).unwrap();
    assert_eq!(reading(&engine).registered_at("shop::SECOND").unwrap().unwrap().info.urn, next(2));
}

#[test]
fn what_is_not_said_is_inferred() {
    let root = HERE.split("::").next().unwrap();
    let below = HERE.split_once("::").unwrap().1.replace("::", ".");
    let urn = Plain::CONSTRUCT.urn().unwrap();
    assert_eq!(urn.to_string(), format!("scoped:CLASS:{root}:{below}.Plain:1"));
    assert_eq!(Plain::CONSTRUCT.target(), format!("{HERE}::Plain"));
    let kinds: Vec<String> =
        CONSTRUCTS.iter().map(|construct| construct.urn().unwrap().kind().to_string()).collect();
    assert_eq!(kinds, ["MODEL", "CLASS", "FUNCTION", "INSTANCE", "IMPORTER"]);
    assert_eq!(Construct::new("shop", "r#type", "CLASS").target(), "shop::type");
    let at_the_root = Construct::new("shop", "Order", "CLASS").urn().unwrap();
    assert_eq!(at_the_root.to_string(), "scoped:CLASS:shop:Order:1");
    for wrong in [
        Construct::new("shop", "Order", "class"),
        Construct::new("shop", "Order", "CLASS").name("a:b"),
        Construct::new("shop", "Order", "CLASS").version(0),
    ] {
        assert_eq!(wrong.urn().unwrap_err().code(), "invalid", "{wrong:?}");
    }
}

#[test]
fn declarations_are_registered_once_and_a_change_is_a_new_entry_version() {
    const THEN: &[Construct] = &[Construct::new("shop", "Order", "CLASS").tags(&["a"])];
    const TOLD: &[Construct] =
        &[Construct::new("shop", "Order", "CLASS").tags(&["b"]).metadata(|| json!({ "k": 1 }))];
    const MOVED: &[Construct] = &[Construct::new("shop::new", "Order", "CLASS").name("Order").tags(&["b"])];
    const NEXT: &[Construct] = &[Construct::new("shop", "Order", "CLASS").version(2)];
    const ENDING: &[Construct] =
        &[Construct::new("shop", "Order", "CLASS").version(2).lifecycle(Lifecycle::Deprecated)];
    let engine = Engine::in_memory().unwrap();
    let name = || urn("scoped:CLASS:shop:Order:1");
    let entry = || reading(&engine).registered(name()).unwrap();
    assert!(engine.register_declared(&[THEN, THEN]).unwrap().is_some(), "twice the same is once");
    let head = engine.history().head();
    assert!(engine.register_declared(&[THEN]).unwrap().is_none());
    assert_eq!(engine.history().head(), head, "nothing to do is nothing done");
    engine.register_declared(&[TOLD]).unwrap().unwrap();
    assert_eq!((entry().info.entry_version, entry().metadata), (Some(2), json!({ "k": 1 })));
    assert!(engine.register_declared(&[TOLD]).unwrap().is_none());
    let before = ada(&engine).as_of(&Cutoff::At(head)).unwrap().registered(name()).unwrap();
    assert_eq!((before.info.tags, before.metadata), (vec!["a".to_owned()], json!({})));
    // It moved to another module: the same thing, found where it is now.
    engine.register_declared(&[MOVED]).unwrap().unwrap();
    assert_eq!((entry().info.entry_version, entry().metadata), (Some(3), json!({})));
    assert_eq!(entry().info.target.as_deref(), Some("shop::new::Order"));
    assert!(reading(&engine).registered_at("shop::Order").unwrap().is_none());
    // A new edition is a new entry behind the old one, which stays.
    engine.register_declared(&[MOVED, NEXT]).unwrap().unwrap();
    let second = reading(&engine).registered(name().at_version(2).unwrap()).unwrap().info;
    assert_eq!(second.previous, entry().info.registration);
    engine.register_declared(&[ENDING]).unwrap().unwrap();
    let second = reading(&engine).registered(second.urn).unwrap().info;
    assert_eq!((second.lifecycle, second.entry_version), (Lifecycle::Deprecated, Some(2)));
    digest(&engine);
}

#[test]
fn what_contradicts_is_refused_and_changes_nothing() {
    const ONE: &[Construct] = &[Construct::new("shop", "Order", "CLASS")];
    const OTHER: &[Construct] = &[Construct::new("shop::sub", "Order", "CLASS").name("Order")];
    const TAGGED: &[Construct] = &[Construct::new("shop", "Order", "CLASS").tags(&["x"])];
    const ACTIVE: &[Construct] = &[Construct::new("shop", "Order", "CLASS").lifecycle(Lifecycle::Active)];
    const UNKNOWN: &[Construct] = &[Construct::new("shop", "Gear", "WIDGET")];
    const RESERVED: &[Construct] = &[Construct::new("identity", "Order", "CLASS")];
    let engine = Engine::in_memory().unwrap();
    let declare = |lists: &[&[Construct]]| engine.register_declared(lists).err().map(|error| error.code());
    let before = digest(&engine);
    assert_eq!(declare(&[ONE, OTHER]), Some("contradiction"), "one name, two things");
    assert_eq!(declare(&[ONE, TAGGED]), Some("contradiction"), "one thing, described in two ways");
    assert_eq!(declare(&[ONE, UNKNOWN]), Some("not_registered"), "a kind that nobody defined");
    assert_eq!(declare(&[RESERVED]), Some("reserved"));
    assert_eq!(digest(&engine), before, "also what was fine is not there");
    assert_eq!(declare(&[ONE]), None);
    let entry = || RegistrationRef::from(urn("scoped:CLASS:shop:Order:1"));
    doing(&engine, Transition { entry: entry(), to: Lifecycle::Deprecated }).unwrap();
    let before = digest(&engine);
    // What operators did stays, unless the declaration says otherwise, and then nobody guesses.
    assert_eq!(declare(&[ONE]), None);
    assert_eq!(declare(&[ACTIVE]), Some("contradiction"));
    assert_eq!(digest(&engine), before);
    doing(&engine, Archive { entry: entry() }).unwrap();
    let before = digest(&engine);
    assert_eq!(declare(&[ONE]), None, "an archived entry does not come back behind anybody's back");
    assert_eq!(declare(&[TAGGED]), None);
    assert_eq!(declare(&[ACTIVE]), Some("contradiction"));
    assert_eq!(digest(&engine), before);
}

#[test]
fn an_engine_is_opened_with_what_is_declared() {
    const TOLD: &[Construct] = &[Construct::new("shop", "Order", "MODEL").namespace("app").name("order")];
    const ARCHIVED: &[Construct] =
        &[Construct::new("shop", "Order", "MODEL").namespace("app").name("order").version(0)];
    let storage = std::sync::Arc::new(scoped::log::MemoryStorage::new());
    let options = || Options::default().declared(&[CONSTRUCTS, TOLD]).types(["limits", "note"]);
    let engine = Engine::on(storage.clone(), options()).unwrap();
    assert_eq!(names(&engine).len(), 6);
    // The founder, a kind, six constructs, and the one type that is not among them; all in the founding batch.
    assert_eq!(engine.history().head(), Sequence::new(1 + 1 + 6 + 1));
    engine.close().unwrap();
    let engine = Engine::on(storage.clone(), options()).unwrap();
    assert_eq!(engine.history().head(), Sequence::new(9), "and nothing more when it is opened again");
    engine.close().unwrap();
    let wrong = Engine::on(storage.clone(), Options::default().declared(&[ARCHIVED])).err().unwrap();
    assert_eq!(wrong.code(), "invalid");
    let engine = Engine::on(storage, Options::default()).unwrap();
    assert_eq!(names(&engine).len(), 6, "what is not declared any more stays");
}

#[test]
fn declaring_takes_an_operator_only_where_there_is_something_to_do() {
    let engine = Engine::in_memory().unwrap();
    doing(&engine, principal(2)).unwrap();
    let bo = engine.session(PrincipalId(2)).unwrap();
    assert_eq!(bo.register_declared(&[CONSTRUCTS]).unwrap_err().code(), "denied");
    engine.register_declared(&[CONSTRUCTS]).unwrap();
    assert!(bo.register_declared(&[CONSTRUCTS]).unwrap().is_none());
    doing(&engine, Freeze {}).unwrap();
    assert!(engine.register_declared(&[CONSTRUCTS]).unwrap().is_none());
    const MORE: &[Construct] = &[Construct::new("shop", "Order", "CLASS")];
    assert_eq!(engine.register_declared(&[MORE]).unwrap_err().code(), "frozen");
}

#[test]
fn threads_that_declare_the_same_register_it_once() {
    let engine = Engine::in_memory().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| engine.register_declared(&[CONSTRUCTS]).unwrap());
        }
    });
    assert_eq!(names(&engine).len(), CONSTRUCTS.len());
    digest(&engine);
}
