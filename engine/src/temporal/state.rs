//! What one entity is at a moment: there, gone, or not there yet; and what is true of it, as JSON.
//!
//! Deletion is a state of its own: what was removed, archived or tombstoned is *gone*, which is neither *missing* nor *live*.
//! States are projections of a world, never what an event says about its past, so that states of one entity can be compared.

use super::Entity;
use crate::error::{Error, Result};
use crate::history::History;
use crate::moment::Moment;
use scoped_projections::contracts::Lifecycle as ContractLifecycle;
use scoped_projections::registry::Lifecycle;
use scoped_projections::{Sequence, World, identity::Status};
use serde::Serialize;
use serde_json::{Value, json};
use std::borrow::Cow;

/// Whether an entity is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It has not come to be yet.
    Missing,
    /// It is there.
    Live,
    /// It was there: tombstoned, archived or removed.
    Tombstoned,
}

/// What an entity is at a moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EntityState {
    /// Is it there?
    pub presence: Presence,
    /// What is true of it; `null` when nothing is left to say.
    pub value: Value,
}

impl EntityState {
    /// Is the same true of it, but for the number of its version, which only grows?
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let said = |state: &Self| {
            let mut value = state.value.clone();
            if let Some(fields) = value.as_object_mut() {
                fields.remove("version");
            }
            value
        };
        said(self) == said(other)
    }
}

/// Cuts an object's data down to what its reader may see: row and data in, data out.
pub(crate) type Show<'a> = &'a dyn for<'d> Fn(u32, &'d [u8]) -> Result<Cow<'d, [u8]>>;

/// All of it: for whoever holds the files.
pub(crate) fn unfiltered(_: u32, data: &[u8]) -> Result<Cow<'_, [u8]>> {
    Ok(Cow::Borrowed(data))
}

