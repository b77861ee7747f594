//! Kill -9, again and again in one directory: see `scoped_tests::crash` for what is looked at.

use scoped_tests::crash::{Mode, SmallDisk, Summary, Trial, supervise};
use std::io::Write;
use std::path::Path;

/// Kills until somebody was answered before that, segments have changed, and what the trial is about has been seen. A process may die before it comes to any of
/// it, all of them in a row: on a quick machine before it opens, and on a busy one too, where eight kills once came before the first word.
fn kill(kills: u64, mode: Mode, trial: Trial, seen: impl Fn(&Summary) -> bool) {
    let mut last = String::new();
    for round in 0..12 {
        let summary = kill_from(u64::from(std::process::id()) + round, kills, mode, trial);
        if summary.acknowledged > 0 && summary.segments > 1 && seen(&summary) {
            return;
        }
        last = summary.to_string();
    }
    panic!("never seen in twelve rounds; the last: {last}");
}

fn kill_from(seed: u64, kills: u64, mode: Mode, trial: Trial) -> Summary {
    let (worker, directory) = (Path::new(env!("CARGO_BIN_EXE_scoped-crash")), tempfile::tempdir().unwrap());
    let summary = supervise(worker, directory.path(), kills, seed, (mode, trial), &mut |_| ());
    let summary = summary.unwrap_or_else(|why| {
        let left = directory.keep();
        panic!("{why}; seed {seed}; what is left: {}", left.display())
    });
    assert!(summary.kills >= kills && summary.looks > 0, "{summary}");
    summary
}

#[test]
fn twenty_five_kills_lose_nothing_that_was_acknowledged_and_leave_no_batch_in_part() {
    kill(25, Mode::Synced, Trial::Kill, |_| true);
}

/// Without a sync the operating system still has what was written when the process dies.
#[test]
fn what_was_acknowledged_before_its_sync_survives_the_death_of_the_process() {
    kill(8, Mode::Buffered, Trial::Kill, |_| true);
}

/// A process that stands still (a debugger, a suspended machine) keeps its lock, and what it has written so far reads well.
#[test]
fn a_writer_that_is_stopped_keeps_others_out_and_can_be_read_beside() {
    kill(10, Mode::Synced, Trial::Stop, |summary| {
        assert_eq!(summary.stops, summary.kills, "{summary}");
        summary.kept_out > 0
    });
}

#[test]
fn of_two_processes_one_has_the_log_and_the_other_takes_over_when_it_is_killed() {
    kill(10, Mode::Synced, Trial::Fight, |summary| summary.kept_out > 0);
}

#[test]
fn whoever_reads_along_sees_whole_batches_and_all_that_was_acknowledged_while_the_writer_seals_and_is_killed()
{
    kill(10, Mode::Synced, Trial::Follow, |summary| summary.followed > 10);
}

/// Takes the right to mount a small file system. Where that is missing this says so beside the capture of the test runner, and fails if
/// `SCOPED_NO_SKIP` is set.
#[test]
fn a_writer_that_fills_the_disk_and_is_killed_there_loses_nothing() {
    let probe = tempfile::tempdir().unwrap();
    if let Err(why) = SmallDisk::mount(probe.path()) {
        let skipped =
            format!("SKIPPED: kills on a full disk: no small file system can be mounted here ({why})");
        assert!(std::env::var_os("SCOPED_NO_SKIP").is_none(), "{skipped}");
        writeln!(std::io::stderr(), "{skipped}").unwrap();
        return;
    }
    kill(20, Mode::Synced, Trial::Full, |summary| summary.full > 2);
}
