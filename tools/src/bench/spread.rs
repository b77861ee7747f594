//! Times in a histogram, and what is told of them.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::time::Duration;

/// Percentiles in nanoseconds, three digits of them significant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// How many samples.
    pub samples: u64,
    /// Half were quicker.
    pub p50_ns: u64,
    /// Nine in ten were quicker.
    pub p90_ns: u64,
    /// All but one in a hundred.
    pub p99_ns: u64,
    /// All but one in a thousand.
    pub p999_ns: u64,
    /// The slowest.
    pub max_ns: u64,
}

/// What takes longer counts as this: an hour.
const LONGEST_NS: u64 = 3_600_000_000_000;

/// Samples as they come.
pub struct Times(Histogram<u64>);

impl Times {
    /// None yet.
    ///
    /// # Errors
    /// None that a caller could bring about.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, LONGEST_NS, 3)?))
    }
    /// One more.
    pub fn record(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).max(1));
    }
    /// Those of another.
    ///
    /// # Errors
    /// None that a caller could bring about.
    pub fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        Ok(self.0.add(&other.0)?)
    }
    /// What is told of them.
    #[must_use]
    pub fn spread(&self) -> Spread {
        let at = |quantile| self.0.value_at_quantile(quantile);
        Spread {
            samples: self.0.len(),
            p50_ns: at(0.5),
            p90_ns: at(0.9),
            p99_ns: at(0.99),
            p999_ns: at(0.999),
            max_ns: self.0.max(),
        }
    }
}

/// The median; 0 of nothing.
#[must_use]
pub fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    match of.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => of[odd / 2],
        even => f64::midpoint(of[even / 2 - 1], of[even / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(vec![9.0, 1.0, 3.0]), 3.0);
        assert_eq!(median(Vec::new()), 0.0);
    }

    #[test]
    fn percentiles_keep_three_digits() -> anyhow::Result<()> {
        let mut times = Times::new()?;
        (1..=1000u64).for_each(|us| times.record(Duration::from_micros(us)));
        let spread = times.spread();
        assert!((499_000..=501_500).contains(&spread.p50_ns), "{spread:?}");
        assert!(spread.max_ns >= 1_000_000 && spread.samples == 1000);
        Ok(())
    }
}
