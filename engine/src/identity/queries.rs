//! What can be asked about principals of a world: unfiltered, for whoever holds the files. [`crate::Reading`] asks the same for a
//! principal, and shows it those it sees.

use crate::audit::Filter;
use crate::error::{Error, Result};
use crate::history::decode;
use crate::moment::Moment;
use crate::sealed::Content;
use scoped_projections::identity::{Direction, Edge, IdentityEvent, Principal, Reached, Status, Walk, Way};
use scoped_projections::{EdgeId, Event, Micros, PrincipalId, Sequence};
use serde::Serialize;

/// How far a walk over relationships goes when nothing is said.
pub const WALK_DEPTH: u32 = 20;

/// A principal, as a list or a read gives it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PrincipalInfo {
    /// Its id.
    pub principal: PrincipalId,
    /// What sort of actor it is.
    pub kind: String,
    /// Its handle, `user:alice`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// Whether it may act.
    pub status: Status,
    /// Whether it may do what belongs to no scope.
    pub operator: bool,
    /// Counts its descriptions, kinds and handles.
    pub version: u32,
    /// What it was described as.
    pub description: serde_json::Value,
    /// The event that made it.
    pub created: u64,
    /// Who made it.
    pub created_by: PrincipalId,
    /// The last event about it.
    pub changed_at: u64,
}

/// A relationship, as a list gives it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RelationshipInfo {
    /// Its id.
    pub edge: EdgeId,
    /// The group, the authority, the one acted for.
    pub parent: PrincipalId,
    /// The member, the one that acts.
    pub child: PrincipalId,
    /// What the child is to the parent.
    pub label: String,
    /// What is said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<serde_json::Value>,
    /// How it came to be.
    pub added: Deed,
    /// How it ended; `None` while it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<Deed>,
}

/// Somebody did something: where it stands, when, who, why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deed {
    /// The event.
    pub at: u64,
    /// When the log took it, µs.
    pub time: Micros,
    /// Who did it.
    pub by: PrincipalId,
    /// Why, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One change of a principal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PrincipalChange {
    /// The kind of event.
    pub change: &'static str,
    /// Where, when and by whom.
    #[serde(flatten)]
    pub deed: Deed,
    /// What the event says, as JSON.
    pub facts: serde_json::Value,
    /// What it was described as, when this was a description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<serde_json::Value>,
}

/// Which edges at a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EdgeFilter<'a> {
    /// `Up`: those in which it is the child; `Down`: those in which it is the parent.
    pub direction: Direction,
    /// With this label only.
    pub label: Option<&'a str>,
    /// Also those that hold no more.
    pub with_removed: bool,
}

impl Default for EdgeFilter<'_> {
    fn default() -> Self {
        Self { direction: Direction::Both, label: None, with_removed: false }
    }
}

/// Which principals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrincipalFilter {
    /// Of this kind.
    pub kind: Option<String>,
    /// With this status.
    pub status: Option<Status>,
}

impl PrincipalFilter {
    pub(crate) fn fits(&self, moment: &Moment<'_>, principal: &Principal) -> bool {
        let kind = || moment.world().identity().kind(principal);
        self.kind.as_deref().is_none_or(|wanted| wanted == kind())
            && self.status.is_none_or(|wanted| wanted == principal.status)
    }
}

/// A walk over relationships: which way, along which label (`None`: all), how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinship<'a> {
    /// Which way.
    pub direction: Direction,
    /// Only along edges with this label.
    pub label: Option<&'a str>,
    /// At most so many edges away; 0 finds nothing.
    pub max_depth: u32,
}

impl Kinship<'_> {
    /// Upwards along all labels.
    #[must_use]
    pub fn up() -> Self {
        Self { direction: Direction::Up, label: None, max_depth: WALK_DEPTH }
    }
    /// Downwards along all labels.
    #[must_use]
    pub fn down() -> Self {
        Self { direction: Direction::Down, ..Self::up() }
    }
    /// Both ways along all labels.
    #[must_use]
    pub fn both() -> Self {
        Self { direction: Direction::Both, ..Self::up() }
    }
    /// The same, so far at most.
    #[must_use]
    pub fn within(mut self, max_depth: u32) -> Self {
        self.max_depth = max_depth;
        self
    }
}

