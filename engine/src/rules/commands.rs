//! Decisions about rules.

use super::checks::{check_body, check_targets};
use super::types::warn_of_unknown;
use super::{Aim, Content, conflicts};
use crate::authorize::{Request, Target};
use crate::command::{Decide, Needs, commands};
use crate::data::Data;
use crate::error::Error;
use crate::kernel::execute::{Facts, Result, View};
use crate::tenancy::ScopeRef;
use scoped_projections::rules::{
    Attributes, Binding, BindingAdded, BindingChanged, BindingRemoved, Body, Class, Clause, Flag, Quota,
    RateLimit, Redactions, Rule, RuleArchived, RuleCreated, RuleDescribed, RuleUnarchived, RuleUpdated,
    Targets, Version,
};
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::{Capability as C, Effect};
use scoped_projections::{BindingId, RuleId, ScopeId, World};

commands! {
    /// Commands about rules.
    domain "rules";
    enum Command {
        /// defines a rule, which holds nowhere before it is bound
        "define" Define large {
            /// Its id; drawn when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            rule: Option<RuleId>,
            /// What it is called.
            name: String,
            /// What it is for.
            class: Class,
            /// Allow or deny.
            effect: Effect,
            /// The higher, the earlier it is told of; between feature flags it decides.
            #[serde(default)]
            priority: i32,
            /// When it holds; always, when absent.
            #[serde(default, skip_serializing_if = "Clause::is_empty")]
            when: Clause,
            /// What a redaction hides.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            redactions: Option<Redactions>,
            /// What a limit counts.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            rate_limit: Option<RateLimit>,
            /// What a quota counts.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            quota: Option<Quota>,
            /// What a feature flag switches.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            feature_flag: Option<Flag>,
            /// What a declaration says.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            attributes: Option<Attributes>,
            /// The scope that it is administered in; absent: it is its author's.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            scope: Option<ScopeRef>,
            /// What it is good for, in words.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            description: Option<String>,
        }
        /// gives a rule a new version; what is left out stays
        "update" Update large {
            /// Which.
            rule: RuleId,
            /// What it is called.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            name: Option<String>,
            /// Allow or deny.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            effect: Option<Effect>,
            /// The higher, the earlier it is told of.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            priority: Option<i32>,
            /// When it holds.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            when: Option<Clause>,
            /// What a redaction hides.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            redactions: Option<Redactions>,
            /// What a limit counts.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            rate_limit: Option<RateLimit>,
            /// What a quota counts.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            quota: Option<Quota>,
            /// What a feature flag switches.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            feature_flag: Option<Flag>,
            /// What a declaration says.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            attributes: Option<Attributes>,
            /// Why, for the audit trail.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            reason: Option<String>,
            /// Refuse unless this is the current version.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            expected_version: Option<u32>,
        }
        /// describes a rule anew
        "describe" Describe {
            /// Which.
            rule: RuleId,
            /// What it is good for, in words.
            description: String,
        }
        /// ends a rule and all its bindings
        "archive" Archive {
            /// Which.
            rule: RuleId,
        }
        /// takes the archiving of a rule back: what a rollback does, nothing else should
        "unarchive" Unarchive {
            /// Which.
            rule: RuleId,
        }
        /// binds a rule: it holds where everything named here holds; bindings of one rule are alternatives
        "bind" Bind {
            /// Its id; drawn when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            binding: Option<BindingId>,
            /// Which rule.
            rule: RuleId,
            /// To what.
            to: Aim,
        }
        /// binds a binding to something else, or anew after it was taken back
        "rebind" Rebind {
            /// Which.
            binding: BindingId,
            /// To what from now on.
            to: Aim,
        }
        /// takes a binding back
        "unbind" Unbind {
            /// Which.
            binding: BindingId,
        }
    }
}

/// Who may bind or unbind where a binding is now.
fn bound_request(world: &World, binding: &Binding) -> Request<'static> {
    let (to, row) = (
        &*binding.targets,
        |row: u32, of: fn(u32) -> Target| {
            if row == NO_ROW { Target::Nothing } else { of(row) }
        },
    );
    let target = match (to.scope, to.object) {
        (Some(_), _) => row(binding.scope, Target::Scope),
        (None, Some(_)) => row(binding.object, Target::Object),
        (None, None) => Target::Deployment,
    };
    debug_assert!(world.rules().binding(binding.id).is_some());
    Request::new(C::RulesManage, target)
}

/// Who may administer a rule: whoever manages the rules of its home; without home its author, or an operator.
fn rule_request(on: &View<'_>, id: RuleId) -> Request<'static> {
    let target = match on.world.rules().get(id) {
        None => Target::Nothing,
        Some(rule) if rule.home != NO_ROW => Target::Scope(rule.home),
        Some(rule) if on.world.identity().row(on.actor) == Some(rule.author) => Target::Own,
        Some(_) => Target::Deployment,
    };
    Request::new(C::RulesManage, target)
}

/// To change what a rule says one needs what it takes to bind it wherever it is bound.
fn everywhere_bound<'a>(on: &View<'_>, id: RuleId) -> Needs<'a> {
    let mut needs: Needs<'a> = smallvec::smallvec![rule_request(on, id)];
    if let Some(row) = on.world.rules().row(id) {
        for (_, binding) in on.world.rules().bindings_of(row).filter(|(_, binding)| !binding.removed) {
            let request = bound_request(on.world, binding);
            if !needs.contains(&request) {
                needs.push(request);
            }
        }
    }
    needs
}

