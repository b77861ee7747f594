//! Decisions about objects.

use crate::authorize::{Request, Target};
use crate::command::{Decide, Needs, commands};
use crate::data::Data;
use crate::error::Error;
use crate::export::{Recalled, Recalling};
use crate::identity::check_word;
use crate::kernel::execute::{Facts, Result, View, need, object_target};
use crate::temporal::Entity;
use crate::tenancy::{ScopeRef, archived, scope_row};
use scoped_projections::objects::{
    Object, ObjectCreated, ObjectRestored, ObjectTombstoned, ObjectUpdated, ObjectsEvent,
};
use scoped_projections::rules::Action;
use scoped_projections::sharing::{ObjectProjected, SharingEvent};
use scoped_projections::tenancy::{Capability as C, Level};
use scoped_projections::{Envelope, Event, ObjectId, ScopeId};

commands! {
    /// Commands about objects.
    domain "objects";
    enum Command {
        /// makes an object: private to the actor, or projected into a scope
        "create" Create {
            /// Its id; drawn when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            object: Option<ObjectId>,
            /// What sort of object it is: a word of the application.
            #[serde(rename = "type")]
            object_type: String,
            /// Its data.
            data: Data,
            /// The scope to project it into; absent: it stays private.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            scope: Option<ScopeRef>,
            /// How far the scope's members may go.
            #[serde(default = "read", skip_serializing_if = "is_read")]
            level: Level,
        }
        /// gives an object new data, all of it
        "update" Update {
            /// Which.
            object: ObjectId,
            /// The data.
            data: Data,
            /// Refuse unless this is the current version.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            expected_version: Option<u32>,
        }
        /// takes an object out of sight
        "tombstone" Tombstone {
            /// Which.
            object: ObjectId,
            /// Why, for the audit trail.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            reason: Option<String>,
            /// Refuse unless this is the current version.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            expected_version: Option<u32>,
        }
        /// lifts an object's tombstone
        "restore" Restore {
            /// Which.
            object: ObjectId,
        }
    }
}

impl Create {
    /// An object of that type, private to the actor.
    #[must_use]
    pub fn new(object_type: impl Into<String>, data: Data) -> Self {
        Self { object: None, object_type: object_type.into(), data, scope: None, level: Level::Read }
    }
    /// The same under an id of the caller's.
    #[must_use]
    pub fn with_id(mut self, object: ObjectId) -> Self {
        self.object = Some(object);
        self
    }
    /// The same, projected into a scope at that level.
    #[must_use]
    pub fn into_scope(mut self, scope: impl Into<ScopeRef>, level: Level) -> Self {
        (self.scope, self.level) = (Some(scope.into()), level);
        self
    }
}

impl Update {
    /// New data, whatever the version is.
    #[must_use]
    pub fn new(object: ObjectId, data: Data) -> Self {
        Self { object, data, expected_version: None }
    }
    /// The same, refused as stale unless this is the current version.
    #[must_use]
    pub fn expecting(mut self, version: u32) -> Self {
        self.expected_version = Some(version);
        self
    }
}

impl Create {
    fn request(&self, target: Target) -> Needs<'_> {
        smallvec::smallvec![Request::new(C::Write, target).doing(Action::Create).typed(&self.object_type)]
    }
}

impl Tombstone {
    /// Out of sight, without a word.
    #[must_use]
    pub fn new(object: ObjectId) -> Self {
        Self { object, reason: None, expected_version: None }
    }
    /// The same, with a reason for the audit trail.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

fn read() -> Level {
    Level::Read
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_read(level: &Level) -> bool {
    *level == Level::Read
}

/// The object that the actor was found to have rights on.
pub(crate) fn object<'a>(on: &View<'a>, id: ObjectId) -> Result<&'a Object> {
    Ok(on
        .world
        .objects()
        .get(id)
        .ok_or_else(|| Error::refused("not_found", format!("there is no object `{id}`")))?)
}

/// Its home: the scope that its events are filed under.
fn home(on: &View<'_>, object: &Object) -> ScopeId {
    on.world.tenancy().at(object.home).map_or(ScopeId::NONE, |node| node.id)
}

fn live<'a>(on: &View<'a>, id: ObjectId, expected: Option<u32>) -> Result<&'a Object> {
    let found = object(on, id)?;
    if found.tombstoned {
        return Err(Error::refused("tombstoned", format!("the object `{id}` is tombstoned"))
            .hint("restore it first")
            .into());
    }
    match expected {
        Some(expected) if expected != found.version => {
            let message = format!("the object `{id}` is at version {}, not {expected}", found.version);
            Err(Error::stale(message).hint("read it again, and decide again").into())
        }
        _ => Ok(found),
    }
}