impl<'a> Kinship<'a> {
    /// The same along one label.
    #[must_use]
    pub fn along(mut self, label: &'a str) -> Self {
        self.label = Some(label);
        self
    }
}

impl Moment<'_> {
    fn find_principal(&self, id: PrincipalId) -> Result<(u32, &Principal)> {
        let identity = self.world.identity();
        let found = identity.row(id).and_then(|row| Some((row, identity.at(row)?)));
        found.ok_or_else(|| {
            Error::refused("not_found", format!("there is no principal `{id}` at {}", self.world.position()))
        })
    }

    /// A principal. In the place of a description that is sealed or erased stands the marker that says so: lists go on.
    ///
    /// # Errors
    /// When there is none with that id at this moment, or the log cannot be read.
    pub fn principal(&self, id: PrincipalId) -> Result<PrincipalInfo> {
        let (_, principal) = self.find_principal(id)?;
        Ok(PrincipalInfo {
            principal: id,
            kind: self.world.identity().kind(principal).to_owned(),
            handle: principal.handle.as_deref().map(ToOwned::to_owned),
            status: principal.status,
            operator: principal.operator,
            version: principal.version,
            description: self.shown(principal.described)?.unwrap_or_default(),
            created: principal.created.get(),
            created_by: PrincipalId(self.history.record(principal.created)?.actor()),
            changed_at: principal.changed.get(),
        })
    }

    /// What an event's payload shows: the marker, where it is sealed or erased.
    fn shown(&self, at: Sequence) -> Result<Option<serde_json::Value>> {
        let read = |bytes: Vec<u8>| {
            serde_json::from_slice(&bytes).map_err(|e| Error::corrupt(format!("event {at}: {e}")))
        };
        self.history.shown(at)?.map(read).transpose()
    }

    /// Everything that happened to a principal, oldest first.
    ///
    /// # Errors
    /// When there is none with that id at this moment, or the log cannot be read.
    pub fn principal_changes(&self, id: PrincipalId) -> Result<Vec<PrincipalChange>> {
        self.find_principal(id)?;
        let kinds = Some(IdentityEvent::KINDS.iter().map(|kind| kind.kind).collect());
        let filter = Filter { kinds, to: self.world.position(), ..Filter::default() };
        let mut found = Vec::new();
        for at in self.history.audit(&filter)? {
            let record = self.history.record(at)?;
            let (_, event) = decode(&record)?;
            let Event::Identity(facts) = &event else { continue };
            if facts.principal() != Some(id) {
                continue;
            }
            let wrong = |e: serde_json::Error| Error::corrupt(format!("event {at} is no JSON: {e}"));
            let change = scoped_projections::domains::kind_info(event.kind()).map_or("?", |info| info.name);
            let description = self.shown(at)?;
            let facts = serde_json::to_value(facts).map_err(wrong)?;
            found.push(PrincipalChange { change, deed: self.deed(at)?, facts, description });
        }
        Ok(found)
    }

    fn deed(&self, at: Sequence) -> Result<Deed> {
        let record = self.history.record(at)?;
        Ok(Deed { at: at.get(), time: record.time(), by: PrincipalId(record.actor()), reason: None })
    }

    /// Who did it, when, and why, for an event whose payload is a reason.
    pub(crate) fn deed_with_reason(&self, at: Sequence) -> Result<Deed> {
        let record = self.history.record(at)?;
        let reason = match self.history.content(&record)? {
            None => None,
            Some(Content::Absent(absence)) => Some(format!("[{}]", absence.code())),
            Some(Content::Clear(said)) => {
                let said: Option<serde_json::Value> = serde_json::from_slice(&said).ok();
                said.and_then(|said| Some(said.get("reason")?.as_str()?.to_owned()))
            }
        };
        Ok(Deed { reason, ..self.deed(at)? })
    }

    pub(crate) fn edges(&self, row: u32, filter: EdgeFilter<'_>) -> Vec<&Edge> {
        let relations = self.world.identity().relations();
        let fits = |edge: &&Edge| {
            let side = match filter.direction {
                Direction::Up => edge.child == row,
                Direction::Down => edge.parent == row,
                Direction::Both => true,
            };
            side && (filter.with_removed || edge.is_live())
                && filter.label.is_none_or(|label| relations.label(edge) == label)
        };
        let mut found: Vec<&Edge> = relations.of(row).filter(fits).collect();
        found.sort_by_key(|edge| edge.child != row); // parents first, each side oldest first
        found
    }

    pub(crate) fn relationship(&self, edge: &Edge) -> Result<RelationshipInfo> {
        let identity = self.world.identity();
        let metadata = self.history.payload(edge.added)?;
        let metadata = metadata.map(|payload| serde_json::from_slice(&payload)).transpose();
        Ok(RelationshipInfo {
            edge: edge.id,
            parent: identity.id(edge.parent),
            child: identity.id(edge.child),
            label: identity.relations().label(edge).to_owned(),
            metadata: metadata.map_err(|e| Error::corrupt(format!("event {}: {e}", edge.added)))?,
            added: self.deed(edge.added)?,
            removed: match edge.is_live() {
                true => None,
                false => Some(self.deed_with_reason(edge.removed)?),
            },
        })
    }

    /// The relationships of a principal: those to its parents first, then those to its children, each side oldest first.
    ///
    /// # Errors
    /// When there is no such principal at this moment, or the log cannot be read.
    pub fn relationships(&self, id: PrincipalId, filter: EdgeFilter<'_>) -> Result<Vec<RelationshipInfo>> {
        let (row, _) = self.find_principal(id)?;
        self.edges(row, filter).into_iter().map(|edge| self.relationship(edge)).collect()
    }

    /// `None`: along a label that no edge ever had.
    fn walk_of(&self, kinship: Kinship<'_>) -> Option<Walk> {
        let number = |label| self.world.identity().relations().label_number(label);
        let label = match kinship.label {
            Some(label) => Some(number(label)?),
            None => None,
        };
        Some(Walk { direction: kinship.direction, label, max_depth: kinship.max_depth })
    }

    pub(crate) fn walk(&self, from: u32, kinship: Kinship<'_>, seen: impl Fn(u32) -> bool) -> Vec<Reached> {
        let relations = self.world.identity().relations();
        self.walk_of(kinship).map_or_else(Vec::new, |walk| relations.walk(from, walk, seen))
    }

    pub(crate) fn way(
        &self,
        from: u32,
        to: u32,
        kinship: Kinship<'_>,
        seen: impl Fn(u32) -> bool,
    ) -> Option<Way> {
        self.world.identity().relations().way(from, to, self.walk_of(kinship)?, seen)
    }

    /// The groups whose rights are a principal's own at this moment: through any number of `member_of` relationships, all of active
    /// groups. By rising age.
    #[must_use]
    pub fn groups(&self, id: PrincipalId) -> Vec<PrincipalId> {
        let identity = self.world.identity();
        let Some(row) = identity.row(id) else { return Vec::new() };
        identity.groups(row).iter().map(|group| identity.id(*group)).collect()
    }

    /// Everybody that belongs to a group, directly or through other groups, nearest first; whether or not the groups between are
    /// active.
    #[must_use]
    pub fn members_of(&self, group: PrincipalId) -> Vec<PrincipalId> {
        let identity = self.world.identity();
        let Some(row) = identity.row(group) else { return Vec::new() };
        identity.below(row).map(|member| identity.id(member)).collect()
    }
}
