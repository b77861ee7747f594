//! Types of objects: nothing is made of what is not registered.

use super::*;

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
    // What is there goes on being written, and whoever does hears it as well; once they did not.
    let there = warned.object();
    let heard = |receipt: Receipt| receipt.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>();
    assert_eq!(heard(doing(&engine, objects::Update::new(there, data(json!(2)))).unwrap()), ["deprecated"]);
    assert_eq!(heard(doing(&engine, objects::Tombstone::new(there)).unwrap()), [""; 0]);
    assert_eq!(heard(doing(&engine, objects::Restore::new(there)).unwrap()), ["deprecated"]);
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
