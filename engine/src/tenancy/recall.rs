//! From events about scopes back to the commands that would bring them about.
//!
//! What a command brings along names the command's first event as its cause, so it is recognised and not asked for twice.

use super::{
    AddAclEntry, AddMember, AdoptScope, ChangeMember, Children, Command, CreateScope, DeleteScope,
    DescribeScope, ExpireAclEntry, ExpireMember, FreezeScope, MemberChange, MoveScope, ProvisionScope,
    Records, ReleaseScope, RemoveAclEntry, RemoveMember, RenameScope, ReopenScope, ScopeRef, SetPolicy,
    UpdateMembers,
};
use crate::data::Data;
use crate::export::{Recalled, Recalling};
use crate::temporal::Entity;
use scoped_projections::objects::ObjectsEvent;
use scoped_projections::sharing::SharingEvent;
use scoped_projections::tenancy::{Role, TenancyEvent};
use scoped_projections::{Envelope, Event, PrincipalId, ScopeId};

/// What an event changes.
pub(crate) fn entity(event: &TenancyEvent) -> Option<Entity> {
    use TenancyEvent as E;
    Some(match event {
        E::ScopeCreated(e) => Entity::Scope(e.scope),
        E::ScopeProvisioned(e) => Entity::Scope(e.scope),
        E::ScopeAdopted(e) => Entity::Scope(e.scope),
        E::ScopeArchived(e) => Entity::Scope(e.scope),
        E::ScopeReopened(e) => Entity::Scope(e.scope),
        E::ScopeFrozen(e) => Entity::Scope(e.scope),
        E::ScopeReleased(e) => Entity::Scope(e.scope),
        E::ScopeRenamed(e) => Entity::Scope(e.scope),
        E::ScopeDescribed(e) => Entity::Scope(e.scope),
        E::ScopeMoved(e) => Entity::Scope(e.scope),
        E::PolicySet(e) => Entity::Policy(e.scope),
        E::MemberAdded(e) => Entity::Member(e.scope, e.principal),
        E::MemberRoleChanged(e) => Entity::Member(e.scope, e.principal),
        E::MemberRemoved(e) => Entity::Member(e.scope, e.principal),
        E::MemberExpired(e) => Entity::Member(e.scope, e.principal),
        E::AclEntryAdded(e) => Entity::Entry(e.entry),
        E::AclEntryRemoved(e) => Entity::Entry(e.entry),
        E::AclEntryExpired(e) => Entity::Entry(e.entry),
    })
}

/// The command that would bring this fact about.
pub(crate) fn recall(event: TenancyEvent, asked: Recalling<'_>) -> Option<Recalled> {
    use TenancyEvent as E;
    let reason = |data: Option<Data>| {
        data.and_then(|data| Some(data.value().ok()?.get("reason")?.as_str()?.to_owned()))
    };
    let next = asked.behind.first().map(|(_, event)| event);
    // A provisioned scope has an owner only now and then: one that came in the same step names the same cause.
    let together = asked.behind.first().is_some_and(|(at, _)| at.context.cause != 0);
    let along = usize::from(
        owner_follows(&event, asked.at.actor, next) && (together || matches!(event, E::ScopeCreated(_))),
    );
    let command = match event {
        E::ScopeCreated(e) => Command::CreateScope(CreateScope {
            scope: Some(e.scope),
            path: e.path.parse().ok(),
            name: Some(e.name).filter(|name| !name.is_empty()),
            parent: Some(e.parent).filter(|parent| parent.is_some() && e.path.is_empty()).map(ScopeRef::Id),
        }),
        E::ScopeProvisioned(e) => {
            Command::ProvisionScope(ProvisionScope { scope: Some(e.scope), path: e.path.parse().ok()? })
        }
        E::ScopeAdopted(e) => Command::AdoptScope(AdoptScope { scope: e.scope.into() }),
        E::ScopeArchived(e) => return Some(deleted(e.scope, &asked)),
        E::ScopeReopened(e) => {
            let along = follow_ups(&asked).take_while(|event| comes_with(event, e.scope)).count();
            return Some(Recalled::Command(ReopenScope { scope: e.scope.into() }.into(), along));
        }
        E::ScopeFrozen(e) => {
            Command::FreezeScope(FreezeScope { scope: e.scope.into(), reason: reason(asked.data) })
        }
        E::ScopeReleased(e) => {
            Command::ReleaseScope(ReleaseScope { scope: e.scope.into(), reason: reason(asked.data) })
        }
        E::ScopeRenamed(e) => Command::RenameScope(RenameScope { scope: e.scope.into(), name: e.name }),
        E::ScopeDescribed(e) => {
            Command::DescribeScope(DescribeScope { scope: e.scope.into(), description: asked.data? })
        }
        E::ScopeMoved(e) => Command::MoveScope(MoveScope { scope: e.scope.into(), parent: e.parent.into() }),
        E::PolicySet(e) => Command::SetPolicy(SetPolicy::new(e.scope, &e.policy).ok()?),
        E::MemberExpired(e) => {
            Command::ExpireMember(ExpireMember { scope: e.scope.into(), principal: e.principal })
        }
        E::MemberAdded(_) | E::MemberRoleChanged(_) | E::MemberRemoved(_) => return members(&event, &asked),
        E::AclEntryAdded(e) => Command::AddAclEntry(AddAclEntry {
            entry: Some(e.entry),
            scope: e.scope.into(),
            effect: e.effect,
            subject: e.subject,
            capability: e.capability.parse().ok()?,
            applies: e.applies,
            expires_at: e.expires_at,
        }),
        E::AclEntryRemoved(e) => Command::RemoveAclEntry(RemoveAclEntry { entry: e.entry }),
        E::AclEntryExpired(e) => Command::ExpireAclEntry(ExpireAclEntry { entry: e.entry }),
    };
    Some(Recalled::Command(command.into(), along))
}

