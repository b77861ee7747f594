//! What a rollback selects.

use super::Entity;
use crate::authorize::{Request, Target, authorize};
use crate::error::{Error, Result};
use crate::rules::outside::AskedData;
use crate::tenancy::ScopeRef;
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::Capability;
use scoped_projections::{Micros, ObjectId, PrincipalId, Sequence, World};
use std::fmt;

/// What to take back.
///
/// Some select *places*: whatever happened there since the cutoff goes, whoever did it. Others pick *events*: what others did to the
/// same things stands in the way of them (a conflict), since what is whose could not be told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Everything that the actor can see.
    All,
    /// A scope and all below it.
    Scope(ScopeRef),
    /// One object and its projections.
    Object(ObjectId),
    /// One entity of any sort.
    Entity(Entity),
    /// What one principal did.
    Actor(PrincipalId),
    /// What happened from the cutoff up to and with this event.
    Until(Sequence),
    /// One event; for the record of a rollback: that whole rollback.
    Event(Sequence),
    /// One event with everything that depends on it: what it caused, later versions of what it changed, and what was made inside
    /// or with the help of what it made.
    Cascade(Sequence),
}

impl Selection {
    /// The event that it names, which says how far back it goes.
    pub(super) fn root(&self) -> Option<Sequence> {
        match self {
            Self::Event(event) | Self::Cascade(event) => Some(*event),
            _ => None,
        }
    }
    /// Does it pick events, and not places?
    pub(super) fn picks(&self) -> bool {
        matches!(self, Self::Actor(_) | Self::Until(_) | Self::Event(_) | Self::Cascade(_))
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Scope(scope) => write!(f, "scope:{scope}"),
            Self::Object(object) => write!(f, "object:{object}"),
            Self::Entity(entity) => write!(f, "entity:{}", entity.code()),
            Self::Actor(actor) => write!(f, "actor:{actor}"),
            Self::Until(event) => write!(f, "until:{event}"),
            Self::Event(event) => write!(f, "event:{event}"),
            Self::Cascade(event) => write!(f, "cascade:{event}"),
        }
    }
}

/// What somebody can see of the present.
pub(super) struct Sight<'a> {
    pub(super) world: &'a World,
    pub(super) actor: PrincipalId,
    pub(super) time: Micros,
}

impl Sight<'_> {
    pub(super) fn may(&self, capability: Capability, target: Target) -> bool {
        // Rules that look at data are asked when a step is tried.
        let request = Request::new(capability, target).with_data(AskedData::Later);
        authorize(self.world, self.actor, request, self.time).allowed
    }
    pub(super) fn sees(&self, entity: Entity) -> bool {
        let (scope, object) = entity.place(self.world);
        // What ended with a deleted scope comes back with it, and that is for operators too.
        let deleted =
            scope.and_then(|scope| self.world.tenancy().get(scope)).is_some_and(|node| node.archived);
        if deleted && self.may(Capability::CreateRoot, Target::Deployment) {
            return true;
        }
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
pub(super) struct Place<'a> {
    now: &'a World,
    then: &'a World,
    scope: Option<u32>,
    object: Option<ObjectId>,
    entity: Option<Entity>,
}

impl<'a> Place<'a> {
    pub(super) fn new(sight: &Sight<'a>, then: &'a World, selection: &Selection) -> Result<Self> {
        let (now, mut scope, mut object, mut entity) = (sight.world, None, None, None);
        match selection {
            Selection::Scope(wanted) => {
                if !sight.may(Capability::ReadLocal, wanted.target(now.tenancy())) {
                    return Err(Error::denied(Capability::ReadLocal));
                }
                let missing = || Error::refused("not_found", format!("there is no scope `{wanted}`"));
                scope = Some(wanted.row(now.tenancy()).ok_or_else(missing)?);
            }
            Selection::Object(wanted) => object = Some(*wanted),
            Selection::Entity(wanted) => entity = Some(*wanted),
            _ => {}
        }
        Ok(Self { now, then, scope, object, entity })
    }
    pub(super) fn contains(&self, entity: Entity) -> bool {
        if let Some(wanted) = self.entity {
            return entity == wanted;
        }
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
                    || world.sharing().scopes(row).any(|(scope, _)| within(scope))
            })
        })
    }
}
