//! All scopes and objects that somebody reaches.

use crate::authorize::{Decision, Request, Target, authorize, reach};
use crate::error::Result;
use crate::info::ObjectInfo;
use crate::kernel::execute::Result as Asked;
use crate::moment::Moment;
use crate::reading::views::{Cursor, EXAMINED_MAX, Eyes, Page, page_size, question};
use crate::reading::{Operation, Reading};
use crate::tenancy::ScopeRef;
use roaring::RoaringBitmap;
use scoped_projections::rules::Action;
use scoped_projections::tenancy::Capability as C;
use scoped_projections::{ObjectId, PrincipalId, ScopeId};
use serde::{Deserialize, Serialize};

/// What may somebody do that with?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct What {
    /// Who.
    pub actor: PrincipalId,
    /// What they would have to hold.
    pub capability: C,
    /// What they would do with it, where rules of the policy may speak about that alone; absent: what one mostly does with the capability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// Only this scope, what is below it, and what is projected there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<ScopeRef>,
    /// Scopes and objects of a page, 1 to 500; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Where the page begins: what the page before gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl What {
    /// What may `actor` do this with?
    #[must_use]
    pub fn may(actor: PrincipalId, capability: C) -> Self {
        Self { actor, capability, action: None, within: None, limit: None, cursor: None }
    }
    /// The same, about one action.
    #[must_use]
    pub fn doing(mut self, action: Action) -> Self {
        self.action = Some(action);
        self
    }
    /// The same, only within a scope.
    #[must_use]
    pub fn within(mut self, scope: impl Into<ScopeRef>) -> Self {
        self.within = Some(scope.into());
        self
    }
    /// The same about a target.
    fn at(&self, target: Target) -> Request<'static> {
        Request::about(self.capability, self.action, target)
    }
}

/// A scope or an object that somebody reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "reached")]
pub enum Reached {
    /// A scope.
    Scope {
        /// Its id.
        scope: ScopeId,
        /// Its path, or the name of a flat one.
        label: String,
        /// Through what.
        why: String,
    },
    /// An object.
    Object {
        /// Its id.
        object: ObjectId,
        /// What sort of object it is.
        #[serde(rename = "type")]
        object_type: String,
        /// Out of sight, and still reached.
        tombstoned: bool,
        /// Through what.
        why: String,
    },
}

impl Reading {
    /// A page of what a principal reaches: scopes, then objects, oldest first. About another one only what this principal may
    /// audit is told; within a scope, that takes `scope.audit.read` there.
    ///
    /// # Errors
    /// When it is not this principal's to ask, or the cursor belongs to another question.
    pub fn what(&self, what: &What) -> Result<Page<Reached>> {
        let size = page_size(what.limit)?;
        let cursor = what.cursor.as_deref().map(Cursor::parse).transpose()?;
        self.pinned(cursor, |reading| {
            reading.ask(Operation::AccessWhat, |ask| {
                let eyes = Eyes::of(ask, cursor.map(|cursor| cursor.time));
                let within = what.within.as_ref().map(|scope| scope.target(eyes.world().tenancy()));
                match within {
                    Some(target) => eyes.may_ask(what.actor, target)?,
                    None => eyes.need(C::ReadLocal, Target::Own)?,
                }
                if within.is_none() && !eyes.is(what.actor) {
                    // About another, wherever it may be.
                    eyes.note(C::AuditRead, Target::Deployment);
                }
                Ok((page(&eyes, what, size, cursor)?, eyes.world().position()))
            })
        })
    }
}

fn page(eyes: &Eyes<'_>, what: &What, size: usize, cursor: Option<Cursor>) -> Asked<Page<Reached>> {
    let (moment, world) = (&eyes.moment, eyes.world());
    let within = what.within.as_ref().map(ToString::to_string).unwrap_or_default();
    let deed = [what.capability.tag(), what.action.map_or(0, Action::tag)];
    let asked = question(&[b"what", &eyes.name(), &what.actor.0.to_le_bytes(), &deed, within.as_bytes()]);
    let (mut part, mut from) = (0, 0);
    if let Some(cursor) = cursor {
        cursor.check(asked)?;
        (part, from) = (cursor.scope, u32::try_from(cursor.item).unwrap_or(u32::MAX));
    }
    let candidates = Candidates::of(moment, what);
    let position = world.position();
    let mut page = Page { position: position.get(), items: Vec::new(), complete: true, next_cursor: None };
    let mut examined = 0;
    for (number, rows) in [(0, &candidates.scopes), (1, &candidates.objects)] {
        if number < part {
            continue;
        }
        for row in rows.range(if number == part { from } else { 0 }..) {
            examined += 1;
            if page.items.len() == size || examined > EXAMINED_MAX {
                page.complete = false;
                let next = Cursor::new(position, moment.now.read(), number, u64::from(row), asked);
                page.next_cursor = Some(next.text());
                return Ok(page);
            }
            let target = if number == 0 { Target::Scope(row) } else { Target::Object(row) };
            let decision = moment.decide(what.actor, what.at(target));
            if decision.allowed && (eyes.is(what.actor) || eyes.holds(C::AuditRead, target)) {
                if !eyes.is(what.actor) {
                    eyes.note(C::AuditRead, target);
                }
                page.items.extend(reached(moment, target, &decision));
            }
        }
        (part, from) = (number + 1, 0);
    }
    Ok(page)
}

