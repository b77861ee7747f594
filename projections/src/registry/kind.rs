//! Kinds: what sort of thing a registered one is. Those that are built in, and the words that an application adds.

use super::UrnError;
use super::urn::SEGMENT_BYTES_MAX;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr};

/// What sort of thing it is: equal by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(Cow<'static, str>);

macro_rules! kinds {
    ($($name:ident)+) => {
        impl Kind {
            $(
                #[doc = concat!("`", stringify!($name), "`.")]
                pub const $name: Self = Self(Cow::Borrowed(stringify!($name)));
            )+
            /// The kinds that are there without being defined.
            pub const BUILT_IN: &'static [Self] = &[$(Self::$name),+];
        }
    };
}
kinds! {
    MODEL FIELD RELATIONSHIP INSTANCE
    FUNCTION CLASS METHOD SIGNAL TASK
    VIEW SERIALIZER MIDDLEWARE
    PRINCIPAL SCOPE RULE ENVIRONMENT PIPELINE STAGE FLOW_CHANNEL DEPLOYMENT SECRET SECRET_REF INTEGRATION PLUGIN
    PLUGIN_HOOK CONNECTOR MARKETPLACE_LISTING
    TEMPLATE
    CUSTOM
}

impl Kind {
    /// `CONTRACT`: the specification has contracts and no kind for them.
    pub const CONTRACT: Self = Self(Cow::Borrowed("CONTRACT"));
    /// Kinds that the engine defines for what it makes, beside those built in.
    pub const ENGINE: &'static [Self] = &[Self::CONTRACT];
}

impl Kind {
    /// The kind of that name, built in or an application's own.
    ///
    /// # Errors
    /// When it is no word in capitals, digits and `_` that begins with a letter.
    pub fn named(name: &str) -> Result<Self, UrnError> {
        if let Some(built_in) = Self::BUILT_IN.iter().chain(Self::ENGINE).find(|kind| kind.0 == name) {
            return Ok(built_in.clone());
        }
        let letters = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let first = name.starts_with(|c: char| c.is_ascii_uppercase());
        if first && name.len() <= SEGMENT_BYTES_MAX && name.chars().all(letters) {
            return Ok(Self(Cow::Owned(name.to_owned())));
        }
        Err(UrnError::Kind(crate::shown(name)))
    }
    /// Its name, as it stands in a URN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Is it there without being defined?
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        matches!(self.0, Cow::Borrowed(_))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = UrnError;
    fn from_str(text: &str) -> Result<Self, UrnError> {
        Self::named(text)
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        <Cow<'de, str>>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}
