//! The rows of the registry: changing it is for operators, whatever the entry is.

use super::*;
use scoped::RegistrationId;
use scoped::registry::{self as r, Kind, Lifecycle, RegistrationRef, Urn};

pub(super) fn command(name: &str, _: PrincipalId) -> Option<Row> {
    let urn = |name: &str| Urn::object_type(name).unwrap();
    let (there, missing) = (|| RegistrationRef::Urn(urn("limits")), || RegistrationRef::Urn(urn("nope")));
    let no_id = || RegistrationRef::Id(RegistrationId(77));
    let to = Lifecycle::Archived;
    Some(match name {
        "registry.register" => row(
            [r::Register::new(urn("limits")), r::Register::new(urn("new"))],
            [r::Register::new(Urn::new(Kind::named("UNKNOWN").unwrap(), "app", "x", 1).unwrap())],
        ),
        "registry.transition" => row(
            [r::Transition { entry: there(), to }],
            [missing(), no_id()].map(|entry| r::Transition { entry, to }),
        ),
        "registry.archive" => {
            row([r::Archive { entry: there() }], [missing(), no_id()].map(|entry| r::Archive { entry }))
        }
        "registry.reinstate" => row(
            [r::Reinstate { entry: there(), to }],
            [missing(), no_id()].map(|entry| r::Reinstate { entry, to }),
        ),
        "registry.describe" => {
            let describe = |entry| r::Describe { entry, tags: Vec::new(), metadata: None };
            row([describe(there())], [describe(missing()), describe(no_id())])
        }
        "registry.define_kind" => {
            let define = |kind| r::DefineKind { kind, description: "mine".into() };
            row([define(Kind::MODEL)], [define(Kind::named("WIDGET").unwrap())])
        }
        "registry.freeze" => row([r::Freeze {}], []),
        "registry.unfreeze" => row([], [r::Unfreeze {}]),
        _ => return None,
    })
}

pub(super) fn reading(operation: &str) -> Option<Vec<Ask>> {
    /// A scope, by the name that it has for being made.
    fn scope(aim: &Aim) -> RegistrationRef {
        let id = if aim.object == NO_OBJECT { ScopeId(77) } else { ScopeId(3) };
        RegistrationRef::Urn(Urn::new(Kind::SCOPE, "tenancy", &id.to_string(), 1).unwrap())
    }
    fn principal(aim: &Aim) -> RegistrationRef {
        let id = PrincipalId(if aim.object == NO_OBJECT { 98 } else { 6 });
        RegistrationRef::Urn(Urn::new(Kind::PRINCIPAL, "identity", &id.to_string(), 1).unwrap())
    }
    Some(match operation {
        "registry.get" => vec![|reading, aim| reading.registered(scope(aim)).map(drop), |reading, aim| {
            reading.registered(principal(aim)).map(drop)
        }],
        "registry.history" => {
            vec![|reading, aim| reading.registry_history(scope(aim)).map(drop), |reading, aim| {
                reading.registry_history(principal(aim)).map(drop)
            }]
        }
        "registry.scan" => vec![|reading, _| reading.registry_scan(&r::Scan::default()).map(drop)],
        // These are refused to nobody who is active; what they show is looked at below.
        "registry.query" | "registry.kinds" => vec![],
        _ => return None,
    })
}

#[test]
fn the_registry_shows_of_what_was_made_only_what_one_sees() {
    let (engine, _) = world();
    for actor in [FOREIGNER, SIBLING, DENIED] {
        let reading = engine.session(actor).unwrap().reading();
        let page = reading.registry(&r::Query::default(), scoped::Sequence::NONE, 1_000).unwrap();
        let names: BTreeSet<String> = page.entries.iter().map(|entry| entry.urn.to_string()).collect();
        assert!(names.contains("scoped:MODEL:app:limits:1"), "types are for everybody");
        let secret = format!("scoped:SCOPE:tenancy:{}:1", ScopeId(3));
        assert!(!names.contains(&secret), "{actor}: {names:?}");
        assert!(reading.find_registered(secret.parse::<Urn>().unwrap()).unwrap().is_none());
        assert_eq!(reading.registry_count(&r::Query::default()).unwrap(), names.len());
    }
    let founder = engine.session(PrincipalId(1)).unwrap().reading();
    let all = founder.registry(&r::Query::default(), scoped::Sequence::NONE, 1_000).unwrap().entries.len();
    let unfiltered = engine.read(|moment| moment.registry(&r::Query::default()).unwrap().len());
    assert_eq!(all, unfiltered, "who owns every root and is an operator sees everything");
}
