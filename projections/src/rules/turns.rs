//! The moments at which rules that go by the clock may change their answer.

use super::Rules;
use crate::Micros;
use std::collections::BTreeSet;

const MINUTE_MICROS: u64 = 60_000_000;
const DAY_MINUTES: u64 = 24 * 60;
const DAY_MICROS: u64 = DAY_MINUTES * MINUTE_MICROS;

/// Moments, once or every day. Units: µs since the epoch; minutes since midnight, UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turns {
    moments: BTreeSet<Micros>,
    daily: BTreeSet<u16>,
}

impl Turns {
    /// Those of all rules that are bound and vote. Of what is written in CEL `goes_by_clock` says whether it looks at the time: such a
    /// text is looked at every minute.
    #[must_use]
    pub fn of(rules: &Rules, goes_by_clock: impl Fn(&str) -> bool) -> Self {
        let mut turns = Self::default();
        for binding in rules.bindings().filter(|binding| rules.is_active(binding)) {
            let rule = rules.at(binding.rule).filter(|rule| rule.class.is_voting());
            let when = rule.and_then(|rule| rules.current(rule)).and_then(|version| version.when.as_ref());
            let Some(when) = when else { continue };
            when.walk(&mut |clause| {
                for window in clause.time.iter().flat_map(|windows| &windows.0) {
                    turns.moments.extend(window.not_before.into_iter().chain(window.until));
                    turns.daily.extend(window.minutes());
                }
                if clause.cel.as_deref().is_some_and(&goes_by_clock) {
                    turns.daily.extend(0..DAY_MINUTES as u16);
                }
            });
        }
        turns
    }

    /// The moments after one and up to another; `None` when there would be more than so many.
    #[must_use]
    pub fn between(&self, after: Micros, until: Micros, max: usize) -> Option<BTreeSet<Micros>> {
        if until <= after || (self.moments.is_empty() && self.daily.is_empty()) {
            return Some(BTreeSet::new());
        }
        let mut found: BTreeSet<Micros> =
            self.moments.range(after..=until).copied().filter(|at| *at > after).collect();
        if !self.daily.is_empty() {
            let (first, last) = (after / DAY_MICROS, until / DAY_MICROS);
            // At most two days more than needed are made and dropped again.
            let days = last - first + 1;
            let whole = days.saturating_sub(2).saturating_mul(self.daily.len() as u64);
            if whole > max as u64 {
                return None;
            }
            for day in first..=last {
                let at = |minute: &u16| {
                    day.saturating_mul(DAY_MICROS).saturating_add(u64::from(*minute) * MINUTE_MICROS)
                };
                found.extend(self.daily.iter().map(at).filter(|at| *at > after && *at <= until));
            }
        }
        (found.len() <= max).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_every_day_lie_between_two_others_and_are_bounded() {
        let turns = Turns { moments: BTreeSet::from([5, DAY_MICROS]), daily: BTreeSet::from([0, 60]) };
        let hour = 60 * MINUTE_MICROS;
        let found = turns.between(5, 2 * DAY_MICROS, 100).unwrap();
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            [hour, DAY_MICROS, DAY_MICROS + hour, 2 * DAY_MICROS]
        );
        assert_eq!(turns.between(0, u64::MAX, 1 << 20), None, "too many are not made one by one");
        assert_eq!(turns.between(0, 2 * DAY_MICROS, 3), None);
        assert_eq!(turns.between(9, 9, 0), Some(BTreeSet::new()));
    }
}
