//! Cedar, in two forms.

use super::Decider;
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicyId,
    PolicySet, Request, RestrictedExpression, SlotId, Template,
};
use scoped_tools::bench::forest::{Forest, Place, Question};
use std::collections::{HashMap, HashSet};

fn uid(kind: &str, id: &str) -> EntityUid {
    let kind: EntityTypeName = kind.parse().expect("a type name");
    EntityUid::from_type_name_and_id(kind, EntityId::new(id))
}
fn user(number: u32) -> EntityUid {
    uid("User", &number.to_string())
}
fn object(number: u32) -> EntityUid {
    uid("Object", &number.to_string())
}
fn scope(place: Place) -> EntityUid {
    uid("Scope", &format!("{}.{}", place.level, place.number))
}
fn writers(place: Place) -> EntityUid {
    uid("Writers", &format!("{}.{}", place.level, place.number))
}

fn ask(policies: &PolicySet, entities: &Entities, question: Question) -> bool {
    let action = uid("Action", "write");
    let request =
        Request::new(user(question.principal), action, object(question.object), Context::empty(), None)
            .expect("a request");
    Authorizer::new().is_authorized(&request, policies, entities).decision() == Decision::Allow
}

/// One policy over groups: the writers of a scope are writers of every scope below.
pub struct Groups {
    policies: PolicySet,
    entities: Entities,
}

impl Groups {
    pub fn new(forest: Forest, grants: u32) -> anyhow::Result<Self> {
        let policy = r#"permit(principal, action == Action::"write", resource) when { principal in resource.writers };"#;
        let policies: PolicySet = policy.parse()?;
        let mut entities = Vec::new();
        // The group of a parent is a member of the group of its child: being in one is being in all below.
        for place in Place::all() {
            entities.push(Entity::new_no_attrs(writers(place), place.children().map(writers).collect()));
        }
        let mut groups: HashMap<u32, HashSet<EntityUid>> = HashMap::new();
        for number in 0..grants {
            let (principal, place) = forest.grant(number);
            groups.entry(principal).or_default().insert(writers(place));
        }
        for principal in 0..forest.principals {
            entities
                .push(Entity::new_no_attrs(user(principal), groups.remove(&principal).unwrap_or_default()));
        }
        for number in 0..forest.objects {
            let group = RestrictedExpression::new_entity_uid(writers(Forest::home(number)));
            let attributes = HashMap::from([("writers".to_owned(), group)]);
            entities.push(Entity::new(object(number), attributes, HashSet::new())?);
        }
        Ok(Self { policies, entities: Entities::from_entities(entities, None)? })
    }
}

impl Decider for Groups {
    fn name(&self) -> String {
        "cedar, one policy over groups".into()
    }
    fn decide(&self, question: Question) -> bool {
        ask(&self.policies, &self.entities, question)
    }
}

/// One linked policy a grant; objects and scopes are a tree of resources.
pub struct Links {
    policies: PolicySet,
    entities: Entities,
}

impl Links {
    pub fn new(forest: Forest, grants: u32) -> anyhow::Result<Self> {
        let template =
            r#"permit(principal == ?principal, action == Action::"write", resource in ?resource);"#;
        let mut policies = PolicySet::new();
        policies.add_template(Template::parse(Some(PolicyId::new("grant")), template)?)?;
        for number in 0..grants {
            let (principal, place) = forest.grant(number);
            let slots =
                HashMap::from([(SlotId::principal(), user(principal)), (SlotId::resource(), scope(place))]);
            policies.link(PolicyId::new("grant"), PolicyId::new(format!("grant{number}")), slots)?;
        }
        let mut entities = Vec::new();
        for place in Place::all() {
            entities
                .push(Entity::new_no_attrs(scope(place), place.parent().map(scope).into_iter().collect()));
        }
        for principal in 0..forest.principals {
            entities.push(Entity::new_no_attrs(user(principal), HashSet::new()));
        }
        for number in 0..forest.objects {
            let home = HashSet::from([scope(Forest::home(number))]);
            entities.push(Entity::new_no_attrs(object(number), home));
        }
        Ok(Self { policies, entities: Entities::from_entities(entities, None)? })
    }
}

impl Decider for Links {
    fn name(&self) -> String {
        "cedar, one linked policy a grant".into()
    }
    fn decide(&self, question: Question) -> bool {
        ask(&self.policies, &self.entities, question)
    }
}
