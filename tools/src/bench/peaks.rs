//! The most memory that commands over a whole log hold, each run as a process of its own.
//!
//! Two figures: the largest resident set, in which pages of mapped files count as long as nobody else wants their place; and
//! what of it is the process's own. Empty where the system does not tell, or where this is another program than `scoped`.

use super::load::{data, engine, fill, worker};
use scoped::{Durability, objects};
use serde::Serialize;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Objects whose versions a log for `comply` is made of.
const WRITERS: usize = 64;

/// The most memory that a command ever held.
#[derive(Debug, Clone, Serialize)]
pub struct Peak {
    /// The command.
    pub command: &'static str,
    /// Its largest resident set, bytes.
    pub bytes: u64,
    /// Most of it that was its own, and no page of a file, bytes.
    pub own_bytes: u64,
    /// Its wall-clock seconds.
    pub seconds: f64,
}

/// Of the commands that know nothing of what an event means, on a log of so many events with its tiles; those are removed.
pub(super) fn below_the_engine(log: &Path, out: &Path, events: u64) -> Vec<Peak> {
    let (log, out, middle) = (log.to_string_lossy(), out.to_string_lossy(), (events / 2).to_string());
    let prove = ["prove", "inclusion", &log, &middle];
    let quick = peak("prove with tiles", &prove);
    // A child that fails is left out; what it needed says nothing.
    let _ = std::fs::remove_dir_all(Path::new(&*log).join("tree"));
    let lines: [(&'static str, &[&str]); 3] = [
        ("verify", &["verify", &log]),
        ("prove without tiles", &prove),
        ("salvage", &["salvage", &log, &out]),
    ];
    quick.into_iter().chain(lines.into_iter().filter_map(|(command, line)| peak(command, line))).collect()
}

/// Of `comply`, on a log of so many events that an engine wrote, and of reading its last world alone, to compare.
///
/// # Errors
/// When the log cannot be made.
pub(super) fn of_comply(log: &Path, events: u64, payload: usize) -> anyhow::Result<Vec<Peak>> {
    let engine = engine(log, Durability::Buffered { sync_every: Duration::from_secs(1) })?;
    for nth in 0..WRITERS as u64 {
        let (actor, objects) = worker(&engine, payload, nth as usize)?;
        let share = events / WRITERS as u64;
        let mut text = String::new();
        let updates = (0..share).map_while(|number| {
            let object = *objects.get(number as usize % objects.len())?;
            let data = data(payload, nth * share + number, &mut text).ok()?;
            Some(objects::Update { object, data, expected_version: None, reason: None }.into())
        });
        fill(&engine, actor, updates)?;
    }
    engine.close()?;
    let log = log.to_string_lossy();
    let lines: [(&'static str, &[&str]); 2] = [("replay", &["replay", &log]), ("comply", &["comply", &log])];
    Ok(lines.into_iter().filter_map(|(command, line)| peak(command, line)).collect())
}

fn peak(command: &'static str, line: &[&str]) -> Option<Peak> {
    let tool =
        std::env::current_exe().ok().filter(|tool| tool.file_stem().is_some_and(|name| name == "scoped"))?;
    let start = Instant::now();
    let mut child = Command::new(tool).args(line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    let status = format!("/proc/{}/status", child.id());
    let (mut bytes, mut own_bytes) = (0, 0);
    // The system forgets the figures with the process, so it is asked for them until then.
    let done = loop {
        if let Ok(text) = std::fs::read_to_string(&status) {
            bytes = field(&text, "VmHWM:").map_or(bytes, |now| bytes.max(now));
            own_bytes = field(&text, "RssAnon:").map_or(own_bytes, |now| own_bytes.max(now));
        }
        match child.try_wait() {
            Ok(Some(done)) => break done,
            Ok(None) => std::thread::sleep(Duration::from_millis(2)),
            Err(_) => return None,
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    (done.success() && bytes > 0).then_some(Peak { command, bytes, own_bytes, seconds })
}

/// A line of `/proc/PID/status`, in bytes.
fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}
