//! `scoped sweep`: what has run out is closed, by events.

use crate::cells::count;
use crate::failure::Failure;
use crate::open::{self, Acting};
use crate::output::{Facts, Output, Page};
use scoped::tenancy::Swept;
use serde::Serialize;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Memberships and entries of access lists stop counting the moment they run out; a sweep closes them for history, and tombstones records past the \
greatest age that their scope's policy keeps. Operators only. What lies in a frozen scope stays.

Examples:
  scoped sweep notes --dry-run
  scoped sweep notes --as ops";

/// What `scoped sweep` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Show what is due, and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Serialize)]
struct Answer {
    dry_run: bool,
    #[serde(flatten)]
    swept: Swept,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let engine = open::write(&args.directory, output)?;
    let session = args.acting.session(&engine)?;
    let swept = if args.dry_run { engine.read(|moment| moment.due()) } else { session.sweep()? };
    drop(session);
    engine.close()?;
    let answer = Answer { dry_run: args.dry_run, swept };
    output.show(&answer, || {
        let Swept { members, entries, objects } = answer.swept;
        let facts = Facts::new()
            .with("memberships", count(members))
            .with("entries of lists", count(entries))
            .with("records past their age", count(objects));
        Page::new().title(if answer.dry_run { "due" } else { "closed" }).facts(facts)
    })
}
