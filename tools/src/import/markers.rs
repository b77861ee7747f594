//! Markers of payloads that could not be read where commands were exported: no data, and not to be taken for any.
//!
//! *Sealed* means that the keys were not at hand: the export has to be made again with them. *Erased* means that nobody has the data
//! any more. If the file goes on to erase the subject, its marker is written in the place of the data, sealed under the subject's
//! new key, and that key is destroyed by the very line that did it there: it comes out as erased, as it went in. Otherwise nothing would tell
//! the marker from data, so it is refused.

use scoped::{Absence, SubjectId, Why};
use serde_json::Value;
use std::collections::BTreeMap;

/// What every marker holds: lines without it need no second look.
const WORD: &str = r#""$payload""#;

/// Markers and erasures of the lines so far.
#[derive(Debug, Default)]
pub(super) struct Markers {
    /// The line of the first marker that waits for an erasure, by subject, with what carries it.
    waiting: BTreeMap<SubjectId, (usize, String)>,
}

/// A marker that cannot be imported.
pub(super) struct Refused {
    /// Counted from 1.
    pub(super) line: usize,
    /// What is wrong.
    pub(super) message: String,
    /// What to do.
    pub(super) hint: &'static str,
}

impl Markers {
    /// Looks at a line that parses.
    ///
    /// # Errors
    /// When it carries a marker of sealed data.
    pub(super) fn look(&mut self, line: usize, text: &str) -> Result<(), Refused> {
        let erases = !self.waiting.is_empty() && text.contains("subjects.erase");
        if !erases && !text.contains(WORD) {
            return Ok(());
        }
        let Ok(value) = serde_json::from_str::<Value>(text) else { return Ok(()) };
        let alone = std::slice::from_ref(&value);
        let steps = value.get("batch").and_then(Value::as_array).map_or(alone, Vec::as_slice);
        if let Some(metadata) = value.get("metadata") {
            self.met(line, metadata, || "`metadata`".to_owned())?;
        }
        for step in steps {
            let operation = step.get("do").and_then(Value::as_str).unwrap_or_default();
            let fields = step.get("with").and_then(Value::as_object);
            for (field, value) in fields.into_iter().flatten() {
                self.met(line, value, || format!("`{field}` of `{operation}`"))?;
            }
            if operation == "subjects.erase"
                && let Some(subject) = fields.and_then(|fields| fields.get("subject"))
                && let Ok(subject) = serde_json::from_value::<SubjectId>(subject.clone())
            {
                self.waiting.remove(&subject);
            }
        }
        Ok(())
    }

    /// Takes note of a value that may be a marker.
    fn met(&mut self, line: usize, value: &Value, what: impl FnOnce() -> String) -> Result<(), Refused> {
        let Some(Absence { why, subject }) = Absence::of_marker(value) else { return Ok(()) };
        match why {
            Why::Sealed => {
                let message = format!("{} is the marker of sealed data, and not the data", what());
                return Err(Refused { line, message, hint: "export again with `--keys` and `--kek`" });
            }
            Why::Erased => drop(self.waiting.entry(subject).or_insert_with(|| (line, what()))),
        }
        Ok(())
    }

    /// All lines were looked at.
    ///
    /// # Errors
    /// When data is erased whose subject is not.
    pub(super) fn end(self) -> Result<(), Refused> {
        match self.waiting.into_iter().min_by_key(|(_, (line, _))| *line) {
            None => Ok(()),
            Some((subject, (line, what))) => Err(Refused {
                line,
                message: format!(
                    "{what} is the marker of erased data, and no line behind it erases `{subject}`"
                ),
                hint: "export on to the line that erases it (`subjects.erase`), or take the lines about that data out",
            }),
        }
    }
}
