//! Rights that were taken away, denies that are in force, and the reasons of access: all asked of the one decision function.

use super::Decide;
use super::check::Book;
use super::invariant::CheckName as N;
use crate::authorize::{Decision, Request, Rule, Target, authorize};
use crate::error::Result;
use crate::history::{History, decode};
use scoped_projections::identity::{IdentityEvent, MEMBER_OF, Status};
use scoped_projections::objects::ObjectsEvent;
use scoped_projections::sharing::SharingEvent;
use scoped_projections::tenancy::{Applies, Capability, Effect, Level, Subject, TenancyEvent};
use scoped_projections::{Event, PrincipalId, Sequence, World};

/// Principals that are asked for, where many might be: the first of them.
const ASKED: usize = 8;

/// What the events of one batch took away.
#[derive(Debug, Default)]
pub(super) struct Access {
    taken: Vec<Taken>,
}

/// Something that gave a right, and gives none any more.
#[derive(Debug, Clone, Copy)]
enum Taken {
    /// What `since` gave a principal in a scope.
    Grant { scope: u32, principal: PrincipalId, since: Sequence },
    /// What an entry of a scope's list, put there by `since`, gave whoever it spoke to.
    Entry { scope: u32, subject: Subject, since: Sequence },
    /// An object's projection into a scope.
    Share { object: u32, scope: u32 },
    /// All that a principal might do.
    Activity { principal: PrincipalId },
    /// An object, from its owner.
    Ownership { object: u32, owner: PrincipalId },
    /// What a principal had as a member of a group.
    Group { child: u32, parent: u32 },
}

impl Access {
    /// Looks at an event before it happens.
    pub(super) fn note(&mut self, world: &World, event: &Event) {
        let (identity, tenancy) = (world.identity(), world.tenancy());
        let member = |scope, principal: PrincipalId| {
            let scope = tenancy.row(scope)?;
            let since = tenancy.member(scope, identity.row(principal)?)?.since;
            Some(Taken::Grant { scope, principal, since })
        };
        let taken = match event {
            Event::Tenancy(TenancyEvent::MemberRemoved(e)) => member(e.scope, e.principal),
            Event::Tenancy(TenancyEvent::MemberExpired(e)) => member(e.scope, e.principal),
            Event::Tenancy(TenancyEvent::MemberRoleChanged(e)) => member(e.scope, e.principal),
            Event::Tenancy(TenancyEvent::AclEntryRemoved(e)) => tenancy
                .entry(e.entry)
                .filter(|entry| entry.effect == Effect::Allow && !entry.removed)
                .map(|entry| Taken::Entry { scope: entry.scope, subject: entry.subject, since: entry.since }),
            Event::Sharing(SharingEvent::ProjectionRevoked(e)) => world
                .objects()
                .row(e.object)
                .zip(tenancy.row(e.scope))
                .map(|(object, scope)| Taken::Share { object, scope }),
            Event::Identity(IdentityEvent::PrincipalSuspended(e)) => {
                Some(Taken::Activity { principal: e.principal })
            }
            Event::Identity(IdentityEvent::PrincipalArchived(e)) => {
                Some(Taken::Activity { principal: e.principal })
            }
            Event::Identity(IdentityEvent::RelationshipRemoved(e)) => identity
                .relations()
                .get(e.edge)
                .filter(|edge| identity.relations().label(edge) == MEMBER_OF)
                .map(|edge| Taken::Group { child: edge.child, parent: edge.parent }),
            Event::Objects(ObjectsEvent::OwnershipTransferred(e)) => {
                world.objects().row(e.object).and_then(|object| {
                    let owner = identity.id(world.objects().at(object)?.owner);
                    Some(Taken::Ownership { object, owner })
                })
            }
            _ => None,
        };
        self.taken.extend(taken);
    }

    /// Who lost something: those it was taken from by name.
    pub(super) fn losers<'a>(&'a self, world: &'a World) -> impl Iterator<Item = PrincipalId> + 'a {
        self.taken.iter().filter_map(|taken| match *taken {
            Taken::Grant { principal, .. } | Taken::Activity { principal } => Some(principal),
            Taken::Entry { subject: Subject::Principal(principal), .. } => Some(principal),
            Taken::Ownership { owner, .. } => Some(owner),
            Taken::Group { child, .. } => Some(world.identity().id(child)),
            Taken::Entry { .. } | Taken::Share { .. } => None,
        })
    }