impl Entity {
    /// What it is in this world, with the data that lies in that log, unfiltered.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn state(self, world: &World, history: &History) -> Result<EntityState> {
        self.shown_state(world, history, &unfiltered)
    }

    /// The same, with objects' data cut down to what may be seen.
    pub(crate) fn shown_state(self, world: &World, history: &History, show: Show<'_>) -> Result<EntityState> {
        let found = self.described(world, history, show)?;
        Ok(match found {
            Some((live, value)) => {
                let presence = if live { Presence::Live } else { Presence::Tombstoned };
                EntityState { presence, value }
            }
            // Some leave nothing behind in the world; that they were there is in the trail.
            None => {
                let known = history.with_index(|index| index.first_of(self))?;
                let was = known.is_some_and(|first| first <= world.position());
                let presence = if was { Presence::Tombstoned } else { Presence::Missing };
                EntityState { presence, value: Value::Null }
            }
        })
    }

    /// Is it live, and what is true of it?
    fn described(self, world: &World, history: &History, show: Show<'_>) -> Result<Option<(bool, Value)>> {
        let payload = |at: Sequence| -> Result<Value> {
            let bytes = history.shown(at)?.unwrap_or_else(|| b"null".to_vec());
            parsed(&bytes)
        };
        let (identity, tenancy, objects) = (world.identity(), world.tenancy(), world.objects());
        let moment = Moment { world, history, now: world.time().into() };
        Ok(match self {
            Self::Principal(id) => match identity.get(id) {
                Some(found) => {
                    let description = payload(found.described)?;
                    let value = json!({
                        "kind": identity.kind(found), "status": found.status, "operator": found.operator,
                        "handle": found.handle, "description": description,
                    });
                    Some((found.status != Status::Archived, value))
                }
                None => None,
            },
            Self::Scope(id) => match tenancy.row(id).and_then(|row| Some((row, tenancy.at(row)?))) {
                Some((row, node)) => {
                    let value = json!({
                        "label": node.label(), "archived": node.archived, "frozen": node.frozen,
                        "parent": tenancy.at(node.parent).map(|parent| parent.id),
                        // To describe it as nothing takes a description back: that is the same as none.
                        "description": tenancy.described(row).map(payload).transpose()?.unwrap_or_else(|| json!({})),
                    });
                    Some((!node.archived, value))
                }
                None => None,
            },
            Self::Member(scope, principal) => tenancy
                .row(scope)
                .zip(identity.row(principal))
                .and_then(|(scope, principal)| tenancy.member(scope, principal))
                .map(|member| (true, json!({ "role": member.role, "expires_at": member.expires_at() }))),
            Self::Entry(id) => tenancy.entry(id).map(|entry| {
                let value = json!({
                    "effect": entry.effect, "subject": entry.subject.to_string(),
                    "capability": entry.capability, "applies": entry.applies,
                    "expires_at": entry.expires_at,
                });
                (!entry.removed, value)
            }),
            Self::Object(id) => match objects.row(id).and_then(|row| Some((row, objects.at(row)?))) {
                Some((row, object)) => {
                    let stored = history.shown(object.data)?.unwrap_or_default();
                    let data = parsed(&show(row, &stored)?)?;
                    let value = json!({
                        "type": objects.object_type(object), "owner": identity.id(object.owner),
                        "version": object.version, "tombstoned": object.tombstoned, "data": data,
                    });
                    Some((!object.tombstoned, value))
                }
                None => None,
            },
            Self::Share(object, scope) => objects
                .row(object)
                .zip(tenancy.row(scope))
                .and_then(|(object, scope)| world.sharing().share(object, scope))
                .map(|share| (true, json!({ "level": share.level }))),
            Self::Policy(id) => tenancy
                .row(id)
                .and_then(|row| tenancy.policy(row))
                // One that declares nothing is none.
                .filter(|declared| !declared.policy.is_empty())
                .map(|declared| (true, json!(declared.policy))),
            Self::Edge(id) => match identity.relations().get(id) {
                Some(edge) => {
                    let end = |row| identity.id(row);
                    let value = json!({
                        "parent": end(edge.parent), "child": end(edge.child), "label": identity.relations().label(edge),
                        "metadata": payload(edge.added)?,
                    });
                    Some((edge.is_live(), value))
                }
                None => None,
            },
            Self::Registration(id) => match world.registry().get(id) {
                Some(entry) => {
                    let value = json!({
                        "urn": world.registry().urn(entry).map(|urn| urn.to_string()), "lifecycle": entry.lifecycle,
                        "tags": world.registry().tags(entry).collect::<Vec<_>>(), "metadata": payload(entry.described)?,
                    });
                    Some((entry.lifecycle != Lifecycle::Archived, value))
                }
                None => None,
            },
            Self::Registry => Some((true, json!({ "frozen": world.registry().is_frozen() }))),
            Self::Contract(id) => match world.contracts().get(id) {
                Some(contract) => {
                    let (info, said) = (moment.contract(id)?, moment.contract_version(id, None)?);
                    let value = json!({
                        "name": info.name, "type": info.object_type, "scope": info.scope, "lifecycle": info.lifecycle,
                        "version": info.version, "fields": said.fields, "constraints": said.constraints, "schema": said.schema,
                        "upgrades": said.upgrades,
                    });
                    Some((contract.lifecycle != ContractLifecycle::Archived, value))
                }
                None => None,
            },
            Self::Template(id) => match world.templates().get(id) {
                Some(template) => {
                    let said = moment.template(id)?;
                    let value = json!({
                        "name": said.name, "description": said.description, "schema": said.schema,
                        "version": template.version,
                    });
                    Some((!template.archived, value))
                }
                None => None,
            },
            Self::Setting(id) => match world.config().get(id) {
                Some(setting) => {
                    let (value, description) = moment.setting_value(setting.value)?;
                    let value = json!({
                        "key": setting.key, "value": value, "description": description, "locked": setting.locked,
                    });
                    Some((!setting.deleted, value))
                }
                None => None,
            },
            Self::Rule(id) => world.rules().get(id).map(|rule| {
                let value = moment.rule_info(rule).map(|info| {
                    json!({
                        "class": info.class, "name": info.name, "version": info.version, "effect": info.effect,
                        "priority": info.priority, "when": info.when, "does": info.does,
                    })
                });
                (!rule.archived, value.unwrap_or_default())
            }),
            Self::Subject(id) => world.subjects().knows(id).then(|| {
                let erased = world.subjects().erased(id);
                (
                    erased.is_none(),
                    json!({ "erased": erased.is_some(), "objects": world.subjects().objects(id).count() }),
                )
            }),
            // One of an archived rule binds nothing, whether it was taken back by itself or not.
            Self::Binding(id) => world.rules().binding(id).map(|binding| {
                let rule = world.rules().at(binding.rule).map(|rule| rule.id);
                let value = json!({ "rule": rule, "to": *binding.targets, "version": binding.version });
                (world.rules().is_active(binding), value)
            }),
        })
    }
}

fn parsed(bytes: &[u8]) -> Result<Value> {
    serde_json::from_slice(bytes).map_err(|e| Error::corrupt(format!("stored data is no JSON: {e}")))
}
