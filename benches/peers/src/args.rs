//! The command line.

use crate::plots;
use crate::run;
use crate::show;
use anyhow::Context;
use clap::Parser;
use scoped_tools::bench::report::Verdict;
use scoped_tools::output::{ColourChoice, Format, Output};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// Measures Scoped and others at the same work, in turns on the disk of DIR.
#[derive(Debug, Parser)]
#[command(arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    run: run::Args,
    /// Writes what was found as JSON, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draws throughput over batch size, writers, payload and length of the log instead, one SVG each
    #[arg(long, value_name = "INTO", conflicts_with_all = ["only", "python", "no_python", "history"])]
    plots: Option<PathBuf>,
}

impl Cli {
    /// Writes it as JSON, if that was asked for.
    fn keep(&self, found: &impl Serialize) -> anyhow::Result<()> {
        let Some(file) = &self.json else { return Ok(()) };
        write(file, &serde_json::to_string_pretty(found)?)
    }
}

/// Writes a file, and names it when that fails.
pub fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(file, text).with_context(|| format!("writing `{}`", file.display()))
}

/// Runs what the process's arguments ask for.
pub fn main() -> ExitCode {
    let output = Output::new(Format::Table, ColourChoice::default(), true);
    match act(&Cli::parse(), &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.say(format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn act(cli: &Cli, output: &Output) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut telling = |what: &str| output.say(format!("{:>4.0} s  {what}", begun.elapsed().as_secs_f64()));
    if let Some(into) = &cli.plots {
        let found = plots::draw(&cli.run.directory, into, cli.run.quick, &mut telling)?;
        cli.keep(&found)?;
        for file in &found.files {
            output.say(format!("drawn: {}", file.display()));
        }
        hint(output, found.conditions.busy.as_deref(), &[]);
        return Ok(());
    }
    let report = run::measure(&cli.run, &mut telling)?;
    cli.keep(&report)?;
    output.text(&show::page(&report)).map_err(|failure| anyhow::anyhow!("{failure}"))?;
    hint(output, report.conditions.busy.as_deref(), &report.verdicts);
    Ok(())
}

/// Says why there is no verdict, and which goals were missed.
fn hint(output: &Output, busy: Option<&str>, verdicts: &[Verdict]) {
    if let Some(busy) = busy {
        output
            .note(format!("the machine is busy ({busy}): these figures say little, and there is no verdict"));
    }
    let missed = verdicts.iter().filter(|verdict| !verdict.met).count();
    if missed > 0 {
        output.note(format!("{missed} of {} goals missed", verdicts.len()));
    }
}
