//! The fold over templates.

use super::TemplatesEvent;
use crate::Envelope;
use crate::canonical::{Input, InputError, Output};
use crate::identity::Identity;
use crate::store::transact;
use crate::tenancy::Tenancy;

/// To come.
#[derive(Debug, Clone, Default)]
pub struct Templates {}
transact!(Templates {});

impl Templates {
    pub(crate) fn apply(
        &mut self,
        _at: &Envelope,
        _event: &TemplatesEvent,
        _identity: &Identity,
        _tenancy: &Tenancy,
    ) {
    }
    pub(crate) fn save(&self, _out: &mut impl Output) {}
    pub(crate) fn load(_input: &mut Input<'_>) -> Result<Self, InputError> {
        Ok(Self {})
    }
}
