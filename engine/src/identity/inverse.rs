//! What brings principals and relationships back.

use crate::error::Result;
use crate::identity;
use crate::temporal::{Inverse, Phase, Problem};
use scoped_projections::identity::Status;
use scoped_projections::{EdgeId, PrincipalId};

impl Inverse<'_> {
    pub(crate) fn principal(&mut self, id: PrincipalId) -> Result<Problem> {
        let Some(now) = self.now.identity().get(id) else { return Ok(None) };
        let Some(then) = self.then.identity().get(id) else {
            if now.status == Status::Active {
                self.step(Phase::PrincipalsGone, 0, identity::SuspendPrincipal { principal: id });
            }
            return Ok(None);
        };
        match (then.status, now.status) {
            (then, now) if then == now => {}
            (_, Status::Archived) => return Ok(Some("archiving a principal is for good".to_owned())),
            (Status::Active, _) => {
                self.step(Phase::PrincipalsBack, 0, identity::ReinstatePrincipal { principal: id })
            }
            _ => self.step(Phase::PrincipalsGone, 0, identity::SuspendPrincipal { principal: id }),
        }
        if then.described != now.described {
            let description = self.data(then.described)?;
            self.step(Phase::PrincipalsBack, 1, identity::DescribePrincipal { principal: id, description });
        }
        if then.operator != now.operator {
            let phase = if then.operator { Phase::PrincipalsBack } else { Phase::PrincipalsGone };
            self.step(phase, 1, identity::SetOperator { principal: id, operator: then.operator });
        }
        Ok(None)
    }

    pub(crate) fn edge(&mut self, _: EdgeId) -> Problem {
        None
    }
}
