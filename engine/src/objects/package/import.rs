//! Bringing objects in.

use super::references::{self, Remapped};
use super::{Package, PackedObject};
use crate::authorize::Target;
use crate::clock::Ids;
use crate::command::Batch;
use crate::error::Result;
use crate::objects::{Create, Former, Import, Origin, RecordProvenance, Tombstone, Update};
use crate::session::Session;
use crate::tenancy::ScopeRef;
use scoped_projections::ObjectId;
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::Level;
use std::collections::{BTreeMap, BTreeSet};

/// How to bring a package in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Only objects of these types; all when there are none.
    pub types: BTreeSet<String>,
    /// Project everything into this scope, at this level; private to the importer otherwise.
    pub into: Option<(ScopeRef, Level)>,
    /// Fields that hold ids of other objects, as `(type, top-level key)`, besides those that a contract here, or where the package was made,
    /// declares as references: the ids become the new ones.
    pub references: BTreeSet<(String, String)>,
}

/// What an import came to.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Imported {
    /// How many objects were brought in.
    pub imported: u64,
    /// How many were left out: because of their type, or because the package lacks data of theirs.
    pub skipped: u64,
    /// How many versions were brought in.
    pub versions: u64,
    /// The new id of each object that was brought in.
    pub id_mapping: BTreeMap<ObjectId, ObjectId>,
    /// Objects that the package lacks data of, and references that lead out of what was brought in: those are as they were, and may name nothing here.
    pub errors: Vec<String>,
    /// What else is to be known: that the package is redacted; fields with the id of something that came along, which nobody says are references
    /// and which were kept as they were.
    pub notes: Vec<String>,
}

/// What is told of one by one up to [`ERRORS_MAX`], and counted beyond.
#[derive(Debug, Default)]
struct Seen {
    outside: usize,
    kept: usize,
}

impl Former {
    fn of(object: &PackedObject) -> Self {
        let (at, by) = object.tombstone.as_ref().map(|gone| (gone.at, gone.by)).unzip();
        Self { owner: object.owner, tombstoned_at: at, tombstoned_by: by }
    }
}

/// References and fields that are told of one by one; more are counted.
const ERRORS_MAX: usize = 100;

impl Session {
    /// Brings a package in: checks all of it, then makes all of it, as one batch. This principal owns what it brings in; who wrote each
    /// version where it came from, and when, is kept beside it.
    ///
    /// # Errors
    /// When the package is not whole (see [`Package::verify`]); when some of it is refused here: not allowed, not registered, against
    /// a contract or a limit. Nothing has changed then.
    pub fn import(&self, package: &Package, options: &ImportOptions) -> Result<Imported> {
        package.verify()?;
        let wanted =
            |object: &&PackedObject| options.types.is_empty() || options.types.contains(&object.object_type);
        let whole = |object: &&PackedObject| object.versions.iter().all(|version| version.absent.is_none());
        let (chosen, lacking): (Vec<&PackedObject>, Vec<_>) =
            package.objects.iter().filter(wanted).partition(whole);
        let door = &*self.engine().inner.door;
        let (mut ids, now) = (Ids::new(door), door.now());
        let mapping: BTreeMap<ObjectId, ObjectId> =
            chosen.iter().map(|object| (object.id, ObjectId(ids.next(now)))).collect();
        let mut result = Imported {
            imported: chosen.len() as u64,
            skipped: (package.objects.len() - chosen.len()) as u64,
            versions: chosen.iter().map(|object| object.versions.len() as u64).sum(),
            id_mapping: mapping,
            errors: lacking.iter().map(|object| lacks(object)).collect(),
            notes: Vec::new(),
        };
        if package.manifest.redacted {
            let note = "not all of it is what was written: something was hidden from who made the package, or could not be read there";
            result.notes.push(note.to_owned());
        }
        let former = chosen.iter().map(|object| (object.id, Former::of(object))).collect();
        let mut batch = self.begin().with(
            self.actor(),
            Import {
                digest: package.manifest.digest.clone(),
                versions: result.versions as u32,
                mapping: result.id_mapping.clone(),
                former,
                scope: options.into.as_ref().map(|(scope, _)| scope.clone()),
            },
        );
        let mut seen = Seen::default();
        for object in chosen {
            let object_type = object.object_type.as_str();
            let mut fields: BTreeSet<String> = references::named(options, object_type).cloned().collect();
            fields.extend(package.manifest.references.get(object_type).into_iter().flatten().cloned());
            fields.extend(self.declared_here(object_type, options));
            self.bring(object, &fields, options, &mut result, &mut seen, &mut batch)?;
        }
        if seen.outside > ERRORS_MAX {
            result.errors.push(format!("{} more references like these", seen.outside - ERRORS_MAX));
        }
        if seen.kept > ERRORS_MAX {
            result.notes.push(format!("{} more fields like these", seen.kept - ERRORS_MAX));
        }
        self.engine().execute(batch)?;
        Ok(result)
    }
}

