//! What rules of the class `quota` count: the page on rules, and decision 0016.

use super::oracle::Access;
use serde_json::Value;
use std::collections::BTreeMap;

/// What one quota counts, for each owner apart where it is bound to a principal (else under no name), and how many there may be.
pub(super) struct Counted {
    pub(super) used: BTreeMap<String, u64>,
    pub(super) limit: u64,
}

impl Access {
    /// All quotas in force here, with what the log up to `then` comes to.
    pub(super) fn counted(&self, then: &Self) -> Vec<Counted> {
        self.rules.in_force("quota").map(|(rule, to)| self.count(&rule.body, to, then)).collect()
    }

    fn count(&self, body: &Value, to: &Value, then: &Self) -> Counted {
        let word = |key: &str| to.get(key).and_then(Value::as_str);
        let quota = &body["content"]["quota"];
        let inside = |at: &str| word("scope").is_none_or(|scope| then.chain(at).iter().any(|up| up == scope));
        let mut used: BTreeMap<String, u64> = BTreeMap::new();
        match quota["resource"].as_str().unwrap() {
            "objects" => {
                let types = |is: &str| {
                    let listed = body["when"].get("object_type").and_then(Value::as_array);
                    listed.is_none_or(|list| list.iter().any(|one| one == is))
                        && word("object_type").is_none_or(|wanted| wanted == is)
                };
                for object in then.objects.values().filter(|object| !object.tombstoned) {
                    let here = match &object.home {
                        Some(home) => inside(home),
                        None => word("scope").is_none(),
                    };
                    // Bound to a group it holds for each of its members apart.
                    let whose = word("principal").map(|wanted| self.selves(&object.owner).contains(wanted));
                    if here && types(&object.object_type) && whose.unwrap_or(true) {
                        let owner = whose.map_or_else(String::new, |_| object.owner.clone());
                        *used.entry(owner).or_default() += 1;
                    }
                }
            }
            "members" => {
                used.insert(String::new(), then.members.keys().filter(|(at, _)| inside(at)).count() as u64);
            }
            "scopes" => {
                let live = then.scopes.iter().filter(|(_, node)| !node.archived);
                let below = live.filter(|(at, _)| word("scope") != Some(at) && inside(at));
                used.insert(String::new(), below.count() as u64);
            }
            other => panic!("a quota on `{other}` is not counted here"),
        }
        Counted { used, limit: quota["max_count"].as_u64().unwrap() }
    }
}

/// Between two moments no quota of the first grew past its limit.
pub(super) fn nothing_grew_past_a_limit(before: &Access, after: &Access) {
    for (was, is) in before.counted(before).into_iter().zip(before.counted(after)) {
        for (owner, now) in is.used {
            let then = was.used.get(&owner).copied().unwrap_or_default();
            assert!(now <= then || now <= is.limit, "{then} of `{owner}`, then {now}, at most {}", is.limit);
        }
    }
}
