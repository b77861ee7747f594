//! The fold over settings.

use super::ConfigEvent as E;
use crate::canonical::{Input, InputError, Output};
use crate::store::{Identified, Sorted, Table, transact};
use crate::tenancy::Tenancy;
use crate::{Envelope, PrincipalId, Sequence, SettingId};

/// A key with a value, in one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its id.
    pub id: SettingId,
    /// Row of its scope.
    pub scope: u32,
    /// Its key.
    pub key: Box<str>,
    /// The event whose payload is its last value.
    pub value: Sequence,
    /// Does it hold for everything below, whatever is set there?
    pub locked: bool,
    /// Has it no value any more?
    pub deleted: bool,
    /// How often it was set or deleted.
    pub version: u32,
    /// The event that set it first.
    pub created: Sequence,
    /// Who set it first.
    pub created_by: PrincipalId,
    /// The last event about it.
    pub changed: Sequence,
    /// Who set or deleted it last.
    pub changed_by: PrincipalId,
}

impl Identified for Setting {
    fn id(&self) -> u128 {
        self.id.0
    }
}

/// One step in the life of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettingChange {
    /// The event; its payload is the value, unless it deleted.
    pub sequence: Sequence,
    /// Was it deleted by it?
    pub deleted: bool,
    /// Was it locked by it?
    pub locked: bool,
}

impl crate::store::Footprint for Setting {
    fn heap(&self) -> usize {
        self.key.heap()
    }
}
crate::store::owns_nothing!(SettingChange);

/// All settings.
#[derive(Debug, Clone, Default)]
pub struct Config {
    settings: Table<Setting>,
    /// By scope row and key.
    by_key: Sorted<(u32, Box<str>), u32>,
    /// By setting row and version.
    changes: Sorted<(u32, u32), SettingChange>,
}
transact!(Config { settings, by_key, changes });

