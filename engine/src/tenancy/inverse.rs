//! What brings scopes, members, entries and policies back.
//!
//! Scopes that are to be live have been opened again before anything here is asked (decision 0027), with what had ended with them. So a
//! scope that is still deleted stays so, and what lies in it is left alone.

use crate::data::Data;
use crate::error::Result;
use crate::temporal::{Inverse, Phase, Problem};
use crate::tenancy;
use scoped_projections::tenancy::{AclEntry, Effect, Member, Node, Policy};
use scoped_projections::{EntryId, PrincipalId, ScopeId, World};

/// Upper scopes first; in the order in which they were made where that says nothing.
fn order(node: &Node) -> i64 {
    i64::from(node.depth) << 40 | i64::try_from(node.created.get()).unwrap_or(i64::MAX) & ((1 << 40) - 1)
}

impl Inverse<'_> {
    /// Was the scope live then, and is it (again)?
    pub(crate) fn stays(&self, scope: ScopeId) -> bool {
        let live = |world: &World| world.tenancy().get(scope).is_some_and(|node| !node.archived);
        live(self.then) && live(self.now)
    }

    pub(crate) fn scope(&mut self, id: ScopeId) -> Result<Problem> {
        let Some(now) = self.now.tenancy().get(id).filter(|node| !node.archived) else { return Ok(None) };
        let then = self.then.tenancy().get(id).filter(|node| !node.archived);
        let (at, reason) = (|| tenancy::ScopeRef::Id(id), || Some("rolled back".to_owned()));
        // Frozen then and now, and something about it happened in between: it has to be released for the way back.
        let meanwhile = then.is_some_and(|then| then.changed != now.changed);
        if now.frozen && (meanwhile || then.is_none_or(|then| !then.frozen)) {
            self.step(
                Phase::ScopesReleased,
                order(now),
                tenancy::ReleaseScope { scope: at(), reason: reason() },
            );
        }
        // A scope that was not there is brought back to not being there: deleted, records and all.
        let Some(then) = then else {
            let command = tenancy::DeleteScope::new(at()).records(tenancy::Records::Keep);
            self.step(Phase::ScopesArchived, -order(now), command);
            return Ok(None);
        };
        if then.frozen && (meanwhile || !now.frozen) {
            let command = tenancy::FreezeScope { scope: at(), reason: reason() };
            self.step(Phase::ScopesArchived, -order(then), command);
        }
        if then.name != now.name {
            let name = then.name.to_string();
            self.step(Phase::ObjectsChanged, order(then), tenancy::RenameScope { scope: at(), name });
        }
        let parent = self.then.tenancy().at(then.parent).map(|node| node.id.into());
        if let Some(parent) = parent.filter(|_| then.parent != now.parent) {
            self.step(Phase::ObjectsChanged, order(then), tenancy::MoveScope { scope: at(), parent });
        }
        self.description(id, order(then))
    }

    fn description(&mut self, id: ScopeId, order: i64) -> Result<Problem> {
        let described = |world: &World| world.tenancy().described(world.tenancy().row(id)?);
        let (then, now) = (described(self.then), described(self.now));
        if then == now {
            return Ok(None);
        }
        let text = |inverse: &Self, at| match at {
            Some(at) => inverse.data(at),
            // What was never described is described by nothing.
            None => Data::new(serde_json::json!({})),
        };
        let (description, current) = (text(self, then)?, text(self, now)?);
        if description != current {
            self.step(Phase::ObjectsChanged, order, tenancy::DescribeScope { scope: id.into(), description });
        }
        Ok(None)
    }

    pub(crate) fn member(&mut self, scope: ScopeId, principal: PrincipalId) -> Problem {
        let part = |world: &World| -> Option<Member> {
            world.tenancy().member(world.tenancy().row(scope)?, world.identity().row(principal)?).copied()
        };
        // A scope that goes as a whole takes its members along.
        if !self.stays(scope) {
            return None;
        }
        let at = || scope.into();
        // What would have ended by now grants nothing: it is as good as gone.
        let in_force = |member: &Member| member.in_force(self.time);
        let (then, now) = (part(self.then).filter(in_force), part(self.now));
        match (then, now) {
            (Some(then), None) => {
                let (role, expires_at) = (then.role, then.expires_at());
                self.step(
                    Phase::MembersBack,
                    0,
                    tenancy::AddMember { scope: at(), principal, role, expires_at },
                );
            }
            (Some(then), Some(now)) if (then.role, then.expires_at()) != (now.role, now.expires_at()) => {
                let (role, expires_at) = (then.role, then.expires_at());
                let phase = if role >= now.role { Phase::MembersBack } else { Phase::MembersGone };
                self.step(phase, 0, tenancy::ChangeMember { scope: at(), principal, role, expires_at });
            }
            (None, Some(_)) => {
                self.step(Phase::MembersGone, 0, tenancy::RemoveMember { scope: at(), principal })
            }
            _ => {}
        }
        None
    }

    pub(crate) fn entry(&mut self, id: EntryId) -> Problem {
        let now = self.now.tenancy().entry(id)?;
        let then = self.then.tenancy().entry(id);
        let scope = self.now.tenancy().at(now.scope)?;
        let (live_then, live_now) = (then.is_some_and(|entry| !entry.removed), !now.removed);
        if live_then != live_now && self.has_twin(now, live_now) {
            return None;
        }
        match (live_then, live_now) {
            (false, true) => {
                // Taking a deny off widens, taking an allow off narrows.
                let phase =
                    if now.effect == Effect::Deny { Phase::MembersBack } else { Phase::EntriesNarrowing };
                self.step(phase, 1, tenancy::RemoveAclEntry { entry: id });
            }
            (true, false) if !scope.archived && then.is_some_and(|entry| entry.in_force(self.time)) => {
                let scope = scope.id.into();
                let (effect, subject, capability) = (now.effect, now.subject, now.capability.clone());
                let (applies, expires_at) = (now.applies, now.expires_at);
                // The old id is used up: the entry comes back under a new one.
                let command = tenancy::AddAclEntry {
                    entry: None,
                    scope,
                    effect,
                    subject,
                    capability,
                    applies,
                    expires_at,
                };
                let phase = if effect == Effect::Deny { Phase::EntriesNarrowing } else { Phase::MembersBack };
                self.step(phase, 1, command);
            }
            _ => {}
        }
        None
    }

    /// Ids are used up, so an entry that was taken off comes back under a new one: for as many as came, of those that say the
    /// same there, so many that went are there already. Oldest with oldest.
    fn has_twin(&self, entry: &AclEntry, came: bool) -> bool {
        let (then, now) = (self.then.tenancy(), self.now.tenancy());
        let same = |other: &&AclEntry| {
            (other.scope, other.effect, other.subject, &other.capability, other.applies, other.expires_at)
                == (
                    entry.scope,
                    entry.effect,
                    entry.subject,
                    &entry.capability,
                    entry.applies,
                    entry.expires_at,
                )
        };
        let was = |id| then.entry(id).is_some_and(|entry| !entry.removed);
        let alike = || now.all_entries().filter(same);
        let of = |came: bool| alike().filter(move |other| other.removed != came && was(other.id) != came);
        let place = of(came).position(|other| other.id == entry.id);
        place.is_some_and(|place| place < of(!came).count())
    }

    pub(crate) fn policy(&mut self, id: ScopeId) -> Result<Problem> {
        // A scope that was not there goes as a whole.
        if !self.stays(id) {
            return Ok(None);
        }
        let declared = |world: &World| -> Policy {
            let row = world.tenancy().row(id);
            row.and_then(|row| world.tenancy().policy(row)).map(|d| d.policy).unwrap_or_default()
        };
        let then = declared(self.then);
        if then != declared(self.now) {
            self.step(Phase::PoliciesChanged, 0, tenancy::SetPolicy::new(id, &then)?);
        }
        Ok(None)
    }
}
