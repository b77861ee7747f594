//! Decisions about packages: what is written of them into the log.

use super::commands::{home, said};
use super::package::{OBJECTS_MAX, SCOPES_MAX, VERSIONS_MAX};
use super::{Export, Former, Import, RecordProvenance, object};
use crate::authorize::{Request, Target};
use crate::command::{Decide, Needs};
use crate::data::Data;
use crate::error::Error;
use crate::kernel::execute::{Facts, Result, View, object_target};
use crate::tenancy::{ScopeRef, provision, write_needs};
use scoped_projections::objects::{ObjectsExported, ObjectsImported, ProvenanceRecorded};
use scoped_projections::rules::Action;
use scoped_projections::tenancy::Capability as C;
use scoped_projections::{Digest, ScopeId};
use std::collections::{BTreeMap, BTreeSet};

/// A digest as the bytes of a body.
fn digest(text: &str) -> Result<[u8; 32]> {
    let digest: Digest =
        text.parse().map_err(|_| Error::invalid("the digest of a package is 64 hexadecimal digits"))?;
    Ok(*digest.as_bytes())
}

fn few(objects: usize, versions: u32) -> Result<()> {
    if objects > OBJECTS_MAX || versions as usize > VERSIONS_MAX {
        let message = format!("a package holds at most {OBJECTS_MAX} objects and {VERSIONS_MAX} versions");
        return Err(Error::refused("package_size", message).into());
    }
    Ok(())
}

fn found(on: &View<'_>, scope: &ScopeRef) -> Result<ScopeId> {
    let row = crate::tenancy::scope_row(on, scope)?;
    Ok(on.world.tenancy().at(row).map_or(ScopeId::NONE, |node| node.id))
}

/// Are the scopes that a package is told to come from those that it does come from? None are told in logs from before they were.
fn check_scopes(on: &View<'_>, export: &Export, filed: ScopeId) -> Result<()> {
    if export.scopes.is_empty() {
        return Ok(());
    }
    if export.scopes.len() > SCOPES_MAX {
        let message = format!("a package holds objects of at most {SCOPES_MAX} scopes");
        return Err(Error::refused("package_size", message).hint("make several packages").into());
    }
    let homes = export.objects.iter().filter_map(|id| on.world.objects().get(*id));
    let homes = homes.map(|object| home(on, object)).chain([filed]).filter(|scope| scope.is_some());
    if homes.collect::<BTreeSet<_>>() != export.scopes {
        return Err(Error::invalid("`scopes` are the homes of the objects, and the scope asked for").into());
    }
    Ok(())
}

impl Decide for Export {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        let export = |target| Request::new(C::ReadLocal, target).doing(Action::Export);
        // Decided here, where everything is decided one after the other: who lost access meanwhile gets no package.
        let each = self.objects.iter().take(OBJECTS_MAX + 1).map(|id| object_target(on.world, *id));
        let asked_for = self.scope.as_ref().map(|scope| scope.target(on.world.tenancy()));
        std::iter::once(Target::Own)
            .chain(asked_for)
            .chain(each)
            .flat_map(|target| [Request::new(C::ReadLocal, target), export(target)])
            .collect()
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        few(self.objects.len(), self.versions)?;
        let filed = self.scope.as_ref().map_or(Ok(ScopeId::NONE), |scope| found(on, scope))?;
        check_scopes(on, self, filed)?;
        let event = ObjectsExported {
            objects: self.objects.len() as u32,
            versions: self.versions,
            digest: digest(&self.digest)?,
            redacted: self.redacted,
            scopes: self.scopes.iter().copied().collect(),
        };
        let ids = Data::new(serde_json::json!({ "objects": self.objects }))?;
        facts.push(filed, event, Some(&ids));
        Ok(())
    }
}

impl Decide for Import {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        let import = |target| Request::new(C::Write, target).doing(Action::Import);
        match &self.scope {
            None => smallvec::smallvec![import(Target::Own)],
            Some(scope) => write_needs(on, scope, import),
        }
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        few(self.mapping.len(), self.versions)?;
        few(self.former.len(), self.versions)?;
        let scope = match &self.scope {
            Some(scope) => provision(on, facts, scope)?,
            None => ScopeId::NONE,
        };
        let (objects, versions) = (self.mapping.len() as u32, self.versions);
        let event = ObjectsImported { objects, versions, digest: digest(&self.digest)? };
        let mapping: BTreeMap<String, String> =
            self.mapping.iter().map(|(old, new)| (old.to_string(), new.to_string())).collect();
        let mut said = serde_json::json!({ "mapping": mapping });
        if !self.former.is_empty() {
            let former: BTreeMap<String, Former> =
                self.former.iter().map(|(old, former)| (old.to_string(), *former)).collect();
            said["former"] = serde_json::json!(former);
        }
        facts.push(scope, event, Some(&Data::new(said)?));
        Ok(())
    }
}

impl Decide for RecordProvenance {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        smallvec::smallvec![
            Request::new(C::Write, object_target(on.world, self.object)).doing(Action::Import)
        ]
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = object(on, self.object)?;
        let objects = on.world.objects();
        // Said of what has just been written, by who wrote it, and once: history is not given another origin later.
        let wrote = objects.last_change(found).is_some_and(|last| {
            last.has_data() && last.version == self.version && on.world.identity().id(last.by) == on.actor
        });
        if !wrote {
            let message =
                format!("version {} of `{}` is not the one just written", self.version, self.object);
            return Err(Error::refused("not_current", message).into());
        }
        let row = objects.row(self.object);
        if row.is_some_and(|row| objects.origin(row, self.version).is_some()) {
            return Err(Error::refused("exists", "it was said already where this version came from").into());
        }
        let event = ProvenanceRecorded {
            object: self.object,
            version: self.version,
            origin: self.origin,
            author: self.author,
            time: self.time,
        };
        facts.push(home(on, found), event, said(self.reason.as_ref())?.as_ref());
        Ok(())
    }
}
