//! Decisions about objects.

use crate::authorize::{Request, Target};
use crate::command::{Decide, Needs, commands};
use crate::data::Data;
use crate::error::Error;
use crate::identity::{check_word, sees_id};
use crate::kernel::execute::{Facts, Result, View, need, object_target};
use crate::tenancy::{ScopeRef, past_greatest_age, provision, write_needs};
use scoped_projections::identity::Status;
use scoped_projections::objects::{
    Object, ObjectCreated, ObjectExpired, ObjectRestored, ObjectTombstoned, ObjectUpdated,
    OwnershipTransferred, VersionExplained,
};
use scoped_projections::rules::Action;
use scoped_projections::sharing::ObjectProjected;
use scoped_projections::subjects::ObjectBound;
use scoped_projections::tenancy::{Capability as C, Level, Scope};
use scoped_projections::{Micros, ObjectId, PrincipalId, ScopeId, SubjectId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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
            /// Why, for the versions list and the audit trail.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            reason: Option<String>,
            /// Whose data it is: everything that is written about it is sealed, and ends with the subject's key.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            subject: Option<SubjectId>,
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
            /// Why, for the versions list and the audit trail.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            reason: Option<String>,
        }
        /// says on whose behalf a new object was written: which agent, in which session
        "attribute" Attribute {
            /// Which.
            object: ObjectId,
            /// On whose behalf; organisation and user have to be its home.
            context: Scope,
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
            /// Why, for the audit trail.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            reason: Option<String>,
            /// Refuse unless this is the current version.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            expected_version: Option<u32>,
        }
        /// gives an object another owner; its data, versions and projections stay
        "transfer" Transfer {
            /// Which.
            object: ObjectId,
            /// Who is to own it: an active principal that the actor sees.
            to: PrincipalId,
            /// Why. An operator who is not the owner has to say it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            reason: Option<String>,
            /// Refuse unless this is the current version.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            expected_version: Option<u32>,
        }
        /// tombstones an object that has reached the greatest age that its scope keeps
        "expire" Expire {
            /// Which.
            object: ObjectId,
        }
        /// tells that objects were taken out as a package: what `Session::export` does before it hands the package over
        "export" Export {
            /// Which.
            objects: Vec<ObjectId>,
            /// How many versions they have together.
            versions: u32,
            /// The digest of the package, 64 hex digits.
            digest: String,
            /// Was something in it hidden from who made it?
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            redacted: bool,
            /// The scope that everything in it was asked for; it is filed there. Absent: for some objects, or those of a type.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            scope: Option<ScopeRef>,
            /// Where the objects have their homes, with that scope: limits of these count it. Empty for what is in none, and in logs from before
            /// this was told.
            #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
            scopes: BTreeSet<ScopeId>,
        }
        /// tells that a package is brought in: the head of the batch that `Session::import` makes
        "import" Import {
            /// The digest of the package, 64 hex digits.
            digest: String,
            /// How many versions are brought in.
            versions: u32,
            /// Which id becomes which.
            mapping: BTreeMap<ObjectId, ObjectId>,
            /// By the ids of before: whose they were, and how those out of sight went.
            #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
            former: BTreeMap<ObjectId, Former>,
            /// The scope that everything is projected into, made with what is missing above it; absent: it stays private.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            scope: Option<ScopeRef>,
        }
        /// says where the current version of an object came from, in the words of the package that it came in
        "record_provenance" RecordProvenance {
            /// Which object.
            object: ObjectId,
            /// Its current version.
            version: u32,
            /// The object's id where it came from.
            origin: ObjectId,
            /// Who wrote it there.
            author: PrincipalId,
            /// When it was written there, µs.
            time: Micros,
            /// The reason that was given there.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            reason: Option<String>,
        }
    }
}

/// What an object was where it was brought in from, as far as nothing here says it: kept for the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Former {
    /// Who owned it.
    pub owner: PrincipalId,
    /// When it went out of sight, µs, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tombstoned_at: Option<Micros>,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tombstoned_by: Option<PrincipalId>,
}

impl Create {
    /// An object of that type, private to the actor.
    #[must_use]
    pub fn new(object_type: impl Into<String>, data: Data) -> Self {
        Self {
            object: None,
            object_type: object_type.into(),
            data,
            scope: None,
            level: Level::Read,
            reason: None,
            subject: None,
        }
    }
    /// The same under an id of the caller's.
    #[must_use]
    pub fn with_id(mut self, object: ObjectId) -> Self {
        self.object = Some(object);
        self
    }
    /// The same as the data of a subject: sealed under its key, and erased with it.
    #[must_use]
    pub fn about(mut self, subject: SubjectId) -> Self {
        self.subject = Some(subject);
        self
    }
    /// The same, saying why.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
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
        Self { object, data, expected_version: None, reason: None }
    }
    /// The same, saying why.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
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

impl Restore {
    /// In sight again, without a word.
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
pub(super) fn home(on: &View<'_>, object: &Object) -> ScopeId {
    on.world.tenancy().at(object.home).map_or(ScopeId::NONE, |node| node.id)
}

pub(super) fn live<'a>(on: &View<'a>, id: ObjectId, expected: Option<u32>) -> Result<&'a Object> {
    let found = object(on, id)?;
    if found.tombstoned {
        return Err(Error::refused("tombstoned", format!("the object `{id}` is tombstoned"))
            .hint("restore it first")
            .into());
    }
    at_version(found, expected)
}

