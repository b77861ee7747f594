//! Reading objects.

use super::{Operation, Reading};
use crate::authorize::Target;
use crate::error::{Error, Result};
use crate::info::{ChangeInfo, ObjectInfo};
use crate::kernel::execute::row_target;
use crate::sealed::Absence;
use scoped_log::Record;
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::Capability as C;
use scoped_projections::{Digest, ObjectId, PrincipalId, Sequence};
use std::borrow::Cow;

/// An object with its data, which lies in the mapped log: nothing was copied.
#[derive(Debug, Clone)]
pub struct ReadObject {
    /// Its id.
    pub object: ObjectId,
    /// Who owns it.
    pub owner: PrincipalId,
    /// Its version.
    pub version: u32,
    /// Is it out of sight? Only its owner gets to see it then.
    pub tombstoned: bool,
    /// Set when the reader does not get to see all of it.
    shown: Option<Box<[u8]>>,
    absent: Option<Absence>,
    record: Record,
}

impl ReadObject {
    /// Its data: canonical JSON, or the marker where it cannot be read ([`Self::absent`]).
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "in the clear, or `shown` is set")]
    pub fn data(&self) -> &[u8] {
        self.shown.as_deref().or_else(|| self.record.payload()).unwrap_or_default()
    }
    /// Why its data cannot be read, if it cannot.
    #[must_use]
    pub fn absent(&self) -> Option<Absence> {
        self.absent
    }
    /// Its data as a value.
    ///
    /// # Errors
    /// `erased` or `sealed` when it cannot be read; when what lies in the log is no JSON.
    pub fn value(&self) -> Result<serde_json::Value> {
        if let Some(absence) = self.absent {
            return Err(absence.error());
        }
        serde_json::from_slice(self.data())
            .map_err(|e| Error::corrupt(format!("stored data is no JSON: {e}")))
    }
    /// BLAKE3 over what is shown of its data, as canonical JSON.
    #[must_use]
    pub fn checksum(&self) -> Digest {
        crate::data::checksum(self.data())
    }
    /// The event that the data stands in.
    #[must_use]
    pub fn data_at(&self) -> Sequence {
        self.record.sequence()
    }
}

impl Reading {
    /// An object with its data.
    ///
    /// # Errors
    /// The same words whether it is missing or not this principal's to read.
    pub fn read(&self, id: ObjectId) -> Result<ReadObject> {
        self.ask_about(Operation::ObjectsRead, id, |ask| {
            let world = ask.moment.world;
            // Looked up once; a row stays what it is, so the answer is about the object that was asked for.
            let row = world.objects().row(id);
            let object = row.and_then(|row| world.objects().at(row));
            // Memory brings the data while it is decided whether anybody may see it.
            object.into_iter().for_each(|object| ask.moment.history.reader().expect(object.data));
            ask.need(C::ReadLocal, row_target(row))?;
            let missing = || Error::corrupt(format!("the data of `{id}` is not in the log"));
            let object = object.ok_or_else(missing)?;
            let record =
                ask.moment.history.reader().get(object.data).map_err(Error::from)?.ok_or_else(missing)?;
            let (owner, version, tombstoned) =
                (world.identity().id(object.owner), object.version, object.tombstoned);
            let content = ask.moment.history.content(&record)?.ok_or_else(missing)?;
            let (absent, row) = (content.absence(), row.unwrap_or(NO_ROW));
            let shown = match content.shown() {
                // As it lies in the log: nothing is copied unless something is hidden.
                Cow::Borrowed(stored) => match ask.show(row, stored)? {
                    Cow::Borrowed(_) => None,
                    Cow::Owned(shown) => Some(shown.into_boxed_slice()),
                },
                Cow::Owned(opened) => Some(ask.show(row, &opened)?.into_owned().into_boxed_slice()),
            };
            Ok(ReadObject { object: id, owner, version, tombstoned, shown, absent, record })
        })
    }

    /// An object's life, oldest first.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn changes(&self, id: ObjectId) -> Result<Vec<ChangeInfo>> {
        self.ask(Operation::ObjectsChanges, |ask| {
            ask.object(id)?;
            Ok(ask.moment.changes(id)?)
        })
    }

    /// This principal's own objects, oldest first.
    ///
    /// # Errors
    /// When it is not active.
    pub fn own_objects(&self, with_tombstoned: bool) -> Result<Vec<ObjectInfo>> {
        self.ask(Operation::ObjectsOwn, |ask| {
            ask.need(C::ReadLocal, Target::Own)?;
            let world = ask.moment.world;
            let rows = world.identity().row(ask.actor).and_then(|row| world.objects().owned_by(row));
            let objects = rows.into_iter().flatten().filter_map(|row| world.objects().at(row));
            let wanted = objects.filter(|object| with_tombstoned || !object.tombstoned);
            Ok(wanted.map(|object| ask.moment.object(object.id)).collect::<Result<Vec<_>>>()?)
        })
    }
}
