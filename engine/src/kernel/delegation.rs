//! Acting for another: allowed by a live `acts_for` relationship between two active principals, and told in the log.
//!
//! The rights of the one acted for decide, so that a delegate reaches what it was made a delegate for and needs no rights of its own; what
//! a deny keeps from the delegate itself it does not get this way either. The facts carry the name of the one acted for, and their
//! cause is an `identity.acted_on_behalf` by the delegate: the audit trail of either finds them.
//! Delegation does not go on: who acts for another can neither make nor end delegations in its name.

use super::execute::{Refusal, Result};
use crate::authorize::{Decision, Request, Rule, Target};
use scoped_projections::tenancy::Capability;
use scoped_projections::{PrincipalId, World};

/// May `agent` act for `principal`? Who is not there and who did not say so refuse alike.
pub(super) fn delegated(world: &World, agent: PrincipalId, principal: PrincipalId) -> Result<()> {
    let identity = world.identity();
    let rows = identity.row(agent).zip(identity.row(principal));
    match rows.and_then(|(agent, principal)| identity.acts_for(agent, principal)) {
        Some(_) => Ok(()),
        None => Err(Refusal::Denied(Request::new(Capability::PrincipalsManage, Target::Nothing))),
    }
}

/// Does a rule keep this from the agent itself? That nothing speaks for it is no reason: the other's rights do.
pub(super) fn forbids(of_agent: &Decision) -> bool {
    let silent = matches!(of_agent.rule, Rule::Nothing | Rule::Tombstoned | Rule::Governed { .. });
    !of_agent.allowed && !silent
}
