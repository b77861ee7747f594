//! Decisions about members.

use super::checks::{check_end, check_holds, check_own_end, last_moment, live_node, node, scope_row};
use super::owners::{Without, acts, has_owner, keeps_an_owner};
use super::{
    AddMember, ChangeMember, ExpireMember, Grantee, MemberChange, RemoveMember, ScopeRef, SetMembers,
    UpdateMembers,
};
use crate::authorize::{Request, Target};
use crate::command::{Decide, Needs};
use crate::error::Error;
use crate::kernel::execute::{Facts, Refusal, Result, View};
use scoped_projections::rules::Action;
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::{
    Applies, Capability as C, Member, MemberAdded, MemberExpired, MemberRemoved, MemberRoleChanged, Node,
    Role,
};
use scoped_projections::{Micros, PrincipalId, World};
use std::collections::{BTreeMap, BTreeSet};

/// Most members a scope may have.
pub(super) const MEMBERS_MAX: usize = 10_000;

/// Behind a cut with no owner left, an owner above may appoint one: it keeps the right to manage members there. An owner who has an end
/// does not stand in the way of that: the day after, nobody could. `last`: the last moment of what is given, up to which they have to own.
fn may_appoint(on: &View<'_>, row: u32, last: Micros) -> bool {
    let (tenancy, identity) = (on.world.tenancy(), on.world.identity());
    let cut = tenancy.at(row).is_some_and(|node| node.cut);
    let owns = |at: u32, who: u32| {
        tenancy.member(at, who).is_some_and(|m| m.role == Role::Owner && m.in_force(last))
    };
    cut && !has_owner(on.world, row, Without::Nobody)
        && identity.row(on.actor).is_some_and(|actor| {
            tenancy.chain(row).skip(1).any(|at| identity.selves(actor).any(|who| owns(at, who)))
        })
}

/// Whoever makes or unmakes an owner has to be one.
fn member_needs<'a>(
    on: &View<'_>,
    scope: &ScopeRef,
    principal: PrincipalId,
    role: Option<Role>,
) -> Needs<'a> {
    let (tenancy, target) = (on.world.tenancy(), scope.target(on.world.tenancy()));
    let row = scope.row(tenancy);
    let part = (|| tenancy.member(row?, on.world.identity().row(principal)?))();
    // Whoever owned it until an end that is over is given a part as anybody else is.
    let held = part.filter(|part| role.is_none() || part.in_force(on.now)).map(|part| part.role);
    let need = |capability| Request::new(capability, target);
    match (role, held) {
        (Some(Role::Owner), _) if row.is_some_and(|row| may_appoint(on, row, on.now)) => {
            smallvec::smallvec![need(C::MembersManage)]
        }
        (Some(Role::Owner), _) => smallvec::smallvec![need(C::OwnersManage)],
        // In this order: who may not manage members is not told that this one is an owner.
        (_, Some(Role::Owner)) => smallvec::smallvec![need(C::MembersManage), need(C::OwnersManage)],
        _ => smallvec::smallvec![need(C::MembersManage)],
    }
}

/// The scope, the principal and the part it has there now.
fn part<'a>(
    on: &View<'a>,
    scope: &ScopeRef,
    principal: PrincipalId,
) -> Result<(u32, &'a Node, Option<&'a Member>)> {
    let row = scope_row(on, scope)?;
    let found = node(on, row)?;
    let who = principal_row(on, principal)?;
    Ok((row, found, on.world.tenancy().member(row, who)))
}

fn principal_row(on: &View<'_>, principal: PrincipalId) -> Result<u32> {
    let missing = || Error::refused("not_found", format!("there is no principal `{principal}`"));
    Ok(on.world.identity().row(principal).ok_or_else(missing)?)
}

fn not_a_member(node: &Node) -> Refusal {
    Error::refused("not_a_member", format!("that principal is no member of `{}`", node.label())).into()
}

fn check_role(on: &View<'_>, row: u32, role: Role, until: Option<Micros>) -> Result<()> {
    if role == Role::Owner && may_appoint(on, row, last_moment(until).max(on.now)) {
        return Ok(());
    }
    check_holds(on, row, role.capabilities(), Applies::Subtree, until)
}

/// Has a scope that many members of its own? Those that have run out are none, swept or not.
fn has_members(on: &View<'_>, row: u32, most: usize) -> bool {
    let tenancy = on.world.tenancy();
    tenancy.counts(row).own_members >= most as u64
        && tenancy.members(row).filter(|(_, member)| member.in_force(on.now)).count() >= most
}

/// Does that change give somebody a part again whose own had run out? One member more, then.
pub(crate) fn revives(world: &World, change: &MemberRoleChanged, now: Micros) -> bool {
    let row = world.tenancy().row(change.scope).zip(world.identity().row(change.principal));
    row.and_then(|(scope, who)| world.tenancy().member(scope, who)).is_some_and(|part| !part.in_force(now))
}

