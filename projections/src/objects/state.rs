//! The fold over objects.

use super::ObjectsEvent as E;
use super::attributes::Attributes;
use super::change::{Change, ChangeKind, Changes};
use super::usage::{Held, Usage};
use crate::canonical::{Input, InputError, Output, RowOf};
use crate::identity::Identity;
use crate::store::{Identified, NO_ROW, Postings, RowSet, Sorted, Table, Words, transact};
use crate::tenancy::{Parked, Residual, Tenancy};
use crate::{Envelope, Micros, ObjectId, Sequence};
use roaring::RoaringBitmap;
use smallvec::SmallVec;

/// An object's envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its id.
    pub id: ObjectId,
    /// The event whose payload is its current data.
    pub data: Sequence,
    object_type: u32,
    /// Row of its owner.
    pub owner: u32,
    /// Row of the scope it was written in, [`NO_ROW`] for none.
    pub home: u32,
    /// Number of its current version, from 1.
    pub version: u32,
    /// Row of the last change.
    last: u32,
    /// Out of sight?
    pub tombstoned: bool,
}

impl Identified for Object {
    fn id(&self) -> u128 {
        self.id.0
    }
}

crate::store::owns_nothing!(Object);

/// All objects.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    objects: Table<Object>,
    changes: Changes,
    types: Words,
    by_owner: Postings,
    /// Why a version came, where that was said: (object, version) → the event whose payload says it.
    reasons: Sorted<(u32, u32), Sequence>,
    /// Where a version came from, where that was said: (object, version) → the event that says it.
    origins: Sorted<(u32, u32), Sequence>,
    pub(crate) usage: Usage,
    parked: Parked<()>,
    attributes: Attributes,
}
transact!(Objects { objects, changes, types, by_owner, reasons, origins, usage, parked, attributes });

