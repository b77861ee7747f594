//! Kinds: those built in, and the words of an application.

use super::*;

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
