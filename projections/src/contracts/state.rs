//! The fold over contracts.

use super::{ContractCreated, ContractsEvent as E, Definition, Slot, Upgrade};
use crate::canonical::{Input, InputError, Output};
use crate::codec::{decode_exact, encode_into};
use crate::store::{Identified, NO_ROW, Sorted, Table, Words, transact};
use crate::tagged::tagged;
use crate::tenancy::Tenancy;
use crate::{ContractId, Envelope, PrincipalId, ScopeId, Sequence};
use std::sync::Arc;

tagged! {
    /// Where a contract stands in its life.
    pub enum Lifecycle as "lifecycle" {
        /// It governs.
        Active = 1, "active";
        /// It governs no more, and can be made active again.
        Deprecated = 2, "deprecated";
        /// It is kept, and nothing is changed about it.
        Archived = 3, "archived";
    }
}

/// A contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// Its id.
    pub id: ContractId,
    /// Its name.
    pub name: Box<str>,
    object_type: u32,
    /// Row of the scope in which and below which it speaks, [`NO_ROW`] for everywhere.
    pub scope: u32,
    /// Who made it.
    pub owner: PrincipalId,
    /// Where it stands in its life.
    pub lifecycle: Lifecycle,
    /// Number of its current version, from 1.
    pub version: u32,
    /// The event that made it.
    pub created: Sequence,
    /// The last event about it.
    pub changed: Sequence,
}

impl Identified for Contract {
    fn id(&self) -> u128 {
        self.id.0
    }
}

/// A version of a contract.
#[derive(Debug, Clone)]
pub struct Version {
    /// The event that brought it.
    pub sequence: Sequence,
    /// What it demands.
    pub definition: Arc<Definition>,
    /// How data of the version before becomes data of this one.
    pub upgrades: Arc<[Upgrade]>,
    /// What the engine made of the definition.
    pub compiled: Slot,
}

impl crate::store::Footprint for Contract {
    fn heap(&self) -> usize {
        self.name.heap()
    }
}
impl crate::store::Footprint for Version {
    fn heap(&self) -> usize {
        self.definition.heap() + self.upgrades.len() * size_of::<Upgrade>()
    }
}

/// All contracts.
#[derive(Debug, Clone, Default)]
pub struct Contracts {
    contracts: Table<Contract>,
    types: Words,
    /// By contract row and number.
    versions: Sorted<(u32, u32), Version>,
    /// By type and contract row.
    by_type: Sorted<(u32, u32), ()>,
    /// The active contract of a type in a scope ([`NO_ROW`]: everywhere).
    active: Sorted<(u32, u32), u32>,
    /// From each sequence on, the contract and version that held for a type in a scope. Only grows.
    turns: Sorted<(u32, u32, Sequence), Option<(u32, u32)>>,
}
transact!(Contracts { contracts, types, versions, by_type, active, turns });

