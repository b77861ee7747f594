//! What every operation costs as the log grows: the same questions at 10⁴, 10⁵, 10⁶ events, and more with `--large`.
//!
//! What is asked about stays as large as it was (a tree of scopes, its members, its objects); what grows is everything around it. So a cost
//! that follows the log is the log's doing. The cost of each operation is fitted by a power of the number of events, over the
//! first and the last size: memory that no cache holds makes even a look-up five times slower, so up to the fifth root counts
//! as flat and what lies between that and [`GROWS`] as slow. What is beyond it *grows*, and needs a reason (docs/performance.md).

mod grove;
mod work;

use super::When;
use grove::Grove;
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, Instant};

/// Powers of the number of events: below the first is flat, beyond the second grows.
const FLAT: f64 = 0.2;
const GROWS: f64 = 0.45;

/// One operation at all sizes.
#[derive(Debug, Clone, Serialize)]
pub struct Cost {
    /// What is done.
    pub operation: &'static str,
    /// Its median in ns, by size; of those that are named so, for each event.
    pub ns: Vec<f64>,
    /// The power of the number of events that fits its first and last cost.
    pub power: f64,
    /// `flat`, `slow` or `grows`.
    pub word: &'static str,
}

/// Costs as the log grows.
#[derive(Debug, Clone, Serialize)]
pub struct Growth {
    /// Events in the log, size by size.
    pub events: Vec<u64>,
    /// Bytes of one world at each size, as its containers tell them.
    pub world_bytes: Vec<u64>,
    /// Operation by operation.
    pub costs: Vec<Cost>,
}

/// Sizes of the log, in events.
fn sizes(large: bool) -> &'static [u64] {
    if large { &[10_000, 100_000, 1_000_000, 10_000_000] } else { &[10_000, 100_000, 1_000_000] }
}

pub(super) fn measure(directory: &Path, large: bool) -> anyhow::Result<Growth> {
    up_to(directory, sizes(large), Duration::from_millis(250))
}

/// Each operation takes `time` at each size, and one turn more.
fn up_to(directory: &Path, sizes: &[u64], time: Duration) -> anyhow::Result<Growth> {
    let mut grove = Grove::plant(directory, When::Buffered.durability())?;
    let (mut events, mut world_bytes) = (Vec::new(), Vec::new());
    let mut rows: Vec<(&'static str, Vec<f64>)> = Vec::new();
    for size in sizes.iter().copied() {
        grove.grow_to(size)?;
        events.push(grove.head().get());
        world_bytes.push(
            grove
                .engine()?
                .read(|moment| moment.world().footprint().iter().map(|part| part.bytes as u64).sum()),
        );
        for (operation, ns) in work::all(&mut grove, time)? {
            match rows.iter_mut().find(|(name, _)| *name == operation) {
                Some((_, costs)) => costs.push(ns),
                None => rows.push((operation, vec![ns])),
            }
        }
    }
    grove.fell()?;
    let costs = rows.into_iter().map(|(operation, ns)| Cost::of(operation, ns, &events)).collect();
    Ok(Growth { events, world_bytes, costs })
}

impl Cost {
    fn of(operation: &'static str, ns: Vec<f64>, events: &[u64]) -> Self {
        let ends = |of: &[f64]| Some(of.last()? / of.first()?);
        let sizes: Vec<f64> = events.iter().map(|events| *events as f64).collect();
        let power = match (ends(&ns), ends(&sizes)) {
            (Some(cost), Some(size)) if cost > 0.0 && size > 1.0 => cost.ln() / size.ln(),
            _ => 0.0,
        };
        let word = if power <= FLAT {
            "flat"
        } else if power <= GROWS {
            "slow"
        } else {
            "grows"
        };
        Self { operation, ns, power, word }
    }
}

/// The median of one turn in ns: turns that are too short for the clock are timed together.
fn timed(time: Duration, mut once: impl FnMut(u64) -> anyhow::Result<()>) -> anyhow::Result<f64> {
    /// A sample takes at least so long …
    const SAMPLE: Duration = Duration::from_micros(20);
    /// … and there are at most so many of them.
    const SAMPLES_MAX: usize = 1_000;
    let mut turn = 0;
    let mut sample = |turns: u64| -> anyhow::Result<Duration> {
        let begun = Instant::now();
        for _ in 0..turns {
            turn += 1;
            once(turn)?;
        }
        Ok(begun.elapsed())
    };
    let begun = Instant::now();
    // The first turn pays for what is made once.
    let first = sample(1)?;
    let turns = (SAMPLE.as_nanos() / first.as_nanos().max(100)).max(1) as u64;
    let mut samples = Vec::new();
    while samples.is_empty() || (begun.elapsed() < time && samples.len() < SAMPLES_MAX) {
        samples.push(sample(turns)?.as_nanos() as f64 / turns as f64);
    }
    Ok(super::spread::median(samples))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_ten_times_as_much_in_ten_times_as_many_events_grows() {
        let events = [10_000, 100_000, 1_000_000];
        let word = |ns: [f64; 3]| Cost::of("it", ns.to_vec(), &events).word;
        assert_eq!(word([100.0, 90.0, 110.0]), "flat");
        assert_eq!(word([200.0, 400.0, 900.0]), "slow", "no cache holds it any more");
        assert_eq!(word([1e3, 1e4, 1e5]), "grows");
    }

    /// Small, so that it runs with the tests: every operation is done and answered at two sizes.
    #[test]
    fn every_operation_is_measured_at_every_size() -> anyhow::Result<()> {
        let directory = tempfile::tempdir()?;
        let growth = up_to(&directory.path().join("growth"), &[1_500, 3_000], Duration::ZERO)?;
        assert!(growth.events[0] >= 1_500 && growth.events[1] >= 3_000, "{:?}", growth.events);
        assert!(growth.costs.len() >= 15);
        for cost in &growth.costs {
            assert_eq!(cost.ns.len(), 2, "{}", cost.operation);
            assert!(cost.ns.iter().all(|ns| *ns > 0.0), "{}", cost.operation);
        }
        Ok(())
    }
}
