//! An answer in few bytes, with its reason by row: names are put to it when somebody wants them.
//!
//! Why: what names a reason lies in memory that nobody else touches. Whoever wants yes or no does not wait for it.

use super::{Decision, Rule, Tier};
use scoped_projections::rules::Entry;
use scoped_projections::tenancy::{Capability, Role};
use scoped_projections::{EntryId, Sequence, World};

/// What spoke on a way: most walks find more than they need, and only what decided is ever told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spoken {
    pub(super) tier: Tier,
    /// The role of a member; otherwise it was an entry of the list.
    pub(super) role: Option<Role>,
    pub(super) scope: u32,
    /// Row of the member or of the entry.
    pub(super) row: u32,
}

impl Spoken {
    /// With its names.
    pub(super) fn rule(&self, world: &World) -> Rule {
        let (tenancy, scope) = (world.tenancy(), self.scope);
        match self.role {
            Some(role) => {
                let since = tenancy.member(scope, self.row).map_or(Sequence::NONE, |member| member.since);
                Rule::Member { scope, role, since }
            }
            None => {
                let entry = tenancy.entry_at(self.row);
                let (id, since) =
                    entry.map_or((EntryId::NONE, Sequence::NONE), |entry| (entry.id, entry.since));
                Rule::Entry { scope, entry: id, since }
            }
        }
    }
}

/// A rule of the policy that spoke: rows of its version and of its binding.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    version: u32,
    binding: u32,
}

impl Bound {
    pub(super) fn of(entry: &Entry) -> Self {
        Self { version: entry.version, binding: entry.binding }
    }
}

/// Why it was answered so.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ground {
    Nothing,
    Inactive,
    Tombstoned,
    Operator,
    Active,
    Owner,
    Spoken(Spoken),
    Policy(Bound),
    Governed(Bound),
}

/// An answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// May they?
    pub(crate) allowed: bool,
    /// A rule looks at data that the question did not carry.
    pub(crate) wants_data: bool,
    pub(super) tier: Tier,
    pub(super) ground: Ground,
    /// The scope that it was reached through.
    pub(super) via: Option<u32>,
    /// Where rules govern: the one that allowed.
    pub(super) granted: Option<Bound>,
}

impl Outcome {
    /// With its names, from the world that was asked.
    pub(crate) fn told(&self, world: &World, capability: Capability) -> Decision {
        let rules = world.rules();
        let policy = |bound: Bound| Rule::policy(rules, bound.version, bound.binding);
        let rule = match self.ground {
            Ground::Nothing => Rule::Nothing,
            Ground::Inactive => Rule::Inactive,
            Ground::Tombstoned => Rule::Tombstoned,
            Ground::Operator => Rule::Operator,
            Ground::Active => Rule::Active,
            Ground::Owner => Rule::Owner,
            Ground::Spoken(spoken) => spoken.rule(world),
            Ground::Policy(bound) => policy(bound),
            Ground::Governed(bound) => Rule::governed(rules, bound.version, bound.binding),
        };
        Decision {
            allowed: self.allowed,
            capability,
            tier: self.tier,
            rule,
            via: self.via,
            granted: self.granted.map(policy),
            wants_data: self.wants_data,
            position: world.position(),
        }
    }
}
