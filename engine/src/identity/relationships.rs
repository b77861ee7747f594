//! Decisions about relationships.
//!
//! Groups are bounded, so that a decision reads a short list: at most [`GROUPS_MAX`] groups speak for one principal, over chains of at
//! most [`GROUP_DEPTH_MAX`] edges; suspended groups count, since they may come back. `member_of` has no cycles: a group that belongs to
//! itself would say nothing. Other labels are the application's, and may go in circles.

use super::commands::{manage, principal};
use super::sight::sees_id;
use super::{AddRelationship, RemoveRelationship, check_word};
use crate::authorize::{Request, Target, authorize};
use crate::command::{Decide, Needs};
use crate::data::Data;
use crate::error::Error;
use crate::kernel::execute::{Facts, Result, View, need};
use crate::tenancy::{Without, last_moment, orphaned_root};
use roaring::RoaringBitmap;
use scoped_projections::identity::{
    ACTS_FOR, Direction, Edge, Identity, MEMBER_OF, RelationshipAdded, RelationshipRemoved, Status, Walk,
};
use scoped_projections::tenancy::{Applies, Capabilities, Capability, Effect, Subject};
use scoped_projections::{EdgeId, Micros, PrincipalId, ScopeId};

pub use scoped_projections::identity::GROUPS_MAX;

/// How many `member_of` edges lie one behind the other, at most.
pub const GROUP_DEPTH_MAX: u32 = 20;

/// What everybody may do with things of its own.
fn own<'a>() -> Needs<'a> {
    need(Capability::PrincipalsManage, Target::Own)
}

impl Decide for AddRelationship {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        // Whom one lets act for oneself is one's own to say, to those one can see: an id that is only guessed must not be told from
        // one that is there.
        let delegates = self.label == ACTS_FOR && self.parent == on.actor;
        if delegates && sees_id(on.world, on.actor, self.child, on.now) { own() } else { manage() }
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        check_word("a relationship's label", &self.label)?;
        if self.label == ACTS_FOR {
            in_person(on)?;
        }
        let identity = on.world.identity();
        for id in [self.parent, self.child] {
            if principal(on, id)?.status == Status::Archived {
                return Err(
                    Error::refused("archived", format!("the principal `{id}` is archived for good")).into()
                );
            }
        }
        if self.parent == self.child {
            return Err(Error::refused("self_relationship", "nobody is related to itself").into());
        }
        let row = |id: PrincipalId| identity.row(id).unwrap_or(scoped_projections::store::NO_ROW);
        let (parent, child) = (row(self.parent), row(self.child));
        if identity.relations().between(parent, child, &self.label).is_some() {
            let message = format!("they are related by `{}` already", self.label);
            return Err(Error::refused("exists", message).into());
        }
        let edge = self.edge.unwrap_or_else(|| EdgeId(facts.fresh()));
        let fits = |old: &Edge| {
            !old.is_live()
                && (old.parent, old.child) == (parent, child)
                && identity.relations().label(old) == self.label
        };
        if !edge.is_some() || identity.relations().get(edge).is_some_and(|old| !fits(old)) {
            return Err(Error::refused("exists", format!("the id `{edge}` is taken")).into());
        }
        if self.label == MEMBER_OF {
            keeps_groups_small(identity, parent, child)?;
            check_own_ends(on, parent, child)?;
        }
        let (parent, child, label) = (self.parent, self.child, self.label.clone());
        let event = RelationshipAdded { edge, parent, child, label };
        facts.push(ScopeId::NONE, event, self.metadata.as_ref());
        Ok(())
    }
}

