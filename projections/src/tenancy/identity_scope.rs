//! The identity context of a call or a record: organisation, agent, user, session.
//!
//! Three things are called scope, and have three names: a [`ScopePath`] names a place, a [`Node`](super::Node) is a place, and a
//! [`Scope`] says on whose behalf something is asked or written. It never grants anything: the authenticated actor does.
//!
//! ```text
//! organisation ▸ user ▸ session      depth 0, 1, 2
//!                  └ agent           3 with all four set; alone it deepens nothing: it says which agent wrote or owns
//! ```
//!
//! One relation for whoever takes a `Scope`: [`Scope::contains`]. A field that is unset matches anything, so leaving one out
//! widens: whoever asks that way needs the right to look wider.
//!
//! JSON leaves absent fields out; the log must not ([`ScopeWire`] says why).
//! Units: lengths are Unicode scalar values. Errors: [`ScopeError`], each with a stable code.

use super::path::{ScopePath, ScopeSegment, ScopeType};
use crate::codec::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// The most characters a field may have.
pub const SCOPE_FIELD_CHARS_MAX: usize = 64;
/// The organisation that stands for a missing one.
pub const DEFAULT_ORG: &str = "default";

/// Whose behalf: an organisation, and as much of agent, user and session as is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// The organisation; in JSON a missing one is [`DEFAULT_ORG`].
    #[serde(default = "default_org")]
    pub org_id: String,
    /// Which agent instance writes or owns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// The user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// One of the user's sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
}

fn default_org() -> String {
    DEFAULT_ORG.to_owned()
}

/// For tests, and for an engine that serves one organisation.
impl Default for Scope {
    fn default() -> Self {
        Self::org(DEFAULT_ORG)
    }
}

/// What of a [`Scope`] is no place: attributes of a record, filters of a question.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Residual {
    /// Which agent instance.
    pub agent_id: Option<String>,
    /// Which session.
    pub session_id: Option<String>,
}

/// Why a [`Scope`] is not taken, or has no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// A field that is set holds nothing but white space.
    #[error("`{field}` is empty: leave it out, or say what it is")]
    FieldEmpty {
        /// Which.
        field: &'static str,
    },
    /// A field is too long.
    #[error("`{field}` has {len} characters; at most {SCOPE_FIELD_CHARS_MAX} are allowed")]
    FieldTooLong {
        /// Which.
        field: &'static str,
        /// Its length.
        len: usize,
    },
    /// To be written: a session of nobody.
    #[error("a session belongs to a user: set `user_id` too")]
    Degenerate,
    /// Several organisations are served here, so a missing one cannot be guessed.
    #[error("`org_id` is required: say which organisation is meant")]
    OrgRequired,
    /// The field cannot be the id of a path segment; nothing is escaped or folded.
    #[error("`{field}` cannot stand in a scope path")]
    FieldNotPathSafe {
        /// Which.
        field: &'static str,
    },
    /// The path says more than a `Scope` can: dropping some of it would make two places equal.
    #[error("only paths of the forms `org:X` and `org:X/user:Y` stand for an identity context")]
    MappingLossy,
}

impl ScopeError {
    /// The stable string by which callers tell errors apart.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::FieldEmpty { .. } => "SCOPE_FIELD_EMPTY",
            Self::FieldTooLong { .. } => "SCOPE_FIELD_TOO_LONG",
            Self::Degenerate => "SCOPE_DEGENERATE",
            Self::OrgRequired => "SCOPE_ORG_REQUIRED",
            Self::FieldNotPathSafe { .. } => "SCOPE_FIELD_NOT_PATH_SAFE",
            Self::MappingLossy => "SCOPE_MAPPING_LOSSY",
        }
    }
}

impl Scope {
    /// An organisation.
    pub fn org(org_id: impl Into<String>) -> Self {
        Self { org_id: org_id.into(), agent_id: None, user_id: None, session_id: None }
    }
    /// A user of an organisation.
    pub fn user(org_id: impl Into<String>, user_id: impl Into<String>) -> Self {
        Self { user_id: Some(user_id.into()), ..Self::org(org_id) }
    }
    /// A session of a user.
    pub fn session(
        org_id: impl Into<String>,
        user_id: impl Into<String>,
        session_id: impl Into<String>,
    ) -> Self {
        Self { session_id: Some(session_id.into()), ..Self::user(org_id, user_id) }
    }
    /// All four. Mind the order: the agent comes second.
    pub fn full(
        org_id: impl Into<String>,
        agent_id: impl Into<String>,
        user_id: impl Into<String>,
        session_id: impl Into<String>,
    ) -> Self {
        Self { agent_id: Some(agent_id.into()), ..Self::session(org_id, user_id, session_id) }
    }

