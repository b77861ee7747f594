//! The completeness scan: what is declared and used, against what is registered.

use super::*;
use scoped::registry::{Construct, Declaration, Scan, ScanReport, Scanned};
use scoped::{contracts, rules, templates};

const ORDER: Construct = Construct::new("shop", "Order", "CLASS");
const PROCESS: Construct = Construct::new("shop::jobs", "process", "FUNCTION");
const PRIVATE: Construct = Construct::new("shop::jobs", "_helper", "FUNCTION");

/// An engine that has registered these.
fn having(constructs: &[Construct]) -> Engine {
    let engine = in_memory();
    engine.register_declared(&[constructs]).unwrap();
    engine
}

fn scanned(engine: &Engine, scan: &Scan) -> ScanReport {
    let report = reading(engine).registry_scan(scan).unwrap();
    assert_eq!(
        report,
        engine.read(|moment| moment.registry_scan(scan)),
        "whoever holds the files sees the same"
    );
    assert_eq!(report.compliant, report.unregistered.is_empty());
    report
}

fn names(found: &[Scanned]) -> Vec<&str> {
    found.iter().map(|found| found.name.as_str()).collect()
}

/// Of the shop alone.
fn shop(constructs: &[Construct]) -> Scan {
    Scan::of(&[constructs]).unwrap().within("shop")
}

#[test]
fn an_unregistered_type_is_reported_and_makes_the_scan_non_compliant() {
    let engine = having(&[PROCESS]);
    let report = scanned(&engine, &shop(&[ORDER, PROCESS]));
    assert!(!report.compliant);
    assert_eq!(names(&report.unregistered), ["shop::Order"]);
    assert_eq!(names(&report.registered), ["shop::jobs::process"]);
    let missing = &report.unregistered[0];
    assert_eq!((missing.lifecycle, &missing.met_in[..]), (None, &["declared"][..]));
    assert_eq!(missing.urn.as_ref().unwrap().to_string(), "scoped:CLASS:shop:Order:1");
    engine.register_declared(&[&[ORDER]]).unwrap();
    let report = scanned(&engine, &shop(&[ORDER, PROCESS]));
    assert!(report.compliant && report.coverage == 1.0, "{report:?}");
}

#[test]
fn private_names_are_neither_registered_nor_unregistered() {
    let engine = having(&[]);
    let report = scanned(&engine, &shop(&[PRIVATE]));
    assert!(report.compliant && report.registered.is_empty() && report.skipped.is_empty(), "{report:?}");
    engine.register_declared(&[&[PRIVATE]]).unwrap();
    assert!(scanned(&engine, &shop(&[PRIVATE])).registered.is_empty(), "also when it is registered");
}

#[test]
fn names_of_the_skip_list_are_skipped() {
    let engine = having(&[PROCESS]);
    for skip in ["Order", "shop::Order"] {
        let report = scanned(&engine, &shop(&[ORDER, PROCESS]).skipping(skip));
        assert_eq!(
            (names(&report.skipped), report.compliant, report.coverage),
            (vec!["shop::Order"], true, 1.0)
        );
        assert_eq!(names(&report.registered), ["shop::jobs::process"]);
    }
    assert!(scanned(&engine, &shop(&[ORDER]).skipping("Ord")).skipped.is_empty(), "a whole name, not a part");
}

#[test]
fn one_of_two_registered_is_a_coverage_of_one_half() {
    let engine = having(&[PROCESS]);
    let report = scanned(&engine, &shop(&[ORDER, PROCESS, PRIVATE]));
    assert_eq!(report.coverage, 0.5);
    let modules: Vec<_> =
        report.modules.iter().map(|at| (&*at.module, at.registered, at.unregistered, at.coverage)).collect();
    assert_eq!(modules, [("shop", 0, 1, 0.0), ("shop::jobs", 1, 0, 1.0)]);
    assert_eq!(scanned(&engine, &shop(&[])).coverage, 1.0, "of nothing nothing is missing");
    // A module is itself and what is below it, and no name that only begins like it.
    let within = |module: &str| scanned(&engine, &Scan::of(&[&[ORDER, PROCESS]]).unwrap().within(module));
    assert_eq!(names(&within("shop::jobs").registered), ["shop::jobs::process"]);
    assert!(within("sho").registered.is_empty() && within("shop::job").registered.is_empty());
}

