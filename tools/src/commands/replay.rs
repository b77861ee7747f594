//! `scoped replay`: the world from record 1, never from a snapshot.

use crate::args::cutoff;
use crate::cells::{count, position, quiet, rate, seconds};
use crate::failure::Failure;
use crate::open::{self, Tell};
use crate::output::{Cell, Facts, Output};
use scoped::temporal::Cutoff;
use std::path::PathBuf;
use std::time::Instant;

const EXAMPLES: &str = "\
The state digest is the same wherever the same log is folded; the content digest is the same wherever the same things are \
true, whatever their positions: compare it after `scoped export commands` and `scoped import commands`.

Examples:
  scoped replay notes
  scoped replay notes --at head~100";

/// What `scoped replay` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Stop at this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Everything)?;
    let history = opened.history();
    let to = args.at.as_ref().map_or_else(|| Ok(history.head()), |cutoff| opened.resolve(cutoff))?;
    let bar = output.bar("replaying", "events", Some(to.get()));
    let began = Instant::now();
    let world = history.replay(to, &mut |at| bar.set(at.get()))?;
    let took = began.elapsed();
    drop(bar);
    let (state, content) = (world.state_digest(), world.content_digest());
    let speed = rate(to.get(), took.as_secs_f64());
    let value = serde_json::json!({
        "events": to.get(),
        "seconds": seconds(took),
        "events_per_second": speed,
        "state_digest": state.to_string(),
        "content_digest": content.to_string(),
    });
    output.show(&value, || {
        Facts::new()
            .with("events", count(to.get()))
            .with("up to", position(to))
            .with("seconds", format!("{:.3}", took.as_secs_f64()))
            .with("events/s", count(speed))
            .with("state digest", Cell::new(state))
            .with("content digest", quiet(content))
            .into()
    })
}
