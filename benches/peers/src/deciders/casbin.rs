//! Casbin: roles of principals, roles of resources, and policies that allow or deny.

use super::{Decides, Kind, World, name};
use anyhow::Context;
use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use scoped_tools::bench::forest::{Forest, Place, Question};
use std::collections::BTreeSet;

pub(super) const KIND: Kind = Kind {
    name: "casbin",
    how: "two role managers, deny overrides",
    make: |world| Ok(Box::new(Roles::new(world)?)),
};

const MODEL: &str = "
[request_definition]
r = sub, obj, act

[policy_definition]
p = sub, obj, act, eft

[role_definition]
g = _, _
g2 = _, _

[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))

[matchers]
m = r.act == p.act && g(r.sub, p.sub) && g2(r.obj, p.obj)
";

struct Roles(Enforcer);

fn scope(place: Place) -> String {
    format!("scope:{}", name(place))
}

/// Roles of one sort: who has one where, and what each of them means. Each place once.
fn roles(
    word: &str,
    effect: &str,
    of: impl Iterator<Item = (u32, Place)>,
) -> (Vec<Vec<String>>, Vec<Vec<String>>) {
    let (mut has, mut means) = (BTreeSet::new(), BTreeSet::new());
    for (principal, place) in of {
        let role = format!("{word}:{}", name(place));
        has.insert(vec![format!("user:{principal}"), role.clone()]);
        means.insert(vec![role, scope(place), "update".to_owned(), effect.to_owned()]);
    }
    (has.into_iter().collect(), means.into_iter().collect())
}

impl Roles {
    fn new(world: World) -> anyhow::Result<Self> {
        anyhow::ensure!(world.rules == 0, "rules on attributes are not part of this model");
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(async {
            let model = DefaultModel::from_str(MODEL).await?;
            let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await?;
            for (word, effect, of) in [
                ("writers", "allow", Box::new(world.members()) as Box<dyn Iterator<Item = _>>),
                ("denied", "deny", Box::new(world.denies())),
            ] {
                let (has, means) = roles(word, effect, of);
                enforcer.add_policies(means).await?;
                enforcer.add_named_grouping_policies("g", has).await?;
            }
            let tree = Place::all().filter_map(|place| Some(vec![scope(place), scope(place.parent()?)]));
            let objects = (0..world.forest.objects)
                .map(|number| vec![format!("object:{number}"), scope(Forest::home(number))]);
            enforcer.add_named_grouping_policies("g2", tree.chain(objects).collect()).await?;
            Ok(Self(enforcer))
        })
    }
}

impl Decides for Roles {
    fn decide(&self, question: Question) -> anyhow::Result<bool> {
        let (user, object) = (format!("user:{}", question.principal), format!("object:{}", question.object));
        self.0.enforce((user.as_str(), object.as_str(), "update")).context("casbin gives no answer")
    }
}