    /// Asks for all of it, now that it is gone.
    pub(super) fn ask(self, world: &World, book: &mut Book) {
        for taken in self.taken {
            let holds = taken.is_gone(world);
            book.hold(N::RevocationsHold, holds, || {
                format!("at {}, {} still counts", world.position(), taken.words(world))
            });
        }
    }
}

impl Taken {
    fn is_gone(self, world: &World) -> bool {
        let (identity, tenancy) = (world.identity(), world.tenancy());
        let read = |principal: PrincipalId, target| {
            authorize(world, principal, Request::new(Capability::ReadLocal, target), world.time())
        };
        let rests_on =
            |decision: &Decision, since: Sequence| decision.allowed && reason(&decision.rule) == Some(since);
        match self {
            Self::Grant { scope, principal, since } => {
                !rests_on(&read(principal, Target::Scope(scope)), since)
            }
            Self::Entry { scope, subject, since } => spoken_to(world, scope, subject)
                .iter()
                .all(|principal| !rests_on(&read(*principal, Target::Scope(scope)), since)),
            Self::Share { object, scope } => {
                // Given anew in the same batch: nothing is taken away.
                let given = world.sharing().share(object, scope).is_some();
                let members = tenancy.members(scope).take(ASKED).map(|(row, _)| identity.id(row));
                given
                    || members
                        .into_iter()
                        .all(|principal| read(principal, Target::Object(object)).via != Some(scope))
            }
            Self::Activity { principal } => {
                let back = identity.get(principal).is_some_and(|found| found.status == Status::Active);
                back || !read(principal, Target::Own).allowed
            }
            Self::Ownership { object, owner } => {
                let back = world.objects().at(object).is_some_and(|found| identity.id(found.owner) == owner);
                back || read(owner, Target::Object(object)).rule != Rule::Owner
            }
            Self::Group { child, parent } => {
                let reachable = is_below(world, child, parent);
                reachable || !identity.groups(child).contains(&parent)
            }
        }
    }

    fn words(self, world: &World) -> String {
        let scope = |row: u32| world.tenancy().at(row).map_or_else(String::new, |node| node.id.to_string());
        let object =
            |row: u32| world.objects().at(row).map_or_else(String::new, |object| object.id.to_string());
        match self {
            Self::Grant { scope: at, principal, since } => {
                format!("what #{since} gave {principal} in {}", scope(at))
            }
            Self::Entry { scope: at, since, .. } => format!("the removed entry of #{since} in {}", scope(at)),
            Self::Share { object: of, scope: at } => {
                format!("the revoked projection of {} into {}", object(of), scope(at))
            }
            Self::Activity { principal } => format!("{principal}, suspended or archived,"),
            Self::Ownership { object: of, owner } => {
                format!("the past ownership of {} by {owner}", object(of))
            }
            Self::Group { child, parent } => {
                format!(
                    "the removed membership of {} in {}",
                    world.identity().id(child),
                    world.identity().id(parent)
                )
            }
        }
    }
}

/// Is a principal below a group over live edges through active groups? Walked here once more, without the closure that
/// decisions read.
fn is_below(world: &World, child: u32, group: u32) -> bool {
    let identity = world.identity();
    let (mut seen, mut next) = (vec![child], vec![child]);
    while let Some(at) = next.pop() {
        for edge in identity.relations().of(at) {
            let up = edge.child == at && edge.is_live() && identity.relations().label(edge) == MEMBER_OF;
            let active = identity.at(edge.parent).is_some_and(|found| found.status == Status::Active);
            if up && active && !seen.contains(&edge.parent) {
                if edge.parent == group {
                    return true;
                }
                seen.push(edge.parent);
                next.push(edge.parent);
            }
        }
    }
    false
}

/// The event that an allowing rule rests on.
fn reason(rule: &Rule) -> Option<Sequence> {
    match rule {
        Rule::Member { since, .. } | Rule::Entry { since, .. } => Some(*since),
        _ => None,
    }
}

