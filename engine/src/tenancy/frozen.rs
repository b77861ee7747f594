//! What a frozen scope does not let pass: whatever widens it, or changes what lies in it.
//!
//! Asked of each proposed fact, of every domain, by name: a kind of event that is new does not compile before it is said whether it
//! passes. What narrows passes. Of rules only what adds a deny does: an allow governs, and taking either away opens something
//! to somebody. A rule that is bound nowhere in the scope is not the scope's, wherever it is at home: so an emergency deny can be defined
//! and bound while the freeze lasts. A transfer gives somebody all rights over what lies in the scope, which widens. Why: decision 0017.

use crate::kernel::execute::{Proposed, View};
use scoped_projections::contracts::ContractsEvent as C;
use scoped_projections::objects::ObjectsEvent as O;
use scoped_projections::rules::{Binding, Body, RulesEvent as R};
use scoped_projections::sharing::SharingEvent as S;
use scoped_projections::templates::TemplatesEvent as B;
use scoped_projections::tenancy::{Effect, TenancyEvent as T};
use scoped_projections::{Event, ObjectId, RuleId, ScopeId};
use smallvec::SmallVec;

/// Scopes, mostly one or none.
type Scopes = SmallVec<[ScopeId; 2]>;

/// The scopes that a fact would widen or whose contents it would change.
pub(super) fn touched(on: &View<'_>, fact: &Proposed) -> Scopes {
    let one: Option<ScopeId> = match &fact.event {
        Event::Objects(event) => changed(on, fact.scope, event),
        Event::Sharing(event) => shared(on, event),
        // Into a frozen scope, or out of it.
        Event::Tenancy(T::ScopeMoved(e)) => {
            let old = on.world.tenancy().get(e.scope).and_then(|node| on.world.tenancy().at(node.parent));
            return old.map(|node| node.id).into_iter().chain([e.parent, e.scope]).collect();
        }
        Event::Tenancy(event) => widened(on, event),
        Event::Config(_) => Some(fact.scope),
        Event::Contracts(event) => match event {
            C::ContractCreated(_)
            | C::ContractUpdated(_)
            | C::ContractActivated(_)
            | C::ContractUnarchived(_) => Some(fact.scope),
            C::ContractDeprecated(_) | C::ContractArchived(_) => None,
        },
        Event::Templates(event) => match event {
            B::TemplateCreated(_) | B::TemplateUpdated(_) | B::TemplateReopened(_) => Some(fact.scope),
            B::TemplateArchived(_) | B::TemplateInstantiated(_) => None,
        },
        Event::Rules(event) => return ruled(on, event),
        // Who there is, what may exist, whose data what is, and what was asked lie in no scope.
        Event::Identity(_)
        | Event::Registry(_)
        | Event::Subjects(_)
        | Event::Temporal(_)
        | Event::Requests(_)
        | Event::Audit(_) => None,
    };
    one.into_iter().collect()
}

fn changed(on: &View<'_>, filed: ScopeId, event: &O) -> Option<ScopeId> {
    match event {
        O::ObjectCreated(_)
        | O::ObjectUpdated(_)
        | O::ObjectTombstoned(_)
        | O::ObjectRestored(_)
        | O::ObjectExpired(_) => Some(filed),
        O::OwnershipTransferred(e) => home(on, e.object),
        // They come along with something that is asked about itself, or with the end and the return of the scope as a whole.
        O::VersionExplained(_)
        | O::ObjectsExported(_)
        | O::ObjectsImported(_)
        | O::ProvenanceRecorded(_)
        | O::ObjectForgotten(_)
        | O::ObjectRecovered(_)
        | O::ObjectAttributed(_) => None,
    }
}

/// The scope that an object was written in.
fn home(on: &View<'_>, object: ObjectId) -> Option<ScopeId> {
    let home = on.world.objects().get(object)?.home;
    on.world.tenancy().at(home).map(|node| node.id)
}

fn shared(on: &View<'_>, event: &S) -> Option<ScopeId> {
    match event {
        S::ObjectProjected(e) => {
            let at = on.world.objects().row(e.object).zip(on.world.tenancy().row(e.scope));
            let share = at.and_then(|(object, scope)| on.world.sharing().share(object, scope));
            // To a lower level: that narrows.
            share.is_none_or(|share| share.level < e.level).then_some(e.scope)
        }
        S::ProjectionRevoked(_) => None,
    }
}

