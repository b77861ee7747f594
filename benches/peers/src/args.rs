//! The command line.

use crate::plots;
use crate::run;
use crate::show;
use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use scoped_tools::bench::report::Verdict;
use scoped_tools::output::{ColourChoice, Format, Output};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Measures Scoped and others at the same work, in turns on the disk of DIR.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    run: Option<run::Args>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Draws throughput over batch size, writers, payload and length of the log
    Plots(plots::Args),
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Where: the figures are those of its disk. Gets a directory of our own, which is removed
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
    /// A run of a minute that shows that everything works; its figures say little
    #[arg(long)]
    pub quick: bool,
    /// Writes what was found as JSON, too
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

impl Common {
    /// Writes it, if that was asked for.
    fn write(&self, found: &impl Serialize) -> anyhow::Result<()> {
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
    let mut telling = |what: &str| output.say(format!("measuring {what}"));
    match (&cli.command, &cli.run) {
        (Some(Command::Plots(args)), _) => {
            let found = plots::run(args, &mut telling)?;
            args.common.write(&found)?;
            for file in &found.files {
                output.say(format!("drawn: {}", file.display()));
            }
            hint(output, found.busy.as_deref(), &[]);
            Ok(())
        }
        (None, Some(args)) => {
            let report = run::measure(args, &mut telling)?;
            args.common.write(&report)?;
            output.text(&show::page(&report)).map_err(|failure| anyhow::anyhow!("{failure}"))?;
            hint(output, report.busy.as_deref(), &report.verdicts);
            Ok(())
        }
        (None, None) => anyhow::bail!("name a directory on the disk that is to be measured"),
    }
}

/// Says why there is no verdict, and which goals were missed.
fn hint(output: &Output, busy: Option<&str>, verdicts: &[Verdict]) {
    if let Some(busy) = busy {
        output.note(format!("the machine is busy ({busy}): these figures say little, and there is no verdict"));
    }
    let missed = verdicts.iter().filter(|verdict| !verdict.met).count();
    if missed > 0 {
        output.note(format!("{missed} of {} goals missed", verdicts.len()));
    }
}
