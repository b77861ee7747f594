//! Planning a rollback: which commands bring things back, in which order, and which of them would be refused.
//!
//! ```text
//! events since the cutoff ──▶ entities they touched ──▶ then ≠ now? ──▶ commands, in an order in which they can succeed
//!                              (those selected)                          ──▶ tried one by one on a copy of the world
//! ```
//!
//! The state *then* is read from the world as of the cutoff, never from what an event says about its past, so a rollback ends
//! where the log was, whatever happened in between. Cost: linear in the events since the cutoff.

use super::Entity;
use crate::authorize::{Target, authorize};
use crate::clock::Ids;
use crate::command::{Batch, Command, RollbackNote, Step};
use crate::data::Data;
use crate::error::{Error, Result};
use crate::history::History;
use crate::kernel::execute::{Refusal, execute};
use crate::tenancy::ScopeRef;
use crate::{identity, objects, sharing, tenancy};
use scoped_projections::identity::Status;
use scoped_projections::store::{NO_ROW, Transact};
use scoped_projections::temporal::TemporalEvent;
use scoped_projections::tenancy::{Capability, Effect, Member};
use scoped_projections::{Event, Micros, ObjectId, PrincipalId, Sequence, World};
use std::collections::BTreeMap;
use std::fmt;

/// What to take back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Everything that the actor can see.
    All,
    /// A scope and all below it.
    Scope(ScopeRef),
    /// One object and its projections.
    Object(ObjectId),
    /// What one principal did.
    Actor(PrincipalId),
    /// One event; for the record of a rollback: that whole rollback.
    Event(Sequence),
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Scope(scope) => write!(f, "scope:{scope}"),
            Self::Object(object) => write!(f, "object:{object}"),
            Self::Actor(actor) => write!(f, "actor:{actor}"),
            Self::Event(event) => write!(f, "event:{event}"),
        }
    }
}

/// One command of a rollback.
#[derive(Debug, Clone)]
pub struct PlannedStep {
    /// What it brings back.
    pub entity: Entity,
    /// The command that does it.
    pub command: Command,
    /// The first of the events whose effect it takes back.
    pub undoes: Sequence,
    /// Why it would be refused now, if it would.
    pub refused: Option<String>,
}

/// Something that was selected and cannot be brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// What.
    pub entity: Entity,
    /// Why not.
    pub reason: String,
}

/// A rollback before it happens.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Things are brought back to how they were after this event.
    pub to: Sequence,
    /// The position of the world that it was planned against.
    pub planned_at: Sequence,
    /// What was selected.
    pub selection: Selection,
    /// The commands, in order.
    pub steps: Vec<PlannedStep>,
    /// What cannot be brought back.
    pub skipped: Vec<Skipped>,
    before: BTreeMap<Entity, Option<Sequence>>,
}

impl Plan {
    /// How many steps would be refused, and entities skipped.
    #[must_use]
    pub fn problems(&self) -> usize {
        self.skipped.len() + self.steps.iter().filter(|step| step.refused.is_some()).count()
    }
    /// The batch that carries it out, without the steps that would be refused.
    pub(crate) fn batch(&self, actor: PrincipalId) -> Batch {
        let mut before = self.before.clone();
        let steps = self.steps.iter().filter(|step| step.refused.is_none()).map(|step| Step {
            actor,
            command: step.command.clone(),
            undoes: step.undoes,
            // Only the first step of an entity can expect to find it as it was planned.
            unless_changed: before.remove(&step.entity).map(|changed| (step.entity, changed)),
        });
        let note = RollbackNote { to: self.to.get(), selection: self.selection.to_string() };
        Batch { steps: steps.collect(), rollback: Some(note), ..Batch::default() }
    }
}

/// An entity that the selected events touched.
struct Touched {
    first: Sequence,
    /// Why it cannot be brought back, if it cannot.
    problem: Option<String>,
}

