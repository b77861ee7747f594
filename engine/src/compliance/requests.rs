//! What stands in the log beside the events of commands, and is checked here instead of being decided again: keys, and where somebody came from.
//!
//! What describes a request with commands is decided again with them ([`super::redo`]).

use crate::error::Result;
use crate::history::History;
use crate::requests::Metadata;
use crate::sealed::{Content, stored_subject, subject_of};
use scoped_log::Record;
use scoped_projections::requests::RequestsEvent;
use scoped_projections::{Envelope, Event, World};

/// The first thing that is wrong with a batch, if anything is. The world is the one that the batch met.
pub(super) fn wrong(
    history: &History,
    world: &World,
    records: &[Record],
    events: &[(Envelope, Event)],
) -> Option<String> {
    for (nth, (record, (at, event))) in records.iter().zip(events).enumerate() {
        let found = match event {
            Event::Requests(RequestsEvent::RequestKeyed(e)) => {
                let last = nth + 1 == events.len();
                if last {
                    counted(e.events, nth)
                } else {
                    Some("stands before events of its batch".to_owned())
                }
            }
            Event::Requests(RequestsEvent::RequestDescribed(e)) => {
                if nth == 0 {
                    Some("describes nothing".to_owned())
                } else {
                    counted(e.events, nth)
                }
            }
            Event::Audit(_) => match attempted(history, world, record, at, event) {
                Ok(found) => found.map(ToOwned::to_owned),
                Err(error) => Some(error.to_string()),
            },
            _ => None,
        };
        if let Some(found) = found {
            return Some(format!("event {}: `{}` {found}", at.sequence, super::redo::name(event)));
        }
    }
    None
}

/// Does it say how many events of its batch stand before it?
fn counted(said: u32, nth: usize) -> Option<String> {
    (said as usize != nth).then(|| format!("speaks of {said} events before it, of which there are {nth}"))
}

/// Is what a refused attempt or a recorded read carries metadata, and sealed for whom it has to be?
fn attempted(
    history: &History,
    world: &World,
    record: &Record,
    at: &Envelope,
    event: &Event,
) -> Result<Option<&'static str>> {
    let Some(content) = history.content(record)? else { return Ok(None) };
    let subject = subject_of(world, std::iter::empty(), at.actor, event);
    if stored_subject(record) != subject {
        return Ok(Some("carries where somebody came from, and is not sealed for whom it has to be"));
    }
    if let Content::Clear(bytes) = content {
        let data = crate::Data::from_canonical(bytes.into_owned())?;
        Metadata::recalled(Some(data), at.sequence)?;
    }
    Ok(None)
}
