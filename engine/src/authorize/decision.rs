//! What is answered, and the reason that goes with it.

use scoped_projections::rules::Rules;
use scoped_projections::tenancy::{Capability, Role};
use scoped_projections::{BindingId, EntryId, RuleId, Sequence};

/// At which level a decision fell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tier {
    /// The engine itself: inactive actors, operators.
    Deployment,
    /// The root scope.
    Tenant,
    /// A scope below the root.
    Scope,
    /// The actor's own things.
    Actor,
    /// No rule spoke.
    Default,
}

impl Tier {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::Tenant => "tenant",
            Self::Scope => "scope",
            Self::Actor => "actor",
            Self::Default => "default",
        }
    }
}

/// What decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Nothing spoke for the actor.
    Nothing,
    /// The actor is unknown, suspended or archived.
    Inactive,
    /// The object is tombstoned: only its owner sees it.
    Tombstoned,
    /// The actor is an operator.
    Operator,
    /// The actor is active, and that is enough.
    Active,
    /// The actor owns the object.
    Owner,
    /// The actor is a member of this scope.
    Member {
        /// Row of the scope.
        scope: u32,
        /// As what.
        role: Role,
        /// The event that made it so.
        since: Sequence,
    },
    /// An entry of this scope's access control list.
    Entry {
        /// Row of the scope.
        scope: u32,
        /// Which.
        entry: EntryId,
        /// The event that put it there.
        since: Sequence,
    },
    /// A rule of the policy.
    Policy {
        /// Which.
        rule: RuleId,
        /// Its version.
        version: u32,
        /// Where it is bound.
        binding: BindingId,
        /// The event that made it so.
        since: Sequence,
    },
    /// Rules govern the question, this one among them, and none allows.
    Governed {
        /// Which.
        rule: RuleId,
        /// Its version.
        version: u32,
        /// Where it is bound.
        binding: BindingId,
        /// The event that made it so.
        since: Sequence,
    },
}

impl Rule {
    /// The rule of the policy with that version and binding, by row.
    pub(crate) fn policy(rules: &Rules, version: u32, binding: u32) -> Self {
        let (rule, version, binding, since) = named(rules, version, binding);
        Self::Policy { rule, version, binding, since }
    }
    pub(super) fn governed(rules: &Rules, version: u32, binding: u32) -> Self {
        let (rule, version, binding, since) = named(rules, version, binding);
        Self::Governed { rule, version, binding, since }
    }
}

/// Rule, version, binding, and the event since which both are so.
fn named(rules: &Rules, version: u32, binding: u32) -> (RuleId, u32, BindingId, Sequence) {
    let (version, binding) = (rules.version(version), rules.binding_at(binding));
    let rule = version.and_then(|version| rules.at(version.rule)).map_or(RuleId::NONE, |rule| rule.id);
    let since =
        version.map_or(Sequence::NONE, |v| v.since).max(binding.map_or(Sequence::NONE, |b| b.changed));
    (rule, version.map_or(0, |v| v.number), binding.map_or(BindingId::NONE, |b| b.id), since)
}

/// The answer, with its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// May they?
    pub allowed: bool,
    /// What was asked.
    pub capability: Capability,
    /// Where it was decided.
    pub tier: Tier,
    /// What decided.
    pub rule: Rule,
    /// The scope that the object was reached through, by row.
    pub via: Option<u32>,
    /// Where rules govern the question: the one that allowed.
    pub granted: Option<Rule>,
    /// A rule looks at data that the question did not carry.
    pub wants_data: bool,
    /// The position of the world that was asked.
    pub position: Sequence,
}