/// Plans a rollback for `actor` against `now`, which is used up as a scratch copy.
pub(crate) fn plan(
    history: &History,
    mut now: World,
    to: Sequence,
    selection: Selection,
    actor: PrincipalId,
    time: Micros,
    ids: &mut Ids,
) -> Result<Plan> {
    let planned_at = now.position();
    let to = match &selection {
        Selection::Event(event) if event.get() == 0 || *event > planned_at => {
            return Err(Error::refused("no_event", format!("there is no event {event}")));
        }
        Selection::Event(event) => Sequence::new(event.get() - 1),
        _ => to,
    };
    let then = history.world_at(to)?;
    let sight = Sight { world: &now, actor, time };
    let mut touched = touched(history, &sight, &then, to, &selection)?;
    // What the actor cannot see was not selected: a plan must not disclose that it is there.
    touched.retain(|entity, _| sight.sees(*entity));
    let mut plan =
        Plan { to, planned_at, selection, steps: Vec::new(), skipped: Vec::new(), before: BTreeMap::new() };
    let mut phased: Vec<(u8, i64, PlannedStep)> = Vec::new();
    for (entity, touched) in touched {
        let problem = match touched.problem {
            Some(problem) => Some(problem),
            None => {
                let mut inverse = Inverse {
                    history,
                    then: &then,
                    now: &now,
                    entity,
                    first: touched.first,
                    actor,
                    time,
                    out: &mut phased,
                };
                inverse.run()?
            }
        };
        match problem {
            Some(reason) => plan.skipped.push(Skipped { entity, reason }),
            None => drop(plan.before.insert(entity, entity.changed(&now))),
        }
    }
    phased.sort_by_key(|(phase, order, step)| (*phase, *order, step.entity));
    for (_, _, mut step) in phased {
        let one = Step { actor, command: step.command.clone(), undoes: step.undoes, unless_changed: None };
        let batch = Batch { steps: vec![one], ..Batch::default() };
        match execute(&mut now, &batch, time, ids, &mut Vec::new()) {
            Ok(_) => now.keep(),
            Err(declined) => match declined.refusal {
                // The step itself would disclose what it is not theirs to read: the data that it brings back.
                Refusal::Denied(need) => {
                    let reason = format!("denied: `{}` is not yours there", need.capability);
                    plan.skipped.push(Skipped { entity: step.entity, reason });
                    continue;
                }
                Refusal::Declined(error) => step.refused = Some(error.to_string()),
            },
        }
        plan.steps.push(step);
    }
    Ok(plan)
}

/// The entities that the selected events since the cutoff touched, with the first event that did.
fn touched(
    history: &History,
    sight: &Sight<'_>,
    then: &World,
    to: Sequence,
    selection: &Selection,
) -> Result<BTreeMap<Entity, Touched>> {
    let now = sight.world;
    let mut found: BTreeMap<Entity, Touched> = BTreeMap::new();
    let place = Place::new(sight, then, selection)?;
    let mut until = None;
    for record in history.reader().records(to.next(), now.position()) {
        let record = record?;
        let (sequence, actor) = (record.sequence(), PrincipalId(record.actor()));
        let event = history.event(&record)?;
        if until.is_none() {
            // The first record: for a rollback, its batch is what is selected.
            let rolled_back = matches!(event, Event::Temporal(TemporalEvent::RolledBack(_)));
            let behind = if rolled_back { u64::from(record.batch_left()) } else { 0 };
            until = Some(Sequence::new(sequence.get() + behind));
        }
        let Some(entity) = Entity::of(&event) else {
            let reason = "is history, not state: it is never taken back";
            if *selection == Selection::Event(sequence) && until == Some(sequence) && actor == sight.actor {
                return Err(Error::refused("irreversible", format!("event {sequence} {reason}")));
            }
            continue;
        };
        match selection {
            Selection::Actor(who) if actor != *who => {
                // What others did to the same thing, before or after, cannot be told apart from what this one did.
                let problem = Some(format!("{sequence} by another principal touched it too"));
                let other = found.entry(entity).or_insert(Touched { first: Sequence::NONE, problem: None });
                other.problem = problem;
            }
            Selection::Event(_) if until.is_some_and(|until| sequence > until) => {
                if let Some(touched) = found.get_mut(&entity) {
                    let problem = || format!("{sequence} changed it later: roll that back first");
                    touched.problem.get_or_insert_with(problem);
                }
            }
            Selection::Event(_) if now.temporal().undone_by(sequence).is_some() => {
                let by = now.temporal().undone_by(sequence).unwrap_or_default();
                let problem = Some(format!("{sequence} was taken back by {by} already"));
                found.insert(entity, Touched { first: sequence, problem });
            }
            _ if place.contains(entity) => {
                let touched = found.entry(entity).or_insert(Touched { first: sequence, problem: None });
                if touched.first == Sequence::NONE {
                    touched.first = sequence;
                }
            }
            _ => {}
        }
    }
    // What only others touched was not selected.
    found.retain(|_, touched| touched.first != Sequence::NONE);
    Ok(found)
}

