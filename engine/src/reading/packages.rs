//! Reading objects for a package: each has to be readable, and allowed to be taken out.

use super::views::Cursor;
use super::{Ask, ObjectQuery, Operation, Reading};
use crate::authorize::{Request, Target};
use crate::error::Result;
use crate::identity::Deed;
use crate::kernel::execute::{Refusal, object_target};
use crate::objects::VersionInfo;
use crate::objects::package::{OBJECTS_MAX, PackageOf, Size, bounded, references};
use roaring::RoaringBitmap;
use scoped_projections::rules::Action;
use scoped_projections::tenancy::Capability as C;
use scoped_projections::{ObjectId, PrincipalId, ScopeId, Sequence, SubjectId};
use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Objects that are read while one guard is held.
const PART: usize = 64;

/// An object as it goes into a package.
pub(crate) struct PackedRow {
    pub(crate) object: ObjectId,
    pub(crate) object_type: String,
    pub(crate) home: Option<ScopeId>,
    /// Fields of it that the contract of its home declares as references.
    pub(crate) references: Vec<String>,
    pub(crate) subject: Option<SubjectId>,
    pub(crate) owner: PrincipalId,
    pub(crate) tombstone: Option<Deed>,
    /// Oldest first, with the data that is shown.
    pub(crate) versions: Vec<(VersionInfo, Vec<u8>)>,
    /// Is some of the data not shown?
    pub(crate) redacted: bool,
}

impl Ask<'_> {
    /// To be read, and to be taken out.
    fn may_export(&self, target: Target) -> Result<(), Refusal> {
        self.need(C::ReadLocal, target)?;
        self.ask(Request::new(C::ReadLocal, target).doing(Action::Export)).map(drop)
    }

    fn packable(&self, what: &PackageOf) -> Result<Vec<u32>, Refusal> {
        let world = self.moment.world;
        // One more than fits is enough to say that it does not.
        let most = OBJECTS_MAX + 1;
        let may = |row: &u32| self.may_export(Target::Object(*row)).is_ok();
        match what {
            PackageOf::Objects(ids) => {
                bounded(ids.len(), 0, 0)?;
                let (mut rows, mut seen) = (Vec::with_capacity(ids.len()), RoaringBitmap::new());
                for id in ids {
                    self.may_export(object_target(world, *id))?;
                    rows.extend(world.objects().row(*id).filter(|row| seen.insert(*row)));
                }
                Ok(rows)
            }
            PackageOf::Type(object_type) => {
                self.may_export(Target::Own)?;
                let all = ObjectQuery { with_tombstoned: true, ..ObjectQuery::default() };
                Ok(self.found(&all.of_type(object_type)).filter(may).take(most).collect())
            }
            PackageOf::Scope(scope) => {
                self.may_export(scope.target(world.tenancy()))?;
                let row = scope.row(world.tenancy());
                let within = row.and_then(|row| world.sharing().within(row));
                Ok(within.into_iter().flatten().filter(may).take(most).collect())
            }
        }
    }

    fn packed(&self, row: u32, size: &mut Size) -> Result<Option<PackedRow>> {
        let world = self.moment.world;
        let Some(object) = world.objects().at(row) else { return Ok(None) };
        size.object()?;
        let (mut versions, mut redacted) = (Vec::new(), false);
        for change in world.objects().changes(object).filter(|change| change.has_data()) {
            let stored = self.moment.content_of(change.sequence)?;
            let absent = stored.absence();
            let stored = stored.shown();
            let shown = self.show_for(Action::Export, row, &stored)?;
            size.version(shown.len())?;
            redacted |= absent.is_some() || *shown != *stored;
            let info = VersionInfo { absent, ..self.moment.version_info(row, &change, &shown)? };
            versions.push((info, shown.into_owned()));
        }
        versions.reverse();
        let object_type = world.objects().object_type(object);
        let shown = |field: &str| versions.iter().any(|(_, data)| has(data, field));
        let declared = references::declared(world, object_type, object.home);
        let references = declared.filter(|field| shown(field)).map(str::to_owned).collect();
        let last = self.moment.tombstones(object.id)?.pop();
        Ok(Some(PackedRow {
            object: object.id,
            object_type: object_type.to_owned(),
            references,
            home: world.tenancy().at(object.home).map(|node| node.id),
            subject: world.subjects().of_object(object.id),
            owner: world.identity().id(object.owner),
            tombstone: last.map(|last| last.tombstoned).filter(|_| object.tombstoned),
            versions,
            redacted,
        }))
    }
}

/// Does shown data have a field of that name? Who sees an object is told no more of its contract than that.
fn has(data: &[u8], field: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Keys<'a>(#[serde(borrow)] BTreeMap<Cow<'a, str>, IgnoredAny>);
    serde_json::from_slice::<Keys<'_>>(data).is_ok_and(|keys| keys.0.contains_key(field))
}

impl Reading {
    /// What goes into a package, all of one moment, and its position. What that is is found out first; then it is read a part at a time,
    /// so that the writer waits for no one who takes much out. Whether each may be taken out is asked again with its part.
    pub(crate) fn packed(&self, what: &PackageOf) -> Result<(Vec<PackedRow>, Sequence)> {
        let (rows, at, time) = self.ask(Operation::ObjectsExport, |ask| {
            Ok((ask.packable(what)?, ask.moment.world.position(), ask.moment.now.read()))
        })?;
        let (mut size, mut found) = (Size::default(), Vec::with_capacity(rows.len().min(OBJECTS_MAX)));
        for part in rows.chunks(PART) {
            let (packed, so_far) = self.pinned(Some(Cursor::new(at, time, 0, 0, 0)), |reading| {
                reading.peek(Operation::ObjectsExport, |ask| {
                    let (mut size, mut packed) = (size, Vec::with_capacity(part.len()));
                    for row in part {
                        ask.may_export(Target::Object(*row))?;
                        packed.extend(ask.packed(*row, &mut size)?);
                    }
                    Ok(((packed, size), ask.moment.world.position()))
                })
            })?;
            found.extend(packed);
            size = so_far;
        }
        Ok((found, at))
    }
}
