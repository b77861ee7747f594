//! How commands and queries name a scope.

use crate::authorize::Target;
use scoped_projections::tenancy::{ScopePath, Tenancy};
use scoped_projections::{ScopeId, shown};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// How a command names a scope: by its id, or by its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScopeRef {
    /// By id.
    Id(ScopeId),
    /// By path.
    Path(ScopePath),
}

impl ScopeRef {
    /// The row of the scope, if there is one.
    #[must_use]
    pub fn row(&self, tenancy: &Tenancy) -> Option<u32> {
        match self {
            Self::Id(id) => tenancy.row(*id),
            Self::Path(path) => tenancy.row_of_path(path),
        }
    }
    /// What to ask about: for a path that is not registered, its nearest registered ancestor.
    #[must_use]
    pub fn target(&self, tenancy: &Tenancy) -> Target {
        if let Some(row) = self.row(tenancy) {
            return Target::Scope(row);
        }
        let Self::Path(path) = self else { return Target::Nothing };
        path.ancestors()
            .find_map(|above| tenancy.row_of_path(&above.to_path()))
            .map_or(Target::Nothing, Target::Below)
    }
}

impl FromStr for ScopeRef {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains(':') {
            text.parse()
                .map(Self::Path)
                .map_err(|e: scoped_projections::tenancy::ScopePathError| e.to_string())
        } else {
            text.parse().map(Self::Id).map_err(|_| {
                format!("`{}` is no scope: use a path such as `org:acme`, or an id", shown(text))
            })
        }
    }
}

impl fmt::Display for ScopeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Path(path) => path.fmt(f),
        }
    }
}

impl From<ScopePath> for ScopeRef {
    fn from(path: ScopePath) -> Self {
        Self::Path(path)
    }
}

impl From<ScopeId> for ScopeRef {
    fn from(id: ScopeId) -> Self {
        Self::Id(id)
    }
}

impl Serialize for ScopeRef {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ScopeRef {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        <std::borrow::Cow<'de, str>>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}
