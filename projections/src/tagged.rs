//! Closed sets of words: an enum whose members have a text for people and JSON and a fixed `u8` for the log.

/// Declares such an enum. The tag is what reaches the disk, never the order of the variants; tag 0 is never written.
macro_rules! tagged {
    ($(#[$doc:meta])* $vis:vis enum $name:ident as $what:literal {
        $($(#[$vdoc:meta])* $variant:ident = $tag:literal, $text:literal $(| $alias:literal)*;)+
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        $vis enum $name { $($(#[$vdoc])* $variant = $tag),+ }

        impl $name {
            /// All members, in the order of their tags.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The text used in JSON, tables and messages.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
            /// The number used in the log.
            #[must_use]
            pub const fn tag(self) -> u8 {
                self as u8
            }
            /// The member with that number.
            #[must_use]
            pub const fn from_tag(tag: u8) -> Option<Self> {
                match tag { $($tag => Some(Self::$variant),)+ _ => None }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
        impl std::str::FromStr for $name {
            type Err = crate::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text $(| $alias)* => Ok(Self::$variant),)+
                    _ => Err(crate::UnknownWord::new($what, text, &[$($text),+])),
                }
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        impl bincode::Encode for $name {
            fn encode<E: bincode::enc::Encoder>(&self, to: &mut E) -> Result<(), bincode::error::EncodeError> {
                self.tag().encode(to)
            }
        }
        impl<C> bincode::Decode<C> for $name {
            fn decode<D: bincode::de::Decoder<Context = C>>(from: &mut D) -> Result<Self, bincode::error::DecodeError> {
                let tag = u8::decode(from)?;
                Self::from_tag(tag).ok_or(bincode::error::DecodeError::Other(concat!("unknown ", $what)))
            }
        }
        $crate::codec::owned!($name);
    };
}
pub(crate) use tagged;

/// A word outside a closed set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no {what}: use {expected}")]
pub struct UnknownWord {
    what: &'static str,
    found: String,
    expected: String,
}

impl UnknownWord {
    pub(crate) fn new(what: &'static str, found: &str, expected: &[&str]) -> Self {
        Self { what, found: crate::shown(found), expected: expected.join(", ") }
    }
}
