//! How commands and queries name an entry of the registry.

use scoped_projections::registry::{Registration, Registry, Urn};
use scoped_projections::{RegistrationId, shown};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// How a command names an entry: by its id, or by its URN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistrationRef {
    /// By id.
    Id(RegistrationId),
    /// By name.
    Urn(Urn),
}

impl RegistrationRef {
    /// The entry, if there is one.
    #[must_use]
    pub fn find<'a>(&self, registry: &'a Registry) -> Option<&'a Registration> {
        match self {
            Self::Id(id) => registry.get(*id),
            Self::Urn(urn) => registry.by_urn(urn),
        }
    }
}

impl FromStr for RegistrationRef {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains(':') {
            return text
                .parse()
                .map(Self::Urn)
                .map_err(|e: scoped_projections::registry::UrnError| e.to_string());
        }
        let hint = "use a URN such as `scoped:MODEL:app:limits:1`, or an id";
        let wrong = |_| format!("`{}` names no entry: {hint}", shown(text));
        text.parse().map(Self::Id).map_err(wrong)
    }
}

impl fmt::Display for RegistrationRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Urn(urn) => urn.fmt(f),
        }
    }
}

impl From<RegistrationId> for RegistrationRef {
    fn from(id: RegistrationId) -> Self {
        Self::Id(id)
    }
}

impl From<Urn> for RegistrationRef {
    fn from(urn: Urn) -> Self {
        Self::Urn(urn)
    }
}

impl Serialize for RegistrationRef {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RegistrationRef {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        <std::borrow::Cow<'de, str>>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}
