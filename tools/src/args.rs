//! The command line: what holds for all commands, and how a run begins and ends.

use crate::commands::Command;
use crate::failure::{Exit, Failure};
use crate::output::{Cell, ColourChoice, Column, Facts, Format, Output, Page, Table, Tone};
use clap::{CommandFactory, Parser, error::ErrorKind};
use scoped::temporal::Cutoff;
use scoped::{Command as Order, Sequence};
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

const EXAMPLES: &str = "\
CUTOFF names a moment of the log:
  '#12' or 12            after that event
  2026-01-02T03:04:05Z   after the last event not after that time
  mark:NAME              where that mark stands
  01HX3ZQ6J5M8K9N0P1…    after the event with that id
  head, head~3           after the last event, or three before it

Exit codes: 0 fine, 1 refused or not found, 2 usage, 3 damage found.

Examples:
  scoped init notes
  scoped import git notes ~/src/ripgrep
  scoped log notes --since head~20
  scoped objects notes --at mark:SHA --fields path,blob --format tsv
  scoped can notes --actor ada --object path:src/main.rs --capability write
  scoped rollback notes --to head~5 --dry-run
  scoped verify notes";

/// Replay, audit, import, roll back and measure event logs, offline, on a log directory.
///
/// Reading takes no lock, needs no principal and changes no byte of the directory. Writing takes the lock and acts as
/// `--as PRINCIPAL`.
#[derive(Debug, Parser)]
#[command(name = "scoped", disable_version_flag = true, arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// The shape of the answer
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT", help_heading = "Output")]
    format: Format,
    /// When to use colours (auto: on a terminal, unless NO_COLOR is set)
    #[arg(
        long,
        alias = "color",
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        help_heading = "Output"
    )]
    colour: ColourChoice,
    /// Say more
    #[arg(long, short, global = true, help_heading = "Output")]
    verbose: bool,
    /// Print the version (with --verbose: also commands and kinds of events)
    #[arg(long, short = 'V')]
    version: bool,
    #[command(flatten)]
    keys: crate::keys::KeyOptions,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Runs the tool on the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(misread(&error, &arguments).code()),
    };
    crate::keys::remember(&cli.keys);
    let output = Output::new(cli.format, cli.colour, cli.verbose);
    let result = match &cli.command {
        _ if cli.version => version(&output),
        Some(command) => command.run(&output),
        None => Err(Failure::usage("what to do?").hint("`scoped --help` lists the commands")),
    };
    ExitCode::from(output.conclude(result).code())
}

/// Help that was asked for, or arguments that make no sense.
fn misread(error: &clap::Error, arguments: &[OsString]) -> Exit {
    let printed = error.print();
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if asked {
        // Help is an answer like any other: a reader that has seen enough is no error, a full disk is.
        let output = Output::new(Format::Table, ColourChoice::default(), false);
        return output.conclude(printed.map_err(Failure::from));
    }
    // Nothing more can be told when the stream for it is gone.
    let json = arguments.iter().any(|a| a == "--format=json")
        || arguments.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json");
    if json {
        let text = error.render().to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let _ = writeln!(std::io::stderr().lock(), "{}", Failure::usage(message).to_json());
    }
    Exit::Usage
}

/// What this build knows beyond what every engine does.
const FEATURES: &[&str] = match (cfg!(feature = "cel"), cfg!(feature = "json-schema")) {
    (true, true) => &["cel", "json-schema"],
    (true, false) => &["cel"],
    (false, true) => &["json-schema"],
    (false, false) => &[],
};

fn version(output: &Output) -> Result<(), Failure> {
    let number = env!("CARGO_PKG_VERSION");
    let kinds = || scoped::projections::DOMAINS.iter().flat_map(|(_, _, kinds)| kinds.iter());
    let fold = scoped::projections::world::FOLD_VERSION;
    if !output.verbose() {
        let value = serde_json::json!({ "version": number });
        return output.show(&value, || Page::new().bare(format!("scoped {number}")));
    }
    let value = serde_json::json!({
        "version": number,
        "fold_version": fold,
        "features": FEATURES,
        "commands": Order::all().iter().map(|(name, _)| name).collect::<Vec<_>>(),
        "kinds": kinds().map(|kind| serde_json::json!({"kind": kind.kind, "version": kind.version, "name": kind.name, "about": kind.about})).collect::<Vec<_>>(),
    });
    output.show(&value, || {
        let facts = Facts::new().with("scoped", number).with("fold version", fold);
        let facts = facts.with("features", FEATURES.join(" "));
        let mut table = Table::new(&[
            Column::number("kind"),
            Column::number("version"),
            Column::text("name"),
            Column::text("about"),
        ]);
        for kind in kinds() {
            let about = Cell::new(kind.about.trim());
            table.push(vec![
                format!("{:#06x}", kind.kind).into(),
                kind.version.into(),
                kind.name.into(),
                about,
            ]);
        }
        Page::new()
            .facts(facts)
            .title("kinds of events")
            .table(table)
            .title("commands")
            .table(commands_table())
    })
}

/// All commands that can be imported, with a line about each.
pub(crate) fn commands_table() -> Table {
    let mut table = Table::new(&[Column::text("command"), Column::text("with"), Column::text("does")]);
    for (name, about) in Order::all() {
        let fields = Order::fields(name).unwrap_or_default().join(" ");
        table.push(vec![name.into(), Cell::new(fields).tone(Tone::Dim), about.trim().into()]);
    }
    table
}

/// A cutoff, in the engine's spelling or as a bare position.
pub(crate) fn cutoff(text: &str) -> Result<Cutoff, String> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && text.len() < 20 {
        return text
            .parse()
            .map(|n| Cutoff::At(Sequence::new(n)))
            .map_err(|_| format!("`{text}` is no position"));
    }
    text.parse().map_err(|error: scoped::temporal::CutoffError| error.to_string())
}

/// The whole command line, for completions.
pub(crate) fn command_line() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command_line().debug_assert();
    }

    #[test]
    fn a_bare_number_is_a_position() {
        assert_eq!(super::cutoff("12").unwrap(), super::cutoff("#12").unwrap());
        assert!(super::cutoff("yesterday").is_err());
        assert!(super::cutoff("").is_err());
    }
}
