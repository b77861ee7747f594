//! From facts about objects back to the commands that would bring them about.

use super::{
    Attribute, Command, Create, Expire, Export, Import, RecordProvenance, Restore, Tombstone, Transfer,
    Update,
};
use crate::data::Data;
use crate::export::{Recalled, Recalling};
use crate::temporal::Entity;
use crate::tenancy::ScopeRef;
use scoped_projections::objects::ObjectsEvent;
use scoped_projections::sharing::SharingEvent;
use scoped_projections::subjects::SubjectsEvent;
use scoped_projections::tenancy::Level;
use scoped_projections::{Digest, Envelope, Event, ObjectId, ScopeId};

/// What an event changes.
pub(crate) fn entity(event: &ObjectsEvent) -> Option<Entity> {
    match event {
        // Say something, and change nothing.
        ObjectsEvent::VersionExplained(_)
        | ObjectsEvent::ObjectAttributed(_)
        | ObjectsEvent::ProvenanceRecorded(_)
        | ObjectsEvent::ObjectsExported(_)
        | ObjectsEvent::ObjectsImported(_) => None,
        event => event.object().map(Entity::Object),
    }
}

/// The command that would bring this fact about. An object written into a scope brings its projection along
/// ([`projection_follows`]).
pub(crate) fn recall(event: ObjectsEvent, asked: Recalling<'_>) -> Option<Recalled> {
    let next = asked.behind.first().map(|(_, event)| event);
    let explained = |object| match next {
        Some(Event::Objects(ObjectsEvent::VersionExplained(e))) if e.object == object => {
            reason(asked.data_behind(0))
        }
        _ => None,
    };
    let (at, data) = (asked.at, asked.data.clone());
    let mut along = 0;
    use ObjectsEvent as E;
    let command = match event {
        E::ObjectCreated(e) => {
            let subject = match next {
                Some(Event::Subjects(SubjectsEvent::ObjectBound(bound))) if bound.object == e.object => {
                    Some(bound.subject)
                }
                _ => None,
            };
            let bound = usize::from(subject.is_some());
            let next = asked.behind.get(bound).map(|(_, event)| event);
            let projected = projection_follows(at, e.object, next);
            along = bound + usize::from(projected.is_some());
            let reason = match asked.behind.get(along).map(|(_, event)| event) {
                Some(Event::Objects(E::VersionExplained(said)))
                    if (said.object, said.version) == (e.object, 1) =>
                {
                    reason(asked.data_behind(along))
                }
                _ => None,
            };
            along += usize::from(reason.is_some());
            let (scope, level) =
                projected.map_or((None, Level::Read), |(scope, level)| (Some(scope.into()), level));
            Command::Create(Create {
                object: Some(e.object),
                object_type: e.object_type,
                data: data?,
                scope,
                level,
                reason,
                subject,
            })
        }
        E::ObjectAttributed(e) => {
            Command::Attribute(Attribute { object: e.object, context: e.context.into() })
        }
        E::ObjectUpdated(e) => {
            let reason = explained(e.object);
            along = usize::from(reason.is_some());
            Command::Update(Update { object: e.object, data: data?, expected_version: None, reason })
        }
        E::ObjectTombstoned(e) => {
            Command::Tombstone(Tombstone { object: e.object, reason: reason(data), expected_version: None })
        }
        E::ObjectRestored(e) => {
            Command::Restore(Restore { object: e.object, reason: reason(data), expected_version: None })
        }
        E::ObjectExpired(e) => Command::Expire(Expire { object: e.object }),
        // These come along with the end of their home, or with its return.
        E::ObjectForgotten(_) | E::ObjectRecovered(_) => return Some(Recalled::Silent),
        E::OwnershipTransferred(e) => Command::Transfer(Transfer {
            object: e.object,
            to: e.owner,
            reason: reason(data),
            expected_version: None,
        }),
        E::ObjectsExported(e) => {
            let objects = serde_json::from_value(data?.value().ok()?.get("objects")?.clone()).ok()?;
            let digest = Digest::new(e.digest).to_string();
            let scope = Some(at.scope).filter(|scope| scope.is_some()).map(ScopeRef::Id);
            let (versions, redacted, scopes) = (e.versions, e.redacted, e.scopes.into_iter().collect());
            Command::Export(Export { objects, versions, digest, redacted, scope, scopes })
        }
        E::ObjectsImported(e) => {
            let mut said = data?.value().ok()?;
            let mapping = serde_json::from_value(said.get_mut("mapping")?.take()).ok()?;
            let former = said.get_mut("former").map(|former| serde_json::from_value(former.take()));
            let former = former.transpose().ok()?.unwrap_or_default();
            let scope = Some(at.scope).filter(|scope| scope.is_some()).map(ScopeRef::Id);
            let digest = Digest::new(e.digest).to_string();
            Command::Import(Import { digest, versions: e.versions, mapping, former, scope })
        }
        E::ProvenanceRecorded(e) => Command::RecordProvenance(RecordProvenance {
            object: e.object,
            version: e.version,
            origin: e.origin,
            author: e.author,
            time: e.time,
            reason: reason(data),
        }),
        // Stands behind the version that it explains.
        E::VersionExplained(_) => return Some(Recalled::Silent),
    };
    Some(Recalled::Command(command.into(), along))
}

fn reason(data: Option<Data>) -> Option<String> {
    let data = data?;
    if data.unread().is_some() {
        // There was one.
        return Some(String::from("unread"));
    }
    Some(data.value().ok()?.get("reason")?.as_str()?.to_owned())
}

/// The projection that came with the creation of `object`, hence is no command of its own.
fn projection_follows(at: &Envelope, object: ObjectId, next: Option<&Event>) -> Option<(ScopeId, Level)> {
    let Some(Event::Sharing(SharingEvent::ObjectProjected(projected))) = next else { return None };
    (at.scope.is_some() && projected.object == object && projected.scope == at.scope)
        .then_some((projected.scope, projected.level))
}
