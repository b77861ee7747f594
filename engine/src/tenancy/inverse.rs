//! What brings scopes, members, entries and policies back.
//!
//! A scope that is opened again brings back by itself what ended with it; the steps of its members and projections then only make
//! up for what had changed before it ended.

use crate::data::Data;
use crate::error::Result;
use crate::temporal::{Entity, Inverse, Phase, Problem};
use crate::tenancy;
use scoped_projections::tenancy::{AclEntry, Effect, Member, Policy};
use scoped_projections::{EntryId, PrincipalId, ScopeId, World};

impl Inverse<'_> {
    /// Does the plan open this scope again? Scopes are looked at before what lies in them.
    pub(crate) fn opens_again(&self, scope: ScopeId) -> bool {
        self.out
            .iter()
            .any(|(phase, _, step)| *phase == Phase::ScopesReopened && step.entity == Entity::Scope(scope))
            && self.now.tenancy().get(scope).is_some_and(|node| node.archived)
    }

    pub(crate) fn scope(&mut self, id: ScopeId) -> Result<Problem> {
        let Some(row) = self.now.tenancy().row(id) else { return Ok(None) };
        let Some(now) = self.now.tenancy().at(row) else { return Ok(None) };
        let then = self.then.tenancy().get(id);
        // A scope that was not there is brought back to not being there: deleted, records and all.
        let archived_then = then.is_none_or(|node| node.archived);
        let (order, at) = (i64::from(row), || tenancy::ScopeRef::Id(id));
        match (archived_then, now.archived) {
            (false, true) => self.step(Phase::ScopesReopened, order, tenancy::ReopenScope { scope: at() }),
            (true, false) => {
                let command = tenancy::DeleteScope::new(at()).records(tenancy::Records::Keep);
                self.step(Phase::ScopesArchived, -order, command);
            }
            _ => {}
        }
        let Some(then) = then.filter(|_| !archived_then) else { return Ok(None) };
        let reason = || Some("rolled back".to_owned());
        match (then.frozen, now.frozen) {
            (false, true) => {
                let command = tenancy::ReleaseScope { scope: at(), reason: reason() };
                self.step(Phase::ScopesReopened, order + 1, command);
            }
            (true, false) => {
                let command = tenancy::FreezeScope { scope: at(), reason: reason() };
                self.step(Phase::ScopesArchived, -order, command);
            }
            _ => {}
        }
        if then.name != now.name {
            let name = then.name.to_string();
            self.step(Phase::ObjectsChanged, order, tenancy::RenameScope { scope: at(), name });
        }
        let parent = self.then.tenancy().at(then.parent).map(|node| node.id.into());
        if let Some(parent) = parent.filter(|_| then.parent != now.parent) {
            self.step(Phase::ObjectsChanged, order, tenancy::MoveScope { scope: at(), parent });
        }
        self.description(id, order)
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
        let was = self.then.tenancy().get(scope).filter(|node| !node.archived)?;
        let row = self.now.tenancy().row(scope)?;
        let is_deleted = self.now.tenancy().at(row)?.archived;
        let at = || was.id.into();
        // What would have ended by now grants nothing: it is as good as gone.
        let in_force = |member: &Member| member.in_force(self.time);
        let then = part(self.then).filter(in_force);
        let now = if is_deleted && self.opens_again(scope) {
            // The scope is opened again, and brings these back.
            let who = self.now.identity().row(principal)?;
            let parked = self.now.tenancy().parked(row).find(|(parked, _)| *parked == who);
            parked.map(|(_, member)| *member).filter(in_force)
        } else {
            part(self.now)
        };
        match (then, now) {
            (Some(then), None) => {
                let (role, expires_at) = (then.role, then.expires_at);
                self.step(
                    Phase::MembersBack,
                    0,
                    tenancy::AddMember { scope: at(), principal, role, expires_at },
                );
            }
            (Some(then), Some(now)) if (then.role, then.expires_at) != (now.role, now.expires_at) => {
                let (role, expires_at) = (then.role, then.expires_at);
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
            (true, false) if then.is_some_and(|entry| entry.in_force(self.time)) => {
                let scope = self.now.tenancy().at(now.scope)?.id.into();
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
        if self.then.tenancy().get(id).is_none() {
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
