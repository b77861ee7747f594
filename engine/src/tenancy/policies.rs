//! Decisions about policies, and what follows from them for what is kept.
//!
//! A policy is set as a whole. What it says about ages is combined along the chain: a hold that outlasts a greatest age anywhere
//! below is refused where it would arise, be it by a policy or by moving a scope. Ages count from an object's creation; a record past its greatest age is tombstoned by
//! a sweeper's explicit event, never by a fold, and is not restored any more.

use super::SetPolicy;
use super::checks::live_node;
use crate::authorize::Request;
use crate::command::{Decide, Needs};
use crate::error::Error;
use crate::kernel::execute::{Facts, Result, View};
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::{Capability as C, Period, Policy, PolicySet, Retention, Tenancy};
use scoped_projections::{Micros, World, shown};
use serde_json::Value;

/// The keys of a policy, by the path to them.
const KEYS: &[(&str, &[&str])] = &[
    ("", &["retention", "default_view", "quota", "visible_to_descendants", "inherit_members", "audit_reads"]),
    ("retention", &["objects", "versions", "events"]),
    ("retention.objects", AGES),
    ("retention.versions", AGES),
    ("retention.events", &["min_age"]),
    ("quota", &["max_records", "max_bytes", "max_log_bytes", "max_scopes", "max_members"]),
];
const AGES: &[&str] = &["max_age", "min_age"];

/// A policy as it was given, or what is wrong with it.
fn parse(value: &Value) -> std::result::Result<Policy, Error> {
    check_keys("", value)?;
    serde_json::from_value(value.clone())
        .map_err(|e| Error::invalid(format!("the policy is not well-formed: {e}")))
}

fn check_keys(at: &str, value: &Value) -> std::result::Result<(), Error> {
    let Some((_, known)) = KEYS.iter().find(|(path, _)| *path == at) else { return check_age(at, value) };
    let Some(map) = value.as_object() else {
        return Err(Error::invalid(format!(
            "`{}` of a policy is an object",
            if at.is_empty() { "all" } else { at }
        )));
    };
    for (key, value) in map {
        let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
        if !known.contains(&key.as_str()) {
            let error =
                Error::malformed("policy_unknown_key", format!("a policy has no key `{}`", shown(&path)));
            return Err(error.hint(format!("keys there: {}", known.join(", "))));
        }
        check_keys(&path, value)?;
    }
    Ok(())
}

fn check_age(at: &str, value: &Value) -> std::result::Result<(), Error> {
    let age = at.ends_with(".max_age") || at.ends_with(".min_age");
    match value.as_str() {
        Some(text) if age => text
            .parse::<Period>()
            .map(drop)
            .map_err(|e| Error::malformed("invalid_duration", format!("`{at}`: {e}"))),
        _ => Ok(()),
    }
}

impl SetPolicy {
    fn policy(&self) -> std::result::Result<Policy, Error> {
        parse(&self.policy.value()?)
    }
}

impl Decide for SetPolicy {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        let (tenancy, target) = (on.world.tenancy(), self.scope.target(on.world.tenancy()));
        let mut needs: Needs<'_> = smallvec::smallvec![Request::new(C::PolicyManage, target)];
        let declared = self.scope.row(tenancy).and_then(|row| tenancy.policy(row)).map(|d| d.policy);
        let cuts = |policy: Option<Policy>| policy.and_then(|policy| policy.inherit_members) == Some(false);
        if cuts(self.policy().ok()) != cuts(declared) {
            needs.push(Request::new(C::OwnersManage, target));
        }
        needs
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (row, found) = live_node(on, &self.scope)?;
        let (tenancy, policy) = (on.world.tenancy(), self.policy()?);
        check_conflicts(tenancy, row, |at| {
            retention(tenancy, at, |at| if at == row { Some(policy) } else { declared(tenancy, at) })
        })?;
        if policy.retention.versions.max_age.is_some() {
            on.warn("not_enforced", || {
                "`retention.versions.max_age` is declared and combined, and takes nothing away yet".to_owned()
            });
        }
        if declared(tenancy, row).unwrap_or_default() == policy {
            on.warn("unchanged", || format!("the scope `{}` declares just that already", found.label()));
        } else {
            facts.push(found.id, PolicySet { scope: found.id, policy }, None);
        }
        Ok(())
    }
}

pub(super) fn declared(tenancy: &Tenancy, row: u32) -> Option<Policy> {
    tenancy.policy(row).map(|declared| declared.policy)
}

/// What is said about keeping, all along the way up, with these policies.
pub(super) fn retention(tenancy: &Tenancy, row: u32, policy: impl Fn(u32) -> Option<Policy>) -> Retention {
    let all = tenancy.chain(row).filter_map(policy).map(|policy| policy.retention);
    all.fold(Retention::default(), Retention::and)
}

/// Nowhere at or below `row` may a hold outlast a greatest age.
fn check_conflicts(tenancy: &Tenancy, row: u32, effective: impl Fn(u32) -> Retention) -> Result<()> {
    let below = tenancy.policies().map(|(at, _)| at).filter(|at| tenancy.is_within(*at, row));
    for at in below.chain([row]) {
        let classes = effective(at).classes();
        if let Some((class, ages)) = classes.iter().find(|(_, ages)| ages.conflict()) {
            let text = |period: Option<Period>| period.map_or_else(String::new, |period| period.to_string());
            let label = tenancy.at(at).map_or("?", |node| node.label());
            let message = format!(
                "in `{label}` {class} would have to be kept for {} and to go after {}",
                text(ages.min_age),
                text(ages.max_age)
            );
            return Err(Error::refused("policy_conflict", message).into());
        }
    }
    Ok(())
}

/// The same, for a scope that is about to stand below another parent.
pub(super) fn check_move(on: &View<'_>, row: u32, above: u32) -> Result<()> {
    let tenancy = on.world.tenancy();
    if !tenancy.has_policies() {
        return Ok(());
    }
    let outside = retention(tenancy, above, |at| declared(tenancy, at));
    check_conflicts(tenancy, row, |at| {
        let inside = tenancy.chain(at).take_while(|at| tenancy.is_within(*at, row));
        let own = inside.filter_map(|at| declared(tenancy, at)).map(|policy| policy.retention);
        own.fold(outside, Retention::and)
    })
}

/// What is said about the objects of a scope, all along the way up.
fn ages(world: &World, object: u32) -> Option<(Retention, Micros)> {
    let tenancy = world.tenancy();
    let home = world.objects().at(object).map(|object| object.home).filter(|home| *home != NO_ROW)?;
    if !tenancy.has_policies() {
        return None;
    }
    Some((retention(tenancy, home, |at| declared(tenancy, at)), world.objects().made(object)))
}

/// Until when an object must not go, if that is still to come.
pub(crate) fn hold(world: &World, object: u32, now: Micros) -> Option<Micros> {
    let (ages, made) = ages(world, object)?;
    Some(made.saturating_add(ages.objects.min_age?.micros())).filter(|until| *until > now)
}

/// Has an object reached the greatest age that its home keeps?
pub(crate) fn past_greatest_age(world: &World, object: u32, now: Micros) -> bool {
    ages(world, object)
        .and_then(|(ages, made)| Some(made.saturating_add(ages.objects.max_age?.micros())))
        .is_some_and(|end| end <= now)
}
