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
//! Units: one walk is at most 32 nodes; a node without list costs a look at eight bytes and a bit.

mod actor;
mod chain;
mod decision;
mod outcome;
mod question;
mod reach;
mod witness;

pub(crate) use actor::Actor;
pub(crate) use chain::way;
pub use decision::{Decision, Rule, Tier};
pub(crate) use outcome::Outcome;
pub use question::{Request, Target};
pub(crate) use reach::reach;
pub use witness::Considered;
pub(crate) use witness::Witness;

use crate::clock::When;
use crate::rules::outside::Known;
use crate::rules::policy::{Policy, Way, Weight, settled, tier};
use chain::{Asker, Reach};
use outcome::{Bound, Ground, Spoken};
use scoped_projections::rules::{Action, Actions, Entry, Rules, Seen};
use scoped_projections::tenancy::{Capability, Effect, Level};
use scoped_projections::{PrincipalId, World};
use smallvec::SmallVec;
use witness::YesOrNo;

/// May `actor` do this, here, at that time?
#[must_use]
pub(crate) fn authorize<'n>(
    world: &World,
    actor: PrincipalId,
    request: Request<'_>,
    now: impl Into<When<'n>>,
) -> Decision {
    outcome(world, Actor::of(world, actor).as_ref(), request, now.into()).told(world, request.capability)
}

/// The same answer, for whom was looked up before, without its names: those are put to it by [`Outcome::told`].
#[must_use]
pub(crate) fn outcome(
    world: &World,
    who: Option<&Actor<'_>>,
    request: Request<'_>,
    now: When<'_>,
) -> Outcome {
    decide(world, who, request, now, &mut ())
}

/// The same answer for whoever will not ask why.
#[must_use]
pub(crate) fn yes_or_no(
    world: &World,
    who: Option<&Actor<'_>>,
    request: Request<'_>,
    now: When<'_>,
) -> Outcome {
    decide(world, who, request, now, &mut YesOrNo)
}

/// The same decision, with every rule that was looked at.
#[must_use]
pub(crate) fn explain<'n>(
    world: &World,
    actor: PrincipalId,
    request: Request<'_>,
    now: impl Into<When<'n>>,
) -> (Decision, Vec<Considered>) {
    let (mut considered, who) = (Vec::new(), Actor::of(world, actor));
    let answer = decide(world, who.as_ref(), request, now.into(), &mut considered);
    (answer.told(world, request.capability), considered)
}

/// A scope through which an object is reached.
struct Reached<'a> {
    /// What allows it there, if anything does.
    allow: Option<Spoken>,
    way: Way,
    /// What the rules on that way say.
    said: Weight<'a>,
}

