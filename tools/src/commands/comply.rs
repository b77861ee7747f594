//! `scoped comply`: does a log keep the ten invariants? A table, JSON, or a page.

use crate::cells::{count, position, quiet};
use crate::failure::{Exit, Failure};
use crate::open;
use crate::output::{Cell, Column, Facts, Output, Page, Table, Tone};
use anyhow::Context;
use scoped::compliance::{Options, Report, Secret};
use scoped::{Door, SystemDoor};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Every byte is verified, every batch is decided again at its moment by the same authorization, every right that was taken away is asked \
for, and the world that the log comes to is held against the ten invariants. Nothing is changed. Exit code 3 when one is violated.

Secrets that must not stand anywhere are given one a line, `NAME=VALUE`; only their names are ever shown.

Examples:
  scoped comply notes
  scoped comply notes --secrets vault.env --html compliance.html
  scoped comply notes --format json | jq '.invariants[] | {sentence, passed}'";

/// What `scoped comply` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// A file of secrets to look for, one a line: NAME=VALUE
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// Write the report as a page to this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Pairs of principal and object, and denies, that are tried at most
    #[arg(long, default_value_t = 10_000)]
    samples: usize,
    /// Rollbacks that are planned; each costs a replay of what came after
    #[arg(long, default_value_t = 8)]
    plans: usize,
    /// Violations and warnings to list for each check; more are only counted
    #[arg(long, default_value_t = 20)]
    findings: usize,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::check(&args.directory, output)?;
    let secrets = args.secrets.as_ref().map_or_else(|| Ok(Vec::new()), secrets)?;
    let options = Options {
        secrets,
        kept: args.findings,
        samples: args.samples,
        plans: args.plans,
        ..Options::default()
    };
    let bar = output.bar("checking", "events", None);
    let report = opened.history().compliance(&options, SystemDoor::default().now())?;
    drop(bar);
    if let Some(file) = &args.html {
        std::fs::write(file, report.html())
            .with_context(|| format!("the page cannot be written to {}", file.display()))?;
    }
    output.show(&report, || page(&report))?;
    if report.passed {
        return Ok(());
    }
    let failed = report.invariants.iter().find(|invariant| !invariant.passed);
    let what = failed.map_or_else(
        || "the engine could not operate on it".to_owned(),
        |it| format!("invariant {}, {}", it.number, it.sentence),
    );
    Err(Failure::new(
        Exit::Damage,
        "not_compliant",
        format!("{} of {} checks failed; the first: {what}", report.failed_count, report.total_checks),
    )
    .hint("nothing was changed; `--format json` has everything that was found"))
}

/// Lines of `NAME=VALUE`; empty ones and comments are left out. A value is never part of an error.
fn secrets(file: &PathBuf) -> Result<Vec<Secret>, Failure> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("the secrets cannot be read from {}", file.display()))?;
    let lines =
        text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|(nth, line)| {
            let place = || format!("{}, line {}", file.display(), nth + 1);
            let (name, value) = line
                .split_once('=')
                .ok_or_else(|| Failure::usage("a secret is a line NAME=VALUE").within(place()))?;
            Secret::new(name.trim(), value.trim().as_bytes())
                .map_err(|error| Failure::from(error).within(place()))
        })
        .collect()
}

fn verdict(passed: bool) -> Cell {
    if passed { Cell::new("pass").tone(Tone::Good) } else { Cell::new("FAIL").raw("fail").tone(Tone::Bad) }
}

fn page(report: &Report) -> Page {
    let facts = Facts::new()
        .with("verdict", verdict(report.passed))
        .with("checks", format!("{} of {} passed", report.passed_count, report.total_checks))
        .with("up to", position(scoped::Sequence::new(report.position)))
        .with("chain", quiet(&report.chain))
        .with("registry", format!("{} entries", report.registry.total_entries));
    let mut table = Table::new(&[
        Column::number("no"),
        Column::text("invariant"),
        Column::text("check"),
        Column::number("looked at"),
        Column::text("result"),
    ]);
    for it in &report.invariants {
        for (nth, check) in it.checks.iter().enumerate() {
            let (number, sentence) = if nth == 0 {
                (it.number.into(), it.sentence.into())
            } else {
                (Cell::default(), Cell::default())
            };
            table.push(vec![
                number,
                sentence,
                check.name.into(),
                count(check.looked_at),
                verdict(check.passed),
            ]);
        }
    }
    let page = Page::new().facts(facts).title("the ten invariants").table(table);
    let mut found = Table::new(&[Column::text("check"), Column::text("what"), Column::text("detail")]);
    for check in report.invariants.iter().flat_map(|it| &it.checks) {
        for line in &check.violations {
            found.push(vec![check.name.into(), Cell::new("violation").tone(Tone::Bad), line.as_str().into()]);
        }
        for line in &check.warnings {
            found.push(vec![
                check.name.into(),
                Cell::new("warning").tone(Tone::Caution),
                line.as_str().into(),
            ]);
        }
    }
    for (name, check) in report.health.checks.iter().filter(|(_, check)| !check.passed) {
        found.push(vec![
            name.as_str().into(),
            Cell::new("health").tone(Tone::Bad),
            check.detail.as_str().into(),
        ]);
    }
    if found.is_empty() { page } else { page.title("findings").table(found) }
}
