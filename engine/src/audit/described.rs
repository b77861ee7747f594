//! Where the request came from that an event was part of.
//!
//! It is told once a batch, by `requests.described` at its end, or before the key that ends it. Refused attempts and recorded reads, which are
//! batches of their own, carry it themselves.

use crate::error::{Error, Result};
use crate::history::History;
use scoped_log::Record;
use scoped_projections::audit::{AccessDenied, AccessRecorded};
use scoped_projections::requests::{RequestDescribed, RequestsEvent};
use scoped_projections::{Event, PrincipalId, Sequence};
use serde_json::Value;

/// What was said of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Described {
    /// Who gave the request.
    pub(crate) by: PrincipalId,
    /// Where it came from; the marker where that cannot be read.
    pub(crate) metadata: Value,
}

/// Is the payload of such an event metadata of a request, and no data?
pub(crate) fn is_description(event: &Event) -> bool {
    matches!(event, Event::Audit(_) | Event::Requests(RequestsEvent::RequestDescribed(_)))
}

/// The last position of the batch that a record is part of.
pub(crate) fn end(record: &Record) -> Sequence {
    Sequence::new(record.sequence().get() + u64::from(record.batch_left()))
}

impl History {
    /// What is known of where the request came from that a record is part of: for whoever holds the files. The marker where it cannot be read.
    ///
    /// # Errors
    /// When a record of its batch cannot be read.
    pub fn metadata(&self, record: &Record) -> Result<Option<Value>> {
        let last = end(record).get();
        let places = [last, last.saturating_sub(1)].into_iter().filter(|at| *at != 0).map(Sequence::new);
        Ok(self.described(record, places)?.map(|found| found.metadata))
    }

    /// The same with who gave the request. `places`: where the batch may say it ([`super::AuditIndex`] knows).
    pub(crate) fn described(
        &self,
        record: &Record,
        places: impl IntoIterator<Item = Sequence>,
    ) -> Result<Option<Described>> {
        for at in places {
            let found = self.record(at)?;
            // The batch before may end with one.
            if found.kind() == RequestDescribed::KIND && end(&found) == end(record) {
                return self.carried(&found);
            }
        }
        if [AccessDenied::KIND, AccessRecorded::KIND].contains(&record.kind()) {
            return self.carried(record);
        }
        Ok(None)
    }

    /// The metadata that a record has as its payload.
    fn carried(&self, record: &Record) -> Result<Option<Described>> {
        let Some(content) = self.content(record)? else { return Ok(None) };
        let metadata = serde_json::from_slice(&content.shown()).map_err(|e| {
            Error::corrupt(format!("event {}: stored metadata is no JSON: {e}", record.sequence()))
        })?;
        Ok(Some(Described { by: PrincipalId(record.actor()), metadata }))
    }
}
