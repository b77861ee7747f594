//! What can be asked about rules: lists, one in detail, how a quota or a switch stands, what the rules alone would say.

use crate::authorize::{Request, Rule as Decided, Target, way};
use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::rules::outside::Known;
use crate::rules::policy::{Policy, Way, connector};
use scoped_projections::rules::{
    Action, Asked, Attribute, Binding, Class, Clause, Content, Declared, Entry, Per, Rule, Targets, Version,
};
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::Effect;
use scoped_projections::{BindingId, Micros, PrincipalId, RuleId, Sequence};
use serde::Serialize;

/// Which rules a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RuleFilter {
    /// Of this class.
    pub class: Option<Class>,
    /// With this effect.
    pub effect: Option<Effect>,
    /// Also those that are archived.
    pub with_archived: bool,
}

/// A rule, as a list gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleInfo {
    /// Its id.
    pub rule: RuleId,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub class: Class,
    /// Allow or deny.
    pub effect: Effect,
    /// The higher, the earlier.
    pub priority: i32,
    /// When it holds.
    pub when: Clause,
    /// What it does besides.
    pub does: Content,
    /// The scope that it is administered in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// Out of force?
    pub archived: bool,
    /// Its version.
    pub version: u32,
    /// The event that brought the version.
    pub since: u64,
    /// Bindings that hold.
    pub bindings: usize,
}

/// A version of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VersionInfo {
    /// 1, 2, 3 …
    pub version: u32,
    /// What the rule was called.
    pub name: String,
    /// Allow or deny.
    pub effect: Effect,
    /// The higher, the earlier.
    pub priority: i32,
    /// When it held.
    pub when: Clause,
    /// What it did besides.
    pub does: Content,
    /// The event that brought it.
    pub at: u64,
    /// Who brought it.
    pub by: PrincipalId,
    /// Why, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A binding of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BindingInfo {
    /// Its id.
    pub binding: BindingId,
    /// To what: all of it must hold; nothing is everywhere.
    pub to: Targets,
    /// The scope among it, by path or name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Does it hold?
    pub active: bool,
    /// 1, 2, 3 … counted up by each change.
    pub version: u32,
    /// The event that made it so.
    pub at: u64,
    /// Who made it so.
    pub by: PrincipalId,
}

/// A rule with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleDetail {
    /// As a list gives it.
    #[serde(flatten)]
    pub info: RuleInfo,
    /// What it is good for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it said, oldest first.
    pub versions: Vec<VersionInfo>,
    /// Where it holds and held, oldest first.
    pub bound: Vec<BindingInfo>,
}

/// How a limit or a quota stands at one of its bindings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsageInfo {
    /// Which binding.
    pub binding: BindingId,
    /// How many count now.
    pub used: u64,
    /// How many may.
    pub max_count: u64,
    /// How many are left.
    pub remaining: u64,
    /// When there is room again, µs since the epoch: for a limit that is exhausted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_at: Option<Micros>,
}

/// How a feature flag stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlagInfo {
    /// Its name.
    pub name: String,
    /// On?
    pub enabled: bool,
    /// The rule that decided; none when no rule did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleId>,
    /// For how many of a hundred.
    pub rollout_percentage: u8,
}

/// A rule that matched a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matched {
    /// Which.
    pub rule: RuleId,
    /// What it is called.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// By which binding.
    pub binding: BindingId,
    /// Allow or deny.
    pub effect: Effect,
    /// The higher, the earlier.
    pub priority: i32,
}

/// What the rules alone say: any deny denies, else any allow allows, else it is denied. Tenancy is not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evaluation {
    /// The outcome.
    pub allowed: bool,
    /// Every rule that matched, highest priority first.
    pub matching: Vec<Matched>,
    /// Those that deny.
    pub deny: Vec<Matched>,
    /// Those that allow.
    pub allow: Vec<Matched>,
    /// The position of the policy that was asked.
    pub position: u64,
}

impl<'a> Moment<'a> {
    /// The rules that fit, highest priority first, then oldest.
    #[must_use]
    pub fn rules(&self, filter: &RuleFilter) -> Vec<RuleInfo> {
        let rules = self.world.rules();
        let fits = |rule: &&Rule| {
            let effect = rules.current(rule).map(|version| version.body.effect);
            filter.class.is_none_or(|class| rule.class == class)
                && filter.effect.is_none_or(|wanted| effect == Some(wanted))
                && (filter.with_archived || !rule.archived)
        };
        let mut found: Vec<RuleInfo> =
            rules.iter().filter(fits).filter_map(|rule| self.rule_info(rule)).collect();
        found.sort_by_key(|info| std::cmp::Reverse(info.priority));
        found
    }

