//! Import of a real history, with and without waiting for syncs.

use super::load::engine;
use super::report::Import;
use super::throwaway::Throwaway;
use super::verify::replay_rate;
use crate::import::git::import;
use scoped::{Durability, History};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the project keeps a history to be imported, below the directory it was cloned into.
const KEPT: &str = "tests/data/git-history/redis.history.gz";

/// The kept history, here or in a directory above.
#[must_use]
pub fn kept() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|above| above.join(KEPT)).find(|file| file.is_file())
}

pub(super) fn measure(directory: &Throwaway, source: &Path) -> anyhow::Result<Vec<Import>> {
    let buffered = Durability::Buffered { sync_every: Duration::from_millis(100) };
    let kinds = [("buffered", buffered), ("synced", Durability::Synced)];
    kinds.into_iter().map(|(name, durability)| one(directory, source, (name, durability))).collect()
}

fn one(
    directory: &Throwaway,
    source: &Path,
    (name, durability): (&'static str, Durability),
) -> anyhow::Result<Import> {
    let path = directory.sub("import");
    let open = engine(&path, durability)?;
    let operator = open.founder();
    let summary = import(&open, operator, source, Some("bench"), &mut |_| {})?;
    open.close()?;
    let replay_per_s = replay_rate(&History::open(&path)?.0)?;
    directory.clear("import");
    let history = source.file_name().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
    let (events, seconds) = (summary.events, summary.elapsed.as_secs_f64());
    let events_per_s = events as f64 / seconds;
    Ok(Import { history, durability: name, events, seconds, events_per_s, replay_per_s })
}
