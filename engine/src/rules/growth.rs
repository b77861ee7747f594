//! What there will be more of, when a fact is written: what quotas are asked about.

use crate::kernel::execute::{Proposed, View};
use crate::tenancy::nearest;
use scoped_projections::config::ConfigEvent as S;
use scoped_projections::contracts::ContractsEvent as C;
use scoped_projections::objects::{
    ObjectCreated, ObjectRecovered, ObjectRestored, ObjectsEvent as O, OwnershipTransferred,
};
use scoped_projections::rules::{Resource, RuleCreated, RuleUnarchived, RulesEvent as R};
use scoped_projections::store::NO_ROW;
use scoped_projections::templates::TemplatesEvent as B;
use scoped_projections::tenancy::{
    MemberAdded, ScopeCreated, ScopeMoved, ScopeProvisioned, ScopeReopened, TenancyEvent as T,
};
use scoped_projections::{Event, ObjectId, PrincipalId, ScopeId, World};
use std::collections::BTreeMap;

/// So many more of something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Growth<'a> {
    pub(super) resource: Resource,
    /// Row of the scope that they will be in, or of the nearest above it that there is; [`NO_ROW`] for none.
    pub(super) scope: u32,
    /// The type of objects.
    pub(super) object_type: Option<&'a str>,
    /// Row of who will own them, or of who makes them.
    pub(super) owner: u32,
    pub(super) many: u64,
    counted: Counted,
}

/// Which quotas count them already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    /// None: they come to be.
    Nowhere,
    /// All but those of owners: they change hands.
    ForOthers,
    /// Those that are bound to no scope, or to this one or above it: they are moved away from there.
    Above(u32),
}

impl Growth<'_> {
    /// Does this quota not count them yet?
    pub(super) fn is_new_to(&self, world: &World, binding: u32) -> bool {
        let Some(bound) = world.rules().binding_at(binding) else { return false };
        match self.counted {
            Counted::Nowhere => true,
            Counted::ForOthers => bound.targets.principal.is_some(),
            Counted::Above(from) => {
                bound.scope != NO_ROW && (from == NO_ROW || !world.tenancy().is_within(from, bound.scope))
            }
        }
    }
}

/// What there will be more of when the step writes this fact of it.
pub(super) fn growth<'a>(on: &View<'a>, proposed: &[Proposed], fact: &'a Proposed) -> Vec<Growth<'a>> {
    let (world, tenancy) = (on.world, on.world.tenancy());
    let actor = world.identity().row(on.actor).unwrap_or(NO_ROW);
    let place = |id: ScopeId| nearest(world, proposed, id);
    let one = |resource, scope| Growth {
        resource,
        scope,
        object_type: None,
        owner: actor,
        many: 1,
        counted: Counted::Nowhere,
    };
    let owner = |id: PrincipalId| world.identity().row(id).unwrap_or(actor);
    let object = |id: ObjectId| -> Option<Growth<'a>> {
        let found = world.objects().get(id)?;
        let object_type = Some(world.objects().object_type(found));
        Some(Growth { object_type, owner: found.owner, ..one(Resource::Objects, found.home) })
    };
    let found = match &fact.event {
        Event::Objects(O::ObjectCreated(ObjectCreated { object_type, owner: whose, .. })) => Some(Growth {
            object_type: Some(object_type),
            owner: owner(*whose),
            ..one(Resource::Objects, place(fact.scope))
        }),
        Event::Objects(
            O::ObjectRestored(ObjectRestored { object: id })
            | O::ObjectRecovered(ObjectRecovered { object: id }),
        ) => object(*id),
        Event::Objects(O::OwnershipTransferred(OwnershipTransferred { object: id, owner: whose })) => {
            let live = world.objects().get(*id).is_some_and(|object| !object.tombstoned);
            object(*id).filter(|growth| live && growth.owner != owner(*whose)).map(|growth| Growth {
                owner: owner(*whose),
                counted: Counted::ForOthers,
                ..growth
            })
        }
        Event::Tenancy(
            T::ScopeCreated(ScopeCreated { parent, .. })
            | T::ScopeProvisioned(ScopeProvisioned { parent, .. }),
        ) => Some(one(Resource::Scopes, place(*parent))),
        Event::Tenancy(T::ScopeReopened(ScopeReopened { scope })) => {
            let parent = tenancy.get(*scope).map_or(NO_ROW, |node| node.parent);
            Some(one(Resource::Scopes, parent))
        }
        Event::Tenancy(T::ScopeMoved(ScopeMoved { scope, parent })) => {
            return tenancy.row(*scope).map_or_else(Vec::new, |row| moved(world, row, place(*parent), actor));
        }
        Event::Tenancy(T::MemberAdded(MemberAdded { scope, .. })) => {
            Some(one(Resource::Members, place(*scope)))
        }
        Event::Tenancy(T::MemberRoleChanged(e)) if crate::tenancy::revives(world, e, on.now) => {
            Some(one(Resource::Members, place(e.scope)))
        }
        Event::Rules(R::RuleCreated(RuleCreated { home, .. })) => Some(one(Resource::Rules, place(*home))),
        Event::Rules(R::RuleUnarchived(RuleUnarchived { rule })) => {
            world.rules().get(*rule).map(|rule| one(Resource::Rules, rule.home))
        }
        Event::Contracts(C::ContractCreated(e)) => Some(one(Resource::Contracts, place(e.scope))),
        Event::Contracts(C::ContractUnarchived(e)) => {
            world.contracts().get(e.contract).map(|contract| one(Resource::Contracts, contract.scope))
        }
        Event::Templates(B::TemplateCreated(e)) => Some(one(Resource::Templates, place(e.scope))),
        Event::Templates(B::TemplateReopened(e)) => {
            world.templates().get(e.template).map(|template| one(Resource::Templates, template.scope))
        }
        Event::Config(S::SettingSet(e)) => {
            let scope = place(e.scope);
            let there = world.config().find(scope, &e.key).is_some_and(|setting| !setting.deleted);
            (!there).then(|| one(Resource::Settings, scope))
        }
        _ => None,
    };
    found.into_iter().collect()
}

/// All that stands somewhere else, with the scope that it is in.
fn moved<'a>(world: &'a World, row: u32, to: u32, actor: u32) -> Vec<Growth<'a>> {
    let (tenancy, objects) = (world.tenancy(), world.objects());
    let from = tenancy.at(row).map_or(NO_ROW, |node| node.parent);
    let of = |resource, many| Growth {
        resource,
        scope: to,
        object_type: None,
        owner: actor,
        many,
        counted: Counted::Above(from),
    };
    let mut kinds: BTreeMap<(&str, u32), u64> = BTreeMap::new();
    for home in tenancy.subtree(row) {
        for object in objects.homed(home).into_iter().flatten().filter_map(|row| objects.at(row)) {
            *kinds.entry((objects.object_type(object), object.owner)).or_default() += 1;
        }
    }
    let mut found: Vec<Growth<'a>> = kinds
        .into_iter()
        .map(|((object_type, owner), many)| Growth {
            object_type: Some(object_type),
            owner,
            ..of(Resource::Objects, many)
        })
        .collect();
    for resource in Resource::ALL.iter().copied().filter(|resource| *resource != Resource::Objects) {
        // Of scopes it is one itself.
        let own =
            u64::from(resource == Resource::Scopes && tenancy.at(row).is_some_and(|node| !node.archived));
        let many = world.rules().within(resource, row, world) + own;
        if many > 0 {
            found.push(of(resource, many));
        }
    }
    found
}
