//! What brings contracts back. All of it comes before the contents: data of then is to fit the contract of then.

use super::commands::{Activate, Archive, Deprecate, Unarchive, Update};
use super::spec::Shape;
use crate::error::{Error, Result};
use crate::temporal::{Entity, Inverse, Phase, Problem};
use scoped_projections::contracts::{Contracts, Definition, Lifecycle as L};
use scoped_projections::{ContractId, ScopeId, Sequence, World};

/// Orders within the phase: a place is made free before another contract takes it.
const LEAVING: i64 = 0;
const UNARCHIVED: i64 = 1;
const UPDATED: i64 = 2;
const ARRIVING: i64 = 3;
const PUT_AWAY: i64 = 4;

fn definition(contracts: &Contracts, id: ContractId) -> Option<&Definition> {
    let row = contracts.row(id)?;
    Some(&contracts.version(row, contracts.at(row)?.version)?.definition)
}

/// What brings a contract back.
pub(crate) fn invert(inverse: &mut Inverse<'_>) -> Result<Problem> {
    let Entity::Contract(id) = inverse.entity else { return Ok(None) };
    let Some(now) = inverse.now.contracts().get(id) else { return Ok(None) };
    let then = inverse.then.contracts().get(id);
    // A contract that was not there is brought back to not being there: archived.
    let (before, after) = (now.lifecycle, then.map_or(L::Archived, |then| then.lifecycle));
    let shape = match definition(inverse.then.contracts(), id) {
        Some(was) if Some(was) != definition(inverse.now.contracts(), id) => {
            let unreadable = || Error::corrupt(format!("the contract `{id}` holds a value that is no JSON"));
            Some(Shape::of(was).ok_or_else(unreadable)?)
        }
        _ => None,
    };
    let phase = Phase::ContractsBack;
    match (before, after, &shape) {
        (L::Active, L::Archived, None) => {
            inverse.step(phase, LEAVING, Archive { contract: id });
            return Ok(None);
        }
        (L::Active, L::Deprecated | L::Archived, _) => {
            inverse.step(phase, LEAVING, Deprecate { contract: id })
        }
        (L::Archived, L::Active | L::Deprecated, _) | (L::Archived, L::Archived, Some(_)) => {
            inverse.step(phase, UNARCHIVED, Unarchive { contract: id });
        }
        _ => {}
    }
    let updated = shape.is_some();
    if let Some(Shape { fields, constraints, schema }) = shape {
        let (upgrades, change_reason, expected_version) =
            (Vec::new(), "rolled back".to_owned(), Some(now.version));
        let update =
            Update { contract: id, fields, constraints, schema, upgrades, change_reason, expected_version };
        inverse.step(phase, UPDATED, update);
    }
    match (before, after) {
        (L::Deprecated | L::Archived, L::Active) => inverse.step(phase, ARRIVING, Activate { contract: id }),
        (L::Active | L::Deprecated, L::Archived) => inverse.step(phase, PUT_AWAY, Archive { contract: id }),
        (L::Archived, L::Archived) if updated => inverse.step(phase, PUT_AWAY, Archive { contract: id }),
        _ => {}
    }
    Ok(None)
}

/// The last event about a contract; `None` when it is not there.
pub(crate) fn changed(world: &World, entity: Entity) -> Option<Sequence> {
    let Entity::Contract(id) = entity else { return None };
    world.contracts().get(id).map(|contract| contract.changed)
}

/// The scope that a contract belongs to.
pub(crate) fn place(world: &World, entity: Entity) -> Option<ScopeId> {
    let Entity::Contract(id) = entity else { return None };
    world.tenancy().at(world.contracts().get(id)?.scope).map(|node| node.id)
}
