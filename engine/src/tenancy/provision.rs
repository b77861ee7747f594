//! Scopes that come to be because something is written to their path (scopes specification, section 7).
//!
//! Only writes do that. Missing nodes are made outermost first in the batch of the write, each marked; if the write is refused,
//! nothing is. What it takes, below the nearest registered ancestor: `scope.write` and `scope.provision` there, and
//! `scope.provision.other` when a node to be made is named for a user, agent or service other than the actor. A new root takes
//! `scope.create.root`, unless it is the actor's own name; who makes it owns it, since a root without owner could not be managed.
//! A node named for the actor is owned by the actor. Others live on inheritance.
//! Whoever may not learns nothing: the first need is the same whether the ancestor is missing or not theirs.

use super::scopes::{exists, own};
use super::{ProvisionScope, ScopeRef};
use crate::authorize::{Request, Target, authorize};
use crate::command::{Decide, Needs};
use crate::error::Error;
use crate::kernel::execute::{Facts, Refusal, Result, View};
use scoped_projections::identity::Identity;
use scoped_projections::rules::Action;
use scoped_projections::tenancy::path::{ScopePathRef, ScopeSegment, ScopeType};
use scoped_projections::tenancy::{Capability as C, Node, ScopePath, ScopeProvisioned};
use scoped_projections::{PrincipalId, ScopeId};

/// Is the segment named for that principal: by the text of its id, or by its handle?
fn names(identity: &Identity, segment: ScopeSegment<'_>, principal: PrincipalId) -> bool {
    is_personal(segment) && (segment.id() == principal.to_string() || is_handle(identity, segment, principal))
}

/// A registered handle is a one-segment path such as `user:alice`.
fn is_handle(identity: &Identity, segment: ScopeSegment<'_>, principal: PrincipalId) -> bool {
    let handle = format!("{}:{}", segment.scope_type(), segment.id());
    identity.by_handle(&handle).is_some_and(|found| found.id == principal)
}

/// Segments of these types name somebody.
fn is_personal(segment: ScopeSegment<'_>) -> bool {
    matches!(segment.scope_type(), ScopeType::User | ScopeType::Agent | ScopeType::Service)
}

/// The path and those above it, outermost first.
fn prefixes(path: &ScopePath) -> Vec<ScopePath> {
    let mut all: Vec<ScopePath> = path.ancestors().map(ScopePathRef::to_path).collect();
    all.reverse();
    all.push(path.clone());
    all
}

/// What it takes to write into a scope, or to a path that is to become one.
pub(crate) fn write_needs<'a>(
    on: &View<'_>,
    scope: &ScopeRef,
    write: impl Fn(Target) -> Request<'a>,
) -> Needs<'a> {
    match (scope.row(on.world.tenancy()), scope) {
        (None, ScopeRef::Path(path)) => {
            let mut needs = provision_needs(on, path);
            // The right to write is asked for the sake of the write itself, too: a rule may speak about the one, or about making scopes.
            if let Some(first) = needs.first().copied() {
                needs.insert(0, write(first.target));
            }
            needs
        }
        _ => smallvec::smallvec![write(scope.target(on.world.tenancy()))],
    }
}

/// What it takes to make a path and what is missing above it. Never empty.
pub(super) fn provision_needs<'a>(on: &View<'_>, path: &ScopePath) -> Needs<'a> {
    let (tenancy, identity) = (on.world.tenancy(), on.world.identity());
    let need = |capability, target| Request::new(capability, target).doing(Action::ScopeCreate);
    let missing: Vec<ScopePath> =
        prefixes(path).into_iter().skip_while(|path| tenancy.row_of_path(path).is_some()).collect();
    let near = path.ancestors().find_map(|above| tenancy.row_of_path(&above.to_path()));
    let Some(near) = near else {
        let own_name = missing.first().is_some_and(|root| names(identity, root.leaf(), on.actor));
        let roots = need(C::CreateRoot, Target::Deployment);
        let may = own_name || authorize(on.world, on.actor, roots, on.now).allowed;
        return smallvec::smallvec![need(C::Write, if may { Target::Own } else { Target::Nothing })];
    };
    let below = Target::Below(near);
    let mut needs: Needs<'a> = smallvec::smallvec![need(C::Write, below), need(C::Provision, below)];
    let other = |path: &ScopePath| is_personal(path.leaf()) && !names(identity, path.leaf(), on.actor);
    if missing.iter().any(other) {
        needs.push(need(C::ProvisionOther, below));
    }
    needs
}

