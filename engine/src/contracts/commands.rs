//! Decisions about contracts.

use super::compile::{Compiled, Unusable};
use super::spec::{ConstraintSpec, FieldSpec, Shape, UpgradeSpec};
use crate::authorize::{Request, Target};
use crate::command::{Decide, Needs, commands};
use crate::data::Data;
use crate::error::Error;
use crate::export::{Recalled, Recalling};
use crate::identity::check_word;
use crate::kernel::execute::{Facts, Result, View, need};
use crate::temporal::Entity;
use crate::tenancy::{ScopeRef, live_node};
use scoped_projections::codec::encode_into;
use scoped_projections::contracts::{
    Contract, ContractCreated, ContractUpdated, ContractsEvent, Definition, Lifecycle, Upgrade,
};
use scoped_projections::rules::Action;
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::Capability as C;
use scoped_projections::{ContractId, ScopeId, World};
use serde_json::{Map, Value};

commands! {
    /// Commands about contracts.
    domain "contracts";
    enum Command {
        /// makes a contract for a type of objects, active at once
        "create" Create {
            /// Its id; drawn when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            contract: Option<ContractId>,
            /// Its name.
            name: String,
            /// What sort of objects it speaks about.
            #[serde(rename = "type", alias = "object_type")]
            object_type: String,
            /// The scope in which and below which it does; absent: everywhere.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            scope: Option<ScopeRef>,
            /// The fields, in the order of their declaration.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            fields: Vec<FieldSpec>,
            /// Constraints over several fields.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            constraints: Vec<ConstraintSpec>,
            /// A JSON Schema in place of fields and constraints.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            schema: Option<Value>,
            /// What it is for.
            #[serde(default, skip_serializing_if = "String::is_empty")]
            description: String,
            /// Whatever else is to be kept with it.
            #[serde(default, skip_serializing_if = "Map::is_empty")]
            metadata: Map<String, Value>,
        }
        /// gives a contract a new version: its fields and its constraints, all of them
        "update" Update {
            /// Which.
            contract: ContractId,
            /// The fields, in the order of their declaration.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            fields: Vec<FieldSpec>,
            /// Constraints over several fields; absent: none.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            constraints: Vec<ConstraintSpec>,
            /// A JSON Schema in place of fields and constraints.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            schema: Option<Value>,
            /// How data of the version before becomes data of this one.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            upgrades: Vec<UpgradeSpec>,
            /// Why, for the list of versions.
            #[serde(default, skip_serializing_if = "String::is_empty")]
            change_reason: String,
            /// Refuse unless this is the current version.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            expected_version: Option<u32>,
        }
        /// ends the rule of an active contract, until it is activated again
        "deprecate" Deprecate {
            /// Which.
            contract: ContractId,
        }
        /// makes a deprecated contract active again
        "activate" Activate {
            /// Which.
            contract: ContractId,
        }
        /// puts a contract away: nothing is changed about it any more
        "archive" Archive {
            /// Which.
            contract: ContractId,
        }
        /// takes a contract out of the archive, as a deprecated one
        "unarchive" Unarchive {
            /// Which.
            contract: ContractId,
        }
    }
}

impl Create {
    /// A contract for a type, everywhere.
    #[must_use]
    pub fn new(name: impl Into<String>, object_type: impl Into<String>, fields: Vec<FieldSpec>) -> Self {
        let (name, object_type) = (name.into(), object_type.into());
        let (constraints, description, metadata) = (Vec::new(), String::new(), Map::new());
        Self {
            contract: None,
            name,
            object_type,
            scope: None,
            fields,
            constraints,
            schema: None,
            description,
            metadata,
        }
    }
    /// The same under an id of the caller's.
    #[must_use]
    pub fn with_id(mut self, contract: ContractId) -> Self {
        self.contract = Some(contract);
        self
    }
    /// The same for a scope and everything below it.
    #[must_use]
    pub fn in_scope(mut self, scope: impl Into<ScopeRef>) -> Self {
        self.scope = Some(scope.into());
        self
    }
    /// The same with a constraint over several fields.
    #[must_use]
    pub fn constrained(mut self, constraint: ConstraintSpec) -> Self {
        self.constraints.push(constraint);
        self
    }
}