fn rule<'a>(on: &View<'a>, id: RuleId) -> Result<(u32, &'a Rule, &'a Version)> {
    let rules = on.world.rules();
    let found = rules.row(id).and_then(|row| {
        let rule = rules.at(row)?;
        Some((row, rule, rules.current(rule)?))
    });
    Ok(found.ok_or_else(|| Error::refused("not_found", format!("there is no rule `{id}`")))?)
}

fn live<'a>(on: &View<'a>, id: RuleId) -> Result<(u32, &'a Rule, &'a Version)> {
    let found = rule(on, id)?;
    if found.1.archived {
        return Err(Error::refused("archived", format!("the rule `{id}` is archived")).into());
    }
    Ok(found)
}

fn binding<'a>(on: &View<'a>, id: BindingId) -> Result<&'a Binding> {
    let found = on.world.rules().binding(id);
    Ok(found.ok_or_else(|| Error::refused("not_found", format!("there is no binding `{id}`")))?)
}

/// The scope that its events are filed under.
fn home(on: &View<'_>, rule: &Rule) -> ScopeId {
    on.world.tenancy().at(rule.home).map_or(ScopeId::NONE, |node| node.id)
}

/// The scope that a binding's events are filed under: where it holds, else where the rule is at home.
fn filed(on: &View<'_>, targets: &Targets, rule: &Rule) -> ScopeId {
    targets.scope.unwrap_or_else(|| home(on, rule))
}

fn text(key: &str, text: Option<&String>) -> crate::Result<Option<Data>> {
    text.map(|text| Data::from_text_fields(&[(key, text)])).transpose()
}

fn content(
    redactions: Option<&Redactions>,
    rate_limit: Option<&RateLimit>,
    quota: Option<&Quota>,
    flag: Option<&Flag>,
    attributes: Option<&Attributes>,
) -> Result<Option<Content>> {
    let mut given = redactions
        .map(|it| Content::Redactions(it.clone()))
        .into_iter()
        .chain(rate_limit.map(|it| Content::RateLimit(*it)))
        .chain(quota.map(|it| Content::Quota(*it)))
        .chain(flag.map(|it| Content::FeatureFlag(it.clone())))
        .chain(attributes.map(|it| Content::Attributes(it.clone())));
    let first = given.next();
    if given.next().is_some() {
        return Err(Error::invalid("a rule is one of redaction, limit, quota, flag and declaration").into());
    }
    Ok(first)
}

impl Decide for Define {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        let target = self.scope.as_ref().map_or(Target::Own, |scope| scope.target(on.world.tenancy()));
        smallvec::smallvec![Request::new(C::RulesManage, target)]
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let content = content(
            self.redactions.as_ref(),
            self.rate_limit.as_ref(),
            self.quota.as_ref(),
            self.feature_flag.as_ref(),
            self.attributes.as_ref(),
        )?;
        let content = content.unwrap_or(Content::Vote);
        let body = Body { effect: self.effect, priority: self.priority, when: self.when.clone(), content };
        check_body(self.class, &self.name, &body)?;
        let mut home = ScopeId::NONE;
        if let Some(scope) = &self.scope {
            let row = crate::tenancy::scope_row(on, scope)?;
            home = on.world.tenancy().at(row).map_or(ScopeId::NONE, |node| node.id);
        }
        let rule = self.rule.unwrap_or_else(|| RuleId(facts.fresh()));
        if !rule.is_some() || on.world.rules().get(rule).is_some() {
            return Err(Error::refused("exists", format!("the id `{rule}` is taken")).into());
        }
        warn_of_unknown(on, Some(&body), None);
        let (name, class) = (self.name.clone(), self.class);
        let description = text("description", self.description.as_ref())?;
        facts.push(home, RuleCreated { rule, name, class, home, body: Box::new(body) }, description.as_ref());
        Ok(())
    }
}

impl Decide for Update {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        everywhere_bound(on, self.rule)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (row, rule, current) = live(on, self.rule)?;
        let name = format_args!("the rule `{}`", self.rule);
        Error::unless_version(name, current.number, self.expected_version)?;
        let new = content(
            self.redactions.as_ref(),
            self.rate_limit.as_ref(),
            self.quota.as_ref(),
            self.feature_flag.as_ref(),
            self.attributes.as_ref(),
        )?;
        let old = &*current.body;
        let body = Body {
            effect: self.effect.unwrap_or(old.effect),
            priority: self.priority.unwrap_or(old.priority),
            when: self.when.clone().unwrap_or_else(|| old.when.clone()),
            content: new.unwrap_or_else(|| old.content.clone()),
        };
        let name = self.name.clone().unwrap_or_else(|| current.name.to_string());
        if body == *old && *name == *current.name {
            return Err(Error::refused("unchanged", "the rule says that already").into());
        }
        check_body(rule.class, &name, &body)?;
        for (_, binding) in on.world.rules().bindings_of(row).filter(|(_, binding)| !binding.removed) {
            check_targets(rule.class, &body.content, &binding.targets)?;
            conflicts::check(on, rule.class, &body, &binding.targets, self.rule)?;
        }
        if self.when.is_some() {
            warn_of_unknown(on, Some(&body), None);
        }
        let reason = text("reason", self.reason.as_ref())?;
        facts.push(
            home(on, rule),
            RuleUpdated { rule: self.rule, name, body: Box::new(body) },
            reason.as_ref(),
        );
        Ok(())
    }
}

