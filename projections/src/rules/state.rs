//! The fold over rules.

use super::compiled::{Entry, List, Lists, actions};
use super::gate::Gate;
use super::matching::Tests;
use super::record::{Binding, Rule, Version};
use super::usage::Usage;
use super::{Body, Class, Content, RulesEvent as E, Targets};
use crate::identity::Identity;
use crate::objects::Objects;
use crate::sharing::Sharing;
use crate::store::{NO_ROW, Rows, Sorted, Table, transact};
use crate::tenancy::Tenancy;
use crate::{BindingId, Envelope, Event, RuleId, Sequence};
use std::sync::Arc;

/// All rules.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    pub(super) rules: Table<Rule>,
    pub(super) versions: Rows<Version>,
    pub(super) bindings: Table<Binding>,
    /// `(rule, binding)`, also those that were taken back.
    pub(super) by_rule: Sorted<(u32, u32), ()>,
    /// `(name, rule)` of feature flags.
    flags: Sorted<(Box<str>, u32), ()>,
    pub(super) lists: Lists,
    pub(super) usage: Usage,
}
transact!(Rules { rules, versions, bindings, by_rule, flags, lists, usage });

impl Rules {
    /// The rule with that id.
    #[must_use]
    pub fn get(&self, id: RuleId) -> Option<&Rule> {
        self.rules.by_id(id.0)
    }
    /// Its row.
    #[must_use]
    pub fn row(&self, id: RuleId) -> Option<u32> {
        self.rules.find(id.0)
    }
    /// The rule in a row.
    #[must_use]
    pub fn at(&self, row: u32) -> Option<&Rule> {
        self.rules.get(row)
    }
    /// All rules, oldest first, archived ones included.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }
    /// How many rules there are, archived ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }
    /// True without any rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
    /// What a rule says now.
    #[must_use]
    pub fn current(&self, rule: &Rule) -> Option<&Version> {
        self.versions.get(rule.current)
    }
    /// A version by its row.
    #[must_use]
    pub fn version(&self, row: u32) -> Option<&Version> {
        self.versions.get(row)
    }
    /// What it said, newest first.
    pub fn versions(&self, rule: &Rule) -> impl Iterator<Item = &Version> {
        std::iter::successors(self.versions.get(rule.current), |version| self.versions.get(version.previous))
    }
    /// The binding with that id, also one that was taken back.
    #[must_use]
    pub fn binding(&self, id: BindingId) -> Option<&Binding> {
        self.bindings.by_id(id.0)
    }
    /// The binding in a row.
    #[must_use]
    pub fn binding_at(&self, row: u32) -> Option<&Binding> {
        self.bindings.get(row)
    }
    /// All bindings of a rule, oldest first, also those that were taken back.
    pub fn bindings_of(&self, rule: u32) -> impl Iterator<Item = (u32, &Binding)> {
        let rows = self.by_rule.range((rule, 0)..=(rule, NO_ROW));
        rows.filter_map(|((_, row), ())| Some((*row, self.bindings.get(*row)?)))
    }
    /// All bindings, oldest first, also those that were taken back.
    pub fn bindings(&self) -> impl Iterator<Item = &Binding> {
        self.bindings.iter()
    }
    /// What is bound to the same thing as this would be, with rule and version; in force or it would not be listed.
    pub fn bound_to<'a>(
        &'a self,
        targets: &Targets,
        world: &crate::World,
    ) -> impl Iterator<Item = (&'a Binding, &'a Rule, &'a Version)> + use<'a> {
        let mut binding = Binding::unaimed(BindingId::NONE, NO_ROW, Sequence::NONE, NO_ROW);
        binding.aim(targets, world.identity(), world.tenancy(), world.objects());
        let list = self.lists.get(self.lists.slot(&binding.place()));
        let entries = list.into_iter().flat_map(|list| list.votes.iter().chain(&*list.others));
        entries.filter_map(|entry| {
            let (binding, version) = (self.binding_at(entry.binding)?, self.version(entry.version)?);
            Some((binding, self.at(binding.rule)?, version))
        })
    }
    /// Is anything bound that redacts?
    #[must_use]
    pub fn has_redactions(&self) -> bool {
        self.usage.has_redactions()
    }
    /// Does it hold: neither taken back, nor its rule archived?
    #[must_use]
    pub fn is_active(&self, binding: &Binding) -> bool {
        !binding.removed && self.at(binding.rule).is_some_and(|rule| !rule.archived)
    }
    /// Was nothing ever bound? Then no question has to look any further.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.lists.is_empty()
    }
    /// Is anything bound to something that is no scope? Otherwise a question only meets the lists on its ways.
    #[inline]
    #[must_use]
    pub fn has_globals(&self) -> bool {
        self.lists.has_globals()
    }
    /// Rows of the feature flags of that name, oldest first.
    pub fn flags_named(&self, name: &str) -> impl Iterator<Item = u32> {
        let name: Box<str> = name.into();
        self.flags.range((name.clone(), 0)..=(name, NO_ROW)).map(|((_, rule), ())| *rule)
    }
    /// The names of all feature flags, in order.
    #[must_use]
    pub fn flag_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.flags.iter().map(|((name, _), ())| &**name).collect();
        names.dedup();
        names
    }
    /// The list of a scope, by number; `None` when nothing is bound there.
    #[inline]
    #[must_use]
    pub fn slot_of_scope(&self, scope: u32) -> Option<u32> {
        self.lists.scope(scope)
    }
    /// A hint that this list will be asked for soon.
    #[inline]
    pub fn expect_list(&self, slot: u32) {
        self.lists.expect(slot);
    }
    /// A list by its number.
    #[inline]
    #[must_use]
    pub fn list(&self, slot: u32) -> Option<&List> {
        self.lists.get(Some(slot))
    }

    pub(crate) fn apply(
        &mut self,
        at: &Envelope,
        event: &E,
        identity: &Identity,
        tenancy: &Tenancy,
        objects: &Objects,
        _sharing: &Sharing,
    ) {
        let by = identity.row(at.actor).unwrap_or(NO_ROW);
        match event {
            E::RuleCreated(e) => {
                if self.row(e.rule).is_some() {
                    return;
                }
                let home = tenancy.row(e.home).unwrap_or(NO_ROW);
                let (rule, since) = (self.rules.len() as u32, at.sequence);
                let current = self.push_version(rule, 1, &e.name, &e.body, since, by, NO_ROW);
                let (id, class, archived) = (e.rule, e.class, false);
                self.rules.insert(Rule {
                    id,
                    class,
                    home,
                    author: by,
                    archived,
                    current,
                    created: since,
                    described: since,
                    changed: since,
                });
                self.index_flag(rule, true);
            }
            E::RuleUpdated(e) => {
                let Some((row, rule)) = self.row(e.rule).and_then(|row| Some((row, self.at(row)?))) else {
                    return;
                };
                let (previous, number) =
                    (rule.current, self.current(rule).map_or(0, |version| version.number) + 1);
                self.index_flag(row, false);
                let current = self.push_version(row, number, &e.name, &e.body, at.sequence, by, previous);
                if let Some(rule) = self.rules.edit(row) {
                    (rule.current, rule.changed) = (current, at.sequence);
                }
                self.index_flag(row, true);
                self.compile_all(row, identity, tenancy, objects);
            }
            E::RuleDescribed(e) => self.edit(at, e.rule, |rule| rule.described = at.sequence),
            E::RuleArchived(e) => self.set_archived(at, e.rule, true, (identity, tenancy, objects)),
            E::RuleUnarchived(e) => self.set_archived(at, e.rule, false, (identity, tenancy, objects)),
            E::BindingAdded(e) => {
                let Some(rule) = self.row(e.rule) else { return };
                if self.binding(e.binding).is_some() {
                    return;
                }
                let mut binding = Binding::unaimed(e.binding, rule, at.sequence, by);
                binding.aim(&e.targets, identity, tenancy, objects);
                let row = self.bindings.insert(binding);
                self.by_rule.insert((rule, row), ());
                self.compile(row, identity, tenancy, objects);
            }
            E::BindingChanged(e) => {
                let Some(row) = self.bindings.find(e.binding.0) else { return };
                self.withdraw(row);
                if let Some(binding) = self.bindings.edit(row) {
                    binding.aim(&e.targets, identity, tenancy, objects);
                    binding.removed = false;
                    binding.version = binding.version.saturating_add(1);
                    (binding.changed, binding.by) = (at.sequence, by);
                }
                self.compile(row, identity, tenancy, objects);
            }
            E::BindingRemoved(e) => {
                let Some(row) = self.bindings.find(e.binding.0) else { return };
                if let Some(binding) = self.bindings.edit(row) {
                    binding.removed = true;
                    binding.version = binding.version.saturating_add(1);
                    (binding.changed, binding.by) = (at.sequence, by);
                }
                self.compile(row, identity, tenancy, objects);
            }
        }
    }

    /// Is anything bound that counts events?
    pub(crate) fn counts_events(&self) -> bool {
        !self.usage.is_idle()
    }

    /// Every event that happened, in whatever domain: what limits and quotas count.
    pub(crate) fn note(
        &mut self,
        at: &Envelope,
        event: &Event,
        identity: &Identity,
        tenancy: &Tenancy,
        objects: &Objects,
        sharing: &Sharing,
    ) {
        if self.counts_events() {
            self.count(at, event, identity, tenancy, objects, sharing);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of a version")]
    pub(super) fn push_version(
        &mut self,
        rule: u32,
        number: u32,
        name: &str,
        body: &Body,
        since: Sequence,
        by: u32,
        previous: u32,
    ) -> u32 {
        let when = body.when.without_action();
        let when = if when.is_empty() { None } else { Some(Arc::new(when)) };
        let tests = when.as_deref().map_or_else(Tests::default, Tests::of);
        let (name, body) = (name.into(), Arc::new(body.clone()));
        self.versions.push(Version { rule, number, name, body, when, tests, since, by, previous })
    }

    fn edit(&mut self, at: &Envelope, id: RuleId, change: impl FnOnce(&mut Rule)) {
        if let Some(row) = self.row(id)
            && let Some(rule) = self.rules.edit(row)
        {
            change(rule);
            rule.changed = at.sequence;
        }
    }

    fn set_archived(
        &mut self,
        at: &Envelope,
        id: RuleId,
        archived: bool,
        (identity, tenancy, objects): (&Identity, &Tenancy, &Objects),
    ) {
        self.edit(at, id, |rule| rule.archived = archived);
        if let Some(row) = self.row(id) {
            self.compile_all(row, identity, tenancy, objects);
        }
    }

    pub(super) fn index_flag(&mut self, rule: u32, there: bool) {
        let current = self.at(rule).and_then(|found| self.current(found));
        let Some(Content::FeatureFlag(flag)) = current.map(|version| &version.body.content) else { return };
        let key = (Box::<str>::from(&*flag.name), rule);
        if there {
            self.flags.insert(key, ());
        } else {
            self.flags.remove(&key);
        }
    }

    fn compile_all(&mut self, rule: u32, identity: &Identity, tenancy: &Tenancy, objects: &Objects) {
        let rows: Vec<u32> = self.bindings_of(rule).map(|(row, _)| row).collect();
        for row in rows {
            self.compile(row, identity, tenancy, objects);
        }
    }

    fn withdraw(&mut self, row: u32) {
        if let Some(binding) = self.bindings.get(row) {
            self.lists.replace(&binding.place(), row, None);
        }
    }

    /// Puts a binding into its list as it is now, and lets what it counts begin anew.
    fn compile(&mut self, row: u32, identity: &Identity, tenancy: &Tenancy, objects: &Objects) {
        self.list_binding(row, identity, objects);
        let Some(binding) = self.bindings.get(row) else { return };
        let active = self.is_active(binding);
        let current = self.at(binding.rule).and_then(|rule| self.current(rule));
        let Some(content) = current.map(|version| Arc::clone(&version.body)) else { return };
        self.usage.follow(row, active.then_some(&content.content));
        self.recount(row, tenancy, objects);
    }

    pub(super) fn list_binding(&mut self, row: u32, identity: &Identity, objects: &Objects) {
        let Some(binding) = self.bindings.get(row) else { return };
        let Some(rule) = self.at(binding.rule) else { return };
        let active = self.is_active(binding);
        let entry = active.then(|| self.entry((row, binding), rule, identity, objects)).flatten();
        self.lists.replace(&binding.place(), row, entry);
    }

    /// Compiles what was loaded, once the words are there that its conditions name.
    pub(crate) fn compile_loaded(&mut self, identity: &Identity, objects: &Objects) {
        for row in 0..self.bindings.len() as u32 {
            self.list_binding(row, identity, objects);
        }
    }

    fn entry(
        &self,
        (row, binding): (u32, &Binding),
        rule: &Rule,
        identity: &Identity,
        objects: &Objects,
    ) -> Option<Entry> {
        if rule.class == Class::Flag {
            return None;
        }
        let version = self.current(rule)?;
        Some(Entry {
            votes: rule.class.covers(),
            actions: actions(rule.class, &version.body.when),
            priority: version.body.priority,
            binding: row,
            version: rule.current,
            effect: version.body.effect,
            class: rule.class,
            // Words of an environment add up: one that agrees does not make a binding hold. A connector may not be known.
            narrowed: binding.targets.count() > 1
                || binding.targets.environment.is_some()
                || binding.targets.connector.is_some(),
            conditional: version.when.is_some(),
            gate: Gate::of(version.when.as_deref(), identity.kinds(), objects.types()),
        })
    }
}
