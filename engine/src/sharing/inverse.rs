//! What brings projections back.

use crate::sharing;
use crate::temporal::{Inverse, Phase, Problem};
use scoped_projections::{ObjectId, ScopeId, World};

impl Inverse<'_> {
    pub(crate) fn share(&mut self, object: ObjectId, scope: ScopeId) -> Problem {
        let level = |world: &World| {
            let (object, scope) = (world.objects().row(object)?, world.tenancy().row(scope)?);
            world.sharing().share(object, scope).map(|share| share.level)
        };
        // What was not there goes as a whole, by its tombstone; its projections stay with it for when it is restored.
        self.then.objects().get(object)?;
        let at = scope.into();
        // What goes with a scope that was not there needs no step of its own.
        if !self.stays(scope) {
            return None;
        }
        match (level(self.then), level(self.now)) {
            (Some(then), now) if now != Some(then) => {
                self.step(Phase::SharesBack, 0, sharing::Project { object, scope: at, level: then });
            }
            (None, Some(_)) => self.step(Phase::SharesGone, 0, sharing::Revoke { object, scope: at }),
            _ => {}
        }
        None
    }
}