/// Memberships in a scope and below it ([`NO_ROW`]: anywhere) that have run out and were not closed yet. Counters hold them until they
/// are; nothing is kept from anybody for their sake. Cost: one look at each that waits to be closed.
pub(crate) fn run_out(world: &World, scope: u32, now: Micros) -> u64 {
    let tenancy = world.tenancy();
    let waiting = tenancy.run_out(now);
    waiting.filter(|(at, _)| scope == NO_ROW || tenancy.is_within(*at, scope)).count() as u64
}

fn too_many() -> Refusal {
    Error::refused("too_many", format!("a scope has at most {MEMBERS_MAX} members")).into()
}

impl Decide for AddMember {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        member_needs(on, &self.scope, self.principal, Some(self.role))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        live_node(on, &self.scope)?;
        check_end(on, self.expires_at)?;
        let (row, found, part) = part(on, &self.scope, self.principal)?;
        check_role(on, row, self.role, self.expires_at)?;
        // What has run out and was not closed yet does not stand in the way: this takes its place.
        if part.is_some_and(|part| part.in_force(on.now)) {
            let error = Error::refused(
                "exists",
                format!("that principal is a member of `{}` already", found.label()),
            );
            return Err(error.hint("use tenancy.change_member").into());
        }
        if part.is_none() && has_members(on, row, MEMBERS_MAX) {
            return Err(too_many());
        }
        let (scope, principal, role, expires_at) = (found.id, self.principal, self.role, self.expires_at);
        facts.push(scope, MemberAdded { scope, principal, role, expires_at }, None);
        Ok(())
    }
}

impl Decide for ChangeMember {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        member_needs(on, &self.scope, self.principal, Some(self.role))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        check_end(on, self.expires_at)?;
        let (row, found, part) = part(on, &self.scope, self.principal)?;
        let Some(held) = part else { return Err(not_a_member(found)) };
        check_role(on, row, self.role, self.expires_at)?;
        if !held.in_force(on.now) && has_members(on, row, MEMBERS_MAX) {
            return Err(too_many());
        }
        check_own_end(on, held, self.principal, self.expires_at)?;
        if held.role == Role::Owner && (self.role != Role::Owner || self.expires_at.is_some()) {
            keeps_an_owner(on, row, self.principal)?;
        }
        let (scope, principal, role, expires_at) = (found.id, self.principal, self.role, self.expires_at);
        facts.push(scope, MemberRoleChanged { scope, principal, role, expires_at }, None);
        Ok(())
    }
}

impl Decide for RemoveMember {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        let tenancy = on.world.tenancy();
        let own_part = self.principal == on.actor
            && self
                .scope
                .row(tenancy)
                .zip(on.world.identity().row(on.actor))
                .is_some_and(|(s, p)| tenancy.member(s, p).is_some());
        if own_part {
            // Leaving takes nobody's leave; rules hear of it as what it is, and not as a read.
            return smallvec::smallvec![Request::new(C::ReadLocal, Target::Own).doing(Action::Membership)];
        }
        member_needs(on, &self.scope, self.principal, None)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (row, found, part) = part(on, &self.scope, self.principal)?;
        let Some(held) = part else { return Err(not_a_member(found)) };
        if held.role == Role::Owner {
            keeps_an_owner(on, row, self.principal)?;
        }
        facts.push(found.id, MemberRemoved { scope: found.id, principal: self.principal }, None);
        Ok(())
    }
}

impl Decide for ExpireMember {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        // Whoever sweeps may, and whoever could take the member away before it ran out.
        let sweeps = Request::new(C::Sweep, Target::Deployment);
        if crate::authorize::authorize(on.world, on.actor, sweeps, on.now).allowed {
            return smallvec::smallvec![sweeps];
        }
        member_needs(on, &self.scope, self.principal, None)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (_, found, part) = part(on, &self.scope, self.principal)?;
        let Some(held) = part else { return Err(not_a_member(found)) };
        if held.in_force(on.now) {
            return Err(Error::refused("not_expired", "that membership has not run out").into());
        }
        facts.push(found.id, MemberExpired { scope: found.id, principal: self.principal }, None);
        Ok(())
    }
}

type Part = Option<(Role, Option<Micros>)>;

/// A list of members as it is and as it shall be: what is decided about several members together.
struct Difference<'a> {
    row: u32,
    node: &'a Node,
    /// In this order.
    changes: Vec<(PrincipalId, Part, Part)>,
}

fn part_of(member: &Member) -> (Role, Option<Micros>) {
    (member.role, member.expires_at())
}

/// What `members` would change: removals, then changes, then additions.
fn difference(on: &View<'_>, row: u32, members: &[Grantee]) -> Vec<(PrincipalId, Part, Part)> {
    let (tenancy, identity) = (on.world.tenancy(), on.world.identity());
    let held: BTreeMap<PrincipalId, (Role, Option<Micros>)> =
        tenancy.members(row).map(|(who, member)| (identity.id(who), part_of(member))).collect();
    let wanted: BTreeMap<PrincipalId, (Role, Option<Micros>)> =
        members.iter().map(|member| (member.principal, (member.role, member.expires_at))).collect();
    let gone =
        held.iter().filter(|(who, _)| !wanted.contains_key(who)).map(|(who, part)| (*who, Some(*part), None));
    let changed = wanted.iter().filter_map(|(who, part)| {
        held.get(who).filter(|held| *held != part).map(|held| (*who, Some(*held), Some(*part)))
    });
    let added =
        wanted.iter().filter(|(who, _)| !held.contains_key(who)).map(|(who, part)| (*who, None, Some(*part)));
    gone.chain(changed).chain(added).collect()
}

