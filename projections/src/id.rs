//! Ids of the things the log speaks of: ULIDs, one type for each noun so that they cannot be mixed up.
//!
//! Shape: 128 bits, printed as 26 Crockford characters, sorted by the time they were made. In a body they are sixteen
//! little-endian bytes. The all-zero id means "none" where a header has no better way to say it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// A text that should have been an id and is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no id: expected the 26 characters of a ULID, for example 01HX3ZQ6J5M8K9N0P1Q2R3S4T5")]
pub struct IdError(String);

fn parse(text: &str) -> Result<u128, IdError> {
    let wrong = || IdError(crate::shown(text));
    let ulid = ulid::Ulid::from_string(text).map_err(|_| wrong())?;
    // One spelling: lower case and over-long numbers decode elsewhere, here they would be a second name for the same thing.
    if ulid.to_string() == text { Ok(ulid.0) } else { Err(wrong()) }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, $crate::codec::Encode, $crate::codec::Decode)]
        pub struct $name(pub u128);

        impl $name {
            /// "None", where a fixed header has to say it.
            pub const NONE: Self = Self(0);
            /// True for every id but [`Self::NONE`].
            #[must_use]
            pub fn is_some(self) -> bool {
                self.0 != 0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(ulid::Ulid(self.0).array_to_str(&mut [0; ulid::ULID_LEN]))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                parse(text).map(Self)
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}

id! {
    /// Who acts, or is acted for.
    PrincipalId
}
id! {
    /// A scope node. A path that is deleted and registered again gets a new one.
    ScopeId
}
id! {
    /// An object, whatever its versions.
    ObjectId
}
id! {
    /// An entry of a scope's access control list.
    EntryId
}
id! {
    /// A relationship between two principals.
    EdgeId
}
id! {
    /// An entry of the registry.
    RegistrationId
}
id! {
    /// A contract, whatever its versions.
    ContractId
}
id! {
    /// A template, whatever its versions.
    TemplateId
}
id! {
    /// A setting of a scope, whatever its values.
    SettingId
}
id! {
    /// A rule, whatever its versions.
    RuleId
}
id! {
    /// A rule bound to a target.
    BindingId
}
id! {
    /// A data subject: somebody whose data can be erased. May be that of a principal.
    SubjectId
}
id! {
    /// One operation of a caller: the events of all its batches.
    CorrelationId
}
