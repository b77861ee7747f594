//! Cedar with one linked policy a grant: how grants look that people make one by one from a template.

use super::cedar::{Cedar, entity, object, rules, scope, tree, user};
use super::{Kind, World};
use cedar_policy::{Entity, PolicyId, PolicySet, SlotId, Template};
use scoped_tools::bench::forest::{Forest, Place};
use std::collections::{HashMap, HashSet};

pub(super) const KIND: Kind = Kind {
    name: "cedar, linked",
    how: "a linked policy a grant and a deny, on a tree of resources; a policy a rule",
    make: |world| Ok(Box::new(links(world)?)),
};

const TEMPLATES: [(&str, &str); 2] = [
    ("grant", r#"permit (principal == ?principal, action == Action::"update", resource in ?resource);"#),
    ("deny", "forbid (principal == ?principal, action, resource in ?resource);"),
];

fn links(world: World) -> anyhow::Result<Cedar> {
    let mut policies: PolicySet = rules(world.rules)?.parse()?;
    for (id, template) in TEMPLATES {
        policies.add_template(Template::parse(Some(PolicyId::new(id)), template)?)?;
    }
    let mut link = |template: &str, nth: usize, (principal, place): (u32, Place)| -> anyhow::Result<()> {
        let slots =
            HashMap::from([(SlotId::principal(), user(principal)?), (SlotId::resource(), scope(place)?)]);
        policies.link(PolicyId::new(template), PolicyId::new(format!("{template}{nth}")), slots)?;
        Ok(())
    };
    world.members().enumerate().try_for_each(|(nth, grant)| link("grant", nth, grant))?;
    world.denies().enumerate().try_for_each(|(nth, deny)| link("deny", nth, deny))?;
    let mut entities: Vec<Entity> = tree().collect::<anyhow::Result<_>>()?;
    for principal in 0..world.forest.principals {
        entities.push(entity(user(principal)?, &[("kind", "person")], &[], HashSet::new())?);
    }
    for number in 0..world.forest.objects {
        let home = HashSet::from([scope(Forest::home(number))?]);
        entities.push(entity(object(number)?, &[("kind", "note")], &[], home)?);
    }
    Cedar::new(policies, entities)
}
