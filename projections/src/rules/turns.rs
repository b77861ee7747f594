//! The moments at which rules that go by the clock may change their answer.
//!
//! Kept along with a walk through the log: an event about a rule costs a look at the bindings that it changes, not at all there are.

use super::{Clause, Rules, RulesEvent as E};
use crate::Micros;
use std::collections::{BTreeMap, BTreeSet};

const MINUTE_MICROS: u64 = 60_000_000;
const DAY_MINUTES: u64 = 24 * 60;
const DAY_MICROS: u64 = DAY_MINUTES * MINUTE_MICROS;

/// Moments, once or every day. Units: µs since the epoch; minutes since midnight, UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turns {
    /// Each with how many versions turn then.
    moments: BTreeMap<Micros, u32>,
    daily: BTreeMap<u16, u32>,
    /// Which version each binding holds, by rows; those with conditions that are in force and vote.
    held: BTreeMap<u32, u32>,
    /// How many bindings hold each version.
    holders: BTreeMap<u32, u32>,
}

/// What a condition says about the clock.
#[derive(Default)]
struct Clocks {
    moments: BTreeSet<Micros>,
    daily: BTreeSet<u16>,
}

impl Clocks {
    fn of(when: &Clause, goes_by_clock: &impl Fn(&str) -> bool) -> Self {
        let mut clocks = Self::default();
        when.walk(&mut |clause| {
            for window in clause.time.iter().flat_map(|windows| &windows.0) {
                clocks.moments.extend(window.not_before.into_iter().chain(window.until));
                clocks.daily.extend(window.minutes());
            }
            if clause.cel.as_deref().is_some_and(goes_by_clock) {
                clocks.daily.extend(0..DAY_MINUTES as u16);
            }
        });
        clocks
    }
}

/// One more of each, or one less; what there is none of is not kept.
fn count<K: Ord>(counts: &mut BTreeMap<K, u32>, keys: impl IntoIterator<Item = K>, more: bool) {
    for key in keys {
        match counts.get_mut(&key) {
            Some(many) if more => *many += 1,
            Some(many) if *many > 1 => *many -= 1,
            Some(_) => drop(counts.remove(&key)),
            None if more => drop(counts.insert(key, 1)),
            None => {}
        }
    }
}

impl Turns {
    /// Those of all rules that are bound and vote. Of what is written in CEL `goes_by_clock` says whether it looks at the time: such a
    /// text is looked at every minute.
    #[must_use]
    pub fn of(rules: &Rules, goes_by_clock: impl Fn(&str) -> bool) -> Self {
        let mut turns = Self::default();
        for (row, _) in (0..).zip(rules.bindings()) {
            turns.look(rules, row, &goes_by_clock);
        }
        turns
    }

    /// The same after one more event about rules, which is in `rules` already.
    pub fn follow(&mut self, rules: &Rules, event: &E, goes_by_clock: impl Fn(&str) -> bool) {
        let (binding, rule) = match event {
            E::BindingAdded(e) => (Some(e.binding), None),
            E::BindingChanged(e) => (Some(e.binding), None),
            E::BindingRemoved(e) => (Some(e.binding), None),
            E::RuleUpdated(e) => (None, Some(e.rule)),
            E::RuleArchived(e) => (None, Some(e.rule)),
            E::RuleUnarchived(e) => (None, Some(e.rule)),
            // Bound nowhere yet; and what is said about a rule decides nothing.
            E::RuleCreated(_) | E::RuleDescribed(_) => (None, None),
        };
        let of_rule =
            rule.and_then(|rule| rules.row(rule)).into_iter().flat_map(|rule| rules.bindings_of(rule));
        let changed = binding.and_then(|binding| rules.bindings.find(binding.0)).into_iter();
        for row in changed.chain(of_rule.map(|(row, _)| row)) {
            self.look(rules, row, &goes_by_clock);
        }
    }

    /// Takes up what a binding holds now, instead of what it held.
    fn look(&mut self, rules: &Rules, row: u32, goes_by_clock: &impl Fn(&str) -> bool) {
        let binding = rules.binding_at(row).filter(|binding| rules.is_active(binding));
        let rule = binding.and_then(|binding| rules.at(binding.rule)).filter(|rule| rule.class.is_voting());
        let asks = |row: &u32| rules.version(*row).is_some_and(|version| version.when.is_some());
        let now = rule.map(|rule| rule.current).filter(asks);
        let before = self.held.get(&row).copied();
        if now == before {
            return;
        }
        for (version, more) in [(now, true), (before, false)] {
            let Some(version) = version else { continue };
            let others = |turns: &Self| turns.holders.get(&version).copied().unwrap_or_default();
            let was = others(self);
            count(&mut self.holders, [version], more);
            // Only the first that holds it and the last that lets it go change anything.
            if was.min(others(self)) == 0
                && let Some(when) = rules.version(version).and_then(|version| version.when.as_deref())
            {
                let clocks = Clocks::of(when, goes_by_clock);
                count(&mut self.moments, clocks.moments, more);
                count(&mut self.daily, clocks.daily, more);
            }
        }
        match now {
            Some(version) => drop(self.held.insert(row, version)),
            None => drop(self.held.remove(&row)),
        }
    }

    /// The moments after one and up to another; `None` when there would be more than so many.
    #[must_use]
    pub fn between(&self, after: Micros, until: Micros, max: usize) -> Option<BTreeSet<Micros>> {
        if until <= after || (self.moments.is_empty() && self.daily.is_empty()) {
            return Some(BTreeSet::new());
        }
        let mut found: BTreeSet<Micros> =
            self.moments.range(after..=until).map(|(at, _)| *at).filter(|at| *at > after).collect();
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
                found.extend(self.daily.keys().map(at).filter(|at| *at > after && *at <= until));
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
        let (moments, daily) = (BTreeMap::from([(5, 1), (DAY_MICROS, 1)]), BTreeMap::from([(0, 1), (60, 2)]));
        let turns = Turns { moments, daily, ..Turns::default() };
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
