//! Rules as they stand in snapshots, and in what digests are taken of.

use super::record::{Binding, Rule};
use super::{Body, Class, Rules, Targets};
use crate::canonical::{Input, InputError, Output, RowOf};
use crate::codec::{decode_exact, encode_into};
use crate::identity::Identity;
use crate::objects::Objects;
use crate::store::NO_ROW;
use crate::{BindingId, RuleId};
use std::sync::Arc;

impl Rules {
    pub(crate) fn save(&self, out: &mut impl Output) {
        out.count(self.versions.len());
        for version in self.versions.iter() {
            out.u32(version.rule);
            out.u32(version.number);
            out.text(&version.name);
            let mut body = Vec::new();
            // What was read from a body of the log fits into one.
            let _ = encode_into(&*version.body, &mut body);
            out.count(body.len());
            out.bytes(&body);
            out.sequence(version.since);
            out.u32(version.by);
            out.u32(version.previous);
        }
        out.count(self.rules.len());
        for rule in self.rules.iter() {
            out.u128(rule.id.0);
            out.u8(rule.class.tag());
            out.u32(rule.home);
            out.u32(rule.author);
            out.u8(u8::from(rule.archived));
            out.u32(rule.current);
            out.sequence(rule.created);
            out.sequence(rule.described);
            out.sequence(rule.changed);
        }
        out.count(self.bindings.len());
        for binding in self.bindings.iter() {
            out.u128(binding.id.0);
            out.u32(binding.rule);
            let mut targets = Vec::new();
            let _ = encode_into(&*binding.targets, &mut targets);
            out.count(targets.len());
            out.bytes(&targets);
            out.u32(binding.scope);
            out.u32(binding.principal);
            out.u32(binding.object);
            out.u8(u8::from(binding.removed));
            out.u32(binding.version);
            out.sequence(binding.changed);
            out.u32(binding.by);
        }
        self.usage.save(out);
    }

    pub(crate) fn load(input: &mut Input<'_>) -> Result<Self, InputError> {
        let mut state = Self::default();
        for row in 0..input.count()? {
            let (rule, number, name) = (input.u32()?, input.u32()?, input.text()?.to_owned());
            let length = input.count()?;
            let body: Body = decode_exact(input.bytes(length)?).map_err(|_| InputError)?;
            let (since, by, previous) = (input.sequence()?, input.u32()?, input.u32()?);
            // A chain only leads backwards, so that walking one ends.
            if previous != NO_ROW && previous as usize >= row {
                return Err(InputError);
            }
            state.push_version(rule, number, &name, &body, since, by, previous);
        }
        for row in 0..input.count()? {
            let rule = Rule {
                id: RuleId(input.u128()?),
                class: Class::from_tag(input.u8()?).ok_or(InputError)?,
                home: input.u32()?,
                author: input.u32()?,
                archived: input.flag()?,
                current: input.u32()?,
                created: input.sequence()?,
                described: input.sequence()?,
                changed: input.sequence()?,
            };
            if state.versions.get(rule.current).is_none_or(|version| version.rule as usize != row) {
                return Err(InputError);
            }
            state.rules.insert(rule);
            state.index_flag(row as u32, true);
        }
        for row in 0..input.count()? {
            let (id, rule) = (BindingId(input.u128()?), input.u32()?);
            let length = input.count()?;
            let targets: Targets = decode_exact(input.bytes(length)?).map_err(|_| InputError)?;
            let (scope, principal) = (input.row_or_none(RowOf::Scope)?, input.row_or_none(RowOf::Principal)?);
            let object = input.row_or_none(RowOf::Object)?;
            let (removed, version) = (input.flag()?, input.u32()?);
            let (changed, by) = (input.sequence()?, input.u32()?);
            let targets = Arc::new(targets);
            let binding =
                Binding { id, rule, targets, scope, principal, object, removed, version, changed, by };
            if state.at(rule).is_none() || state.bindings.insert(binding) as usize != row {
                return Err(InputError);
            }
            state.by_rule.insert((rule, row as u32), ());
            // Without words for now: see `compile_loaded`.
            state.list_binding(row as u32, &Identity::default(), &Objects::default());
            state.follow(row as u32);
        }
        state.usage.load(input)?;
        Ok(state)
    }

    fn follow(&mut self, row: u32) {
        let Some(binding) = self.bindings.get(row) else { return };
        let active = self.is_active(binding);
        let current = self.at(binding.rule).and_then(|rule| self.current(rule));
        let Some(body) = current.map(|version| Arc::clone(&version.body)) else { return };
        self.usage.follow(row, active.then_some(&body.content));
    }
}
