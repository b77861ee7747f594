//! What a rollback selects: the entities that events since the cutoff touched, as far as the actor can see them.

use super::Entity;
use crate::authorize::{Request, Target, authorize};
use crate::error::{Error, Result};
use crate::history::History;
use crate::tenancy::ScopeRef;
use scoped_projections::store::NO_ROW;
use scoped_projections::temporal::TemporalEvent;
use scoped_projections::tenancy::Capability;
use scoped_projections::{Event, Micros, ObjectId, PrincipalId, Sequence, World};
use std::collections::BTreeMap;
use std::fmt;

/// What to take back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Everything that the actor can see.
    All,
    /// A scope and all below it.
    Scope(ScopeRef),
    /// One object and its projections.
    Object(ObjectId),
    /// What one principal did.
    Actor(PrincipalId),
    /// One event; for the record of a rollback: that whole rollback.
    Event(Sequence),
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Scope(scope) => write!(f, "scope:{scope}"),
            Self::Object(object) => write!(f, "object:{object}"),
            Self::Actor(actor) => write!(f, "actor:{actor}"),
            Self::Event(event) => write!(f, "event:{event}"),
        }
    }
}

/// An entity that the selected events touched.
pub(super) struct Touched {
    pub(super) first: Sequence,
    /// Why it cannot be brought back, if it cannot.
    pub(super) problem: Option<String>,
}

/// The entities that the selected events since the cutoff touched, with the first event that did.
pub(super) fn touched(
    history: &History,
    sight: &Sight<'_>,
    then: &World,
    to: Sequence,
    selection: &Selection,
) -> Result<BTreeMap<Entity, Touched>> {
    let now = sight.world;
    let mut found: BTreeMap<Entity, Touched> = BTreeMap::new();
    let place = Place::new(sight, then, selection)?;
    let mut until = None;
    for record in history.reader().records(to.next(), now.position()) {
        let record = record?;
        let (sequence, actor) = (record.sequence(), PrincipalId(record.actor()));
        let event = history.event(&record)?;
        if until.is_none() {
            // The first record: for a rollback, its batch is what is selected.
            let rolled_back = matches!(event, Event::Temporal(TemporalEvent::RolledBack(_)));
            let behind = if rolled_back { u64::from(record.batch_left()) } else { 0 };
            until = Some(Sequence::new(sequence.get() + behind));
        }
        let Some(entity) = Entity::of(&event) else {
            let reason = "is history, not state: it is never taken back";
            if *selection == Selection::Event(sequence) && until == Some(sequence) && actor == sight.actor {
                return Err(Error::refused("irreversible", format!("event {sequence} {reason}")));
            }
            continue;
        };
        match selection {
            Selection::Actor(who) if actor != *who => {
                // What others did to the same thing, before or after, cannot be told apart from what this one did.
                let problem = Some(format!("{sequence} by another principal touched it too"));
                let other = found.entry(entity).or_insert(Touched { first: Sequence::NONE, problem: None });
                other.problem = problem;
            }
            Selection::Event(_) if until.is_some_and(|until| sequence > until) => {
                if let Some(touched) = found.get_mut(&entity) {
                    let problem = || format!("{sequence} changed it later: roll that back first");
                    touched.problem.get_or_insert_with(problem);
                }
            }
            Selection::Event(_) if now.temporal().undone_by(sequence).is_some() => {
                let by = now.temporal().undone_by(sequence).unwrap_or_default();
                let problem = Some(format!("{sequence} was taken back by {by} already"));
                found.insert(entity, Touched { first: sequence, problem });
            }
            _ if place.contains(entity) => {
                let touched = found.entry(entity).or_insert(Touched { first: sequence, problem: None });
                if touched.first == Sequence::NONE {
                    touched.first = sequence;
                }
            }
            _ => {}
        }
    }
    // What only others touched was not selected.
    found.retain(|_, touched| touched.first != Sequence::NONE);
    Ok(found)
}

/// What somebody can see of the present.
pub(super) struct Sight<'a> {
    pub(super) world: &'a World,
    pub(super) actor: PrincipalId,
    pub(super) time: Micros,
}

impl Sight<'_> {
    fn may(&self, capability: Capability, target: Target) -> bool {
        authorize(self.world, self.actor, Request::new(capability, target), self.time).allowed
    }
    pub(super) fn sees(&self, entity: Entity) -> bool {
        let (scope, object) = entity.place(self.world);
        let scope = scope.and_then(|scope| self.world.tenancy().row(scope)).map(Target::Scope);
        let object = object.and_then(|object| self.world.objects().row(object)).map(Target::Object);
        match (scope, object) {
            (None, None) => self.may(Capability::PrincipalsManage, Target::Deployment),
            // Whoever may restore a tombstoned object knows that it is there.
            (scope, object) => {
                let known =
                    |target| self.may(Capability::ReadLocal, target) || self.may(Capability::Write, target);
                scope.is_some_and(known) || object.is_some_and(known)
            }
        }
    }
}

/// Where an entity has to be to be selected.
struct Place<'a> {
    now: &'a World,
    then: &'a World,
    scope: Option<u32>,
    object: Option<ObjectId>,
}

impl<'a> Place<'a> {
    fn new(sight: &Sight<'a>, then: &'a World, selection: &Selection) -> Result<Self> {
        let (now, mut scope, mut object) = (sight.world, None, None);
        match selection {
            Selection::Scope(wanted) => {
                if !sight.may(Capability::ReadLocal, wanted.target(now.tenancy())) {
                    return Err(Error::denied(Capability::ReadLocal));
                }
                let missing = || Error::refused("not_found", format!("there is no scope `{wanted}`"));
                scope = Some(wanted.row(now.tenancy()).ok_or_else(missing)?);
            }
            Selection::Object(wanted) => object = Some(*wanted),
            Selection::All | Selection::Actor(_) | Selection::Event(_) => {}
        }
        Ok(Self { now, then, scope, object })
    }
    fn contains(&self, entity: Entity) -> bool {
        let (in_scope, of_object) = entity.place(self.now);
        if let Some(wanted) = self.object {
            return of_object == Some(wanted);
        }
        let Some(above) = self.scope else { return true };
        let tenancy = self.now.tenancy();
        let within = |row: u32| tenancy.is_within(row, above);
        if let Some(scope) = in_scope {
            return tenancy.row(scope).is_some_and(within);
        }
        // Rows never change, so a row of back then is a row of now.
        of_object.is_some_and(|id| {
            [self.now, self.then].iter().any(|world| {
                let Some(row) = world.objects().row(id) else { return false };
                let home = world.objects().at(row).map_or(NO_ROW, |object| object.home);
                (home != NO_ROW && within(home))
                    || world.sharing().of(row).iter().any(|share| within(share.scope))
            })
        })
    }
}
