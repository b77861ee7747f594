//! Tests of what an object's data says.

use super::Many;
use crate::codec::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that a field can be compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// JSON's null.
    Null,
    /// True or false.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Decimal(Decimal),
    /// A text.
    Text(String),
}

/// A finite number, equal by its bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Decimal(u64);

impl Decimal {
    /// The number.
    #[must_use]
    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(self.get())
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        f64::deserialize(from).map(|number| Self(number.to_bits()))
    }
}

// The number in front is what reaches the disk, never the order of the variants.
impl Encode for Scalar {
    fn encode<E: bincode::enc::Encoder>(&self, to: &mut E) -> Result<(), bincode::error::EncodeError> {
        match self {
            Self::Null => 1u8.encode(to),
            Self::Flag(flag) => (2u8, flag).encode(to),
            Self::Integer(number) => (3u8, number).encode(to),
            Self::Decimal(number) => (4u8, number).encode(to),
            Self::Text(text) => (5u8, text).encode(to),
        }
    }
}

impl<C> Decode<C> for Scalar {
    fn decode<D: bincode::de::Decoder<Context = C>>(
        from: &mut D,
    ) -> Result<Self, bincode::error::DecodeError> {
        Ok(match u8::decode(from)? {
            1 => Self::Null,
            2 => Self::Flag(bool::decode(from)?),
            3 => Self::Integer(i64::decode(from)?),
            4 => Self::Decimal(Decimal::decode(from)?),
            5 => Self::Text(String::decode(from)?),
            _ => return Err(bincode::error::DecodeError::Other("unknown kind of value")),
        })
    }
}
crate::codec::owned!(Scalar);

/// What one field of the data has to be. Every comparison that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct FieldTest {
    /// Keys with dots between them: `owner.team`.
    pub path: String,
    /// Equal to this.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub eq: Option<Scalar>,
    /// Not equal to this.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub ne: Option<Scalar>,
    /// One of these.
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Many<Scalar>>,
    /// Less than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lt: Option<Scalar>,
    /// Greater than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gt: Option<Scalar>,
    /// There, or not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
}

/// Here `null` is a value like any other.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Scalar>, D::Error> {
    Scalar::deserialize(from).map(Some)
}

impl FieldTest {
    /// Does it compare anything?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let values = [&self.eq, &self.ne, &self.lt, &self.gt];
        values.iter().all(|value| value.is_none()) && self.one_of.is_none() && self.exists.is_none()
    }
}
