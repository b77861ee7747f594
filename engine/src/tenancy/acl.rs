//! Decisions about access control lists.

use super::checks::{check_end, check_holds, live_node, node};
use super::{AclRule, AddAclEntry, ExpireAclEntry, RemoveAclEntry, SetAcl};
use crate::authorize::{Request, Target, authorize};
use crate::command::{Decide, Needs};
use crate::error::Error;
use crate::kernel::execute::{Facts, Result, View, need};
use scoped_projections::tenancy::{
    AclEntry, AclEntryAdded, AclEntryExpired, AclEntryRemoved, Capability as C, Effect,
};
use scoped_projections::{EntryId, ScopeId};

/// Most entries a list may have.
pub(super) const ENTRIES_MAX: usize = 1_000;

fn check_rule(on: &View<'_>, row: u32, rule: &AclRule) -> Result<()> {
    check_end(on, rule.expires_at)?;
    match rule.effect {
        Effect::Allow => check_holds(on, row, rule.capability.matches(), rule.applies, rule.expires_at),
        // Looked at when it stands on the list: see `way_back`.
        Effect::Deny => Ok(()),
    }
}

fn add(scope: ScopeId, entry: EntryId, rule: &AclRule, facts: &mut Facts<'_>) {
    let (effect, subject, applies, expires_at) = (rule.effect, rule.subject, rule.applies, rule.expires_at);
    let capability = rule.capability.as_str().to_owned();
    facts.push(scope, AclEntryAdded { entry, scope, effect, subject, capability, applies, expires_at }, None);
}

fn check_room(on: &View<'_>, row: u32, more: usize) -> Result<()> {
    if on.world.tenancy().entries(row).count() + more > ENTRIES_MAX {
        let message = format!("an access control list has at most {ENTRIES_MAX} entries");
        return Err(Error::refused("too_many", message).into());
    }
    Ok(())
}

impl AddAclEntry {
    fn rule(&self) -> AclRule {
        AclRule {
            effect: self.effect,
            subject: self.subject,
            capability: self.capability.clone(),
            applies: self.applies,
            expires_at: self.expires_at,
        }
    }
}

impl Decide for AddAclEntry {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        need(C::AclManage, self.scope.target(on.world.tenancy()))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (row, found) = live_node(on, &self.scope)?;
        let rule = self.rule();
        check_rule(on, row, &rule)?;
        let entry = self.entry.unwrap_or_else(|| EntryId(facts.fresh()));
        if !entry.is_some() || on.world.tenancy().entry(entry).is_some() {
            return Err(Error::refused("exists", format!("there is an entry `{entry}` already")).into());
        }
        check_room(on, row, 1)?;
        add(found.id, entry, &rule, facts);
        Ok(())
    }
}

/// What it takes to change the list that an entry is on, or was.
fn manage_list_of<'a>(on: &View<'_>, entry: EntryId) -> Needs<'a> {
    let scope = on.world.tenancy().entry(entry).map(|entry| entry.scope);
    need(C::AclManage, scope.map_or(Target::Nothing, Target::Scope))
}

/// An entry that is on a list, and the scope whose list that is.
fn on_list<'a>(on: &View<'a>, id: EntryId) -> Result<(&'a AclEntry, ScopeId)> {
    let Some(entry) = on.world.tenancy().entry(id).filter(|entry| !entry.removed) else {
        return Err(Error::refused("not_found", format!("there is no entry `{id}`")).into());
    };
    Ok((entry, node(on, entry.scope)?.id))
}

impl Decide for RemoveAclEntry {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        manage_list_of(on, self.entry)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (_, scope) = on_list(on, self.entry)?;
        facts.push(scope, AclEntryRemoved { entry: self.entry }, None);
        Ok(())
    }
}

impl Decide for ExpireAclEntry {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        // Whoever sweeps may, and whoever could take the entry off before it ran out.
        let sweeps = Request::new(C::Sweep, Target::Deployment);
        if authorize(on.world, on.actor, sweeps, on.now).allowed {
            return smallvec::smallvec![sweeps];
        }
        manage_list_of(on, self.entry)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (entry, scope) = on_list(on, self.entry)?;
        if entry.in_force(on.now) {
            return Err(Error::refused("not_expired", "that entry has not run out").into());
        }
        facts.push(scope, AclEntryExpired { entry: self.entry }, None);
        Ok(())
    }
}

fn is(entry: &AclEntry, rule: &AclRule) -> bool {
    entry.effect == rule.effect
        && entry.subject == rule.subject
        && entry.capability == rule.capability
        && entry.applies == rule.applies
        && entry.expires_at == rule.expires_at
}

impl Decide for SetAcl {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        need(C::AclManage, self.scope.target(on.world.tenancy()))
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let (row, found) = live_node(on, &self.scope)?;
        let tenancy = on.world.tenancy();
        if self.entries.len() > ENTRIES_MAX {
            let message = format!("an access control list has at most {ENTRIES_MAX} entries");
            return Err(Error::refused("too_many", message).into());
        }
        let stays = |entry: &&AclEntry| self.entries.iter().any(|rule| is(entry, rule));
        for entry in tenancy.entries(row).filter(|entry| !stays(entry)) {
            facts.push(found.id, AclEntryRemoved { entry: entry.id }, None);
        }
        let mut added: Vec<&AclRule> = Vec::new();
        for rule in &self.entries {
            if added.contains(&rule) || tenancy.entries(row).any(|entry| is(entry, rule)) {
                continue;
            }
            check_rule(on, row, rule)?;
            let entry = EntryId(facts.fresh());
            add(found.id, entry, rule, facts);
            added.push(rule);
        }
        Ok(())
    }
}
