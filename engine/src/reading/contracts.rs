//! Questions about contracts.

use super::{Ask, Operation, Reading};
use crate::authorize::{Request, Target};
use crate::contracts::{
    ContractDiff, ContractFilter, ContractInfo, ContractUse, ContractVersionInfo, Outdated, Upgraded,
    Validation,
};
use crate::error::{Error, Result};
use crate::kernel::execute::{Refusal, object_target};
use crate::tenancy::ScopeRef;
use scoped_projections::contracts::Contract;
use scoped_projections::rules::Action;
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::Capability as C;
use scoped_projections::{ContractId, ObjectId};
use serde_json::Value;

/// Objects that are looked at while holding the present world.
const SLICE: u32 = 1_024;

impl Ask<'_> {
    /// To know a contract one reads its scope; those without scope are everybody's to know.
    fn contract(&self, id: ContractId) -> Result<(), Refusal> {
        let found = self.moment.world().contracts().get(id);
        self.need(C::ReadLocal, found.map_or(Target::Nothing, knowing)).map(drop)
    }
    fn governed(&self, scope: Option<&ScopeRef>) -> Result<(), Refusal> {
        let tenancy = self.moment.world().tenancy();
        self.need(C::ReadLocal, scope.map_or(Target::Own, |scope| scope.target(tenancy))).map(drop)
    }
}

fn knowing(contract: &Contract) -> Target {
    if contract.scope == NO_ROW { Target::Own } else { Target::Scope(contract.scope) }
}

impl Reading {
    /// A contract.
    ///
    /// # Errors
    /// The same words whether it is missing or not this principal's to know.
    pub fn contract(&self, id: ContractId) -> Result<ContractInfo> {
        self.ask(Operation::ContractsRead, |ask| {
            ask.contract(id)?;
            Ok(ask.moment.contract(id)?)
        })
    }

    /// All versions of a contract, ascending.
    ///
    /// # Errors
    /// As [`Self::contract`].
    pub fn contract_versions(&self, id: ContractId) -> Result<Vec<ContractVersionInfo>> {
        self.ask(Operation::ContractsRead, |ask| {
            ask.contract(id)?;
            Ok(ask.moment.contract_versions(id)?)
        })
    }

    /// A version of a contract; the current one when none is named.
    ///
    /// # Errors
    /// As [`Self::contract`]; also when there is no such version.
    pub fn contract_version(&self, id: ContractId, version: Option<u32>) -> Result<ContractVersionInfo> {
        self.ask(Operation::ContractsRead, |ask| {
            ask.contract(id)?;
            Ok(ask.moment.contract_version(id, version)?)
        })
    }

    /// What changed between two versions of a contract.
    ///
    /// # Errors
    /// As [`Self::contract_version`].
    pub fn contract_diff(&self, id: ContractId, old: u32, new: u32) -> Result<ContractDiff> {
        self.ask(Operation::ContractsRead, |ask| {
            ask.contract(id)?;
            Ok(ask.moment.contract_diff(id, old, new)?)
        })
    }

    /// The contracts that this principal may know, newest first.
    ///
    /// # Errors
    /// When it is not active.
    pub fn contracts(&self, filter: &ContractFilter) -> Result<Vec<ContractInfo>> {
        self.ask(Operation::ContractsList, |ask| {
            ask.need(C::ReadLocal, Target::Own)?;
            let visible = |contract: &Contract| ask.tells(knowing(contract));
            Ok(ask.moment.contracts_where(filter, visible)?)
        })
    }

    /// The contract that governs what is written of a type in a scope (`None`: in none), also one from above it.
    ///
    /// # Errors
    /// When this principal may not read that scope.
    pub fn contract_for(&self, object_type: &str, scope: Option<&ScopeRef>) -> Result<Option<ContractUse>> {
        self.ask(Operation::ContractsForType, |ask| {
            ask.governed(scope)?;
            Ok(ask.moment.contract_for(object_type, scope)?)
        })
    }

