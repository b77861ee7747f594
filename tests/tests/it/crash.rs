//! Kill -9, again and again in one directory: see `scoped_tests::crash` for what is looked at.

use scoped_tests::crash::{Mode, supervise};
use std::path::Path;

fn kill(kills: u64, mode: Mode) {
    let (worker, directory) = (Path::new(env!("CARGO_BIN_EXE_scoped-crash")), tempfile::tempdir().unwrap());
    let seed = u64::from(std::process::id());
    let summary = supervise(worker, directory.path(), kills, seed, mode, &mut |_| ());
    let summary = summary.unwrap_or_else(|why| {
        let left = directory.keep();
        panic!("{why}; seed {seed}; what is left: {}", left.display())
    });
    assert!(summary.kills >= kills && summary.looks > 0, "{summary}");
    assert!(summary.acknowledged > 0, "somebody was answered before being killed: {summary}");
    assert!(summary.segments > 1, "segments changed: {summary}");
}

#[test]
fn twenty_five_kills_lose_nothing_that_was_acknowledged_and_leave_no_batch_in_part() {
    kill(25, Mode::Synced);
}

/// Without a sync the operating system still has what was written when the process dies.
#[test]
fn what_was_acknowledged_before_its_sync_survives_the_death_of_the_process() {
    kill(8, Mode::Buffered);
}
