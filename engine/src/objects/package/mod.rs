//! Packages: objects with all their versions, taken out of one log and brought into another.
//!
//! ```text
//! {"manifest": {"format_version", "exported_at", "exported_by", "position", "object_count", "version_count", "redacted", "references"?, "salt"?, "digest"},
//!  "objects":  [{"id", "type", "subject"?, "owner", "created_at", "lifecycle", "tombstone"?, "versions": [{"version", "data", …}]}]}
//! ```
//!
//! The digest is plain BLAKE3 over the package as canonical JSON without `digest` and `signature`, so any tool can check it: it finds
//! what was altered by accident or by somebody who cannot read this. It is no proof of origin; for that there is the place of a
//! `signature`: a signed note about the digest. The engine neither makes nor checks one, and a package that has one is refused rather
//! than believed; whoever brings it in checks it and takes it off (the tool does, by `scoped-trust`).
//!
//! Out: whoever may read an object may take it out, unless a rule forbids the action `export`; an id that may not be read fails the
//! whole package, in the words that one hears of what is missing. What the reader does not get to see is not in the package, which
//! then says that it is redacted. The package is handed over after the event that tells of it is in the log.
//! In: everything is checked first (form, digest, counts, checksums, gaps between versions), then all of it is one batch: new ids, the
//! importer as owner, each version in its order with where it came from, tombstones as tombstones. What contracts, limits and the
//! registry say against it they say against the whole.
//! Units: µs; at most [`OBJECTS_MAX`] objects of [`SCOPES_MAX`] scopes, [`VERSIONS_MAX`] versions and [`BYTES_MAX`] bytes of data.

mod export;
mod import;
pub(crate) mod references;
mod verify;

pub use export::PackageOf;
pub(crate) use export::Size;
pub use import::{ImportOptions, Imported};
pub use references::References;
pub(crate) use verify::bounded;

use crate::data::Data;
use crate::error::{Error, Result};
use crate::exact::first_too_large;
use crate::objects::Origin;
use crate::sealed::Why;
use scoped_projections::{Digest, Micros, ObjectId, PrincipalId, SubjectId};
use serde::{Deserialize, Serialize};

/// The format that this build writes.
pub const FORMAT: &str = "2.1";
/// The formats that it reads. 2.0 told of no references and of no origin.
pub const FORMATS: [&str; 2] = ["2.0", FORMAT];
/// Most objects in a package.
pub const OBJECTS_MAX: usize = 10_000;
/// Most versions in a package, of all objects together.
pub const VERSIONS_MAX: usize = 100_000;
/// Most scopes that the objects in a package are at home in: the event names each.
pub const SCOPES_MAX: usize = 1_024;
/// Most bytes of data in a package, as canonical JSON.
pub const BYTES_MAX: usize = 64 << 20;

/// Objects with all their versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// What it holds, and what protects it.
    pub manifest: Manifest,
    /// In the order in which they were asked for, or made.
    pub objects: Vec<PackedObject>,
}

/// What a package says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// One of [`FORMATS`].
    pub format_version: String,
    /// When it was made, µs.
    pub exported_at: Micros,
    /// By whom.
    pub exported_by: PrincipalId,
    /// The position of the log that it was made at.
    pub position: u64,
    /// How many objects it holds.
    pub object_count: u64,
    /// How many versions all of them have.
    pub version_count: u64,
    /// Is something left out or masked that its maker did not get to see?
    pub redacted: bool,
    /// Fields that hold ids of other objects, as the contracts say that govern them where it was made.
    #[serde(default, skip_serializing_if = "References::is_empty")]
    pub references: References,
    /// Drawn for a package that holds data of data subjects, 64 hex digits: the log remembers the digest of the package, and without this nobody
    /// can check a guess at what was in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    /// BLAKE3 over the canonical JSON of everything else but the signature, 64 hex digits.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// Who vouches for the digest: a signed note. Not looked at here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// One object of a package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedObject {
    /// Its id where it came from.
    pub id: ObjectId,
    /// What sort of object it is.
    #[serde(rename = "type")]
    pub object_type: String,
    /// Whose data it is, if it is sealed: it is sealed again where it is brought in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectId>,
    /// Who owned it there.
    pub owner: PrincipalId,
    /// When it was made there, µs.
    pub created_at: Micros,
    /// In sight or not.
    pub lifecycle: Lifecycle,
    /// How it went out of sight, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tombstone: Option<PackedTombstone>,
    /// All its versions, 1, 2, 3 …
    pub versions: Vec<PackedVersion>,
}

/// Is an object in sight?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lifecycle {
    /// In sight.
    Active,
    /// Tombstoned.
    Archived,
}

/// How an object went out of sight where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedTombstone {
    /// When, µs.
    pub at: Micros,
    /// By whom.
    pub by: PrincipalId,
    /// Why, if that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One version of an object of a package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedVersion {
    /// Its number, from 1.
    pub version: u32,
    /// Its data.
    pub data: Data,
    /// When it was written, µs.
    pub created_at: Micros,
    /// By whom.
    pub created_by: PrincipalId,
    /// Why, if that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// BLAKE3 over its data as canonical JSON, 64 hex digits.
    pub checksum: String,
    /// Where it was written first, if it had been brought in where the package was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Why its data is not there but a marker, if it is not: its object cannot be brought in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent: Option<Why>,
}

impl Package {
    /// A package as canonical JSON.
    ///
    /// # Errors
    /// When a payload that came from a log is no JSON.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        canonical(self)
    }

    /// Reads a package; whether it is whole is checked when it is imported, or by [`Self::verify`].
    ///
    /// # Errors
    /// When it is too large, or no package.
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > 4 * BYTES_MAX {
            return Err(Error::refused("package_size", "this is larger than any package may be"));
        }
        let wrong = |why: &dyn std::fmt::Display| {
            Error::refused("package_format", format!("this is no package: {why}"))
        };
        let text = std::str::from_utf8(bytes).map_err(|e| wrong(&e))?;
        if let Some((at, message)) = first_too_large(text) {
            return Err(wrong(&format_args!("byte {at}: {message}")));
        }
        serde_json::from_str(text).map_err(|e| wrong(&e))
    }

    /// What the manifest has to give as digest.
    ///
    /// # Errors
    /// When a payload that came from a log is no JSON.
    pub fn digest(&self) -> Result<Digest> {
        let manifest = Manifest { digest: String::new(), signature: None, ..self.manifest.clone() };
        #[derive(Serialize)]
        struct Body<'a> {
            manifest: Manifest,
            objects: &'a [PackedObject],
        }
        Ok(crate::data::checksum(&canonical(&Body { manifest, objects: &self.objects })?))
    }
}

fn canonical(value: &impl Serialize) -> Result<Vec<u8>> {
    crate::canonical::bytes(value).map_err(|e| Error::corrupt(format!("stored data is no JSON: {e}")))
}
