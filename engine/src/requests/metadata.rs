//! What a caller knows about where a request came from.

use crate::data::Data;
use crate::error::{Error, Result};
use scoped_projections::Sequence;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// Most keys of the metadata of one request.
pub const METADATA_KEYS_MAX: usize = 32;
/// Most bytes of it, as canonical JSON.
pub const METADATA_BYTES_MAX: usize = 4 << 10;

/// Where a request came from: a JSON object in the words of the application, at most 32 keys and 4 KiB. Cheap to clone.
///
/// It is told with the request in the audit trail and decides nothing. Two keys mean something to exports of the trail: `ip`, an
/// address as text, and `user_agent`. An object without keys says nothing, and nothing is written of it.
///
/// ```
/// use scoped::requests::Metadata;
///
/// let from = Metadata::new(serde_json::json!({ "ip": "192.0.2.7", "user_agent": "curl/8.5" }))?;
/// assert!(Metadata::new("192.0.2.7").is_err(), "no object");
/// let engine = scoped::Engine::in_memory()?;
/// let ada = engine.session(engine.founder())?.with_metadata(from);
/// let mark = ada.mark("release")?;
/// let entry = ada.reading().audit_at(mark.first)?;
/// assert_eq!(entry.metadata.map(|from| from["ip"].clone()), Some("192.0.2.7".into()));
/// # Ok::<(), scoped::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata(Arc<Data>);

impl Metadata {
    /// Takes anything that is written as a JSON object.
    ///
    /// # Errors
    /// `invalid` for what is no object, has more than [`METADATA_KEYS_MAX`] keys, or takes more than [`METADATA_BYTES_MAX`].
    pub fn new(value: impl Serialize) -> Result<Self> {
        Self::of(Data::new(value)?)
    }
    /// Takes JSON as text, as exactly as it can be kept.
    ///
    /// # Errors
    /// As [`Self::new`]; also for what is no JSON, or has a whole number that does not fit into 64 bits (`inexact`).
    pub fn from_json(text: &str) -> Result<Self> {
        Self::of(Data::from_json(text)?)
    }
    fn of(data: Data) -> Result<Self> {
        const KEEP: &str =
            "keep what tells where the request came from; what it is about belongs into its data";
        let bytes = data.bytes().len();
        if bytes > METADATA_BYTES_MAX {
            let message =
                format!("the metadata of a request takes {bytes} bytes, and may take {METADATA_BYTES_MAX}");
            return Err(Error::invalid(message).hint(KEEP));
        }
        let Value::Object(map) = data.value()? else {
            let error = Error::invalid("the metadata of a request is a JSON object");
            return Err(error.hint(r#"give each thing that is known a name: {"ip": …, "user_agent": …}"#));
        };
        if map.len() > METADATA_KEYS_MAX {
            let message =
                format!("the metadata of a request has {} keys, and may have {METADATA_KEYS_MAX}", map.len());
            return Err(Error::invalid(message).hint(KEEP));
        }
        Ok(Self(Arc::new(data)))
    }
    /// That of an event of a log, as it can be read there.
    pub(crate) fn recalled(data: Option<Data>, at: Sequence) -> Result<Self> {
        let wrong = |why: &str| Error::corrupt(format!("event {at} describes no request: {why}"));
        let data = data.ok_or_else(|| wrong("it has no payload"))?;
        Self::of(data).map_err(|error| wrong(&error.to_string()))
    }
    /// Does it say nothing?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.bytes() == b"{}"
    }
    /// What it says.
    ///
    /// # Errors
    /// When it came from a log and is no JSON.
    pub fn value(&self) -> Result<Value> {
        self.0.value()
    }
    pub(crate) fn data(&self) -> &Data {
        &self.0
    }
}
