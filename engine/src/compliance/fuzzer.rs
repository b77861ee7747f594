//! The isolation fuzzer: a random graph of people, scopes and objects, held against a model that shares nothing with the engine's decisions.
//!
//! The model keeps what was done in plain lists and walks them with nested loops: owner, members along the way to the root, projections,
//! denies, suspensions, tombstones. After each mutation, revocations among them, every pair of principal and object is asked of the
//! engine in three ways that all have to give the model's answer: the decision, the read, the list.

use super::harness::Harness;
use crate::ObjectQuery;
use crate::clock::{Door, ManualDoor};
use crate::error::Result;
use crate::identity::{ReinstatePrincipal, SuspendPrincipal};
use crate::objects::{Restore, Tombstone};
use crate::sharing::Revoke;
use crate::tenancy::{AddAclEntry, AddMember, CreateScope, RemoveAclEntry, RemoveMember, ScopeRef};
use scoped_projections::tenancy::{Applies, Capability, Effect, Level, Role, Subject};
use scoped_projections::{EntryId, ObjectId, PrincipalId, ScopeId};
use serde::Serialize;

/// How large the graph is. The same seed gives the same run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FuzzOptions {
    /// Where chance begins.
    pub seed: u64,
    /// Principals of the kind `user`.
    pub principals: usize,
    /// Objects with random owners.
    pub objects: usize,
    /// Scopes; every second one lies in another.
    pub scopes: usize,
    /// Projections at the beginning.
    pub projections: usize,
    /// Mutations, each followed by all questions.
    pub mutations: usize,
}

impl Default for FuzzOptions {
    fn default() -> Self {
        Self { seed: 0, principals: 5, objects: 10, scopes: 3, projections: 5, mutations: 5 }
    }
}

/// What a run came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FuzzReport {
    /// Principals that were made.
    pub principals: usize,
    /// Objects that were made.
    pub objects: usize,
    /// Scopes that were made.
    pub scopes: usize,
    /// Projections that were made at the beginning.
    pub projections: usize,
    /// Mutations by what they were.
    pub mutations: Vec<&'static str>,
    /// Pairs that were asked: principals × objects × (1 + mutations).
    pub access_checks: usize,
    /// Wrong answers, in both directions.
    pub violations: Vec<String>,
}

impl FuzzReport {
    /// No wrong answer.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.violations.is_empty()
    }
}

/// What was done, in plain lists.
#[derive(Debug, Default)]
struct Model {
    people: Vec<PrincipalId>,
    suspended: Vec<PrincipalId>,
    scopes: Vec<(ScopeId, PrincipalId, Option<ScopeId>)>,
    objects: Vec<(ObjectId, PrincipalId)>,
    tombstoned: Vec<ObjectId>,
    members: Vec<(ScopeId, PrincipalId)>,
    shares: Vec<(ObjectId, ScopeId)>,
    denies: Vec<(EntryId, ScopeId, PrincipalId)>,
}

impl Model {
    fn reads(&self, person: PrincipalId, object: ObjectId) -> bool {
        if self.suspended.contains(&person) {
            return false;
        }
        let owner = self.objects.contains(&(object, person));
        if self.tombstoned.contains(&object) {
            return owner && !self.denied(person, object);
        }
        let through = |scope: ScopeId| self.way(scope).iter().any(|at| self.members.contains(&(*at, person)));
        let shared = self.shares.iter().any(|(shared, scope)| *shared == object && through(*scope));
        (owner || shared) && !self.denied(person, object)
    }
    fn denied(&self, person: PrincipalId, object: ObjectId) -> bool {
        self.shares.iter().filter(|(shared, _)| *shared == object).any(|(_, scope)| {
            let way = self.way(*scope);
            self.denies.iter().any(|(_, at, denied)| *denied == person && way.contains(at))
        })
    }
    fn way(&self, scope: ScopeId) -> Vec<ScopeId> {
        let mut way = vec![scope];
        while let Some((_, _, Some(parent))) = self.scopes.iter().find(|(id, _, _)| Some(id) == way.last()) {
            way.push(*parent);
        }
        way
    }
}

/// Runs the fuzzer.
///
/// # Errors
/// When a step that the model says is right is refused: that fails the run.
pub fn fuzz(options: &FuzzOptions) -> Result<FuzzReport> {
    let mut run = Run {
        harness: Harness::new()?,
        model: Model::default(),
        door: ManualDoor::new(0, options.seed),
        report: FuzzReport::default(),
    };
    run.build(options)?;
    run.ask_all();
    for _ in 0..options.mutations {
        let what = run.mutate()?;
        run.report.mutations.push(what);
        run.ask_all();
    }
    Ok(run.report)
}

