//! What brings one entity back: then ≠ now, as commands in phases.

use super::{Entity, PlannedStep};
use crate::command::Command;
use crate::data::Data;
use crate::error::{Error, Result};
use crate::history::History;
use crate::tenancy::Twins;
use scoped_projections::{Micros, PrincipalId, Sequence, World};

/// Makes the commands that bring one entity back.
pub(crate) struct Inverse<'a> {
    pub(crate) history: &'a History,
    pub(crate) then: &'a World,
    pub(crate) now: &'a World,
    pub(crate) entity: Entity,
    pub(crate) first: Sequence,
    pub(crate) actor: PrincipalId,
    pub(crate) time: Micros,
    pub(crate) twins: &'a Twins,
    pub(crate) out: &'a mut Vec<(Phase, i64, PlannedStep)>,
}

/// When a step comes: first what widens, so that the rest is possible; then the contents; then what narrows, the actor's own
/// rights and the containers last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    RegistryThawed,
    RegistrationsBack,
    PrincipalsBack,
    ScopesReleased,
    MembersBack,
    RulesWidening,
    ContractsBack,
    ObjectsRestored,
    SharesBack,
    ObjectsChanged,
    TemplatesChanged,
    SettingsChanged,
    ObjectsTombstoned,
    SharesGone,
    RulesNarrowing,
    PoliciesChanged,
    EntriesNarrowing,
    MembersGone,
    ScopesArchived,
    PrincipalsGone,
    RegistrationsGone,
    RegistryFrozen,
    OwnRightsGone,
}

/// Why something cannot be brought back, if it cannot.
pub(crate) type Problem = Option<String>;

impl Inverse<'_> {
    /// Adds the commands, each with its phase and its order within the phase; or says why there are none.
    pub(super) fn run(&mut self) -> Result<Problem> {
        match self.entity {
            Entity::Principal(id) => self.principal(id),
            Entity::Edge(id) => self.edge(id),
            Entity::Scope(id) => self.scope(id),
            Entity::Member(scope, principal) => Ok(self.member(scope, principal)),
            Entity::Entry(id) => Ok(self.entry(id)),
            Entity::Policy(id) => self.policy(id),
            Entity::Object(id) => self.object(id),
            Entity::Share(object, scope) => Ok(self.share(object, scope)),
            Entity::Registration(_) | Entity::Registry => crate::registry::invert(self),
            Entity::Contract(_) => crate::contracts::invert(self),
            Entity::Template(_) => crate::templates::invert(self),
            Entity::Setting(_) => crate::config::invert(self),
            Entity::Rule(_) | Entity::Binding(_) => crate::rules::invert(self),
            Entity::Subject(id) => Ok(crate::subjects::invert(self, id)),
        }
    }

    pub(crate) fn step(&mut self, phase: Phase, order: i64, command: impl Into<Command>) {
        let (entity, undoes, command) = (self.entity, self.first, command.into());
        // What the actor's own rights hang on goes when everything else is done.
        let phase = match (phase, entity) {
            (Phase::MembersGone, Entity::Member(_, who))
            | (Phase::PrincipalsGone, Entity::Principal(who))
                if who == self.actor =>
            {
                Phase::OwnRightsGone
            }
            _ => phase,
        };
        self.out.push((phase, order, PlannedStep { entity, command, undoes, refused: None }));
    }

    pub(crate) fn data(&self, at: Sequence) -> Result<Data> {
        let missing = || Error::corrupt(format!("event {at} has no payload"));
        Data::from_canonical(self.history.payload(at)?.ok_or_else(missing)?)
    }
}