impl Contracts {
    /// The contract with that id.
    #[must_use]
    pub fn get(&self, id: ContractId) -> Option<&Contract> {
        self.contracts.by_id(id.0)
    }
    /// Its row number.
    #[must_use]
    pub fn row(&self, id: ContractId) -> Option<u32> {
        self.contracts.find(id.0)
    }
    /// The contract in a row.
    #[must_use]
    pub fn at(&self, row: u32) -> Option<&Contract> {
        self.contracts.get(row)
    }
    /// What sort of objects it speaks about.
    #[must_use]
    pub fn object_type(&self, contract: &Contract) -> &str {
        self.types.word(contract.object_type)
    }
    /// All contracts, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Contract> {
        self.contracts.iter()
    }
    /// How many there are, archived ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.contracts.len()
    }
    /// True without any contract.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.contracts.is_empty()
    }
    /// A version of the contract in a row.
    #[must_use]
    pub fn version(&self, row: u32, version: u32) -> Option<&Version> {
        self.versions.get(&(row, version))
    }
    /// The contract in a row, and its current version.
    #[must_use]
    pub fn current(&self, row: u32) -> Option<(&Contract, &Version)> {
        let contract = self.at(row)?;
        Some((contract, self.version(row, contract.version)?))
    }
    /// All versions of the contract in a row, ascending, with their numbers.
    pub fn versions(&self, row: u32) -> impl Iterator<Item = (u32, &Version)> {
        self.versions.range((row, 0)..=(row, u32::MAX)).map(|((_, number), version)| (*number, version))
    }
    /// Rows of all contracts of a type, oldest first.
    pub fn of_type(&self, object_type: &str) -> impl Iterator<Item = u32> + '_ {
        let kind = self.types.find(object_type);
        kind.into_iter()
            .flat_map(|kind| self.by_type.range((kind, 0)..=(kind, NO_ROW)).map(|((_, row), ())| *row))
    }
    /// Row of the active contract of a type in this very scope ([`NO_ROW`]: everywhere).
    #[must_use]
    pub fn active(&self, object_type: &str, scope: u32) -> Option<u32> {
        self.active.get(&(self.types.find(object_type)?, scope)).copied()
    }
    /// Row of the contract that governs what is written of a type, by the home of the object ([`NO_ROW`] for none).
    #[must_use]
    pub fn governing(&self, object_type: &str, home: u32, tenancy: &Tenancy) -> Option<u32> {
        if self.active.is_empty() {
            return None;
        }
        let kind = self.types.find(object_type)?;
        let mut scopes = tenancy.chain(home).chain(std::iter::once(NO_ROW));
        scopes.find_map(|scope| self.active.get(&(kind, scope)).copied())
    }
    /// Row and version of the contract that governed what the event `at` wrote: a search in the history of each scope that was on the way
    /// then.
    #[must_use]
    pub fn governed(
        &self,
        object_type: &str,
        home: u32,
        at: Sequence,
        tenancy: &Tenancy,
    ) -> Option<(u32, u32)> {
        let kind = self.types.find(object_type)?;
        let mut scopes = tenancy.chain_at(home, at).chain(std::iter::once(NO_ROW));
        scopes.find_map(|scope| {
            let mut turns = self.turns.range((kind, scope, Sequence::NONE)..=(kind, scope, at));
            turns.next_back().and_then(|(_, held)| *held)
        })
    }

    pub(crate) fn apply(&mut self, at: &Envelope, event: &E, tenancy: &Tenancy) {
        match event {
            E::ContractCreated(e) => self.create(at, e, tenancy),
            E::ContractUpdated(e) => {
                let Some(row) = self.row(e.contract) else { return };
                let version = self.at(row).map_or(0, |contract| contract.version).saturating_add(1);
                self.add_version(at.sequence, row, version, &e.definition, &e.upgrades);
                self.edit(at, row, |contract| contract.version = version);
            }
            E::ContractDeprecated(e) => self.set(at, e.contract, Lifecycle::Deprecated),
            E::ContractActivated(e) => self.set(at, e.contract, Lifecycle::Active),
            E::ContractArchived(e) => self.set(at, e.contract, Lifecycle::Archived),
            E::ContractUnarchived(e) => self.set(at, e.contract, Lifecycle::Deprecated),
        }
    }

    fn create(&mut self, at: &Envelope, e: &ContractCreated, tenancy: &Tenancy) {
        let scope = if e.scope == ScopeId::NONE { Some(NO_ROW) } else { tenancy.row(e.scope) };
        let (Some(scope), None) = (scope, self.row(e.contract)) else { return };
        let (object_type, created) = (self.types.number(&e.object_type), at.sequence);
        let row = self.contracts.insert(Contract {
            id: e.contract,
            name: e.name.as_str().into(),
            object_type,
            scope,
            owner: at.actor,
            lifecycle: Lifecycle::Active,
            version: 1,
            created,
            changed: created,
        });
        self.by_type.insert((object_type, row), ());
        self.add_version(created, row, 1, &e.definition, &[]);
        self.edit(at, row, |_| ());
    }

    fn add_version(
        &mut self,
        at: Sequence,
        row: u32,
        number: u32,
        definition: &Definition,
        steps: &[Upgrade],
    ) {
        let (definition, upgrades) = (Arc::new(definition.clone()), steps.into());
        let version = Version { sequence: at, definition, upgrades, compiled: Slot::default() };
        self.versions.insert((row, number), version);
    }

    fn set(&mut self, at: &Envelope, id: ContractId, lifecycle: Lifecycle) {
        if let Some(row) = self.row(id) {
            self.edit(at, row, |contract| contract.lifecycle = lifecycle);
        }
    }

    /// Changes a contract, and notes what holds for its type and scope from now on.
    fn edit(&mut self, at: &Envelope, row: u32, change: impl FnOnce(&mut Contract)) {
        let Some(contract) = self.contracts.edit(row) else { return };
        change(contract);
        contract.changed = at.sequence;
        let (place, version) = ((contract.object_type, contract.scope), contract.version);
        match (contract.lifecycle, self.active.get(&place).copied()) {
            // A second active contract changes nothing: the engine refuses it before it is written.
            (Lifecycle::Active, Some(held)) if held != row => return,
            (Lifecycle::Active, _) => self.active.insert(place, row),
            (_, Some(held)) if held == row => drop(self.active.remove(&place)),
            _ => return,
        }
        let holds = self.active.get(&place).map(|row| (*row, version));
        self.turns.insert((place.0, place.1, at.sequence), holds);
    }

    pub(crate) fn save(&self, out: &mut impl Output) {
        self.types.save(out);
        out.count(self.contracts.len());
        for contract in self.contracts.iter() {
            out.u128(contract.id.0);
            out.text(&contract.name);
            out.u32(contract.object_type);
            out.u32(contract.scope);
            out.u128(contract.owner.0);
            out.u8(contract.lifecycle.tag());
            out.u32(contract.version);
            out.sequence(contract.created);
            out.sequence(contract.changed);
        }
        out.count(self.versions.len());
        for ((row, number), version) in self.versions.iter() {
            out.u32(*row);
            out.u32(*number);
            out.sequence(version.sequence);
            // What came out of a body goes into one again: it cannot be too large.
            let mut body = Vec::new();
            let _ = encode_into(&*version.definition, &mut body);
            let _ = encode_into(&version.upgrades.to_vec(), &mut body);
            out.count(body.len());
            out.bytes(&body);
        }
        out.count(self.active.len());
        for ((kind, scope), row) in self.active.iter() {
            out.u32(*kind);
            out.u32(*scope);
            out.u32(*row);
        }
        out.count(self.turns.len());
        for ((kind, scope, from), held) in self.turns.iter() {
            out.u32(*kind);
            out.u32(*scope);
            out.sequence(*from);
            out.u8(u8::from(held.is_some()));
            let (row, version) = held.unwrap_or_default();
            out.u32(row);
            out.u32(version);
        }
    }

    pub(crate) fn load(input: &mut Input<'_>) -> Result<Self, InputError> {
        let mut state = Self { types: Words::load(input)?, ..Self::default() };
        for _ in 0..input.count()? {
            let (id, name, object_type) = (ContractId(input.u128()?), input.text()?.into(), input.u32()?);
            let (scope, owner) = (input.u32()?, PrincipalId(input.u128()?));
            let lifecycle = Lifecycle::from_tag(input.u8()?).ok_or(InputError)?;
            let (version, created, changed) = (input.u32()?, input.sequence()?, input.sequence()?);
            let row = state.contracts.insert(Contract {
                id,
                name,
                object_type,
                scope,
                owner,
                lifecycle,
                version,
                created,
                changed,
            });
            state.by_type.insert((object_type, row), ());
        }
        for _ in 0..input.count()? {
            let (row, number, sequence) = (input.u32()?, input.u32()?, input.sequence()?);
            let length = input.count()?;
            let (definition, upgrades): (Definition, Vec<Upgrade>) =
                decode_exact(input.bytes(length)?).map_err(|_| InputError)?;
            let (definition, upgrades) = (Arc::new(definition), upgrades.into());
            let version = Version { sequence, definition, upgrades, compiled: Slot::default() };
            state.versions.insert((row, number), version);
        }
        for _ in 0..input.count()? {
            let place = (input.u32()?, input.u32()?);
            state.active.insert(place, input.u32()?);
        }
        for _ in 0..input.count()? {
            let place = (input.u32()?, input.u32()?, input.sequence()?);
            let held = match (input.flag()?, input.u32()?, input.u32()?) {
                (true, row, version) => Some((row, version)),
                (false, 0, 0) => None,
                (false, ..) => return Err(InputError),
            };
            state.turns.insert(place, held);
        }
        Ok(state)
    }
}
