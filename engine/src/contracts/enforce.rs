//! Contracts in the write path: what is about to be written has to fit the contract that governs it.
//!
//! It looks at facts and not at commands, so imports, rollbacks and migrations are held to it like everything else. Governed is by
//! where an object has its home: the active contract of its type in the nearest scope on the way to the root, else the one
//! without scope; a home that the same step makes is governed by what is above it. Cost: for a type without contract one look-up; for a governed one parsing the data once.

use super::commands::unusable;
use super::compile::{Compiled, Unusable};
use super::validate::Validation;
use crate::error::Error;
use crate::kernel::execute::{Proposed, Result, View};
use crate::sealed::Written;
use crate::tenancy::nearest;
use scoped_projections::contracts::Version;
use scoped_projections::objects::{ObjectCreated, ObjectsEvent};
use scoped_projections::{Event, World};
use serde_json::Value;
use std::sync::Arc;

/// Do objects that are about to be written fit?
pub(crate) fn admit(on: &View<'_>, proposed: &[Proposed]) -> Result<()> {
    if on.world.contracts().is_empty() {
        return Ok(());
    }
    for fact in proposed {
        let Event::Objects(event) = &fact.event else { continue };
        let (objects, tenancy) = (on.world.objects(), on.world.tenancy());
        let known = |id| objects.get(id).map(|object| (objects.object_type(object), object.home));
        let (object_type, home) = match event {
            ObjectsEvent::ObjectCreated(e) => {
                (e.object_type.as_str(), nearest(on.world, proposed, fact.scope))
            }
            ObjectsEvent::ObjectUpdated(e) => {
                // It may have been made by the same step.
                let made = proposed.iter().find_map(|other| match &other.event {
                    Event::Objects(ObjectsEvent::ObjectCreated(made)) if made.object == e.object => {
                        let ObjectCreated { object_type, .. } = made;
                        Some((object_type.as_str(), nearest(on.world, proposed, other.scope)))
                    }
                    _ => None,
                });
                let Some(found) = known(e.object).or(made) else { continue };
                found
            }
            _ => continue,
        };
        let Some(row) = on.world.contracts().governing(object_type, home, tenancy) else { continue };
        // Looked at again, and gone since, or not to be read here.
        if fact.payload.as_ref().is_some_and(Written::is_unread) {
            continue;
        }
        let bytes = fact.payload.as_ref().map_or(&[][..], Written::clear);
        let data = serde_json::from_slice(bytes).map_err(|_| Error::invalid("the data is no JSON"))?;
        check(on.world, row, object_type, &data)?;
    }
    Ok(())
}

/// Does a value fit the contract that governs a type in a scope, if there is one?
pub(crate) fn admit_value(world: &World, object_type: &str, scope: u32, data: &Value) -> Result<()> {
    match world.contracts().governing(object_type, scope, world.tenancy()) {
        Some(row) => check(world, row, object_type, data),
        None => Ok(()),
    }
}

fn check(world: &World, row: u32, object_type: &str, data: &Value) -> Result<()> {
    let Some((contract, version)) = world.contracts().current(row) else { return Ok(()) };
    let compiled = compiled(version);
    let refused = |why: &str| {
        let message = format!(
            "data of type `{object_type}` does not fit the contract `{}`, version {}: {why}",
            contract.name, contract.version
        );
        Error::refused("contract", message).hint(format!("the contract is `{}`", contract.id))
    };
    match compiled.as_ref() {
        Ok(compiled) => match compiled.validate(data) {
            Validation { valid: true, .. } => Ok(()),
            found => Err(refused(&found.words()).into()),
        },
        Err(Unusable::Wrong(why)) => Err(refused(&format!("it cannot be used: {why}")).into()),
        Err(why @ Unusable::NoFeature(_)) => Err(unusable(why.clone()).into()),
    }
}

/// A version made ready for use, once.
pub(super) fn compiled(version: &Version) -> Arc<std::result::Result<Compiled, Unusable>> {
    version.compiled.get_or_make(|| Compiled::new(&version.definition))
}
