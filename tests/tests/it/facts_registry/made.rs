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