/// To write to an object, by doing that.
fn doing<'a>(action: Action, on: &View<'_>, object: ObjectId) -> Needs<'a> {
    smallvec::smallvec![Request::new(C::Write, object_target(on.world, object)).doing(action)]
}

impl Decide for Create {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        match &self.scope {
            None => self.request(Target::Own),
            Some(scope) => self.request(scope.target(on.world.tenancy())),
        }
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        check_word("an object's type", &self.object_type)?;
        let id = self.object.unwrap_or_else(|| ObjectId(facts.fresh()));
        let mut scope = ScopeId::NONE;
        if let Some(into) = &self.scope {
            let row = scope_row(on, into)?;
            if let Some(node) = on.world.tenancy().at(row) {
                if node.archived {
                    return Err(archived(node).into());
                }
                scope = node.id;
            }
        }
        // Said in the same words whoever owns the other one: an id is a name, not a secret, and names are used once.
        if !id.is_some() || on.world.objects().get(id).is_some() {
            return Err(Error::refused("exists", format!("the id `{id}` is taken")).into());
        }
        let event = ObjectCreated { object: id, object_type: self.object_type.clone(), owner: on.actor };
        facts.push(scope, event, Some(&self.data));
        if scope.is_some() {
            facts.push(scope, ObjectProjected { object: id, scope, level: self.level }, None);
        }
        Ok(())
    }
}

impl Decide for Update {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        need(C::Write, object_target(on.world, self.object))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = live(on, self.object, self.expected_version)?;
        facts.push(home(on, found), ObjectUpdated { object: self.object }, Some(&self.data));
        Ok(())
    }
}

impl Decide for Tombstone {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        doing(Action::Delete, on, self.object)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = live(on, self.object, self.expected_version)?;
        // Free text may name people: it is payload, which can be erased, not body, which cannot.
        let reason =
            self.reason.as_ref().map(|reason| Data::from_text_fields(&[("reason", reason)])).transpose()?;
        facts.push(home(on, found), ObjectTombstoned { object: self.object }, reason.as_ref());
        Ok(())
    }
}

impl Decide for Restore {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        doing(Action::Restore, on, self.object)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = object(on, self.object)?;
        if !found.tombstoned {
            return Err(
                Error::refused("not_tombstoned", format!("the object `{}` is live", self.object)).into()
            );
        }
        facts.push(home(on, found), ObjectRestored { object: self.object }, None);
        Ok(())
    }
}

/// What an event changes.
pub(crate) fn entity(event: &ObjectsEvent) -> Option<Entity> {
    event.object().map(Entity::Object)
}

/// The command that would bring this fact about. An object written into a scope brings its projection along
/// ([`projection_follows`]).
pub(crate) fn recall(event: ObjectsEvent, asked: Recalling<'_>) -> Option<Recalled> {
    let Recalling { at, data, behind } = asked;
    let next = behind.first().map(|(_, event)| event);
    let mut along = 0;
    use ObjectsEvent as E;
    let command = match event {
        E::ObjectCreated(e) => {
            let projected = projection_follows(at, e.object, next);
            along = usize::from(projected.is_some());
            let (scope, level) =
                projected.map_or((None, Level::Read), |(scope, level)| (Some(scope.into()), level));
            Command::Create(Create {
                object: Some(e.object),
                object_type: e.object_type,
                data: data?,
                scope,
                level,
            })
        }
        E::ObjectUpdated(e) => {
            Command::Update(Update { object: e.object, data: data?, expected_version: None })
        }
        E::ObjectTombstoned(e) => {
            let reason = data.and_then(|data| Some(data.value().ok()?.get("reason")?.as_str()?.to_owned()));
            Command::Tombstone(Tombstone { object: e.object, reason, expected_version: None })
        }
        E::ObjectRestored(e) => Command::Restore(Restore { object: e.object }),
    };
    Some(Recalled::Command(command.into(), along))
}

/// The projection that came with the creation of `object`, hence is no command of its own.
fn projection_follows(at: &Envelope, object: ObjectId, next: Option<&Event>) -> Option<(ScopeId, Level)> {
    let Some(Event::Sharing(SharingEvent::ObjectProjected(projected))) = next else { return None };
    (at.scope.is_some() && projected.object == object && projected.scope == at.scope)
        .then_some((projected.scope, projected.level))
}
