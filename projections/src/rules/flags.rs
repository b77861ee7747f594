//! Feature flags: which switch is on, for whom.
//!
//! Of the rules with a name that match, the one of the highest priority decides; of equals the oldest. A flag that asks for what
//! the question does not say does not match. Buckets are stable: a principal that is in at 20 % is in at 30 %, and the salt keeps the
//! buckets of flags apart. Flags grant nothing.

use super::{Asked, Content, Rules, Truth};
use crate::PrincipalId;
use crate::store::NO_ROW;

/// How a switch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// On?
    pub enabled: bool,
    /// Row of the rule that decided; `None` when no rule did.
    pub rule: Option<u32>,
    /// For how many of a hundred it is on, 0 when no rule decided.
    pub rollout_percentage: u8,
}

/// The bucket of a principal, 0 to 99: the first 32 bits of a digest.
#[must_use]
pub fn bucket(principal: PrincipalId, salt: &str, name: &str) -> u8 {
    let digest = blake3::hash(format!("{principal}:{salt}:{name}").as_bytes());
    let mut first = [0; 4];
    first.copy_from_slice(&digest.as_bytes()[..4]);
    (u32::from_be_bytes(first) % 100) as u8
}

impl Rules {
    /// Is the feature of that name on? A question without actor is one for nobody in particular.
    #[must_use]
    pub fn switch(&self, name: &str, asked: &Asked<'_>) -> Switch {
        let mut best: Option<(i32, u32)> = None;
        for row in self.flags_named(name) {
            let Some(rule) = self.at(row).filter(|rule| !rule.archived) else { continue };
            let Some(version) = self.current(rule) else { continue };
            let priority = version.body.priority;
            if best.is_some_and(|(highest, _)| highest >= priority) {
                continue;
            }
            let bound = self.bindings_of(row).any(|(_, binding)| {
                let to = &*binding.targets;
                let here = |row: u32| asked.scopes.iter().any(|scope| asked.tenancy.is_within(*scope, row));
                !binding.removed
                    && (to.scope.is_none() || (binding.scope != NO_ROW && here(binding.scope)))
                    && (to.principal.is_none() || asked.is_self(binding.principal))
                    && to.object_type.as_ref().is_none_or(|w| asked.object_type.value() == Some(&**w))
                    && (to.object.is_none()
                        || asked.object.value().is_some_and(|(row, _)| row == binding.object))
                    && to
                        .environment
                        .as_ref()
                        .is_none_or(|w| asked.environment.says(|is| is == w) == Truth::Yes)
                    && to.connector.as_ref().is_none_or(|w| asked.connector.value() == Some(&**w))
            });
            if bound && asked.holds(&version.body.when) == Truth::Yes {
                best = Some((priority, row));
            }
        }
        let off = Switch { enabled: false, rule: None, rollout_percentage: 0 };
        let Some((_, row)) = best else { return off };
        let current = self.at(row).and_then(|rule| self.current(rule));
        let Some(Content::FeatureFlag(flag)) = current.map(|version| &version.body.content) else {
            return off;
        };
        let rolled_out = flag.rollout_percentage >= 100
            || asked
                .identity
                .at(asked.actor)
                .is_some_and(|who| bucket(who.id, &flag.salt, name) < flag.rollout_percentage);
        let rollout_percentage = flag.rollout_percentage;
        Switch { enabled: flag.enabled && rolled_out, rule: Some(row), rollout_percentage }
    }
}
