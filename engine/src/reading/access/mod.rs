//! Questions about access: may they, why, who, what, and when.
//!
//! ```text
//! check      one decision, or a thousand          who      everybody who holds it, and through what
//! explain    with every rule that was looked at   what     all scopes and objects that one reaches
//! effective  every capability in one scope        history  the intervals in which it was allowed
//! ```
//!
//! All of them ask the one function, so they cannot disagree; indexes only say whom and what not to ask about. Rules of the policy
//! narrow and never widen: whom neither ownership nor a role nor an allow speaks for is no candidate.
//!
//! About oneself everybody may ask; about others whoever may audit the scope or object concerned. A scope or object that does not
//! exist is a deny like any other. Whoever may not audit hears no reason for a deny: it would tell what is there.
//! As of a past moment the answers are that moment's; the right to ask is needed then and now.
//! Units: a batch has at most [`CHECKS_MAX`] questions; a page as in views. Source: specification of scopes, section 8.4.

mod effective;
mod history;
mod what;
mod who;

pub use history::{AccessInterval, AccessSpan, Edge, EdgeCause};
pub use what::{Reached, What};
pub use who::Who;

use super::views::Eyes;
use super::{Operation, Reading};
use crate::authorize::{Actor, Decision, Request, Rule, Target};
use crate::error::{Error, Result};
use crate::kernel::execute::{Result as Asked, object_target};
use crate::moment::Moment;
use crate::tenancy::ScopeRef;
use scoped_projections::rules::{Action, Content};
use scoped_projections::tenancy::{Capability as C, Effect};
use scoped_projections::{ObjectId, PrincipalId, World};
use serde::{Deserialize, Serialize};

/// Most questions of one batch.
pub const CHECKS_MAX: usize = 1_000;
/// Questions that are asked side by side: their lines fit into the nearest cache.
const AT_A_TIME: usize = 32;

/// What a question about access is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resource {
    /// A scope, by path or id; a path need not be registered.
    Scope(ScopeRef),
    /// An object.
    Object(ObjectId),
}

impl Resource {
    /// What to ask about in a world.
    #[must_use]
    pub fn target(&self, world: &World) -> Target {
        match self {
            Self::Scope(scope) => scope.target(world.tenancy()),
            Self::Object(object) => object_target(world, *object),
        }
    }
}

impl From<ObjectId> for Resource {
    fn from(object: ObjectId) -> Self {
        Self::Object(object)
    }
}

impl From<ScopeRef> for Resource {
    fn from(scope: ScopeRef) -> Self {
        Self::Scope(scope)
    }
}

/// May somebody do something with something?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Who.
    pub actor: PrincipalId,
    /// What they would have to hold.
    pub capability: C,
    /// With what.
    pub resource: Resource,
    /// What they would do with it, where rules of the policy may speak about that alone; absent: what one mostly does with the capability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
}

impl Question {
    /// May `actor` do this with that?
    #[must_use]
    pub fn new(actor: PrincipalId, capability: C, resource: impl Into<Resource>) -> Self {
        Self { actor, capability, resource: resource.into(), action: None }
    }
    /// The same, about one action.
    #[must_use]
    pub fn doing(mut self, action: Action) -> Self {
        self.action = Some(action);
        self
    }
    /// The same about a target.
    #[inline]
    fn at(&self, target: Target) -> Request<'static> {
        Request::about(self.capability, self.action, target)
    }
}

/// A decision, as far as whoever asked may know of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessAnswer {
    /// May they?
    pub allowed: bool,
    /// What was asked.
    pub capability: C,
    /// The position of the world that was asked.
    pub position: u64,
    /// Where it was decided. Of a deny only those hear who may audit there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<&'static str>,
    /// What decided, in words; as with the tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A decision with every rule that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// The decision.
    pub answer: AccessAnswer,
    /// The rules, in the order in which they were looked at.
    pub considered: Vec<ConsideredRule>,
    /// What is declared of what was asked about, for rules to ask.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<DeclaredAttribute>,
}