fn several_needs<'a>(on: &View<'_>, scope: &ScopeRef, changes: &[(PrincipalId, Part, Part)]) -> Needs<'a> {
    let target = scope.target(on.world.tenancy());
    let owner = |part: &Part| part.is_some_and(|(role, _)| role == Role::Owner);
    let mut needs: Needs<'a> = smallvec::smallvec![Request::new(C::MembersManage, target)];
    if changes.iter().any(|(_, before, after)| owner(before) || owner(after)) {
        needs.push(Request::new(C::OwnersManage, target));
    }
    needs
}

impl Difference<'_> {
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let tenancy = on.world.tenancy();
        let live = tenancy.members(self.row).filter(|(_, member)| member.in_force(on.now)).count();
        let (mut count, mut seen) = (live, BTreeSet::new());
        let held: BTreeMap<PrincipalId, Part> = tenancy
            .members(self.row)
            .map(|(who, member)| (on.world.identity().id(who), Some(part_of(member))))
            .collect();
        let mut after = held.clone();
        for (principal, before, part) in &self.changes {
            if !seen.insert(*principal) {
                return Err(duplicate(*principal));
            }
            principal_row(on, *principal)?;
            let (scope, principal) = (self.node.id, *principal);
            match (before, part) {
                (_, Some((role, expires_at))) => {
                    check_end(on, *expires_at)?;
                    check_role(on, self.row, *role, *expires_at)?;
                    if let Some((held, end)) = before {
                        let held = Member::new(*held, *end, on.next);
                        check_own_end(on, &held, principal, *expires_at)?;
                    }
                    let (role, expires_at) = (*role, *expires_at);
                    if let Some((_, end)) = before {
                        count += usize::from(end.is_some_and(|end| end <= on.now));
                        facts.push(scope, MemberRoleChanged { scope, principal, role, expires_at }, None);
                    } else {
                        count += 1;
                        facts.push(scope, MemberAdded { scope, principal, role, expires_at }, None);
                    }
                }
                (Some((_, end)), None) => {
                    count -= usize::from(end.is_none_or(|end| end > on.now));
                    facts.push(scope, MemberRemoved { scope, principal }, None);
                }
                (None, None) => return Err(not_a_member(self.node)),
            }
            after.insert(principal, *part);
        }
        if count > MEMBERS_MAX {
            return Err(too_many());
        }
        self.keeps_an_owner(on, &held, &after)
    }

    /// A root that had an owner who can act has one afterwards.
    fn keeps_an_owner(
        &self,
        on: &View<'_>,
        before: &BTreeMap<PrincipalId, Part>,
        after: &BTreeMap<PrincipalId, Part>,
    ) -> Result<()> {
        let identity = on.world.identity();
        let owner = |(who, part): (&PrincipalId, &Part)| {
            *part == Some((Role::Owner, None))
                && identity.row(*who).is_some_and(|row| acts(identity, row, Without::Nobody))
        };
        if self.node.parent != NO_ROW || !before.iter().any(owner) || after.iter().any(owner) {
            return Ok(());
        }
        let message = format!("that would leave `{}` without owner", self.node.label());
        Err(Error::refused("last_owner", message).hint("make another owner in the same list").into())
    }
}

fn duplicate(principal: PrincipalId) -> Refusal {
    Error::malformed("duplicate_member", format!("`{principal}` is in the list twice")).into()
}

impl Decide for SetMembers {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        let changes = self.scope.row(on.world.tenancy()).map(|row| difference(on, row, &self.members));
        several_needs(on, &self.scope, &changes.unwrap_or_default())
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let mut seen = BTreeSet::new();
        if let Some(twice) = self.members.iter().find(|member| !seen.insert(member.principal)) {
            return Err(duplicate(twice.principal));
        }
        let (row, node) = live_node(on, &self.scope)?;
        Difference { row, node, changes: difference(on, row, &self.members) }.decide(on, facts)
    }
}

impl UpdateMembers {
    fn changes(&self, on: &View<'_>, row: u32) -> Vec<(PrincipalId, Part, Part)> {
        let (tenancy, identity) = (on.world.tenancy(), on.world.identity());
        let held = |who: PrincipalId| tenancy.member(row, identity.row(who)?).map(part_of);
        let change = |change: &MemberChange| {
            let after = change.role.map(|role| (role, change.expires_at));
            (change.principal, held(change.principal), after)
        };
        self.changes.iter().map(change).collect()
    }
}

impl Decide for UpdateMembers {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        let changes = self.scope.row(on.world.tenancy()).map(|row| self.changes(on, row));
        several_needs(on, &self.scope, &changes.unwrap_or_default())
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (row, node) = live_node(on, &self.scope)?;
        Difference { row, node, changes: self.changes(on, row) }.decide(on, facts)
    }
}