impl Config {
    /// The setting with that id, also a deleted one.
    #[must_use]
    pub fn get(&self, id: SettingId) -> Option<&Setting> {
        self.settings.by_id(id.0)
    }
    /// The setting of a key in this very scope, also a deleted one.
    #[must_use]
    pub fn find(&self, scope: u32, key: &str) -> Option<&Setting> {
        self.settings.get(*self.by_key.get(&(scope, Box::from(key)))?)
    }
    /// All settings, oldest first, deleted ones included.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Setting> {
        self.settings.iter()
    }
    /// The settings of this very scope by key, deleted ones included.
    pub fn of(&self, scope: u32) -> impl Iterator<Item = &Setting> {
        let from = (scope, Box::from(""));
        let own = self.by_key.range(from..).take_while(move |((at, _), _)| *at == scope);
        own.filter_map(|(_, row)| self.settings.get(*row))
    }
    /// The setting that holds for a key in a scope: the outermost locked one on the way to the root, else the nearest.
    #[must_use]
    pub fn resolve(&self, scope: u32, key: &str, tenancy: &Tenancy) -> Option<&Setting> {
        let mut holds: Option<&Setting> = None;
        for at in tenancy.chain(scope) {
            let Some(found) = self.find(at, key).filter(|setting| !setting.deleted) else { continue };
            if found.locked || holds.is_none() {
                holds = Some(found);
            }
        }
        holds
    }
    /// The locked setting above a scope (not in it) that keeps a key from being set there.
    #[must_use]
    pub fn lock_above(&self, scope: u32, key: &str, tenancy: &Tenancy) -> Option<&Setting> {
        let mut above = tenancy.chain(scope).skip(1);
        above.find_map(|at| self.find(at, key).filter(|setting| setting.locked && !setting.deleted))
    }
    /// The life of a setting, oldest first, with version numbers.
    pub fn changes(&self, id: SettingId) -> impl Iterator<Item = (u32, &SettingChange)> {
        self.settings.find(id.0).into_iter().flat_map(|row| {
            self.changes.range((row, 0)..=(row, u32::MAX)).map(|((_, version), change)| (*version, change))
        })
    }
    /// How many there are, deleted ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.settings.len()
    }
    /// True without any setting.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty()
    }

    pub(crate) fn apply(&mut self, at: &Envelope, event: &E, tenancy: &Tenancy) {
        let row = match event {
            E::SettingSet(e) => {
                let Some(scope) = tenancy.row(e.scope) else { return };
                let place = (scope, Box::from(&*e.key));
                // The first id that a key got in a scope is the one it keeps.
                let row = match (self.by_key.get(&place).copied(), self.settings.find(e.setting.0)) {
                    (Some(row), _) => row,
                    (None, Some(_)) => return,
                    (None, None) => self.add(at, e.setting, scope, &e.key),
                };
                self.change(at, row, |setting| {
                    (setting.value, setting.locked, setting.deleted) = (at.sequence, e.locked, false);
                })
            }
            E::SettingDeleted(e) => {
                let Some(row) = self.settings.find(e.setting.0) else { return };
                self.change(at, row, |setting| (setting.locked, setting.deleted) = (false, true))
            }
        };
        let Some((row, setting)) = row.and_then(|row| Some((row, self.settings.get(row)?))) else { return };
        let (deleted, locked) = (setting.deleted, setting.locked);
        let version = setting.version;
        self.changes.insert((row, version), SettingChange { sequence: at.sequence, deleted, locked });
    }

    fn add(&mut self, at: &Envelope, id: SettingId, scope: u32, key: &str) -> u32 {
        let row = self.settings.insert(Setting {
            id,
            scope,
            key: key.into(),
            value: at.sequence,
            locked: false,
            deleted: false,
            version: 0,
            created: at.sequence,
            created_by: at.actor,
            changed: at.sequence,
            changed_by: at.actor,
        });
        self.by_key.insert((scope, key.into()), row);
        row
    }

    fn change(&mut self, at: &Envelope, row: u32, change: impl FnOnce(&mut Setting)) -> Option<u32> {
        let setting = self.settings.edit(row)?;
        change(setting);
        setting.version = setting.version.saturating_add(1);
        (setting.changed, setting.changed_by) = (at.sequence, at.actor);
        Some(row)
    }

    pub(crate) fn save(&self, out: &mut impl Output) {
        out.count(self.settings.len());
        for setting in self.settings.iter() {
            out.u128(setting.id.0);
            out.u32(setting.scope);
            out.text(&setting.key);
            out.sequence(setting.value);
            out.u8(u8::from(setting.locked));
            out.u8(u8::from(setting.deleted));
            out.u32(setting.version);
            out.sequence(setting.created);
            out.u128(setting.created_by.0);
            out.sequence(setting.changed);
            out.u128(setting.changed_by.0);
        }
        out.count(self.changes.len());
        for ((row, version), change) in self.changes.iter() {
            out.u32(*row);
            out.u32(*version);
            out.sequence(change.sequence);
            out.u8(u8::from(change.deleted));
            out.u8(u8::from(change.locked));
        }
    }

    pub(crate) fn load(input: &mut Input<'_>) -> Result<Self, InputError> {
        let mut state = Self::default();
        for _ in 0..input.count()? {
            let (id, scope, key) = (SettingId(input.u128()?), input.u32()?, input.text()?);
            let setting = Setting {
                id,
                scope,
                key: key.into(),
                value: input.sequence()?,
                locked: input.flag()?,
                deleted: input.flag()?,
                version: input.u32()?,
                created: input.sequence()?,
                created_by: PrincipalId(input.u128()?),
                changed: input.sequence()?,
                changed_by: PrincipalId(input.u128()?),
            };
            let row = state.settings.insert(setting);
            state.by_key.insert((scope, key.into()), row);
        }
        for _ in 0..input.count()? {
            let place = (input.u32()?, input.u32()?);
            let (sequence, deleted, locked) = (input.sequence()?, input.flag()?, input.flag()?);
            state.changes.insert(place, SettingChange { sequence, deleted, locked });
        }
        Ok(state)
    }
}
