//! What can be asked about contracts, by whoever holds the files. What a principal may ask is in `reading/contracts.rs`.

use super::commands::unusable;
use super::enforce::compiled;
use super::info::{ContractDiff, ContractFilter, ContractInfo, ContractUse, ContractVersionInfo, Upgraded};
use super::spec::{Shape, UpgradeSpec};
use super::upgrade;
use super::validate::Validation;
use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::tenancy::ScopeRef;
use scoped_projections::contracts::{Contract, Contracts, Lifecycle, Version};
use scoped_projections::store::NO_ROW;
use scoped_projections::{ContractId, ObjectId, PrincipalId, Sequence};
use serde_json::{Map, Value};

/// The reason of a first version.
const FIRST: &str = "Initial version";

impl Moment<'_> {
    fn no_contract(&self, id: ContractId) -> Error {
        Error::refused("not_found", format!("there is no contract `{id}` at {}", self.world().position()))
    }
    fn contract_row(&self, id: ContractId) -> Result<u32> {
        self.world().contracts().row(id).ok_or_else(|| self.no_contract(id))
    }

    fn said(&self, at: Sequence) -> Result<Map<String, Value>> {
        let payload = self.history().payload(at)?.unwrap_or_default();
        Ok(serde_json::from_slice(&payload).unwrap_or_default())
    }

    fn contract_info(&self, found: &Contract) -> Result<ContractInfo> {
        let mut said = self.said(found.created)?;
        let description = said.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
        let metadata = match said.remove("metadata") {
            Some(Value::Object(metadata)) => metadata,
            _ => Map::new(),
        };
        let scope = self.world().tenancy().at(found.scope).map(|node| node.label().to_owned());
        Ok(ContractInfo {
            contract: found.id,
            name: found.name.to_string(),
            object_type: self.world().contracts().object_type(found).to_owned(),
            scope,
            owner: found.owner,
            lifecycle: found.lifecycle,
            version: found.version,
            created_at: self.history().record(found.created)?.time(),
            description,
            metadata,
        })
    }

    fn contract_version_info(&self, number: u32, version: &Version) -> Result<ContractVersionInfo> {
        let record = self.history().record(version.sequence)?;
        let said = self.said(version.sequence)?;
        let unreadable =
            || Error::corrupt(format!("event {} holds a value that is no JSON", version.sequence));
        let Shape { fields, constraints, schema } = Shape::of(&version.definition).ok_or_else(unreadable)?;
        let reason = said.get("change_reason").and_then(Value::as_str).unwrap_or_default();
        Ok(ContractVersionInfo {
            version: number,
            at: version.sequence.get(),
            created_at: record.time(),
            created_by: PrincipalId(record.actor()),
            change_reason: if number == 1 { FIRST.to_owned() } else { reason.to_owned() },
            fields,
            constraints,
            schema,
            upgrades: version
                .upgrades
                .iter()
                .map(UpgradeSpec::of)
                .collect::<Option<_>>()
                .ok_or_else(unreadable)?,
        })
    }

    /// A contract.
    ///
    /// # Errors
    /// When there is none with that id at this moment.
    pub fn contract(&self, id: ContractId) -> Result<ContractInfo> {
        let found = self.world().contracts().get(id);
        self.contract_info(found.ok_or_else(|| self.no_contract(id))?)
    }

    /// Contracts, newest first.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn contracts(&self, filter: &ContractFilter) -> Result<Vec<ContractInfo>> {
        self.contracts_where(filter, |_| true)
    }

    pub(crate) fn contracts_where(
        &self,
        filter: &ContractFilter,
        visible: impl Fn(&Contract) -> bool,
    ) -> Result<Vec<ContractInfo>> {
        let contracts = self.world().contracts();
        let wanted = |contract: &&Contract| {
            (!filter.active_only || contract.lifecycle == Lifecycle::Active)
                && filter.owner.is_none_or(|owner| owner == contract.owner)
                && filter.object_type.as_deref().is_none_or(|kind| kind == contracts.object_type(contract))
        };
        let found = contracts.iter().rev().filter(wanted).filter(|contract| visible(contract));
        found.take(filter.limit).map(|contract| self.contract_info(contract)).collect()
    }

    /// All versions of a contract, ascending.
    ///
    /// # Errors
    /// When there is no such contract, or the log cannot be read.
    pub fn contract_versions(&self, id: ContractId) -> Result<Vec<ContractVersionInfo>> {
        let row = self.contract_row(id)?;
        let versions = self.world().contracts().versions(row);
        versions.map(|(number, version)| self.contract_version_info(number, version)).collect()
    }

    /// A version of a contract; the current one when none is named.
    ///
    /// # Errors
    /// When there is no such contract or version.
    pub fn contract_version(&self, id: ContractId, version: Option<u32>) -> Result<ContractVersionInfo> {
        let (number, found) = self.find_version(id, version)?;
        self.contract_version_info(number, found)
    }

    fn find_version(&self, id: ContractId, version: Option<u32>) -> Result<(u32, &Version)> {
        let row = self.contract_row(id)?;
        let contracts = self.world().contracts();
        let latest = contracts.at(row).map_or(0, |contract| contract.version);
        let number = version.unwrap_or(latest);
        let missing = || {
            let message =
                format!("the contract `{id}` has no version {number}; its versions are 1 to {latest}");
            Error::refused("no_version", message)
        };
        Ok((number, contracts.version(row, number).ok_or_else(missing)?))
    }

    /// What changed between two versions of a contract.
    ///
    /// # Errors
    /// When there is no such contract or version.
    pub fn contract_diff(&self, id: ContractId, old: u32, new: u32) -> Result<ContractDiff> {
        let (old, new) = (self.contract_version(id, Some(old))?, self.contract_version(id, Some(new))?);
        Ok(ContractDiff::between(&old, &new))
    }

    /// The contract that governs what is written of a type in a scope (`None`: in none).
    ///
    /// # Errors
    /// When there is no such scope.
    pub fn contract_for(&self, object_type: &str, scope: Option<&ScopeRef>) -> Result<Option<ContractUse>> {
        let (contracts, home) = (self.world().contracts(), self.home(scope)?);
        let row = contracts.governing(object_type, home, self.world().tenancy());
        Ok(row.and_then(|row| used(contracts, row, contracts.at(row)?.version)))
    }

    fn home(&self, scope: Option<&ScopeRef>) -> Result<u32> {
        let Some(scope) = scope else { return Ok(NO_ROW) };
        let missing = || {
            Error::refused("not_found", format!("there is no scope `{scope}` at {}", self.world().position()))
        };
        scope.row(self.world().tenancy()).ok_or_else(missing)
    }

    /// The contract, with its version, that governed a version of an object when it was written. It is not stored with the object:
    /// it follows from the log.
    ///
    /// # Errors
    /// When there is no such object or version.
    pub fn contract_of(&self, object: ObjectId, version: u32) -> Result<Option<ContractUse>> {
        let (objects, contracts) = (self.world().objects(), self.world().contracts());
        let missing =
            || Error::refused("not_found", format!("there is no version {version} of object `{object}`"));
        let found = objects.get(object).ok_or_else(missing)?;
        let written = objects.version(found, version).ok_or_else(missing)?.sequence;
        let kind = objects.object_type(found);
        let governed = contracts.governed(kind, found.home, written, self.world().tenancy());
        Ok(governed.and_then(|(row, version)| used(contracts, row, version)))
    }

    /// Does data fit a version of a contract (the current one when none is named)? Also asked of archived ones.
    ///
    /// # Errors
    /// When there is no such contract or version, or it cannot be used.
    pub fn validate(&self, id: ContractId, version: Option<u32>, data: &Value) -> Result<Validation> {
        check(self.find_version(id, version)?.1, data)
    }

    /// Does data fit the contract that governs a type in a scope? Without one everything fits.
    ///
    /// # Errors
    /// When there is no such scope, or the contract cannot be used.
    pub fn validate_for_type(
        &self,
        object_type: &str,
        scope: Option<&ScopeRef>,
        data: &Value,
    ) -> Result<Validation> {
        let (contracts, home) = (self.world().contracts(), self.home(scope)?);
        let row = contracts.governing(object_type, home, self.world().tenancy());
        match row.and_then(|row| contracts.current(row)) {
            Some((_, version)) => check(version, data),
            None => Ok(Validation::of(Vec::new())),
        }
    }

    /// `data` of an object as a version of the contract that governs it has it; as the current version when none is named. Nothing is
    /// written, and nothing is checked: what is shown may have been redacted.
    pub(crate) fn upgraded(&self, object: ObjectId, data: Value, version: Option<u32>) -> Result<Upgraded> {
        let (objects, contracts, tenancy) =
            (self.world().objects(), self.world().contracts(), self.world().tenancy());
        let missing = || Error::refused("not_found", format!("there is no object `{object}`"));
        let found = objects.get(object).ok_or_else(missing)?;
        let kind = objects.object_type(found);
        let wrote = contracts.governed(kind, found.home, found.data, tenancy);
        let governs = contracts.governing(kind, found.home, tenancy);
        let Some((row, current)) = governs.and_then(|row| Some((row, contracts.at(row)?))) else {
            return Ok(Upgraded { data, contract: None, from: None, to: None });
        };
        let to = version.unwrap_or(current.version);
        let mut data = data;
        let from = match wrote {
            Some((other, from)) if other == row => from,
            _ => return Err(not_upgradable(object, "it was written under no version of the contract")),
        };
        steps_between(contracts, row, from, to, &mut data).map_err(|why| not_upgradable(object, &why))?;
        Ok(Upgraded { data, contract: Some(current.id), from: Some(from), to: Some(to) })
    }

    /// An object's data as a version of the contract that governs it has it (the current one when none is named), by the
    /// upgrades that its versions declare. Nothing is written.
    ///
    /// # Errors
    /// When there is no such object, or no way from the version that it was written under.
    pub fn read_as(&self, object: ObjectId, version: Option<u32>) -> Result<Upgraded> {
        self.upgraded(object, self.data(object)?.value()?, version)
    }
}

fn not_upgradable(object: ObjectId, why: &str) -> Error {
    Error::refused("not_upgradable", format!("the object `{object}` cannot be shown as that version: {why}"))
}

fn used(contracts: &Contracts, row: u32, version: u32) -> Option<ContractUse> {
    let found = contracts.at(row)?;
    Some(ContractUse { contract: found.id, name: found.name.to_string(), version })
}

fn check(version: &Version, data: &Value) -> Result<Validation> {
    match compiled(version).as_ref() {
        Ok(compiled) => Ok(compiled.validate(data)),
        Err(why) => Err(unusable(why.clone())),
    }
}

/// Brings data of one version to a later one, step by step.
pub(super) fn steps_between(
    contracts: &Contracts,
    row: u32,
    from: u32,
    to: u32,
    data: &mut Value,
) -> std::result::Result<(), String> {
    if to < from {
        return Err(format!("there is no way back from version {from} to {to}"));
    }
    for number in from.saturating_add(1)..=to {
        let version =
            contracts.version(row, number).ok_or_else(|| format!("the contract has no version {number}"))?;
        if !version.upgrades.is_empty() {
            upgrade::apply(&version.upgrades, data).map_err(|why| format!("to version {number}: {why}"))?;
        }
    }
    Ok(())
}
