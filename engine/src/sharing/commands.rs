//! Decisions about projections.

use crate::authorize::{Request, Target, authorize};
use crate::command::{Decide, Needs, commands};
use crate::error::Error;
use crate::export::{Recalled, Recalling};
use crate::kernel::execute::{Facts, Result, View, object_target};
use crate::objects::object;
use crate::temporal::Entity;
use crate::tenancy::{ScopeRef, provision, write_needs};
use scoped_projections::ObjectId;
use scoped_projections::rules::Action;
use scoped_projections::sharing::{ObjectProjected, ProjectionRevoked, SharingEvent};
use scoped_projections::tenancy::{Capability as C, Level};

commands! {
    /// Commands about projections.
    domain "sharing";
    enum Command {
        /// projects an object into a scope, or changes the level of a projection
        "project" Project {
            /// What.
            object: ObjectId,
            /// Where.
            scope: ScopeRef,
            /// How far the scope's members may go.
            level: Level,
        }
        /// takes a projection back
        "revoke" Revoke {
            /// What.
            object: ObjectId,
            /// Where.
            scope: ScopeRef,
        }
    }
}

impl Decide for Project {
    fn needs<'a>(&'a self, on: &View<'a>) -> Needs<'a> {
        let mut needs: Needs<'_> = smallvec::smallvec![
            Request::new(C::AclManage, object_target(on.world, self.object)).doing(Action::Share)
        ];
        // Rules of the scope hear what sort of object comes in.
        let found = on.world.objects().get(self.object);
        let object_type = found.map(|found| on.world.objects().object_type(found));
        needs.extend(write_needs(on, &self.scope, |target| Request {
            object_type,
            ..Request::new(C::Write, target).doing(Action::Share)
        }));
        needs
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let scope = provision(on, facts, &self.scope)?;
        if object(on, self.object)?.tombstoned {
            let message = format!("the object `{}` is tombstoned", self.object);
            return Err(Error::refused("tombstoned", message).hint("restore it first").into());
        }
        let at = on.world.objects().row(self.object).zip(on.world.tenancy().row(scope));
        let share = at.and_then(|(object, scope)| on.world.sharing().share(object, scope));
        if share.is_some_and(|share| share.level == self.level) {
            return Err(Error::refused("unchanged", "it is projected there at that level already").into());
        }
        facts.push(scope, ObjectProjected { object: self.object, scope, level: self.level }, None);
        Ok(())
    }
}

impl Decide for Revoke {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        let manage = |target| Request::new(C::AclManage, target).doing(Action::Revoke);
        let (tenancy, object) = (on.world.tenancy(), object_target(on.world, self.object));
        if let Some(row) = self.scope.row(tenancy)
            && let Target::Object(at) = object
            && on.world.sharing().share(at, row).is_some()
            && authorize(on.world, on.actor, manage(Target::Scope(row)), on.now).allowed
        {
            return smallvec::smallvec![manage(Target::Scope(row))];
        }
        smallvec::smallvec![manage(object)]
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        // Said in the same words whether or not there is such a scope: owning an object gives no right to find out.
        let row = self.scope.row(on.world.tenancy());
        let shared = row
            .zip(on.world.objects().row(self.object))
            .filter(|(row, at)| on.world.sharing().share(*at, *row).is_some());
        let Some(node) = shared.and_then(|(row, _)| on.world.tenancy().at(row)) else {
            return Err(Error::refused("not_projected", "the object is not projected there").into());
        };
        facts.push(node.id, ProjectionRevoked { object: self.object, scope: node.id }, None);
        Ok(())
    }
}

/// What an event changes.
pub(crate) fn entity(event: &SharingEvent) -> Option<Entity> {
    Some(match event {
        SharingEvent::ObjectProjected(e) => Entity::Share(e.object, e.scope),
        SharingEvent::ProjectionRevoked(e) => Entity::Share(e.object, e.scope),
    })
}

/// The command that would bring this fact about.
pub(crate) fn recall(event: SharingEvent, _: Recalling<'_>) -> Option<Recalled> {
    Some(match event {
        SharingEvent::ObjectProjected(e) => {
            Recalled::one(Project { object: e.object, scope: e.scope.into(), level: e.level })
        }
        SharingEvent::ProjectionRevoked(e) => {
            Recalled::one(Revoke { object: e.object, scope: e.scope.into() })
        }
    })
}
