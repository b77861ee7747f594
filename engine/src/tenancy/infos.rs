//! What is told about scopes: plain structs, ready to be written as JSON, and how a moment fills them.

use super::policies::{declared, retention};
use super::quota::used;
use crate::error::{Error, Result};
use crate::moment::Moment;
use scoped_projections::tenancy::{
    Applies, AuditReads, Effect, Metric, Node, Period, Policy, Role, ScopeState, Subject, Tenancy, View,
};
use scoped_projections::{EntryId, Micros, PrincipalId, ScopeId, World};
use serde::Serialize;
use serde_json::{Value, json};

/// A scope with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScopeDetail {
    /// Its id.
    pub scope: ScopeId,
    /// Its path, or the name of a flat one.
    pub label: String,
    /// The scope above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<ScopeId>,
    /// Nodes above it.
    pub depth: u8,
    /// How it stands.
    pub state: ScopeState,
    /// Did it come to be because something was written to its path, and has nobody registered it since?
    pub auto_provisioned: bool,
    /// The event that made it.
    pub created: u64,
    /// Its own members.
    pub members: usize,
    /// What it is described as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Value>,
    /// What it and all below it hold.
    pub holds: Vec<Holding>,
    /// What it declares, and what holds there.
    pub policy: ScopePolicy,
}

/// How much of something a scope and all below it hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Holding {
    /// Of what.
    pub metric: Metric,
    /// How much.
    pub used: u64,
}

/// What a scope declares, and what holds there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScopePolicy {
    /// What it declares itself.
    pub own: Policy,
    /// How often it has declared its policy.
    pub version: u32,
    /// Each key that holds there.
    pub resolved: Vec<ResolvedKey>,
}

/// One key of a policy, as it holds in a scope. A quota stands once for each level that sets it: each is enforced.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResolvedKey {
    /// Which, for example `retention.objects.max_age`.
    pub key: String,
    /// Its value; for a quota `{"limit": …, "used": …}`.
    pub value: Value,
    /// The scope that set it; absent for what holds unless somebody says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_by: Option<String>,
}

/// A member of a scope, or of which scope somebody is a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberInfo {
    /// Where.
    pub scope: ScopeId,
    /// Path of the scope, or its name.
    pub label: String,
    /// Who.
    pub principal: PrincipalId,
    /// As what.
    pub role: Role,
    /// Until when (exclusive).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Micros>,
    /// Does it count at this moment?
    pub in_force: bool,
    /// The event that made it so.
    pub since: u64,
}

/// An entry of an access control list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AclInfo {
    /// Its id.
    pub entry: EntryId,
    /// Allow or deny.
    pub effect: Effect,
    /// To whom it speaks.
    pub subject: Subject,
    /// What it is about.
    pub capability: String,
    /// How far it reaches.
    pub applies: Applies,
    /// Until when (exclusive).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Micros>,
    /// Does it count at this moment?
    pub in_force: bool,
    /// The event that put it there.
    pub since: u64,
}

fn label(tenancy: &Tenancy, row: u32) -> String {
    tenancy.at(row).map_or("?", Node::label).to_owned()
}

