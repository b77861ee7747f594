//! The fold over config.

use super::ConfigEvent;
use crate::Envelope;
use crate::canonical::{Input, InputError, Output};
use crate::store::transact;
use crate::tenancy::Tenancy;

/// To come.
#[derive(Debug, Clone, Default)]
pub struct Config {}
transact!(Config {});

impl Config {
    pub(crate) fn apply(&mut self, _at: &Envelope, _event: &ConfigEvent, _tenancy: &Tenancy) {}
    pub(crate) fn save(&self, _out: &mut impl Output) {}
    pub(crate) fn load(_input: &mut Input<'_>) -> Result<Self, InputError> {
        Ok(Self {})
    }
}