fn ruled(on: &View<'_>, event: &R) -> Scopes {
    let rules = on.world.rules();
    let said =
        |rule: RuleId| rules.get(rule).and_then(|rule| rules.current(rule)).map(|version| &*version.body);
    let denies = |rule: RuleId| said(rule).is_some_and(|body| body.effect == Effect::Deny);
    match event {
        R::RuleCreated(_) | R::RuleDescribed(_) => Scopes::new(),
        R::RuleUpdated(e) if said(e.rule).is_some_and(|old| denies_as_much(old, &e.body)) => Scopes::new(),
        R::RuleUpdated(e) => bound(on, e.rule),
        R::RuleArchived(e) => bound(on, e.rule),
        R::RuleUnarchived(e) if denies(e.rule) => Scopes::new(),
        R::RuleUnarchived(e) => bound(on, e.rule),
        R::BindingAdded(e) if denies(e.rule) => Scopes::new(),
        R::BindingAdded(e) => aimed(on, e.targets.scope, e.targets.object),
        R::BindingChanged(e) => {
            let Some(held) = rules.binding(e.binding) else { return Scopes::new() };
            let mut found = if rules.is_active(held) { place(on, held) } else { Scopes::new() };
            if !rules.at(held.rule).is_some_and(|rule| denies(rule.id)) {
                found.extend(aimed(on, e.targets.scope, e.targets.object));
            }
            found
        }
        R::BindingRemoved(e) => {
            let held = rules.binding(e.binding).filter(|held| rules.is_active(held));
            held.map(|held| place(on, held)).unwrap_or_default()
        }
    }
}

/// Does a rule that denied still deny all that it did?
fn denies_as_much(old: &Body, new: &Body) -> bool {
    let denies = old.effect == Effect::Deny && new.effect == Effect::Deny;
    denies && new.content == old.content && (new.when == old.when || new.when.is_empty())
}

/// Where a rule is bound.
fn bound(on: &View<'_>, rule: RuleId) -> Scopes {
    let rules = on.world.rules();
    let Some(row) = rules.row(rule) else { return Scopes::new() };
    let held = rules.bindings_of(row).filter(|(_, binding)| !binding.removed);
    held.flat_map(|(_, binding)| place(on, binding)).collect()
}

/// The scope that a binding speaks about: the one it names, and the home of the object it names.
fn place(on: &View<'_>, binding: &Binding) -> Scopes {
    aimed(on, binding.targets.scope, binding.targets.object)
}

fn aimed(on: &View<'_>, scope: Option<ScopeId>, object: Option<ObjectId>) -> Scopes {
    scope.into_iter().chain(object.and_then(|object| home(on, object))).collect()
}

fn widened(on: &View<'_>, event: &T) -> Option<ScopeId> {
    let tenancy = on.world.tenancy();
    match event {
        T::ScopeCreated(e) => Some(e.parent),
        T::ScopeProvisioned(e) => Some(e.parent),
        T::MemberAdded(e) => Some(e.scope),
        T::MemberRoleChanged(e) => {
            let row = tenancy.row(e.scope).zip(on.world.identity().row(e.principal));
            let held = row.and_then(|(scope, who)| tenancy.member(scope, who))?;
            let later = held.expires_at().is_some_and(|end| e.expires_at.is_none_or(|new| new > end));
            (e.role > held.role || later).then_some(e.scope)
        }
        T::AclEntryAdded(e) => (e.effect == Effect::Allow).then_some(e.scope),
        T::AclEntryRemoved(e) => {
            let entry = tenancy.entry(e.entry).filter(|entry| entry.effect == Effect::Deny)?;
            tenancy.at(entry.scope).map(|node| node.id)
        }
        T::ScopeAdopted(e) => Some(e.scope),
        T::ScopeRenamed(e) => Some(e.scope),
        T::ScopeDescribed(e) => Some(e.scope),
        T::PolicySet(e) => Some(e.scope),
        T::ScopeMoved(_) // asked about above: it touches three
        | T::ScopeArchived(_)
        | T::ScopeReopened(_)
        | T::ScopeFrozen(_)
        | T::ScopeReleased(_)
        | T::MemberRemoved(_)
        | T::MemberExpired(_)
        | T::AclEntryExpired(_) => None,
    }
}
