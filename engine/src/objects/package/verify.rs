//! Is a package what it says it is?

use super::{BYTES_MAX, FORMATS, Lifecycle, OBJECTS_MAX, Package, PackedObject, VERSIONS_MAX};
use crate::error::{Error, Result};
use scoped_projections::shown;
use std::collections::BTreeSet;

impl Package {
    /// Checks form, bounds, digest, counts, checksums, and that no version is missing. Says nothing about who made it.
    ///
    /// # Errors
    /// With the first thing that is wrong: `package_format`, `package_signature`, `package_size`, `package_counts`,
    /// `package_versions`, `package_checksum` or `package_digest`.
    pub fn verify(&self) -> Result<()> {
        let manifest = &self.manifest;
        let wrong = |code, message: String| Err(Error::refused(code, message));
        if !FORMATS.contains(&manifest.format_version.as_str()) {
            let found = shown(&manifest.format_version);
            return wrong(
                "package_format",
                format!("format `{found}` is not read here: this build reads {}", FORMATS.join(" and ")),
            );
        }
        if manifest.signature.is_some() {
            return Err(Error::refused("package_signature", "the engine believes no signature")
                .hint("check it and take it off first, as `scoped import package --public KEY` does"));
        }
        let versions: usize = self.objects.iter().map(|object| object.versions.len()).sum();
        let bytes: usize =
            self.objects.iter().flat_map(|o| &o.versions).map(|version| version.data.bytes().len()).sum();
        bounded(self.objects.len(), versions, bytes)?;
        if (manifest.object_count, manifest.version_count) != (self.objects.len() as u64, versions as u64) {
            let message = format!(
                "the manifest counts {} objects and {} versions, there are {} and {versions}",
                manifest.object_count,
                manifest.version_count,
                self.objects.len()
            );
            return wrong("package_counts", message);
        }
        let mut ids = BTreeSet::new();
        for object in &self.objects {
            if !object.id.is_some() || !ids.insert(object.id) {
                return wrong("package_format", format!("the object `{}` is there twice", object.id));
            }
            whole(object)?;
        }
        let digest = self.digest()?.to_string();
        if manifest.digest != digest {
            return wrong(
                "package_digest",
                format!("the digest of what is there is {digest}, not the manifest's"),
            );
        }
        Ok(())
    }
}

/// Is it as small as a package has to be?
pub(crate) fn bounded(objects: usize, versions: usize, bytes: usize) -> Result<()> {
    if objects > OBJECTS_MAX || versions > VERSIONS_MAX || bytes > BYTES_MAX {
        let message = format!(
            "a package holds at most {OBJECTS_MAX} objects, {VERSIONS_MAX} versions and {BYTES_MAX} bytes of data"
        );
        return Err(Error::refused("package_size", message).hint("make several packages"));
    }
    Ok(())
}

fn whole(object: &PackedObject) -> Result<()> {
    let id = object.id;
    let numbers = object.versions.iter().map(|version| version.version);
    if object.versions.is_empty() || !numbers.eq(1..=object.versions.len() as u32) {
        let message = format!("the versions of `{id}` are not 1, 2, 3 … without a gap");
        return Err(Error::refused("package_versions", message));
    }
    if (object.lifecycle == Lifecycle::Archived) != object.tombstone.is_some() {
        let message = format!("the object `{id}` is archived without a tombstone, or has one and is not");
        return Err(Error::refused("package_format", message));
    }
    for version in &object.versions {
        if version.data.checksum().to_string() != version.checksum {
            let message =
                format!("version {} of `{id}` does not have the checksum that it came with", version.version);
            return Err(Error::refused("package_checksum", message));
        }
    }
    Ok(())
}
