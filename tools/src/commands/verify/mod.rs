//! `scoped verify`: every sum of every byte. Needs no engine, and finds damage that an engine would not open.

mod report;
mod signed;
mod watch;

use crate::failure::{Exit, Failure};
use crate::open::check_directory;
use crate::output::Output;
use scoped::log::{FileStorage, Storage, VerifyOptions, verify};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

const EXAMPLES: &str = "\
Checked: the form, checksum, payload digest, leaf and chain of every record; batches, times and padding; both headers of every \
segment, footers and their digest of all bytes; how segments join. Nothing is changed. Exit code 3 when anything is wrong.

What no check of the files alone can find: a log cut at a batch and carried on, history rewritten with every sum redone, or an \
older copy put back whole. A signed checkpoint that was kept elsewhere shows all of them (--checkpoint), and so does a watcher that \
remembers what it saw (--watch).

Examples:
  scoped verify notes
  scoped verify notes --checkpoint notes.checkpoint --public keeper.pub
  scoped verify notes --watch --state notes.watch --interval 60
  scoped verify notes --watch --once --state notes.watch
  scoped verify notes --format json | jq .head";

/// What `scoped verify` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Threads to use [default: one a core]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    threads: usize,
    /// Findings to list; more are only counted
    #[arg(long, default_value_t = 100)]
    findings: usize,
    /// A checkpoint that the log has to extend; of several, they tell between which of them it was rewritten
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// Who has to have signed each of them, as a file or the key itself; one of several is enough
    #[arg(long, value_name = "PUBLIC", requires = "checkpoint")]
    public: Vec<String>,
    /// Keep watching: remember the head, and raise the alarm when the log does not extend it any more
    #[arg(long, requires = "state")]
    watch: bool,
    /// Where the watcher remembers; not in the log directory
    #[arg(long, value_name = "FILE", requires = "watch")]
    state: Option<PathBuf>,
    /// Seconds between two looks
    #[arg(long, default_value_t = 10, value_name = "SECONDS", requires = "watch")]
    interval: u64,
    /// Look once, for scripts
    #[arg(long, requires = "watch")]
    once: bool,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    check_directory(&args.directory)?;
    match &args.state {
        Some(state) if args.watch => watch::run(args, state, output),
        _ => check(args, output),
    }
}

/// Everything, once: every byte of the log, and every checkpoint.
fn check(args: &Args, output: &Output) -> Result<(), Failure> {
    let anchors = signed::read(&args.checkpoint, &args.public, output)?;
    let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(&args.directory));
    let options = VerifyOptions { threads: args.threads, findings_max: args.findings };
    let bar = output.bar("verifying", "bytes", None);
    let began = Instant::now();
    let report = verify(&storage, &options, &|progress| {
        bar.total(progress.total);
        bar.set(progress.bytes);
    })?;
    let took = began.elapsed();
    drop(bar);
    let anchored = signed::check(&args.directory, anchors, output)?;
    output.show(&report::answer(&report, took, &anchored), || report::page(&report, took, &anchored))?;
    report.notes.iter().for_each(|note| output.note(note));
    if !report.is_clean() {
        let findings = if report.findings_total == 1 {
            "1 finding".to_owned()
        } else {
            format!("{} findings", report.findings_total)
        };
        let first = report.first_bad().map_or_else(String::new, |finding| format!("; the first: {finding}"));
        return Err(Failure::new(Exit::Damage, "damaged", format!("{findings}{first}"))
            .hint("nothing was changed; restore the directory from a copy, or take out what is good with `scoped salvage`"));
    }
    signed::verdict(&anchored)
}