/// Nobody prolongs a right of their own by joining a group that has it for longer. Rights that one has not are the group's to give:
/// who may change groups at all is decided above.
fn check_own_ends(on: &View<'_>, parent: u32, child: u32) -> Result<()> {
    let (identity, tenancy) = (on.world.identity(), on.world.tenancy());
    let Some(actor) = identity.row(on.actor).filter(|actor| identity.selves(*actor).any(|own| own == child))
    else {
        return Ok(());
    };
    let is_group = |subject: Subject| match subject {
        Subject::Principal(id) => {
            identity.row(id).is_some_and(|row| identity.selves(parent).any(|p| p == row))
        }
        Subject::Any | Subject::Role(_) => false,
    };
    let prolongs = |scope: u32, given: Capabilities, applies: Applies, until: Option<Micros>| {
        let target = if applies == Applies::Itself { Target::Scope(scope) } else { Target::Below(scope) };
        let held = |c: Capability, at| {
            authorize(on.world, on.actor, Request::new(c, target).ungoverned(), at).allowed
        };
        let last = last_moment(until);
        let own = Capability::ALL.iter().copied().filter(|c| given.contains(*c));
        last > on.now && own.into_iter().any(|c| held(c, on.now) && !held(c, last))
    };
    let members =
        identity.selves(parent).flat_map(|group| tenancy.memberships(group)).any(|(scope, member)| {
            prolongs(scope, member.role.capabilities(), Applies::Subtree, member.expires_at())
        });
    let mut entries = tenancy
        .all_entries()
        .filter(|entry| !entry.removed && entry.effect == Effect::Allow && is_group(entry.subject));
    if members
        || entries
            .any(|entry| prolongs(entry.scope, entry.capability.matches(), entry.applies, entry.expires_at))
    {
        let who = identity.id(actor);
        let message =
            format!("`{who}` holds a right for less long than the group does, and would prolong it");
        let error = Error::refused("grant_exceeds_holder", message);
        return Err(error.hint("somebody else puts one into a group").into());
    }
    Ok(())
}

/// Delegation does not go on.
fn in_person(on: &View<'_>) -> Result<()> {
    match on.agent {
        None => Ok(()),
        Some(_) => {
            let error = Error::refused("delegated", "who acts for another does not make or end delegations");
            Err(error.hint("the one who is acted for does it itself, or an operator").into())
        }
    }
}

/// Would the groups still be few, near and without a cycle?
fn keeps_groups_small(identity: &Identity, parent: u32, child: u32) -> Result<()> {
    let relations = identity.relations();
    // Without any such edge yet there is nothing that the new one could add up with.
    let Some(label) = relations.label_number(MEMBER_OF) else { return Ok(()) };
    let above = |from| -> RoaringBitmap {
        let up = Walk { direction: Direction::Up, label: Some(label), max_depth: u32::MAX };
        relations.walk(from, up, |_| true).into_iter().map(|reached| reached.principal).collect()
    };
    let mut groups = above(parent);
    if groups.contains(child) {
        let error = Error::refused("cycle", "the group belongs to its new member already");
        return Err(error.hint("take the one out of the other first").into());
    }
    groups.insert(parent);
    let up = relations.longest(parent, Direction::Up, label, GROUP_DEPTH_MAX);
    let down = relations.longest(child, Direction::Down, label, GROUP_DEPTH_MAX);
    if up + 1 + down > GROUP_DEPTH_MAX {
        let message = format!("groups lie at most {GROUP_DEPTH_MAX} deep in one another");
        return Err(Error::refused("too_deep", message).into());
    }
    for member in std::iter::once(child).chain(identity.below(child)) {
        if above(member).union_len(&groups) > GROUPS_MAX {
            let message = format!("`{}` would belong to more than {GROUPS_MAX} groups", identity.id(member));
            return Err(Error::refused("too_many_groups", message).into());
        }
    }
    Ok(())
}

impl Decide for RemoveRelationship {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        let identity = on.world.identity();
        let delegation = identity.relations().get(self.edge).is_some_and(|edge| {
            identity.relations().label(edge) == ACTS_FOR
                && [edge.parent, edge.child].iter().any(|end| identity.id(*end) == on.actor)
        });
        if delegation { own() } else { manage() }
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let edge = on.world.identity().relations().get(self.edge);
        let edge = edge.ok_or_else(|| {
            Error::refused("not_found", format!("there is no relationship `{}`", self.edge))
        })?;
        if on.world.identity().relations().label(edge) == ACTS_FOR {
            in_person(on)?;
        }
        if !edge.is_live() {
            return Err(Error::refused("removed", "the relationship was removed already").into());
        }
        if let Some(root) = orphaned_root(on.world, Without::Edge(self.edge)) {
            let message = format!("through this group it is the last owner of `{}`", root.label());
            return Err(Error::refused("last_owner", message).hint("make another owner first").into());
        }
        // Free text may name people: it is payload, which can be erased.
        let reason =
            self.reason.as_ref().map(|reason| Data::from_text_fields(&[("reason", reason)])).transpose()?;
        facts.push(ScopeId::NONE, RelationshipRemoved { edge: self.edge }, reason.as_ref());
        Ok(())
    }
}
