//! How a domain declares what can have happened in it.

/// One row of the table of kinds: what a number in a record's header means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindInfo {
    /// The number in the header: domain number × 256 + event number; never reused.
    pub kind: u16,
    /// The version that this build writes.
    pub version: u16,
    /// `domain.past_participle`, for people, filters and exports.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
}

/// Declares a domain's events: one frozen struct a kind, an enum over them, and its rows of the kind table.
///
/// Numbers are written down, so moving a line changes nothing on disk. A published struct never changes: a new shape is a
/// new version with its own struct and an upcaster.
macro_rules! events {
    ($(#[$doc:meta])* domain $domain:literal; enum $name:ident {
        $($(#[doc = $about:literal])+ $number:literal $text:literal $variant:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty),* $(,)? })+
    }) => {
        $(
            $(#[doc = $about])+
            #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, $crate::codec::Encode, $crate::codec::Decode)]
            pub struct $variant { $($(#[$fdoc])* pub $field: $type),* }

            impl $variant {
                /// The number in the header of such a record.
                pub const KIND: u16 = $domain * 256 + $number;
                /// The version of its body that this build writes.
                pub const VERSION: u16 = 1;
            }
            impl From<$variant> for $name {
                fn from(event: $variant) -> Self {
                    Self::$variant(event)
                }
            }
            impl From<$variant> for $crate::Event {
                fn from(event: $variant) -> Self {
                    $name::$variant(event).into()
                }
            }
        )+

        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        #[serde(untagged)]
        pub enum $name { $($(#[doc = $about])+ $variant($variant)),+ }

        impl $name {
            /// This domain's rows of the table of kinds.
            pub const KINDS: &'static [$crate::KindInfo] = &[$(
                $crate::KindInfo { kind: $variant::KIND, version: $variant::VERSION, name: $text, about: concat!($($about),+) }
            ),+];

            /// The number in the header.
            #[must_use]
            pub fn kind(&self) -> u16 {
                match self { $(Self::$variant(_) => $variant::KIND),+ }
            }
            /// The version of its body that this build writes.
            #[must_use]
            pub fn version(&self) -> u16 {
                match self { $(Self::$variant(_) => $variant::VERSION),+ }
            }
            /// Appends the body's own part, behind the context.
            pub(crate) fn encode_into(&self, out: &mut Vec<u8>) -> Result<(), $crate::codec::CodecError> {
                match self { $(Self::$variant(event) => $crate::codec::encode_into(event, out)),+ }
            }
            /// Reads the body's own part; `None` when the kind or the version is not known here.
            pub(crate) fn decode(kind: u16, version: u16, bytes: &[u8]) -> Option<Result<Self, $crate::codec::CodecError>> {
                match (kind, version) {
                    $(($variant::KIND, $variant::VERSION) => Some($crate::codec::decode_exact::<$variant>(bytes).map(Self::$variant)),)+
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use events;
