//! `scoped bench`: what this machine does, beside the floor measured in the same run.
//!
//! Why ratios: a bare figure tells as much about the disk as about the log. Each section measures its floor (the same
//! work with nothing around it) in turns with the real thing, and reports both. On a busy machine there are figures and
//! no verdict.
//!
//! ```text
//! commit   writers with many batches in flight    against hash + copy + write + sync in one bare loop
//! latency  one caller, one sync each              against bare write + sync
//! verify   a whole log                            against hashing its records in memory
//! open     a long log from snapshots, its past    seconds, against reading the snapshot
//! proofs   proofs, tiles, checkpoints, memory     µs, against the signature alone
//! replay   the same log, from record 1            events a second
//! check    authorization in a world               nanoseconds
//! decisions  one decision, as the grants grow     nanoseconds
//! read     objects as a principal                 against look-ups in a hash map
//! beside   reads while somebody writes            against reads while nobody does
//! growth   every operation, as the log grows      10⁴ to 10⁶ events; what grows with them is named
//! import   a real history, with and without sync  events a second
//! ```
//!
//! What measures the engine and its floor is public, so that others can be measured beside them (`benches/peers`).
//! All files lie in a directory of their own below the one that is named, removed at the end.

mod beside;
mod check;
pub mod commit;
pub mod conditions;
mod decisions;
pub mod drawn;
pub mod floor;
pub mod forest;
mod growth;
pub mod import;
mod latency;
pub mod load;
pub mod machine;
mod open;
pub mod peaks;
pub mod proofs;
pub mod read;
pub mod report;
pub mod show;
pub mod spread;
pub mod throwaway;
mod verify;
pub mod world;

use crate::failure::Failure;
use crate::output::Output;
use clap::ValueEnum;
use clap::builder::TypedValueParser as _;
use conditions::Conditions;
use machine::cores;
use report::{Measured, Report};
use std::path::PathBuf;
use throwaway::Throwaway;

/// When a receipt is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// After a sync that all who wait share.
    Synced,
    /// After a sync of its own.
    SyncedEach,
    /// After the write, before the sync.
    Buffered,
}

impl When {
    fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "synced",
            Self::SyncedEach => "synced-each",
            Self::Buffered => "buffered",
        }
    }
    fn durability(self) -> scoped::Durability {
        match self {
            Self::Synced => scoped::Durability::Synced,
            Self::SyncedEach => scoped::Durability::SyncedEach,
            Self::Buffered => {
                scoped::Durability::Buffered { sync_every: std::time::Duration::from_millis(100) }
            }
        }
    }
}

/// A part of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Section {
    /// Throughput of commits.
    Commit,
    /// One caller with a sync of its own.
    Latency,
    /// Verification.
    Verify,
    /// Opening a log, and going back in it; with --large one of ten million events, which takes minutes and 3 GB.
    Open,
    /// Proofs and checkpoints; with --large of ten million events, which takes minutes and 7 GB (4 with --payload 64).
    Proofs,
    /// Replay.
    Replay,
    /// Authorization.
    Check,
    /// Decisions, as the number of grants grows.
    Decisions,
    /// Reading objects.
    Read,
    /// Reading objects while somebody writes.
    Beside,
    /// Every operation, as the log grows; with --large to ten million events, which takes minutes and 8 GB.
    Growth,
    /// Import of a git history.
    Import,
}

/// What is to be measured, and how.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Where: the figures are those of its disk. Gets a directory of our own, which is removed
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
    /// Threads that write (as many as there are cores; more of them take the writer's time away)
    #[arg(long, default_value_t = cores(), value_parser = clap::value_parser!(u16).range(1..=1024).map(usize::from))]
    pub writers: usize,
    /// Commands in a batch
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=10_000).map(usize::from))]
    pub batch: usize,
    /// Batches that each writer keeps in flight
    #[arg(long, default_value_t = 1_024, value_parser = clap::value_parser!(u16).range(1..=65_535).map(usize::from))]
    pub window: usize,
    /// Bytes of data in a command
    #[arg(long, default_value_t = 200, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(32..=1_048_576).map(|bytes| bytes as usize))]
    pub payload: usize,
    /// When a receipt is given
    #[arg(long, value_enum, default_value_t = When::Synced)]
    pub durability: When,
    /// Seconds for each of `commit`, `latency` and `beside`, the floor's turns included
    #[arg(long, default_value_t = 4.0)]
    pub seconds: f64,
    /// A world of a million objects and ten thousand principals for `check` and `read` (takes a minute)
    #[arg(long)]
    pub large: bool,
    /// Measure only this; can be a list
    #[arg(long, value_enum, value_delimiter = ',')]
    pub only: Vec<Section>,
    /// The git history for `import` (default: the one that the project keeps, when it is here or above)
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
}

