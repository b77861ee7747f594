//! Who looks: a principal, of whom then and now are asked; or whoever holds the files, from whom nothing is kept.
//!
//! The one place that says how a record is reached through the scopes of a view, and how far its reader may go with it.

use super::plan::Plan;
use crate::authorize::{Request, Rule, Target};
use crate::clock::When;
use crate::error::{Error, Result};
use crate::info::ObjectInfo;
use crate::kernel::execute::Result as Asked;
use crate::moment::Moment;
use crate::reading::Ask;
use scoped_projections::objects::Object;
use scoped_projections::rules::Action;
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::{Capability as C, Level, Node, View};
use scoped_projections::{Micros, PrincipalId, Sequence, World};
use serde_json::Value;

/// Who looks, and at which world.
pub(crate) struct Eyes<'a> {
    pub(crate) moment: Moment<'a>,
    /// `None`: nothing is filtered.
    asker: Option<&'a Ask<'a>>,
    /// What is done with what is read: rules may speak of exports apart.
    action: Action,
}

/// How a record is reached.
pub(crate) struct Seen {
    /// Places of the scopes it is reached through, in the view's order.
    pub(crate) via: Vec<usize>,
    /// How far its reader may go.
    pub(crate) access: Level,
}

/// Does nothing but a tombstone stand in the way?
fn could_read(decision: &crate::Decision) -> bool {
    decision.allowed || decision.rule == Rule::Tombstoned
}