/// The object, when it is at the version that the caller has seen.
fn at_version(found: &Object, expected: Option<u32>) -> Result<&Object> {
    Error::unless_version(format_args!("the object `{}`", found.id), found.version, expected)?;
    Ok(found)
}

/// Free text may name people: it is payload, which can be erased, not body, which cannot.
pub(super) fn said(reason: Option<&String>) -> crate::Result<Option<Data>> {
    reason.map(|reason| Data::from_text_fields(&[("reason", reason)])).transpose()
}

/// To write to an object, by doing that.
fn doing<'a>(action: Action, on: &View<'_>, object: ObjectId) -> Needs<'a> {
    smallvec::smallvec![Request::new(C::Write, object_target(on.world, object)).doing(action)]
}

impl Decide for Create {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        match &self.scope {
            None => self.request(Target::Own),
            Some(scope) => write_needs(on, scope, |target| {
                Request::new(C::Write, target).doing(Action::Create).typed(&self.object_type)
            }),
        }
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        check_word("an object's type", &self.object_type)?;
        // What was sealed ahead was sealed for an id.
        let offered = self.data.offer().and_then(|offer| offer.object(self.subject));
        let id = self.object.or(offered).unwrap_or_else(|| ObjectId(facts.fresh()));
        let mut scope = ScopeId::NONE;
        if let Some(into) = &self.scope {
            scope = provision(on, facts, into)?;
        }
        // Said in the same words whoever owns the other one: an id is a name, not a secret, and names are used once.
        if !id.is_some() || on.world.objects().get(id).is_some() {
            return Err(Error::refused("exists", format!("the id `{id}` is taken")).into());
        }
        let event = ObjectCreated { object: id, object_type: self.object_type.clone(), owner: on.actor };
        facts.push(scope, event, Some(&self.data));
        if let Some(subject) = self.subject {
            if !subject.is_some() {
                return Err(Error::invalid("the id of a data subject is not all zeros").into());
            }
            facts.push(scope, ObjectBound { object: id, subject }, None);
        }
        if scope.is_some() {
            facts.push(scope, ObjectProjected { object: id, scope, level: self.level }, None);
        }
        if let Some(reason) = said(self.reason.as_ref())? {
            facts.push(scope, VersionExplained { object: id, version: 1 }, Some(&reason));
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
        let (at, object, version) = (home(on, found), self.object, found.version + 1);
        facts.push(at, ObjectUpdated { object }, Some(&self.data));
        if let Some(reason) = said(self.reason.as_ref())? {
            facts.push(at, VersionExplained { object, version }, Some(&reason));
        }
        Ok(())
    }
}

impl Decide for Tombstone {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        doing(Action::Delete, on, self.object)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = live(on, self.object, self.expected_version)?;
        let reason = said(self.reason.as_ref())?;
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
        at_version(found, self.expected_version)?;
        let reason = said(self.reason.as_ref())?;
        facts.push(home(on, found), ObjectRestored { object: self.object }, reason.as_ref());
        Ok(())
    }
}

impl Decide for Expire {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        need(C::Sweep, Target::Deployment)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = live(on, self.object, None)?;
        let row = on.world.objects().row(self.object);
        if !row.is_some_and(|row| past_greatest_age(on.world, row, on.now)) {
            let message =
                format!("the object `{}` has not reached the greatest age of its scope", self.object);
            return Err(Error::refused("not_expired", message).into());
        }
        facts.push(home(on, found), ObjectExpired { object: self.object }, None);
        Ok(())
    }
}

impl Transfer {
    fn is_owner(&self, on: &View<'_>) -> bool {
        let owner = on.world.objects().get(self.object).map(|object| on.world.identity().id(object.owner));
        owner == Some(on.actor)
    }
}

impl Decide for Transfer {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        // Members who administer an object through a scope cannot take it away from its owner. Operators can, or the objects of
        // those who left would be nobody's; that they did, and why, stands in the log.
        if self.is_owner(on) {
            return doing(Action::Transfer, on, self.object);
        }
        smallvec::smallvec![Request::new(C::PrincipalsManage, Target::Deployment).doing(Action::Transfer)]
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = at_version(object(on, self.object)?, self.expected_version)?;
        let identity = on.world.identity();
        // Who is not seen and who is not there: said in the same words.
        let to = identity.get(self.to).filter(|to| to.status == Status::Active);
        if to.is_none() || !sees_id(on.world, on.actor, self.to, on.now) {
            let message = format!("there is no active principal `{}` that it could belong to", self.to);
            return Err(Error::refused("no_principal", message).into());
        }
        if identity.id(found.owner) == self.to {
            return Err(Error::refused("unchanged", "that is its owner already").into());
        }
        if !self.is_owner(on) && self.reason.as_ref().is_none_or(|reason| reason.trim().is_empty()) {
            let error = Error::refused("reason_required", "an operator says why an object changes hands");
            return Err(error.hint("give a reason").into());
        }
        let reason = said(self.reason.as_ref())?;
        let event = OwnershipTransferred { object: self.object, owner: self.to };
        facts.push(home(on, found), event, reason.as_ref());
        Ok(())
    }
}
