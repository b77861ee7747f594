//! The walk from a scope to its root: the nearest allow, the outermost deny.

use super::{Rule, Target, Tier, Witness};
use crate::rules::policy::Way;
use scoped_projections::identity::Identity;
use scoped_projections::rules::Rules;
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::{Applies, Capability, Effect, Presence, Role, Subject, Tenancy};
use scoped_projections::{EntryId, Micros, Sequence, World};
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

/// What spoke, in few bytes: most walks find more than they need, and only what decided is ever told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spoken {
    pub(super) tier: Tier,
    /// The role of a member; otherwise it was an entry of the list.
    role: Option<Role>,
    scope: u32,
    /// Row of the entry.
    entry: u32,
    since: Sequence,
}

impl Spoken {
    /// With its names.
    pub(super) fn rule(&self, tenancy: &Tenancy) -> Rule {
        let (scope, since) = (self.scope, self.since);
        match self.role {
            Some(role) => Rule::Member { scope, role, since },
            None => {
                let entry = tenancy.entry_at(self.entry).map_or(EntryId::NONE, |entry| entry.id);
                Rule::Entry { scope, entry, since }
            }
        }
    }
}

#[derive(Clone, Copy, Default)]
pub(super) struct Verdict {
    pub(super) deny: Option<Spoken>,
    pub(super) allow: Option<Spoken>,
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
        while let Some(link) = self.tenancy.link(at) {
            let tier = if link.parent == NO_ROW { Tier::Tenant } else { Tier::Scope };
            // A rule reaches past an inheritance cut, whatever its effect: it only narrows.
            if let Some(slot) = self.rules.and_then(|rules| rules.slot_of_scope(at)) {
                way.lists.push((slot, at));
            }
            if link.has_members && self.presence.may_be_in(at) {
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
        for who in self.identity.selves(self.row) {
            let Some(member) = self.tenancy.member(at, who) else { continue };
            let in_force = member.in_force(self.now);
            let enough = member.role.capabilities().contains(self.capability);
            let reaches =
                !cut || (member.role == Role::Owner && self.capability == Capability::MembersManage);
            if in_force && !cut {
                *highest = (*highest).max(Some(member.role));
            }
            let counts = in_force && enough && reaches;
            let (role, since) = (Some(member.role), member.since);
            let spoken = Spoken { tier, role, scope: at, entry: NO_ROW, since };
            if counts && verdict.allow.is_none() {
                verdict.allow = Some(spoken);
            }
            if W::LISTENS {
                let why = match (in_force, enough, reaches) {
                    (false, _, _) => "the membership has ended",
                    (true, false, _) => "the role does not include it",
                    (true, true, false) => "inheritance is cut below",
                    (true, true, true) => "the role includes it",
                };
                witness.saw(spoken.rule(self.tenancy), Effect::Allow, counts, why);
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
        for line in self.tenancy.lines(at) {
            let mut selves = self.identity.selves(self.row).map(|own| self.identity.id(own));
            if !W::LISTENS && !selves.any(|id| line.may_speak_to(id)) {
                continue;
            }
            let Some(entry) = self.tenancy.entry_at(line.entry) else { continue };
            let spoken = Spoken { tier, role: None, scope: at, entry: line.entry, since: entry.since };
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
                    Effect::Deny => verdict.deny = Some(spoken),
                    Effect::Allow => verdict.allow = verdict.allow.or(Some(spoken)),
                }
                if W::LISTENS {
                    let why = "the entry speaks to the actor";
                    witness.saw(spoken.rule(self.tenancy), entry.effect, true, why);
                }
                continue;
            };
            if W::LISTENS {
                witness.saw(spoken.rule(self.tenancy), entry.effect, false, why);
            }
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
