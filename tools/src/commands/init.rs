//! `scoped init`: a new log.

use crate::failure::Failure;
use crate::open;
use crate::output::{Output, Page};
use scoped::Options;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  scoped init notes
  scoped init notes --type note --type shop/order
  founder=$(scoped init notes --name Ada)";

/// What `scoped init` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Where; made if it is missing
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// What the first principal is called
    #[arg(long, default_value = "founder")]
    name: String,
    /// What sort of actor it is
    #[arg(long, default_value = "person")]
    kind: String,
    /// A type that objects may have; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let place = args.directory.display();
    if open::is_log(&args.directory)? {
        return Err(Failure::refused("exists", format!("a log is already in {place}"))
            .hint(format!("`scoped stats {place}` shows it; to begin another, choose an empty directory")));
    }
    let options = Options::default().founder_described(&args.kind, &args.name).types(&args.types);
    let engine = open::write_with(&args.directory, output, options)?;
    let founder = engine.founder();
    let log = scoped::ObjectId(engine.history().reader().log_id());
    engine.close()?;
    output.say(format!("a new log in {place}; its first principal, {} `{}`, is", args.kind, args.name));
    let value = serde_json::json!({
        "founder": founder, "name": args.name, "kind": args.kind, "log": log, "directory": place.to_string(),
    });
    output.show(&value, || Page::new().bare(founder))
}
