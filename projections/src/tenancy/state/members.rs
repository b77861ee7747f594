//! Who belongs to a scope: parts, by scope, by principal and by their end.

use super::{Tenancy, pair};
use crate::identity::Identity;
use crate::tenancy::Role;
use crate::{Envelope, Micros, PrincipalId, ScopeId, Sequence};

/// A principal's part in a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The event that made it so.
    pub since: Sequence,
    /// Says something only where it `ends`: an option would make it a word longer.
    end: Micros,
    ends: bool,
    /// As what.
    pub role: Role,
}

const _: () = assert!(size_of::<Member>() == 24, "with its key half a cache line");

/// A place that nobody has.
impl Default for Member {
    fn default() -> Self {
        Self::new(Role::Reader, None, Sequence::NONE)
    }
}

impl Member {
    /// A part as that role, until that time (exclusive), made so by that event.
    #[must_use]
    pub fn new(role: Role, expires_at: Option<Micros>, since: Sequence) -> Self {
        Self { since, end: expires_at.unwrap_or_default(), ends: expires_at.is_some(), role }
    }
    /// Until when (exclusive).
    #[must_use]
    pub fn expires_at(&self) -> Option<Micros> {
        self.ends.then_some(self.end)
    }
    /// In force at that time?
    #[must_use]
    pub fn in_force(&self, at: Micros) -> bool {
        !self.ends || self.end > at
    }
}

crate::store::owns_nothing!(Member);

impl Tenancy {
    pub(super) fn set_member(
        &mut self,
        at: &Envelope,
        identity: &Identity,
        scope: ScopeId,
        principal: PrincipalId,
        part: Option<(Role, Option<Micros>)>,
    ) {
        let (Some(scope), Some(principal)) = (self.row(scope), identity.row(principal)) else { return };
        match part {
            Some((role, expires_at)) => {
                self.put_member(scope, principal, Member::new(role, expires_at, at.sequence));
            }
            None => self.take_member(scope, principal),
        }
    }

    pub(super) fn take_member(&mut self, scope: u32, principal: u32) {
        let Some(member) = self.members.remove(pair(scope, principal)) else { return };
        self.parts.take(principal, scope);
        self.by_scope.remove(&(scope, principal));
        self.by_principal.remove(&(principal, scope));
        if let Some(end) = member.expires_at() {
            self.ends.remove(&(end, scope, principal));
        }
        self.count_own_members(scope, -1);
        if let Some(node) = self.at(scope).filter(|node| node.archived) {
            let since = node.changed;
            self.parked.put(scope, principal, member, since);
        }
    }

    pub(super) fn put_member(&mut self, scope: u32, principal: u32, member: Member) {
        self.spine.peopled(scope);
        self.presences.put(principal, scope);
        self.parts.put(principal, scope, member.role, member.ends);
        match self.member(scope, principal).and_then(|old| old.expires_at()) {
            Some(end) => drop(self.ends.remove(&(end, scope, principal))),
            None if self.member(scope, principal).is_some() => {}
            None => self.count_own_members(scope, 1),
        }
        if let Some(end) = member.expires_at() {
            self.ends.insert((end, scope, principal), ());
        }
        self.members.insert(pair(scope, principal), member);
        self.by_scope.insert((scope, principal), ());
        self.by_principal.insert((principal, scope), ());
        self.parked.take(scope, principal);
    }
}
