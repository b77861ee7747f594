//! What is registered by being made, and instances.

use super::*;

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

/// It was said that what is made is found by the same queries, and of objects and settings there was no entry at all.
#[test]
fn an_object_and_a_setting_are_registered_by_being_made_and_found_by_who_may_see_them() {
    use scoped::{Role, config};
    let engine = in_memory();
    let ada = ada(&engine);
    ada.execute(principal(2)).unwrap();
    ada.execute(scope_at("org:a", 1)).unwrap();
    ada.execute(crate::support::member("org:a", 2, Role::Reader)).unwrap();
    let bo = engine.session(PrincipalId(2)).unwrap().reading();
    let object = |id: u128, scope| crate::support::object(id, 1, scope, Level::Read);
    ada.execute(object(10, Some("org:a"))).unwrap();
    let setting = ada.execute(config::Set::new(crate::support::path("org:a"), "colour", "red")).unwrap();
    for id in 11..20 {
        ada.execute(object(id, (id % 2 == 0).then_some("org:a"))).unwrap();
    }
    ada.execute(crate::support::update(10, 2)).unwrap();
    ada.execute(objects::Tombstone::new(ObjectId(12))).unwrap();

    let named = |id: u128, version: u32| urn(&format!("scoped:INSTANCE:objects:{}:{version}", ObjectId(id)));
    let ada = ada.reading();
    let entry = ada.registered(named(10, 2)).unwrap().info;
    assert_eq!((entry.lifecycle, entry.registered_by), (Lifecycle::Active, engine.founder()));
    assert!(
        ada.find_registered(named(10, 1)).unwrap().is_some()
            && ada.find_registered(named(10, 3)).unwrap().is_none()
    );
    assert_eq!(ada.registered(named(12, 1)).unwrap().info.lifecycle, Lifecycle::Archived);
    let told = ada.registry_history(named(10, 1)).unwrap();
    let told: Vec<&str> = told.iter().map(|change| change.change).collect();
    assert_eq!(told, ["objects.created", "objects.updated"]);
    assert!(bo.find_registered(named(10, 1)).unwrap().is_some());
    assert_eq!(bo.registered(named(11, 1)).unwrap_err().code(), "denied", "not theirs");
    assert_eq!(bo.registered(named(99, 1)).unwrap_err().code(), "denied", "and not there: one answer");

    // Not among everything; by their kind, a page at a time, in the order in which they were made.
    let everything = ada.registry(&Query::default(), Sequence::NONE, 1_000).unwrap().entries;
    let of = |entries: &[scoped::registry::EntryInfo], namespace: &str| {
        entries.iter().filter(|info| info.urn.namespace() == namespace).count()
    };
    assert_eq!((of(&everything, "objects"), of(&everything, "config")), (0, 1));
    let instances = Query { kind: Some(Kind::INSTANCE), ..Query::default() };
    let pages = |reading: &scoped::Reading, query: &Query| {
        let (mut all, mut after) = (Vec::new(), Sequence::NONE);
        loop {
            let page = reading.registry(query, after, 3).unwrap();
            assert!(page.entries.len() <= 3);
            all.extend(page.entries);
            match page.next {
                Some(next) => after = next,
                None => return all,
            }
        }
    };
    let all = pages(&ada, &instances);
    assert!(all.is_sorted_by_key(|info| info.registered));
    assert_eq!((of(&all, "objects"), of(&all, "config"), all.len()), (10, 1, 11));
    assert_eq!(all[1].urn, urn(&format!("scoped:INSTANCE:config:{}:1", scoped::SettingId(setting.ids[0]))));
    let seen = pages(&bo, &instances);
    assert_eq!(
        (of(&seen, "objects"), of(&seen, "config")),
        (4, 1),
        "what is shared there and in sight, and its settings"
    );
    assert_eq!(bo.registry_count(&instances).unwrap(), 5);
    let archived = Query { lifecycle: Some(Lifecycle::Archived), ..instances.clone() };
    assert_eq!(pages(&ada, &archived).len(), 1);
    let one = Query { name: Some(ObjectId(13).to_string()), ..instances.clone() };
    assert_eq!((pages(&ada, &one).len(), pages(&bo, &one).len()), (1, 0));
    assert_eq!(engine.read(|moment| moment.registry(&instances).unwrap().len()), 11);
}
