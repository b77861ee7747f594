//! What may come to be: data that is written, scopes that a write makes (section 7), and growth under quotas (6.2).

use super::counting::nothing_grew_past_a_limit;
use super::oracle::{Access, Fact, On, in_force};
use super::policy::Doing;
use super::{Seen, id};
use serde_json::Value;

/// Segments of these types name somebody.
fn names_another(segment: &str, actor: &str) -> bool {
    segment
        .split_once(':')
        .is_some_and(|(word, name)| matches!(word, "user" | "agent" | "service") && name != actor)
}

fn names(segment: &str, actor: &str) -> bool {
    segment.contains(':') && !names_another(segment, actor) && segment.ends_with(actor)
}

impl Access {
    /// The nearest registered scope above a path, and the segments that are missing below it.
    fn missing<'p>(&self, path: &'p str) -> (Option<&String>, Vec<&'p str>) {
        let segments: Vec<&str> = path.split('/').collect();
        let near = (0..segments.len())
            .rev()
            .find_map(|upto| Some((upto, self.named.get(&segments[..upto].join("/"))?)).filter(|_| upto > 0));
        match near {
            Some((upto, scope)) => (Some(scope), segments[upto..].to_vec()),
            None => (None, segments),
        }
    }

    /// Section 7: may this actor make what is missing on the way to a path, writing so?
    pub(super) fn may_make(&self, actor: &str, path: &str, doing: Doing<'_>, now: u64) -> bool {
        if let Some(scope) = self.named.get(path) {
            return self.may_do(actor, "scope.write", doing, &On::Scope(scope.clone()), now);
        }
        let (near, missing) = self.missing(path);
        match near {
            None => {
                let root =
                    names(missing[0], actor) || self.may(actor, "scope.create.root", &On::Deployment, now);
                let may = |doing| self.may_do(actor, "scope.write", doing, &On::Own, now);
                root && may(doing) && may(Doing::asking("scope_create"))
            }
            Some(near) => {
                let below = On::Below(near.clone());
                let may = |capability: &str| self.may(actor, capability, &below, now);
                self.may_do(actor, "scope.write", doing, &below, now)
                    && may("scope.provision")
                    && (!missing.iter().any(|segment| names_another(segment, actor))
                        || may("scope.provision.other"))
            }
        }
    }

    /// The same without memberships that have run out: they count against no limit, whether a sweep has come by or not. This once counted them, and ten
    /// thousand drawn histories had one run out between two that were made.
    fn without_what_has_run_out(&self, now: u64) -> Self {
        let mut left = self.clone();
        left.members.retain(|_, (_, end)| in_force(*end, now));
        left
    }

    /// What a scope and all below it hold.
    pub(super) fn holds(&self, scope: &str, metric: &str) -> u64 {
        let inside = |at: &str| self.chain(at).iter().any(|up| up == scope);
        let count = match metric {
            "max_records" => {
                let live = self.objects.values().filter(|object| !object.tombstoned);
                live.filter(|object| object.home.as_deref().is_some_and(inside)).count()
            }
            "max_scopes" => {
                let live = self.scopes.iter().filter(|(at, node)| !node.archived && *at != scope);
                live.filter(|(at, _)| inside(at)).count()
            }
            "max_members" => self.members.keys().filter(|(at, _)| inside(at)).count(),
            other => panic!("a quota on `{other}` is not counted here"),
        };
        count as u64
    }
}

