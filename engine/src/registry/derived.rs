//! What is registered by being made: entries without a row, each computed from the state of the thing itself.
//!
//! One line in [`SOURCES`] for each sort of thing. A status becomes a lifecycle: what may not be used for now, and will be again, is
//! `DEPRECATED` (the specification shows it so for scopes), what is at an end is `ARCHIVED`.

use crate::authorize::{Request, Target, authorize};
use crate::temporal::Entity;
use scoped_projections::identity::{Principal, Status};
use scoped_projections::registry::{Kind, Lifecycle, Query, Urn};
use scoped_projections::tenancy::{Capability, Node};
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
];

/// Namespaces in which the engine registers what is made; also those of layers that have their entries elsewhere.
pub(super) const RESERVED: &[&str] =
    &["identity", "tenancy", "objects", "sharing", "rules", "contracts", "templates", "config"];

fn made(kind: Kind, namespace: &str, id: impl ToString) -> Option<Urn> {
    Urn::new(kind, namespace, &id.to_string(), 1).ok()
}

fn principal(found: &Principal) -> Option<Made> {
    let lifecycle = match found.status {
        Status::Active => Lifecycle::Active,
        Status::Suspended => Lifecycle::Deprecated,
        Status::Archived => Lifecycle::Archived,
    };
    Some(Made {
        urn: made(Kind::PRINCIPAL, "identity", found.id)?,
        entity: Entity::Principal(found.id),
        lifecycle,
        created: found.created,
        changed: found.changed,
    })
}

fn scope(node: &Node) -> Option<Made> {
    Some(Made {
        urn: made(Kind::SCOPE, "tenancy", node.id)?,
        entity: Entity::Scope(node.id),
        lifecycle: match (node.archived, node.frozen) {
            (true, _) => Lifecycle::Archived,
            (false, true) => Lifecycle::Deprecated,
            (false, false) => Lifecycle::Active,
        },
        created: node.created,
        changed: node.changed,
    })
}

impl Made {
    /// May somebody see the thing itself?
    pub(crate) fn seen_by(&self, world: &World, actor: PrincipalId, now: Micros) -> bool {
        let reads = |scope: ScopeId| {
            let target = world.tenancy().row(scope).map_or(Target::Nothing, Target::Scope);
            authorize(world, actor, Request::new(Capability::ReadLocal, target), now).allowed
        };
        match self.entity {
            Entity::Principal(id) => {
                world.identity().row(id).is_some_and(|row| crate::identity::sees(world, actor, row, now))
            }
            other => other.place(world).0.is_some_and(reads),
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
    (source.find)(world, urn.name()).filter(|made| made.urn == *urn)
}

/// The things that fit.
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
