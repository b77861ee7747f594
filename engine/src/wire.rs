//! Commands on the wire: one JSON object a step, one line a batch.
//!
//! ```json
//! {"as":"01HX3ZQ6J5M8K9N0P1Q2R3S4T5","do":"objects.update","with":{"object":"01HX…","data":{"cpu":8}}}
//! {"batch":[{"as":"…","do":"…","with":{}}],"key":"…","valid_time":1767323045000000}
//! {"as":"…","on_behalf_of":"…","do":"…","with":{}}
//! {"as":"…","unchanged_since":41,"do":"tenancy.rename_scope","with":{}}
//! {"batch":[…],"metadata":{"ip":"192.0.2.7","user_agent":"curl/8.5"}}
//! ```
//!
//! Arguments stand in an object of their own, so that they are parsed straight into the command's struct and an error has its
//! column.

use crate::command::{Batch, Command, Step};
use crate::error::Error;
use crate::exact::first_too_large;
use crate::requests::Metadata;
use crate::temporal::RollbackNote;
use scoped_projections::{CorrelationId, PrincipalId, Sequence, shown};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A step as it stands in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireStep<'a> {
    #[serde(rename = "as")]
    actor: PrincipalId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<PrincipalId>,
    #[serde(rename = "do", borrow)]
    name: std::borrow::Cow<'a, str>,
    #[serde(default, skip_serializing_if = "is_zero")]
    undoes: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    unchanged_since: u64,
    /// Borrowed from the line, so that its place there is known.
    #[serde(borrow)]
    with: &'a RawValue,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireBatch<'a> {
    #[serde(default, skip_serializing_if = "is_zero")]
    at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_time: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correlation: Option<CorrelationId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rollback: Option<RollbackNote>,
    /// Borrowed from the line, as arguments are.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    batch: Vec<WireStep<'a>>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Where a line of a commands file is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}")]
pub struct LineError {
    /// Counted in bytes, from 1.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
}

impl LineError {
    fn at(offset: usize, error: &serde_json::Error) -> Self {
        // The position that serde_json appends is that of a part of the line; the column says it for the whole.
        let (message, place) =
            (error.to_string(), format!(" at line {} column {}", error.line(), error.column()));
        let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
        Self { column: offset + error.column().max(1), message }
    }
}

/// Reads one line of a commands file: a batch, or a single step. Also gives the sequence that the batch had where it was
/// exported, 0 when the line does not say.
///
/// # Errors
/// With the column of the first thing that is wrong.
pub fn parse_line(line: &str) -> std::result::Result<(Batch, u64), LineError> {
    // Which of the two forms it is shows in the keys; asking each form would blur the message.
    #[derive(Deserialize)]
    struct Form<'a> {
        #[serde(borrow)]
        batch: Option<&'a RawValue>,
    }
    let whole = |error: &serde_json::Error| LineError::at(0, error);
    let form: Form<'_> = serde_json::from_str(line).map_err(|e| whole(&e))?;
    let wire = if form.batch.is_some() {
        serde_json::from_str::<WireBatch<'_>>(line).map_err(|e| whole(&e))?
    } else {
        let step = serde_json::from_str::<WireStep<'_>>(line).map_err(|e| whole(&e))?;
        let (key, valid_time, correlation, rollback, metadata) = (None, None, None, None, None);
        WireBatch { at: 0, key, valid_time, correlation, rollback, metadata, batch: vec![step] }
    };
    let metadata = wire.metadata.map(|said| {
        let wrong =
            |error: Error| LineError { column: place(line, said.get()) + 1, message: error.to_string() };
        Metadata::from_json(said.get()).map_err(wrong)
    });
    let mut batch = Batch {
        key: wire.key,
        valid_time: wire.valid_time,
        correlation: wire.correlation.unwrap_or_default(),
        rollback: wire.rollback,
        metadata: metadata.transpose()?,
        ..Batch::default()
    };
    for step in &wire.batch {
        let with = step.with.get();
        if let Some((at, message)) = first_too_large(with) {
            return Err(LineError { column: place(line, with) + at + 1, message });
        }
        let command = match Command::parse(&step.name, with) {
            Some(Ok(command)) => command,
            Some(Err(error)) => return Err(LineError::at(place(line, with), &error)),
            None => {
                let name = shown(&step.name);
                let message = format!("`{name}` is no command; `scoped import commands --list` names them");
                return Err(LineError { column: place(line, &step.name) + 1, message });
            }
        };
        batch.steps.push(Step {
            actor: step.actor,
            on_behalf_of: step.on_behalf_of,
            command,
            undoes: Sequence::new(step.undoes),
            unless_changed: None,
            unchanged_since: Sequence::new(step.unchanged_since),
        });
    }
    Ok((batch, wire.at))
}

/// How many bytes stand before a part that was borrowed from the line; 0 for a part that was not.
fn place(line: &str, part: &str) -> usize {
    let (from, at) = (line.as_ptr() as usize, part.as_ptr() as usize);
    if (from..from + line.len()).contains(&at) { at - from } else { 0 }
}

/// Writes a batch as one line, without the line feed. `at` is the sequence of its first event.
///
/// # Errors
/// When a payload that came from a log is no JSON.
pub fn write_line(batch: &Batch, at: Sequence) -> std::result::Result<String, Error> {
    let wrong =
        |e: serde_json::Error| Error::corrupt(format!("a stored command cannot be written as JSON: {e}"));
    let arguments = batch.steps.iter().map(|step| step.command.arguments().map_err(wrong));
    let arguments: Vec<Box<RawValue>> = arguments.collect::<std::result::Result<_, _>>()?;
    let metadata = batch.metadata.as_ref().map(|said| serde_json::value::to_raw_value(said.data()));
    let metadata = metadata.transpose().map_err(wrong)?;
    let steps: Vec<WireStep<'_>> = batch
        .steps
        .iter()
        .zip(&arguments)
        .map(|(step, with)| WireStep {
            actor: step.actor,
            on_behalf_of: step.on_behalf_of,
            name: step.command.name().into(),
            undoes: step.undoes.get(),
            unchanged_since: step.unchanged_since.get(),
            with,
        })
        .collect();
    let wire = WireBatch {
        at: at.get(),
        key: batch.key.clone(),
        valid_time: batch.valid_time,
        correlation: Some(batch.correlation).filter(|id| id.is_some()),
        rollback: batch.rollback.clone(),
        metadata: metadata.as_deref(),
        batch: steps,
    };
    serde_json::to_string(&wire).map_err(wrong)
}
