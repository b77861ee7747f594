//! The machine, and how busy it is: a figure without these is no figure.
//!
//! What the system does not tell is `None`. The state is taken before anything is measured; afterwards the load average
//! holds our own work too, so only what was taken before decides about verdicts.

use super::spread::{Spread, Times};
use super::throwaway::Throwaway;
use serde::Serialize;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Load average a core above which there is no verdict.
const LOAD_A_CORE_MAX: f64 = 0.3;
/// Part of the cores' time that others may use.
const OTHERS_MAX: f64 = 0.15;
/// How much slower than the quickest idle sync the median may be.
const IDLE_SYNC_MAX: u64 = 3;
const IDLE_SYNCS: usize = 200;

/// What does not change between runs.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Cores that this process may use.
    pub cores: usize,
    /// The processor's name.
    pub model: Option<String>,
    /// Operating system and kernel.
    pub kernel: String,
    /// File system of the directory, with its mount options.
    pub file_system: Option<String>,
    /// Time of a sync with nothing to be synced.
    pub idle_sync: Spread,
    /// The quickest of them, in ns.
    pub idle_sync_min_ns: u64,
}

/// How busy the machine is.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct State {
    /// Load average over the last minute.
    pub load: Option<f64>,
    /// Part of all cores' time that was used (or taken by the host) during a third of a second in which this process slept.
    pub others: Option<f64>,
}

impl Machine {
    /// Of a directory's disk.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn of(directory: &Throwaway) -> anyhow::Result<Self> {
        let (idle_sync, idle_sync_min_ns) = idle_sync(directory)?;
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Ok(Self {
            cores: cores(),
            model: model(),
            kernel: format!("{} {}", std::env::consts::OS, release.trim()).trim().to_owned(),
            file_system: file_system(directory.path()),
            idle_sync,
            idle_sync_min_ns,
        })
    }

    /// Why there can be no verdict, if there can be none.
    #[must_use]
    pub fn busy(&self, state: State) -> Option<String> {
        let load_max = LOAD_A_CORE_MAX * self.cores as f64;
        if let Some(load) = state.load.filter(|load| *load > load_max) {
            return Some(format!("the load average is {load:.2}, more than {load_max:.2}"));
        }
        if let Some(others) = state.others.filter(|others| *others > OTHERS_MAX) {
            return Some(format!("others use {:.0} % of the cores", others * 100.0));
        }
        let (p50, min) = (self.idle_sync.p50_ns, self.idle_sync_min_ns);
        (p50 > min * IDLE_SYNC_MAX).then(|| {
            format!("an idle sync takes {} µs at the median and {} µs at best", p50 / 1000, min / 1000)
        })
    }
}

impl State {
    /// Takes a third of a second.
    #[must_use]
    pub fn now() -> Self {
        let load = fs::read_to_string("/proc/loadavg").ok();
        let load = load.and_then(|text| text.split(' ').next()?.parse().ok());
        let before = ticks();
        thread::sleep(Duration::from_millis(333));
        let others = before.zip(ticks()).and_then(|((busy, all), (busy_now, all_now))| {
            let passed = all_now.checked_sub(all).filter(|passed| *passed > 0)?;
            Some(busy_now.saturating_sub(busy) as f64 / passed as f64)
        });
        Self { load, others }
    }
}

/// Cores that this process may use.
#[must_use]
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Ticks of all cores since the start: those not idle, and all.
fn ticks() -> Option<(u64, u64)> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    let numbers: Vec<u64> =
        text.lines().next()?.split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; guest time is in user already.
    let all: u64 = numbers.iter().take(8).sum();
    Some((all - numbers.get(3)? - numbers.get(4)?, all))
}

fn model() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Type and options of the mount that holds a directory: the longest mount point above it.
fn file_system(directory: &Path) -> Option<String> {
    let directory = directory.canonicalize().ok()?;
    let text = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let mounts = text.lines().filter_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let mut place = place.split(' ').skip(4);
        let (point, options, kind) = (place.next()?, place.next()?, kind.split(' ').next()?);
        directory.starts_with(point).then(|| (point.len(), format!("{kind} ({options})")))
    });
    // Of two mounts on one point the later one is seen.
    mounts.max_by_key(|(len, _)| *len).map(|(_, found)| found)
}

fn idle_sync(directory: &Throwaway) -> anyhow::Result<(Spread, u64)> {
    let file = directory.file("idle", 4096)?;
    file.write_at(&[0; 4096], 0)?;
    file.sync_data()?;
    let (mut times, mut min) = (Times::new()?, u64::MAX);
    for _ in 0..IDLE_SYNCS {
        let start = Instant::now();
        file.sync_data()?;
        let time = start.elapsed();
        min = min.min(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        times.record(time);
    }
    Ok((times.spread(), min))
}