fn reached(moment: &Moment<'_>, target: Target, decision: &Decision) -> Option<Reached> {
    let why = moment.reason(decision);
    match target {
        Target::Scope(row) => {
            let node = moment.world.tenancy().at(row)?;
            Some(Reached::Scope { scope: node.id, label: node.label().to_owned(), why })
        }
        Target::Object(row) => {
            let object = moment.world.objects().at(row)?;
            let object_type = moment.world.objects().object_type(object).to_owned();
            Some(Reached::Object { object: object.id, object_type, tombstoned: object.tombstoned, why })
        }
        _ => None,
    }
}

/// What some rule may speak for: whatever is none of it is denied without a look.
struct Candidates {
    scopes: RoaringBitmap,
    objects: RoaringBitmap,
}

impl Candidates {
    fn of(moment: &Moment<'_>, what: &What) -> Self {
        let (world, tenancy) = (moment.world, moment.world.tenancy());
        let mut found = Self { scopes: RoaringBitmap::new(), objects: RoaringBitmap::new() };
        let Some(actor) = world.identity().row(what.actor) else { return found };
        let within: Option<RoaringBitmap> = what.within.as_ref().map(|scope| {
            let row = scope.row(tenancy);
            row.map(|row| tenancy.subtree(row)).into_iter().flatten().collect()
        });
        // Asked of tenancy alone: rules speak about types too, and can deny a scope and allow objects in it.
        let speaks = |row: &u32| {
            let request = Request::new(what.capability, Target::Scope(*row)).doing(Action::Rules);
            authorize(world, what.actor, request, moment.now).allowed
        };
        let reach = reach(world, what.actor);
        // Of a scope that is named all is looked at, so that what is projected into it and reached another way is found as well.
        let scopes = within.as_ref().unwrap_or(&reach);
        for row in scopes {
            if speaks(&row) {
                found.scopes.insert(row);
                if let Some(projected) = world.sharing().within(row) {
                    projected.unite(&mut found.objects);
                }
            } else if within.is_some()
                && let Some(projected) = world.sharing().within(row)
            {
                // Reached through another scope, or owned.
                projected.unite(&mut found.objects);
            }
        }
        if within.is_none()
            && let Some(owned) = world.objects().owned_by(actor)
        {
            owned.unite(&mut found.objects);
        }
        found
    }
}

impl Moment<'_> {
    /// Every live object that a principal may do this with, oldest first. `who`, `what` and `can` agree on every pair, since
    /// each asks the same function. It is no page: `limit` and `cursor` are not looked at.
    #[must_use]
    pub fn what(&self, what: &What) -> Vec<(ObjectInfo, Decision)> {
        let objects = self.world.objects();
        let candidates = Candidates::of(self, what).objects;
        let live =
            candidates.iter().filter_map(|row| Some((row, objects.at(row).filter(|o| !o.tombstoned)?)));
        live.map(|(row, object)| (self.info(object), self.decide(what.actor, what.at(Target::Object(row)))))
            .filter(|(_, decision)| decision.allowed)
            .collect()
    }

    /// Every scope that a principal may do this in, oldest first, and why. It is no page either.
    #[must_use]
    pub fn scopes_of(&self, what: &What) -> Vec<(ScopeId, Decision)> {
        let tenancy = self.world.tenancy();
        let candidates = Candidates::of(self, what).scopes;
        let scopes = candidates.iter().filter_map(|row| Some((row, tenancy.at(row)?.id)));
        scopes
            .map(|(row, id)| (id, self.decide(what.actor, what.at(Target::Scope(row)))))
            .filter(|(_, decision)| decision.allowed)
            .collect()
    }
}
