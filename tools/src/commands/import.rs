//! `scoped import`: a git history, commands from a file, or a package of objects.

use crate::args::commands_table;
use crate::cells::{count, position, rate, seconds};
use crate::failure::Failure;
use crate::import::{commands, git};
use crate::open::{self, Acting};
use crate::output::{Facts, Output, Page};
use scoped::{Command, Durability, Engine, Options};
use std::path::PathBuf;
use std::time::Duration;

const GIT_EXAMPLES: &str = "\
SOURCE is a git repository (its mainline is read with git) or a file of `commit SHA UNIX_SECONDS AUTHOR` lines, each followed by \
`A|M|D<TAB>BLOB<TAB>PATH` lines, perhaps compressed with gzip. Each commit becomes one atomic batch and a mark named by its SHA. \
A log is made when DIR has none.

Examples:
  scoped import git notes ~/src/ripgrep
  scoped import git notes redis.history.gz --org redis
  scoped objects notes --at mark:SHA --fields path,blob --format tsv";

const COMMANDS_EXAMPLES: &str = "\
One batch a line, as `scoped export commands` writes them, or a single step:
  {\"as\":\"01HX…\",\"do\":\"objects.update\",\"with\":{\"object\":\"01HX…\",\"data\":{\"cpu\":8}}}
  {\"batch\":[{\"as\":\"…\",\"do\":\"…\",\"with\":{}}],\"key\":\"…\",\"valid_time\":1767323045000000}
  {\"batch\":[…],\"metadata\":{\"ip\":\"192.0.2.7\"}}          where it came from: an object of at most 32 keys and 4 KiB

All lines are read, then all are tried on a copy of the world, and only then are they carried out: a file with a mistake changes \
nothing. A line holds at most 32 MiB. When DIR has no log, the first line has to be `identity.found`, and the log begins with it.

Examples:
  scoped export commands notes | scoped import commands copy -
  scoped import commands notes changes.jsonl
  scoped import commands --list";

/// Longest time between two syncs when receipts do not wait for them.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// What `scoped import` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// A git history: files become objects, folders scopes, authors principals, commits batches
    Git(Git),
    /// Commands, one batch a line
    Commands(Commands),
    /// Objects with all their versions, from a package
    Package(super::package::Import),
}

#[derive(Debug, clap::Args)]
#[command(after_help = GIT_EXAMPLES)]
struct Git {
    /// The log directory; made if there is none
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// A git repository, or a history file
    source: PathBuf,
    /// Name of the root scope, org:NAME [default: the source's name]
    #[arg(long, value_name = "NAME")]
    org: Option<String>,
    /// Do not wait for the disk batch by batch, only at the end
    #[arg(long)]
    no_sync: bool,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Debug, clap::Args)]
#[command(after_help = COMMANDS_EXAMPLES)]
struct Commands {
    /// The log directory
    #[arg(value_name = "DIR", required_unless_present = "list")]
    directory: Option<PathBuf>,
    /// The commands; `-` is standard input
    #[arg(required_unless_present = "list")]
    file: Option<PathBuf>,
    /// Do not wait for the disk batch by batch, only at the end
    #[arg(long)]
    no_sync: bool,
    /// Name all commands instead, with the fields that they take
    #[arg(long, conflicts_with_all = ["directory", "file", "no_sync"])]
    list: bool,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    match &args.what {
        What::Git(args) => run_git(args, output),
        What::Commands(args) => run_commands(args, output),
        What::Package(args) => super::package::import(args, output),
    }
}

fn options(no_sync: bool) -> Options {
    let durability =
        if no_sync { Durability::Buffered { sync_every: SYNC_EVERY } } else { Durability::Synced };
    Options::default().durability(durability)
}

fn run_git(args: &Git, output: &Output) -> Result<(), Failure> {
    // A source that cannot be read leaves no empty log behind.
    drop(crate::git::open(&args.source)?);
    let engine = open::write_with(&args.directory, output, options(args.no_sync))?;
    let operator = args.acting.session(&engine)?.actor();
    let bar = output.bar("importing", "events", None);
    let imported = git::import(&engine, operator, &args.source, args.org.as_deref(), &mut |progress| {
        progress.total.into_iter().for_each(|total| bar.total(total));
        bar.set(progress.done);
    });
    drop(bar);
    // What was taken in before an error is in the log, whole commits only.
    let closed = close(engine);
    let summary = imported?;
    closed?;
    let speed = rate(summary.events, summary.elapsed.as_secs_f64());
    let value = serde_json::json!({
        "scope": summary.org,
        "commits": summary.commits,
        "changes": summary.changes,
        "events": summary.events,
        "seconds": seconds(summary.elapsed),
        "events_per_second": speed,
    });
    output.show(&value, || {
        Facts::new()
            .with("scope", &summary.org)
            .with("commits", count(summary.commits))
            .with("changes", count(summary.changes))
            .with("events", count(summary.events))
            .with("seconds", format!("{:.3}", summary.elapsed.as_secs_f64()))
            .with("events/s", count(speed))
            .into()
    })
}

fn run_commands(args: &Commands, output: &Output) -> Result<(), Failure> {
    let (Some(directory), Some(file)) = (&args.directory, &args.file) else {
        let names: Vec<_> = Command::all()
            .into_iter()
            .map(|(name, about)| {
                serde_json::json!({ "command": name, "with": Command::fields(name), "does": about.trim() })
            })
            .collect();
        return output.show(&names, || Page::from(commands_table()));
    };
    let lines = commands::read(file)?;
    let bar = output.bar("importing", "batches", Some(lines.len() as u64));
    let done = commands::import(directory, lines, options(args.no_sync), output, &bar)?;
    drop(bar);
    let speed = rate(done.events, done.elapsed.as_secs_f64());
    let value = serde_json::json!({
        "batches": done.batches,
        "repeated": done.repeated,
        "steps": done.steps,
        "events": done.events,
        "first": done.first.get(),
        "last": done.last.get(),
        "head": done.head.to_string(),
        "seconds": seconds(done.elapsed),
        "events_per_second": speed,
    });
    output.show(&value, || {
        let mut facts = Facts::new().with("batches", count(done.batches)).with("steps", count(done.steps));
        if done.repeated > 0 {
            facts.push("carried out before", count(done.repeated));
        }
        facts
            .with("events", count(done.events))
            .with("last event", position(done.last))
            .with("seconds", format!("{:.3}", done.elapsed.as_secs_f64()))
            .with("events/s", count(speed))
            .into()
    })
}

fn close(engine: Engine) -> Result<(), Failure> {
    engine.sync()?;
    Ok(engine.close()?)
}
