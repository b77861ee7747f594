//! Views: what can be seen from a scope.

use super::{Ask, Operation, Reading};
use crate::authorize::{Request, Rule, Target, authorize};
use crate::error::Result;
use crate::info::ObjectInfo;
use crate::tenancy::ScopeRef;
use scoped_projections::tenancy::{Capability as C, View};
use scoped_projections::{Micros, World};

impl Reading {
    /// Live objects of a scope, as far as the view reaches and this principal may read; oldest first. Missing rights at the scope
    /// itself fail the whole request: there is no quiet fallback to a narrower view.
    ///
    /// # Errors
    /// When a capability that the view's name demands is missing at the scope.
    pub fn objects(&self, scope: &ScopeRef, reach: View) -> Result<Vec<ObjectInfo>> {
        self.ask(Operation::ObjectsList, |ask| {
            let (world, moment) = (ask.moment.world, ask.moment);
            let target = scope.target(world.tenancy());
            ask.need(C::ReadLocal, target)?;
            if let Some(capability) = reach.traversal() {
                ask.need(capability, target)?;
            }
            let rows = moment.reach(scope, reach)?;
            let (here, shown) =
                (rows[..1].to_vec(), |at: &u32| ask.need(C::ReadLocal, Target::Scope(*at)).is_ok());
            let open: Vec<u32> = match reach {
                // Reaching up takes no membership above; only a deny there keeps out.
                View::Holistic => {
                    rows.into_iter().filter(|at| here.contains(at) || !ask.denied_at(*at)).collect()
                }
                _ => rows.into_iter().filter(shown).collect(),
            };
            let above = if reach == View::Holistic { &open[..] } else { &[] };
            let readable = |row: &u32| {
                ask.need(C::ReadLocal, Target::Object(*row)).is_ok() || ask.reaches_up_to(*row, above)
            };
            // What stayed in a deleted scope is reached from above, by descending, and in no other way.
            let within = match reach {
                View::Descend => {
                    open.iter().copied().filter(|at| !here.contains(at) || !ask.is_deleted(*at)).collect()
                }
                _ => open.iter().copied().filter(|at| !ask.is_deleted(*at)).collect::<Vec<u32>>(),
            };
            let rows = moment.rows_within(&within).into_iter().filter(readable);
            let ids = rows.filter_map(|row| world.objects().at(row)).map(|object| object.id);
            Ok(ids.map(|id| moment.object(id)).collect::<Result<Vec<_>>>()?)
        })
    }
}

impl Ask<'_> {
    /// Is the object shown by one of these scopes to those below, with no rule that keeps the actor from it, then and now?
    fn reaches_up_to(&self, object: u32, open: &[u32]) -> bool {
        let no_rule = |world: &World, now: Micros| {
            let decision =
                authorize(world, self.actor, Request::new(C::ReadLocal, Target::Object(object)), now);
            decision.allowed || decision.rule == Rule::Nothing
        };
        let shares = self.present.sharing().of(object).iter();
        let mut shown =
            shares.filter(|share| self.present.tenancy().at(share.scope).is_some_and(|node| !node.archived));
        no_rule(self.moment.world, self.moment.now)
            && no_rule(self.present, self.now)
            && shown.any(|share| open.contains(&share.scope))
    }

    fn is_deleted(&self, row: u32) -> bool {
        self.moment.world.tenancy().at(row).is_none_or(|node| node.archived)
    }

    /// Does a rule (not just the lack of one) keep the actor out of this scope?
    fn denied_at(&self, row: u32) -> bool {
        let speaks = |capability| {
            let request = Request::new(capability, Target::Scope(row));
            let decision = authorize(self.moment.world, self.actor, request, self.moment.now);
            let now = authorize(self.present, self.actor, request, self.now);
            [decision, now].iter().any(|d| !d.allowed && d.rule != Rule::Nothing)
        };
        speaks(C::ReadLocal) || speaks(C::ReadHolistic)
    }
}
