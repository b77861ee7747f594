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

use crate::rules::outside::{AskedData, Known};
use crate::rules::policy::{Policy, Way, Weight};
use scoped_projections::identity::{Identity, Status};
use scoped_projections::rules::{Action, Actions, Entry, Rules};
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::{Applies, Capability, Effect, Level, Role, Subject, Tenancy};
use scoped_projections::{BindingId, EntryId, Micros, PrincipalId, RuleId, Sequence, World};
use smallvec::SmallVec;

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// What every active principal may do, with things of its own.
    Own,
    /// What belongs to no scope: principals, root scopes, marks.
    Deployment,
    /// A scope, by row.
    Scope(u32),
    /// A path that is not registered; the answer is that of its nearest registered ancestor.
    Below(u32),
    /// An object, by row.
    Object(u32),
    /// Nothing that exists.
    Nothing,
}

/// A question: may this be done, there?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// What one must hold.
    pub capability: Capability,
    /// What one is about to do with it: what rules speak about.
    pub action: Action,
    /// What it is about.
    pub target: Target,
    /// The type of the object that is to be made; of an object that is there the type is known.
    pub object_type: Option<&'a str>,
    /// The environment it is done in, where one is known.
    pub environment: Option<&'a str>,
    /// The connector it comes through, where one is known.
    pub connector: Option<&'a str>,
    /// How sensitive it is, where that is known.
    pub classification: Option<&'a str>,
    /// What conditions on data look at.
    pub(crate) data: AskedData<'a>,
}

impl<'a> Request<'a> {
    /// The question for a capability, with the action that mostly goes with it.
    #[must_use]
    pub fn new(capability: Capability, target: Target) -> Self {
        Self {
            capability,
            action: Action::of(capability),
            target,
            object_type: None,
            environment: None,
            connector: None,
            classification: None,
            data: AskedData::Missing,
        }
    }
    /// The same as asked of tenancy alone: rules never speak about changing rules.
    pub(crate) fn ungoverned(self) -> Self {
        self.doing(Action::Rules)
    }
    /// The same, with the data that conditions look at.
    pub(crate) fn with_data(mut self, data: AskedData<'a>) -> Self {
        self.data = data;
        self
    }
    /// The same, about another action.
    #[must_use]
    pub fn doing(mut self, action: Action) -> Self {
        self.action = action;
        self
    }
    /// The same, about something of that type that is to be made.
    #[must_use]
    pub fn typed(mut self, object_type: &'a str) -> Self {
        self.object_type = Some(object_type);
        self
    }
    /// The same without what it borrows.
    pub(crate) fn bare(self) -> Request<'static> {
        Request::new(self.capability, self.target).doing(self.action)
    }
}

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
    /// The rule of the policy that an entry stands for.
    pub(crate) fn policy(rules: &Rules, entry: &Entry) -> Self {
        let (rule, version, binding, since) = named(rules, entry);
        Self::Policy { rule, version, binding, since }
    }
    fn governed(rules: &Rules, entry: &Entry) -> Self {
        let (rule, version, binding, since) = named(rules, entry);
        Self::Governed { rule, version, binding, since }
    }
}

