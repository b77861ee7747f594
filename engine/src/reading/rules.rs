//! Reading rules.
//!
//! A rule is seen by its author, by whoever manages or audits the scope that it is at home in or bound to, by whoever administers an
//! object that it is bound to, and by operators. Feature flags everybody may ask about for oneself, from a scope that one may read.

use super::{Ask, Operation, Reading};
use crate::authorize::{Request, Target};
use crate::error::{Error, Result};
use crate::kernel::execute::Refusal;
use crate::rules::{Evaluation, FlagInfo, RuleDetail, RuleFilter, RuleInfo, UsageInfo};
use crate::tenancy::ScopeRef;
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::Capability as C;
use scoped_projections::{ObjectId, PrincipalId, RuleId};

/// Most rules that one page shows.
pub(crate) const RULES_PAGE_MAX: usize = 1_000;

impl Ask<'_> {
    fn manages(&self, target: Target) -> bool {
        let may = |capability| self.ask(Request::new(capability, target).ungoverned()).is_ok();
        may(C::RulesManage) || may(C::AuditRead)
    }

    /// May the actor know of this rule, then and now?
    fn sees_rule(&self, id: RuleId) -> bool {
        let (rules, identity) = (self.moment.world.rules(), self.moment.world.identity());
        let (Some(rule), Some(row)) = (rules.get(id), rules.row(id)) else { return false };
        if self.need(C::ReadLocal, Target::Own).is_ok() && identity.row(self.actor) == Some(rule.author) {
            return true;
        }
        if self.manages(Target::Deployment) || (rule.home != NO_ROW && self.manages(Target::Scope(rule.home)))
        {
            return true;
        }
        rules.bindings_of(row).filter(|(_, binding)| rules.is_active(binding)).any(|(_, binding)| {
            let object = |row| {
                let request = Request::new(C::RulesManage, Target::Object(row));
                self.ask(request).is_ok()
            };
            (binding.scope != NO_ROW && self.manages(Target::Scope(binding.scope)))
                || (binding.object != NO_ROW && object(binding.object))
        })
    }
    fn seen_rule(&self, id: RuleId) -> Result<(), Refusal> {
        let unseen = || Refusal::Denied(Request::new(C::RulesManage, Target::Nothing));
        if !self.sees_rule(id) {
            return Err(unseen());
        }
        self.note_rule(id);
        Ok(())
    }
    /// A rule that is not one's own is told of where it is at home.
    fn note_rule(&self, id: RuleId) {
        let (rules, actor) = (self.moment.world.rules(), self.moment.world.identity().row(self.actor));
        if let Some(rule) = rules.get(id).filter(|rule| actor != Some(rule.author)) {
            let home = if rule.home == NO_ROW { Target::Deployment } else { Target::Scope(rule.home) };
            self.note(C::RulesManage, home);
        }
    }
    /// The row of a scope that the actor may read.
    fn read_scope(&self, scope: Option<&ScopeRef>) -> Result<Option<u32>, Refusal> {
        let Some(scope) = scope else {
            self.need(C::ReadLocal, Target::Own)?;
            return Ok(None);
        };
        let tenancy = self.moment.world.tenancy();
        self.need(C::ReadLocal, scope.target(tenancy))?;
        Ok(scope.row(tenancy))
    }
}

impl Reading {
    /// The rules that this principal sees and that fit: highest priority first, then oldest; at most `limit` (1 to
    /// 1 000), behind the first `skip`.
    ///
    /// # Errors
    /// When this principal is not active, or the limit is none.
    pub fn rules(&self, filter: &RuleFilter, skip: usize, limit: usize) -> Result<Vec<RuleInfo>> {
        if limit == 0 || limit > RULES_PAGE_MAX {
            return Err(Error::invalid(format!("a page has 1 to {RULES_PAGE_MAX} rules")));
        }
        self.ask(Operation::RulesList, |ask| {
            ask.need(C::ReadLocal, Target::Own)?;
            let found = ask.moment.rules(filter).into_iter().filter(|info| ask.sees_rule(info.rule));
            Ok(found.skip(skip).take(limit).inspect(|info| ask.note_rule(info.rule)).collect())
        })
    }

    /// A rule with its versions and bindings.
    ///
    /// # Errors
    /// The same words whether it is missing or not this principal's to see.
    pub fn rule(&self, id: RuleId) -> Result<RuleDetail> {
        self.ask(Operation::RulesRead, |ask| {
            ask.seen_rule(id)?;
            Ok(ask.moment.rule_detail(id)?)
        })
    }

    /// How a limit or a quota stands, for somebody where it counts each apart; empty for other rules.
    ///
    /// # Errors
    /// As [`Self::rule`].
    pub fn rule_usage(&self, id: RuleId, whose: PrincipalId) -> Result<Vec<UsageInfo>> {
        self.ask(Operation::RulesUsage, |ask| {
            ask.seen_rule(id)?;
            Ok(ask.moment.rule_usage(id, whose))
        })
    }

    /// What the rules alone would say to somebody's reading or writing of an object: for those who audit it.
    ///
    /// # Errors
    /// When this principal may not audit it, in the same words whether or not it is there.
    pub fn evaluate(&self, actor: PrincipalId, capability: C, object: ObjectId) -> Result<Evaluation> {
        self.ask(Operation::RulesEvaluate, |ask| {
            let target = ask.moment.object_target(object);
            if actor == ask.actor {
                // A question about oneself.
                ask.need(C::ReadLocal, Target::Own)?;
            }
            ask.need(C::AuditRead, target)?;
            Ok(ask.moment.evaluate(actor, Request::new(capability, target)))
        })
    }

    /// Is the feature on: for this principal, or for nobody in particular; seen from a scope, or from none?
    ///
    /// # Errors
    /// When this principal may not read the scope.
    pub fn flag(&self, name: &str, for_me: bool, scope: Option<&ScopeRef>) -> Result<FlagInfo> {
        self.ask(Operation::FlagsRead, |ask| {
            let row = ask.read_scope(scope)?;
            Ok(ask.moment.flag(name, for_me.then_some(ask.actor), row))
        })
    }

    /// All features, by name, as they stand for this principal, seen from a scope, or from none. One that no rule speaks of there is off.
    ///
    /// # Errors
    /// When this principal may not read the scope.
    pub fn flags(&self, scope: Option<&ScopeRef>) -> Result<Vec<FlagInfo>> {
        self.ask(Operation::FlagsList, |ask| {
            let row = ask.read_scope(scope)?;
            let all = ask.moment.flags(Some(ask.actor), row);
            // A name that speaks to nobody here is nobody's business here.
            Ok(all.into_iter().filter(|flag| flag.rule.is_some()).collect())
        })
    }
}