    /// A rule as it stands; `None` before its first version.
    pub(crate) fn rule_info(&self, rule: &Rule) -> Option<RuleInfo> {
        let (rules, version) = (self.world.rules(), self.world.rules().current(rule)?);
        let row = rules.row(rule.id)?;
        Some(RuleInfo {
            rule: rule.id,
            name: version.name.to_string(),
            class: rule.class,
            effect: version.body.effect,
            priority: version.body.priority,
            when: version.body.when.clone(),
            does: version.body.content.clone(),
            home: self.label(rule.home),
            archived: rule.archived,
            version: version.number,
            since: version.since.get(),
            bindings: rules.bindings_of(row).filter(|(_, binding)| rules.is_active(binding)).count(),
        })
    }

    fn label(&self, scope: u32) -> Option<String> {
        self.world.tenancy().at(scope).map(|node| node.label().to_owned())
    }

    /// A rule with its versions and bindings.
    ///
    /// # Errors
    /// When there is none with that id, or the log cannot be read.
    pub fn rule_detail(&self, id: RuleId) -> Result<RuleDetail> {
        let missing = || Error::refused("not_found", format!("there is no rule `{id}`"));
        let rules = self.world.rules();
        let (rule, row) = rules.get(id).zip(rules.row(id)).ok_or_else(missing)?;
        let info = self.rule_info(rule).ok_or_else(missing)?;
        let mut versions: Vec<VersionInfo> =
            rules.versions(rule).map(|version| self.rule_version_info(version)).collect::<Result<_>>()?;
        versions.reverse();
        let bound = rules.bindings_of(row).map(|(_, binding)| self.binding_info(binding)).collect();
        let description = self.said_of_rule(rule.described, "description")?;
        Ok(RuleDetail { info, description, versions, bound })
    }

    fn rule_version_info(&self, version: &Version) -> Result<VersionInfo> {
        Ok(VersionInfo {
            version: version.number,
            name: version.name.to_string(),
            effect: version.body.effect,
            priority: version.body.priority,
            when: version.body.when.clone(),
            does: version.body.content.clone(),
            at: version.since.get(),
            by: self.world.identity().id(version.by),
            reason: self.said_of_rule(version.since, "reason")?,
        })
    }

    fn binding_info(&self, binding: &Binding) -> BindingInfo {
        BindingInfo {
            binding: binding.id,
            to: binding.targets.as_ref().clone(),
            scope: self.label(binding.scope),
            active: self.world.rules().is_active(binding),
            version: binding.version,
            at: binding.changed.get(),
            by: self.world.identity().id(binding.by),
        }
    }

    /// A text in the payload of an event.
    fn said_of_rule(&self, at: Sequence, key: &str) -> Result<Option<String>> {
        let payload = self.history.payload(at)?;
        let value = payload.and_then(|data| serde_json::from_slice::<serde_json::Value>(&data).ok());
        Ok(value.and_then(|value| Some(value.get(key)?.as_str()?.to_owned())))
    }

    /// How a limit or a quota stands at each of its bindings, for somebody; empty for other rules. A quota that is bound to a principal
    /// that they are not, and do not belong to, is told as it stands for that one.
    #[must_use]
    pub fn rule_usage(&self, id: RuleId, whose: PrincipalId) -> Vec<UsageInfo> {
        let (rules, world) = (self.world.rules(), self.world);
        let Some((rule, row)) = rules.get(id).zip(rules.row(id)) else { return Vec::new() };
        let Some(version) = rules.current(rule) else { return Vec::new() };
        let who = world.identity().row(whose).unwrap_or(NO_ROW);
        let one = |(at, binding): (u32, &Binding)| {
            let (used, max_count, free_at) = match &version.body.content {
                Content::RateLimit(limit) => {
                    let whose = if limit.per == Per::Actor { who } else { NO_ROW };
                    let standing = rules.standing(at, whose, limit, self.now.read(), 0);
                    let full = standing.count >= limit.max_count;
                    let free_at = standing.free_at.filter(|_| full);
                    (u64::from(standing.count), u64::from(limit.max_count), free_at)
                }
                Content::Quota(quota) => {
                    // Bound to a group it holds for each member apart, as it does where it is decided (`limits.rs`).
                    let holds = binding.principal == NO_ROW
                        || (who != NO_ROW
                            && world.identity().selves(who).any(|one| one == binding.principal));
                    let owner = if holds { who } else { binding.principal };
                    let used = super::limits::used(world, at, quota, owner, self.now.read());
                    (used, quota.max_count, None)
                }
                _ => return None,
            };
            let remaining = max_count.saturating_sub(used);
            Some(UsageInfo { binding: binding.id, used, max_count, remaining, free_at })
        };
        rules.bindings_of(row).filter(|(_, binding)| rules.is_active(binding)).filter_map(one).collect()
    }

