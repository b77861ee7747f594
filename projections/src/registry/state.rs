//! The fold over registry.

use super::RegistryEvent;
use crate::Envelope;
use crate::canonical::{Input, InputError, Output};
use crate::store::transact;

/// To come.
#[derive(Debug, Clone, Default)]
pub struct Registry {}
transact!(Registry {});

impl Registry {
    pub(crate) fn apply(&mut self, _at: &Envelope, _event: &RegistryEvent) {}
    pub(crate) fn save(&self, _out: &mut impl Output) {}
    pub(crate) fn load(_input: &mut Input<'_>) -> Result<Self, InputError> {
        Ok(Self {})
    }
}