impl Update {
    /// A new version with these fields and without constraints.
    #[must_use]
    pub fn new(contract: ContractId, fields: Vec<FieldSpec>) -> Self {
        let (constraints, upgrades, change_reason) = (Vec::new(), Vec::new(), String::new());
        Self { contract, fields, constraints, schema: None, upgrades, change_reason, expected_version: None }
    }
    /// The same with a constraint over several fields.
    #[must_use]
    pub fn constrained(mut self, constraint: ConstraintSpec) -> Self {
        self.constraints.push(constraint);
        self
    }
    /// The same with one more step that makes older data fit.
    #[must_use]
    pub fn upgrading(mut self, step: UpgradeSpec) -> Self {
        self.upgrades.push(step);
        self
    }
    /// The same with a reason.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.change_reason = reason.into();
        self
    }
}

/// Room that a definition leaves in a body for everything else.
const DEFINITION_BYTES_MAX: usize = 60 << 10;

/// To change a contract that is there. What is refused to outsiders is the same capability for every contract, also for none.
pub(super) fn manage<'a>(world: &World, id: ContractId) -> Needs<'a> {
    let contracts = world.contracts();
    match contracts.get(id) {
        None => need(C::ContractsManage, Target::Nothing),
        Some(found) if found.scope == NO_ROW => smallvec::smallvec![
            Request::new(C::ContractsManage, Target::Deployment),
            Request::new(C::RegistryManage, Target::Deployment).doing(Action::Contracts),
        ],
        Some(found) => need(C::ContractsManage, Target::Scope(found.scope)),
    }
}

pub(super) fn found<'a>(on: &View<'a>, id: ContractId) -> Result<&'a Contract> {
    let missing = || Error::refused("not_found", format!("there is no contract `{id}`"));
    Ok(on.world.contracts().get(id).ok_or_else(missing)?)
}

pub(super) fn scope_of(on: &View<'_>, contract: &Contract) -> ScopeId {
    on.world.tenancy().id_of(contract.scope)
}

/// Nothing is added in a scope that takes no changes.
pub(super) fn check_open(on: &View<'_>, contract: &Contract) -> Result<()> {
    match scope_of(on, contract) {
        ScopeId::NONE => Ok(()),
        scope => live_node(on, &scope.into()).map(drop),
    }
}

pub(super) fn not_archived(contract: &Contract) -> Result<()> {
    if contract.lifecycle == Lifecycle::Archived {
        let error = Error::refused("archived", format!("the contract `{}` is archived", contract.name));
        return Err(error
            .hint("an archived contract stays as it is; contracts.unarchive takes it out")
            .into());
    }
    Ok(())
}

/// One active contract for a type in a scope: replacing it is an act of its own.
pub(super) fn check_alone(on: &View<'_>, object_type: &str, scope: u32) -> Result<()> {
    let contracts = on.world.contracts();
    let Some(held) = contracts.active(object_type, scope).and_then(|row| contracts.at(row)) else {
        return Ok(());
    };
    let message = format!("the contract `{}` is active for `{object_type}` there already", held.name);
    let hint = format!("update it, or deprecate `{}` in the same batch before", held.id);
    Err(Error::refused("exists", message).hint(hint).into())
}

/// A definition that can be fulfilled, checked in full.
fn check_shape(shape: &Shape, upgrades: &[UpgradeSpec]) -> Result<(Definition, Vec<Upgrade>)> {
    let definition = shape.definition().map_err(Error::invalid)?;
    let steps: Vec<Upgrade> = upgrades.iter().map(UpgradeSpec::step).collect();
    let compiled = Compiled::new(&definition).map_err(unusable)?;
    compiled.check_upgrades(&steps).map_err(unusable)?;
    let mut body = Vec::new();
    let too_large = || {
        let message = format!("a contract takes at most {DEFINITION_BYTES_MAX} bytes");
        Error::refused("too_large", message)
            .hint("shorten descriptions and lists of choices, or split the type")
    };
    encode_into(&definition, &mut body).map_err(|_| too_large())?;
    encode_into(&steps, &mut body).map_err(|_| too_large())?;
    if body.len() > DEFINITION_BYTES_MAX {
        return Err(too_large().into());
    }
    Ok((definition, steps))
}

pub(super) fn unusable(why: Unusable) -> Error {
    match why {
        Unusable::Wrong(why) => Error::invalid(why),
        Unusable::NoFeature(feature) => {
            let message = format!("this build cannot use the contract: it lacks the feature `{feature}`");
            Error::refused("no_feature", message).hint("use a build with that feature")
        }
    }
}