/// An attribute that a rule declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeclaredAttribute {
    /// `environment` or `classification`.
    pub attribute: &'static str,
    /// The word.
    pub value: String,
    /// The rule that says so, in words.
    pub by: String,
}

/// One rule that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsideredRule {
    /// Which, in words.
    pub rule: String,
    /// What it would do.
    pub effect: Effect,
    /// Did it count?
    pub counted: bool,
    /// Why, or why not.
    pub why: &'static str,
}

impl Question {
    /// A hint that it will be put: the first step to what it is about.
    #[inline]
    pub(crate) fn expect(&self, world: &World) {
        if let Resource::Object(id) = self.resource {
            world.objects().expect(id);
        }
        world.identity().expect(self.actor);
    }
    /// The second step: gives the row that the object mostly has.
    #[inline]
    fn expect_row(&self, world: &World) -> Option<u32> {
        let Resource::Object(id) = self.resource else { return None };
        let row = world.objects().expect_row(id)?;
        world.sharing().expect(row);
        Some(row)
    }
}

impl Reading {
    /// May a principal do this with an object?
    ///
    /// # Errors
    /// When it is not this principal's to ask.
    pub fn can(&self, actor: PrincipalId, capability: C, object: ObjectId) -> Result<bool> {
        let answers = self.check(&[Question::new(actor, capability, object)])?;
        Ok(answers.iter().all(|answer| answer.allowed))
    }

    /// Decisions, one for each question, all at one position. One that may not be asked fails all of them.
    ///
    /// # Errors
    /// When there are too many, or one of them is not this principal's to ask.
    pub fn check(&self, questions: &[Question]) -> Result<Vec<AccessAnswer>> {
        if questions.is_empty() || questions.len() > CHECKS_MAX {
            return Err(Error::invalid(format!("a batch has 1 to {CHECKS_MAX} questions")));
        }
        self.ask(Operation::AccessCheck, |ask| {
            let eyes = Eyes::of(ask, None);
            eyes.need(C::ReadLocal, Target::Own)?;
            for question in questions.iter().filter(|question| !eyes.is(question.actor)) {
                let target = question.resource.target(eyes.world());
                eyes.need(C::AuditRead, target)?;
                eyes.note(C::AuditRead, target);
            }
            let decided = eyes.moment.decisions(questions);
            Ok(questions
                .iter()
                .zip(decided)
                .map(|(question, decision)| eyes.told(question, &decision))
                .collect())
        })
    }

    /// A decision with every rule that was looked at; takes `scope.explain` there.
    ///
    /// # Errors
    /// When it is not this principal's to ask.
    pub fn explain(&self, question: &Question) -> Result<Explained> {
        self.ask(Operation::AccessExplain, |ask| {
            let eyes = Eyes::of(ask, None);
            let target = question.resource.target(eyes.world());
            eyes.may_ask(question.actor, target)?;
            eyes.need(C::Explain, target)?;
            Ok(eyes.moment.explained(question))
        })
    }
}

impl Eyes<'_> {
    /// About oneself everybody may ask; about others whoever may audit what it is about.
    pub(super) fn may_ask(&self, actor: PrincipalId, target: Target) -> Asked<()> {
        if self.is(actor) { self.need(C::ReadLocal, Target::Own) } else { self.need(C::AuditRead, target) }
    }

    fn told(&self, question: &Question, decision: &Decision) -> AccessAnswer {
        let audits = || self.holds(C::AuditRead, question.resource.target(self.world()));
        self.moment.told(decision, decision.allowed || audits())
    }
}

