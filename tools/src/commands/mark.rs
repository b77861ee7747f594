//! `scoped mark`: a name for a position.

use crate::args::cutoff;
use crate::cells::position;
use crate::failure::Failure;
use crate::open::{self, Acting};
use crate::output::{Facts, Output};
use scoped::temporal::{Cutoff, SetMark};
use std::path::PathBuf;

const EXAMPLES: &str = "\
A mark never moves. Wherever a CUTOFF is asked for, mark:NAME names its moment.

Examples:
  scoped mark notes v1
  scoped mark notes before-the-accident --at head~3";

/// What `scoped mark` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// The name: printable, without blanks
    name: String,
    /// Which moment it names [default: now]
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
    #[command(flatten)]
    acting: Acting,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let engine = open::write(&args.directory, output)?;
    let session = args.acting.session(&engine)?;
    let resolve = |cutoff: &Cutoff| engine.read(|moment| engine.history().resolve(cutoff, moment.world()));
    let at = args.at.as_ref().map(resolve).transpose()?;
    let receipt =
        session.execute(SetMark { name: args.name.clone(), position: at.map(scoped::Sequence::get) })?;
    let marked = at.unwrap_or(receipt.last);
    let value = serde_json::json!({
        "name": args.name, "position": marked.get(), "event": receipt.last.get(), "head": receipt.head.to_string(),
    });
    engine.close()?;
    output.show(&value, || {
        let facts = Facts::new().with("mark", &args.name).with("position", position(marked));
        facts.with("event", position(receipt.last)).into()
    })
}
