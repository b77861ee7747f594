//! The one authorization function. Every operation goes through it, reads included.
//!
//! In order (see the tenancy specification, "the decision rule"):
//!
//! ```text
//! 1  unknown or inactive actor                                    deny
//! 2  any deny in force on the way from the root to the target     deny, naming the outermost; no allow overrides it
//! 3  a voting rule that denies                                    deny; owners are not exempt
//! 4  owner of the object, or a role or an allow on that way       allow, naming the nearest …
//!    … unless rules govern the question and none of them allows   deny
//! 5  otherwise                                                    deny
//! ```
//!
//! Rules ([`crate::rules`]) narrow and never widen. They do not speak about changing rules, nor about what belongs to no scope.
//!
//! For an object the way is that of every scope it is projected into, and an allow counts as far as the projection's level
//! goes. It is pure: world, question and time in, decision out; so it answers for the past as for the present.
//! Units: one walk is at most 32 nodes; a node without list costs one probe of the membership map.

mod chain;
mod decision;
mod question;
mod reach;
mod witness;

pub(crate) use chain::way;
pub use decision::{Decision, Rule, Tier};
pub use question::{Request, Target};
pub(crate) use reach::reach;
pub use witness::Considered;
pub(crate) use witness::Witness;

use crate::rules::outside::Known;
use crate::rules::policy::{Policy, Way, Weight};
use chain::{Asker, Reach, Spoken};
use scoped_projections::identity::Status;
use scoped_projections::rules::{Actions, Entry};
use scoped_projections::tenancy::{Capability, Effect, Level};
use scoped_projections::{Micros, PrincipalId, World};
use smallvec::SmallVec;

/// May `actor` do this, here, at that time?
#[must_use]
pub(crate) fn authorize(world: &World, actor: PrincipalId, request: Request<'_>, now: Micros) -> Decision {
    decide(world, actor, request, now, &mut ())
}

/// The same decision, with every rule that was looked at.
#[must_use]
pub(crate) fn explain(
    world: &World,
    actor: PrincipalId,
    request: Request<'_>,
    now: Micros,
) -> (Decision, Vec<Considered>) {
    let mut considered = Vec::new();
    let decision = decide(world, actor, request, now, &mut considered);
    (decision, considered)
}

/// What allows access through a scope, if anything does, and the way there.
type Reached = (Option<Spoken>, Way);

