//! The walk from a scope to its root: the nearest allow, the outermost deny.

use super::{Rule, Target, Tier, Witness};
use crate::rules::policy::Way;
use scoped_projections::identity::Identity;
use scoped_projections::rules::Rules;
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::{Applies, Capability, Effect, Presence, Role, Subject, Tenancy};
use scoped_projections::{Micros, World};
use smallvec::SmallVec;

/// Whether entries that reach only the node itself speak about the target.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Full,
    SubtreeOnly,
}

impl Reach {
    pub(super) fn of(target: Target) -> Self {
        if matches!(target, Target::Below(_)) { Self::SubtreeOnly } else { Self::Full }
    }
}

#[derive(Default)]
pub(super) struct Verdict {
    pub(super) deny: Option<(Tier, Rule)>,
    pub(super) allow: Option<(Tier, Rule)>,
}

pub(super) struct Asker<'a> {
    tenancy: &'a Tenancy,
    identity: &'a Identity,
    row: u32,
    capability: Capability,
    now: Micros,
    /// Where the actor, or a group that it belongs to, may be a member.
    presence: Presence,
    /// Set when rules may speak about the question.
    rules: Option<&'a Rules>,
}

impl<'a> Asker<'a> {
    /// `rules` are those that may speak about the question.
    pub(super) fn new(
        world: &'a World,
        row: u32,
        capability: Capability,
        now: Micros,
        rules: Option<&'a Rules>,
    ) -> Self {
        let (tenancy, identity) = (world.tenancy(), world.identity());
        let mut presence = tenancy.presence(row);
        for group in identity.groups(row) {
            presence.join(&tenancy.presence(*group));
        }
        Self { tenancy, identity, row, capability, now, presence, rules }
    }

    /// What stayed in a deleted scope is read by whoever reads everything below the scope above it, and by nobody else.
    pub(super) fn descends_to(&self, above: u32, witness: &mut impl Witness) -> bool {
        if self.capability != Capability::ReadLocal || self.tenancy.link(above).is_none() {
            return false;
        }
        let below = Asker { capability: Capability::ReadDescend, rules: None, ..*self };
        let (verdict, _) = below.along(above, above, Reach::SubtreeOnly, witness);
        verdict.allow.is_some() && verdict.deny.is_none()
    }

    /// Walks from a node to its root: the nearest allow, the outermost deny.
    pub(super) fn along(
        &self,
        from: u32,
        target: u32,
        reach: Reach,
        witness: &mut impl Witness,
    ) -> (Verdict, Way) {
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
            if link.has_members && self.presence.may_be_in(at) {
                self.memberships(at, tier, cut, &mut verdict, &mut way, witness);
            }
            if link.has_entries {
                let below = at != target || reach == Reach::SubtreeOnly;
                self.entries(at, tier, below, cut, &mut verdict, witness);
            }
            cut |= link.cut;
        }
        (verdict, way)
    }

    fn memberships(
        &self,
        at: u32,
        tier: Tier,
        cut: bool,
        verdict: &mut Verdict,
        way: &mut Way,
        witness: &mut impl Witness,
    ) {
        for who in self.identity.selves(self.row) {
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
            Subject::Principal(id) => self.identity.selves(self.row).any(|own| self.identity.id(own) == id),
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

/// The way to an object through a scope: the role that somebody holds there.
pub(crate) fn way(world: &World, actor: u32, scope: u32, now: Micros) -> Way {
    let asker = Asker::new(world, actor, Capability::ReadLocal, now, None);
    asker.along(scope, scope, Reach::Full, &mut ()).1
}