impl Objects {
    /// The object with that id.
    #[must_use]
    pub fn get(&self, id: ObjectId) -> Option<&Object> {
        self.objects.by_id(id.0)
    }
    /// A hint that this object will be asked for soon, and the next step on the way to it: see [`Table::expect`].
    #[inline]
    pub fn expect(&self, id: ObjectId) {
        self.objects.expect(id.0);
    }
    /// The second step: gives the row that it mostly has.
    #[inline]
    pub fn expect_row(&self, id: ObjectId) -> Option<u32> {
        self.objects.expect_row(id.0)
    }
    /// Its row number, by which other states name it.
    #[must_use]
    pub fn row(&self, id: ObjectId) -> Option<u32> {
        self.objects.find(id.0)
    }
    /// The object in a row.
    #[must_use]
    pub fn at(&self, row: u32) -> Option<&Object> {
        self.objects.get(row)
    }
    /// The words of types, by number.
    pub(crate) fn types(&self) -> &Words {
        &self.types
    }
    /// The number of what sort of object it is.
    #[must_use]
    pub fn type_number(&self, object: &Object) -> u32 {
        object.object_type
    }
    /// What sort of object it is.
    #[must_use]
    pub fn object_type(&self, object: &Object) -> &str {
        self.types.word(object.object_type)
    }
    /// Its changes, newest first.
    pub fn changes(&self, object: &Object) -> impl Iterator<Item = Change> + '_ {
        std::iter::successors(self.changes.get(object.last), |change| self.changes.get(change.previous))
    }
    /// The change that brought a version.
    #[must_use]
    pub fn version(&self, object: &Object, version: u32) -> Option<Change> {
        self.changes(object).find(|change| change.version == version && change.has_data())
    }
    /// The event whose payload says why a version of the object in a row came, if that was said.
    #[must_use]
    pub fn reason(&self, object: u32, version: u32) -> Option<Sequence> {
        self.reasons.get(&(object, version)).copied()
    }
    /// The event that says where a version of the object in a row came from, if it was brought in.
    #[must_use]
    pub fn origin(&self, object: u32, version: u32) -> Option<Sequence> {
        self.origins.get(&(object, version)).copied()
    }
    /// The last change.
    #[must_use]
    pub fn last_change(&self, object: &Object) -> Option<Change> {
        self.changes.get(object.last)
    }
    /// Which agent wrote it, and in which session, as far as that was said.
    #[must_use]
    pub fn residual(&self, row: u32) -> Residual {
        self.attributes.get(row)
    }
    /// Was it said on whose behalf it was written?
    #[must_use]
    pub fn is_attributed(&self, row: u32) -> bool {
        self.attributes.has(row)
    }
    /// Rows of what was written by that agent, in that session; `None` when neither is asked for.
    #[must_use]
    pub fn attributed_to(&self, wanted: &Residual) -> Option<RoaringBitmap> {
        self.attributes.find(wanted)
    }
    /// Rows of what a principal owns, tombstoned ones included.
    #[must_use]
    pub fn owned_by(&self, principal: u32) -> Option<&RowSet> {
        self.by_owner.get(principal)
    }
    /// What a scope and all below it hold, by home.
    #[must_use]
    pub fn held(&self, scope: u32) -> Held {
        self.usage.held(scope)
    }
    /// Rows of what was tombstoned when that scope was deleted: reopening it brings that back.
    pub fn parked(&self, scope: u32, tenancy: &Tenancy) -> impl Iterator<Item = u32> + '_ {
        let since = tenancy.at(scope).map(|node| node.changed).unwrap_or_default();
        self.parked.of(scope, since).map(|(object, ())| object)
    }
    /// Length of an object's current payload, in bytes.
    #[must_use]
    pub fn size(&self, object: u32) -> u32 {
        self.usage.size(object)
    }
    /// When an object was made, µs since the epoch.
    #[must_use]
    pub fn made(&self, object: u32) -> Micros {
        self.usage.made(object)
    }
    /// Rows of the live objects whose home a scope is, oldest first.
    #[must_use]
    pub fn homed(&self, scope: u32) -> Option<&RowSet> {
        self.usage.homed(scope)
    }
    /// All objects, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter()
    }
    /// How many there are, tombstoned ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }
    /// True without any object.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }
    /// How many changes all objects have gone through.
    #[must_use]
    pub fn changes_len(&self) -> usize {
        self.changes.len()
    }

    pub(crate) fn apply(&mut self, at: &Envelope, event: &E, identity: &Identity, tenancy: &Tenancy) {
        let by = identity.row(at.actor).unwrap_or(NO_ROW);
        match event {
            E::ObjectCreated(e) => {
                let Some(owner) = identity.row(e.owner) else { return };
                if self.row(e.object).is_some() {
                    return;
                }
                let home = if at.scope.is_some() { tenancy.row(at.scope) } else { None }.unwrap_or(NO_ROW);
                let (object_type, kind) = (self.types.number(&e.object_type), ChangeKind::Created);
                let change = Change { sequence: at.sequence, by, previous: NO_ROW, version: 1, kind };
                let last = self.changes.push(change);
                let (id, data) = (e.object, at.sequence);
                let object =
                    Object { id, data, object_type, owner, home, version: 1, last, tombstoned: false };
                let row = self.objects.insert(object);
                self.by_owner.insert(owner, row);
                self.usage.add(row, home, (at.payload, at.time), tenancy);
            }
            E::ObjectUpdated(e) => self.change(at, by, e.object, ChangeKind::Updated, tenancy),
            E::ObjectTombstoned(e) => self.change(at, by, e.object, ChangeKind::Tombstoned, tenancy),
            E::ObjectRestored(e) => self.change(at, by, e.object, ChangeKind::Restored, tenancy),
            E::ObjectExpired(e) => self.change(at, by, e.object, ChangeKind::Tombstoned, tenancy),
            E::ObjectForgotten(e) => {
                self.change(at, by, e.object, ChangeKind::Tombstoned, tenancy);
                self.park(e.object, tenancy);
            }
            E::ObjectRecovered(e) => self.change(at, by, e.object, ChangeKind::Restored, tenancy),
            E::ObjectAttributed(e) => {
                if let Some(row) = self.row(e.object) {
                    self.attributes.set(row, &crate::tenancy::Scope::from(e.context.clone()).residual());
                }
            }
            E::OwnershipTransferred(e) => {
                let (Some(row), Some(owner)) = (self.row(e.object), identity.row(e.owner)) else { return };
                let Some(object) = self.objects.edit(row) else { return };
                let before = std::mem::replace(&mut object.owner, owner);
                self.by_owner.remove(before, row);
                self.by_owner.insert(owner, row);
                self.change(at, by, e.object, ChangeKind::Transferred, tenancy);
            }
            E::VersionExplained(e) => {
                if let Some(row) = self.row_with(e.object, e.version) {
                    self.reasons.insert((row, e.version), at.sequence);
                }
            }
            E::ProvenanceRecorded(e) => {
                if let Some(row) = self.row_with(e.object, e.version) {
                    self.origins.insert((row, e.version), at.sequence);
                }
            }
            // That something was taken out, or brought in, changes nothing by itself.
            E::ObjectsExported(_) | E::ObjectsImported(_) => {}
        }
    }

    /// It ended with its home scope.
    fn park(&mut self, id: ObjectId, tenancy: &Tenancy) {
        let Some((row, object)) = self.row(id).and_then(|row| Some((row, self.at(row)?))) else { return };
        if let Some(node) = tenancy.at(object.home).filter(|node| node.archived) {
            let (home, ended) = (object.home, node.changed);
            self.parked.put(home, row, (), ended);
        }
    }

    /// The row of an object that has, or had, that version.
    fn row_with(&self, object: ObjectId, version: u32) -> Option<u32> {
        self.row(object).filter(|row| self.at(*row).is_some_and(|found| version <= found.version))
    }

    fn change(&mut self, at: &Envelope, by: u32, id: ObjectId, kind: ChangeKind, tenancy: &Tenancy) {
        let Some(row) = self.row(id) else { return };
        let Some(object) = self.objects.edit(row) else { return };
        let (home, live) = (object.home, !object.tombstoned);
        match kind {
            ChangeKind::Transferred => {}
            ChangeKind::Tombstoned => {
                object.tombstoned = true;
                if live {
                    self.usage.bury(row, home, tenancy);
                }
            }
            ChangeKind::Restored => {
                object.tombstoned = false;
                if !live {
                    self.usage.raise(row, home, tenancy);
                    self.parked.take(home, row);
                }
            }
            ChangeKind::Created | ChangeKind::Updated => {
                object.version += 1;
                object.data = at.sequence;
                self.usage.resize(row, home, at.payload, live, tenancy);
            }
        }
        let (previous, version) = (object.last, object.version);
        object.last = self.changes.push(Change { sequence: at.sequence, by, previous, version, kind });
    }

    pub(crate) fn save(&self, out: &mut impl Output) {
        self.types.save(out);
        self.changes.save(out);
        out.count(self.objects.len());
        for object in self.objects.iter() {
            out.u128(object.id.0);
            out.sequence(object.data);
            out.u32(object.object_type);
            out.u32(object.owner);
            out.u32(object.home);
            out.u32(object.version);
            out.u32(object.last);
            out.u8(u8::from(object.tombstoned));
        }
        for said in [&self.reasons, &self.origins] {
            out.count(said.len());
            for ((object, version), event) in said.iter() {
                out.u32(*object);
                out.u32(*version);
                out.sequence(*event);
            }
        }
        self.usage.save(out);
        self.parked.save(out, |(), _| ());
        self.attributes.save(out);
    }

    /// Keeps once with `other` what both have and neither will change.
    pub(crate) fn share(&mut self, other: &Self) {
        self.changes.share(&other.changes);
    }
    pub(crate) fn load(input: &mut Input<'_>) -> Result<Self, InputError> {
        let types = Words::load(input)?;
        let mut state = Self { types, changes: Changes::load(input)?, ..Self::default() };
        let mut left = input.count_of(OBJECT_BYTES)?;
        state.objects.reserve(left);
        // Some at a time, so that what is waited for is the memory of all of them at once.
        let mut next: SmallVec<[Object; 16]> = SmallVec::new();
        while left > 0 {
            for _ in 0..left.min(next.inline_size()) {
                let object = load_object(input)?;
                state.objects.expect(object.id.0);
                next.push(object);
            }
            left -= next.len();
            for object in next.drain(..) {
                let owner = object.owner;
                let row = state.objects.insert(object);
                // An owner who is nobody is told by whoever looks for that. A set for it would take the room of all rows before.
                if input.has(RowOf::Principal, owner) {
                    state.by_owner.insert(owner, row);
                }
            }
        }
        input.holds(RowOf::Object, state.objects.len());
        for said in [&mut state.reasons, &mut state.origins] {
            for _ in 0..input.count()? {
                let (object, version) = (input.u32()?, input.u32()?);
                said.insert((object, version), input.sequence()?);
            }
        }
        state.usage =
            Usage::load(input, state.objects.iter().map(|object| (object.home, !object.tombstoned)))?;
        state.parked = Parked::load(input, |_| Ok(()))?;
        state.attributes = Attributes::load(input, state.objects.len())?;
        Ok(state)
    }
}

/// Bytes of an object in a walk.
const OBJECT_BYTES: usize = 16 + 8 + 4 + 4 + 4 + 4 + 4 + 1;

fn load_object(input: &mut Input<'_>) -> Result<Object, InputError> {
    let (id, data, object_type) = (ObjectId(input.u128()?), input.sequence()?, input.u32()?);
    let (owner, home, version) = (input.u32()?, input.row_or_none(RowOf::Scope)?, input.u32()?);
    let (last, tombstoned) = (input.u32()?, input.flag()?);
    Ok(Object { id, data, object_type, owner, home, version, last, tombstoned })
}