struct Run {
    harness: Harness,
    model: Model,
    door: ManualDoor,
    report: FuzzReport,
}

impl Run {
    fn below(&self, bound: usize) -> usize {
        (self.door.random() % bound.max(1) as u64) as usize
    }
    fn founder(&self) -> Result<crate::Session> {
        self.harness.engine.session(self.harness.engine.founder())
    }

    fn build(&mut self, options: &FuzzOptions) -> Result<()> {
        let founder = self.founder()?;
        for nth in 0..options.principals {
            self.model.people.push(self.harness.user(&format!("person {nth}"))?);
        }
        if options.principals == 0 {
            return Ok(());
        }
        for _ in 0..options.objects {
            let owner = self.model.people[self.below(options.principals)];
            let object = self.harness.object(owner, None)?;
            self.model.objects.push((object, owner));
        }
        for nth in 0..options.scopes {
            let owner = self.model.people[self.below(options.principals)];
            let above = self.model.scopes.last().filter(|_| nth % 2 == 1).map(|(id, _, _)| *id);
            let scope = match above {
                None => self.harness.scope(owner, &[])?,
                Some(parent) => {
                    let name = Some(format!("below {nth}"));
                    let make =
                        CreateScope { scope: None, path: None, name, parent: Some(ScopeRef::Id(parent)) };
                    let scope = founder.execute(make)?.scope();
                    founder.execute(AddMember {
                        scope: scope.into(),
                        principal: owner,
                        role: Role::Owner,
                        expires_at: None,
                    })?;
                    scope
                }
            };
            self.model.scopes.push((scope, owner, above));
            self.model.members.push((scope, owner));
            for person in self.model.people.clone() {
                if person != owner && self.below(10) < 4 {
                    self.join(scope, owner, person)?;
                }
            }
        }
        for _ in 0..options.projections {
            self.share()?;
        }
        self.report.principals = self.model.people.len();
        self.report.objects = self.model.objects.len();
        self.report.scopes = self.model.scopes.len();
        self.report.projections = self.model.shares.len();
        Ok(())
    }

    fn join(&mut self, scope: ScopeId, owner: PrincipalId, person: PrincipalId) -> Result<()> {
        let add = AddMember { scope: scope.into(), principal: person, role: Role::Reader, expires_at: None };
        // A suspended owner cannot; whoever founded the scope can.
        let by = if self.model.suspended.contains(&owner) {
            self.founder()?
        } else {
            self.harness.engine.session(owner)?
        };
        by.execute(add)?;
        self.model.members.push((scope, person));
        Ok(())
    }

    /// Shares an object of somebody who is a member of the scope with their own role.
    fn share(&mut self) -> Result<bool> {
        let fits: Vec<(ObjectId, ScopeId)> =
            self.model
                .objects
                .iter()
                .flat_map(|(object, owner)| {
                    self.model.scopes.iter().map(move |(scope, by, _)| (*object, *owner, *scope, *by))
                })
                .filter(|(object, owner, scope, by)| {
                    owner == by
                        && !self.model.shares.contains(&(*object, *scope))
                        && !self.model.suspended.contains(owner)
                        && !self.model.tombstoned.contains(object)
                        && self.model.members.contains(&(*scope, *owner))
                        && !self.model.denied(*owner, *object)
                        && !self.model.way(*scope).iter().any(|at| {
                            self.model.denies.iter().any(|(_, there, who)| there == at && who == owner)
                        })
                })
                .map(|(object, _, scope, _)| (object, scope))
                .collect();
        if fits.is_empty() {
            return Ok(false);
        }
        let (object, scope) = fits[self.below(fits.len())];
        self.harness.project(object, scope, Level::Read)?;
        self.model.shares.push((object, scope));
        Ok(true)
    }