/// What is said when something is written to a deleted path.
fn tombstoned(node: &Node) -> Refusal {
    let error = Error::refused("scope_tombstoned", format!("the scope `{}` was deleted", node.label()));
    error.hint("register it anew with `tenancy.create_scope`").into()
}

/// What is said when something above a path that is to be registered was deleted.
pub(super) fn missing_above(node: &Node) -> Refusal {
    super::archived(node).into()
}

/// The scope to write into, made with all that is missing above it if need be.
pub(crate) fn provision(on: &View<'_>, facts: &mut Facts<'_>, scope: &ScopeRef) -> Result<ScopeId> {
    match scope {
        ScopeRef::Path(path) => provision_to(on, facts, path, tombstoned),
        ScopeRef::Id(_) => {
            let row = super::scope_row(on, scope)?;
            match on.world.tenancy().at(row) {
                Some(node) if node.archived => Err(tombstoned(node)),
                node => Ok(node.map_or(ScopeId::NONE, |node| node.id)),
            }
        }
    }
}

/// Makes what is missing, outermost first; `deleted` says what is wrong with a node that was deleted.
pub(super) fn provision_to(
    on: &View<'_>,
    facts: &mut Facts<'_>,
    path: &ScopePath,
    deleted: fn(&Node) -> Refusal,
) -> Result<ScopeId> {
    let tenancy = on.world.tenancy();
    let mut parent = ScopeId::NONE;
    for path in prefixes(path) {
        let there = tenancy.row_of_path(&path).and_then(|row| tenancy.at(row));
        parent = match there {
            Some(node) if node.archived => return Err(deleted(node)),
            Some(node) => node.id,
            None => {
                let id = ScopeId(facts.fresh());
                make(on, facts, id, parent, &path);
                id
            }
        };
    }
    Ok(parent)
}

fn make(on: &View<'_>, facts: &mut Facts<'_>, scope: ScopeId, parent: ScopeId, path: &ScopePath) {
    let text = path.as_str().to_owned();
    facts.push(scope, ScopeProvisioned { scope, parent, path: text }, None);
    if !parent.is_some() || names(on.world.identity(), path.leaf(), on.actor) {
        own(scope, on.actor, facts);
    }
}

impl Decide for ProvisionScope {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        write_needs(on, &ScopeRef::Path(self.path.clone()), |target| {
            Request::new(C::Write, target).doing(Action::ScopeCreate)
        })
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let tenancy = on.world.tenancy();
        let node = |path: &ScopePath| tenancy.row_of_path(path).and_then(|row| tenancy.at(row));
        match node(&self.path) {
            Some(found) if found.archived => return Err(tombstoned(found)),
            Some(found) => return Err(exists(found.label()).into()),
            None => {}
        }
        let parent = match self.path.parent().map(ScopePathRef::to_path) {
            None => ScopeId::NONE,
            Some(above) => match node(&above) {
                Some(found) if found.archived => return Err(tombstoned(found)),
                Some(found) => found.id,
                None => {
                    let message = format!("there is no scope `{above}`");
                    return Err(Error::refused("scope_not_found", message).into());
                }
            },
        };
        let id = self.scope.unwrap_or_else(|| ScopeId(facts.fresh()));
        if !id.is_some() || tenancy.get(id).is_some() {
            return Err(exists(id).into());
        }
        make(on, facts, id, parent, &self.path);
        Ok(())
    }
}