impl Args {
    fn wants(&self, section: Section) -> bool {
        self.only.is_empty() || self.only.contains(&section)
    }
}

/// Measures, and prints the report.
///
/// # Errors
/// As [`measure`]; or when standard output cannot be written.
pub fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let bar = output.bar("measuring", "sections", None);
    let mut begun = 0;
    let report = measure(args, &mut |what| {
        begun += 1;
        bar.set(begun);
        if output.verbose() {
            output.say(format!("measuring {what}"));
        }
    })?;
    drop(bar);
    if let Some(busy) = &report.conditions.busy {
        output
            .note(format!("the machine is busy ({busy}): these figures say little, and there is no verdict"));
    }
    if args.history.is_none() && args.wants(Section::Import) && report.measured.import.is_empty() {
        output.note("no git history to import: name one with --history");
    }
    output.show(&report, || show::page(&report))
}

/// Measures everything that is asked for; `telling` hears what comes next.
///
/// # Errors
/// When the directory cannot be written, or the engine refuses what it should not.
pub fn measure(args: &Args, telling: &mut dyn FnMut(&'static str)) -> anyhow::Result<Report> {
    let seconds = args.seconds;
    anyhow::ensure!((0.1..=3600.0).contains(&seconds), "--seconds takes 0.1 to 3600, not {seconds}");
    let directory = Throwaway::below(&args.directory)?;
    telling("the machine");
    let watched = Conditions::begin(&directory)?;
    let mut measured = Measured::default();
    if args.wants(Section::Latency) {
        telling("latency");
        measured.latency = Some(latency::measure(&directory, args)?);
    }
    if args.wants(Section::Commit) {
        telling("commit");
        measured.commit = Some(commit::measure(&directory, args)?);
    }
    if args.wants(Section::Verify) || args.wants(Section::Replay) {
        telling("verify and replay");
        (measured.verify, measured.replay) = verify::measure(&directory, args)?;
    }
    if args.wants(Section::Open) {
        telling("open");
        measured.open = Some(open::measure(&directory, args.large)?);
    }
    if args.wants(Section::Proofs) {
        telling("proofs");
        measured.proofs = Some(proofs::measure(&directory, args)?);
    }
    if args.wants(Section::Check) || args.wants(Section::Read) {
        telling("check and read");
        let (objects, principals) = if args.large { (1_000_000, 10_000) } else { (100_000, 1_000) };
        let size = world::Size { objects, principals, payload: args.payload };
        let world = world::World::build(&directory.sub("world"), size)?;
        if args.wants(Section::Check) {
            measured.check = Some(check::measure(&world)?);
        }
        if args.wants(Section::Read) {
            measured.read = Some(read::measure(&world)?);
        }
        drop(world);
        directory.clear("world");
    }
    if args.wants(Section::Decisions) {
        telling("decisions");
        measured.decisions = Some(decisions::measure(&directory.sub("forest"), args.large)?);
        directory.clear("forest");
    }
    if args.wants(Section::Beside) {
        telling("reads beside a writer");
        measured.beside = Some(beside::measure(&directory, args)?);
    }
    if args.wants(Section::Growth) {
        telling("growth");
        measured.growth = Some(growth::measure(&directory.sub("growth"), args.large)?);
        directory.clear("growth");
    }
    let history = args.history.clone().or_else(import::kept);
    if args.wants(Section::Import)
        && let Some(source) = history
    {
        telling("import");
        measured.import = import::measure(&directory, &source)?;
    }
    directory.remove()?;
    let conditions = watched.end();
    let verdicts = if conditions.busy.is_none() { measured.judge() } else { Vec::new() };
    Ok(Report { conditions, measured, verdicts })
}
