//! An object's data: canonical JSON.
//!
//! Canonical (`canonical.rs`) means: keys sorted, no blanks, numbers as `serde_json` writes them, so equal data is equal bytes and one
//! digest. It is written out here, on the caller's thread, never on the writer's. What comes as text is refused where it could not be
//! kept as it is written (`exact.rs`).

use crate::canonical;
use crate::error::{Error, Result};
use crate::exact::first_too_large;
use crate::sealed::Offer;
use scoped_log::{Digest, Payload};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;
use smallvec::SmallVec;
use std::fmt;
use std::sync::Arc;

/// JSON that an event carries as its payload.
#[derive(Clone)]
pub struct Data {
    payload: Payload,
    /// The same, sealed ahead for whose data it is about to be.
    offer: Option<Arc<Offer>>,
    /// Only where a log is looked at again: what it said cannot be read, and took this many bytes.
    unread: Option<usize>,
}

impl Data {
    /// Takes anything that can be written as JSON.
    ///
    /// # Errors
    /// When it cannot, or takes more than [`Payload::MAX_BYTES`].
    pub fn new(value: impl Serialize) -> Result<Self> {
        Self::from_written(canonical::bytes(value))
    }
    /// Takes JSON as text, as exactly as it can be kept. A [`serde_json::Value`] was rounded when it was parsed, if it had to be; text was not.
    ///
    /// # Errors
    /// When it is no JSON, has a whole number that does not fit into 64 bits (`inexact`), or takes more than [`Payload::MAX_BYTES`].
    pub fn from_json(text: &str) -> Result<Self> {
        if let Some((at, message)) = first_too_large(text) {
            return Err(Error::refused("inexact", format!("byte {at}: {message}")));
        }
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|e| Error::invalid(format!("data is no JSON: {e}")))?;
        Self::from_written(canonical::written(value))
    }
    fn from_written(bytes: serde_json::Result<Vec<u8>>) -> Result<Self> {
        Self::from_canonical(bytes.map_err(|e| Error::invalid(format!("data is no JSON: {e}")))?)
    }
    /// Takes bytes that are canonical JSON already, which is not checked: they come from this module, or from a log.
    pub(crate) fn from_canonical(bytes: impl Into<Arc<[u8]>>) -> Result<Self> {
        Ok(Self { payload: Payload::new(bytes)?, offer: None, unread: None })
    }
    /// Takes an object with text fields, given in the order of their keys. The quick way for imports.
    ///
    /// # Errors
    /// When it takes more than [`Payload::MAX_BYTES`], or the keys are not in order.
    pub fn from_text_fields(fields: &[(&str, &str)]) -> Result<Self> {
        if !fields.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(Error::invalid("the keys of canonical JSON are sorted, each once"));
        }
        // Mostly in place: what is kept is a copy of just its length.
        let mut bytes: SmallVec<[u8; 512]> =
            SmallVec::with_capacity(fields.iter().map(|(k, v)| k.len() + v.len() + 6).sum::<usize>() + 1);
        let text = |bytes: &mut SmallVec<[u8; 512]>, text: &str| {
            if needs_escapes(text) {
                let written = serde_json::to_vec(text);
                bytes.extend_from_slice(
                    &written.map_err(|e| Error::invalid(format!("data is no JSON: {e}")))?,
                );
            } else {
                bytes.push(b'"');
                bytes.extend_from_slice(text.as_bytes());
                bytes.push(b'"');
            }
            Ok::<_, Error>(())
        };
        bytes.push(b'{');
        for (at, (key, value)) in fields.iter().enumerate() {
            if at > 0 {
                bytes.push(b',');
            }
            text(&mut bytes, key)?;
            bytes.push(b':');
            text(&mut bytes, value)?;
        }
        bytes.push(b'}');
        Self::from_canonical(&*bytes)
    }
    /// The canonical bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.payload.bytes()
    }
    /// The data as a value.
    ///
    /// # Errors
    /// When the bytes came from a log and are no JSON.
    pub fn value(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(self.bytes())
            .map_err(|e| Error::corrupt(format!("stored data is no JSON: {e}")))
    }
    /// BLAKE3 over the canonical bytes: equal data has equal checksums, whatever the order of its keys was.
    #[must_use]
    pub fn checksum(&self) -> Digest {
        checksum(self.bytes())
    }
    pub(crate) fn payload(&self) -> &Payload {
        &self.payload
    }
    pub(crate) fn into_payload(self) -> Payload {
        self.payload
    }
    /// The same as what stands for data that cannot be read, and takes so many bytes in the log.
    pub(crate) fn standing_for(mut self, bytes: usize) -> Self {
        self.unread = Some(bytes);
        self
    }
    pub(crate) fn unread(&self) -> Option<usize> {
        self.unread
    }
    pub(crate) fn offer(&self) -> Option<&Offer> {
        self.offer.as_deref()
    }
    pub(crate) fn offered(&mut self, offer: Offer) {
        self.offer = Some(Arc::new(offer));
    }
}

/// What tells versions apart: BLAKE3 over canonical JSON, without any context, so that anybody can compute it.
pub(crate) fn checksum(canonical: &[u8]) -> Digest {
    Digest::new(*blake3::hash(canonical).as_bytes())
}

/// Would JSON write some of it otherwise? Looks at all of it: that goes many bytes at a time.
fn needs_escapes(text: &str) -> bool {
    text.bytes().fold(false, |found, byte| found | (byte < 0x20) | (byte == b'"') | (byte == b'\\'))
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.bytes()))
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        let text = std::str::from_utf8(self.bytes()).map_err(serde::ser::Error::custom)?;
        let raw: &RawValue = serde_json::from_str(text).map_err(serde::ser::Error::custom)?;
        raw.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(from)?;
        Self::from_written(canonical::written(value)).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_fields_are_written_as_any_other_json() -> Result<()> {
        for byte in 0..=255u8 {
            let text = format!("a{}z", char::from(byte));
            let quick = Data::from_text_fields(&[("k", &text), ("l\n", "ü—\u{7f}")])?;
            assert_eq!(quick, Data::new(serde_json::json!({"k": text, "l\n": "ü—\u{7f}"}))?);
        }
        Ok(())
    }
}
