//! No state: what was refused changed nothing.

use super::AuditEvent;
use crate::Envelope;
use crate::canonical::{Input, InputError, Output};
use crate::store::transact;

/// Stands in the list of states so that refusals are events like all others.
#[derive(Debug, Clone, Copy, Default)]
pub struct Audit {}
transact!(Audit {});

impl Audit {
    pub(crate) fn apply(&mut self, _at: &Envelope, _event: &AuditEvent) {}
    pub(crate) fn save(&self, _out: &mut impl Output) {}
    pub(crate) fn load(_input: &mut Input<'_>) -> Result<Self, InputError> {
        Ok(Self {})
    }
}