    /// The contract and version that governed a version of an object when it was written.
    ///
    /// # Errors
    /// When the object is not this principal's to read; also when there is no such version.
    pub fn contract_of(&self, object: ObjectId, version: u32) -> Result<Option<ContractUse>> {
        self.ask(Operation::ContractsOfObject, |ask| {
            ask.object(object)?;
            Ok(ask.moment.contract_of(object, version)?)
        })
    }

    /// Does data fit a version of a contract (the current one when none is named)?
    ///
    /// # Errors
    /// As [`Self::contract_version`]; also when this build cannot use it.
    pub fn validate(&self, id: ContractId, version: Option<u32>, data: &Value) -> Result<Validation> {
        self.ask(Operation::ContractsValidate, |ask| {
            ask.contract(id)?;
            Ok(ask.moment.validate(id, version, data)?)
        })
    }

    /// Does data fit the contract that governs a type in a scope? Without one everything fits.
    ///
    /// # Errors
    /// As [`Self::contract_for`].
    pub fn validate_for_type(
        &self,
        object_type: &str,
        scope: Option<&ScopeRef>,
        data: &Value,
    ) -> Result<Validation> {
        self.ask(Operation::ContractsForType, |ask| {
            ask.governed(scope)?;
            Ok(ask.moment.validate_for_type(object_type, scope, data)?)
        })
    }

    /// An object's data as a version of the contract that governs it has it (the current one when none is named), by the
    /// upgrades that its versions declare. Nothing is written.
    ///
    /// # Errors
    /// As [`Self::read`]; also when there is no way from the version that it was written under.
    pub fn read_as(&self, id: ObjectId, version: Option<u32>) -> Result<Upgraded> {
        self.ask(Operation::ObjectsReadAs, |ask| {
            ask.object(id)?;
            let world = ask.moment.world();
            let row = world.objects().row(id).unwrap_or(NO_ROW);
            let data = ask.moment.data(id)?;
            let shown = serde_json::from_slice(&ask.show(row, data.bytes())?)
                .map_err(|e| Error::corrupt(format!("stored data is no JSON: {e}")))?;
            Ok(ask.moment.upgraded(id, shown, version)?)
        })
    }

    /// Of the objects from row `from` on, a slice: those that a contract governs and that were written under another version
    /// than its current one, as far as this principal may read and write them; and where the next slice begins.
    pub(crate) fn outdated(
        &self,
        id: ContractId,
        from: u32,
        current: &mut u64,
    ) -> Result<(Vec<Outdated>, Option<u32>)> {
        self.ask(Operation::ContractsMigrate, |ask| {
            let world = ask.moment.world();
            let (contracts, objects, tenancy) = (world.contracts(), world.objects(), world.tenancy());
            let contract = contracts.get(id);
            let target = contract.map_or(Target::Nothing, |contract| match contract.scope {
                NO_ROW => Target::Deployment,
                scope => Target::Scope(scope),
            });
            ask.need(C::ContractsManage, target)?;
            let (mut found, row) = (Vec::new(), contracts.row(id));
            let latest = contract.map_or(0, |contract| contract.version);
            let end = (objects.len() as u32).min(from.saturating_add(SLICE));
            for at in from..end {
                let Some(object) = objects.at(at).filter(|object| !object.tombstoned) else { continue };
                let kind = objects.object_type(object);
                if contracts.governing(kind, object.home, tenancy) != row {
                    continue;
                }
                let target = object_target(world, object.id);
                let writes = Request::new(C::Write, target).doing(Action::Update);
                if ask.object(object.id).is_err() || ask.ask(writes).is_err() {
                    continue;
                }
                let wrote = contracts.governed(kind, object.home, object.data, tenancy);
                let from = wrote.filter(|(by, _)| Some(*by) == row).map(|(_, version)| version);
                if from == Some(latest) {
                    *current += 1;
                    continue;
                }
                found.push(Outdated { object: object.id, version: object.version, data: object.data, from });
            }
            Ok((found, Some(end).filter(|end| (*end as usize) < objects.len())))
        })
    }
}
