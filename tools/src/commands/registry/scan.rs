//! `scoped registry scan`: what is declared or used and has no entry in use.

use super::lifecycle;
use crate::args::cutoff;
use crate::failure::{Exit, Failure};
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Facts, Output, Page, Table, Tone};
use scoped::registry::{Declaration, Scan, ScanReport, Scanned};
use scoped::temporal::Cutoff;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Used are the types of live objects, and those that contracts, templates and rules speak of. What the code of an application declares is \
not in the log: the application writes it to a file, a JSON array of `{\"target\", \"urn\"}` (in Rust: `Construct::declaration`), which \
--declared takes. An entry counts while it is ACTIVE or DEPRECATED. Names that begin with `_` are left out.

Exit codes: 0 compliant, 1 something is unregistered or the log cannot be asked, 2 usage, 3 damage found.

Examples:
  scoped registry scan notes
  scoped registry scan notes --declared shop.json --within shop::billing
  scoped registry scan notes --skip legacy --format json";

/// Largest file of declarations, in bytes.
const DECLARED_BYTES_MAX: u64 = 64 << 20;

/// What `scoped registry scan` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// What the application declares, from this file
    #[arg(long, value_name = "FILE")]
    declared: Vec<PathBuf>,
    /// Only this module or namespace, and what is below it; may be given several times
    #[arg(long, value_name = "MODULE")]
    within: Vec<String>,
    /// Without this name; may be given several times
    #[arg(long, value_name = "NAME")]
    skip: Vec<String>,
    /// As of this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let declared: Vec<Vec<Declaration>> =
        args.declared.iter().map(|file| declarations(file)).collect::<Result<_, _>>()?;
    let scan = Scan::of_declarations(declared.concat());
    let scan = args.within.iter().fold(scan, Scan::within);
    let scan = args.skip.iter().fold(scan, Scan::skipping);
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let report = opened.scene(output, args.at.as_ref())?.moment().registry_scan(&scan);
    output.show(&report, || page(&report))?;
    if report.compliant { Ok(()) } else { Err(Failure::silent(Exit::Refused)) }
}

fn declarations(file: &Path) -> Result<Vec<Declaration>, Failure> {
    let about = |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", file.display()));
    let size = std::fs::metadata(file).map_err(|error| about(&error))?.len();
    if size > DECLARED_BYTES_MAX {
        return Err(about(&format!("more than {} MiB are no declarations", DECLARED_BYTES_MAX >> 20)));
    }
    let text = std::fs::read(file).map_err(|error| about(&error))?;
    let hint = "a JSON array of declarations, each with `target` and `urn`";
    serde_json::from_slice(&text).map_err(|error| about(&error).hint(hint))
}

fn page(report: &ScanReport) -> Page {
    let verdict = match report.compliant {
        true => Cell::new("yes").tone(Tone::Good),
        false => Cell::new("no").tone(Tone::Bad),
    };
    let facts = Facts::new()
        .with("compliant", verdict)
        .with("coverage", percent(report.coverage))
        .with("registered", report.registered.len())
        .with("unregistered", report.unregistered.len())
        .with("skipped", report.skipped.len());
    let mut modules = Table::new(&[
        Column::text("module"),
        Column::number("registered"),
        Column::number("unregistered"),
        Column::number("coverage"),
    ]);
    for module in &report.modules {
        modules.push(vec![
            module.module.as_str().into(),
            module.registered.into(),
            module.unregistered.into(),
            percent(module.coverage),
        ]);
    }
    let mut names = Table::new(&[
        Column::text("state"),
        Column::text("name"),
        Column::text("lifecycle"),
        Column::text("met in"),
        Column::text("entry"),
    ]);
    let states = [
        ("unregistered", Tone::Bad, &report.unregistered),
        ("registered", Tone::Good, &report.registered),
        ("skipped", Tone::Dim, &report.skipped),
    ];
    for (state, tone, found) in states {
        found.iter().for_each(|found| names.push(row(Cell::new(state).tone(tone), found)));
    }
    Page::new().facts(facts).title("modules").table(modules).title("names").table(names)
}

fn row(state: Cell, found: &Scanned) -> Vec<Cell> {
    vec![
        state,
        Cell::new(&found.name).tone(Tone::Accent),
        found.lifecycle.map_or_else(|| Cell::new("not there").tone(Tone::Dim), lifecycle),
        found.met_in.join(" ").into(),
        found.urn.as_ref().map(Cell::new).unwrap_or_default(),
    ]
}

/// Rounded down: all but one of a thousand is not all.
fn percent(share: f64) -> Cell {
    format!("{:.1} %", (share * 1_000.0).floor() / 10.0).into()
}
