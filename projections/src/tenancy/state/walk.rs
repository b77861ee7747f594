//! The canonical walk over the scopes, and the way back from it.

use super::{AclEntry, Member, Node, Tenancy};
use crate::canonical::{Input, InputError, Output, RowOf};
use crate::store::NO_ROW;
use crate::tenancy::counts::Counts;
use crate::tenancy::parked::Parked;
use crate::tenancy::policy::Declared;
use crate::tenancy::{Applies, Effect, Role, ScopePath};
use crate::{EntryId, Micros, ScopeId};

impl Tenancy {
    pub(crate) fn save(&self, out: &mut impl Output) {
        out.count(self.nodes.len());
        for node in self.nodes.iter() {
            out.u128(node.id.0);
            out.u32(node.parent);
            out.u8(node.depth);
            out.u8(u8::from(node.archived));
            out.u8(u8::from(node.frozen));
            out.u8(u8::from(node.auto_provisioned));
            let path = node.path.as_ref();
            out.text(path.map_or("", |path| path.as_str()));
            out.u8(u8::from(path.is_some_and(|path| self.row_of_path(path) == self.row(node.id))));
            out.text(&node.name);
            out.sequence(node.created);
            out.sequence(node.changed);
        }
        out.count(self.members.len());
        for ((scope, principal), ()) in self.by_scope.iter() {
            let Some(member) = self.member(*scope, *principal) else { continue };
            out.u32(*scope);
            out.u32(*principal);
            out.u8(member.role.tag());
            save_end(out, member.expires_at());
            out.sequence(member.since);
        }
        out.count(self.acl.len());
        for entry in self.acl.iter() {
            out.u128(entry.id.0);
            out.u32(entry.scope);
            out.u8(entry.effect.tag());
            out.text(&entry.subject.to_string());
            out.text(entry.capability.as_str());
            out.u8(entry.applies.tag());
            save_end(out, entry.expires_at);
            out.sequence(entry.since);
            out.u8(u8::from(entry.removed));
        }
        self.save_declared(out);
        self.parked.save(out, |member, out| {
            out.u8(member.role.tag());
            save_end(out, member.expires_at());
            out.sequence(member.since);
        });
    }

    fn save_declared(&self, out: &mut impl Output) {
        if out.is_whole() {
            // About the writing, not about the content; the other counts follow from what was saved already.
            for row in 0..self.nodes.len() as u32 {
                out.u64(self.counts.get(row).log_bytes);
            }
            out.count(self.moves.len());
            for ((row, at), before) in self.moves.iter() {
                out.u32(*row);
                out.sequence(*at);
                out.u32(*before);
            }
        }
        out.count(self.described.len());
        for (row, at) in self.described.iter() {
            out.u32(*row);
            out.sequence(*at);
        }
        out.count(self.policies.len());
        for (row, declared) in self.policies.iter() {
            let mut body = Vec::new();
            // A policy is small and flat: it always encodes.
            let _ = crate::codec::encode_into(&declared.policy, &mut body);
            out.u32(*row);
            out.u32(declared.version);
            out.sequence(declared.since);
            out.count(body.len());
            out.bytes(&body);
        }
    }

    pub(crate) fn load(input: &mut Input<'_>) -> Result<Self, InputError> {
        let mut state = Self::default();
        state.load_nodes(input)?;
        input.holds(RowOf::Scope, state.nodes.len());
        for _ in 0..input.count()? {
            let (scope, principal) = (input.row(RowOf::Scope)?, input.row(RowOf::Principal)?);
            let role = Role::from_tag(input.u8()?).ok_or(InputError)?;
            let (expires_at, since) = (load_end(input)?, input.sequence()?);
            state.put_member(scope, principal, Member::new(role, expires_at, since));
        }
        for _ in 0..input.count()? {
            let (id, scope) = (EntryId(input.u128()?), input.row(RowOf::Scope)?);
            state.add_entry(AclEntry {
                id,
                scope,
                effect: Effect::from_tag(input.u8()?).ok_or(InputError)?,
                subject: input.text()?.parse().map_err(|_| InputError)?,
                capability: input.text()?.parse().map_err(|_| InputError)?,
                applies: Applies::from_tag(input.u8()?).ok_or(InputError)?,
                expires_at: load_end(input)?,
                since: input.sequence()?,
                removed: input.flag()?,
            });
        }
        state.load_declared(input)?;
        state.parked = Parked::load(input, |input| {
            let role = Role::from_tag(input.u8()?).ok_or(InputError)?;
            let (expires_at, since) = (load_end(input)?, input.sequence()?);
            Ok(Member::new(role, expires_at, since))
        })?;
        Ok(state)
    }

