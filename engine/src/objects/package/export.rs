//! Taking objects out.

use super::references::References;
use super::verify::bounded;
use super::{FORMAT, Lifecycle, Manifest, Package, PackedObject, PackedTombstone, PackedVersion};
use crate::data::Data;
use crate::error::{Error, Result};
use crate::objects::Export;
use crate::reading::PackedRow;
use crate::session::Session;
use crate::tenancy::ScopeRef;
use scoped_projections::{Digest, ObjectId, ScopeId};
use std::collections::BTreeSet;

/// Which objects go into a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageOf {
    /// These, in this order; each has to be readable.
    Objects(Vec<ObjectId>),
    /// All that are readable and of this type.
    Type(String),
    /// All that are readable and projected into this scope.
    Scope(ScopeRef),
}

impl Session {
    /// Takes objects out as a package, with all their versions; those out of sight come with their tombstone, for their owner.
    /// That they were taken out is in the log before they are handed over.
    ///
    /// # Errors
    /// When one of the ids may not be read or taken out (the same words for what is missing); when it is more than a package holds.
    pub fn export(&self, what: &PackageOf) -> Result<Package> {
        let (rows, position) = self.reading().packed(what)?;
        let scope = match what {
            PackageOf::Scope(scope) => Some(scope.clone()),
            PackageOf::Objects(_) | PackageOf::Type(_) => None,
        };
        let asked_for = scope.as_ref().and_then(|scope| {
            self.engine().read(|moment| {
                let tenancy = moment.world().tenancy();
                scope.row(tenancy).and_then(|row| tenancy.at(row)).map(|node| node.id)
            })
        });
        let mut redacted = false;
        let mut scopes: BTreeSet<ScopeId> = asked_for.into_iter().collect();
        let (mut objects, mut references) = (Vec::with_capacity(rows.len()), References::new());
        for row in rows {
            redacted |= row.redacted;
            scopes.extend(row.home);
            if !row.references.is_empty() {
                references.entry(row.object_type.clone()).or_default().extend(row.references.iter().cloned());
            }
            objects.push(packed(row)?);
        }
        let versions: usize = objects.iter().map(|object| object.versions.len()).sum();
        let inner = &self.engine().inner;
        let salt = if objects.iter().any(|object| object.subject.is_some()) {
            let mut salt = [0; 32];
            let none =
                |e| Error::unavailable("unavailable", format!("no chance for the salt of the package: {e}"));
            inner.door.fill(&mut salt).map_err(none)?;
            Some(Digest::new(salt).to_string())
        } else {
            None
        };
        let manifest = Manifest {
            format_version: FORMAT.to_owned(),
            exported_at: inner.now(&inner.published.read()),
            exported_by: self.actor(),
            position: position.get(),
            object_count: objects.len() as u64,
            version_count: versions as u64,
            redacted,
            references,
            salt,
            digest: String::new(),
            signature: None,
        };
        let mut package = Package { manifest, objects };
        let digest = package.digest()?;
        package.manifest.digest = digest.to_string();
        let objects = package.objects.iter().map(|object| object.id).collect();
        let (versions, digest) = (versions as u32, digest.to_string());
        self.execute(Export { objects, versions, digest, redacted, scope, scopes })?;
        Ok(package)
    }
}

fn packed(row: PackedRow) -> Result<PackedObject> {
    let created_at = row.versions.first().map_or(0, |(info, _)| info.time);
    let tombstone =
        row.tombstone.map(|deed| PackedTombstone { at: deed.time, by: deed.by, reason: deed.reason });
    let versions = row.versions.into_iter().map(|(info, data)| {
        Ok(PackedVersion {
            version: info.version,
            data: Data::from_canonical(data)?,
            created_at: info.time,
            created_by: info.by,
            reason: info.reason,
            checksum: info.checksum.to_string(),
            origin: info.origin,
            absent: info.absent.map(|absence| absence.why),
        })
    });
    Ok(PackedObject {
        id: row.object,
        object_type: row.object_type,
        subject: row.subject,
        owner: row.owner,
        created_at,
        lifecycle: if tombstone.is_some() { Lifecycle::Archived } else { Lifecycle::Active },
        tombstone,
        versions: versions.collect::<Result<_>>()?,
    })
}

/// Counts what goes into a package while it is made.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Size {
    objects: usize,
    versions: usize,
    bytes: usize,
}

impl Size {
    pub(crate) fn object(&mut self) -> Result<(), Error> {
        self.objects += 1;
        bounded(self.objects, self.versions, self.bytes)
    }
    pub(crate) fn version(&mut self, bytes: usize) -> Result<(), Error> {
        self.versions += 1;
        self.bytes += bytes;
        bounded(self.objects, self.versions, self.bytes)
    }
}
