//! The machine: a figure without it is no figure. What the system does not tell is `None`.

use super::spread::{Spread, Times};
use super::throwaway::Throwaway;
use serde::Serialize;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Instant;

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
}

/// Cores that this process may use.
#[must_use]
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
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