/// What somebody can see of the present.
struct Sight<'a> {
    world: &'a World,
    actor: PrincipalId,
    time: Micros,
}

impl Sight<'_> {
    fn may(&self, capability: Capability, target: Target) -> bool {
        authorize(self.world, self.actor, capability, target, self.time).allowed
    }
    fn sees(&self, entity: Entity) -> bool {
        let (scope, object) = entity.place(self.world);
        let scope = scope.and_then(|scope| self.world.tenancy().row(scope)).map(Target::Scope);
        let object = object.and_then(|object| self.world.objects().row(object)).map(Target::Object);
        match (scope, object) {
            (None, None) => self.may(Capability::PrincipalsManage, Target::Deployment),
            // Whoever may restore a tombstoned object knows that it is there.
            (scope, object) => {
                let known =
                    |target| self.may(Capability::ReadLocal, target) || self.may(Capability::Write, target);
                scope.is_some_and(known) || object.is_some_and(known)
            }
        }
    }
}

/// Where an entity has to be to be selected.
struct Place<'a> {
    now: &'a World,
    then: &'a World,
    scope: Option<u32>,
    object: Option<ObjectId>,
}

impl<'a> Place<'a> {
    fn new(sight: &Sight<'a>, then: &'a World, selection: &Selection) -> Result<Self> {
        let (now, mut scope, mut object) = (sight.world, None, None);
        match selection {
            Selection::Scope(wanted) => {
                if !sight.may(Capability::ReadLocal, wanted.target(now.tenancy())) {
                    return Err(Error::denied(Capability::ReadLocal));
                }
                let missing = || Error::refused("not_found", format!("there is no scope `{wanted}`"));
                scope = Some(wanted.row(now.tenancy()).ok_or_else(missing)?);
            }
            Selection::Object(wanted) => object = Some(*wanted),
            Selection::All | Selection::Actor(_) | Selection::Event(_) => {}
        }
        Ok(Self { now, then, scope, object })
    }
    fn contains(&self, entity: Entity) -> bool {
        let (in_scope, of_object) = entity.place(self.now);
        if let Some(wanted) = self.object {
            return of_object == Some(wanted);
        }
        let Some(above) = self.scope else { return true };
        let tenancy = self.now.tenancy();
        let within = |row: u32| tenancy.is_within(row, above);
        if let Some(scope) = in_scope {
            return tenancy.row(scope).is_some_and(within);
        }
        // Rows never change, so a row of back then is a row of now.
        of_object.is_some_and(|id| {
            [self.now, self.then].iter().any(|world| {
                let Some(row) = world.objects().row(id) else { return false };
                let home = world.objects().at(row).map_or(NO_ROW, |object| object.home);
                (home != NO_ROW && within(home))
                    || world.sharing().of(row).iter().any(|share| within(share.scope))
            })
        })
    }
}

/// Makes the commands that bring one entity back.
struct Inverse<'a> {
    history: &'a History,
    then: &'a World,
    now: &'a World,
    entity: Entity,
    first: Sequence,
    actor: PrincipalId,
    time: Micros,
    out: &'a mut Vec<(u8, i64, PlannedStep)>,
}

// The phases: first what widens, so that the rest is possible; then the contents; then what narrows, the actor's own rights
// and the containers last.
const PRINCIPALS_BACK: u8 = 0;
const SCOPES_REOPENED: u8 = 1;
const MEMBERS_BACK: u8 = 2;
const OBJECTS_RESTORED: u8 = 3;
const SHARES_BACK: u8 = 4;
const OBJECTS_CHANGED: u8 = 5;
const OBJECTS_TOMBSTONED: u8 = 6;
const SHARES_GONE: u8 = 7;
const ENTRIES_NARROWING: u8 = 8;
const MEMBERS_GONE: u8 = 9;
const SCOPES_ARCHIVED: u8 = 10;
const PRINCIPALS_GONE: u8 = 11;
const OWN_RIGHTS_GONE: u8 = 12;

