//! Cedar as it was made to be used: few policies, and groups as parents of entities.
//!
//! The writers of a scope are a group, and so are those denied there; the group of a parent is a member of the group of its child, so
//! being in one is being in all below. Two policies then cover all members and all denies. A rule of the engine becomes a policy of
//! its own, bound to the scope by the resource's place in the tree.

use super::{Decides, Kind, World, name};
use anyhow::Context as _;
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
    RestrictedExpression,
};
use scoped::Effect;
use scoped::projections::rules::{Clause, Many};
use scoped_tools::bench::forest::{Forest, Place, Question};
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

pub(super) const KIND: Kind = Kind {
    name: "cedar",
    how: "two policies over groups; a policy a rule",
    make: |world| Ok(Box::new(groups(world)?)),
};

const POLICIES: &str = "
permit (principal, action, resource) when { principal in resource.writers };
forbid (principal, action, resource) when { principal in resource.denied };
";

fn uid(kind: &str, id: &str) -> anyhow::Result<EntityUid> {
    Ok(named(&kind.parse()?, id))
}
fn named(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}
fn writers(place: Place) -> anyhow::Result<EntityUid> {
    uid("Writers", &name(place))
}
fn denied(place: Place) -> anyhow::Result<EntityUid> {
    uid("Denied", &name(place))
}
pub(super) fn user(number: u32) -> anyhow::Result<EntityUid> {
    uid("User", &number.to_string())
}
pub(super) fn object(number: u32) -> anyhow::Result<EntityUid> {
    uid("Object", &number.to_string())
}
pub(super) fn scope(place: Place) -> anyhow::Result<EntityUid> {
    uid("Scope", &name(place))
}

/// An entity with text as attributes, and with the groups that stand in others.
pub(super) fn entity(
    uid: EntityUid,
    words: &[(&str, &str)],
    groups: &[(&str, EntityUid)],
    parents: HashSet<EntityUid>,
) -> anyhow::Result<Entity> {
    let words = words
        .iter()
        .map(|(key, word)| ((*key).to_owned(), RestrictedExpression::new_string((*word).to_owned())));
    let groups = groups
        .iter()
        .map(|(key, group)| ((*key).to_owned(), RestrictedExpression::new_entity_uid(group.clone())));
    Ok(Entity::new(uid, words.chain(groups).collect(), parents)?)
}

/// All scopes as a tree of resources.
pub(super) fn tree() -> impl Iterator<Item = anyhow::Result<Entity>> {
    Place::all().map(|place| {
        let above = place.parent().map(scope).transpose()?;
        Ok(Entity::new_no_attrs(scope(place)?, above.into_iter().collect()))
    })
}

/// Answers, whatever the policies are.
pub(super) struct Cedar {
    policies: PolicySet,
    entities: Entities,
    authorizer: Authorizer,
    // Parsed once, as a program would that asks often.
    user: EntityTypeName,
    object: EntityTypeName,
    update: EntityUid,
}

impl Cedar {
    pub(super) fn new(policies: PolicySet, entities: Vec<Entity>) -> anyhow::Result<Self> {
        let entities = Entities::from_entities(entities, None)?;
        let (user, object, update) = ("User".parse()?, "Object".parse()?, uid("Action", "update")?);
        Ok(Self { policies, entities, authorizer: Authorizer::new(), user, object, update })
    }
}

impl Decides for Cedar {
    fn decide(&self, question: Question) -> anyhow::Result<bool> {
        let user = named(&self.user, &question.principal.to_string());
        let object = named(&self.object, &question.object.to_string());
        let request = Request::new(user, self.update.clone(), object, Context::empty(), None)?;
        let answer = self.authorizer.is_authorized(&request, &self.policies, &self.entities);
        // A policy that cannot be evaluated is passed over, which would be quick and wrong.
        let mut errors = answer.diagnostics().errors();
        errors.next().map_or(Ok(()), |error| Err(anyhow::anyhow!("{error}")))?;
        Ok(answer.decision() == Decision::Allow)
    }
}

/// The engine's rules as policies. A rule that denies forbids what meets its condition. One that allows narrows as well, in the
/// engine's terms: where it is bound, what it speaks about is allowed only to those whom it names.
pub(super) fn rules(count: u32) -> anyhow::Result<String> {
    let mut policies = String::new();
    for nth in 0..count {
        let (_, rule, place) = Forest::rule(nth);
        let action = match &rule.when.action {
            Some(Many(actions)) => {
                let names = actions.iter().map(|action| format!("Action::\"{action}\"")).collect::<Vec<_>>();
                format!("action in [{}]", names.join(", "))
            }
            None => "action".to_owned(),
        };
        let resource = format!("resource in Scope::\"{}\"", name(place));
        let word = if rule.effect == Effect::Deny { "when" } else { "unless" };
        let condition = condition(&rule.when)?;
        writeln!(policies, "forbid (principal, {action}, {resource}) {word} {{ {condition} }};")?;
    }
    Ok(policies)
}

/// What a clause asks beside the action.
fn condition(when: &Clause) -> anyhow::Result<String> {
    let mut tests = Vec::new();
    let known = ["action", "principal_kind", "object_type"];
    let unknown = when.tests().into_iter().find(|test| !known.contains(test));
    anyhow::ensure!(unknown.is_none() && when.parts().next().is_none(), "a rule asks for {unknown:?}");
    for (attribute, words) in [("principal.kind", &when.principal_kind), ("resource.kind", &when.object_type)]
    {
        if let Some(Many(words)) = words {
            tests.push(format!("{words:?}.contains({attribute})"));
        }
    }
    Ok(if tests.is_empty() { "true".to_owned() } else { tests.join(" && ") })
}

fn groups(world: World) -> anyhow::Result<Cedar> {
    let policies: PolicySet = format!("{POLICIES}{}", rules(world.rules)?).parse().context("policies")?;
    let mut entities: Vec<Entity> = tree().collect::<anyhow::Result<_>>()?;
    for place in Place::all() {
        for group in [writers as fn(Place) -> anyhow::Result<EntityUid>, denied] {
            let below = place.children().map(group).collect::<anyhow::Result<_>>()?;
            entities.push(Entity::new_no_attrs(group(place)?, below));
        }
    }
    let mut groups: HashMap<u32, HashSet<EntityUid>> = HashMap::new();
    for (principal, place) in world.members() {
        groups.entry(principal).or_default().insert(writers(place)?);
    }
    for (principal, place) in world.denies() {
        groups.entry(principal).or_default().insert(denied(place)?);
    }
    for principal in 0..world.forest.principals {
        let groups = groups.remove(&principal).unwrap_or_default();
        entities.push(entity(user(principal)?, &[("kind", "person")], &[], groups)?);
    }
    for number in 0..world.forest.objects {
        let home = Forest::home(number);
        let groups = [("writers", writers(home)?), ("denied", denied(home)?)];
        entities.push(entity(object(number)?, &[("kind", "note")], &groups, HashSet::from([scope(home)?]))?);
    }
    Cedar::new(policies, entities)
}
