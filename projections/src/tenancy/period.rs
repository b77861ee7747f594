//! Lengths of time as policies write them: ISO 8601 durations whose length never varies.
//!
//! Weeks, days, hours, minutes and seconds, whole numbers: `P365D`, `P2W`, `PT12H`, `P1DT30M`. Years and months are refused, since
//! their length depends on where one stands. One length, one text: printed as days, then hours, minutes, seconds, without zeros.

use crate::Micros;
use crate::codec::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// A length of time, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Period {
    seconds: u64,
}

/// A text that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no duration: use whole weeks, days, hours, minutes and seconds, for example `P365D` or `PT12H`; years and months vary \
     in length"
)]
pub struct PeriodError(String);

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;
/// Ten thousand years and some: what is longer is a mistake, and a sum of two still fits.
const SECONDS_MAX: u64 = 400_000 * WEEK * 2;
const MICROS: u64 = 1_000_000;

impl Period {
    /// So many seconds; no more than some fifteen thousand years.
    #[must_use]
    pub fn seconds(seconds: u64) -> Option<Self> {
        (seconds <= SECONDS_MAX).then_some(Self { seconds })
    }
    /// So many days.
    #[must_use]
    pub fn days(days: u64) -> Option<Self> {
        Self::seconds(days.checked_mul(DAY)?)
    }
    /// Its length in µs.
    #[must_use]
    pub fn micros(self) -> Micros {
        self.seconds.saturating_mul(MICROS)
    }
    /// The number of seconds.
    #[must_use]
    pub fn as_seconds(self) -> u64 {
        self.seconds
    }
}

/// The length of `text`, or `None`: each unit at most once, from the greatest to the least.
fn parse(text: &str) -> Option<u64> {
    let (days, clock) = match text.strip_prefix('P')?.split_once('T') {
        Some((_, "")) => return None,
        Some((days, clock)) => (days, clock),
        None => (text.strip_prefix('P')?, ""),
    };
    if days.is_empty() && clock.is_empty() {
        return None;
    }
    let part = |text: &str, units: &[(char, u64)]| {
        let (mut left, mut units, mut total) = (text, units.iter(), 0u64);
        while !left.is_empty() {
            let end = left.find(|c: char| !c.is_ascii_digit())?;
            // A sign or a space in front of a number would be a second spelling.
            let (number, unit) = (left.get(..end)?, left.get(end..)?.chars().next()?);
            let (_, length) = units.find(|(name, _)| *name == unit)?;
            total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*length)?)?;
            left = left.get(end + unit.len_utf8()..)?;
        }
        Some(total)
    };
    part(days, &[('W', WEEK), ('D', DAY)])?.checked_add(part(clock, &[('H', HOUR), ('M', MINUTE), ('S', 1)])?)
}

impl FromStr for Period {
    type Err = PeriodError;
    fn from_str(text: &str) -> Result<Self, PeriodError> {
        parse(text).and_then(Self::seconds).ok_or_else(|| PeriodError(crate::shown(text)))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, clock) = (self.seconds / DAY, self.seconds % DAY);
        f.write_str("P")?;
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if clock > 0 || days == 0 {
            f.write_str("T")?;
        }
        for (unit, length, below) in [('H', HOUR, DAY), ('M', MINUTE, HOUR), ('S', 1, MINUTE)] {
            let count = clock % below / length;
            if count > 0 || (unit == 'S' && self.seconds == 0) {
                write!(f, "{count}{unit}")?;
            }
        }
        Ok(())
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        <std::borrow::Cow<'de, str>>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_has_one_text_and_years_and_months_have_none() {
        for (text, seconds, printed) in [
            ("P365D", 365 * DAY, "P365D"),
            ("P2W", 14 * DAY, "P14D"),
            ("P1W1D", 8 * DAY, "P8D"),
            ("PT12H", 12 * HOUR, "PT12H"),
            ("PT90M", 90 * MINUTE, "PT1H30M"),
            ("P1DT1S", DAY + 1, "P1DT1S"),
            ("PT0S", 0, "PT0S"),
            ("P0D", 0, "PT0S"),
        ] {
            let period: Period = text.parse().unwrap();
            assert_eq!((period.as_seconds(), period.to_string()), (seconds, printed.to_owned()), "{text}");
            assert_eq!(printed.parse::<Period>(), Ok(period));
        }
        for text in [
            "",
            "P",
            "PT",
            "P1DT",
            "P1Y",
            "P1M",
            "P1",
            "1D",
            "P-1D",
            "P+1D",
            "P 1D",
            "P1.5D",
            "PT1S1M",
            "P1D1D",
            "P1DT1D",
            "p1d",
            "P99999999999999999999D",
            "P999999999999W",
            "P1é",
            "PT1H ",
        ] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }
}
