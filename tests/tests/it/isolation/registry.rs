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
