//! What brings one entity back: then ≠ now, as commands in phases.

use super::{Entity, PlannedStep};
use crate::command::Command;
use crate::data::Data;
use crate::error::{Error, Result};
use crate::history::History;
use crate::{identity, objects, sharing, tenancy};
use scoped_projections::identity::Status;
use scoped_projections::tenancy::{Effect, Member};
use scoped_projections::{Micros, ObjectId, PrincipalId, Sequence, World};

/// Makes the commands that bring one entity back.
pub(super) struct Inverse<'a> {
    pub(super) history: &'a History,
    pub(super) then: &'a World,
    pub(super) now: &'a World,
    pub(super) entity: Entity,
    pub(super) first: Sequence,
    pub(super) actor: PrincipalId,
    pub(super) time: Micros,
    pub(super) out: &'a mut Vec<(u8, i64, PlannedStep)>,
}

// The phases: first what widens, so that the rest is possible; then the contents; then what narrows, the actor's own rights
// and the containers last.
const PRINCIPALS_BACK: u8 = 0;
const SCOPES_REOPENED: u8 = 1;
const MEMBERS_BACK: u8 = 2;
const OBJECTS_RESTORED: u8 = 3;
const SHARES_BACK: u8 = 4;
const OBJECTS_CHANGED: u8 = 5;
const OBJECTS_TOMBSTONED: u8 = 6;
const SHARES_GONE: u8 = 7;
const ENTRIES_NARROWING: u8 = 8;
const MEMBERS_GONE: u8 = 9;
const SCOPES_ARCHIVED: u8 = 10;
const PRINCIPALS_GONE: u8 = 11;
const OWN_RIGHTS_GONE: u8 = 12;

/// Why something cannot be brought back, if it cannot.
type Problem = Option<String>;

