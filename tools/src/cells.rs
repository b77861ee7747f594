//! Cells for what commands show again and again: one look for people, one spelling for scripts.

use crate::output::{Cell, Tone};
use indicatif::{HumanBytes, HumanCount};
use jiff::Timestamp;
use scoped::temporal::format_time;
use scoped::{Micros, Sequence};
use std::fmt::Display;

/// A number of things: `60,123`, for scripts `60123`.
#[must_use]
pub fn count(number: impl TryInto<u64>) -> Cell {
    let number = number.try_into().unwrap_or(u64::MAX);
    Cell::new(HumanCount(number)).raw(number)
}

/// A size: `1.20 MiB`, for scripts bytes.
#[must_use]
pub fn bytes(number: u64) -> Cell {
    Cell::new(HumanBytes(number)).raw(number)
}

/// A place in the log: `#12`, for scripts `12`; nothing where there is none.
#[must_use]
pub fn position(at: Sequence) -> Cell {
    if at.is_none() { Cell::default() } else { Cell::new(at).raw(at.get()).tone(Tone::Accent) }
}

/// An instant to the second, for scripts RFC 3339 to the microsecond.
#[must_use]
pub fn time(at: Micros) -> Cell {
    i64::try_from(at).map_or_else(|_| Cell::new(format_time(at)), instant)
}

/// The same for a time that may lie before 1970.
#[must_use]
pub fn instant(at: i64) -> Cell {
    match Timestamp::from_microsecond(at) {
        Ok(instant) => Cell::new(instant.strftime("%Y-%m-%d %H:%M:%S")).raw(instant).tone(Tone::Dim),
        Err(_) => Cell::new(format!("{at} µs")).raw(at),
    }
}

/// An instant as JSON has it: RFC 3339, or the number where no calendar reaches.
#[must_use]
pub fn instant_text(at: i64) -> String {
    Timestamp::from_microsecond(at).map_or_else(|_| at.to_string(), |instant| instant.to_string())
}

/// A digest, an id: for machines mostly.
#[must_use]
pub fn quiet(text: impl Display) -> Cell {
    Cell::new(text).tone(Tone::Dim)
}

/// So many a second: `1,234,567/s`; nothing when it took no time that could be measured.
#[must_use]
pub fn rate(done: u64, seconds: f64) -> u64 {
    if seconds > 0.0 { (done as f64 / seconds) as u64 } else { 0 }
}

/// Seconds to the microsecond, as a number.
#[must_use]
pub fn seconds(took: std::time::Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e6
}

/// Until when something counts; nothing when it has no end.
#[must_use]
pub fn until(end: Option<Micros>) -> Cell {
    end.map(time).unwrap_or_default()
}