fn decide(
    world: &World,
    actor: PrincipalId,
    request: Request<'_>,
    now: Micros,
    witness: &mut impl Witness,
) -> Decision {
    let Request { capability, target, .. } = request;
    if let Target::Object(row) = target {
        // Looked at last and farthest away: memory brings it while the actor is looked up.
        world.sharing().expect(row);
    }
    let known = Known::new(request.data);
    let decision = |allowed, tier, rule, via| Decision {
        allowed,
        capability,
        tier,
        rule,
        via,
        granted: None,
        wants_data: known.wanted(),
        position: world.position(),
    };
    let refuse = || decision(false, Tier::Default, Rule::Nothing, None);
    let (identity, tenancy) = (world.identity(), world.tenancy());
    let found = identity.row(actor).and_then(|row| Some((row, identity.at(row)?)));
    let Some((row, principal)) = found.filter(|(_, principal)| principal.status == Status::Active) else {
        witness.saw(Rule::Inactive, Effect::Deny, true, "the actor is unknown, suspended or archived");
        return decision(false, Tier::Deployment, Rule::Inactive, None);
    };
    let rules = world.rules();
    let governed = !rules.is_silent() && Actions::any().contains(request.action);
    let policy = || Policy::new(world, row, request, now, &known);
    let lists = governed.then_some(rules);
    let asker = || Asker::new(world, row, capability, now, lists);
    // Without a list that it could meet a question needs no policy.
    let meets = |way: &Way| !way.lists.is_empty() || rules.has_globals();
    // A deny by a rule, wherever it is bound.
    let denied = |policy: &Policy<'_>, (entry, scope): (&Entry, u32), via| {
        decision(false, policy.tier(scope), Rule::policy(rules, entry), via)
    };
    // What tenancy allows, if the rules that govern it do.
    let passed = |weight: Weight<'_>, tier, rule, via| match weight.verdict() {
        Ok(granted) => {
            let granted = granted.map(|entry| Rule::policy(rules, entry));
            Decision { granted, ..decision(true, tier, rule, via) }
        }
        Err(entry) => decision(false, Tier::Default, Rule::governed(rules, entry), via),
    };
    match target {
        Target::Own => {
            let mut weight = Weight::default();
            if governed {
                let mut policy = policy();
                policy.related(true, None);
                weight = policy.globally(&[], witness);
                if let Some(deny) = weight.deny {
                    return denied(&policy, deny, None);
                }
            }
            passed(weight, Tier::Actor, Rule::Active, None)
        }
        Target::Nothing => refuse(),
        Target::Deployment => {
            witness.saw(
                Rule::Operator,
                Effect::Allow,
                principal.operator,
                "operators may do what belongs to no scope",
            );
            if principal.operator { decision(true, Tier::Deployment, Rule::Operator, None) } else { refuse() }
        }
        Target::Scope(scope) | Target::Below(scope) => {
            let (verdict, way) = asker().along(scope, scope, Reach::of(target), witness);
            if let Some(deny) = verdict.deny {
                return decision(false, deny.tier, deny.rule(tenancy), Some(scope));
            }
            let mut weight = Weight::default();
            if governed && meets(&way) {
                let mut policy = policy();
                policy.related(false, way.role);
                weight = policy.globally(&[scope], witness).with(policy.through(&way, witness));
                if let Some(deny) = weight.deny {
                    return denied(&policy, deny, Some(scope));
                }
            }
            match verdict.allow {
                Some(allow) => passed(weight, allow.tier, allow.rule(tenancy), Some(scope)),
                None => refuse(),
            }
        }
        Target::Object(at) => {
            let Some(object) = world.objects().at(at) else { return refuse() };
            let asker = asker();
            let mut deny = None;
            let mut ways: SmallVec<[Reached; 1]> = SmallVec::new();
            for share in world.sharing().of(at) {
                let scope = share.scope;
                let Some(link) = tenancy.link(scope) else { continue };
                if link.archived && !asker.descends_to(link.parent, witness) {
                    continue;
                }
                let (verdict, way) = asker.along(scope, scope, Reach::Full, witness);
                deny = deny.or(verdict.deny.map(|found| (found, scope)));
                let enough = share.level >= level_for(capability);
                ways.push((verdict.allow.filter(|_| enough), way));
            }
            if let Some((deny, scope)) = deny {
                return decision(false, deny.tier, deny.rule(tenancy), Some(scope));
            }
            let (owner, mut kept_out) = (object.owner == row, None);
            let (mut general, mut weights) = (Weight::default(), SmallVec::<[Weight<'_>; 1]>::new());
            if governed && (rules.has_globals() || ways.iter().any(|(_, way)| meets(way))) {
                let mut policy = policy();
                policy.related(owner, ways.iter().filter_map(|(_, way)| way.role).max());
                if rules.has_globals() {
                    let scopes: SmallVec<[u32; 4]> = ways.iter().map(|(_, way)| way.scope).collect();
                    general = policy.globally(&scopes, witness);
                }
                let mut first = general.deny.map(|deny| (deny, None));
                for (_, way) in &ways {
                    let weight = policy.through(way, witness);
                    first = first.or(weight.deny.map(|deny| (deny, Some(way.scope))));
                    weights.push(weight);
                }
                if let Some((deny, via)) = first {
                    return denied(&policy, deny, via);
                }
            }
            if owner {
                witness.saw(
                    Rule::Owner,
                    Effect::Allow,
                    true,
                    "the owner of an object may do everything with it",
                );
                let answer = passed(general, Tier::Actor, Rule::Owner, None);
                // Whom rules keep from what is their own may still reach it as others do, by a scope and the rules there.
                if answer.allowed || ways.is_empty() {
                    return answer;
                }
                kept_out = Some(answer);
            }
            let buried = object.tombstoned && capability == Capability::ReadLocal;
            if buried {
                witness.saw(
                    Rule::Tombstoned,
                    Effect::Deny,
                    true,
                    "a tombstone ends visibility through scopes",
                );
            }
            for (at, (allow, way)) in ways.iter().enumerate() {
                let weight = general.with(weights.get(at).copied().unwrap_or_default());
                let (tier, rule) =
                    allow.map_or((Tier::Default, Rule::Nothing), |allow| (allow.tier, allow.rule(tenancy)));
                let answer = passed(weight, tier, rule, Some(way.scope));
                match (allow, answer.allowed) {
                    // Said only of what could be read if it were not: whom rules keep out they keep out of the past as well.
                    (Some(_), true) if buried => {
                        return decision(false, Tier::Default, Rule::Tombstoned, None);
                    }
                    (Some(_), true) => return answer,
                    (_, false) => kept_out = kept_out.or(Some(answer)),
                    (None, true) => {}
                }
            }
            kept_out.unwrap_or_else(refuse)
        }
    }
}

/// What a projection must let through for a capability to reach the object.
fn level_for(capability: Capability) -> Level {
    match capability {
        Capability::Write => Level::Write,
        Capability::AclManage | Capability::RulesManage => Level::Admin,
        _ => Level::Read,
    }
}