#[test]
fn types_in_use_without_an_entry_in_use_are_reported_with_where_they_are() {
    let engine = in_memory();
    let ada = ada(&engine);
    for word in ["bill", "item", "plan", "_own"] {
        doing(&engine, Register::object_type(word).unwrap()).unwrap();
    }
    doing(&engine, objects::Create::new("bill", data(json!(1))).with_id(ObjectId(1))).unwrap();
    doing(&engine, objects::Create::new("_own", data(json!(1)))).unwrap();
    let any = || vec![contracts::FieldSpec::new("n", contracts::FieldType::Any).optional()];
    doing(&engine, contracts::Create::new("items", "item", any())).unwrap();
    doing(&engine, contracts::Create::new("theme", "setting:ui.theme", any())).unwrap();
    doing(&engine, templates::Create::new("blank", "plan", serde_json::Map::new())).unwrap();
    doing(&engine, templates::Create::new("free", "pipeline", serde_json::Map::new())).unwrap();
    let class = scoped::projections::rules::Class::Constraint;
    let when: scoped::projections::rules::Clause =
        serde_json::from_value(json!({ "not": { "object_type": ["ghost"] } })).unwrap();
    doing(&engine, rules::Define { when, ..rules::Define::new("quiet", class, scoped::Effect::Deny) })
        .unwrap();
    let report = scanned(&engine, &Scan::default());
    assert_eq!(names(&report.registered), ["bill", "item", "plan"]);
    let met: Vec<_> = report.registered.iter().map(|found| found.met_in[0]).collect();
    assert_eq!(met, ["objects", "contracts", "templates"]);
    assert_eq!(names(&report.unregistered), ["ghost"], "a rule about a type that nobody knows");
    assert_eq!((report.unregistered[0].met_in[0], report.unregistered[0].lifecycle), ("rules", None));
    let then = engine.history().head();
    // Deprecated is in use; archived is not, and its objects are still there.
    let bill = || RegistrationRef::from(urn("scoped:MODEL:app:bill:1"));
    doing(&engine, Transition { entry: bill(), to: Lifecycle::Deprecated }).unwrap();
    assert_eq!(names(&scanned(&engine, &Scan::default()).registered), ["bill", "item", "plan"]);
    doing(&engine, Archive { entry: bill() }).unwrap();
    let report = scanned(&engine, &Scan::default());
    assert_eq!(names(&report.unregistered), ["bill", "ghost"]);
    assert_eq!(report.unregistered[0].lifecycle, Some(Lifecycle::Archived));
    let before = ada.as_of(&Cutoff::At(then)).unwrap().registry_scan(&Scan::default()).unwrap();
    assert_eq!(names(&before.registered), ["bill", "item", "plan"], "the same of the past");
    doing(&engine, objects::Tombstone { object: ObjectId(1), reason: None, expected_version: None }).unwrap();
    assert_eq!(
        names(&scanned(&engine, &Scan::default()).unregistered),
        ["ghost"],
        "what is gone asks for no type"
    );
}

#[test]
fn a_type_that_is_declared_and_used_is_one_name() {
    const BILL: Construct = Construct::new("shop", "Bill", "MODEL").namespace("shop").name("bill");
    let engine = having(&[BILL]);
    doing(&engine, objects::Create::new("shop/bill", data(json!(1)))).unwrap();
    let report = scanned(&engine, &Scan::of(&[&[BILL], &[BILL]]).unwrap());
    assert_eq!(names(&report.registered), ["shop::Bill"]);
    assert_eq!(report.registered[0].met_in, ["declared", "objects"]);
    let undeclared = scanned(&engine, &Scan::default());
    assert_eq!((names(&undeclared.registered), &*undeclared.modules[0].module), (vec!["shop/bill"], "shop"));
}

#[test]
fn declarations_are_written_down_and_read_back_for_whoever_scans_elsewhere() {
    let told = ORDER.tags(&["a"]).metadata(|| json!({ "k": [1] })).lifecycle(Lifecycle::Active);
    let declaration = told.declaration().unwrap();
    let text = serde_json::to_string(&declaration).unwrap();
    assert_eq!(serde_json::from_str::<Declaration>(&text).unwrap(), declaration);
    let engine = having(&[told]);
    let report = scanned(&engine, &Scan::of_declarations(vec![declaration]));
    assert_eq!(names(&report.registered), ["shop::Order"]);
    assert!(
        serde_json::from_str::<Declaration>(r#"{"target":"a","urn":"scoped:CLASS:a:b:1","tag":1}"#).is_err()
    );
}

#[test]
fn a_scan_tells_of_everybodys_types_and_is_for_operators() {
    let engine = having(&[ORDER]);
    doing(&engine, principal(2)).unwrap();
    let bo = engine.session(PrincipalId(2)).unwrap().reading();
    assert_eq!(bo.registry_scan(&Scan::default()).unwrap_err().code(), "denied");
    assert!(bo.registered_at("shop::Order").unwrap().is_some(), "constructs are for everybody");
}
