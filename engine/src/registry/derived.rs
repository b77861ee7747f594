//! What is registered by being made: entries without a row, each computed from the state of the thing itself.
//!
//! One line in [`SOURCES`] for each sort of thing. Objects are found by their name as everything else is, and listed only where their kind is asked
//! for. A status becomes a lifecycle: what may not be used for now, and will be again, is
//! `DEPRECATED` (the specification shows it so for scopes), what is at an end is `ARCHIVED`.

use crate::authorize::{Request, Target, authorize};
use crate::kernel::execute::object_target;
use crate::temporal::Entity;
use scoped_projections::config::Setting;
use scoped_projections::contracts::{self, Contract};
use scoped_projections::identity::{Principal, Status};
use scoped_projections::objects::{Object, Objects};
use scoped_projections::registry::{Kind, Lifecycle, Query, Urn};
use scoped_projections::rules::Rule;
use scoped_projections::templates::Template;
use scoped_projections::tenancy::{Capability, Node, ScopeState};
use scoped_projections::{Micros, PrincipalId, ScopeId, Sequence, World};

/// Something that was made, as an entry.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) urn: Urn,
    pub(crate) entity: Entity,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) created: Sequence,
    pub(crate) changed: Sequence,
}

/// A sort of things that are made.
struct Source {
    kind: Kind,
    namespace: &'static str,
    all: for<'w> fn(&'w World) -> Box<dyn Iterator<Item = Made> + 'w>,
    /// By the name in the URN.
    find: fn(&World, &str) -> Option<Made>,
}

const SOURCES: &[Source] = &[
    Source {
        kind: Kind::PRINCIPAL,
        namespace: "identity",
        all: |world| Box::new(world.identity().iter().filter_map(principal)),
        find: |world, name| principal(world.identity().get(name.parse().ok()?)?),
    },
    Source {
        kind: Kind::SCOPE,
        namespace: "tenancy",
        all: |world| {
            let tenancy = world.tenancy();
            Box::new((0..tenancy.len() as u32).filter_map(|row| scope(tenancy.at(row)?)))
        },
        find: |world, name| scope(world.tenancy().get(name.parse().ok()?)?),
    },
    Source {
        kind: Kind::RULE,
        namespace: "rules",
        all: |world| Box::new(world.rules().iter().filter_map(|found| rule(world, found))),
        find: |world, name| rule(world, world.rules().get(name.parse().ok()?)?),
    },
    Source {
        kind: Kind::CONTRACT,
        namespace: "contracts",
        all: |world| Box::new(world.contracts().iter().filter_map(contract)),
        find: |world, name| contract(world.contracts().get(name.parse().ok()?)?),
    },
    Source {
        kind: Kind::TEMPLATE,
        namespace: "templates",
        all: |world| Box::new(world.templates().iter().filter_map(template)),
        find: |world, name| template(world.templates().get(name.parse().ok()?)?),
    },
    Source {
        kind: Kind::INSTANCE,
        namespace: "config",
        all: |world| Box::new(world.config().iter().filter_map(setting)),
        find: |world, name| setting(world.config().get(name.parse().ok()?)?),
    },
    // There are as many as there is data: listed by [`objects`], where they are asked for.
    Source {
        kind: Kind::INSTANCE,
        namespace: OBJECTS,
        all: |_| Box::new(std::iter::empty()),
        find: |world, name| object(world, world.objects().get(name.parse().ok()?)?),
    },
];

/// Namespace of the entries of objects, each an instance of the type that is registered for it.
const OBJECTS: &str = "objects";

/// Namespaces in which the engine registers what is made; also those of layers that have their entries elsewhere.
pub(super) const RESERVED: &[&str] =
    &["identity", "tenancy", "objects", "sharing", "rules", "contracts", "templates", "config"];

fn made(kind: Kind, namespace: &str, id: impl ToString, version: u32) -> Option<Urn> {
    Urn::new(kind, namespace, &id.to_string(), version).ok()
}

/// The name of a principal's entry.
pub(crate) fn principal_urn(id: PrincipalId) -> Option<Urn> {
    made(Kind::PRINCIPAL, "identity", id, 1)
}

fn principal(found: &Principal) -> Option<Made> {
    let lifecycle = match found.status {
        Status::Active => Lifecycle::Active,
        Status::Suspended => Lifecycle::Deprecated,
        Status::Archived => Lifecycle::Archived,
    };
    Some(Made {
        urn: principal_urn(found.id)?,
        entity: Entity::Principal(found.id),
        lifecycle,
        created: found.created,
        changed: found.changed,
    })
}

fn scope(node: &Node) -> Option<Made> {
    Some(Made {
        urn: made(Kind::SCOPE, "tenancy", node.id, 1)?,
        entity: Entity::Scope(node.id),
        lifecycle: match node.state() {
            ScopeState::Deleted => Lifecycle::Archived,
            ScopeState::Frozen => Lifecycle::Deprecated,
            ScopeState::Active => Lifecycle::Active,
        },
        created: node.created,
        changed: node.changed,
    })
}

fn kept(archived: bool) -> Lifecycle {
    if archived { Lifecycle::Archived } else { Lifecycle::Active }
}

fn rule(world: &World, found: &Rule) -> Option<Made> {
    let version = world.rules().current(found)?.number;
    Some(Made {
        urn: made(Kind::RULE, "rules", found.id, version)?,
        entity: Entity::Rule(found.id),
        lifecycle: kept(found.archived),
        created: found.created,
        changed: found.changed,
    })
}