type Problem = Option<String>;

impl Inverse<'_> {
    fn run(&mut self) -> Result<Problem> {
        match self.entity {
            Entity::Principal(id) => self.principal(id),
            Entity::Scope(id) => Ok(self.scope(id)),
            Entity::Member(scope, principal) => Ok(self.member(scope, principal)),
            Entity::Entry(id) => Ok(self.entry(id)),
            Entity::Object(id) => self.object(id),
            Entity::Share(object, scope) => Ok(self.share(object, scope)),
        }
    }

    fn step(&mut self, phase: u8, order: i64, command: impl Into<Command>) {
        let (entity, undoes, command) = (self.entity, self.first, command.into());
        // What the actor's own rights hang on goes when everything else is done.
        let phase = match (phase, entity) {
            (MEMBERS_GONE, Entity::Member(_, who)) | (PRINCIPALS_GONE, Entity::Principal(who))
                if who == self.actor =>
            {
                OWN_RIGHTS_GONE
            }
            _ => phase,
        };
        self.out.push((phase, order, PlannedStep { entity, command, undoes, refused: None }));
    }

    fn data(&self, at: Sequence) -> Result<Data> {
        let missing = || Error::corrupt(format!("event {at} has no payload"));
        Data::from_canonical(self.history.payload(at)?.ok_or_else(missing)?)
    }

    fn principal(&mut self, id: PrincipalId) -> Result<Problem> {
        let Some(now) = self.now.identity().get(id) else { return Ok(None) };
        let Some(then) = self.then.identity().get(id) else {
            if now.status == Status::Active {
                self.step(PRINCIPALS_GONE, 0, identity::SuspendPrincipal { principal: id });
            }
            return Ok(None);
        };
        match (then.status, now.status) {
            (then, now) if then == now => {}
            (_, Status::Archived) => return Ok(Some("archiving a principal is for good".to_owned())),
            (Status::Active, _) => {
                self.step(PRINCIPALS_BACK, 0, identity::ReinstatePrincipal { principal: id })
            }
            _ => self.step(PRINCIPALS_GONE, 0, identity::SuspendPrincipal { principal: id }),
        }
        if then.described != now.described {
            let description = self.data(then.described)?;
            self.step(PRINCIPALS_BACK, 1, identity::DescribePrincipal { principal: id, description });
        }
        if then.operator != now.operator {
            let phase = if then.operator { PRINCIPALS_BACK } else { PRINCIPALS_GONE };
            self.step(phase, 1, identity::SetOperator { principal: id, operator: then.operator });
        }
        Ok(None)
    }

    fn scope(&mut self, id: scoped_projections::ScopeId) -> Problem {
        let row = self.now.tenancy().row(id)?;
        let archived_now = self.now.tenancy().at(row)?.archived;
        // A scope that was not there is brought back to not being there: archived.
        let archived_then = self.then.tenancy().get(id).is_none_or(|node| node.archived);
        match (archived_then, archived_now) {
            (false, true) => {
                self.step(SCOPES_REOPENED, i64::from(row), tenancy::ReopenScope { scope: id.into() });
            }
            (true, false) => {
                self.step(SCOPES_ARCHIVED, -i64::from(row), tenancy::ArchiveScope { scope: id.into() });
            }
            _ => {}
        }
        None
    }

    fn member(&mut self, scope: scoped_projections::ScopeId, principal: PrincipalId) -> Problem {
        fn part(world: &World, scope: scoped_projections::ScopeId, principal: PrincipalId) -> Option<Member> {
            world.tenancy().member(world.tenancy().row(scope)?, world.identity().row(principal)?).copied()
        }
        // A scope that goes as a whole keeps its members, so that reopening it finds them: a root must not lose its owner.
        self.then.tenancy().get(scope)?;
        let at = scope.into();
        // What would have ended by now grants nothing: it is as good as gone.
        let then = part(self.then, scope, principal).filter(|member| member.in_force(self.time));
        match (then, part(self.now, scope, principal)) {
            (Some(then), None) => {
                let (role, expires_at) = (then.role, then.expires_at);
                self.step(MEMBERS_BACK, 0, tenancy::AddMember { scope: at, principal, role, expires_at });
            }
            (Some(then), Some(now)) if (then.role, then.expires_at) != (now.role, now.expires_at) => {
                let (role, expires_at) = (then.role, then.expires_at);
                let phase = if role >= now.role { MEMBERS_BACK } else { MEMBERS_GONE };
                self.step(phase, 0, tenancy::ChangeMember { scope: at, principal, role, expires_at });
            }
            (None, Some(_)) => self.step(MEMBERS_GONE, 0, tenancy::RemoveMember { scope: at, principal }),
            _ => {}
        }
        None
    }

    fn entry(&mut self, id: scoped_projections::EntryId) -> Problem {
        let now = self.now.tenancy().entry(id)?;
        let then = self.then.tenancy().entry(id);
        let (live_then, live_now) = (then.is_some_and(|entry| !entry.removed), !now.removed);
        match (live_then, live_now) {
            (false, true) => {
                // Taking a deny off widens, taking an allow off narrows.
                let phase = if now.effect == Effect::Deny { MEMBERS_BACK } else { ENTRIES_NARROWING };
                self.step(phase, 1, tenancy::RemoveAclEntry { entry: id });
            }
            (true, false) if then.is_some_and(|entry| entry.in_force(self.time)) => {
                let scope = self.now.tenancy().at(now.scope)?.id.into();
                let (effect, subject, capability) = (now.effect, now.subject, now.capability.clone());
                let (applies, expires_at) = (now.applies, now.expires_at);
                // The old id is used up: the entry comes back under a new one.
                let command = tenancy::AddAclEntry {
                    entry: None,
                    scope,
                    effect,
                    subject,
                    capability,
                    applies,
                    expires_at,
                };
                let phase = if effect == Effect::Deny { ENTRIES_NARROWING } else { MEMBERS_BACK };
                self.step(phase, 1, command);
            }
            _ => {}
        }
        None
    }

    fn object(&mut self, id: ObjectId) -> Result<Problem> {
        let Some(now) = self.now.objects().get(id) else { return Ok(None) };
        let then = self.then.objects().get(id);
        let data = match then {
            Some(then) if then.data != now.data => {
                let (data, current) = (self.data(then.data)?, self.data(now.data)?);
                (data != current).then_some(data)
            }
            _ => None,
        };
        let gone_then = then.is_none_or(|then| then.tombstoned);
        // Only what is live takes new data, also when it is to end as a tombstone.
        if now.tombstoned && (!gone_then || data.is_some()) {
            self.step(OBJECTS_RESTORED, 0, objects::Restore { object: id });
        }
        let mut version = now.version;
        if let Some(data) = data.clone() {
            self.step(
                OBJECTS_CHANGED,
                0,
                objects::Update { object: id, data, expected_version: Some(version) },
            );
            version += 1;
        }
        if gone_then && (!now.tombstoned || data.is_some()) {
            let (reason, expected_version) = (Some("rolled back".to_owned()), Some(version));
            self.step(OBJECTS_TOMBSTONED, 0, objects::Tombstone { object: id, reason, expected_version });
        }
        Ok(None)
    }

    fn share(&mut self, object: ObjectId, scope: scoped_projections::ScopeId) -> Problem {
        let level = |world: &World| {
            let (object, scope) = (world.objects().row(object)?, world.tenancy().row(scope)?);
            world.sharing().share(object, scope).map(|share| share.level)
        };
        // What was not there goes as a whole, by its tombstone; its projections stay with it for when it is restored.
        self.then.objects().get(object)?;
        let at = scope.into();
        match (level(self.then), level(self.now)) {
            (Some(then), now) if now != Some(then) => {
                self.step(SHARES_BACK, 0, sharing::Project { object, scope: at, level: then });
            }
            (None, Some(_)) => self.step(SHARES_GONE, 0, sharing::Revoke { object, scope: at }),
            _ => {}
        }
        None
    }
}