    /// How a feature flag stands for a principal (or nobody in particular), seen from a scope (or none).
    #[must_use]
    pub fn flag(&self, name: &str, principal: Option<PrincipalId>, scope: Option<u32>) -> FlagInfo {
        let world = self.world;
        let actor = principal.and_then(|id| world.identity().row(id)).unwrap_or(NO_ROW);
        let asked = Asked {
            scopes: scope.as_slice(),
            now: Attribute::Is(self.now.read()),
            connector: connector(world, actor),
            ..Asked::about(world.identity(), world.tenancy(), actor, Action::Read)
        };
        // A switch is looked at from a scope, not from a type: what a type is declared to be does not arise.
        let here = Asked { object: Attribute::None, object_type: Attribute::None, ..asked };
        let Declared { environment, classification, .. } = world.rules().declared(&here);
        let asked = Asked { environment, classification, ..asked };
        let switch = world.rules().switch(name, &asked);
        let rule = switch.rule.and_then(|row| world.rules().at(row)).map(|rule| rule.id);
        let (enabled, rollout_percentage) = (switch.enabled, switch.rollout_percentage);
        FlagInfo { name: name.to_owned(), enabled, rule, rollout_percentage }
    }

    /// All feature flags, by name, as they stand for somebody.
    #[must_use]
    pub fn flags(&self, principal: Option<PrincipalId>, scope: Option<u32>) -> Vec<FlagInfo> {
        let rules = self.world.rules();
        let live =
            |name: &&str| rules.flags_named(name).any(|row| rules.at(row).is_some_and(|r| !r.archived));
        rules.flag_names().into_iter().filter(live).map(|name| self.flag(name, principal, scope)).collect()
    }

    /// What the rules alone say about a question.
    #[must_use]
    pub fn evaluate(&self, actor: PrincipalId, request: Request<'_>) -> Evaluation {
        let world = self.world;
        let row = world.identity().row(actor).unwrap_or(NO_ROW);
        let known = Known::new(request.data);
        let (scopes, owner): (Vec<u32>, bool) = match request.target {
            Target::Scope(scope) | Target::Below(scope) => (vec![scope], false),
            Target::Object(at) => {
                let open = |scope: &u32| world.tenancy().at(*scope).is_some_and(|node| !node.archived);
                let shares = world.sharing().scopes(at).map(|(scope, _)| scope).filter(open);
                (shares.collect(), world.objects().at(at).is_some_and(|object| object.owner == row))
            }
            Target::Own => (Vec::new(), true),
            Target::Deployment | Target::Nothing => (Vec::new(), false),
        };
        let ways: Vec<Way> = scopes.iter().map(|scope| way(world, row, *scope, self.now)).collect();
        let entries = Policy::new(world, row, request, self.now, &known).matching(&ways, owner);
        let matching: Vec<Matched> = entries.iter().map(|entry| self.matched(entry)).collect();
        let with = |effect| matching.iter().filter(|one| one.effect == effect).cloned().collect::<Vec<_>>();
        let (deny, allow) = (with(Effect::Deny), with(Effect::Allow));
        let allowed = deny.is_empty() && !allow.is_empty();
        Evaluation { allowed, matching, deny, allow, position: world.position().get() }
    }

    fn matched(&self, entry: &Entry) -> Matched {
        let rules = self.world.rules();
        let Decided::Policy { rule, version, binding, .. } =
            Decided::policy(rules, entry.version, entry.binding)
        else {
            let (rule, binding) = (RuleId::NONE, BindingId::NONE);
            return Matched {
                rule,
                name: String::new(),
                version: 0,
                binding,
                effect: entry.effect,
                priority: 0,
            };
        };
        let name = rules.version(entry.version).map_or_else(String::new, |version| version.name.to_string());
        let (effect, priority) = (entry.effect, entry.priority);
        Matched { rule, name, version, binding, effect, priority }
    }
}
