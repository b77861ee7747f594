//! What brings scopes, members and entries back.

use crate::temporal::{Inverse, Phase, Problem};
use crate::tenancy;
use scoped_projections::tenancy::{Effect, Member};
use scoped_projections::{EntryId, PrincipalId, ScopeId, World};

impl Inverse<'_> {
    pub(crate) fn scope(&mut self, id: ScopeId) -> Problem {
        let row = self.now.tenancy().row(id)?;
        let archived_now = self.now.tenancy().at(row)?.archived;
        // A scope that was not there is brought back to not being there: archived.
        let archived_then = self.then.tenancy().get(id).is_none_or(|node| node.archived);
        match (archived_then, archived_now) {
            (false, true) => {
                self.step(Phase::ScopesReopened, i64::from(row), tenancy::ReopenScope { scope: id.into() });
            }
            (true, false) => {
                self.step(Phase::ScopesArchived, -i64::from(row), tenancy::ArchiveScope { scope: id.into() });
            }
            _ => {}
        }
        None
    }

    pub(crate) fn member(&mut self, scope: ScopeId, principal: PrincipalId) -> Problem {
        fn part(world: &World, scope: ScopeId, principal: PrincipalId) -> Option<Member> {
            world.tenancy().member(world.tenancy().row(scope)?, world.identity().row(principal)?).copied()
        }
        // A scope that goes as a whole keeps its members, so that reopening it finds them: a root must not lose its owner.
        self.then.tenancy().get(scope)?;
        let at = scope.into();
        // What would have ended by now grants nothing: it is as good as gone.
        let then = part(self.then, scope, principal).filter(|member| member.in_force(self.time));
        match (then, part(self.now, scope, principal)) {
            (Some(then), None) => {
                let (role, expires_at) = (then.role, then.expires_at);
                self.step(
                    Phase::MembersBack,
                    0,
                    tenancy::AddMember { scope: at, principal, role, expires_at },
                );
            }
            (Some(then), Some(now)) if (then.role, then.expires_at) != (now.role, now.expires_at) => {
                let (role, expires_at) = (then.role, then.expires_at);
                let phase = if role >= now.role { Phase::MembersBack } else { Phase::MembersGone };
                self.step(phase, 0, tenancy::ChangeMember { scope: at, principal, role, expires_at });
            }
            (None, Some(_)) => {
                self.step(Phase::MembersGone, 0, tenancy::RemoveMember { scope: at, principal })
            }
            _ => {}
        }
        None
    }

    pub(crate) fn entry(&mut self, id: EntryId) -> Problem {
        let now = self.now.tenancy().entry(id)?;
        let then = self.then.tenancy().entry(id);
        let (live_then, live_now) = (then.is_some_and(|entry| !entry.removed), !now.removed);
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

    pub(crate) fn policy(&mut self, _: ScopeId) -> Problem {
        None
    }
}
