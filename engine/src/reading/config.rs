//! Questions about settings.

use super::{Ask, Operation, Reading};
use crate::config::{Resolved, SettingChangeInfo, SettingInfo};
use crate::error::Result;
use crate::kernel::execute::Refusal;
use crate::tenancy::ScopeRef;
use scoped_projections::tenancy::Capability as C;
use serde_json::Value;
use std::collections::BTreeMap;

impl Ask<'_> {
    fn settings(&self, scope: &ScopeRef) -> Result<(), Refusal> {
        self.need(C::ReadLocal, scope.target(self.moment.world().tenancy())).map(drop)
    }
}

impl Reading {
    /// The setting of a key in this very scope; `None` when there is none, or it was deleted.
    ///
    /// # Errors
    /// When this principal may not read the scope, like all questions here.
    pub fn setting(&self, scope: &ScopeRef, key: &str) -> Result<Option<SettingInfo>> {
        self.ask(Operation::ConfigGet, |ask| {
            ask.settings(scope)?;
            Ok(ask.moment.setting(scope, key)?)
        })
    }

    /// The settings of this very scope, by key.
    ///
    /// # Errors
    /// As [`Self::setting`].
    pub fn settings(&self, scope: &ScopeRef, with_deleted: bool) -> Result<Vec<SettingInfo>> {
        self.ask(Operation::ConfigList, |ask| {
            ask.settings(scope)?;
            Ok(ask.moment.settings(scope, with_deleted)?)
        })
    }

    /// What holds for a key in a scope, from wherever above it comes; `None` when it was set nowhere there.
    ///
    /// # Errors
    /// As [`Self::setting`].
    pub fn resolve_setting(&self, scope: &ScopeRef, key: &str) -> Result<Option<Resolved>> {
        self.ask(Operation::ConfigResolve, |ask| {
            ask.settings(scope)?;
            Ok(ask.moment.resolve_setting(scope, key)?)
        })
    }

    /// What holds in a scope, by key.
    ///
    /// # Errors
    /// As [`Self::setting`].
    pub fn resolve_settings(&self, scope: &ScopeRef) -> Result<BTreeMap<String, Resolved>> {
        self.ask(Operation::ConfigResolve, |ask| {
            ask.settings(scope)?;
            Ok(ask.moment.resolve_settings(scope)?)
        })
    }

    /// The value that holds for a key in a scope, `default` only where it was set nowhere: null is a value.
    ///
    /// # Errors
    /// As [`Self::setting`].
    pub fn effective_value(&self, scope: &ScopeRef, key: &str, default: Value) -> Result<Value> {
        Ok(self.resolve_setting(scope, key)?.map_or(default, |resolved| resolved.value))
    }

    /// The life of the setting of a key in this very scope, oldest first.
    ///
    /// # Errors
    /// As [`Self::setting`].
    pub fn setting_history(&self, scope: &ScopeRef, key: &str) -> Result<Vec<SettingChangeInfo>> {
        self.ask(Operation::ConfigHistory, |ask| {
            ask.settings(scope)?;
            Ok(ask.moment.setting_history(scope, key)?)
        })
    }
}
