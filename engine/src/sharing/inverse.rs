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
        // What goes with a scope that was not there needs no step of its own; but a record that is at home there is kept where it is by the
        // end of the scope, for whoever reads all that lies below an ancestor: its projection is made what it was then before that.
        let counts = self.stays(scope) || self.is_kept(object, scope);
        match (level(self.then), level(self.now)) {
            (Some(then), now) if counts && now != Some(then) => {
                self.step(Phase::SharesBack, 0, sharing::Project { object, scope: at, level: then });
            }
            (None, Some(_)) if counts => {
                self.step(Phase::SharesGone, 0, sharing::Revoke { object, scope: at });
            }
            _ => {}
        }
        None
    }

    /// Was the object live then, at home in a scope that had ended, and is live now?
    fn is_kept(&self, object: ObjectId, scope: ScopeId) -> bool {
        let (then, tenancy) = (self.then.objects().get(object), self.now.tenancy());
        let home = self.now.objects().get(object).and_then(|object| tenancy.at(object.home));
        then.is_some_and(|object| !object.tombstoned)
            && home.is_some_and(|home| home.id == scope && !home.archived)
    }
}