impl Decide for Describe {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        smallvec::smallvec![rule_request(on, self.rule)]
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (_, rule, _) = live(on, self.rule)?;
        let description = text("description", Some(&self.description))?;
        facts.push(home(on, rule), RuleDescribed { rule: self.rule }, description.as_ref());
        Ok(())
    }
}

impl Decide for Archive {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        everywhere_bound(on, self.rule)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (_, rule, _) = live(on, self.rule)?;
        facts.push(home(on, rule), RuleArchived { rule: self.rule }, None);
        Ok(())
    }
}

impl Decide for Unarchive {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        everywhere_bound(on, self.rule)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (row, rule, current) = rule(on, self.rule)?;
        if !rule.archived {
            return Err(
                Error::refused("not_archived", format!("the rule `{}` is in force", self.rule)).into()
            );
        }
        for (_, binding) in on.world.rules().bindings_of(row).filter(|(_, binding)| !binding.removed) {
            conflicts::check(on, rule.class, &current.body, &binding.targets, self.rule)?;
        }
        facts.push(home(on, rule), RuleUnarchived { rule: self.rule }, None);
        Ok(())
    }
}

/// May a rule be bound there at all?
fn check_bind(on: &View<'_>, id: RuleId, targets: &Targets) -> Result<()> {
    let (_, rule, current) = live(on, id)?;
    check_targets(rule.class, &current.body.content, targets)?;
    conflicts::check_room(on, targets)?;
    conflicts::check(on, rule.class, &current.body, targets, id)?;
    warn_of_unknown(on, None, Some(targets));
    Ok(())
}

impl Decide for Bind {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        smallvec::smallvec![rule_request(on, self.rule), self.to.request(on.world)]
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (row, rule, _) = live(on, self.rule)?;
        let targets = self.to.resolve(on)?;
        check_bind(on, self.rule, &targets)?;
        let rules = on.world.rules();
        if rules.bindings_of(row).any(|(_, other)| !other.removed && *other.targets == targets) {
            return Err(Error::refused("exists", "the rule is bound to that already").into());
        }
        if rules.bindings_of(row).count() >= conflicts::BINDINGS_MAX {
            let message = format!("a rule has at most {} bindings", conflicts::BINDINGS_MAX);
            return Err(Error::refused("too_many", message).into());
        }
        let binding = self.binding.unwrap_or_else(|| BindingId(facts.fresh()));
        if !binding.is_some() || rules.binding(binding).is_some() {
            return Err(Error::refused("exists", format!("the id `{binding}` is taken")).into());
        }
        let scope = filed(on, &targets, rule);
        facts.push(scope, BindingAdded { binding, rule: self.rule, targets }, None);
        Ok(())
    }
}

impl Decide for Rebind {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        let Some(found) = on.world.rules().binding(self.binding) else {
            return smallvec::smallvec![Request::new(C::RulesManage, Target::Nothing)];
        };
        let rule = on.world.rules().at(found.rule).map_or(RuleId::NONE, |rule| rule.id);
        let mut needs: Needs<'_> = smallvec::smallvec![rule_request(on, rule), self.to.request(on.world)];
        if !found.removed {
            needs.push(bound_request(on.world, found));
        }
        needs
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = binding(on, self.binding)?;
        let targets = self.to.resolve(on)?;
        if !found.removed && *found.targets == targets {
            return Err(Error::refused("unchanged", "it is bound to that already").into());
        }
        let Some(rule) = on.world.rules().at(found.rule) else {
            return Err(Error::refused("not_found", "there is no such rule").into());
        };
        check_bind(on, rule.id, &targets)?;
        let scope = filed(on, &targets, rule);
        facts.push(scope, BindingChanged { binding: self.binding, targets }, None);
        Ok(())
    }
}

impl Decide for Unbind {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        // Whoever manages what it is bound to may take it off, whosever rule it is.
        let request = match on.world.rules().binding(self.binding) {
            None => Request::new(C::RulesManage, Target::Nothing),
            Some(found) => bound_request(on.world, found),
        };
        smallvec::smallvec![request]
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = binding(on, self.binding)?;
        if found.removed {
            return Err(Error::refused("not_bound", "the binding was taken back already").into());
        }
        let Some(rule) = on.world.rules().at(found.rule) else {
            return Err(Error::refused("not_found", "there is no such rule").into());
        };
        facts.push(filed(on, &found.targets, rule), BindingRemoved { binding: self.binding }, None);
        Ok(())
    }
}