    /// How deep it lies, 0 to 3: organisation, user, session, all four. An agent alone does not deepen, and a session without a
    /// user counts as the organisation.
    #[must_use]
    pub fn depth(&self) -> u8 {
        match (&self.user_id, &self.session_id, &self.agent_id) {
            (None, _, _) => 0,
            (Some(_), None, _) => 1,
            (Some(_), Some(_), None) => 2,
            (Some(_), Some(_), Some(_)) => 3,
        }
    }

    /// THE relation: equal organisations, and whatever is set here is set to the same there. It says what matches, never what
    /// is allowed.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        let fits = |mine: &Option<String>, its: &Option<String>| mine.is_none() || mine == its;
        self.org_id == other.org_id
            && fits(&self.agent_id, &other.agent_id)
            && fits(&self.user_id, &other.user_id)
            && fits(&self.session_id, &other.session_id)
    }

    /// Fit to be asked with: no field empty or too long. A session without a user filters, as in [`Self::contains`].
    ///
    /// # Errors
    /// The first fault, in the order of the fields.
    pub fn validate(&self) -> Result<(), ScopeError> {
        let options =
            [("agent_id", &self.agent_id), ("user_id", &self.user_id), ("session_id", &self.session_id)];
        let set = options.into_iter().filter_map(|(field, value)| Some((field, value.as_ref()?)));
        for (field, value) in std::iter::once(("org_id", &self.org_id)).chain(set) {
            if value.chars().all(char::is_whitespace) {
                return Err(ScopeError::FieldEmpty { field });
            }
            let len = value.chars().count();
            if len > SCOPE_FIELD_CHARS_MAX {
                return Err(ScopeError::FieldTooLong { field, len });
            }
        }
        Ok(())
    }

    /// Fit to be written with: as [`Self::validate`], and a session has a user.
    ///
    /// # Errors
    /// The first fault.
    pub fn validate_write(&self) -> Result<(), ScopeError> {
        self.validate()?;
        if self.session_id.is_some() && self.user_id.is_none() {
            return Err(ScopeError::Degenerate);
        }
        Ok(())
    }

    /// The place it is about, and what remains: `org:<org_id>`, then `/user:<user_id>` if set. There is no place for a session or
    /// an agent.
    ///
    /// # Errors
    /// When a field cannot be the id of a segment.
    pub fn to_path(&self) -> Result<(ScopePath, Residual), ScopeError> {
        let segment = |scope_type, id, field| {
            ScopeSegment::new(scope_type, id).map_err(|_| ScopeError::FieldNotPathSafe { field })
        };
        let mut path = ScopePath::from(segment(ScopeType::Org, &self.org_id, "org_id")?);
        if let Some(user) = &self.user_id {
            let below = path.join(segment(ScopeType::User, user, "user_id")?);
            path = below.map_err(|_| ScopeError::FieldNotPathSafe { field: "user_id" })?;
        }
        Ok((path, self.residual()))
    }

    /// What of it is no place.
    #[must_use]
    pub fn residual(&self) -> Residual {
        Residual { agent_id: self.agent_id.clone(), session_id: self.session_id.clone() }
    }

    /// The way back. `scope.to_path()` and this are each other's inverse.
    ///
    /// # Errors
    /// When the path is neither an organisation nor a user directly in one.
    pub fn from_path(path: &ScopePath, residual: Residual) -> Result<Self, ScopeError> {
        let mut segments = path.segments().map(|segment| (segment.scope_type(), segment.id()));
        let Residual { agent_id, session_id } = residual;
        match (segments.next(), segments.next(), segments.next()) {
            (Some((ScopeType::Org, org)), None, None) => Ok(Self { agent_id, session_id, ..Self::org(org) }),
            (Some((ScopeType::Org, org)), Some((ScopeType::User, user)), None) => {
                Ok(Self { agent_id, session_id, ..Self::user(org, user) })
            }
            _ => Err(ScopeError::MappingLossy),
        }
    }
}

/// A [`Scope`] as it stands in the log: always all four fields.
///
/// Why not the serde derive: JSON leaves absent fields out, and a positional codec that skips a field reads the next one in its
/// place. A scope with only a user then fails to decode, or, with other bytes behind it, decodes with the user as its agent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Encode, Decode)]
pub struct ScopeWire {
    /// The organisation.
    pub org_id: String,
    /// Which agent instance.
    pub agent_id: Option<String>,
    /// The user.
    pub user_id: Option<String>,
    /// The session.
    pub session_id: Option<String>,
}

impl From<Scope> for ScopeWire {
    fn from(scope: Scope) -> Self {
        let Scope { org_id, agent_id, user_id, session_id } = scope;
        Self { org_id, agent_id, user_id, session_id }
    }
}

impl From<ScopeWire> for Scope {
    fn from(wire: ScopeWire) -> Self {
        let ScopeWire { org_id, agent_id, user_id, session_id } = wire;
        Self { org_id, agent_id, user_id, session_id }
    }
}

#[cfg(test)]
mod tests;