impl Session {
    /// Fields of type `ref` of the contract that governs objects of a type where they are brought in: in a scope that is made for them, that
    /// of the nearest above it.
    fn declared_here(&self, object_type: &str, options: &ImportOptions) -> Vec<String> {
        self.engine().read(|moment| {
            let world = moment.world();
            let home = match options.into.as_ref().map(|(scope, _)| scope.target(world.tenancy())) {
                Some(Target::Scope(row) | Target::Below(row)) => row,
                _ => NO_ROW,
            };
            references::declared(world, object_type, home).map(str::to_owned).collect()
        })
    }

    fn bring(
        &self,
        object: &PackedObject,
        references: &BTreeSet<String>,
        options: &ImportOptions,
        result: &mut Imported,
        seen: &mut Seen,
        batch: &mut Batch,
    ) -> Result<()> {
        let Some(id) = result.id_mapping.get(&object.id).copied() else { return Ok(()) };
        for version in &object.versions {
            let Remapped { data, outside, kept } =
                Remapped::new(&version.data, references, &result.id_mapping)?;
            let at = format_args!("version {} of `{}`", version.version, object.id);
            for (key, to) in outside {
                seen.outside += 1;
                if seen.outside <= ERRORS_MAX {
                    let error = format!("{at}: `{key}` refers to `{to}`, which is not in the package");
                    result.errors.push(error);
                }
            }
            for (key, to) in kept {
                seen.kept += 1;
                if seen.kept <= ERRORS_MAX {
                    let note = format!(
                        "{at}: `{key}` is kept, though `{to}` came along: nobody says that it is a reference"
                    );
                    result.notes.push(note);
                }
            }
            // Of what has travelled before, where it was written first.
            let written = version.origin.unwrap_or(Origin {
                object: object.id,
                author: version.created_by,
                time: version.created_at,
            });
            if version.version == 1 {
                let (object_type, subject) = (object.object_type.as_str(), object.subject);
                let create = Create { object: Some(id), subject, ..Create::new(object_type, data) };
                batch.push(
                    self.actor(),
                    match &options.into {
                        Some((scope, level)) => create.into_scope(scope.clone(), *level),
                        None => create,
                    },
                );
            } else {
                batch.push(self.actor(), Update::new(id, data).expecting(version.version - 1));
            }
            batch.push(
                self.actor(),
                RecordProvenance {
                    object: id,
                    version: version.version,
                    origin: written.object,
                    author: written.author,
                    time: written.time,
                    reason: version.reason.clone(),
                },
            );
        }
        if let Some(tombstone) = &object.tombstone {
            let (reason, expected_version) = (tombstone.reason.clone(), None);
            batch.push(self.actor(), Tombstone { object: id, reason, expected_version });
        }
        Ok(())
    }
}

/// Why an object is not brought in.
fn lacks(object: &PackedObject) -> String {
    format!("`{}` is left out: not all of its data could be read where the package was made", object.id)
}
