//! Decisions about settings.

use crate::command::{Decide, Needs, commands};
use crate::contracts;
use crate::data::Data;
use crate::error::Error;
use crate::export::{Recalled, Recalling};
use crate::identity::check_word;
use crate::kernel::execute::{Facts, Proposed, Result, View, need};
use crate::sealed::Written;
use crate::temporal::Entity;
use crate::tenancy::{ScopeRef, live_node, nearest};
use scoped_projections::config::{ConfigEvent, SettingDeleted, SettingSet};
use scoped_projections::tenancy::Capability as C;
use scoped_projections::{Event, SettingId};
use serde_json::{Map, Value};

commands! {
    /// Commands about settings.
    domain "config";
    enum Command {
        /// gives a key a value in a scope and below
        "set" Set {
            /// Its id; drawn when absent, and kept by the key for good.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            setting: Option<SettingId>,
            /// Where.
            scope: ScopeRef,
            /// The key.
            key: String,
            /// The value: any JSON, also null.
            value: Value,
            /// What it is for.
            #[serde(default, skip_serializing_if = "String::is_empty")]
            description: String,
            /// Does it hold for everything below, whatever is set there?
            #[serde(default, skip_serializing_if = "is_no")]
            locked: bool,
        }
        /// takes the value of a key away in a scope: what is above holds again
        "delete" Delete {
            /// Where.
            scope: ScopeRef,
            /// The key.
            key: String,
        }
    }
}

impl Set {
    /// A value that what is below may override.
    #[must_use]
    pub fn new(scope: impl Into<ScopeRef>, key: impl Into<String>, value: impl Into<Value>) -> Self {
        let (scope, key, value) = (scope.into(), key.into(), value.into());
        Self { setting: None, scope, key, value, description: String::new(), locked: false }
    }
    /// The same, which nothing below overrides.
    #[must_use]
    pub fn locked(mut self) -> Self {
        self.locked = true;
        self
    }
    /// The same with a line about it.
    #[must_use]
    pub fn about(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_no(flag: &bool) -> bool {
    !*flag
}

impl Decide for Set {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        need(C::ConfigWrite, self.scope.target(on.world.tenancy()))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        check_word("a setting's key", &self.key)?;
        let ((row, node), config) = (live_node(on, &self.scope)?, on.world.config());
        if config.lock_above(row, &self.key, on.world.tenancy()).is_some() {
            // Where above is for those to know who may look there.
            let message = format!("the key `{}` is locked above `{}`", self.key, node.label());
            return Err(Error::refused("locked", message)
                .hint("its value holds for everything below the lock")
                .into());
        }
        let taken = |id: SettingId| Error::refused("exists", format!("the id `{id}` is taken"));
        let setting = match (config.find(row, &self.key), self.setting) {
            (Some(held), None) => held.id,
            (Some(held), Some(id)) if held.id == id => id,
            (None, None) => SettingId(facts.fresh()),
            (None, Some(id)) if id.is_some() && config.get(id).is_none() => id,
            (_, Some(id)) => return Err(taken(id).into()),
        };
        let mut said = Map::new();
        said.insert("value".to_owned(), self.value.clone());
        if !self.description.is_empty() {
            said.insert("description".to_owned(), self.description.clone().into());
        }
        let event = SettingSet { setting, scope: node.id, key: self.key.clone(), locked: self.locked };
        facts.push(node.id, event, Some(&Data::new(said)?));
        Ok(())
    }
}

impl Decide for Delete {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        need(C::ConfigWrite, self.scope.target(on.world.tenancy()))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (row, node) = live_node(on, &self.scope)?;
        let held = on.world.config().find(row, &self.key).filter(|setting| !setting.deleted);
        let missing = || {
            let message = format!("there is no setting `{}` in `{}`", self.key, node.label());
            Error::refused("not_found", message)
        };
        let setting = held.ok_or_else(missing)?.id;
        let event = SettingDeleted { setting, scope: node.id, key: self.key.clone() };
        facts.push(node.id, event, None);
        Ok(())
    }
}

/// Do values that are about to be set fit the contracts of their keys?
pub(crate) fn admit(on: &View<'_>, proposed: &[Proposed]) -> Result<()> {
    if on.world.contracts().is_empty() {
        return Ok(());
    }
    for fact in proposed {
        let Event::Config(ConfigEvent::SettingSet(set)) = &fact.event else { continue };
        let scope = nearest(on.world, proposed, set.scope);
        let bytes = fact.payload.as_ref().map_or(&[][..], Written::clear);
        let mut said: Map<String, Value> =
            serde_json::from_slice(bytes).map_err(|_| Error::invalid("the value is no JSON"))?;
        said.retain(|key, _| key == "value");
        contracts::admit_value(on.world, &format!("setting:{}", set.key), scope, &Value::Object(said))?;
    }
    Ok(())
}

/// What an event changes.
pub(crate) fn entity(event: &ConfigEvent) -> Option<Entity> {
    Some(Entity::Setting(event.setting()))
}

/// The command that would bring this fact about.
pub(crate) fn recall(event: ConfigEvent, asked: Recalling<'_>) -> Option<Recalled> {
    Some(Recalled::one(match event {
        ConfigEvent::SettingSet(e) => {
            let Value::Object(mut said) = asked.data?.value().ok()? else { return None };
            let description = match said.remove("description") {
                Some(Value::String(text)) => text,
                _ => String::new(),
            };
            Command::Set(Set {
                setting: Some(e.setting),
                scope: e.scope.into(),
                key: e.key,
                value: said.remove("value")?,
                description,
                locked: e.locked,
            })
        }
        ConfigEvent::SettingDeleted(e) => Command::Delete(Delete { scope: e.scope.into(), key: e.key }),
    }))
}
