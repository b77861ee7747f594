//! The closed set of kinds of places.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of place a segment names. The set is closed: another type is a revision of the log format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum ScopeType {
    /// An organisation.
    Org = 1,
    /// A department.
    Dept = 2,
    /// A team.
    Team = 3,
    /// A person.
    User = 4,
    /// An agent.
    Agent = 5,
    /// A service outside the engine.
    Service = 6,
    /// The engine itself, or a part of it.
    System = 7,
    /// A workspace.
    #[serde(rename = "ws")]
    Workspace = 8,
}

impl ScopeType {
    /// All types, by rising tag.
    pub const ALL: [Self; 8] = [
        Self::Org,
        Self::Dept,
        Self::Team,
        Self::User,
        Self::Agent,
        Self::Service,
        Self::System,
        Self::Workspace,
    ];

    /// The type as paths spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::Dept => "dept",
            Self::Team => "team",
            Self::User => "user",
            Self::Agent => "agent",
            Self::Service => "service",
            Self::System => "system",
            Self::Workspace => "ws",
        }
    }

    /// The type with this name, in exactly this spelling.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope_type| scope_type.name() == name)
    }

    /// The byte that stands for the type in the log. Never 0, and never given to another type.
    pub const fn tag(self) -> u8 {
        self as u8
    }

    /// The type with this tag.
    pub fn from_tag(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|scope_type| scope_type.tag() == tag)
    }

    /// The type of a segment of a valid path: leans on (canonical), whose eight names differ in their first letters.
    pub(super) fn of_canonical(name: &str) -> Self {
        match name.as_bytes() {
            [b'o', ..] => Self::Org,
            [b'd', ..] => Self::Dept,
            [b't', ..] => Self::Team,
            [b'u', ..] => Self::User,
            [b'a', ..] => Self::Agent,
            [b'w', ..] => Self::Workspace,
            [b's', b'e', ..] => Self::Service,
            _ => Self::System,
        }
    }
}

impl fmt::Display for ScopeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