    fn load_nodes(&mut self, input: &mut Input<'_>) -> Result<(), InputError> {
        let mut nodes = Vec::new();
        for _ in 0..input.count()? {
            let (id, parent) = (ScopeId(input.u128()?), input.u32()?);
            let (depth, archived, frozen) = (input.u8()?, input.flag()?, input.flag()?);
            let auto_provisioned = input.flag()?;
            let path = Some(input.text()?).filter(|text| !text.is_empty());
            let path = path.map(|text| text.parse().map_err(|_| InputError)).transpose()?;
            let (named, name) = (input.flag()?, input.text()?.into());
            if named && path.is_none() {
                return Err(InputError);
            }
            let (created, changed) = (input.sequence()?, input.sequence()?);
            let (hidden, cut, entries) = (false, false, 0);
            let node = Node {
                id,
                parent,
                depth,
                archived,
                frozen,
                auto_provisioned,
                hidden,
                cut,
                entries,
                path,
                name,
                created,
                changed,
            };
            nodes.push((node, named));
        }
        // A moved node may stand before its parent. Each node stands one below its parent, so that walking up ends.
        let depth = |row: u32| nodes.get(row as usize).map(|(node, _)| node.depth);
        if nodes.iter().any(|(node, _)| match node.parent {
            NO_ROW => node.depth != 0,
            parent => depth(parent).and_then(|depth| depth.checked_add(1)) != Some(node.depth),
        }) {
            return Err(InputError);
        }
        let links: Vec<(u32, bool, Option<ScopePath>)> = nodes
            .iter()
            .map(|(node, named)| (node.parent, !node.archived, node.path.clone().filter(|_| *named)))
            .collect();
        for (node, _) in nodes {
            self.counts.push(Counts::default());
            self.acl_by_scope.push(Box::default());
            let rows = self.nodes.len();
            self.spine.follow(rows as u32, &node);
            if self.nodes.insert(node) as usize != rows {
                return Err(InputError);
            }
        }
        for (row, (parent, live, path)) in links.into_iter().enumerate() {
            if let Some(path) = path {
                self.paths.insert(path, row as u32);
            }
            if parent != NO_ROW {
                self.children.insert((parent, row as u32), ());
                self.count_scopes(parent, i64::from(live));
            }
        }
        Ok(())
    }

    fn load_declared(&mut self, input: &mut Input<'_>) -> Result<(), InputError> {
        for row in 0..self.nodes.len() as u32 {
            let bytes = input.u64()?;
            self.counts.along(&[row], |counts| counts.log_bytes = bytes);
        }
        for _ in 0..input.count()? {
            let (row, at) = (input.row(RowOf::Scope)?, input.sequence()?);
            self.moves.insert((row, at), input.row_or_none(RowOf::Scope)?);
        }
        for _ in 0..input.count()? {
            let (row, at) = (input.u32()?, input.sequence()?);
            self.described.insert(row, at);
        }
        for _ in 0..input.count()? {
            let (row, version, since) = (input.u32()?, input.u32()?, input.sequence()?);
            let length = input.count()?;
            let policy = crate::codec::decode_exact(input.bytes(length)?).map_err(|_| InputError)?;
            self.put_policy(row, Declared { policy, version, since });
        }
        Ok(())
    }
}

fn save_end(out: &mut impl Output, end: Option<Micros>) {
    out.u8(u8::from(end.is_some()));
    out.u64(end.unwrap_or(0));
}

fn load_end(input: &mut Input<'_>) -> Result<Option<Micros>, InputError> {
    match (input.flag()?, input.u64()?) {
        (true, end) => Ok(Some(end)),
        (false, 0) => Ok(None),
        (false, _) => Err(InputError),
    }
}