impl<'a> Eyes<'a> {
    /// A principal. Decisions about the world that is looked at are made for `time`, if one is given: that of the first page.
    pub(crate) fn of(ask: &'a Ask<'a>, time: Option<Micros>) -> Self {
        let now = time.map_or(ask.moment.now, When::At);
        Self { moment: Moment { now, ..ask.moment }, asker: Some(ask), action: Action::Read }
    }
    /// Whoever holds the files.
    pub(crate) fn unfiltered(moment: Moment<'a>) -> Self {
        Self { moment, asker: None, action: Action::Read }
    }
    /// The same, about to do that with what is read.
    pub(crate) fn doing(mut self, action: Action) -> Self {
        self.action = action;
        self
    }
    fn request(&self, capability: C, target: Target) -> Request<'static> {
        let request = Request::new(capability, target);
        let reads = matches!(capability, C::ReadLocal | C::ReadHolistic | C::ReadDescend);
        if reads { request.doing(self.action) } else { request }
    }
    /// The world that is looked at.
    pub(crate) fn world(&self) -> &'a World {
        self.moment.world
    }
    /// Who looks, as bytes that a cursor is bound to.
    pub(crate) fn name(&self) -> [u8; 16] {
        self.asker.map_or([0; 16], |ask| ask.actor.0.to_le_bytes())
    }

    /// Is it this principal that looks?
    pub(crate) fn is(&self, actor: PrincipalId) -> bool {
        self.asker.is_some_and(|ask| ask.actor == actor)
    }

    /// Allowed then and now, or refused in words that disclose nothing.
    pub(crate) fn need(&self, capability: C, target: Target) -> Asked<()> {
        let (request, time) = (self.request(capability, target), self.moment.now);
        let Some(ask) = self.asker else { return Ok(()) };
        if self.action != Action::Read {
            // What is taken out or put away is read first: rules that speak about reading have their say.
            ask.ask_at(Request::new(capability, target), time)?;
        }
        ask.ask_at(request, time).map(drop)
    }
    /// Allowed then and now?
    pub(crate) fn holds(&self, capability: C, target: Target) -> bool {
        self.need(capability, target).is_ok()
    }
    /// The answer is about this, too: its scope has a say in what is recorded.
    pub(crate) fn note(&self, capability: C, target: Target) {
        self.asker.into_iter().for_each(|ask| ask.note(capability, target));
    }
    /// The answer reads a scope besides the one that was asked about.
    pub(super) fn note_below(&self, scope: u32, asked: u32) {
        self.asker.into_iter().for_each(|ask| ask.note_below(scope, asked));
    }
    /// Does a rule keep the reader out, then or now?
    pub(super) fn kept_out(&self, request: Request<'_>) -> bool {
        self.asker.is_some_and(|ask| ask.kept_out(request, self.moment.now, |rule| rule != Rule::Nothing))
    }
    /// Does a deny, and not just that rules govern and none allows? What is governed is asked of each record by itself.
    pub(super) fn denied(&self, request: Request<'_>) -> bool {
        let denies = |rule| !matches!(rule, Rule::Nothing | Rule::Governed { .. });
        self.asker.is_some_and(|ask| ask.kept_out(request, self.moment.now, denies))
    }
    /// Is it so in the world that is looked at, or at present?
    pub(super) fn both(&self, so: impl Fn(&World) -> bool) -> bool {
        so(self.world()) || self.asker.is_some_and(|ask| so(ask.present))
    }

    /// Why the reader may read a record.
    pub(super) fn why(&self, object: Target) -> String {
        let Some(ask) = self.asker else { return "nothing is filtered".to_owned() };
        let decision = self.moment.can(ask.actor, C::ReadLocal, object);
        if decision.allowed { self.moment.reason(&decision) } else { "shown by a scope above".to_owned() }
    }
    /// Is a record projected into a scope, then and now?
    pub(super) fn shared(&self, row: u32, scope: u32) -> bool {
        !self.both(|world| world.sharing().share(row, scope).is_none())
    }
    /// Could a record be read then and now, were it not tombstoned?
    pub(super) fn could_read(&self, object: Target) -> bool {
        let Some(ask) = self.asker else { return true };
        let request = self.request(C::ReadLocal, object);
        could_read(&self.moment.decide(ask.actor, request))
            && could_read(&ask.today().decide(ask.actor, request))
    }

    /// How a record (by row, live in the world that is looked at) is reached through the scopes of a plan; `None`: not at all.
    pub(crate) fn sees(&self, plan: &Plan, row: u32) -> Option<Seen> {
        let scopes = self.world().sharing().scopes(row);
        let mut via: Vec<(usize, Level)> =
            scopes.filter_map(|(scope, level)| Some((plan.place(scope)?, level))).collect();
        if via.is_empty() {
            return None;
        }
        via.sort_unstable();
        let Some(ask) = self.asker else {
            let access = via.iter().map(|(_, level)| *level).max().unwrap_or(Level::Read);
            return Some(Seen { via: via.into_iter().map(|(place, _)| place).collect(), access });
        };
        let (object, shown) = (Target::Object(row), |ask: &Ask<'_>| {
            let mut now = ask.present.sharing().scopes(row);
            now.any(|(scope, _)| plan.place(scope).is_some())
        });
        let gone = ask.present.objects().at(row).is_none_or(|object| object.tombstoned);
        let access = if gone {
            // Tombstoned since: only for those who may audit where it is reached, and who could read it now if it were not.
            let now = ask.today().decide(ask.actor, self.request(C::ReadLocal, object));
            let then = self.moment.decide(ask.actor, self.request(C::ReadLocal, object));
            let readable = |decision| could_read(decision) || self.reaches_up(plan, decision);
            let readable = readable(&then) && readable(&now) && shown(ask);
            let audits = |place: usize| {
                plan.order.get(place).is_some_and(|at| self.holds(C::AuditRead, Target::Scope(*at)))
            };
            if !readable || !via.iter().any(|(place, _)| audits(*place)) {
                return None;
            }
            Level::Read
        } else if self.holds(C::ReadLocal, object) {
            self.access(object)
        } else if plan.view == View::Holistic
            && !self.kept_out(self.request(C::ReadLocal, object))
            && via.iter().any(|(place, _)| *place > 0)
            && shown(ask)
        {
            // Reaching up is the one way to read without a role, and gives no more than reading.
            Level::Read
        } else {
            return None;
        };
        Some(Seen { via: via.into_iter().map(|(place, _)| place).collect(), access })
    }

    fn reaches_up(&self, plan: &Plan, decision: &crate::Decision) -> bool {
        plan.view == View::Holistic && decision.rule == Rule::Nothing
    }

    /// How far the reader of a record may go: as far as every step up to there is allowed.
    pub(crate) fn access(&self, object: Target) -> Level {
        match (self.holds(C::Write, object), self.holds(C::AclManage, object)) {
            (true, true) => Level::Admin,
            (true, false) => Level::Write,
            (false, _) => Level::Read,
        }
    }

    /// The scope that a record was written in, if its reader may know: it lies on the way up from the target, or may be read.
    pub(crate) fn home(&self, plan: Option<&Plan>, object: &Object) -> Option<String> {
        let tenancy = self.world().tenancy();
        let node = Some(object.home).filter(|home| *home != NO_ROW).and_then(|home| tenancy.at(home))?;
        let above = plan.is_some_and(|plan| tenancy.is_within(plan.target, object.home));
        let known = above || self.holds(C::ReadLocal, Target::Scope(object.home));
        known.then(|| node.label().to_owned())
    }

    /// The data of a record, as its reader may see it.
    pub(crate) fn data(&self, row: u32, at: Sequence) -> Result<Value> {
        let missing = || Error::corrupt(format!("event {at} has no payload"));
        let payload = self.moment.history.shown(at)?.ok_or_else(missing)?;
        self.shown(row, &payload)
    }
    pub(crate) fn shown(&self, row: u32, payload: &[u8]) -> Result<Value> {
        let shown = match self.asker {
            Some(ask) => ask.show_for(self.action, row, payload)?,
            None => payload.into(),
        };
        serde_json::from_slice(&shown).map_err(|e| Error::corrupt(format!("stored data is no JSON: {e}")))
    }

    /// All live records that the plan shows, in its order: rows, with how each is reached.
    pub(crate) fn all<'p>(&'p self, plan: &'p Plan) -> impl Iterator<Item = (u32, &'p Object)> + 'p {
        let open = plan.order.iter().enumerate().filter(|(_, scope)| plan.place(**scope).is_some());
        open.flat_map(move |(place, scope)| {
            let rows = self.world().sharing().within(*scope).into_iter().flatten();
            rows.filter_map(move |row| {
                let object = self.world().objects().at(row).filter(|object| !object.tombstoned)?;
                // A record that is reached several ways stands where it is reached first.
                let first = self.sees(plan, row).is_some_and(|seen| seen.via.first() == Some(&place));
                first.then_some((row, object))
            })
        })
    }

    /// Calls for the live records that the plan shows, in its order, from a scope's row and a record's row on, until so many were looked
    /// at; gives the place where that was. The order is that of the world that is looked at, so a place is found again.
    pub(crate) fn some(
        &self,
        plan: &Plan,
        from: Option<(u32, u32)>,
        most: usize,
        mut each: impl FnMut(u32, &Object) -> Asked<()>,
    ) -> Asked<Option<(u32, u32)>> {
        let first = from.and_then(|(scope, _)| plan.order.iter().position(|row| *row == scope));
        let (mut begin, mut looked) = (from.map_or(0, |(_, row)| row), 0);
        for (place, scope) in plan.order.iter().enumerate().skip(first.unwrap_or(0)) {
            let from = std::mem::take(&mut begin);
            if plan.place(*scope).is_none() {
                continue;
            }
            let Some(rows) = self.world().sharing().within(*scope) else { continue };
            for row in rows.range(from..) {
                if looked == most {
                    return Ok(Some((*scope, row)));
                }
                looked += 1;
                let live = self.world().objects().at(row).filter(|object| !object.tombstoned);
                // A record that is reached several ways stands where it is reached first.
                let is_first = || self.sees(plan, row).is_some_and(|seen| seen.via.first() == Some(&place));
                if let Some(object) = live.filter(|_| is_first()) {
                    each(row, object)?;
                }
            }
        }
        Ok(None)
    }

    /// What a list says of them.
    pub(crate) fn infos(&self, plan: &Plan) -> Result<Vec<ObjectInfo>> {
        let info = |(_, object): (u32, &Object)| {
            Ok(ObjectInfo { home: self.home(Some(plan), object), ..self.moment.object(object.id)? })
        };
        self.all(plan).map(info).collect()
    }

    /// The label of the scope in a place.
    pub(crate) fn label(&self, plan: &Plan, place: usize) -> String {
        let row = plan.order.get(place).copied().unwrap_or(NO_ROW);
        self.world().tenancy().at(row).map_or("?", Node::label).to_owned()
    }
}