impl Moment<'_> {
    /// A decision about a scope or an object.
    #[must_use]
    pub fn check(&self, question: &Question) -> Decision {
        question.expect(self.world);
        self.checked(question)
    }

    /// The same as yes or no, and sooner: what the reason is made of need not be fetched.
    #[must_use]
    pub fn allows(&self, question: &Question) -> bool {
        question.expect(self.world);
        self.allowed_to(question)
    }

    /// As [`Self::check`], where the question was expected.
    #[inline]
    pub(crate) fn checked(&self, question: &Question) -> Decision {
        let who = Actor::of(self.world, question.actor);
        self.by_row(question, |request| self.outcome(who.as_ref(), request))
            .told(self.world, question.capability)
    }

    /// As [`Self::allows`], where the question was expected.
    #[inline]
    pub(crate) fn allowed_to(&self, question: &Question) -> bool {
        let who = Actor::of(self.world, question.actor);
        self.by_row(question, |request| self.allowed(who.as_ref(), request))
    }

    /// Answers for the row that the index names, and looks whether that row has the id of the question when there is an answer: it is the
    /// farthest away, and comes from memory meanwhile. Half of a keyed hash has agreed; should it err, the answer is forgotten.
    #[inline]
    fn by_row<T>(&self, question: &Question, answer: impl Fn(Request<'static>) -> T) -> T {
        if let Resource::Object(id) = question.resource
            && let Some(row) = question.expect_row(self.world)
        {
            let found = answer(question.at(Target::Object(row)));
            if self.world.objects().at(row).is_some_and(|object| object.id == id) {
                return found;
            }
        }
        answer(question.at(question.resource.target(self.world)))
    }

    /// Decisions, one for each question, sooner than one by one: while some are decided, what the others need is on its way from memory.
    #[must_use]
    pub fn decisions(&self, questions: &[Question]) -> Vec<Decision> {
        let (world, mut found) = (self.world, Vec::with_capacity(questions.len()));
        let some = AT_A_TIME.min(questions.len());
        let (mut asking, mut outcomes) = (Vec::with_capacity(some), Vec::with_capacity(some));
        for some in questions.chunks(AT_A_TIME) {
            some.iter().for_each(|question| question.expect(world));
            // Many are often asked for one and the same.
            let mut last = None;
            asking.extend(some.iter().map(|question| {
                question.expect_row(world);
                let known = last == Some(question.actor);
                last = Some(question.actor);
                (!known).then(|| Actor::of(world, question.actor))
            }));
            let mut who = None;
            for (question, asks) in some.iter().zip(&asking) {
                who = asks.as_ref().map_or(who, Option::as_ref);
                let request = question.at(question.resource.target(world));
                outcomes.push((self.outcome(who, request), question.capability));
            }
            found.extend(outcomes.drain(..).map(|(outcome, capability)| outcome.told(world, capability)));
            asking.clear();
        }
        found
    }

    /// The same, with every rule that was looked at, in words.
    #[must_use]
    pub fn explained(&self, question: &Question) -> Explained {
        let target = question.resource.target(self.world);
        let (decision, considered) = self.explain_request(question.actor, question.at(target));
        let rule = |one: crate::Considered| {
            let (effect, counted, why) = (one.effect, one.counted, one.why);
            ConsideredRule { rule: self.rule(one.rule), effect, counted, why }
        };
        Explained {
            answer: self.told(&decision, true),
            considered: considered.into_iter().map(rule).collect(),
            attributes: self.declared(question.actor, target),
        }
    }

    /// What is declared of a target, and by which rules.
    fn declared(&self, actor: PrincipalId, target: Target) -> Vec<DeclaredAttribute> {
        let rules = self.world.rules();
        let mut found = Vec::new();
        for entry in crate::rules::policy::declarations(self.world, actor, target) {
            let Some(Content::Attributes(says)) = rules.content(&entry) else { continue };
            let by = self.rule(Rule::policy(rules, entry.version, entry.binding));
            let words = [("environment", &says.environment), ("classification", &says.classification)];
            for (attribute, value) in words {
                let Some(value) = value.clone() else { continue };
                found.push(DeclaredAttribute { attribute, value, by: by.clone() });
            }
        }
        found
    }

    /// A decision, with or without its reason.
    fn told(&self, decision: &Decision, reason: bool) -> AccessAnswer {
        AccessAnswer {
            allowed: decision.allowed,
            capability: decision.capability,
            position: decision.position.get(),
            tier: reason.then(|| decision.tier.as_str()),
            why: reason.then(|| self.reason(decision)),
        }
    }
}