fn contract(found: &Contract) -> Option<Made> {
    Some(Made {
        urn: made(Kind::CONTRACT, "contracts", found.id, found.version)?,
        entity: Entity::Contract(found.id),
        lifecycle: match found.lifecycle {
            contracts::Lifecycle::Active => Lifecycle::Active,
            contracts::Lifecycle::Deprecated => Lifecycle::Deprecated,
            contracts::Lifecycle::Archived => Lifecycle::Archived,
        },
        created: found.created,
        changed: found.changed,
    })
}

fn template(found: &Template) -> Option<Made> {
    Some(Made {
        urn: made(Kind::TEMPLATE, "templates", found.id, found.version)?,
        entity: Entity::Template(found.id),
        lifecycle: kept(found.archived),
        created: found.created,
        changed: found.changed,
    })
}

fn setting(found: &Setting) -> Option<Made> {
    Some(Made {
        urn: made(Kind::INSTANCE, "config", found.id, found.version)?,
        entity: Entity::Setting(found.id),
        lifecycle: kept(found.deleted),
        created: found.created,
        changed: found.changed,
    })
}

fn object(world: &World, found: &Object) -> Option<Made> {
    let objects = world.objects();
    Some(Made {
        urn: made(Kind::INSTANCE, OBJECTS, found.id, found.version)?,
        entity: Entity::Object(found.id),
        lifecycle: kept(found.tombstoned),
        created: created(objects, found),
        changed: objects.last_change(found).map_or(found.data, |last| last.sequence),
    })
}

/// The event that made an object.
fn created(objects: &Objects, found: &Object) -> Sequence {
    objects.changes(found).last().map_or(found.data, |first| first.sequence)
}

impl Made {
    /// May somebody see the thing itself?
    pub(crate) fn seen_by(&self, world: &World, actor: PrincipalId, now: Micros) -> bool {
        let may = |capability, target| authorize(world, actor, Request::new(capability, target), now).allowed;
        let scope = self.entity.place(world).0;
        let at = |scope: ScopeId| world.tenancy().row(scope).map_or(Target::Nothing, Target::Scope);
        match self.entity {
            Entity::Principal(id) => {
                world.identity().row(id).is_some_and(|row| crate::identity::sees(world, actor, row, now))
            }
            Entity::Object(id) => may(Capability::ReadLocal, object_target(world, id)),
            // What a rule forbids is for those who administer rules.
            Entity::Rule(_) => may(Capability::RulesManage, scope.map_or(Target::Deployment, at)),
            // Those of no scope speak to everybody.
            Entity::Contract(_) | Entity::Template(_) => {
                may(Capability::ReadLocal, scope.map_or(Target::Own, at))
            }
            _ => scope.is_some_and(|scope| may(Capability::ReadLocal, at(scope))),
        }
    }
}

/// Is it a name that the engine gives?
pub(crate) fn is_derived(urn: &Urn) -> bool {
    RESERVED.contains(&urn.namespace())
}

/// The thing of that name.
pub(crate) fn find(world: &World, urn: &Urn) -> Option<Made> {
    let source =
        SOURCES.iter().find(|source| source.kind == *urn.kind() && source.namespace == urn.namespace())?;
    // Things with editions are found by the name of each of them, and listed by that of the current one.
    let made = (source.find)(world, urn.name()).filter(|made| urn.version() <= made.urn.version())?;
    Some(Made { urn: urn.clone(), ..made })
}

/// Does a query ask for objects? Who asks for everything does not mean all data.
pub(crate) fn asks_for_objects(query: &Query) -> bool {
    query.kind.as_ref() == Some(&Kind::INSTANCE)
        && query.namespace.as_deref().is_none_or(|namespace| namespace == OBJECTS)
        && query.tags.is_empty()
}

/// The objects in these rows that fit, one by one as they are asked for.
pub(crate) fn objects<'a>(
    world: &'a World,
    query: &'a Query,
    rows: impl Iterator<Item = u32> + 'a,
) -> impl Iterator<Item = Made> + 'a {
    let all = world.objects();
    let fits = |found: &&Object| {
        query.lifecycle.is_none_or(|at| at == kept(found.tombstoned))
            && query.name.as_ref().is_none_or(|name| *name == found.id.to_string())
    };
    rows.filter_map(|row| all.at(row)).filter(fits).filter_map(|found| object(world, found))
}

/// The first row of an object that was made behind an event: rows are in the order in which they were made.
pub(crate) fn objects_behind(world: &World, after: Sequence) -> u32 {
    let objects = world.objects();
    let (mut low, mut high) = (0, objects.len() as u32);
    while low < high {
        let middle = low + (high - low) / 2;
        if objects.at(middle).is_some_and(|found| created(objects, found) <= after) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// The things that fit, without objects.
pub(crate) fn all<'a>(world: &'a World, query: &'a Query) -> impl Iterator<Item = Made> + 'a {
    let of = |source: &&Source| {
        let kind = query.kind.as_ref().is_none_or(|kind| *kind == source.kind);
        let namespace = query.namespace.as_ref().is_none_or(|namespace| namespace == source.namespace);
        // Nobody gives them tags.
        kind && namespace && query.tags.is_empty()
    };
    let fits = |made: &Made| {
        query.lifecycle.is_none_or(|at| at == made.lifecycle)
            && query.name.as_ref().is_none_or(|name| name == made.urn.name())
    };
    SOURCES.iter().filter(of).flat_map(|source| (source.all)(world)).filter(fits)
}