    /// One thing changes: as the founder, who may.
    fn mutate(&mut self) -> Result<&'static str> {
        let founder = self.founder()?;
        match self.below(9) {
            0 => {
                let free = |(scope, owner, _): &(ScopeId, PrincipalId, Option<ScopeId>)| {
                    let person = self
                        .model
                        .people
                        .iter()
                        .find(|person| !self.model.members.contains(&(*scope, **person)));
                    person.map(|person| (*scope, *owner, *person))
                };
                let Some((scope, _, person)) = self.model.scopes.iter().find_map(free) else {
                    return Ok("nothing");
                };
                founder.execute(AddMember {
                    scope: scope.into(),
                    principal: person,
                    role: Role::Reader,
                    expires_at: None,
                })?;
                self.model.members.push((scope, person));
                Ok("add_member")
            }
            1 => {
                let plain = self.model.members.iter().position(|(scope, person)| {
                    !self.model.scopes.iter().any(|(id, owner, _)| id == scope && owner == person)
                });
                let Some(at) = plain else { return Ok("nothing") };
                let (scope, principal) = self.model.members.remove(at);
                founder.execute(RemoveMember { scope: scope.into(), principal })?;
                Ok("remove_member")
            }
            2 => Ok(if self.share()? { "add_projection" } else { "nothing" }),
            3 => {
                if self.model.shares.is_empty() {
                    return Ok("nothing");
                }
                let (object, scope) = self.model.shares.remove(self.below(self.model.shares.len()));
                founder.execute(Revoke { object, scope: scope.into() })?;
                Ok("remove_projection")
            }
            4 => {
                if self.model.scopes.is_empty() || self.model.people.is_empty() {
                    return Ok("nothing");
                }
                let scope = self.model.scopes[self.below(self.model.scopes.len())].0;
                let person = self.model.people[self.below(self.model.people.len())];
                let entry = EntryId(self.harness.engine.fresh_id());
                founder.execute(AddAclEntry {
                    entry: Some(entry),
                    scope: scope.into(),
                    effect: Effect::Deny,
                    subject: Subject::Principal(person),
                    capability: Capability::ReadLocal
                        .as_str()
                        .parse()
                        .map_err(|_| crate::Error::invalid("no such capability"))?,
                    applies: Applies::Subtree,
                    expires_at: None,
                })?;
                self.model.denies.push((entry, scope, person));
                Ok("deny")
            }
            5 => {
                let Some((entry, _, _)) = self.model.denies.pop() else { return Ok("nothing") };
                founder.execute(RemoveAclEntry { entry })?;
                Ok("lift_deny")
            }
            6 => {
                let Some(person) = self.model.people.get(self.below(self.model.people.len())).copied() else {
                    return Ok("nothing");
                };
                if self.model.suspended.contains(&person) {
                    founder.execute(ReinstatePrincipal { principal: person })?;
                    self.model.suspended.retain(|other| *other != person);
                    return Ok("reinstate");
                }
                founder.execute(SuspendPrincipal { principal: person })?;
                self.model.suspended.push(person);
                Ok("suspend")
            }
            7 => {
                let Some((object, owner)) =
                    self.model.objects.get(self.below(self.model.objects.len())).copied()
                else {
                    return Ok("nothing");
                };
                if self.model.suspended.contains(&owner) || self.model.denied(owner, object) {
                    return Ok("nothing");
                }
                let by = self.harness.engine.session(owner)?;
                if self.model.tombstoned.contains(&object) {
                    by.execute(Restore::new(object))?;
                    self.model.tombstoned.retain(|other| *other != object);
                    return Ok("restore");
                }
                by.execute(Tombstone { object, reason: None, expected_version: None })?;
                self.model.tombstoned.push(object);
                Ok("tombstone")
            }
            _ => Ok("nothing"),
        }
    }

    /// Every pair, in three ways.
    fn ask_all(&mut self) {
        let engine = self.harness.engine.clone();
        let mut wrong = Vec::new();
        for person in &self.model.people {
            let session = engine.session(*person);
            let listed: Vec<ObjectId> = session.as_ref().map_or_else(
                |_| Vec::new(),
                |session| {
                    let page = session.reading().find_objects(&ObjectQuery::default());
                    page.map_or_else(
                        |_| Vec::new(),
                        |page| page.objects.iter().map(|info| info.object).collect(),
                    )
                },
            );
            for (object, _) in &self.model.objects {
                self.report.access_checks += 1;
                let expected = self.model.reads(*person, *object);
                let decided = engine.read(|moment| {
                    let target = moment.object_target(*object);
                    moment.can(*person, Capability::ReadLocal, target).allowed
                });
                let read = session.as_ref().is_ok_and(|session| session.read(*object).is_ok());
                let live = !self.model.tombstoned.contains(object);
                let in_list = listed.contains(object);
                let mut hold = |way: &str, found: bool, expected: bool| {
                    if found != expected {
                        let word = if found { "allowed" } else { "denied" };
                        wrong.push(format!(
                            "{way}: {person} was wrongly {word} {object} after {:?}",
                            self.report.mutations
                        ));
                    }
                };
                hold("decision", decided, expected);
                hold("read", read, expected);
                hold("list", in_list, expected && live);
            }
        }
        self.report.violations.extend(wrong);
    }
}
