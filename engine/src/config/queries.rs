//! What can be asked about settings, by whoever holds the files. What a principal may ask is in `reading/config.rs`.

use super::info::{Resolved, SettingChangeInfo, SettingInfo};
use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::tenancy::ScopeRef;
use scoped_projections::config::Setting;
use scoped_projections::{PrincipalId, Sequence};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

impl Moment<'_> {
    fn config_scope(&self, scope: &ScopeRef) -> Result<u32> {
        let missing = || {
            Error::refused("not_found", format!("there is no scope `{scope}` at {}", self.world().position()))
        };
        scope.row(self.world().tenancy()).ok_or_else(missing)
    }

    /// The value that an event set, and what was said about it.
    pub(crate) fn setting_value(&self, at: Sequence) -> Result<(Value, String)> {
        let payload = self.history().payload(at)?.unwrap_or_default();
        let mut said: Map<String, Value> = serde_json::from_slice(&payload)
            .map_err(|e| Error::corrupt(format!("event {at}: a setting's payload is no map: {e}")))?;
        let value = said.remove("value").ok_or_else(|| Error::corrupt(format!("event {at} has no value")))?;
        let description = said.get("description").and_then(Value::as_str).unwrap_or_default();
        Ok((value, description.to_owned()))
    }

    fn setting_info(&self, found: &Setting) -> Result<SettingInfo> {
        let (value, description) = self.setting_value(found.value)?;
        let time = |at| Ok::<_, Error>(self.history().record(at)?.time());
        let again = found.version > 1;
        Ok(SettingInfo {
            setting: found.id,
            scope: self.world().tenancy().at(found.scope).map_or_else(Default::default, |node| node.id),
            key: found.key.to_string(),
            value,
            description,
            locked: found.locked,
            deleted: found.deleted,
            version: found.version,
            created_at: time(found.created)?,
            created_by: found.created_by,
            updated_at: if again { Some(time(found.changed)?) } else { None },
            updated_by: Some(found.changed_by).filter(|_| again),
        })
    }

    /// The setting of a key in this very scope; `None` when there is none, or it was deleted.
    ///
    /// # Errors
    /// When there is no such scope, or the log cannot be read.
    pub fn setting(&self, scope: &ScopeRef, key: &str) -> Result<Option<SettingInfo>> {
        let found = self.world().config().find(self.config_scope(scope)?, key);
        found.filter(|setting| !setting.deleted).map(|setting| self.setting_info(setting)).transpose()
    }

    /// The settings of this very scope, by key.
    ///
    /// # Errors
    /// When there is no such scope, or the log cannot be read.
    pub fn settings(&self, scope: &ScopeRef, with_deleted: bool) -> Result<Vec<SettingInfo>> {
        let found = self.world().config().of(self.config_scope(scope)?);
        let wanted = found.filter(|setting| with_deleted || !setting.deleted);
        wanted.map(|setting| self.setting_info(setting)).collect()
    }

    fn resolved(&self, scope: u32, found: &Setting) -> Result<Resolved> {
        let source = self.world().tenancy().at(found.scope);
        Ok(Resolved {
            key: found.key.to_string(),
            value: self.setting_value(found.value)?.0,
            source: source.map_or_else(Default::default, |node| node.id),
            source_label: source.map_or_else(String::new, |node| node.label().to_owned()),
            inherited: found.scope != scope,
            locked: found.locked,
        })
    }

    /// What holds for a key in a scope: the outermost locked setting on the way to the root, else the nearest; `None` when it
    /// was set nowhere there.
    ///
    /// # Errors
    /// When there is no such scope, or the log cannot be read.
    pub fn resolve_setting(&self, scope: &ScopeRef, key: &str) -> Result<Option<Resolved>> {
        let row = self.config_scope(scope)?;
        let found = self.world().config().resolve(row, key, self.world().tenancy());
        found.map(|setting| self.resolved(row, setting)).transpose()
    }

    /// What holds in a scope, by key.
    ///
    /// # Errors
    /// When there is no such scope, or the log cannot be read.
    pub fn resolve_settings(&self, scope: &ScopeRef) -> Result<BTreeMap<String, Resolved>> {
        let row = self.config_scope(scope)?;
        let (config, tenancy) = (self.world().config(), self.world().tenancy());
        let mut holds: BTreeMap<&str, &Setting> = BTreeMap::new();
        for at in tenancy.chain(row) {
            for setting in config.of(at).filter(|setting| !setting.deleted) {
                if setting.locked || !holds.contains_key(&*setting.key) {
                    holds.insert(&setting.key, setting);
                }
            }
        }
        let resolved = holds.into_iter().map(|(key, found)| Ok((key.to_owned(), self.resolved(row, found)?)));
        resolved.collect()
    }

    /// The value that holds for a key in a scope, `default` only where it was set nowhere: null is a value.
    ///
    /// # Errors
    /// As [`Self::resolve_setting`].
    pub fn effective_value(&self, scope: &ScopeRef, key: &str, default: Value) -> Result<Value> {
        Ok(self.resolve_setting(scope, key)?.map_or(default, |resolved| resolved.value))
    }

    /// The life of the setting of a key in this very scope, oldest first; empty when it was never set.
    ///
    /// # Errors
    /// When there is no such scope, or the log cannot be read.
    pub fn setting_history(&self, scope: &ScopeRef, key: &str) -> Result<Vec<SettingChangeInfo>> {
        let config = self.world().config();
        let Some(found) = config.find(self.config_scope(scope)?, key) else { return Ok(Vec::new()) };
        let changes = config.changes(found.id).map(|(version, change)| {
            let record = self.history().record(change.sequence)?;
            let value = if change.deleted { None } else { Some(self.setting_value(change.sequence)?.0) };
            let (at, time, by) = (change.sequence.get(), record.time(), PrincipalId(record.actor()));
            Ok(SettingChangeInfo { version, at, time, by, value, locked: change.locked })
        });
        changes.collect()
    }
}