impl Moment<'_> {
    /// A scope in detail, by row.
    ///
    /// # Errors
    /// When there is none, or the log cannot be read.
    pub fn scope_detail(&self, row: u32) -> Result<ScopeDetail> {
        let tenancy = self.world.tenancy();
        let node =
            tenancy.at(row).ok_or_else(|| Error::refused("scope_not_found", "there is no such scope"))?;
        let description = tenancy.described(row).map(|at| self.data_of(at)?.value()).transpose()?;
        let holds = Metric::ALL
            .iter()
            .map(|metric| Holding { metric: *metric, used: used(self.world, row, *metric) });
        Ok(ScopeDetail {
            scope: node.id,
            label: node.label().to_owned(),
            parent: tenancy.at(node.parent).map(|parent| parent.id),
            depth: node.depth,
            state: node.state(),
            auto_provisioned: node.auto_provisioned,
            created: node.created.get(),
            members: tenancy.counts(row).own_members as usize,
            description,
            holds: holds.collect(),
            policy: self.scope_policy(row),
        })
    }

    /// What a scope declares, and what holds there, by row.
    #[must_use]
    pub fn scope_policy(&self, row: u32) -> ScopePolicy {
        let own = self.world.tenancy().policy(row);
        ScopePolicy {
            own: own.map(|declared| declared.policy).unwrap_or_default(),
            version: own.map_or(0, |declared| declared.version),
            resolved: resolve(self.world, row),
        }
    }

    /// The members of a scope, oldest principal first, by row.
    #[must_use]
    pub fn member_infos(&self, row: u32) -> Vec<MemberInfo> {
        let members = self.world.tenancy().members(row);
        members.filter_map(|(who, _)| self.member_info(row, who)).collect()
    }

    /// The scopes that somebody is a member of, oldest first, by row of the principal.
    #[must_use]
    pub fn membership_infos(&self, principal: u32) -> Vec<MemberInfo> {
        let scopes = self.world.tenancy().memberships(principal);
        scopes.filter_map(|(scope, _)| self.member_info(scope, principal)).collect()
    }

    fn member_info(&self, scope: u32, who: u32) -> Option<MemberInfo> {
        let (tenancy, member) = (self.world.tenancy(), self.world.tenancy().member(scope, who)?);
        Some(MemberInfo {
            scope: tenancy.at(scope)?.id,
            label: label(tenancy, scope),
            principal: self.world.identity().id(who),
            role: member.role,
            expires_at: member.expires_at(),
            in_force: self.now.is_before(member.expires_at()),
            since: member.since.get(),
        })
    }

    /// The access control list of a scope, oldest entry first, by row.
    #[must_use]
    pub fn acl_infos(&self, row: u32) -> Vec<AclInfo> {
        let entries = self.world.tenancy().entries(row);
        entries
            .map(|entry| AclInfo {
                entry: entry.id,
                effect: entry.effect,
                subject: entry.subject,
                capability: entry.capability.as_str().to_owned(),
                applies: entry.applies,
                expires_at: entry.expires_at,
                in_force: entry.in_force(self.now.read()),
                since: entry.since.get(),
            })
            .collect()
    }
}

/// Each key that holds in a scope, and who set it.
fn resolve(world: &World, row: u32) -> Vec<ResolvedKey> {
    let tenancy = world.tenancy();
    let chain: Vec<(u32, Policy)> =
        tenancy.chain(row).filter_map(|at| Some((at, declared(tenancy, at)?))).collect();
    let mut keys = Vec::new();
    let mut add = |key: String, value: Value, by: Option<u32>| {
        keys.push(ResolvedKey { key, value, set_by: by.map(|row| label(tenancy, row)) });
    };
    if let Some((by, view)) = chain.iter().find_map(|(at, policy)| Some((*at, policy.default_view?))) {
        add("default_view".into(), json!(View::as_str(view)), Some(by));
    }
    let effective = retention(tenancy, row, |at| declared(tenancy, at));
    for (nth, (class, ages)) in effective.classes().into_iter().enumerate() {
        let nearest =
            |is: &dyn Fn(&Policy) -> bool| chain.iter().find(|(_, policy)| is(policy)).map(|(at, _)| *at);
        let of = |policy: &Policy| policy.retention.classes()[nth].1;
        let mut age = |name: &str, value: Option<Period>, by: Option<u32>| {
            if let Some(value) = value {
                add(format!("retention.{class}.{name}"), json!(value.to_string()), by);
            }
        };
        age("max_age", ages.max_age, nearest(&|policy| of(policy).max_age == ages.max_age));
        age("min_age", ages.min_age, nearest(&|policy| of(policy).min_age == ages.min_age));
    }
    for (at, policy) in &chain {
        for (metric, limit) in policy.quota.limits() {
            let value = json!({ "limit": limit, "used": used(world, *at, metric) });
            add(format!("quota.{metric}"), value, Some(*at));
        }
    }
    let own = declared(tenancy, row).unwrap_or_default();
    for (key, value) in
        [("visible_to_descendants", own.visible_to_descendants), ("inherit_members", own.inherit_members)]
    {
        add(key.into(), json!(value.unwrap_or(true)), value.map(|_| row));
    }
    let (reads, by) = audit_reads(tenancy, row);
    add("audit_reads".into(), json!(reads.as_str()), by);
    keys
}

/// Which allowed reads in a scope leave a record: the strictest word on the way up, and whose it is.
fn audit_reads(tenancy: &Tenancy, row: u32) -> (AuditReads, Option<u32>) {
    let said = tenancy.chain(row).filter_map(|at| Some((declared(tenancy, at)?.audit_reads?, at)));
    // Of equal words that of the nearest.
    let strictest = said.reduce(|best, next| if next.0 > best.0 { next } else { best });
    strictest.map_or((AuditReads::Sensitive, None), |(reads, at)| (reads, Some(at)))
}
