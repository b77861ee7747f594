//! What brings principals and relationships back.

use crate::data::Data;
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
        // Archived then and now: nothing else about it changes any more.
        if now.status == Status::Archived {
            return Ok(None);
        }
        if then.described != now.described {
            let description = self.data(then.described)?;
            let describe = identity::DescribePrincipal { principal: id, description, expected_version: None };
            self.step(Phase::PrincipalsBack, 1, describe);
        }
        let kind = self.then.identity().kind(then);
        if kind != self.now.identity().kind(now) {
            let kind = kind.to_owned();
            self.step(
                Phase::PrincipalsBack,
                1,
                identity::ChangeKind { principal: id, kind, expected_version: None },
            );
        }
        if then.handle != now.handle {
            let handle = then.handle.as_deref().and_then(|handle| handle.parse().ok());
            // What is given up makes room for what is taken.
            let order = if handle.is_none() { 1 } else { 2 };
            self.step(
                Phase::PrincipalsBack,
                order,
                identity::SetHandle { principal: id, handle, expected_version: None },
            );
        }
        if then.operator != now.operator {
            let phase = if then.operator { Phase::PrincipalsBack } else { Phase::PrincipalsGone };
            self.step(phase, 1, identity::SetOperator { principal: id, operator: then.operator });
        }
        Ok(None)
    }

    pub(crate) fn edge(&mut self, id: EdgeId) -> Result<Problem> {
        let now = self.now.identity().relations();
        let Some(edge) = now.get(id) else { return Ok(None) };
        let then = self.then.identity().relations().get(id).filter(|then| then.is_live());
        let metadata = match then {
            Some(then) => self.history.payload(then.added)?.map(Data::from_canonical).transpose()?,
            None => None,
        };
        let same = match then {
            Some(then) if edge.is_live() && then.added != edge.added => {
                let current = self.history.payload(edge.added)?.map(Data::from_canonical).transpose()?;
                current == metadata
            }
            then => then.is_some() == edge.is_live(),
        };
        if same {
            return Ok(None);
        }
        if edge.is_live() {
            let phase = if then.is_some() { Phase::PrincipalsBack } else { Phase::MembersGone };
            let reason = Some("rolled back".to_owned());
            self.step(phase, 3, identity::RemoveRelationship { edge: id, reason });
        }
        if then.is_some() {
            let end = |row| self.now.identity().id(row);
            let (parent, child) = (end(edge.parent), end(edge.child));
            let label = now.label(edge).to_owned();
            let add = identity::AddRelationship { edge: Some(id), parent, child, label, metadata };
            self.step(Phase::PrincipalsBack, 4, add);
        }
        Ok(None)
    }
}
