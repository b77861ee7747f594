//! What answers about versions and tombstones are made of.

use crate::error::{Error, Result};
use crate::identity::Deed;
use crate::moment::Moment;
use crate::sealed::Absence;
use scoped_projections::Event;
use scoped_projections::objects::{Change, ChangeKind, ObjectsEvent};
use scoped_projections::{Digest, Micros, ObjectId, PrincipalId};
use serde::{Deserialize, Serialize};

/// One version of an object, without its data. What one sees of it is what one may see of the data: the checksum covers just that, or
/// it would tell whether a guess at what is hidden is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VersionInfo {
    /// Its number, from 1.
    pub version: u32,
    /// The event that its data stands in.
    pub at: u64,
    /// When the log took it, µs.
    pub time: Micros,
    /// When it happened out in the world, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_time: Option<i64>,
    /// Who wrote it.
    pub by: PrincipalId,
    /// Why, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// BLAKE3 over the canonical JSON: the same for the same data, whatever the order of its keys.
    #[serde(serialize_with = "hex")]
    pub checksum: Digest,
    /// Length of the canonical JSON, in bytes.
    pub bytes: u64,
    /// Where it came from, if it was brought in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Why its data cannot be read, if it cannot; checksum and length are then those of the marker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absent: Option<Absence>,
}

/// Where a version came from, according to who brought it in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The object's id there.
    pub object: ObjectId,
    /// Who wrote it there.
    pub author: PrincipalId,
    /// When it was written there, µs.
    pub time: Micros,
}

fn hex<S: serde::Serializer>(digest: &Digest, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.collect_str(digest)
}

/// A time out of sight: how it began, and how it ended if it has. An object may have had many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TombstoneInfo {
    /// The tombstoning: where, when, by whom, why.
    pub tombstoned: Deed,
    /// The restoring; `None` while the tombstone stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restored: Option<Deed>,
}

impl Moment<'_> {
    /// A version in words, with the bytes that are shown of it.
    pub(crate) fn version_info(&self, object: u32, change: &Change, shown: &[u8]) -> Result<VersionInfo> {
        let record = self.history.record(change.sequence)?;
        let (context, _) = crate::history::decode(&record)?;
        let objects = self.world.objects();
        let origin = objects.origin(object, change.version);
        let reason = objects.reason(object, change.version).or(origin);
        let origin = match origin {
            Some(at) => match crate::history::decode(&self.history.record(at)?)?.1 {
                Event::Objects(ObjectsEvent::ProvenanceRecorded(e)) => {
                    Some(Origin { object: e.origin, author: e.author, time: e.time })
                }
                _ => None,
            },
            None => None,
        };
        Ok(VersionInfo {
            version: change.version,
            at: change.sequence.get(),
            time: record.time(),
            valid_time: context.valid_time,
            by: PrincipalId(record.actor()),
            reason: match reason {
                Some(at) => self.deed_with_reason(at)?.reason,
                None => None,
            },
            checksum: crate::data::checksum(shown),
            bytes: shown.len() as u64,
            origin,
            absent: None,
        })
    }

    /// All versions of an object, oldest first, without their data.
    ///
    /// # Errors
    /// When there is no such object at this moment, or the log cannot be read.
    pub fn versions(&self, id: ObjectId) -> Result<Vec<VersionInfo>> {
        let objects = self.world.objects();
        let missing = || Error::refused("not_found", format!("there is no object `{id}`"));
        let row = objects.row(id).ok_or_else(missing)?;
        let object = objects.at(row).ok_or_else(missing)?;
        let with_data = objects.changes(object).filter(|change| change.has_data());
        let mut found = with_data
            .map(|change| {
                let stored = self.content_of(change.sequence)?;
                let absent = stored.absence();
                Ok(VersionInfo { absent, ..self.version_info(row, &change, &stored.shown())? })
            })
            .collect::<Result<Vec<_>>>()?;
        found.reverse();
        Ok(found)
    }

    /// Every time an object was out of sight, oldest first.
    ///
    /// # Errors
    /// When there is no such object at this moment, or the log cannot be read.
    pub fn tombstones(&self, id: ObjectId) -> Result<Vec<TombstoneInfo>> {
        let objects = self.world.objects();
        let object = objects.get(id);
        let object =
            object.ok_or_else(|| Error::refused("not_found", format!("there is no object `{id}`")))?;
        let (mut found, mut restored) = (Vec::new(), None);
        for change in objects.changes(object) {
            match change.kind {
                ChangeKind::Restored => restored = Some(self.deed_with_reason(change.sequence)?),
                ChangeKind::Tombstoned => {
                    let tombstoned = self.deed_with_reason(change.sequence)?;
                    found.push(TombstoneInfo { tombstoned, restored: restored.take() });
                }
                _ => {}
            }
        }
        found.reverse();
        Ok(found)
    }
}
