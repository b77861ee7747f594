//! Did *this* operation obey? For applications and their tests: each call makes one check, and keeps it whether it raises or not.
//!
//! The engine itself needs none of it: its single command path has no way round. What is checked here is the application's side.

use super::secrets::Secret;
use crate::ambient;
use crate::authorize::{Request, authorize};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::receipt::Receipt;
use scoped_projections::tenancy::Capability;
use scoped_projections::{ObjectId, PrincipalId, Sequence};
use serde::Serialize;

/// One check that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Enforced {
    /// Which sort.
    pub check_type: &'static str,
    /// It held.
    pub passed: bool,
    /// About what, and what was found.
    pub detail: String,
}

/// Makes checks while an application runs, and remembers them.
#[derive(Debug)]
pub struct Enforcer {
    raises: bool,
    checks: Vec<Enforced>,
}

impl Default for Enforcer {
    fn default() -> Self {
        Self { raises: true, checks: Vec::new() }
    }
}

impl Enforcer {
    /// A violation is an error with the code `compliance_violation`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// A violation is remembered, and the call succeeds.
    #[must_use]
    pub fn recording() -> Self {
        Self { raises: false, ..Self::default() }
    }
    /// All checks, in order.
    #[must_use]
    pub fn checks(&self) -> &[Enforced] {
        &self.checks
    }
    /// Those that failed.
    pub fn violations(&self) -> impl Iterator<Item = &Enforced> {
        self.checks.iter().filter(|check| !check.passed)
    }
    /// Forgets all checks.
    pub fn reset(&mut self) {
        self.checks.clear();
    }

    fn note(&mut self, check_type: &'static str, found: Result<String, String>) -> Result<()> {
        let (passed, detail) = match found {
            Ok(detail) => (true, detail),
            Err(detail) => (false, detail),
        };
        // First remembered, then raised.
        self.checks.push(Enforced { check_type, passed, detail: detail.clone() });
        if passed || !self.raises {
            return Ok(());
        }
        Err(Error::refused("compliance_violation", format!("{check_type}: {detail}")))
    }

    /// Somebody is at work on this thread.
    ///
    /// # Errors
    /// When nobody is.
    pub fn context(&mut self) -> Result<()> {
        let found = ambient::current_principal().map(|principal| format!("{principal} is at work"));
        self.note(
            "context_enforcement",
            found.map_err(|_| {
                "nobody is at work on this thread: without an entered session nothing may happen".to_owned()
            }),
        )
    }

    /// This very operation, the one with that receipt, left an event of that kind by that actor. What happened earlier does not count.
    ///
    /// # Errors
    /// When it did not.
    pub fn trace(
        &mut self,
        engine: &Engine,
        receipt: &Receipt,
        actor: PrincipalId,
        kind: &str,
    ) -> Result<()> {
        let wanted = scoped_projections::domains::kind_named(kind).map(|info| info.kind);
        let records = engine.history().reader().records(receipt.first, receipt.last);
        let mut found = None;
        for record in records {
            let record = record?;
            if Some(record.kind()) == wanted && record.actor() == actor.0 {
                found = Some(record.sequence());
                break;
            }
        }
        let about = format!("`{kind}` by {actor} in {} to {}", receipt.first, receipt.last);
        self.note(
            "trace_completeness",
            match found {
                Some(at) => Ok(format!("{about}: event {at}")),
                None => Err(format!("{about}: no event says so")),
            },
        )
    }

    /// An object is at the version that the application takes it to be.
    ///
    /// # Errors
    /// When it is at another. An object that is not there is a failed check and no error.
    pub fn version(&mut self, engine: &Engine, object: ObjectId, expected: u32) -> Result<()> {
        let version = engine.read(|moment| moment.world().objects().get(object).map(|found| found.version));
        let Some(version) = version else {
            let detail = format!("there is no object {object}");
            self.checks.push(Enforced { check_type: "version_integrity", passed: false, detail });
            return Ok(());
        };
        let about = format!("{object} is at version {version}, expected was {expected}");
        self.note("version_integrity", if version == expected { Ok(about) } else { Err(about) })
    }

    /// A state holds none of these secrets, as text, escaped or in base64.
    ///
    /// # Errors
    /// When it does; the secret's name is said, never its value.
    pub fn no_secret(&mut self, state: Option<&serde_json::Value>, secrets: &[Secret]) -> Result<()> {
        let text = state.map(serde_json::Value::to_string).unwrap_or_default();
        let leak = secrets.iter().find(|secret| secret.is_in(text.as_bytes()));
        self.note(
            "secret_leak_detection",
            match leak {
                None => Ok(format!("none of {} secrets", secrets.len())),
                Some(secret) => Err(format!("the secret `{}` stands in the state", secret.name())),
            },
        )
    }

    /// With the receipt of a revocation a principal can read an object no more: asked of the function that every read asks, at that
    /// position and now.
    ///
    /// # Errors
    /// When it still can, or the log cannot be read.
    pub fn revocation(
        &mut self,
        engine: &Engine,
        revoked: Sequence,
        principal: PrincipalId,
        object: ObjectId,
    ) -> Result<()> {
        let past = engine.as_of(&crate::temporal::Cutoff::At(revoked))?;
        let may = |moment: crate::Moment<'_>| {
            let world = moment.world();
            let target = moment.object_target(object);
            authorize(world, principal, Request::new(Capability::ReadLocal, target), world.time()).allowed
        };
        let (then, now) = (may(past.moment()), engine.read(may));
        let about = format!("{principal} and {object} from {revoked} on");
        self.note(
            "revocation_immediacy",
            if then || now { Err(format!("{about}: the principal still has access")) } else { Ok(about) },
        )
    }
}
