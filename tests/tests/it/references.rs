//! What records refer to, as `structured` tells it.

use crate::rules::{ADA, BO, BOS, PRIVATE, SHARED, at, bound, world};
use crate::support::{data, path};
use scoped::contracts::{Create, FieldSpec, FieldType};
use scoped::projections::rules::{Class, Redact, Redactions};
use scoped::rules::Define;
use scoped::{Effect, Engine, Level, ObjectId, PrincipalId, Recall, View, ViewItem, objects};
use serde_json::json;

const NOTE: ObjectId = ObjectId(70);

/// The references that somebody sees from `org:a/dept:c`.
fn seen(engine: &Engine, who: PrincipalId) -> Vec<(String, ObjectId)> {
    let ask = Recall::from(path("org:a/dept:c")).view(View::Structured);
    let page = engine.session(who).unwrap().reading().layer(&ask).unwrap();
    let json = serde_json::to_string(&page).unwrap();
    assert!(!json.contains("not for graphs"), "no data leaves by a graph");
    let found = page.items.into_iter().filter_map(|item| match item {
        ViewItem::Reference(it) => Some((it.object_id, it.field, it.to)),
        _ => None,
    });
    found
        .map(|(of, field, to)| {
            assert_eq!(of, NOTE);
            (field, to)
        })
        .collect()
}

/// `structured` told of records and projections; the specification names references as well, and contracts declare them.
#[test]
fn a_reference_is_an_edge_to_whoever_may_read_both_ends() {
    let (engine, _) = world();
    let ada = engine.session(ADA).unwrap();
    let field = |name: &str, kind| FieldSpec::new(name, kind).optional();
    let fields = ["first", "second", "mine", "text"].map(|name| field(name, FieldType::Ref));
    let fields = fields.into_iter().chain([field("plain", FieldType::String)]).collect();
    ada.execute(Create::new("notes", "note", fields)).unwrap();
    let id = |object: ObjectId| object.to_string();
    let value = json!({
        "first": id(SHARED), "second": id(BOS), "mine": id(PRIVATE), "text": "not for graphs", "plain": id(SHARED),
    });
    let create = objects::Create::new("note", data(value)).with_id(NOTE);
    ada.execute(create.into_scope(path("org:a/dept:c"), Level::Read)).unwrap();
    let (first, second) = (("first".to_owned(), SHARED), ("second".to_owned(), BOS));
    assert_eq!(seen(&engine, ADA), [first.clone(), second.clone()], "what is Bo's alone is not told of");
    assert_eq!(seen(&engine, BO), [first, second.clone(), ("mine".to_owned(), PRIVATE)]);
    // A field that is hidden refers to nothing.
    let redactions = Redactions::from(["first", "mine"].map(|path| (path.to_owned(), Redact::default())));
    let hide = Define { redactions: Some(redactions), ..Define::new("hide", Class::Redaction, Effect::Deny) };
    bound(&engine, hide, at("org:a/dept:c"));
    assert_eq!(seen(&engine, BO), [second]);
}