impl Inverse<'_> {
    /// Adds the commands, each with its phase and its order within the phase; or says why there are none.
    pub(super) fn run(&mut self) -> Result<Problem> {
        match self.entity {
            Entity::Principal(id) => self.principal(id),
            Entity::Scope(id) => Ok(self.scope(id)),
            Entity::Member(scope, principal) => Ok(self.member(scope, principal)),
            Entity::Entry(id) => Ok(self.entry(id)),
            Entity::Object(id) => self.object(id),
            Entity::Share(object, scope) => Ok(self.share(object, scope)),
        }
    }

    fn step(&mut self, phase: u8, order: i64, command: impl Into<Command>) {
        let (entity, undoes, command) = (self.entity, self.first, command.into());
        // What the actor's own rights hang on goes when everything else is done.
        let phase = match (phase, entity) {
            (MEMBERS_GONE, Entity::Member(_, who)) | (PRINCIPALS_GONE, Entity::Principal(who))
                if who == self.actor =>
            {
                OWN_RIGHTS_GONE
            }
            _ => phase,
        };
        self.out.push((phase, order, PlannedStep { entity, command, undoes, refused: None }));
    }

    fn data(&self, at: Sequence) -> Result<Data> {
        let missing = || Error::corrupt(format!("event {at} has no payload"));
        Data::from_canonical(self.history.payload(at)?.ok_or_else(missing)?)
    }

    fn principal(&mut self, id: PrincipalId) -> Result<Problem> {
        let Some(now) = self.now.identity().get(id) else { return Ok(None) };
        let Some(then) = self.then.identity().get(id) else {
            if now.status == Status::Active {
                self.step(PRINCIPALS_GONE, 0, identity::SuspendPrincipal { principal: id });
            }
            return Ok(None);
        };
        match (then.status, now.status) {
            (then, now) if then == now => {}
            (_, Status::Archived) => return Ok(Some("archiving a principal is for good".to_owned())),
            (Status::Active, _) => {
                self.step(PRINCIPALS_BACK, 0, identity::ReinstatePrincipal { principal: id })
            }
            _ => self.step(PRINCIPALS_GONE, 0, identity::SuspendPrincipal { principal: id }),
        }
        if then.described != now.described {
            let description = self.data(then.described)?;
            self.step(PRINCIPALS_BACK, 1, identity::DescribePrincipal { principal: id, description });
        }
        if then.operator != now.operator {
            let phase = if then.operator { PRINCIPALS_BACK } else { PRINCIPALS_GONE };
            self.step(phase, 1, identity::SetOperator { principal: id, operator: then.operator });
        }
        Ok(None)
    }

    fn scope(&mut self, id: scoped_projections::ScopeId) -> Problem {
        let row = self.now.tenancy().row(id)?;
        let archived_now = self.now.tenancy().at(row)?.archived;
        // A scope that was not there is brought back to not being there: archived.
        let archived_then = self.then.tenancy().get(id).is_none_or(|node| node.archived);
        match (archived_then, archived_now) {
            (false, true) => {
                self.step(SCOPES_REOPENED, i64::from(row), tenancy::ReopenScope { scope: id.into() });
            }
            (true, false) => {
                self.step(SCOPES_ARCHIVED, -i64::from(row), tenancy::ArchiveScope { scope: id.into() });
            }
            _ => {}
        }
        None
    }

    fn member(&mut self, scope: scoped_projections::ScopeId, principal: PrincipalId) -> Problem {
        fn part(world: &World, scope: scoped_projections::ScopeId, principal: PrincipalId) -> Option<Member> {
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
                self.step(MEMBERS_BACK, 0, tenancy::AddMember { scope: at, principal, role, expires_at });
            }
            (Some(then), Some(now)) if (then.role, then.expires_at) != (now.role, now.expires_at) => {
                let (role, expires_at) = (then.role, then.expires_at);
                let phase = if role >= now.role { MEMBERS_BACK } else { MEMBERS_GONE };
                self.step(phase, 0, tenancy::ChangeMember { scope: at, principal, role, expires_at });
            }
            (None, Some(_)) => self.step(MEMBERS_GONE, 0, tenancy::RemoveMember { scope: at, principal }),
            _ => {}
        }
        None
    }

    fn entry(&mut self, id: scoped_projections::EntryId) -> Problem {
        let now = self.now.tenancy().entry(id)?;
        let then = self.then.tenancy().entry(id);
        let (live_then, live_now) = (then.is_some_and(|entry| !entry.removed), !now.removed);
        match (live_then, live_now) {
            (false, true) => {
                // Taking a deny off widens, taking an allow off narrows.
                let phase = if now.effect == Effect::Deny { MEMBERS_BACK } else { ENTRIES_NARROWING };
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
                let phase = if effect == Effect::Deny { ENTRIES_NARROWING } else { MEMBERS_BACK };
                self.step(phase, 1, command);
            }
            _ => {}
        }
        None
    }

    fn object(&mut self, id: ObjectId) -> Result<Problem> {
        let Some(now) = self.now.objects().get(id) else { return Ok(None) };
        let then = self.then.objects().get(id);
        let data = match then {
            Some(then) if then.data != now.data => {
                let (data, current) = (self.data(then.data)?, self.data(now.data)?);
                (data != current).then_some(data)
            }
            _ => None,
        };
        let gone_then = then.is_none_or(|then| then.tombstoned);
        // Only what is live takes new data, also when it is to end as a tombstone.
        if now.tombstoned && (!gone_then || data.is_some()) {
            self.step(OBJECTS_RESTORED, 0, objects::Restore { object: id });
        }
        let mut version = now.version;
        if let Some(data) = data.clone() {
            self.step(
                OBJECTS_CHANGED,
                0,
                objects::Update { object: id, data, expected_version: Some(version) },
            );
            version += 1;
        }
        if gone_then && (!now.tombstoned || data.is_some()) {
            let (reason, expected_version) = (Some("rolled back".to_owned()), Some(version));
            self.step(OBJECTS_TOMBSTONED, 0, objects::Tombstone { object: id, reason, expected_version });
        }
        Ok(None)
    }

    fn share(&mut self, object: ObjectId, scope: scoped_projections::ScopeId) -> Problem {
        let level = |world: &World| {
            let (object, scope) = (world.objects().row(object)?, world.tenancy().row(scope)?);
            world.sharing().share(object, scope).map(|share| share.level)
        };
        // What was not there goes as a whole, by its tombstone; its projections stay with it for when it is restored.
        self.then.objects().get(object)?;
        let at = scope.into();
        match (level(self.then), level(self.now)) {
            (Some(then), now) if now != Some(then) => {
                self.step(SHARES_BACK, 0, sharing::Project { object, scope: at, level: then });
            }
            (None, Some(_)) => self.step(SHARES_GONE, 0, sharing::Revoke { object, scope: at }),
            _ => {}
        }
        None
    }
}
