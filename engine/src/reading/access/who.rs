//! Everybody who holds a capability, and through what.

use super::Resource;
use crate::authorize::Target;
use crate::error::Result;
use crate::info::Grant;
use crate::kernel::execute::Result as Asked;
use crate::moment::Moment;
use crate::reading::views::{Cursor, EXAMINED_MAX, Eyes, Page, page_size, question};
use crate::reading::{Operation, Reading};
use scoped_projections::World;
use scoped_projections::tenancy::{Capability as C, Effect, Subject};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Who may do that?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Who {
    /// With what.
    pub resource: Resource,
    /// What they would have to hold.
    pub capability: C,
    /// Principals of a page, 1 to 500; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Where the page begins: what the page before gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Who {
    /// Who may do this with that?
    #[must_use]
    pub fn may(capability: C, resource: impl Into<Resource>) -> Self {
        Self { resource: resource.into(), capability, limit: None, cursor: None }
    }
}

impl Reading {
    /// A page of those who may, oldest principal first; takes `scope.audit.read` there.
    ///
    /// # Errors
    /// When it is not this principal's to ask, or the cursor belongs to another question.
    pub fn who(&self, who: &Who) -> Result<Page<Grant>> {
        let size = page_size(who.limit)?;
        let cursor = who.cursor.as_deref().map(Cursor::parse).transpose()?;
        self.pinned(cursor, |reading| {
            reading.ask(Operation::AccessWho, |ask| {
                let eyes = Eyes::of(ask, cursor.map(|cursor| cursor.time));
                eyes.need(C::AuditRead, who.resource.target(eyes.world()))?;
                Ok((page(&eyes, who, size, cursor)?, eyes.world().position()))
            })
        })
    }
}

fn page(eyes: &Eyes<'_>, who: &Who, size: usize, cursor: Option<Cursor>) -> Asked<Page<Grant>> {
    let moment = &eyes.moment;
    let text = serde_json::to_string(&who.resource).unwrap_or_default();
    let asked = question(&[b"who", &eyes.name(), &[who.capability.tag()], text.as_bytes()]);
    let mut from = 0;
    if let Some(cursor) = cursor {
        cursor.check(asked)?;
        from = cursor.item;
    }
    let target = who.resource.target(moment.world);
    let holders = Holders::of(moment.world, who.capability, target);
    let position = moment.world.position();
    let mut page = Page { position: position.get(), items: Vec::new(), complete: true, next_cursor: None };
    let first = usize::try_from(from).unwrap_or(usize::MAX);
    for (row, principal) in moment.world.identity().iter().enumerate().skip(first) {
        let full = page.items.len() == size;
        if full || row - first >= EXAMINED_MAX {
            // The next candidate may turn out to be none: a page may be empty without being wrong.
            page.complete = false;
            page.next_cursor = Some(Cursor::new(position, moment.now, 0, row as u64, asked).text());
            break;
        }
        if holders.may_hold(moment.world, row as u32) {
            page.items.extend(moment.grant(principal.id, who.capability, target));
        }
    }
    Ok(page)
}

/// Those for whom some rule may speak: whoever is none of them is denied without a look.
enum Holders {
    /// An allow speaks to everybody, or the question is not about a scope.
    Anybody,
    /// Rows of owners, members and subjects of entries; groups among them speak for whoever belongs to them.
    These(HashSet<u32>),
}

impl Holders {
    fn of(world: &World, capability: C, target: Target) -> Self {
        let (mut these, mut scopes) = (HashSet::new(), Vec::new());
        match target {
            Target::Scope(row) | Target::Below(row) => scopes.push(row),
            Target::Object(object) => {
                these.extend(world.objects().at(object).map(|object| object.owner));
                scopes.extend(world.sharing().of(object).iter().map(|share| share.scope));
            }
            Target::Own | Target::Deployment => return Self::Anybody,
            Target::Nothing => {}
        }
        let tenancy = world.tenancy();
        for row in scopes.into_iter().flat_map(|row| tenancy.chain(row)) {
            these.extend(tenancy.members(row).map(|(principal, _)| principal));
            for entry in tenancy.entries(row).filter(|entry| entry.effect == Effect::Allow) {
                if !entry.capability.matches().contains(capability) {
                    continue;
                }
                match entry.subject {
                    Subject::Any => return Self::Anybody,
                    Subject::Principal(id) => these.extend(world.identity().row(id)),
                    Subject::Role(_) => {} // who holds a role is a member
                }
            }
        }
        Self::These(these)
    }

    fn may_hold(&self, world: &World, principal: u32) -> bool {
        match self {
            Self::Anybody => true,
            Self::These(these) => world.identity().selves(principal).any(|own| these.contains(&own)),
        }
    }
}

impl Moment<'_> {
    fn grant(&self, actor: scoped_projections::PrincipalId, capability: C, target: Target) -> Option<Grant> {
        let decision = self.can(actor, capability, target);
        decision.allowed.then(|| Grant { actor, why: self.reason(&decision) })
    }

    /// Everybody who may do this with something, oldest principal first, and why.
    #[must_use]
    pub fn who(&self, capability: C, target: Target) -> Vec<Grant> {
        let holders = Holders::of(self.world, capability, target);
        let all = self.world.identity().iter().enumerate();
        all.filter(|(row, _)| holders.may_hold(self.world, *row as u32))
            .filter_map(|(_, principal)| self.grant(principal.id, capability, target))
            .collect()
    }
}
