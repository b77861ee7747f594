//! From facts about principals back to the commands that would bring them about.

use super::commands as c;
use crate::export::{Recalled, Recalling};
use crate::temporal::Entity;
use scoped_projections::identity::{HandleSet, IdentityEvent};
use scoped_projections::subjects::SubjectsEvent;
use scoped_projections::tenancy::ActorPath;
use scoped_projections::{Event, PrincipalId};

/// What an event changes; the founding of the log is never taken back.
pub(crate) fn entity(event: &IdentityEvent) -> Option<Entity> {
    match event {
        IdentityEvent::Founded(_) => None,
        event => event.edge().map(Entity::Edge).or_else(|| event.principal().map(Entity::Principal)),
    }
}

/// The command that would bring this fact about.
pub(crate) fn recall(event: IdentityEvent, asked: Recalling<'_>) -> Option<Recalled> {
    use IdentityEvent as E;
    let expected_version = None;
    Some(Recalled::one(match event {
        E::Founded(e) => {
            c::Command::Found(c::Found { principal: e.principal, kind: e.kind, description: asked.data? })
        }
        E::PrincipalCreated(e) if founds(e.principal, &asked) => {
            let found = c::Found { principal: e.principal, kind: e.kind, description: asked.data? };
            return Some(Recalled::Command(c::Command::Found(found).into(), 1));
        }
        E::PrincipalCreated(e) => {
            let behind = |nth: usize| asked.behind.get(nth).map(|(_, event)| event);
            let personal = matches!(
                behind(0),
                Some(Event::Subjects(SubjectsEvent::PrincipalBound(bound))) if bound.principal == e.principal
            );
            let handle = handle_follows(e.principal, behind(usize::from(personal)));
            let along = usize::from(personal) + usize::from(handle.is_some());
            let (principal, kind, description) = (Some(e.principal), e.kind, asked.data?);
            let command = c::CreatePrincipal { principal, kind, description, handle, personal };
            return Some(Recalled::Command(command.into(), along));
        }
        E::PrincipalDescribed(e) => c::Command::DescribePrincipal(c::DescribePrincipal {
            principal: e.principal,
            description: asked.data?,
            expected_version,
        }),
        E::PrincipalSuspended(e) => {
            c::Command::SuspendPrincipal(c::SuspendPrincipal { principal: e.principal })
        }
        E::PrincipalReinstated(e) => {
            c::Command::ReinstatePrincipal(c::ReinstatePrincipal { principal: e.principal })
        }
        E::PrincipalArchived(e) => {
            c::Command::ArchivePrincipal(c::ArchivePrincipal { principal: e.principal })
        }
        E::OperatorSet(e) => {
            c::Command::SetOperator(c::SetOperator { principal: e.principal, operator: e.operator })
        }
        E::PrincipalKindChanged(e) => {
            c::Command::ChangeKind(c::ChangeKind { principal: e.principal, kind: e.kind, expected_version })
        }
        E::HandleSet(e) => {
            let handle = handle(&e)?;
            c::Command::SetHandle(c::SetHandle { principal: e.principal, handle, expected_version })
        }
        E::RelationshipAdded(e) => c::Command::AddRelationship(c::AddRelationship {
            edge: Some(e.edge),
            parent: e.parent,
            child: e.child,
            label: e.label,
            metadata: asked.data,
        }),
        E::RelationshipRemoved(e) => {
            let reason =
                asked.data.and_then(|data| Some(data.value().ok()?.get("reason")?.as_str()?.to_owned()));
            c::Command::RemoveRelationship(c::RemoveRelationship { edge: e.edge, reason })
        }
        // Stands with the steps behind it: each says for whom it was.
        E::ActedOnBehalf(_) => return Some(Recalled::Silent),
    }))
}

/// Was the new principal founded, that is made an operator in the same step?
fn founds(principal: PrincipalId, asked: &Recalling<'_>) -> bool {
    let cause = asked.at.sequence.get();
    let made = |event: &Event| matches!(event, Event::Identity(IdentityEvent::OperatorSet(e)) if e.principal == principal && e.operator);
    asked.behind.first().is_some_and(|(at, event)| at.context.cause == cause && made(event))
}

/// The handle in an event: `None` for a text that is none, `Some(None)` for none.
fn handle(event: &HandleSet) -> Option<Option<ActorPath>> {
    if event.handle.is_empty() { Some(None) } else { event.handle.parse().ok().map(Some) }
}

/// The handle that a principal was created with, hence is no command of its own.
fn handle_follows(principal: PrincipalId, next: Option<&Event>) -> Option<ActorPath> {
    let Some(Event::Identity(IdentityEvent::HandleSet(set))) = next else { return None };
    if set.principal == principal { handle(set)? } else { None }
}
