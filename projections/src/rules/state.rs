//! The fold over rules.

use super::RulesEvent;
use crate::Envelope;
use crate::canonical::{Input, InputError, Output};
use crate::identity::Identity;
use crate::objects::Objects;
use crate::sharing::Sharing;
use crate::store::transact;
use crate::tenancy::Tenancy;

/// To come.
#[derive(Debug, Clone, Default)]
pub struct Rules {}
transact!(Rules {});

impl Rules {
    pub(crate) fn apply(
        &mut self,
        _at: &Envelope,
        _event: &RulesEvent,
        _identity: &Identity,
        _tenancy: &Tenancy,
        _objects: &Objects,
        _sharing: &Sharing,
    ) {
    }
    pub(crate) fn save(&self, _out: &mut impl Output) {}
    pub(crate) fn load(_input: &mut Input<'_>) -> Result<Self, InputError> {
        Ok(Self {})
    }
}
