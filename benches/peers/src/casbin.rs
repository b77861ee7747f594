//! Casbin: roles on a tree of resources.

use super::Decider;
use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use scoped_tools::bench::forest::{Forest, Place, Question};

const MODEL: &str = "
[request_definition]
r = sub, obj, act

[policy_definition]
p = sub, obj, act

[role_definition]
g = _, _
g2 = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.act == p.act && g(r.sub, p.sub) && g2(r.obj, p.obj)
";

pub struct Roles(Enforcer);

fn scope(place: Place) -> String {
    format!("scope:{}.{}", place.level, place.number)
}
fn writers(place: Place) -> String {
    format!("writers:{}.{}", place.level, place.number)
}

impl Roles {
    pub fn new(forest: Forest, grants: u32) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(async {
            let model = DefaultModel::from_str(MODEL).await?;
            let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await?;
            let granted: Vec<(u32, Place)> = (0..grants).map(|number| forest.grant(number)).collect();
            let mut places: Vec<String> = Vec::new();
            let mut policies = Vec::new();
            for (_, place) in &granted {
                if !places.contains(&scope(*place)) {
                    places.push(scope(*place));
                    policies.push(vec![writers(*place), scope(*place), "write".to_owned()]);
                }
            }
            enforcer.add_policies(policies).await?;
            let mut roles: Vec<Vec<String>> = granted
                .iter()
                .map(|(principal, place)| vec![format!("user:{principal}"), writers(*place)])
                .collect();
            roles.sort();
            roles.dedup();
            enforcer.add_named_grouping_policies("g", roles).await?;
            let tree = Place::all().filter_map(|place| Some(vec![scope(place), scope(place.parent()?)]));
            let objects = (0..forest.objects)
                .map(|number| vec![format!("object:{number}"), scope(Forest::home(number))]);
            enforcer.add_named_grouping_policies("g2", tree.chain(objects).collect()).await?;
            Ok(Self(enforcer))
        })
    }
}

impl Decider for Roles {
    fn name(&self) -> String {
        "casbin, roles on a tree".into()
    }
    fn decide(&self, question: Question) -> bool {
        let (user, object) = (format!("user:{}", question.principal), format!("object:{}", question.object));
        self.0.enforce((user.as_str(), object.as_str(), "write")).expect("casbin answers")
    }
}
