//! Reading the versions of an object, and what lies between them.

use super::{Ask, Operation, Reading};
use crate::diff::{Diff, FieldChange};
use crate::error::{Error, Result};
use crate::kernel::execute::{Refusal, row_target};
use crate::objects::{TombstoneInfo, VersionInfo};
use scoped_projections::ObjectId;
use scoped_projections::objects::{Change, Object};
use scoped_projections::tenancy::Capability as C;

/// A version with the data that is shown of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadVersion {
    /// What is known about it.
    pub info: VersionInfo,
    data: Box<[u8]>,
}

impl ReadVersion {
    /// Its data: canonical JSON, or the marker where it cannot be read.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }
    /// Its data as a value.
    ///
    /// # Errors
    /// `erased` or `sealed` when it cannot be read; when what lies in the log is no JSON.
    pub fn value(&self) -> Result<serde_json::Value> {
        if let Some(absence) = self.info.absent {
            return Err(absence.error());
        }
        serde_json::from_slice(&self.data).map_err(|e| Error::corrupt(format!("stored data is no JSON: {e}")))
    }
}

impl<'a> Ask<'a> {
    /// An object that the actor may read, looked up once: a row stays what it is.
    pub(super) fn readable(&self, id: ObjectId) -> Result<(u32, &'a Object), Refusal> {
        let objects = self.moment.world.objects();
        let row = objects.row(id);
        self.need(C::ReadLocal, row_target(row))?;
        let found = row.and_then(|row| Some((row, objects.at(row)?)));
        Ok(found.ok_or_else(|| Error::refused("not_found", format!("there is no object `{id}`")))?)
    }

    /// A version as this reader may see it.
    pub(super) fn version_shown(&self, row: u32, change: &Change) -> Result<ReadVersion> {
        let stored = self.moment.content_of(change.sequence)?;
        let absent = stored.absence();
        let stored = stored.shown();
        let data = self.show(row, &stored)?;
        let info = VersionInfo { absent, ..self.moment.version_info(row, change, &data)? };
        Ok(ReadVersion { info, data: data.into_owned().into_boxed_slice() })
    }

    fn version_value(&self, row: u32, object: &Object, version: u32) -> Result<serde_json::Value> {
        let missing = || {
            let message = format!(
                "the object `{}` has no version {version}; its versions are 1 to {}",
                object.id, object.version
            );
            Error::refused("no_version", message)
        };
        let change = self.moment.world.objects().version(object, version).ok_or_else(missing)?;
        self.version_shown(row, &change)?.value()
    }
}

impl Reading {
    /// All versions of an object, oldest first, without their data.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn versions(&self, id: ObjectId) -> Result<Vec<VersionInfo>> {
        self.ask(Operation::ObjectsVersions, |ask| {
            let (row, object) = ask.readable(id)?;
            let changes = ask.moment.world.objects().changes(object).filter(|change| change.has_data());
            let infos = changes.map(|change| Ok(ask.version_shown(row, &change)?.info));
            let mut infos = infos.collect::<Result<Vec<_>>>()?;
            infos.reverse();
            Ok(infos)
        })
    }

    /// One version of an object with its data; `None` when there is no version with that number.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn version(&self, id: ObjectId, version: u32) -> Result<Option<ReadVersion>> {
        self.ask(Operation::ObjectsVersions, |ask| {
            let (row, object) = ask.readable(id)?;
            let change = ask.moment.world.objects().version(object, version);
            Ok(change.map(|change| ask.version_shown(row, &change)).transpose()?)
        })
    }

    /// Every time an object was out of sight: when, by whom and why, and how it ended. Oldest first.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn tombstones(&self, id: ObjectId) -> Result<Vec<TombstoneInfo>> {
        self.ask(Operation::ObjectsTombstones, |ask| {
            ask.readable(id)?;
            Ok(ask.moment.tombstones(id)?)
        })
    }

    /// What changed between two versions of an object, by top-level key, as far as this reader may see it.
    ///
    /// # Errors
    /// As [`Self::read`]; also when there is no such version.
    pub fn diff(&self, id: ObjectId, a: u32, b: u32) -> Result<Diff> {
        self.ask(Operation::ObjectsDiff, |ask| {
            let (row, object) = ask.readable(id)?;
            let value = |version| ask.version_value(row, object, version);
            Ok(Diff::between(&value(a)?, &value(b)?))
        })
    }

    /// The same to the bottom: every field that differs, by its JSON pointer.
    ///
    /// # Errors
    /// As [`Self::diff`].
    pub fn diff_fields(&self, id: ObjectId, a: u32, b: u32) -> Result<Vec<FieldChange>> {
        self.ask(Operation::ObjectsDiff, |ask| {
            let (row, object) = ask.readable(id)?;
            let value = |version| ask.version_value(row, object, version);
            Ok(FieldChange::between(&value(a)?, &value(b)?))
        })
    }
}