/// What is said to an attempt to write a record, where a scope may have to be made first.
pub(super) fn attempt(before: &Access, line: &str, now: u64, refused: Option<&str>, seen: &mut Seen) {
    let line: Value = serde_json::from_str(line).unwrap();
    let (actor, with) = (line["as"].as_str().unwrap(), &line["with"]);
    let at = with["scope"].as_str().unwrap_or_default();
    let may = |data: Option<&Value>| match line["do"].as_str() {
        Some("objects.create") => {
            let doing = Doing { action: "create", object_type: with["type"].as_str(), data: Some(data) };
            if at.contains(':') {
                before.may_make(actor, at, doing, now)
            } else {
                before.may_do(actor, "scope.write", doing, &On::Scope(at.to_owned()), now)
            }
        }
        _ => {
            let doing = Doing { action: "update", object_type: None, data: Some(data) };
            let object = with["object"].as_str().unwrap().to_owned();
            before.objects.contains_key(&object)
                && before.may_do(actor, "scope.write", doing, &On::Object(object), now)
        }
    };
    seen.written += 1;
    // Rules that look at data see what would be written. Where it cannot be written for another reason they hear none, so that nobody
    // is told how things stand whom they may keep out.
    let (known, unknown) = (may(Some(&with["data"])), may(None));
    let expected = match refused {
        None => known,
        Some("denied") => !known || !unknown,
        Some(_) => known || unknown,
    };
    assert!(expected, "may {actor} write {with}? {refused:?}, by the rule {known}, without data {unknown}");
    if refused == Some("quota_exceeded") {
        seen.rule_quotas += 1;
        let more = before.missing(at).1.len().max(1) as u64;
        let full = before
            .counted(before)
            .iter()
            .any(|quota| quota.used.values().max().copied().unwrap_or_default() + more > quota.limit);
        assert!(full, "no quota stands in the way of {actor} at {at}");
    }
    if refused == Some("scope_quota_exceeded") {
        seen.quotas += 1;
        let scope =
            before.named.get(at).cloned().or_else(|| Some(at.to_owned()).filter(|at| !at.contains(':')));
        let (near, missing) = before.missing(at);
        let (scope, scopes) = match scope {
            Some(scope) => (Some(scope), 0),
            None => (near.cloned(), missing.len() as u64),
        };
        let broken = scope.iter().flat_map(|scope| before.chain(scope)).any(|up| {
            let over = |metric: &str, more: u64| {
                let limit = before.scopes[&up].quota.get(metric);
                more > 0 && limit.is_some_and(|limit| before.holds(&up, metric) + more > *limit)
            };
            let owned = missing.iter().filter(|segment| names(segment, actor)).count() as u64;
            over("max_records", 1) || over("max_scopes", scopes) || over("max_members", owned)
        });
        assert!(broken, "no limit stands in the way of {actor} at {at}");
    }
}

/// No batch of the log made a scope that its actor might not make, or grew past a limit.
pub(super) fn nothing_came_to_be_that_might_not(facts: &[Fact], seen: &mut Seen) {
    let mut rest = facts;
    let mut before = Access::default();
    while let Some(first) = rest.first() {
        let (batch, behind) = rest.split_at(first.left as usize + 1);
        rest = behind;
        let mut after = before.clone();
        batch.iter().for_each(|fact| after.apply(fact));
        let made = |fact: &&Fact| fact.kind == "tenancy.scope_provisioned";
        if let Some(last) = batch.iter().rfind(made) {
            seen.provisioned += 1;
            let path = last.facts["path"].as_str().unwrap();
            let (_, missing) = before.missing(path);
            let (count, personal) =
                (batch.iter().filter(made).count(), |segment: &&&str| names(segment, &last.actor));
            assert_eq!(count, missing.len(), "outermost first, each that was missing: {path}");
            let owned = batch.iter().filter(|fact| fact.kind == "tenancy.member_added").count();
            let root =
                before.missing(path).0.is_none() && !missing.first().is_some_and(|first| personal(&first));
            let named = missing.iter().filter(personal).count();
            assert_eq!(
                owned,
                named + usize::from(root),
                "a node that names its maker is owned by it: {path}"
            );
            let nobody = id(0);
            assert!(after.named.contains_key(path) && last.actor != nobody);
        }
        let (counted, now) =
            (before.without_what_has_run_out(first.time), after.without_what_has_run_out(first.time));
        nothing_grew_past_a_limit(&counted, &now);
        for (scope, node) in &before.scopes {
            for (metric, limit) in &node.quota {
                let (was, is) = (counted.holds(scope, metric), now.holds(scope, metric));
                assert!(is <= was || is <= *limit, "{metric} of {scope}: {was}, then {is}, limit {limit}");
            }
        }
        before = after;
    }
}
