//! What can be asked of a world, of the present as of the past.
//!
//! A [`Moment`] is a world, the log that its data lies in, and the time that decisions are made for. It belongs to whoever holds
//! the files: nothing is filtered. What a principal may see of it is [`crate::Reading`].

use crate::authorize::{
    Actor, Considered, Decision, Outcome, Request, Rule, Target, explain, outcome, yes_or_no,
};
use crate::clock::When;
use crate::data::Data;
use crate::diff::Diff;
use crate::error::{Error, Result};
use crate::history::History;
use crate::info::{ChangeInfo, ObjectInfo, ScopeInfo};
use crate::rules::outside::AskedData;
use crate::rules::policy::lists;
use crate::sealed::Content;
use crate::tenancy::ScopeRef;
use scoped_projections::objects::{Change, ChangeKind, Object};
use scoped_projections::tenancy::{Capability, Level, Node, Role, View};
use scoped_projections::{Micros, ObjectId, PrincipalId, RuleId, Sequence, World};

/// A world, its log, and the time of decisions.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    pub(crate) world: &'a World,
    pub(crate) history: &'a History,
    pub(crate) now: When<'a>,
}

/// What rules hear of data where there is none: a list is asked about its scope, and each thing in it by itself, with its data.
fn without_data(request: &Request<'_>) -> AskedData<'static> {
    if lists(request) { AskedData::Each } else { AskedData::Missing }
}

impl<'a> Moment<'a> {
    /// The same world, asked at another time: memberships and entries that have ended by then count no more.
    #[must_use]
    pub fn decided_at(mut self, time: Micros) -> Self {
        self.now = time.into();
        self
    }
    /// The world itself.
    #[must_use]
    pub fn world(&self) -> &'a World {
        self.world
    }
    /// The log that its data lies in.
    #[must_use]
    pub fn history(&self) -> &'a History {
        self.history
    }

    pub(crate) fn info(&self, object: &Object) -> ObjectInfo {
        ObjectInfo {
            object: object.id,
            object_type: self.world.objects().object_type(object).to_owned(),
            owner: self.world.identity().id(object.owner),
            home: self.world.tenancy().at(object.home).map(|node| node.label().to_owned()),
            version: object.version,
            tombstoned: object.tombstoned,
            data_at: object.data.get(),
        }
    }

    fn find(&self, id: ObjectId) -> Result<&'a Object> {
        let missing =
            || Error::refused("not_found", format!("there is no object `{id}` at {}", self.world.position()));
        self.world.objects().get(id).ok_or_else(missing)
    }

    /// An object's envelope.
    ///
    /// # Errors
    /// When there is none with that id at this moment.
    pub fn object(&self, id: ObjectId) -> Result<ObjectInfo> {
        Ok(self.info(self.find(id)?))
    }

    /// The data that an object has at this moment.
    ///
    /// # Errors
    /// When there is no such object, or its data cannot be read: `erased` or `sealed`, where that is why.
    pub fn data(&self, id: ObjectId) -> Result<Data> {
        self.data_of(self.find(id)?.data)
    }

    pub(crate) fn data_of(&self, at: Sequence) -> Result<Data> {
        let missing = || Error::corrupt(format!("event {at} has no payload"));
        Data::from_canonical(self.history.payload(at)?.ok_or_else(missing)?)
    }

    /// The payload of an event that has one, as far as it can be read here.
    pub(crate) fn content_of(&self, at: Sequence) -> Result<Content<'static>> {
        let record = self.history.record(at)?;
        let missing = || Error::corrupt(format!("event {at} has no payload"));
        Ok(match self.history.content(&record)?.ok_or_else(missing)? {
            Content::Clear(bytes) => Content::Clear(bytes.into_owned().into()),
            Content::Absent(absence) => Content::Absent(absence),
        })
    }

    /// The data of a version.
    ///
    /// # Errors
    /// When there is no such object or version, or its data cannot be read.
    pub fn version(&self, id: ObjectId, version: u32) -> Result<Data> {
        let object = self.find(id)?;
        let change = self.world.objects().version(object, version).ok_or_else(|| {
            let message = format!(
                "the object `{id}` has no version {version}; its versions are 1 to {}",
                object.version
            );
            Error::refused("no_version", message)
        })?;
        self.data_of(change.sequence)
    }

    /// The data that an object had after an event, without a world of that time: its versions are looked through. `None`: it was not
    /// there yet, or out of sight. Cost: a look at each version since.
    ///
    /// # Errors
    /// When there is no such object at this moment, or its data cannot be read.
    pub fn data_at(&self, id: ObjectId, at: Sequence) -> Result<Option<Data>> {
        let object = self.find(id)?;
        let mut until = self.world.objects().changes(object).skip_while(|change| change.sequence > at);
        let Some(last) = until.next().filter(|last| last.kind != ChangeKind::Tombstoned) else {
            return Ok(None);
        };
        let written = std::iter::once(last).chain(until).find(Change::has_data);
        written.map(|change| self.data_of(change.sequence)).transpose()
    }

    /// An object's life, oldest first.
    ///
    /// # Errors
    /// When there is no such object, or the log cannot be read.
    pub fn changes(&self, id: ObjectId) -> Result<Vec<ChangeInfo>> {
        let object = self.find(id)?;
        let mut found: Vec<ChangeInfo> =
            self.world.objects().changes(object).map(|change| self.change(&change)).collect::<Result<_>>()?;
        found.reverse();
        Ok(found)
    }

    fn change(&self, change: &Change) -> Result<ChangeInfo> {
        let record = self.history.record(change.sequence)?;
        let (context, _) = crate::history::decode(&record)?;
        Ok(ChangeInfo {
            at: change.sequence.get(),
            time: record.time(),
            valid_time: context.valid_time,
            by: PrincipalId(record.actor()),
            change: change.kind,
            version: change.version,
            undoes: Some(context.undoes).filter(|undoes| *undoes != 0),
        })
    }

    /// What changed between two versions.
    ///
    /// # Errors
    /// When there is no such object or version, or the data cannot be read.
    pub fn diff(&self, id: ObjectId, a: u32, b: u32) -> Result<Diff> {
        Ok(Diff::between(&self.version(id, a)?.value()?, &self.version(id, b)?.value()?))
    }

    /// The rows of the scopes within reach of a view, in its order.
    ///
    /// # Errors
    /// When there is no such scope at this moment.
    pub fn reach(&self, scope: &ScopeRef, view: View) -> Result<Vec<u32>> {
        let tenancy = self.world.tenancy();
        let missing = || {
            Error::refused("not_found", format!("there is no scope `{scope}` at {}", self.world.position()))
        };
        let row = scope.row(tenancy).ok_or_else(missing)?;
        Ok(match view {
            View::Raw | View::Granular | View::Structured => vec![row],
            View::Holistic => tenancy.chain(row).collect(),
            View::Descend => tenancy.subtree(row),
        })
    }

    /// Live objects: all of them, oldest first; or those that a view from a scope reads, in the view's order.
    ///
    /// # Errors
    /// When there is no such scope at this moment.
    pub fn objects(&self, within: Option<(&ScopeRef, View)>) -> Result<Vec<ObjectInfo>> {
        let objects = self.world.objects();
        match within {
            None => Ok(objects.iter().filter(|o| !o.tombstoned).map(|o| self.info(o)).collect()),
            Some((scope, view)) => self.seen(scope, view),
        }
    }

    /// Objects that are out of sight, oldest first.
    #[must_use]
    pub fn tombstoned(&self) -> Vec<ObjectInfo> {
        self.world.objects().iter().filter(|o| o.tombstoned).map(|o| self.info(o)).collect()
    }

    /// All scopes: paths in path order, then flat ones.
    #[must_use]
    pub fn tree(&self) -> Vec<ScopeInfo> {
        let tenancy = self.world.tenancy();
        let info = |row: u32| {
            let node: &Node = tenancy.at(row)?;
            let live = |row: &u32| self.world.objects().at(*row).is_some_and(|object| !object.tombstoned);
            let objects =
                self.world.sharing().within(row).map_or(0, |set| set.iter().filter(live).count() as u64);
            Some(ScopeInfo {
                scope: node.id,
                label: node.label().to_owned(),
                depth: node.depth,
                archived: node.archived,
                members: tenancy.counts(row).own_members as usize,
                objects,
            })
        };
        tenancy.in_order().into_iter().filter_map(info).collect()
    }

    /// What a question about an object is put to.
    #[must_use]
    pub fn object_target(&self, id: ObjectId) -> Target {
        crate::kernel::execute::object_target(self.world, id)
    }

    /// May they? Decided for this moment.
    #[must_use]
    pub fn can(&self, actor: PrincipalId, capability: Capability, target: Target) -> Decision {
        self.decide(actor, Request::new(capability, target))
    }

    /// May they, with all that a request says? Rules that look at an object's data get to see it; everything else is decided without.
    #[must_use]
    pub fn decide(&self, actor: PrincipalId, request: Request<'_>) -> Decision {
        let who = self.actor(actor, request.target);
        self.outcome(who.as_ref(), request).told(self.world, request.capability)
    }

    /// Who asks about that: memory brings the one while the other is looked up.
    fn actor(&self, actor: PrincipalId, target: Target) -> Option<Actor<'a>> {
        if let Target::Object(row) = target {
            self.world.sharing().expect(row);
        }
        Actor::of(self.world, actor)
    }

    /// The same decision, for whom was looked up before; names are put to it later.
    pub(crate) fn outcome(&self, who: Option<&Actor<'_>>, request: Request<'_>) -> Outcome {
        self.answered(request, |request| outcome(self.world, who, request, self.now))
    }

    /// The same, for whoever will not ask why.
    pub(crate) fn allowed(&self, who: Option<&Actor<'_>>, request: Request<'_>) -> bool {
        self.answered(request, |request| yes_or_no(self.world, who, request, self.now)).allowed
    }

    /// May they? For whoever will not ask why.
    pub(crate) fn allows_actor(&self, actor: PrincipalId, request: Request<'_>) -> bool {
        self.allowed(self.actor(actor, request.target).as_ref(), request)
    }

    #[inline]
    fn answered(&self, request: Request<'_>, answer: impl Fn(Request<'_>) -> Outcome) -> Outcome {
        if !matches!(request.target, Target::Object(_)) {
            return answer(request.with_data(without_data(&request)));
        }
        // Data is loaded when the answer, or what is said to be its reason, may hang on it.
        let first = answer(request.with_data(AskedData::Later));
        if !first.wants_data {
            return first;
        }
        let data = self.value(request.target);
        let data = data.as_ref().map_or(AskedData::Missing, AskedData::Is);
        answer(request.with_data(data))
    }

    /// The data of an object, for rules to look at.
    fn value(&self, target: Target) -> Option<serde_json::Value> {
        let Target::Object(row) = target else { return None };
        self.data_of(self.world.objects().at(row)?.data).ok()?.value().ok()
    }

    /// The same decision, with every rule that was looked at.
    #[must_use]
    pub fn explain(
        &self,
        actor: PrincipalId,
        capability: Capability,
        target: Target,
    ) -> (Decision, Vec<Considered>) {
        self.explain_request(actor, Request::new(capability, target))
    }

    /// As [`Self::decide`], with every rule that was looked at.
    #[must_use]
    pub fn explain_request(&self, actor: PrincipalId, request: Request<'_>) -> (Decision, Vec<Considered>) {
        let data = self.value(request.target);
        let data = data.as_ref().map_or(without_data(&request), AskedData::Is);
        explain(self.world, actor, request.with_data(data), self.now)
    }

    /// A rule in words.
    #[must_use]
    pub fn rule(&self, rule: Rule) -> String {
        let label = |scope: u32| self.world.tenancy().at(scope).map_or("?", Node::label).to_owned();
        match rule {
            Rule::Nothing => "no rule speaks for the actor".to_owned(),
            Rule::Inactive => "the actor is unknown, suspended or archived".to_owned(),
            Rule::Tombstoned => "the object is tombstoned".to_owned(),
            Rule::Operator => "operator".to_owned(),
            Rule::Active => "any active principal".to_owned(),
            Rule::Owner => "owner of the object".to_owned(),
            Rule::Member { scope, role, since } => format!("{role} of {} since {since}", label(scope)),
            Rule::Entry { scope, entry, since } => {
                let found = self.world.tenancy().entry(entry);
                let words = found.map_or_else(String::new, |e| {
                    format!("{} {} to {}: ", e.effect, e.capability, e.subject)
                });
                format!("{words}entry of {} since {since}", label(scope))
            }
            Rule::Policy { rule, version, since, .. } => {
                format!("rule `{}` version {version} since {since}", self.rule_name(rule, version))
            }
            Rule::Governed { rule, version, .. } => format!(
                "rules govern it and none allows; one is `{}` version {version}",
                self.rule_name(rule, version)
            ),
        }
    }

    fn rule_name(&self, rule: RuleId, version: u32) -> String {
        let rules = self.world.rules();
        let found = rules.get(rule).and_then(|rule| rules.versions(rule).find(|v| v.number == version));
        found.map_or_else(|| rule.to_string(), |version| version.name.to_string())
    }

    /// A decision's reason in words.
    #[must_use]
    pub fn reason(&self, decision: &Decision) -> String {
        let via = decision.via.filter(|_| !matches!(decision.rule, Rule::Nothing | Rule::Owner));
        let via = via
            .and_then(|row| self.world.tenancy().at(row))
            .map(|node| format!(", through {}", node.label()));
        format!("{}{}", self.rule(decision.rule), via.unwrap_or_default())
    }

    /// Where an object is projected: label, level, event.
    #[must_use]
    pub fn shares(&self, id: ObjectId) -> Vec<(String, Level, Sequence)> {
        let Some(row) = self.world.objects().row(id) else { return Vec::new() };
        let label = |scope: u32| self.world.tenancy().at(scope).map_or("?", Node::label).to_owned();
        self.world.sharing().of(row).map(|share| (label(share.scope), share.level, share.since)).collect()
    }

    /// The members of a scope: principal, role, end.
    #[must_use]
    pub fn members(&self, row: u32) -> Vec<(PrincipalId, Role, Option<Micros>)> {
        let identity = self.world.identity();
        let member = self.world.tenancy().members(row);
        member.map(|(who, member)| (identity.id(who), member.role, member.expires_at())).collect()
    }
}
