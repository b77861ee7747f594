//! From facts back to commands: what an event changes, and the command that would bring it about.

use super::commands::{Archive, Bind, Define, Describe, Rebind, Unarchive, Unbind, Update};
use super::{Aim, Content};
use crate::export::{Recalled, Recalling};
use crate::temporal::Entity;
use crate::tenancy::ScopeRef;
use scoped_projections::rules::{Attributes, Body, Flag, Quota, RateLimit, Redactions, RulesEvent, Targets};
use scoped_projections::{BindingId, RuleId};

/// What an event changes.
pub(crate) fn entity(event: &RulesEvent) -> Option<Entity> {
    use RulesEvent as E;
    Some(match event {
        E::RuleCreated(e) => Entity::Rule(e.rule),
        E::RuleUpdated(e) => Entity::Rule(e.rule),
        E::RuleDescribed(e) => Entity::Rule(e.rule),
        E::RuleArchived(e) => Entity::Rule(e.rule),
        E::RuleUnarchived(e) => Entity::Rule(e.rule),
        E::BindingAdded(e) => Entity::Binding(e.binding),
        E::BindingChanged(e) => Entity::Binding(e.binding),
        E::BindingRemoved(e) => Entity::Binding(e.binding),
    })
}

/// What a rule does, as commands say it.
#[derive(Default)]
struct Contents {
    redactions: Option<Redactions>,
    rate_limit: Option<RateLimit>,
    quota: Option<Quota>,
    feature_flag: Option<Flag>,
    attributes: Option<Attributes>,
}

impl Contents {
    fn of(content: Content) -> Self {
        let none = Self::default();
        match content {
            Content::Vote => none,
            Content::Redactions(it) => Self { redactions: Some(it), ..none },
            Content::RateLimit(it) => Self { rate_limit: Some(it), ..none },
            Content::Quota(it) => Self { quota: Some(it), ..none },
            Content::FeatureFlag(it) => Self { feature_flag: Some(it), ..none },
            Content::Attributes(it) => Self { attributes: Some(it), ..none },
        }
    }
}

impl Update {
    /// The update that makes a rule say this.
    pub(super) fn to(rule: RuleId, name: String, body: Body, reason: Option<String>) -> Self {
        let Contents { redactions, rate_limit, quota, feature_flag, attributes } = Contents::of(body.content);
        Self {
            rule,
            name: Some(name),
            effect: Some(body.effect),
            priority: Some(body.priority),
            when: Some(body.when),
            redactions,
            rate_limit,
            quota,
            feature_flag,
            attributes,
            reason,
            expected_version: None,
        }
    }
}

/// The binding of a rule to what it was bound to.
pub(super) fn rebind(binding: BindingId, targets: &Targets) -> Rebind {
    Rebind { binding, to: Aim::of(targets.clone()) }
}

/// The command that would bring this fact about.
pub(crate) fn recall(event: RulesEvent, asked: Recalling<'_>) -> Option<Recalled> {
    use RulesEvent as E;
    let text = |key: &str| Some(asked.data.as_ref()?.value().ok()?.get(key)?.as_str()?.to_owned());
    Some(match event {
        E::RuleCreated(e) => {
            let Contents { redactions, rate_limit, quota, feature_flag, attributes } =
                Contents::of(e.body.content);
            Recalled::one(Define {
                rule: Some(e.rule),
                name: e.name,
                class: e.class,
                effect: e.body.effect,
                priority: e.body.priority,
                when: e.body.when,
                redactions,
                rate_limit,
                quota,
                feature_flag,
                attributes,
                scope: Some(e.home).filter(|home| home.is_some()).map(ScopeRef::Id),
                description: text("description"),
            })
        }
        E::RuleUpdated(e) => Recalled::one(Update::to(e.rule, e.name, *e.body, text("reason"))),
        E::RuleDescribed(e) => Recalled::one(Describe { rule: e.rule, description: text("description")? }),
        E::RuleArchived(e) => Recalled::one(Archive { rule: e.rule }),
        E::RuleUnarchived(e) => Recalled::one(Unarchive { rule: e.rule }),
        E::BindingAdded(e) => {
            Recalled::one(Bind { binding: Some(e.binding), rule: e.rule, to: Aim::of(e.targets) })
        }
        E::BindingChanged(e) => Recalled::one(rebind(e.binding, &e.targets)),
        E::BindingRemoved(e) => Recalled::one(Unbind { binding: e.binding }),
    })
}
