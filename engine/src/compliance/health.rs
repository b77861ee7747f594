//! Can the engine operate?

use crate::error::Error;
use scoped_log::VerifyReport;
use scoped_projections::world::FOLD_VERSION;
use scoped_projections::{Sequence, World};
use serde::Serialize;
use std::collections::BTreeMap;

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HealthCheck {
    /// Is it well?
    pub passed: bool,
    /// What was found.
    pub detail: String,
}

/// All answers by name. A check that is put in under a name that is taken replaces it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Health {
    /// By name.
    pub checks: BTreeMap<String, HealthCheck>,
}

impl Health {
    /// Everything is well.
    #[must_use]
    pub fn healthy(&self) -> bool {
        self.checks.values().all(|check| check.passed)
    }

    /// Puts a check in: what it found, or the error that kept it from looking, which counts as not well.
    pub fn put(&mut self, name: impl Into<String>, found: crate::Result<String>) {
        let check = match found {
            Ok(detail) => HealthCheck { passed: true, detail },
            Err(error) => HealthCheck { passed: false, detail: error.to_string() },
        };
        self.checks.insert(name.into(), check);
    }

    /// The four of every log. `head` is what was acknowledged when the walk began: beside a live writer the files, which were verified
    /// before, may have held more, of a commit that was under way.
    pub(super) fn of(
        verified: &VerifyReport,
        head: Sequence,
        folded: Result<&World, &Error>,
        notes: &[String],
    ) -> Self {
        let mut health = Self::default();
        health.put(
            "log_readable",
            Ok(format!("{} in {} segments", entries(verified.records), verified.segments)),
        );
        health.put(
            "projections_at_head",
            match folded {
                Ok(world) if world.position() >= head => {
                    Ok(format!("all domains are at {}", world.position()))
                }
                Ok(world) => Err(Error::corrupt(format!(
                    "folded up to {}, and the log ends at {head}",
                    world.position()
                ))),
                Err(error) => Err(error.again()),
            },
        );
        health.put(
            "audit_chain",
            match verified.first_bad() {
                None => Ok(format!("{} verified", entries(verified.records))),
                Some(finding) => Err(Error::corrupt(format!("broken at {finding}"))),
            },
        );
        let snapshots = match notes {
            [] => Ok(format!("log format 1, fold version {FOLD_VERSION}")),
            [first, ..] => Err(Error::corrupt(first.clone())),
        };
        health.put("format_known", snapshots);
        health
    }
}

fn entries(count: u64) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}
