//! Questions about access.

use super::{Operation, Reading};
use crate::error::Result;
use crate::info::Grant;
use crate::kernel::execute::object_target;
use scoped_projections::tenancy::Capability as C;
use scoped_projections::{ObjectId, PrincipalId};

impl Reading {
    /// May a principal do this with an object? About oneself everybody may ask; about others whoever audits its scope.
    ///
    /// # Errors
    /// When it is not this principal's to ask.
    pub fn can(&self, actor: PrincipalId, capability: C, object: ObjectId) -> Result<bool> {
        self.ask(Operation::AccessCheck, |ask| {
            let target = object_target(ask.moment.world, object);
            if actor != ask.actor {
                ask.need(C::AuditRead, target)?;
            }
            Ok(ask.moment.can(actor, capability, target).allowed)
        })
    }

    /// Who may do this with an object, and why.
    ///
    /// # Errors
    /// When this principal may not audit it.
    pub fn who(&self, capability: C, object: ObjectId) -> Result<Vec<Grant>> {
        self.ask(Operation::AccessWho, |ask| {
            let target = object_target(ask.moment.world, object);
            ask.need(C::AuditRead, target)?;
            Ok(ask.moment.who(capability, target))
        })
    }
}
