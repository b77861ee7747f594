//! What the fold keeps of each rule, of each of its versions, and of each of its bindings.

use super::compiled::Place;
use super::matching::Tests;
use super::{Body, Class, Clause, Targets};
use crate::identity::Identity;
use crate::objects::Objects;
use crate::store::{Identified, NO_ROW};
use crate::tenancy::Tenancy;
use crate::{BindingId, RuleId, Sequence};
use std::sync::Arc;

/// A rule, whatever its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// What it is for.
    pub class: Class,
    /// Row of the scope it is administered in, [`NO_ROW`] for none.
    pub home: u32,
    /// Row of who defined it.
    pub author: u32,
    /// Out of force, with its bindings?
    pub archived: bool,
    /// Row of its current version.
    pub current: u32,
    /// The event that made it.
    pub created: Sequence,
    /// The event whose payload describes it.
    pub described: Sequence,
    /// The last event about it.
    pub changed: Sequence,
}

impl Identified for Rule {
    fn id(&self) -> u128 {
        self.id.0
    }
}

/// What a rule says from some event on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Row of the rule.
    pub rule: u32,
    /// 1, 2, 3 …
    pub number: u32,
    /// What the rule is called.
    pub name: Box<str>,
    /// What it says.
    pub body: Arc<Body>,
    /// Its conditions without the actions, which the compiled entry holds as bits; `None` when that asks for nothing.
    pub when: Option<Arc<Clause>>,
    /// Which tests these conditions ask.
    pub(super) tests: Tests,
    /// The event that brought it.
    pub since: Sequence,
    /// Row of who brought it.
    pub by: u32,
    pub(super) previous: u32,
}

/// A rule bound to something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Its id.
    pub id: BindingId,
    /// Row of the rule.
    pub rule: u32,
    /// To what.
    pub targets: Arc<Targets>,
    /// Row of the scope it names, [`NO_ROW`] for none.
    pub scope: u32,
    /// Row of the principal it names, [`NO_ROW`] for none.
    pub principal: u32,
    /// Row of the object it names, [`NO_ROW`] for none.
    pub object: u32,
    /// Taken back?
    pub removed: bool,
    /// 1, 2, 3 … counted up by each change.
    pub version: u32,
    /// The event that made it what it is.
    pub changed: Sequence,
    /// Row of who made it what it is.
    pub by: u32,
}

impl Identified for Binding {
    fn id(&self) -> u128 {
        self.id.0
    }
}

impl Binding {
    pub(super) fn unaimed(id: BindingId, rule: u32, changed: Sequence, by: u32) -> Self {
        Self {
            id,
            rule,
            targets: Arc::default(),
            scope: NO_ROW,
            principal: NO_ROW,
            object: NO_ROW,
            removed: false,
            version: 1,
            changed,
            by,
        }
    }
    /// Lets it point at these targets.
    pub(super) fn aim(
        &mut self,
        targets: &Targets,
        identity: &Identity,
        tenancy: &Tenancy,
        objects: &Objects,
    ) {
        self.scope = targets.scope.and_then(|id| tenancy.row(id)).unwrap_or(NO_ROW);
        self.principal = targets.principal.and_then(|id| identity.row(id)).unwrap_or(NO_ROW);
        self.object = targets.object.and_then(|id| objects.row(id)).unwrap_or(NO_ROW);
        self.targets = Arc::new(targets.clone());
    }
    /// The list that its entry stands in.
    pub(super) fn place(&self) -> Place {
        let word = |text: &str| Box::<str>::from(text);
        let row = |row: u32, place: fn(u32) -> Place| if row == NO_ROW { Place::Nowhere } else { place(row) };
        let to = &*self.targets;
        match (&to.object_type, &to.environment, &to.connector) {
            _ if to.scope.is_some() => row(self.scope, Place::Scope),
            // About that object and nothing else: whoever owns it may say so, and has no say about questions that name none.
            _ if to.object.is_some() => row(self.object, Place::Object),
            _ if to.principal.is_some() => row(self.principal, Place::Principal),
            // Before the type: a question that does not say its type still comes from somewhere.
            (_, Some(environment), _) => Place::Environment(word(environment)),
            (_, _, Some(connector)) => Place::Connector(word(connector)),
            (Some(object_type), _, _) => Place::Type(word(object_type)),
            _ => Place::Everywhere,
        }
    }
}

crate::store::owns_nothing!(Rule);
impl crate::store::Footprint for Version {
    fn heap(&self) -> usize {
        self.name.heap() + self.body.heap() + self.when.heap()
    }
}
impl crate::store::Footprint for Binding {
    fn heap(&self) -> usize {
        self.targets.heap()
    }
}
