//! The fold over contracts.

use super::ContractsEvent;
use crate::Envelope;
use crate::canonical::{Input, InputError, Output};
use crate::store::transact;
use crate::tenancy::Tenancy;

/// To come.
#[derive(Debug, Clone, Default)]
pub struct Contracts {}
transact!(Contracts {});

impl Contracts {
    pub(crate) fn apply(&mut self, _at: &Envelope, _event: &ContractsEvent, _tenancy: &Tenancy) {}
    pub(crate) fn save(&self, _out: &mut impl Output) {}
    pub(crate) fn load(_input: &mut Input<'_>) -> Result<Self, InputError> {
        Ok(Self {})
    }
}
