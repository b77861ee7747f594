//! `scoped config`: what holds in a scope, and where it comes from.

use crate::args::cutoff;
use crate::cells::time;
use crate::failure::Failure;
use crate::names::{Names, parse_scope};
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Output, Page, Table, Tone};
use scoped::ScopeRef;
use scoped::config::{Resolved, SettingChangeInfo};
use scoped::temporal::Cutoff;
use serde::Serialize;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Without a KEY all that holds in the scope is listed; with one its value, and the life of the setting that it comes from.

Examples:
  scoped config notes --scope org:acme/ws:docs
  scoped config notes --scope org:acme/ws:docs retention --at mark:v1";

/// What `scoped config` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Only this key
    #[arg(value_name = "KEY")]
    key: Option<String>,
    /// What holds here: a path, or an id
    #[arg(long, value_name = "SCOPE", value_parser = parse_scope)]
    scope: ScopeRef,
    /// As of this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
}

#[derive(Serialize)]
struct One {
    #[serde(flatten)]
    resolved: Resolved,
    history: Vec<SettingChangeInfo>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, args.at.as_ref())?;
    let (moment, names) = (scene.moment(), scene.names()?);
    let Some(key) = &args.key else {
        let found: Vec<Resolved> = moment.resolve_settings(&args.scope)?.into_values().collect();
        return output.show(&found, || list(&found).into());
    };
    let Some(resolved) = moment.resolve_setting(&args.scope, key)? else {
        let message =
            format!("`{key}` is set neither in `{}` nor above it at {}", args.scope, scene.position());
        return Err(
            Failure::refused("not_found", message).hint("without a key everything that holds is listed")
        );
    };
    let history = moment.setting_history(&ScopeRef::Id(resolved.source), key)?;
    let one = One { resolved, history };
    output.show(&one, || {
        let found = list(std::slice::from_ref(&one.resolved));
        Page::new()
            .table(found)
            .title(format!("in {}", one.resolved.source_label))
            .table(life(&one.history, &names))
    })
}

fn list(found: &[Resolved]) -> Table {
    let columns = [
        Column::text("key"),
        Column::text("value"),
        Column::text("from"),
        Column::text(""),
        Column::hidden("source"),
    ];
    let mut table = Table::new(&columns);
    for one in found {
        let note = match (one.locked, one.inherited) {
            (true, _) => "locked",
            (false, true) => "inherited",
            (false, false) => "",
        };
        table.push(vec![
            Cell::new(&one.key).tone(Tone::Accent),
            Cell::new(&one.value),
            one.source_label.as_str().into(),
            Cell::new(note).tone(Tone::Dim),
            one.source.into(),
        ]);
    }
    table
}

fn life(history: &[SettingChangeInfo], names: &Names) -> Table {
    let columns = [
        Column::number("version"),
        Column::number("event"),
        Column::text("time"),
        Column::text("who"),
        Column::text("value"),
    ];
    let mut table = Table::new(&columns);
    for step in history {
        let value = step.value.as_ref().map_or_else(|| Cell::new("deleted").tone(Tone::Caution), Cell::new);
        table.push(vec![
            step.version.into(),
            Cell::new(format!("#{}", step.at)).raw(step.at).tone(Tone::Accent),
            time(step.time),
            Cell::new(names.label(step.by)).raw(step.by),
            value,
        ]);
    }
    table
}