/// Rule, version, binding, and the event since which both are so.
fn named(rules: &Rules, entry: &Entry) -> (RuleId, u32, BindingId, Sequence) {
    let (version, binding) = (rules.version(entry.version), rules.binding_at(entry.binding));
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

/// Somebody who watches a decision being made.
pub(crate) trait Witness {
    fn saw(&mut self, rule: Rule, effect: Effect, counted: bool, why: &'static str);
    /// The same for a compiled entry, which is named only for those who listen.
    fn considered(&mut self, rules: &Rules, entry: &Entry, counted: bool, why: &'static str) {
        self.saw(Rule::policy(rules, entry), entry.effect, counted, why);
    }
}

impl Witness for () {
    #[inline(always)]
    fn saw(&mut self, _: Rule, _: Effect, _: bool, _: &'static str) {}
    #[inline(always)]
    fn considered(&mut self, _: &Rules, _: &Entry, _: bool, _: &'static str) {}
}

/// One rule that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Considered {
    /// Which.
    pub rule: Rule,
    /// What it would do.
    pub effect: Effect,
    /// Did it count?
    pub counted: bool,
    /// Why, or why not.
    pub why: &'static str,
}

impl Witness for Vec<Considered> {
    fn saw(&mut self, rule: Rule, effect: Effect, counted: bool, why: &'static str) {
        self.push(Considered { rule, effect, counted, why });
    }
}

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
type Reached = (Option<(Tier, Rule)>, Way);

fn decide(
    world: &World,
    actor: PrincipalId,
    request: Request<'_>,
    now: Micros,
    witness: &mut impl Witness,
) -> Decision {
    let Request { capability, target, .. } = request;
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
    let identity = world.identity();
    let found = identity.row(actor).and_then(|row| Some((row, identity.at(row)?)));
    let Some((row, principal)) = found.filter(|(_, principal)| principal.status == Status::Active) else {
        witness.saw(Rule::Inactive, Effect::Deny, true, "the actor is unknown, suspended or archived");
        return decision(false, Tier::Deployment, Rule::Inactive, None);
    };
    let rules = world.rules();
    let governed = !rules.is_silent() && Actions::any().contains(request.action);
    let policy = || Policy::new(world, row, request, now, &known);
    let lists = governed.then_some(rules);
    let asker = Asker { tenancy: world.tenancy(), identity, row, capability, now, rules: lists };
    // A deny by a rule, wherever it is bound.
    let denied = |policy: &Policy<'_>, (entry, scope): (Entry, u32), via| {
        decision(false, policy.tier(scope), Rule::policy(rules, &entry), via)
    };
    // What tenancy allows, if the rules that govern it do.
    let passed = |weight: Weight, tier, rule, via| match weight.verdict() {
        Ok(granted) => {
            let granted = granted.map(|entry| Rule::policy(rules, &entry));
            Decision { granted, ..decision(true, tier, rule, via) }
        }
        Err(entry) => decision(false, Tier::Default, Rule::governed(rules, &entry), via),
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
            let (verdict, way) = asker.along(scope, scope, Reach::of(target), witness);
            if let Some((tier, rule)) = verdict.deny {
                return decision(false, tier, rule, Some(scope));
            }
            let mut weight = Weight::default();
            if governed {
                let mut policy = policy();
                policy.related(false, way.role);
                weight = policy.globally(&[scope], witness).with(policy.through(&way, witness));
                if let Some(deny) = weight.deny {
                    return denied(&policy, deny, Some(scope));
                }
            }
            match verdict.allow {
                Some((tier, rule)) => passed(weight, tier, rule, Some(scope)),
                None => refuse(),
            }
        }
        Target::Object(at) => {
            let Some(object) = world.objects().at(at) else { return refuse() };
            let mut deny = None;
            let mut ways: SmallVec<[Reached; 1]> = SmallVec::new();
            for share in world.sharing().of(at) {
                let scope = share.scope;
                let Some(link) = world.tenancy().link(scope) else { continue };
                if link.archived && !asker.descends_to(link.parent, witness) {
                    continue;
                }
                let (verdict, way) = asker.along(scope, scope, Reach::Full, witness);
                deny = deny.or(verdict.deny.map(|found| (found, scope)));
                let enough = share.level >= level_for(capability);
                ways.push((verdict.allow.filter(|_| enough), way));
            }
            if let Some(((tier, rule), scope)) = deny {
                return decision(false, tier, rule, Some(scope));
            }
            let owner = object.owner == row;
            let (mut general, mut weights) = (Weight::default(), SmallVec::<[Weight; 1]>::new());
            if governed {
                let mut policy = policy();
                policy.related(owner, ways.iter().filter_map(|(_, way)| way.role).max());
                let scopes: SmallVec<[u32; 4]> = ways.iter().map(|(_, way)| way.scope).collect();
                general = policy.globally(&scopes, witness);
                weights.extend(ways.iter().map(|(_, way)| policy.through(way, witness)));
                let bound = weights.iter().zip(&scopes).map(|(weight, scope)| (weight.deny, Some(*scope)));
                let mut denies = std::iter::once((general.deny, None)).chain(bound);
                if let Some((deny, via)) = denies.find_map(|(deny, via)| Some((deny?, via))) {
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
                return passed(general, Tier::Actor, Rule::Owner, None);
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
            let mut kept_out = None;
            for (at, (allow, way)) in ways.iter().enumerate() {
                let weight = general.with(weights.get(at).copied().unwrap_or_default());
                let (tier, rule) = allow.unwrap_or((Tier::Default, Rule::Nothing));
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

/// The way to an object through a scope: the role that somebody holds there.
pub(crate) fn way(world: &World, actor: u32, scope: u32, now: Micros) -> Way {
    let (tenancy, identity) = (world.tenancy(), world.identity());
    let asker = Asker { tenancy, identity, row: actor, capability: Capability::ReadLocal, now, rules: None };
    asker.along(scope, scope, Reach::Full, &mut ()).1
}

/// What a projection must let through for a capability to reach the object.
fn level_for(capability: Capability) -> Level {
    match capability {
        Capability::Write => Level::Write,
        Capability::AclManage | Capability::RulesManage => Level::Admin,
        _ => Level::Read,
    }
}

/// Whether entries that reach only the node itself speak about the target.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Full,
    SubtreeOnly,
}

impl Reach {
    fn of(target: Target) -> Self {
        if matches!(target, Target::Below(_)) { Self::SubtreeOnly } else { Self::Full }
    }
}

#[derive(Default)]
struct Verdict {
    deny: Option<(Tier, Rule)>,
    allow: Option<(Tier, Rule)>,
}

struct Asker<'a> {
    tenancy: &'a Tenancy,
    identity: &'a Identity,
    row: u32,
    capability: Capability,
    now: Micros,
    /// Set when rules may speak about the question.
    rules: Option<&'a Rules>,
}

impl Asker<'_> {
    /// What stayed in a deleted scope is read by whoever reads everything below the scope above it, and by nobody else.
    fn descends_to(&self, above: u32, witness: &mut impl Witness) -> bool {
        if self.capability != Capability::ReadLocal || self.tenancy.link(above).is_none() {
            return false;
        }
        let (tenancy, identity, row, now) = (self.tenancy, self.identity, self.row, self.now);
        let below = Asker { tenancy, identity, row, capability: Capability::ReadDescend, now, rules: None };
        let (verdict, _) = below.along(above, above, Reach::SubtreeOnly, witness);
        verdict.allow.is_some() && verdict.deny.is_none()
    }

    /// Walks from a node to its root: the nearest allow, the outermost deny.
    fn along(&self, from: u32, target: u32, reach: Reach, witness: &mut impl Witness) -> (Verdict, Way) {
        let mut verdict = Verdict::default();
        let mut way = Way { scope: target, role: None, lists: SmallVec::new() };
        // Behind an inheritance cut allows count no more, but for owners above, who may mend the list of members.
        let (mut next, mut cut) = (Some(from), false);
        while let Some(at) = next {
            let Some(link) = self.tenancy.link(at) else { break };
            next = Some(link.parent).filter(|parent| *parent != NO_ROW);
            let tier = if next.is_none() { Tier::Tenant } else { Tier::Scope };
            // A rule reaches past an inheritance cut, whatever its effect: it only narrows.
            if let Some(slot) = self.rules.and_then(|rules| rules.slot_of_scope(at)) {
                way.lists.push((slot, at));
            }
            for who in self.identity.selves(self.row).filter(|_| link.has_members) {
                let Some(member) = self.tenancy.member(at, who) else { continue };
                let rule = Rule::Member { scope: at, role: member.role, since: member.since };
                let in_force = member.in_force(self.now);
                let enough = member.role.capabilities().contains(self.capability);
                let reaches =
                    !cut || (member.role == Role::Owner && self.capability == Capability::MembersManage);
                let why = match (in_force, enough, reaches) {
                    (false, _, _) => "the membership has ended",
                    (true, false, _) => "the role does not include it",
                    (true, true, false) => "inheritance is cut below",
                    (true, true, true) => "the role includes it",
                };
                if in_force && !cut {
                    way.role = way.role.max(Some(member.role));
                }
                let counts = in_force && enough && reaches;
                witness.saw(rule, Effect::Allow, counts, why);
                if counts && verdict.allow.is_none() {
                    verdict.allow = Some((tier, rule));
                }
            }
            if link.has_entries {
                let below = at != target || reach == Reach::SubtreeOnly;
                self.entries(at, tier, below, cut, &mut verdict, witness);
            }
            cut |= link.cut;
        }
        (verdict, way)
    }

    fn entries(
        &self,
        at: u32,
        tier: Tier,
        below: bool,
        cut: bool,
        verdict: &mut Verdict,
        witness: &mut impl Witness,
    ) {
        for entry in self.tenancy.entries(at) {
            let rule = Rule::Entry { scope: at, entry: entry.id, since: entry.since };
            let why = if !entry.in_force(self.now) {
                "the entry has ended"
            } else if !entry.capability.matches().contains(self.capability) {
                "the entry is about something else"
            } else if below && entry.applies == Applies::Itself {
                "the entry does not reach below its scope"
            } else if cut && entry.effect == Effect::Allow {
                "inheritance is cut below"
            } else if !self.is_subject(entry.subject, entry.effect, at) {
                "the entry speaks to somebody else"
            } else {
                match entry.effect {
                    Effect::Deny => verdict.deny = Some((tier, rule)),
                    Effect::Allow => verdict.allow = verdict.allow.take().or(Some((tier, rule))),
                }
                witness.saw(rule, entry.effect, true, "the entry speaks to the actor");
                continue;
            };
            witness.saw(rule, entry.effect, false, why);
        }
    }

    fn is_subject(&self, subject: Subject, effect: Effect, at: u32) -> bool {
        match subject {
            Subject::Any => true,
            Subject::Principal(id) => {
                self.identity.row(id).is_some_and(|row| self.identity.selves(self.row).any(|own| own == row))
            }
            Subject::Role(role) => {
                // Behind an inheritance cut a role from above is none that an allow could speak to; denies pass.
                let mut stopped = false;
                let mut reached = self.tenancy.chain(at).take_while(|row| {
                    let reaches = !stopped;
                    stopped |=
                        effect == Effect::Allow && self.tenancy.link(*row).is_some_and(|link| link.cut);
                    reaches
                });
                reached.any(|row| {
                    let held = |who| self.tenancy.member(row, who);
                    let mut parts = self.identity.selves(self.row).filter_map(held);
                    parts.any(|m| m.role == role && m.in_force(self.now))
                })
            }
        }
    }
}
