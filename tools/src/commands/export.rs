//! `scoped export`: the log as commands, one batch a line, or objects as a package.

use crate::args::cutoff;
use crate::failure::Failure;
use crate::open::{self, Tell};
use crate::output::Output;
use scoped::export::recall;
use scoped::log::Record;
use scoped::temporal::Cutoff;
use scoped::write_line;
use scoped::{History, Sequence};
use std::io::Write;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Refused attempts are no commands and are left out; so are idempotency keys, of which a log only knows the digest.

Examples:
  scoped export commands notes > notes.jsonl
  scoped export commands notes --at mark:v1 | scoped import commands copy -";

/// What `scoped export` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Every batch as one line of JSON on standard output
    Commands(Commands),
    /// Objects with all their versions, as a package on standard output
    Objects(super::package::Export),
}

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct Commands {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Only up to this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let args = match &args.what {
        What::Commands(args) => args,
        What::Objects(args) => return super::package::export(args, output),
    };
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let history = opened.history();
    let to = args.at.as_ref().map_or_else(|| Ok(history.head()), |cutoff| opened.resolve(cutoff))?;
    let bar = output.bar("exporting", "events", Some(to.get()));
    output.write(|out| {
        let mut batch: Vec<Record> = Vec::new();
        for record in history.reader().records(Sequence::new(1), to) {
            let record = record?;
            let (at, last) = (record.sequence(), record.batch_left() == 0);
            batch.push(record);
            if last {
                line(out, history, &batch)?;
                batch.clear();
                bar.set(at.get());
            }
        }
        // A cutoff inside a batch: what came up to there is exported, as it is what the world then held.
        line(out, history, &batch)
    })
}

fn line(out: &mut dyn Write, history: &History, records: &[Record]) -> Result<(), Failure> {
    if let (Some(first), Some(batch)) = (records.first(), recall(history, records)?) {
        out.write_all(write_line(&batch, first.sequence())?.as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
