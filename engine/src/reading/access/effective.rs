//! Everything that somebody may do in one scope.

use super::AccessAnswer;
use crate::error::Result;
use crate::moment::Moment;
use crate::reading::views::Eyes;
use crate::reading::{Operation, Reading};
use crate::tenancy::ScopeRef;
use scoped_projections::PrincipalId;
use scoped_projections::tenancy::Capability as C;

impl Reading {
    /// Every capability, allowed or denied there, with its reason as far as whoever asks may know it.
    ///
    /// # Errors
    /// When it is not this principal's to ask.
    pub fn effective(&self, actor: PrincipalId, scope: &ScopeRef) -> Result<Vec<AccessAnswer>> {
        self.ask(Operation::AccessEffective, |ask| {
            let eyes = Eyes::of(ask, None);
            let target = scope.target(eyes.world().tenancy());
            eyes.may_ask(actor, target)?;
            let audits = eyes.holds(C::AuditRead, target);
            Ok(answers(&eyes.moment, actor, scope, audits))
        })
    }
}

impl Moment<'_> {
    /// Every capability of a principal in a scope, with its reason.
    #[must_use]
    pub fn effective(&self, actor: PrincipalId, scope: &ScopeRef) -> Vec<AccessAnswer> {
        answers(self, actor, scope, true)
    }
}

fn answers(moment: &Moment<'_>, actor: PrincipalId, scope: &ScopeRef, audits: bool) -> Vec<AccessAnswer> {
    let target = scope.target(moment.world.tenancy());
    let answer = |capability: &C| {
        let decision = moment.can(actor, *capability, target);
        moment.told(&decision, decision.allowed || audits)
    };
    C::ALL.iter().map(answer).collect()
}
