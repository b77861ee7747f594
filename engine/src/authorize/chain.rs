//! The walk from a scope to its root: the nearest allow, the outermost deny.

use super::outcome::Spoken;
use super::witness::YesOrNo;
use super::{Actor, Target, Tier, Witness};
use crate::clock::When;
use crate::rules::policy::Way;
use scoped_projections::World;
use scoped_projections::rules::Rules;
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::{Applies, Capability, Effect, Part, Role, Subject};
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

#[derive(Clone, Copy, Default)]
pub(super) struct Verdict {
    pub(super) deny: Option<Spoken>,
    pub(super) allow: Option<Spoken>,
}

#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) world: &'a World,
    pub(super) who: &'a Actor<'a>,
    pub(super) capability: Capability,
    pub(super) now: When<'a>,
    /// Set when rules may speak about the question.
    pub(super) rules: Option<&'a Rules>,
}

impl Asker<'_> {
    /// What stayed in a deleted scope is read by whoever reads everything below the scope above it, and by nobody else.
    pub(super) fn descends_to(&self, above: u32, witness: &mut impl Witness) -> bool {
        if self.capability != Capability::ReadLocal || self.world.tenancy().link(above).is_none() {
            return false;
        }
        let below = Asker { capability: Capability::ReadDescend, rules: None, ..*self };
        let (verdict, _) = below.along(above, above, Reach::SubtreeOnly, witness);
        verdict.allow.is_some() && verdict.deny.is_none()
    }

    /// Walks from a node to its root: the nearest allow, the outermost deny.
    ///
    /// Most nodes have nothing to say about the actor, which eight bytes and a bit tell: those cost no look-up.
    pub(super) fn along<W: Witness>(
        &self,
        from: u32,
        target: u32,
        reach: Reach,
        witness: &mut W,
    ) -> (Verdict, Way) {
        let mut verdict = Verdict::default();
        let mut way = Way { scope: target, role: None, lists: SmallVec::new() };
        // Behind an inheritance cut allows count no more, but for owners above, who may mend the list of members.
        let (mut at, mut cut) = (from, false);
        let tenancy = self.world.tenancy();
        while let Some(link) = tenancy.link(at) {
            let tier = if link.parent == NO_ROW { Tier::Tenant } else { Tier::Scope };
            // A rule reaches past an inheritance cut, whatever its effect: it only narrows.
            if let Some(rules) = self.rules
                && let Some(slot) = rules.slot_of_scope(at)
            {
                rules.expect_list(slot);
                way.lists.push((slot, at));
            }
            if link.has_members && self.who.may_be_in(at) {
                self.memberships((at, tier), cut, &mut verdict, &mut way.role, witness);
            }
            if link.has_entries {
                let below = at != target || reach == Reach::SubtreeOnly;
                self.entries((at, tier), below, cut, &mut verdict, witness);
            }
            cut |= link.cut;
            at = link.parent;
        }
        (verdict, way)
    }

    #[inline(never)]
    fn memberships<W: Witness>(
        &self,
        (at, tier): (u32, Tier),
        cut: bool,
        verdict: &mut Verdict,
        highest: &mut Option<Role>,
        witness: &mut W,
    ) {
        let tenancy = self.world.tenancy();
        for who in self.who.selves() {
            let (held, in_force) = match tenancy.roles(who).of(at) {
                Part::Nothing => continue,
                Part::Role(role) => (role, true),
                Part::Unsure => match tenancy.member(at, who) {
                    None => continue,
                    Some(member) => (member.role, self.now.is_before(member.expires_at())),
                },
            };
            let enough = held.capabilities().contains(self.capability);
            let reaches = !cut || (held == Role::Owner && self.capability == Capability::MembersManage);
            if in_force && !cut {
                *highest = (*highest).max(Some(held));
            }
            let counts = in_force && enough && reaches;
            let spoken = Spoken { tier, role: Some(held), scope: at, row: who };
            if counts && verdict.allow.is_none() {
                if W::NAMES {
                    tenancy.expect_member(at, who);
                }
                verdict.allow = Some(spoken);
            }
            if W::LISTENS {
                let why = match (in_force, enough, reaches) {
                    (false, _, _) => "the membership has ended",
                    (true, false, _) => "the role does not include it",
                    (true, true, false) => "inheritance is cut below",
                    (true, true, true) => "the role includes it",
                };
                witness.saw(spoken.rule(self.world), Effect::Allow, counts, why);
            }
        }
    }

    #[inline(never)]
    fn entries<W: Witness>(
        &self,
        (at, tier): (u32, Tier),
        below: bool,
        cut: bool,
        verdict: &mut Verdict,
        witness: &mut W,
    ) {
        let (identity, tenancy) = (self.world.identity(), self.world.tenancy());
        for line in tenancy.lines(at) {
            let mut selves = self.who.selves().map(|own| identity.id(own));
            if !W::LISTENS && !selves.any(|id| line.may_speak_to(id)) {
                continue;
            }
            let Some(entry) = tenancy.entry_at(line.entry) else { continue };
            let spoken = Spoken { tier, role: None, scope: at, row: line.entry };
            let why = if entry.removed || !self.now.is_before(entry.expires_at) {
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
                    Effect::Deny => verdict.deny = Some(spoken),
                    Effect::Allow => verdict.allow = verdict.allow.or(Some(spoken)),
                }
                if W::LISTENS {
                    let why = "the entry speaks to the actor";
                    witness.saw(spoken.rule(self.world), entry.effect, true, why);
                }
                continue;
            };
            if W::LISTENS {
                witness.saw(spoken.rule(self.world), entry.effect, false, why);
            }
        }
    }

    fn is_subject(&self, subject: Subject, effect: Effect, at: u32) -> bool {
        let (identity, tenancy) = (self.world.identity(), self.world.tenancy());
        match subject {
            Subject::Any => true,
            Subject::Principal(id) => self.who.selves().any(|own| identity.id(own) == id),
            Subject::Role(role) => {
                // Behind an inheritance cut a role from above is none that an allow could speak to; denies pass.
                let mut stopped = false;
                let mut reached = tenancy.chain(at).take_while(|row| {
                    let reaches = !stopped;
                    stopped |= effect == Effect::Allow && tenancy.link(*row).is_some_and(|link| link.cut);
                    reaches
                });
                reached.any(|row| {
                    let mut parts = self.who.selves().filter_map(|who| tenancy.member(row, who));
                    parts.any(|m| m.role == role && self.now.is_before(m.expires_at()))
                })
            }
        }
    }
}

/// The way to an object through a scope: the role that the principal in a row holds there.
pub(crate) fn way<'n>(world: &World, actor: u32, scope: u32, now: impl Into<When<'n>>) -> Way {
    let who = Actor::at(world, actor);
    let asker = Asker { world, who: &who, capability: Capability::ReadLocal, now: now.into(), rules: None };
    asker.along(scope, scope, Reach::Full, &mut YesOrNo).1
}
