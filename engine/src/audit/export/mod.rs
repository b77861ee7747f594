//! The audit trail for other systems: newline-delimited JSON, CloudEvents 1.0, OCSF 1.8.
//!
//! What is written is what the entries hold, hence what their reader may see; with the chain value of each, by which an exported trail is tied
//! to a receipt or a checkpoint, and with states before and after where the entries hold them. Deterministic: the same entries give the same bytes,
//! since maps are sorted and nothing is drawn or read from a clock.

mod cloudevents;
mod ndjson;
mod ocsf;
mod verb;

use crate::error::{Error, Result};
use crate::reading::AuditEntry;
use scoped_projections::ObjectId;
use serde_json::Value;
use std::io::Write;

/// A form for other systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrailFormat {
    /// One JSON object a line, in our own words.
    Ndjson,
    /// One CloudEvents 1.0 event a line, in JSON structured mode (`application/cloudevents+json` each).
    CloudEvents,
    /// All events as one CloudEvents 1.0 batch (`application/cloudevents-batch+json`).
    CloudEventsBatch,
    /// One OCSF 1.8 event a line.
    Ocsf,
}

impl TrailFormat {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ndjson, Self::CloudEvents, Self::CloudEventsBatch, Self::Ocsf];
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::CloudEvents => "cloudevents",
            Self::CloudEventsBatch => "cloudevents-batch",
            Self::Ocsf => "ocsf",
        }
    }
}

/// Puts entries of one log into a form.
#[derive(Debug, Clone, Copy)]
pub struct TrailExport {
    format: TrailFormat,
    /// The log's own id: entries of different logs are told apart by it.
    log: u128,
}

impl TrailExport {
    /// For the entries of the log with that id.
    #[must_use]
    pub fn new(format: TrailFormat, log: u128) -> Self {
        Self { format, log }
    }

    /// One entry as JSON.
    ///
    /// # Errors
    /// When a stored payload is no JSON.
    pub fn value(&self, entry: &AuditEntry) -> Result<Value> {
        match self.format {
            TrailFormat::Ndjson => ndjson::value(entry),
            TrailFormat::CloudEvents | TrailFormat::CloudEventsBatch => cloudevents::value(self.log, entry),
            TrailFormat::Ocsf => ocsf::value(self.log, entry),
        }
    }

    /// Writes entries one after another; gives how many. Holds one at a time.
    ///
    /// # Errors
    /// When an entry cannot be had or written.
    pub fn write(
        &self,
        entries: impl IntoIterator<Item = Result<AuditEntry>>,
        out: &mut impl Write,
    ) -> Result<u64> {
        let failed = |e: std::io::Error| {
            Error::unavailable("unavailable", format!("the export cannot be written: {e}")).caused_by(e)
        };
        let batch = self.format == TrailFormat::CloudEventsBatch;
        let mut written = 0u64;
        if batch {
            out.write_all(b"[").map_err(failed)?;
        }
        for entry in entries {
            let value = self.value(&entry?)?;
            if batch && written > 0 {
                out.write_all(b",\n").map_err(failed)?;
            }
            serde_json::to_writer(&mut *out, &value).map_err(|e| failed(e.into()))?;
            if !batch {
                out.write_all(b"\n").map_err(failed)?;
            }
            written += 1;
        }
        if batch {
            out.write_all(b"]\n").map_err(failed)?;
        }
        Ok(written)
    }
}

/// An id as text.
fn id(id: u128) -> String {
    ObjectId(id).to_string()
}

/// An event's own facts.
fn facts(entry: &AuditEntry) -> Result<Value> {
    serde_json::to_value(&entry.event)
        .map_err(|e| Error::corrupt(format!("an event cannot be written as JSON: {e}")))
}

/// The payload that the reader may see.
fn payload(entry: &AuditEntry) -> Result<Option<Value>> {
    let read = |bytes: &Vec<u8>| {
        serde_json::from_slice(bytes).map_err(|e| Error::corrupt(format!("stored data is no JSON: {e}")))
    };
    entry.data.as_ref().map(read).transpose()
}

/// What the entity was before and after, where the entry holds it.
fn put_states(map: &mut serde_json::Map<String, Value>, entry: &AuditEntry) -> Result<()> {
    let Some(states) = &entry.states else { return Ok(()) };
    for (key, state) in [("before", &states.before), ("after", &states.after)] {
        let state = serde_json::to_value(state)
            .map_err(|e| Error::corrupt(format!("a state cannot be written as JSON: {e}")))?;
        map.insert(key.to_owned(), state);
    }
    Ok(())
}

/// Puts a value under a key, unless there is none.
fn put(map: &mut serde_json::Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value.into());
    }
}
