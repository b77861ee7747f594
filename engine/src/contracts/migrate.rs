//! Migration: objects whose data was written under older versions of a contract are brought to the current one.
//!
//! ```text
//! rows of objects, a slice at a time ──▶ governed by this contract, written under an older version?
//!      ──▶ data from the log, upgraded, checked (on the caller's thread) ──▶ objects.update, expecting the version, in batches
//! ```
//!
//! Each object changes by an ordinary command of whoever migrates: rights, rules, quotas and the contract itself are asked once more
//! when it is written, and whoever changes an object meanwhile wins. What cannot be upgraded is reported and stays as it is.
//! Running it again goes on where it stopped, since what is up to date is left alone.

use super::compile::Unusable;
use super::enforce::compiled;
use super::queries::steps_between;
use crate::data::Data;
use crate::error::{Error, Result};
use crate::objects::Update;
use crate::session::Session;
use scoped_projections::{ContractId, ObjectId, Sequence, World};
use serde::Serialize;
use serde_json::Value;

/// Objects that change in one batch.
const BATCH_OBJECTS: usize = 128;
/// Bytes of data from which on a batch is full.
const BATCH_BYTES: usize = 1 << 20;
/// Most problems that a report lists.
const PROBLEMS_MAX: usize = 1_000;

/// What a migration came to, or would.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Migration {
    /// Objects that were brought to the current version; in a dry run, those that would be.
    pub upgraded: u64,
    /// Objects that were written under the current version, or fit it as they are.
    pub current: u64,
    /// Objects that could not be upgraded, and why; the first thousand.
    pub problems: Vec<Unmigrated>,
    /// How many more there are.
    pub more_problems: u64,
}

/// An object that stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unmigrated {
    /// Which.
    pub object: ObjectId,
    /// Why.
    pub reason: String,
}

impl Migration {
    fn problem(&mut self, object: ObjectId, reason: impl Into<String>) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Unmigrated { object, reason: reason.into() });
        } else {
            self.more_problems += 1;
        }
    }
}

/// An object that may have to be upgraded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outdated {
    pub(crate) object: ObjectId,
    pub(crate) version: u32,
    pub(crate) data: Sequence,
    /// The version of this contract that it was written under; `None`: under none.
    pub(crate) from: Option<u32>,
}

/// An update that is ready to be sent.
struct Ready {
    object: ObjectId,
    update: Update,
}

impl Session {
    /// Brings the objects that a contract governs to its current version: those that this principal may read and write. In a dry run
    /// nothing is written.
    ///
    /// # Errors
    /// When the contract is not this principal's to manage, or the log cannot be read or written. What was written before
    /// that stays.
    pub fn migrate(&self, contract: ContractId, dry_run: bool) -> Result<Migration> {
        let (reading, mut report) = (self.reading(), Migration::default());
        let (mut next, mut ready, mut bytes) = (Some(0), Vec::new(), 0);
        while let Some(from) = next {
            let (outdated, following) = reading.outdated(contract, from, &mut report.current)?;
            next = following;
            for found in outdated {
                let Some(data) = self.upgraded(contract, &found, &mut report)? else { continue };
                bytes += data.bytes().len();
                let update = Update::new(found.object, data).expecting(found.version);
                ready.push(Ready { object: found.object, update });
                if ready.len() >= BATCH_OBJECTS || bytes >= BATCH_BYTES {
                    self.write(std::mem::take(&mut ready), dry_run, &mut report)?;
                    bytes = 0;
                }
            }
        }
        self.write(ready, dry_run, &mut report)?;
        Ok(report)
    }

    /// The data that an object is to get; `None` when it needs none or can have none.
    fn upgraded(
        &self,
        contract: ContractId,
        found: &Outdated,
        report: &mut Migration,
    ) -> Result<Option<Data>> {
        let payload = match self.engine().history().payload(found.data) {
            Err(error) if crate::sealed::is_absent(&error) => {
                report.problem(found.object, error.to_string());
                return Ok(None);
            }
            payload => payload?.unwrap_or_default(),
        };
        let mut data: Value = serde_json::from_slice(&payload)
            .map_err(|e| Error::corrupt(format!("event {}: stored data is no JSON: {e}", found.data)))?;
        let judged = self.engine().read(|moment| judge(moment.world(), contract, found.from, &mut data));
        match judged {
            Ok(()) => {
                let data = Data::new(&data)?;
                if data.bytes() == payload {
                    report.current += 1;
                    return Ok(None);
                }
                Ok(Some(data))
            }
            Err(why) => {
                report.problem(found.object, why);
                Ok(None)
            }
        }
    }

    fn write(&self, ready: Vec<Ready>, dry_run: bool, report: &mut Migration) -> Result<()> {
        if dry_run || ready.is_empty() {
            report.upgraded += ready.len() as u64;
            return Ok(());
        }
        let together =
            ready.iter().fold(self.begin(), |batch, one| batch.with(self.actor(), one.update.clone()));
        match self.engine().execute(together) {
            Ok(_) => report.upgraded += ready.len() as u64,
            Err(error) if !is_refusal(&error) => return Err(error),
            // One of them cannot be done: each by itself tells which.
            Err(_) => {
                for Ready { object, update } in ready {
                    match self.execute(update) {
                        Ok(_) => report.upgraded += 1,
                        Err(error) if is_refusal(&error) => report.problem(object, error.to_string()),
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        Ok(())
    }
}

fn is_refusal(error: &Error) -> bool {
    use crate::error::ErrorKind::{Invalid, Refused, Stale};
    matches!(error.kind(), Refused | Stale | Invalid)
}

/// Upgrades data to the current version and checks it; says why it cannot be.
fn judge(world: &World, id: ContractId, from: Option<u32>, data: &mut Value) -> Result<(), String> {
    let contracts = world.contracts();
    let gone = || "the contract is gone".to_owned();
    let row = contracts.row(id).ok_or_else(gone)?;
    let (contract, version) = contracts.current(row).ok_or_else(gone)?;
    let compiled = compiled(version);
    let compiled = match compiled.as_ref() {
        Ok(compiled) => compiled,
        Err(Unusable::Wrong(why)) => return Err(format!("the contract cannot be used: {why}")),
        Err(Unusable::NoFeature(feature)) => return Err(format!("this build lacks the feature `{feature}`")),
    };
    // What was written under no version has no declared way; it may fit all the same.
    if let Some(from) = from {
        steps_between(contracts, row, from, contract.version, data)?;
    }
    let found = compiled.validate(data);
    match (found.valid, from) {
        (true, _) => Ok(()),
        (false, Some(_)) => Err(found.words()),
        (false, None) => Err(format!("it was written under no version of the contract: {}", found.words())),
    }
}