fn decide<W: Witness>(
    world: &World,
    who: Option<&Actor<'_>>,
    request: Request<'_>,
    now: When<'_>,
    witness: &mut W,
) -> Outcome {
    let Request { capability, target, .. } = request;
    let known = Known::new(request.data);
    let answer = |allowed, tier, ground, via| Outcome {
        allowed,
        wants_data: known.wanted(),
        tier,
        ground,
        via,
        granted: None,
    };
    let refuse = || answer(false, Tier::Default, Ground::Nothing, None);
    let Some(who) = who else {
        witness.saw(Rule::Inactive, Effect::Deny, true, "the actor is unknown, suspended or archived");
        return answer(false, Tier::Deployment, Ground::Inactive, None);
    };
    let rules = world.rules();
    let governed = !rules.is_silent() && Actions::any().contains(request.action);
    let policy = || Policy::new(world, who.row, request, now, &known);
    let asker = Asker { world, who, capability, now, rules: governed.then_some(rules) };
    // Without a list that it could meet a question needs no policy.
    let meets = |way: &Way| !way.lists.is_empty() || rules.has_globals();
    // A deny by a rule, wherever it is bound.
    let denied = |(entry, scope): (&Entry, u32), via| {
        answer(false, tier(world, scope), Ground::Policy(Bound::of(entry)), via)
    };
    // What tenancy allows, if the rules that govern it do.
    let passed = |weight: Weight<'_>, tier, ground, via| match weight.verdict() {
        Ok(granted) => Outcome { granted: granted.map(Bound::of), ..answer(true, tier, ground, via) },
        Err(entry) => answer(false, Tier::Default, Ground::Governed(Bound::of(entry)), via),
    };
    match target {
        Target::Own => {
            let mut weight = Weight::default();
            if governed {
                let mut policy = policy();
                policy.related(true, None);
                weight = policy.globally(&[], witness);
                if let Some(deny) = weight.deny {
                    return denied(deny, None);
                }
            }
            passed(weight, Tier::Actor, Ground::Active, None)
        }
        Target::Nothing => refuse(),
        Target::Deployment => {
            witness.saw(
                Rule::Operator,
                Effect::Allow,
                who.operator,
                "operators may do what belongs to no scope",
            );
            if who.operator { answer(true, Tier::Deployment, Ground::Operator, None) } else { refuse() }
        }
        Target::Scope(scope) | Target::Below(scope) => {
            let (verdict, way) = asker.along(scope, scope, Reach::of(target), witness);
            if let Some(deny) = verdict.deny {
                return answer(false, deny.tier, Ground::Spoken(deny), Some(scope));
            }
            let mut weight = Weight::default();
            if governed && meets(&way) {
                let mut policy = policy();
                policy.related(false, way.role);
                weight = policy.globally(&[scope], witness).with(policy.through(&way, witness));
                if let Some(deny) = weight.deny {
                    return denied(deny, Some(scope));
                }
            }
            match verdict.allow {
                Some(allow) => passed(weight, allow.tier, Ground::Spoken(allow), Some(scope)),
                None => refuse(),
            }
        }
        Target::Object(at) => {
            // Far away, each by itself: asked for together.
            world.sharing().expect(at);
            let Some(object) = world.objects().at(at) else { return refuse() };
            let mut deny = None;
            let mut ways: SmallVec<[Reached<'_>; 1]> = SmallVec::new();
            for (scope, level) in world.sharing().scopes(at) {
                let Some(link) = world.tenancy().link(scope) else { continue };
                if link.archived && !asker.descends_to(link.parent, witness) {
                    continue;
                }
                let (verdict, way) = asker.along(scope, scope, Reach::Full, witness);
                deny = deny.or(verdict.deny.map(|found| (found, scope)));
                let enough = level >= level_for(capability);
                let allow = verdict.allow.filter(|_| enough);
                ways.push(Reached { allow, way, said: Weight::default() });
            }
            if let Some((deny, scope)) = deny {
                return answer(false, deny.tier, Ground::Spoken(deny), Some(scope));
            }
            let (owner, mut kept_out) = (object.owner == who.row, None);
            let mut general = Weight::default();
            if governed && (rules.has_globals() || ways.iter().any(|reached| meets(&reached.way))) {
                let seen = || Seen::new(who.kind, Some(world.objects().type_number(object)));
                // Where the sort of actor and of object is enough to know, and nothing is bound but to scopes, nobody is asked more.
                let plain = !W::LISTENS && !rules.has_globals();
                if !(plain && settle(rules, &mut ways, request.action, seen())) {
                    let mut policy = policy();
                    policy.related(owner, ways.iter().filter_map(|reached| reached.way.role).max());
                    let scopes: SmallVec<[u32; 4]> = ways.iter().map(|reached| reached.way.scope).collect();
                    general = policy.globally(&scopes, witness);
                    for reached in &mut ways {
                        reached.said = policy.through(&reached.way, witness);
                    }
                }
                // The first deny, and the way that it keeps from.
                let mut each = ways.iter();
                let of_ways = || each.find_map(|reached| Some((reached.said.deny?, Some(reached.way.scope))));
                let deny = general.deny.map(|deny| (deny, None)).or_else(of_ways);
                if let Some((deny, via)) = deny {
                    return denied(deny, via);
                }
            }
            if owner {
                witness.saw(
                    Rule::Owner,
                    Effect::Allow,
                    true,
                    "the owner of an object may do everything with it",
                );
                let answer = passed(general, Tier::Actor, Ground::Owner, None);
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
            for Reached { allow, way, said } in &ways {
                let (tier, ground) = allow
                    .map_or((Tier::Default, Ground::Nothing), |allow| (allow.tier, Ground::Spoken(allow)));
                let passes = passed(general.with(*said), tier, ground, Some(way.scope));
                match (allow, passes.allowed) {
                    // Said only of what could be read if it were not: whom rules keep out they keep out of the past as well.
                    (Some(_), true) if buried => {
                        return answer(false, Tier::Default, Ground::Tombstoned, None);
                    }
                    (Some(_), true) => return passes,
                    (_, false) => kept_out = kept_out.or(Some(passes)),
                    (None, true) => {}
                }
            }
            kept_out.unwrap_or_else(refuse)
        }
    }
}

/// Puts to each way what the rules on it say, where bits are enough to know; false where more has to be asked.
#[inline]
fn settle<'a>(rules: &'a Rules, ways: &mut [Reached<'a>], action: Action, seen: Seen) -> bool {
    for reached in ways {
        let Some(said) = settled(rules, &reached.way, action, seen) else { return false };
        reached.said = said;
    }
    true
}

/// What a projection must let through for a capability to reach the object.
fn level_for(capability: Capability) -> Level {
    match capability {
        Capability::Write => Level::Write,
        Capability::AclManage | Capability::RulesManage => Level::Admin,
        _ => Level::Read,
    }
}
