//! Errors: few kinds, chosen by what the caller does next.
//!
//! Outsiders learn nothing: what is missing and what is forbidden give the same kind, the same code and the same words.

use scoped_log::LogError;
use scoped_projections::tenancy::Capability;
use std::{borrow::Cow, fmt};

/// What the caller does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Understood and declined. Change the request, or ask for access.
    Refused,
    /// Things have moved on since they were read. Read again, decide again.
    Stale,
    /// Not well-formed. Mend the request; nothing was looked at.
    Invalid,
    /// The log cannot be used now. The same may be tried again later, or after what the message says.
    Unavailable,
    /// Stored bytes disagree with their digests. Stop, and let `verify` say where.
    Corrupt,
}

/// What went wrong, and what to do about it.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    code: &'static str,
    message: Cow<'static, str>,
    hint: Option<Cow<'static, str>>,
    /// What is lacking, where that is why.
    capability: Option<Capability>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What an operation of the engine gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    fn new(kind: ErrorKind, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            code,
            message: message.into(),
            hint: None,
            capability: None,
            source: None,
        }))
    }
    pub(crate) fn refused(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Refused, code, message)
    }
    pub(crate) fn stale(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Stale, "stale", message)
    }
    /// Refused as stale where a caller has seen another version than the thing is at.
    pub(crate) fn unless_version(what: impl std::fmt::Display, is: u32, expected: Option<u32>) -> Result<()> {
        match expected {
            Some(expected) if expected != is => {
                let message = format!("{what} is at version {is}, not {expected}");
                Err(Self::stale(message).hint("read it again, and decide again"))
            }
            _ => Ok(()),
        }
    }
    pub(crate) fn unavailable(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unavailable, code, message)
    }
    /// The same, brought about by that.
    pub(crate) fn caused_by(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(cause));
        self
    }
    pub(crate) fn corrupt(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Corrupt, "corrupt", message)
    }
    /// A request that is not well-formed.
    #[must_use]
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Invalid, "invalid", message)
    }
    /// The same, with a code of its own.
    pub(crate) fn malformed(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Invalid, code, message)
    }
    /// The one answer to everybody who may not, or who asks for what is not there.
    pub(crate) fn denied(capability: Capability) -> Self {
        let message = format!("denied: `{capability}` is not yours there, or there is no such thing");
        let mut error = Self::refused("denied", message);
        error.0.capability = Some(capability);
        error
    }
    pub(crate) fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }
    /// The same, saying where.
    pub(crate) fn at(mut self, place: impl fmt::Display) -> Self {
        self.0.message = format!("{place}: {}", self.0.message).into();
        self
    }
    /// What the caller does next.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }
    /// A stable word for programs: `denied`, `exists`, `stale`, `locked`, `full` …
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }
    /// What would help, apart from the message.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
    /// The capability that was lacking, where that is why: the same whether what was asked about is missing or forbidden. Which tier of the
    /// decision it was is not told: it would say what is there (decision 0058).
    #[must_use]
    pub fn capability(&self) -> Option<Capability> {
        self.0.capability
    }
    /// The status that a server gives for this outcome, as HTTP numbers them. It follows from kind and code, so it tells no more than they do.
    ///
    /// ```text
    /// 400 not well-formed    403 denied, missing or forbidden alike    404 not there, told to who may read there    409 state stands against it
    /// 410 gone for good      413 too large    422 a contract's no      429 too often    500 damage    501 not built in    503 try later
    /// ```
    #[must_use]
    pub fn status(&self) -> u16 {
        match (self.0.kind, self.0.code) {
            (_, "no_feature") => 501,
            (_, "too_large" | "package_size") => 413,
            (_, "denied") => 403,
            (_, "rate_limited") => 429,
            (
                ErrorKind::Refused,
                "not_found" | "scope_not_found" | "no_log" | "no_version" | "no_principal" | "no_event",
            ) => 404,
            (ErrorKind::Refused, "erased" | "subject_erased" | "scope_deleted" | "scope_tombstoned") => 410,
            (ErrorKind::Refused, "contract") => 422,
            (ErrorKind::Refused | ErrorKind::Stale, _) => 409,
            (ErrorKind::Invalid, _) => 400,
            (ErrorKind::Unavailable, _) => 503,
            (ErrorKind::Corrupt, _) => 500,
        }
    }
    /// The same error once more, for the second caller who waits for the same thing.
    pub(crate) fn again(&self) -> Self {
        let mut error = Self::new(self.0.kind, self.0.code, self.0.message.clone());
        error.0.hint = self.0.hint.clone();
        error.0.capability = self.0.capability;
        error
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<LogError> for Error {
    fn from(source: LogError) -> Self {
        use scoped_log::ErrorKind as Log;
        let (kind, code) = match source.kind() {
            Log::Damaged => (ErrorKind::Corrupt, "damaged"),
            Log::Locked => (ErrorKind::Unavailable, "locked"),
            Log::NotFound => (ErrorKind::Refused, "no_log"),
            Log::AlreadyExists => (ErrorKind::Refused, "exists"),
            Log::Unsupported => (ErrorKind::Unavailable, "unsupported"),
            Log::Full => (ErrorKind::Unavailable, "full"),
            Log::Unavailable => (ErrorKind::Unavailable, "unavailable"),
            Log::Refused => (ErrorKind::Refused, "too_large"),
        };
        let mut error = Self::new(kind, code, source.to_string());
        error.0.source = Some(Box::new(source));
        error
    }
}

impl From<scoped_vault::VaultError> for Error {
    fn from(source: scoped_vault::VaultError) -> Self {
        use ErrorKind::{Corrupt, Unavailable};
        use scoped_vault::VaultError as V;
        let (kind, code, hint) = match &source {
            V::Store(_) | V::Exists { .. } => (Unavailable, "keys_unavailable", None),
            V::Kek(_) => (Unavailable, "kek_unavailable", None),
            V::WrongKek { .. } => {
                let hint =
                    "use the one that it was made or rotated with; finish a rotation that was interrupted";
                (Unavailable, "wrong_kek", Some(hint))
            }
            V::WrongLog { .. } => (Unavailable, "wrong_keys", Some("each log has a key store of its own")),
            V::InUse(_) => (Unavailable, "locked", Some("one writer at a time holds a key store")),
            V::WrongKey { .. } => {
                (Corrupt, "wrong_key", Some("is this the key store of this log, and not an older one?"))
            }
            V::Tampered => (Corrupt, "tampered", Some("`scoped verify` says whether the log was altered")),
        };
        let mut error = Self::new(kind, code, source.to_string());
        error.0.hint = hint.map(Cow::Borrowed);
        error.0.source = Some(Box::new(source));
        error
    }
}

impl From<scoped_projections::FoldError> for Error {
    fn from(source: scoped_projections::FoldError) -> Self {
        let mut error = Self::corrupt(source.to_string());
        error.0.source = Some(Box::new(source));
        error
    }
}

impl From<scoped_projections::tenancy::ScopeError> for Error {
    fn from(source: scoped_projections::tenancy::ScopeError) -> Self {
        use scoped_projections::tenancy::ScopeError as S;
        let code = match source {
            S::FieldEmpty { .. } => "scope_field_empty",
            S::FieldTooLong { .. } => "scope_field_too_long",
            S::Degenerate => "scope_degenerate",
            S::OrgRequired => "scope_org_required",
            S::FieldNotPathSafe { .. } => "scope_field_not_path_safe",
            S::MappingLossy => "scope_mapping_lossy",
        };
        let mut error = Self::malformed(code, source.to_string());
        error.0.source = Some(Box::new(source));
        error
    }
}

impl From<scoped_projections::tenancy::ScopePathError> for Error {
    fn from(source: scoped_projections::tenancy::ScopePathError) -> Self {
        let mut error = Self::invalid(source.to_string());
        error.0.source = Some(Box::new(source));
        error
    }
}

impl From<scoped_projections::registry::UrnError> for Error {
    fn from(source: scoped_projections::registry::UrnError) -> Self {
        let mut error = Self::invalid(source.to_string());
        error.0.source = Some(Box::new(source));
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_a_status_and_missing_and_forbidden_have_the_same() {
        use ErrorKind::{Corrupt, Invalid, Refused, Stale, Unavailable};
        let denied = Error::denied(Capability::Write);
        assert_eq!((denied.status(), denied.capability()), (403, Some(Capability::Write)));
        assert_eq!(denied.again().capability(), Some(Capability::Write));
        let table = [
            (Refused, "not_found", 404),
            (Refused, "scope_deleted", 410),
            (Refused, "exists", 409),
            (Refused, "last_owner", 409),
            (Refused, "quota_exceeded", 409),
            (Refused, "idempotency_conflict", 409),
            (Refused, "contract", 422),
            (Refused, "rate_limited", 429),
            (Refused, "too_large", 413),
            (Refused, "no_feature", 501),
            (Stale, "stale", 409),
            (Invalid, "invalid", 400),
            (Invalid, "invalid_cursor", 400),
            (Unavailable, "closed", 503),
            (Corrupt, "damaged", 500),
        ];
        for (kind, code, status) in table {
            let error = Error::new(kind, code, "");
            assert_eq!((error.status(), error.capability()), (status, None), "{kind:?} {code}");
        }
    }
}