/// Some active principals that an entry speaks to, in a scope.
fn spoken_to(world: &World, scope: u32, subject: Subject) -> Vec<PrincipalId> {
    let (identity, now) = (world.identity(), world.time());
    let active = |principal: &PrincipalId| {
        identity.get(*principal).is_some_and(|found| found.status == Status::Active)
    };
    match subject {
        Subject::Principal(id) => [id].into_iter().filter(active).collect(),
        Subject::Role(role) => world
            .tenancy()
            .members(scope)
            .filter(|(_, member)| member.role == role && member.in_force(now))
            .map(|(row, _)| identity.id(row))
            .filter(active)
            .take(ASKED)
            .collect(),
        Subject::Any => identity.iter().map(|principal| principal.id).filter(active).take(ASKED).collect(),
    }
}

/// Tries denies that are in force, at most so many.
pub(super) fn denies(world: &World, decide: Decide, samples: usize, book: &mut Book) {
    let (tenancy, now) = (world.tenancy(), world.time());
    let denies = || tenancy.all_entries().filter(|entry| entry.effect == Effect::Deny && entry.in_force(now));
    let all = denies().count();
    for entry in denies().step_by(all / samples.max(1) + 1) {
        let below = tenancy.children(entry.scope).next().filter(|_| entry.applies == Applies::Subtree);
        let capability =
            Capability::ALL.iter().find(|capability| entry.capability.matches().contains(**capability));
        let Some(&capability) = capability else { continue };
        for principal in spoken_to(world, entry.scope, entry.subject) {
            for target in [Some(entry.scope), below].into_iter().flatten() {
                let decision = decide(world, principal, Request::new(capability, Target::Scope(target)), now);
                book.hold(N::DeniesHold, !decision.allowed, || {
                    format!(
                        "{principal} may `{capability}` in a scope although the entry {} denies it",
                        entry.id
                    )
                });
            }
        }
    }
}

/// Looks for the reasons of access: pairs of principal and object, spread evenly over all there are.
///
/// # Errors
/// When the log cannot be read.
pub(super) fn reasons(
    world: &World,
    decide: Decide,
    history: &History,
    samples: usize,
    book: &mut Book,
) -> Result<()> {
    let (objects, principals) = (world.objects(), world.identity());
    let each = ASKED.min(principals.len()).max(1);
    let wanted = (samples / each).max(1);
    let (object_step, principal_step) = (objects.len() / wanted + 1, principals.len() / each + 1);
    for row in (0..objects.len() as u32).step_by(object_step) {
        // Members of where it is shared are asked first: those may read it, and others should not.
        let shared =
            world.sharing().scopes(row).flat_map(|(scope, _)| world.tenancy().members(scope).take(2));
        let spread = (row as usize % principal_step..principals.len()).step_by(principal_step);
        let asked: Vec<u32> =
            shared.map(|(row, _)| row).chain(spread.map(|row| row as u32)).take(2 * each).collect();
        for principal in asked {
            reason_of(world, decide, history, (principal, row), book)?;
        }
    }
    Ok(())
}

/// Asks for one principal and one object, by their rows.
fn reason_of(
    world: &World,
    decide: Decide,
    history: &History,
    (principal, row): (u32, u32),
    book: &mut Book,
) -> Result<()> {
    let Some(object) = world.objects().at(row) else { return Ok(()) };
    let actor = world.identity().id(principal);
    let question = Request::new(Capability::ReadLocal, Target::Object(row));
    let decision = decide(world, actor, question, world.time());
    if !decision.allowed || object.owner == principal {
        book.saw(N::AccessHasReason, 1);
        return Ok(());
    }
    let share = decision.via.and_then(|scope| world.sharing().share(row, scope));
    let granted = reason(&decision.rule);
    let shared = match share {
        Some(share) => shares(history, share.since)? && share.level >= Level::Read,
        None => false,
    };
    let given = match granted {
        Some(since) => grants(history, since)?,
        None => false,
    };
    book.hold(N::AccessHasReason, shared && given, || {
        format!("{actor} may read {} of somebody else, and no event gave it to them", object.id)
    });
    Ok(())
}

/// Is it an event that shares?
fn shares(history: &History, at: Sequence) -> Result<bool> {
    Ok(matches!(decode(&history.record(at)?)?.1, Event::Sharing(SharingEvent::ObjectProjected(_))))
}

/// Is it an event that gives a right?
fn grants(history: &History, at: Sequence) -> Result<bool> {
    let event = decode(&history.record(at)?)?.1;
    Ok(matches!(
        event,
        Event::Tenancy(
            TenancyEvent::MemberAdded(_)
                | TenancyEvent::MemberRoleChanged(_)
                | TenancyEvent::AclEntryAdded(_)
        )
    ))
}
