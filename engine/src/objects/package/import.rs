//! Bringing objects in.

use super::{Package, PackedObject};
use crate::clock::Ids;
use crate::command::Batch;
use crate::data::Data;
use crate::error::Result;
use crate::objects::{Create, Import, RecordProvenance, Tombstone, Update};
use crate::session::Session;
use crate::tenancy::ScopeRef;
use scoped_projections::ObjectId;
use scoped_projections::contracts::FieldType;
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
    /// Fields that hold ids of other objects, as `(type, top-level key)`, besides those that a contract declares as references: the
    /// ids become the new ones.
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
}

/// References that are told of one by one; more are counted.
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
        };
        let mut batch = Batch::new().with(
            self.actor(),
            Import {
                digest: package.manifest.digest.clone(),
                versions: result.versions as u32,
                mapping: result.id_mapping.clone(),
                scope: options.into.as_ref().map(|(scope, _)| scope.clone()),
            },
        );
        let mut dangling = 0;
        for object in chosen {
            let named = options.references.iter().filter(|(of, _)| *of == object.object_type);
            let mut fields: BTreeSet<String> = named.map(|(_, key)| key.clone()).collect();
            fields.extend(self.declared_references(&object.object_type, options));
            self.bring(object, &fields, options, &mut result, &mut dangling, &mut batch)?;
        }
        if dangling > ERRORS_MAX {
            result.errors.push(format!("{} more references like these", dangling - ERRORS_MAX));
        }
        self.engine().execute(batch)?;
        Ok(result)
    }
}

impl Session {
    /// Fields of type `ref` of the contract that governs objects of a type where they are brought in.
    fn declared_references(&self, object_type: &str, options: &ImportOptions) -> Vec<String> {
        self.engine().read(|moment| {
            let (contracts, tenancy) = (moment.world().contracts(), moment.world().tenancy());
            let home = options.into.as_ref().and_then(|(scope, _)| scope.row(tenancy)).unwrap_or(NO_ROW);
            let row = contracts.governing(object_type, home, tenancy);
            let version = row
                .and_then(|row| Some((row, contracts.at(row)?)))
                .and_then(|(row, contract)| contracts.version(row, contract.version));
            let fields = version.into_iter().flat_map(|version| version.definition.fields.iter());
            let references = fields.filter(|field| field.field_type == FieldType::Ref);
            references.map(|field| field.name.clone()).collect()
        })
    }

    fn bring(
        &self,
        object: &PackedObject,
        references: &BTreeSet<String>,
        options: &ImportOptions,
        result: &mut Imported,
        dangling: &mut usize,
        batch: &mut Batch,
    ) -> Result<()> {
        let Some(id) = result.id_mapping.get(&object.id).copied() else { return Ok(()) };
        for version in &object.versions {
            let remapped = Remapped { mapping: &result.id_mapping, left: Vec::new() };
            let (data, left) = remapped.run(&version.data, references)?;
            for (key, to) in left {
                *dangling += 1;
                if *dangling <= ERRORS_MAX {
                    let at = format!("version {} of `{}`", version.version, object.id);
                    result
                        .errors
                        .push(format!("{at}: `{key}` refers to `{to}`, which is not in the package"));
                }
            }
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
                    origin: object.id,
                    author: version.created_by,
                    time: version.created_at,
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

/// Data whose references name the new ids.
struct Remapped<'a> {
    mapping: &'a BTreeMap<ObjectId, ObjectId>,
    /// Those that name something outside: key and id.
    left: Vec<(String, String)>,
}

impl Remapped<'_> {
    fn run(mut self, data: &Data, references: &BTreeSet<String>) -> Result<(Data, Vec<(String, String)>)> {
        if references.is_empty() {
            return Ok((data.clone(), self.left));
        }
        let mut value = data.value()?;
        for key in references {
            if let Some(field) = value.get_mut(key) {
                self.field(key, field);
            }
        }
        Ok((Data::new(&value)?, self.left))
    }
    /// A reference is an id, or a list of ids; a map would not be one.
    fn field(&mut self, key: &str, value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) => {
                let Ok(id) = text.parse::<ObjectId>() else { return };
                match self.mapping.get(&id) {
                    Some(new) => *text = new.to_string(),
                    None => self.left.push((key.to_owned(), text.clone())),
                }
            }
            serde_json::Value::Array(list) => list.iter_mut().for_each(|value| self.field(key, value)),
            _ => {}
        }
    }
}
