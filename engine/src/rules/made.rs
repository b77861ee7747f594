//! The common rules, ready made.

use super::Define;
use crate::tenancy::ScopeRef;
use scoped_projections::rules::{
    Action, Attributes, Class, Clause, Flag, Many, Per, Quota, RateLimit, Redactions, Resource,
};
use scoped_projections::tenancy::Effect;

impl Define {
    /// A rule that always holds where it is bound.
    #[must_use]
    pub fn new(name: impl Into<String>, class: Class, effect: Effect) -> Self {
        Self {
            rule: None,
            name: name.into(),
            class,
            effect,
            priority: 0,
            when: Clause::default(),
            redactions: None,
            rate_limit: None,
            quota: None,
            feature_flag: None,
            attributes: None,
            scope: None,
            description: None,
        }
    }
    /// The same, administered in a scope.
    #[must_use]
    pub fn at_home_in(mut self, scope: impl Into<ScopeRef>) -> Self {
        self.scope = Some(scope.into());
        self
    }
    /// The same, told of earlier or later.
    #[must_use]
    pub fn with_priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }
    /// The same under conditions.
    #[must_use]
    pub fn when(mut self, when: Clause) -> Self {
        self.when = when;
        self
    }
    fn doing(mut self, actions: &[Action]) -> Self {
        self.when.action = (!actions.is_empty()).then(|| Many(actions.to_vec()));
        self
    }
    fn typed(mut self, object_type: Option<&str>) -> Self {
        self.when.object_type = object_type.map(|word| Many(vec![word.to_owned()]));
        self
    }
    fn by_kind(mut self, kind: &str) -> Self {
        self.when.principal_kind = Some(Many(vec![kind.to_owned()]));
        self
    }

    /// Allows these actions, or create, read, update and delete when there are none; perhaps for one type only.
    #[must_use]
    pub fn allow_crud(name: impl Into<String>, actions: &[Action], object_type: Option<&str>) -> Self {
        let crud = [Action::Create, Action::Read, Action::Update, Action::Delete];
        let actions = if actions.is_empty() { &crud } else { actions };
        Self::new(name, Class::Access, Effect::Allow).doing(actions).typed(object_type)
    }
    /// Denies an action, perhaps for one type only.
    #[must_use]
    pub fn deny_action(name: impl Into<String>, action: Action, object_type: Option<&str>) -> Self {
        Self::new(name, Class::Access, Effect::Deny).with_priority(10).doing(&[action]).typed(object_type)
    }
    /// Denies every projection of what is in the scope, and into it.
    #[must_use]
    pub fn deny_sharing(name: impl Into<String>) -> Self {
        Self::new(name, Class::Sharing, Effect::Deny).with_priority(10).doing(&[Action::Share])
    }
    /// Keeps a kind of principal from doing this.
    #[must_use]
    pub fn restrict_kind(name: impl Into<String>, kind: &str, actions: &[Action]) -> Self {
        Self::new(name, Class::Constraint, Effect::Deny).with_priority(5).doing(actions).by_kind(kind)
    }
    /// Hides parts of objects of a type from a kind of principal.
    #[must_use]
    pub fn redact_for_kind(
        name: impl Into<String>,
        kind: &str,
        object_type: &str,
        redactions: Redactions,
    ) -> Self {
        let rule = Self::new(name, Class::Redaction, Effect::Deny).by_kind(kind).typed(Some(object_type));
        Self { redactions: Some(redactions), ..rule }
    }
    /// Lets each actor do this so often in so many seconds.
    #[must_use]
    pub fn limit(name: impl Into<String>, actions: &[Action], max_count: u32, window_seconds: u32) -> Self {
        let rate_limit = Some(RateLimit { max_count, window_seconds, per: Per::Actor });
        Self { rate_limit, ..Self::new(name, Class::RateLimit, Effect::Deny).doing(actions) }
    }
    /// Lets there be so many objects, perhaps of one type only.
    #[must_use]
    pub fn quota(name: impl Into<String>, object_type: Option<&str>, max_count: u64) -> Self {
        let quota = Some(Quota { resource: Resource::Objects, max_count });
        Self { quota, ..Self::new(name, Class::Quota, Effect::Deny).typed(object_type) }
    }
    /// A switch, on for so many of a hundred.
    #[must_use]
    pub fn flag(name: &str, enabled: bool, rollout_percentage: u8) -> Self {
        let effect = if enabled { Effect::Allow } else { Effect::Deny };
        let flag = Flag { name: name.to_owned(), enabled, rollout_percentage, salt: String::new() };
        Self { feature_flag: Some(flag), ..Self::new(name, Class::Flag, effect) }
    }
    /// Says in which environment something is, and how sensitive it is; what is `None` is not said.
    #[must_use]
    pub fn declaration(
        name: impl Into<String>,
        environment: Option<&str>,
        classification: Option<&str>,
    ) -> Self {
        let word = |word: Option<&str>| word.map(ToOwned::to_owned);
        let (environment, classification) = (word(environment), word(classification));
        let attributes = Some(Attributes { environment, classification });
        Self { attributes, ..Self::new(name, Class::Declaration, Effect::Allow) }
    }
}
