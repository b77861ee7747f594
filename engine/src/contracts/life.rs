//! The life of a contract: active, deprecated, archived, and back. Each step asks the same of whoever takes it, and says one fact.

use super::commands::{
    Activate, Archive, Deprecate, Unarchive, check_alone, check_open, found, manage, not_archived, scope_of,
};
use crate::command::{Decide, Needs};
use crate::error::Error;
use crate::kernel::execute::{Facts, Result, View};
use scoped_projections::contracts::{
    Contract, ContractActivated, ContractArchived, ContractDeprecated, ContractUnarchived, Lifecycle,
};

macro_rules! steps {
    ($($(#[doc = $about:literal])+ $command:ident gives $event:ident when $may:expr;)+) => {$(
        $(#[doc = $about])+
        impl Decide for $command {
            fn needs(&self, on: &View<'_>) -> Needs<'_> {
                manage(on.world, self.contract)
            }
            fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
                let (found, contract) = (found(on, self.contract)?, self.contract);
                let may: fn(&View<'_>, &Contract) -> Result<()> = $may;
                may(on, found)?;
                facts.push(scope_of(on, found), $event { contract }, None);
                Ok(())
            }
        }
    )+};
}

steps! {
    /// Its rule ends; what was written stays as it is.
    Deprecate gives ContractDeprecated when may_deprecate;
    /// Its rule begins again.
    Activate gives ContractActivated when may_activate;
    /// It is put away.
    Archive gives ContractArchived when |_, found| not_archived(found);
    /// It is taken out, deprecated: whether it is to rule again is said by another step.
    Unarchive gives ContractUnarchived when may_unarchive;
}

fn may_deprecate(_: &View<'_>, found: &Contract) -> Result<()> {
    not_archived(found)?;
    match found.lifecycle {
        Lifecycle::Active => Ok(()),
        _ => refused("not_active", found, "deprecated"),
    }
}

fn may_activate(on: &View<'_>, found: &Contract) -> Result<()> {
    not_archived(found)?;
    if found.lifecycle == Lifecycle::Active {
        return refused("active", found, "active");
    }
    check_open(on, found)?;
    check_alone(on, on.world.contracts().object_type(found), found.scope)
}

fn may_unarchive(on: &View<'_>, found: &Contract) -> Result<()> {
    match found.lifecycle {
        Lifecycle::Archived => check_open(on, found),
        _ => refused("not_archived", found, "not archived"),
    }
}

fn refused(code: &'static str, found: &Contract, is: &str) -> Result<()> {
    Err(Error::refused(code, format!("the contract `{}` is {is}", found.name)).into())
}