/// The events that came along with this one.
fn follow_ups<'a>(asked: &Recalling<'a>) -> impl Iterator<Item = &'a Event> + use<'a> {
    let cause = asked.at.sequence.get();
    asked.behind.iter().take_while(move |(at, _)| at.context.cause == cause).map(|(_, event)| event)
}

/// Ended with that scope, or came back with it?
fn comes_with(event: &Event, scope: ScopeId) -> bool {
    match event {
        Event::Objects(ObjectsEvent::ObjectForgotten(_) | ObjectsEvent::ObjectRecovered(_)) => true,
        Event::Sharing(SharingEvent::ProjectionRevoked(e)) => e.scope == scope,
        Event::Sharing(SharingEvent::ObjectProjected(e)) => e.scope == scope,
        Event::Tenancy(TenancyEvent::MemberRemoved(e)) => e.scope == scope,
        Event::Tenancy(TenancyEvent::MemberAdded(e)) => e.scope == scope,
        _ => false,
    }
}

fn deleted(scope: ScopeId, asked: &Recalling<'_>) -> Recalled {
    // Scopes that end together name the first of them as their cause; what ends with the others stands behind each.
    let cause = if asked.at.context.cause == 0 { asked.at.sequence.get() } else { asked.at.context.cause };
    let own = asked.at.sequence.get();
    // Scopes that moved up stand right behind the end of the one that was above them.
    let moved = |(at, event): &&(Envelope, Event)| {
        at.context.cause == own && matches!(event, Event::Tenancy(TenancyEvent::ScopeMoved(_)))
    };
    let moved = asked.behind.iter().take_while(moved).count();
    let children = if moved > 0 { Children::MoveUp } else { Children::Refuse };
    let with = asked.behind.iter().skip(moved).take_while(|(at, event)| {
        (at.context.cause == own || at.context.cause == cause) && comes_with(event, scope)
    });
    let (mut along, mut records) = (moved, Records::Keep);
    for (_, event) in with {
        along += 1;
        if matches!(event, Event::Objects(ObjectsEvent::ObjectForgotten(_))) {
            records = Records::Forget;
        }
    }
    let delete = DeleteScope { scope: scope.into(), records, children, recursive: false };
    Recalled::Command(delete.into(), along)
}

/// One change of a member, or several that were made together.
fn members(event: &TenancyEvent, asked: &Recalling<'_>) -> Option<Recalled> {
    let (scope, first) = member_change(event)?;
    let together = follow_ups(asked).map_while(|event| match event {
        Event::Tenancy(event) => {
            member_change(event).filter(|(at, _)| *at == scope).map(|(_, change)| change)
        }
        _ => None,
    });
    let changes: Vec<MemberChange> = std::iter::once(first).chain(together).collect();
    if changes.len() > 1 {
        let along = changes.len() - 1;
        return Some(Recalled::Command(UpdateMembers { scope: scope.into(), changes }.into(), along));
    }
    let (scope, MemberChange { principal, role, expires_at }) = (scope.into(), first);
    let command = match (event, role) {
        (TenancyEvent::MemberAdded(_), Some(role)) => {
            Command::AddMember(AddMember { scope, principal, role, expires_at })
        }
        (_, Some(role)) => Command::ChangeMember(ChangeMember { scope, principal, role, expires_at }),
        (_, None) => Command::RemoveMember(RemoveMember { scope, principal }),
    };
    Some(Recalled::one(command))
}

fn member_change(event: &TenancyEvent) -> Option<(ScopeId, MemberChange)> {
    use TenancyEvent as E;
    let change = |principal, role, expires_at| MemberChange { principal, role, expires_at };
    Some(match event {
        E::MemberAdded(e) => (e.scope, change(e.principal, Some(e.role), e.expires_at)),
        E::MemberRoleChanged(e) => (e.scope, change(e.principal, Some(e.role), e.expires_at)),
        E::MemberRemoved(e) => (e.scope, change(e.principal, None, None)),
        _ => return None,
    })
}

/// True when `next` is the ownership that came with the scope made by `event`, hence no command of its own.
fn owner_follows(event: &TenancyEvent, actor: PrincipalId, next: Option<&Event>) -> bool {
    let made = match event {
        TenancyEvent::ScopeCreated(e) => e.scope,
        TenancyEvent::ScopeProvisioned(e) => e.scope,
        _ => return false,
    };
    let Some(Event::Tenancy(TenancyEvent::MemberAdded(owner))) = next else { return false };
    made == owner.scope && owner.principal == actor && owner.role == Role::Owner && owner.expires_at.is_none()
}