/// Free text may name people: it travels as payload, which can be erased.
fn words(fields: &[(&str, &str)], metadata: &Map<String, Value>) -> Result<Option<Data>> {
    let texts = fields.iter().filter(|(_, text)| !text.is_empty());
    let mut all: Map<String, Value> = texts.map(|(key, text)| ((*key).to_owned(), (*text).into())).collect();
    if !metadata.is_empty() {
        all.insert("metadata".to_owned(), metadata.clone().into());
    }
    Ok(if all.is_empty() { None } else { Some(Data::new(all)?) })
}

impl Decide for Create {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        match &self.scope {
            None => smallvec::smallvec![
                Request::new(C::RegistryManage, Target::Deployment).doing(Action::Contracts)
            ],
            Some(scope) => need(C::ContractsManage, scope.target(on.world.tenancy())),
        }
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        check_word("a contract's name", &self.name)?;
        check_word("an object's type", &self.object_type)?;
        let (row, scope) = match &self.scope {
            None => (NO_ROW, ScopeId::NONE),
            Some(scope) => live_node(on, scope).map(|(row, node)| (row, node.id))?,
        };
        let (fields, constraints) = (self.fields.clone(), self.constraints.clone());
        let shape = Shape { fields, constraints, schema: self.schema.clone() };
        let (definition, _) = check_shape(&shape, &[])?;
        let id = self.contract.unwrap_or_else(|| ContractId(facts.fresh()));
        if !id.is_some() || on.world.contracts().get(id).is_some() {
            return Err(Error::refused("exists", format!("the id `{id}` is taken")).into());
        }
        check_alone(on, &self.object_type, row)?;
        let (name, object_type) = (self.name.clone(), self.object_type.clone());
        let event = ContractCreated { contract: id, name, object_type, scope, definition };
        facts.push(scope, event, words(&[("description", &self.description)], &self.metadata)?.as_ref());
        Ok(())
    }
}

impl Decide for Update {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        manage(on.world, self.contract)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = found(on, self.contract)?;
        not_archived(found)?;
        check_open(on, found)?;
        let name = format_args!("the contract `{}`", found.name);
        Error::unless_version(name, found.version, self.expected_version)?;
        let (fields, constraints) = (self.fields.clone(), self.constraints.clone());
        let shape = Shape { fields, constraints, schema: self.schema.clone() };
        let (definition, upgrades) = check_shape(&shape, &self.upgrades)?;
        let event = ContractUpdated { contract: self.contract, definition, upgrades };
        let reason = words(&[("change_reason", &self.change_reason)], &Map::new())?;
        facts.push(scope_of(on, found), event, reason.as_ref());
        Ok(())
    }
}

/// What an event changes.
pub(crate) fn entity(event: &ContractsEvent) -> Option<Entity> {
    Some(Entity::Contract(event.contract()))
}

/// The command that would bring this fact about.
pub(crate) fn recall(event: ContractsEvent, asked: Recalling<'_>) -> Option<Recalled> {
    use ContractsEvent as E;
    let mut said = match asked.data.map(|data| data.value()) {
        Some(Ok(Value::Object(said))) => said,
        _ => Map::new(),
    };
    let mut text = |key: &str| match said.remove(key) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    Some(Recalled::one(match event {
        E::ContractCreated(e) => {
            let Shape { fields, constraints, schema } = Shape::of(&e.definition)?;
            let description = text("description");
            let metadata = match said.remove("metadata") {
                Some(Value::Object(metadata)) => metadata,
                _ => Map::new(),
            };
            Command::Create(Create {
                contract: Some(e.contract),
                name: e.name,
                object_type: e.object_type,
                scope: Some(e.scope).filter(|scope| scope.is_some()).map(ScopeRef::Id),
                fields,
                constraints,
                schema,
                description,
                metadata,
            })
        }
        E::ContractUpdated(e) => {
            let Shape { fields, constraints, schema } = Shape::of(&e.definition)?;
            Command::Update(Update {
                contract: e.contract,
                fields,
                constraints,
                schema,
                upgrades: e.upgrades.iter().map(UpgradeSpec::of).collect::<Option<_>>()?,
                change_reason: text("change_reason"),
                expected_version: None,
            })
        }
        E::ContractDeprecated(e) => Command::Deprecate(Deprecate { contract: e.contract }),
        E::ContractActivated(e) => Command::Activate(Activate { contract: e.contract }),
        E::ContractArchived(e) => Command::Archive(Archive { contract: e.contract }),
        E::ContractUnarchived(e) => Command::Unarchive(Unarchive { contract: e.contract }),
    }))
}
