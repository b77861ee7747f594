//! Cutoffs: how a moment of the log is named.
//!
//! `#1234` a position · `2026-01-02T03:04:05Z` an instant (the last event not after it) · an event's id · `mark:NAME` ·
//! `head` · `head~3`.

use scoped_projections::{Micros, Sequence, shown};
use std::{fmt, str::FromStr};

/// A moment of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cutoff {
    /// After this event.
    At(Sequence),
    /// After the last event not after this instant.
    Time(Micros),
    /// After the event with this id.
    Event(u128),
    /// Where the mark stands.
    Mark(String),
    /// So many events before the last one.
    Head(u64),
}

/// A text that names no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no cutoff: use #N, a time such as 2026-01-02T03:04:05Z, an event's id, mark:NAME, head or head~N"
)]
pub struct CutoffError(String);

impl FromStr for Cutoff {
    type Err = CutoffError;
    fn from_str(text: &str) -> Result<Self, CutoffError> {
        let wrong = || CutoffError(shown(text));
        if let Some(number) = text.strip_prefix('#') {
            return number.parse().map(|n| Self::At(Sequence::new(n))).map_err(|_| wrong());
        }
        if let Some(name) = text.strip_prefix("mark:").filter(|name| !name.is_empty()) {
            return Ok(Self::Mark(name.to_owned()));
        }
        if text == "head" {
            return Ok(Self::Head(0));
        }
        if let Some(back) = text.strip_prefix("head~") {
            return back.parse().map(Self::Head).map_err(|_| wrong());
        }
        if let Ok(id) = text.parse::<scoped_projections::ObjectId>() {
            return Ok(Self::Event(id.0));
        }
        let instant: jiff::Timestamp = text.parse().map_err(|_| wrong())?;
        Micros::try_from(instant.as_microsecond()).map(Self::Time).map_err(|_| wrong())
    }
}

impl fmt::Display for Cutoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(sequence) => write!(f, "{sequence}"),
            Self::Time(time) => f.write_str(&format_time(*time)),
            Self::Event(id) => scoped_projections::ObjectId(*id).fmt(f),
            Self::Mark(name) => write!(f, "mark:{name}"),
            Self::Head(0) => f.write_str("head"),
            Self::Head(back) => write!(f, "head~{back}"),
        }
    }
}

/// A time as RFC 3339, in UTC.
#[must_use]
pub fn format_time(time: Micros) -> String {
    let instant = i64::try_from(time).ok().and_then(|micros| jiff::Timestamp::from_microsecond(micros).ok());
    instant.map_or_else(|| format!("{time} µs"), |instant| instant.to_string())
}
