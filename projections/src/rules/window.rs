//! Windows of time, in UTC.

use super::Many;
use crate::Micros;
use crate::codec::{Decode, Encode};
use crate::tagged::tagged;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

tagged! {
    /// A day of the week, in UTC.
    pub enum Weekday as "day of the week" {
        /// Monday.
        Monday = 1, "mon" | "monday";
        /// Tuesday.
        Tuesday = 2, "tue" | "tuesday";
        /// Wednesday.
        Wednesday = 3, "wed" | "wednesday";
        /// Thursday.
        Thursday = 4, "thu" | "thursday";
        /// Friday.
        Friday = 5, "fri" | "friday";
        /// Saturday.
        Saturday = 6, "sat" | "saturday";
        /// Sunday.
        Sunday = 7, "sun" | "sunday";
    }
}

/// A time of day in minutes since midnight UTC; `HH:MM` in JSON, up to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Clock(u16);

/// Minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;
const DAY_MICROS: u64 = 86_400_000_000;

impl Serialize for Clock {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{:02}:{:02}", self.0 / 60, self.0 % 60))
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        let wrong = || de::Error::custom(format!("`{:.16}` is no time of day: write `HH:MM`", &*text));
        let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
        let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(hours) || !digits(minutes) {
            return Err(wrong());
        }
        let (hours, minutes) =
            (hours.parse::<u16>().map_err(|_| wrong())?, minutes.parse::<u16>().map_err(|_| wrong())?);
        let clock = hours * 60 + minutes;
        if minutes > 59 || clock > DAY_MINUTES { Err(wrong()) } else { Ok(Self(clock)) }
    }
}

/// A window of time: every bound that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct TimeWindow {
    /// On these days, by the calendar of UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekdays: Option<Many<Weekday>>,
    /// From this time of day (inclusive).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Clock>,
    /// To this time of day (exclusive). Earlier than `from`: the window goes on over midnight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Clock>,
    /// Not before this moment, µs since the epoch (inclusive).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Micros>,
    /// Until this moment, µs since the epoch (exclusive).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Micros>,
}

impl TimeWindow {
    /// Is this moment inside?
    #[must_use]
    pub fn contains(&self, at: Micros) -> bool {
        // Day 0 was a Thursday.
        let weekday = Weekday::from_tag(((at / DAY_MICROS + 3) % 7) as u8 + 1);
        let minute = Clock((at % DAY_MICROS / 60_000_000) as u16);
        let (from, to) = (self.from.unwrap_or(Clock(0)), self.to.unwrap_or(Clock(DAY_MINUTES)));
        let of_day = if from <= to { from <= minute && minute < to } else { from <= minute || minute < to };
        of_day
            && self.weekdays.as_ref().is_none_or(|days| days.0.iter().any(|day| Some(*day) == weekday))
            && self.not_before.is_none_or(|begin| begin <= at)
            && self.until.is_none_or(|end| at < end)
    }
    /// The minutes of the day at which it may open or close.
    pub(super) fn minutes(&self) -> impl Iterator<Item = u16> + use<> {
        let midnight =
            (self.weekdays.is_some() || self.from.is_some() || self.to.is_some()).then_some(Clock(0));
        [midnight, self.from, self.to].into_iter().flatten().map(|clock| clock.0 % DAY_MINUTES)
    }
    /// Can it contain any moment at all?
    #[must_use]
    pub fn is_possible(&self) -> bool {
        let moments = self.not_before.zip(self.until).is_none_or(|(begin, end)| begin < end);
        moments && (self.from.is_none() || self.from != self.to)
    }
    /// Does it ask for nothing?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
