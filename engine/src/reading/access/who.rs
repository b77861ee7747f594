//! Everybody who holds a capability, and through what.

use super::Resource;
use crate::authorize::{Request, Target};
use crate::error::Result;
use crate::info::Grant;
use crate::kernel::execute::Result as Asked;
use crate::moment::Moment;
use crate::reading::views::{Cursor, EXAMINED_MAX, Eyes, Page, page_size, question};
use crate::reading::{Operation, Reading};
use roaring::RoaringBitmap;
use scoped_projections::World;
use scoped_projections::identity::{Direction, MEMBER_OF, Walk};
use scoped_projections::rules::Action;
use scoped_projections::tenancy::{Capability as C, Effect, Subject};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// Who may do that?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Who {
    /// With what.
    pub resource: Resource,
    /// What they would have to hold.
    pub capability: C,
    /// What they would do with it, where rules of the policy may speak about that alone; absent: what one mostly does with the capability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
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
        Self { resource: resource.into(), capability, action: None, limit: None, cursor: None }
    }
    /// The same, about one action.
    #[must_use]
    pub fn doing(mut self, action: Action) -> Self {
        self.action = Some(action);
        self
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
    let asked = question(&[
        b"who",
        &eyes.name(),
        &[who.capability.tag(), who.action.map_or(0, Action::tag)],
        text.as_bytes(),
    ]);
    let mut from = 0;
    if let Some(cursor) = cursor {
        cursor.check(asked)?;
        from = cursor.item;
    }
    let target = who.resource.target(moment.world);
    let candidates = candidates(moment.world, who.capability, target);
    let position = moment.world.position();
    let mut page = Page { position: position.get(), items: Vec::new(), complete: true, next_cursor: None };
    let first = u32::try_from(from).unwrap_or(u32::MAX);
    for (examined, row) in candidates.range(first..).enumerate() {
        if page.items.len() == size || examined >= EXAMINED_MAX {
            // The next candidate may turn out to be none: a page may be empty without being wrong.
            page.complete = false;
            page.next_cursor =
                Some(Cursor::new(position, moment.now.read(), 0, u64::from(row), asked).text());
            break;
        }
        page.items.extend(moment.grant(row, Request::about(who.capability, who.action, target)));
    }
    Ok(page)
}

/// Rows of those for whom some rule may speak: whoever is none of them is denied without a look.
///
/// From the owners, members and subjects of entries down to those who belong to them. Cost: those, not all principals there are; unless an
/// allow speaks to everybody, or the question is not about a scope.
fn candidates(world: &World, capability: C, target: Target) -> RoaringBitmap {
    let (identity, tenancy) = (world.identity(), world.tenancy());
    let (mut found, mut scopes) = (RoaringBitmap::new(), SmallVec::<[u32; 4]>::new());
    let anybody = || (0..identity.len() as u32).collect();
    match target {
        Target::Scope(row) | Target::Below(row) => scopes.push(row),
        Target::Object(object) => {
            found.extend(world.objects().at(object).map(|object| object.owner));
            scopes.extend(world.sharing().scopes(object).map(|(scope, _)| scope));
        }
        Target::Own | Target::Deployment => return anybody(),
        Target::Nothing => {}
    }
    for row in scopes.into_iter().flat_map(|row| tenancy.chain(row)) {
        found.extend(tenancy.members(row).map(|(principal, _)| principal));
        for entry in tenancy.entries(row).filter(|entry| entry.effect == Effect::Allow) {
            if !entry.capability.matches().contains(capability) {
                continue;
            }
            match entry.subject {
                Subject::Any => return anybody(),
                Subject::Principal(id) => found.extend(identity.row(id)),
                Subject::Role(_) => {} // who holds a role is a member
            }
        }
    }
    let relations = identity.relations();
    let Some(label) = relations.label_number(MEMBER_OF) else { return found };
    let mut next: Vec<u32> = found.iter().collect();
    while let Some(group) = next.pop() {
        let members = Walk { direction: Direction::Down, label: Some(label), max_depth: 1 };
        let below = relations.walk(group, members, |_| true);
        next.extend(below.into_iter().map(|reached| reached.principal).filter(|row| found.insert(*row)));
    }
    found
}

impl Moment<'_> {
    fn grant(&self, row: u32, request: Request<'_>) -> Option<Grant> {
        let actor = self.world.identity().id(row);
        let decision = self.decide(actor, request);
        decision.allowed.then(|| Grant { actor, why: self.reason(&decision) })
    }

    /// Everybody who may do this with something, oldest principal first, and why.
    #[must_use]
    pub fn who(&self, request: Request<'_>) -> Vec<Grant> {
        let candidates = candidates(self.world, request.capability, request.target).into_iter();
        candidates.filter_map(|row| self.grant(row, request)).collect()
    }
}
