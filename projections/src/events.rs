//! How a domain declares what can have happened in it.

use crate::codec::{CodecError, Decode, decode_exact};

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
/// Numbers are written down, so moving a line changes nothing on disk. A published struct never changes. A new shape is a new version:
/// the struct as it was is kept under another name, oldest first in `was [...]`, and is turned into the one of today by an
/// `impl From<Old> for New`. That is pure: it sees the old facts and nothing else, so what a body does not say has to follow from what it
/// says. Where it does not follow, it is a new kind.
///
/// ```text
/// /// An object was measured.
/// 3 "sample.measured" Measured was [MeasuredV1, MeasuredV2] { /// Which.  object: ObjectId, … }      written: version 3; read: 1, 2, 3
/// ```
macro_rules! events {
    ($(#[$doc:meta])* domain $domain:literal; enum $name:ident {
        $($(#[doc = $about:literal])+ $number:literal $text:literal $variant:ident $(was [$($old:ty),+ $(,)?])? { $($(#[$fdoc:meta])* $field:ident: $type:ty),* $(,)? })+
    }) => {
        $(
            $(#[doc = $about])+
            #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, $crate::codec::Encode, $crate::codec::Decode)]
            pub struct $variant { $($(#[$fdoc])* pub $field: $type),* }

            impl $variant {
                /// The number in the header of such a record.
                pub const KIND: u16 = $domain * 256 + $number;
                /// The version of its body that this build writes.
                pub const VERSION: u16 = {
                    // One more than there are older forms.
                    const OLDER: &[&str] = &[$($(stringify!($old)),+)?];
                    OLDER.len() as u16 + 1
                };
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
            /// Reads the body's own part, of this version or an older one; `None` when the kind or the version is not known here.
            pub(crate) fn decode(kind: u16, version: u16, bytes: &[u8]) -> Option<Result<Self, $crate::codec::CodecError>> {
                match (kind, version) {
                    $(($variant::KIND, $variant::VERSION) => Some($crate::codec::decode_exact::<$variant>(bytes).map(Self::$variant)),)+
                    $($(($variant::KIND, older) if older < $variant::VERSION => {
                        // In the order in which they were written: the first is version 1.
                        let read: &[$crate::events::Upcast<$variant>] = &[$($crate::events::upcast::<$old, $variant>),+];
                        let upcast = read.get(usize::from(older).checked_sub(1)?)?;
                        Some(upcast(bytes).map(Self::$variant))
                    })?)+
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use events;

/// Reads an older form of a body as the one of today.
pub(crate) type Upcast<New> = fn(&[u8]) -> Result<New, CodecError>;

/// An [`Upcast`] by way of what the old struct says.
pub(crate) fn upcast<Old: Decode<()>, New: From<Old>>(bytes: &[u8]) -> Result<New, CodecError> {
    decode_exact::<Old>(bytes).map(New::from)
}

#[cfg(test)]
mod tests {
    use crate::codec::{Decode, Encode, decode_exact, encode_into};
    use crate::{Event, ObjectId};

    events! {
        /// A domain that is on no list: what would become of an event that changed its shape twice.
        domain 254; enum SampleEvent {
            /// An object was measured.
            1 "sample.measured" Measured was [MeasuredV1, MeasuredV2] {
                /// Which.
                object: ObjectId,
                /// How much, in µm.
                micrometres: u64,
                /// By which instrument; empty for the one that there was at first.
                instrument: String,
            }
            /// An object was weighed.
            2 "sample.weighed" Weighed {
                /// Which.
                object: ObjectId,
            }
        }
    }

    /// As it was at first: millimetres.
    #[derive(Encode, Decode)]
    struct MeasuredV1 {
        object: ObjectId,
        millimetres: u32,
    }

    /// Then finer.
    #[derive(Encode, Decode)]
    struct MeasuredV2 {
        object: ObjectId,
        micrometres: u64,
    }

    impl From<MeasuredV1> for MeasuredV2 {
        fn from(old: MeasuredV1) -> Self {
            Self { object: old.object, micrometres: u64::from(old.millimetres) * 1_000 }
        }
    }
    impl From<MeasuredV2> for Measured {
        fn from(old: MeasuredV2) -> Self {
            Self { object: old.object, micrometres: old.micrometres, instrument: String::new() }
        }
    }
    /// One after the other, so that each step is written once.
    impl From<MeasuredV1> for Measured {
        fn from(old: MeasuredV1) -> Self {
            MeasuredV2::from(old).into()
        }
    }

    /// It is on no list, so no [`Event`] is made of it here.
    impl From<SampleEvent> for Event {
        fn from(_: SampleEvent) -> Self {
            crate::registry::Frozen {}.into()
        }
    }

    fn bytes(value: &impl Encode) -> Vec<u8> {
        let mut out = Vec::new();
        encode_into(value, &mut out).unwrap();
        out
    }

    #[test]
    fn an_older_form_of_an_event_is_read_as_the_one_of_today() {
        let object = ObjectId(7);
        let today = |micrometres, instrument: &str| {
            SampleEvent::from(Measured { object, micrometres, instrument: instrument.to_owned() })
        };
        let read = |version, bytes: &[u8]| SampleEvent::decode(Measured::KIND, version, bytes);
        let (first, second) = (
            bytes(&MeasuredV1 { object, millimetres: 3 }),
            bytes(&MeasuredV2 { object, micrometres: 3_141 }),
        );
        assert_eq!(read(1, &first), Some(Ok(today(3_000, ""))));
        assert_eq!(read(2, &second), Some(Ok(today(3_141, ""))));
        // What is written now is of the newest version, and read as it is.
        let mut third = Vec::new();
        today(3_142, "laser").encode_into(&mut third).unwrap();
        assert_eq!((today(0, "").version(), Measured::VERSION, Weighed::VERSION), (3, 3, 1));
        assert_eq!(read(3, &third), Some(Ok(today(3_142, "laser"))));
        assert_eq!(decode_exact::<Measured>(&third).map(SampleEvent::from), Ok(today(3_142, "laser")));
    }

    #[test]
    fn an_older_form_has_to_be_its_body_to_the_last_byte_and_versions_that_never_were_are_not_known() {
        let first = bytes(&MeasuredV1 { object: ObjectId(7), millimetres: 3 });
        let read = |version, bytes: &[u8]| SampleEvent::decode(Measured::KIND, version, bytes);
        assert!(matches!(read(1, &first[..first.len() - 1]), Some(Err(_))));
        assert!(matches!(read(1, &[&first[..], &[0]].concat()), Some(Err(_))));
        assert_eq!(read(0, &first), None);
        assert_eq!(read(4, &first), None);
        assert_eq!(SampleEvent::decode(Weighed::KIND, 0, &first), None);
    }
}
