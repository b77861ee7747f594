//! Under which conditions something was measured, and whether they allow a verdict.
//!
//! What the system does not tell is `None`. What others use of the cores decides: before anything is measured, while this process
//! sleeps, and all the while, with its own time taken off. The load average holds what was done in the minutes before, often by this same
//! program; so it is shown, and decides only where nothing else is known.

use super::machine::Machine;
use super::throwaway::Throwaway;
use serde::Serialize;
use std::fs;
use std::thread;
use std::time::Duration;

/// Load average a core above which there is no verdict, where it is not known what others use.
const LOAD_A_CORE_MAX: f64 = 0.3;
/// Part of the cores' time that others may use.
const OTHERS_MAX: f64 = 0.15;
/// How much slower than the quickest idle sync the median may be.
const IDLE_SYNC_MAX: u64 = 3;

/// The machine, and how busy it was.
#[derive(Debug, Clone, Serialize)]
pub struct Conditions {
    /// Where it ran.
    pub machine: Machine,
    /// How busy the machine was before.
    pub before: State,
    /// How busy it was after, our own work included.
    pub after: State,
    /// Part of the cores' time that others used while it was measured.
    pub meanwhile: Option<f64>,
    /// Why the figures are no measure of this software, if they are not.
    pub busy: Option<String>,
}

/// Conditions while something is measured.
#[derive(Debug)]
pub struct Watched {
    machine: Machine,
    before: State,
    watch: Watch,
}

impl Conditions {
    /// Looks at the machine and at a directory's disk, for half a second, and watches from then on.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn begin(directory: &Throwaway) -> anyhow::Result<Watched> {
        let before = State::now();
        Ok(Watched { machine: Machine::of(directory)?, before, watch: Watch::begin() })
    }
}

impl Watched {
    /// When all is measured.
    #[must_use]
    pub fn end(self) -> Conditions {
        let Self { machine, before, watch } = self;
        let meanwhile = watch.others();
        let busy = busy(&machine, before, meanwhile);
        Conditions { machine, before, after: State::now(), meanwhile, busy }
    }
}

/// How busy the machine is.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct State {
    /// Load average over the last minute.
    pub load: Option<f64>,
    /// Part of all cores' time that was used (or taken by the host) during a third of a second in which this process slept.
    pub others: Option<f64>,
}

impl State {
    /// Takes a third of a second.
    #[must_use]
    pub fn now() -> Self {
        let load = fs::read_to_string("/proc/loadavg").ok();
        let load = load.and_then(|text| text.split(' ').next()?.parse().ok());
        let watch = Watch::begin();
        thread::sleep(Duration::from_millis(333));
        Self { load, others: watch.others() }
    }
}

/// Whom the cores work for from now on.
#[derive(Debug, Clone, Copy)]
struct Watch {
    /// Ticks of all cores, and of this process, when it began.
    begun: Option<((u64, u64), u64)>,
}

impl Watch {
    /// From now on.
    fn begin() -> Self {
        Self { begun: ticks().zip(own_ticks()) }
    }

    /// Part of all cores' time that others used since, or the host took. Time that the kernel spent for this process on threads of its own is
    /// others' as well.
    fn others(&self) -> Option<f64> {
        let ((busy, all), own) = self.begun?;
        let ((busy_now, all_now), own_now) = ticks().zip(own_ticks())?;
        let passed = all_now.checked_sub(all).filter(|passed| *passed > 0)?;
        let others = busy_now.saturating_sub(busy).saturating_sub(own_now.saturating_sub(own));
        Some(others as f64 / passed as f64)
    }
}

/// Why there can be no verdict, if there can be none: the state before, and what others used meanwhile.
fn busy(machine: &Machine, before: State, meanwhile: Option<f64>) -> Option<String> {
    for (others, when) in [(before.others, "used"), (meanwhile, "used meanwhile")] {
        if let Some(others) = others.filter(|others| *others > OTHERS_MAX) {
            return Some(format!("others {when} {:.0} % of the cores", others * 100.0));
        }
    }
    let load_max = LOAD_A_CORE_MAX * machine.cores as f64;
    let untold = before.others.is_none() || meanwhile.is_none();
    if let Some(load) = before.load.filter(|load| untold && *load > load_max) {
        return Some(format!("the load average is {load:.2}, more than {load_max:.2}"));
    }
    let (p50, min) = (machine.idle_sync.p50_ns, machine.idle_sync_min_ns);
    (p50 > min * IDLE_SYNC_MAX)
        .then(|| format!("an idle sync takes {} µs at the median and {} µs at best", p50 / 1000, min / 1000))
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

/// Ticks of this process and of those that it started and waited for.
fn own_ticks() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // The name stands in brackets and may hold anything; behind it: state, ten numbers, then utime, stime, cutime, cstime.
    let (_, behind) = text.rsplit_once(')')?;
    behind.split_whitespace().skip(11).take(4).map(|n| n.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::super::machine::cores;
    use super::*;
    use std::time::Instant;

    fn machine() -> Machine {
        let outer = tempfile::tempdir().expect("a directory");
        let directory = Throwaway::below(outer.path()).expect("a directory");
        Machine { cores: 2, idle_sync_min_ns: u64::MAX / 8, ..Machine::of(&directory).expect("a machine") }
    }

    /// Every idle run of one evening was called busy: the load average was that of the bench's own run before.
    #[test]
    fn what_others_use_is_busy_and_ones_own_last_run_is_not() {
        let machine = machine();
        let table = [
            (Some(3.0), Some(0.0), Some(0.02), None),
            (Some(0.1), Some(0.3), Some(0.02), Some("others used 30 % of the cores")),
            (Some(0.1), Some(0.0), Some(0.4), Some("others used meanwhile 40 % of the cores")),
            (Some(3.0), None, Some(0.0), Some("the load average is 3.00, more than 0.60")),
            (Some(3.0), Some(0.0), None, Some("the load average is 3.00, more than 0.60")),
            (None, None, None, None),
        ];
        for (load, others, meanwhile, wanted) in table {
            assert_eq!(busy(&machine, State { load, others }, meanwhile).as_deref(), wanted);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn ones_own_work_is_not_others() {
        let (watch, own, start) = (Watch::begin(), own_ticks().expect("told"), Instant::now());
        while own_ticks().expect("told") < own + 5 {
            assert!(start.elapsed() < Duration::from_secs(60), "work takes time");
        }
        let (part, all) = (watch.others().expect("told"), cores() as f64);
        assert!((0.0..=1.0).contains(&part) && all >= 1.0, "{part} of {all} cores");
    }
}
