//! On whose behalf an object was written.
//!
//! Said once, by its owner, before anything else happens to it: in the batch that makes it. Later it would be a way to move records
//! between agents and sessions without a trace in their data.

use super::Attribute;
use super::commands::{home, live};
use crate::command::{Decide, Needs};
use crate::error::Error;
use crate::kernel::execute::{Facts, Result, View, need, object_target};
use scoped_projections::objects::ObjectAttributed;
use scoped_projections::tenancy::Capability as C;

impl Decide for Attribute {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        need(C::Write, object_target(on.world, self.object))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        self.context.validate_write().map_err(Error::from)?;
        let object = live(on, self.object, None)?;
        let (path, _) = self.context.to_path().map_err(Error::from)?;
        let objects = on.world.objects();
        let row = objects.row(self.object);
        if on.world.identity().row(on.actor) != Some(object.owner) || object.version > 1 {
            let message = "on whose behalf an object was written is said by its owner, when it is made";
            return Err(Error::refused("too_late", message).into());
        }
        if row.is_some_and(|row| objects.is_attributed(row)) {
            return Err(
                Error::refused("exists", "it was said already on whose behalf this was written").into()
            );
        }
        let at = on.world.tenancy().at(object.home).and_then(|node| node.path.as_ref());
        if at != Some(&path) {
            let message = format!("the object was not written in `{path}`");
            return Err(Error::refused("scope_mismatch", message)
                .hint("write it into the scope of its organisation and user")
                .into());
        }
        let context = self.context.clone().into();
        facts.push(home(on, object), ObjectAttributed { object: self.object, context }, None);
        Ok(())
    }
}
