//! `scoped registry`: what is registered, one entry with its history, or what should be registered and is not.

mod scan;

use crate::args::cutoff;
use crate::cells::{position, quiet, time};
use crate::failure::Failure;
use crate::names::Names;
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Facts, Output, Page, Table, Tone};
use scoped::registry::{Entry, EntryChange, EntryInfo, Kind, Lifecycle, Query, RegistrationRef};
use scoped::temporal::{Cutoff, format_time};
use scoped::{Moment, Sequence};
use serde::Serialize;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Without --made, --kind or --namespace the list holds what was registered by command: types, functions and other constructs. Archived \
entries are shown with --archived, or by --lifecycle ARCHIVED.

Examples:
  scoped registry notes
  scoped registry notes --kind MODEL --tag billing
  scoped registry notes --made --at mark:v1
  scoped registry notes scoped:MODEL:app:limits:1
  scoped registry notes --kind PRINCIPAL --format tsv
  scoped registry scan notes";

/// What `scoped registry` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    more: Option<More>,
    /// The log directory
    #[arg(value_name = "DIR", required = true)]
    directory: Option<PathBuf>,
    /// One entry, in detail: a URN, or an id
    #[arg(value_name = "ENTRY", value_parser = parse_entry, conflicts_with_all = FILTERS)]
    entry: Option<RegistrationRef>,
    /// Of this kind: MODEL, FUNCTION, PRINCIPAL …
    #[arg(long)]
    kind: Option<Kind>,
    /// In this namespace
    #[arg(long)]
    namespace: Option<String>,
    /// Of this name
    #[arg(long)]
    name: Option<String>,
    /// With this tag; may be given several times, and all have to be there
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// At this point of their lives: DRAFT, ACTIVE, DEPRECATED, ARCHIVED
    #[arg(long)]
    lifecycle: Option<Lifecycle>,
    /// Also what is registered by being made: principals, scopes …
    #[arg(long)]
    made: bool,
    /// Also archived entries
    #[arg(long)]
    archived: bool,
    /// As of this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
}

/// What else can be asked of the registry.
#[derive(Debug, clap::Subcommand)]
enum More {
    /// What is declared or used and has no entry in use (exit code 0: nothing, 1: something)
    Scan(scan::Args),
}

const FILTERS: [&str; 7] = ["kind", "namespace", "name", "tags", "lifecycle", "made", "archived"];

fn parse_entry(text: &str) -> Result<RegistrationRef, String> {
    text.parse()
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    info: EntryInfo,
    registered_by_name: String,
}

#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    entry: Entry,
    registered_by_name: String,
    history: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    #[serde(flatten)]
    change: EntryChange,
    time_text: String,
    by_name: String,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    if let Some(More::Scan(args)) = &args.more {
        return scan::run(args, output);
    }
    let directory = args.directory.as_deref().ok_or_else(|| Failure::usage("which log directory?"))?;
    let opened = open::read(directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, args.at.as_ref())?;
    let (moment, names) = (scene.moment(), scene.names()?);
    if let Some(entry) = &args.entry {
        return detail(&moment, &names, entry, output);
    }
    let everything = args.made || args.kind.is_some() || args.namespace.is_some();
    let mut found = moment.registry(&args.query())?;
    found.retain(|info| everything || info.registration.is_some());
    found.retain(|info| args.archived || args.lifecycle.is_some() || info.lifecycle != Lifecycle::Archived);
    let row = |info: EntryInfo| Row { registered_by_name: names.label(info.registered_by), info };
    let rows: Vec<Row> = found.into_iter().map(row).collect();
    if moment.world().registry().is_frozen() {
        output.note("the registry is frozen");
    }
    output.show(&rows, || list(&rows))
}

impl Args {
    fn query(&self) -> Query {
        Query {
            kind: self.kind.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            tags: self.tags.clone(),
            lifecycle: self.lifecycle,
        }
    }
}

fn list(rows: &[Row]) -> Page {
    let mut table = Table::new(&[
        Column::text("entry"),
        Column::text("lifecycle"),
        Column::number("changes"),
        Column::text("tags"),
        Column::number("event"),
        Column::text("registered"),
        Column::text("by"),
        Column::hidden("id"),
        Column::hidden("target"),
    ]);
    for Row { info, registered_by_name } in rows {
        table.push(vec![
            Cell::new(&info.urn).tone(Tone::Accent),
            lifecycle(info.lifecycle),
            info.entry_version.map(Cell::from).unwrap_or_default(),
            info.tags.join(" ").into(),
            position(Sequence::new(info.registered)),
            time(info.registered_at),
            registered_by_name.as_str().into(),
            info.registration.map(Cell::from).unwrap_or_default(),
            info.target.as_deref().unwrap_or_default().into(),
        ]);
    }
    table.into()
}

fn lifecycle(at: Lifecycle) -> Cell {
    let tone = match at {
        Lifecycle::Active => Tone::Good,
        Lifecycle::Draft | Lifecycle::Archived => Tone::Dim,
        Lifecycle::Deprecated => Tone::Caution,
    };
    Cell::new(at).tone(tone)
}

fn detail(
    moment: &Moment<'_>,
    names: &Names,
    entry: &RegistrationRef,
    output: &Output,
) -> Result<(), Failure> {
    let found = moment.registered(entry)?;
    let history = moment.registry_history(entry)?.into_iter().map(|change| Step {
        time_text: format_time(change.time),
        by_name: names.label(change.by),
        change,
    });
    let registered_by_name = names.label(found.info.registered_by);
    let whole = Whole { entry: found, registered_by_name, history: history.collect() };
    output.show(&whole, || {
        let info = &whole.entry.info;
        let mut facts = Facts::new()
            .with("entry", Cell::new(&info.urn).tone(Tone::Accent))
            .with("lifecycle", lifecycle(info.lifecycle))
            .with("registered by", whole.registered_by_name.as_str())
            .with("registered", time(info.registered_at));
        if let Some(id) = info.registration {
            facts.push("id", quiet(id));
        }
        if let Some(previous) = info.previous {
            facts.push("edition before", quiet(previous));
        }
        if let Some(target) = &info.target {
            facts.push("in the code", target.as_str());
        }
        if !info.tags.is_empty() {
            facts.push("tags", info.tags.join(" "));
        }
        facts.push("metadata", &whole.entry.metadata);
        let mut table = Table::new(&[
            Column::number("version"),
            Column::text("change"),
            Column::text("to"),
            Column::number("event"),
            Column::text("time"),
            Column::text("by"),
            Column::number("undoes"),
        ]);
        for step in &whole.history {
            table.push(vec![
                step.change.entry_version.into(),
                step.change.change.into(),
                step.change.lifecycle.map(lifecycle).unwrap_or_default(),
                position(Sequence::new(step.change.at)),
                time(step.change.time),
                step.by_name.as_str().into(),
                position(Sequence::new(step.change.undoes.unwrap_or(0))),
            ]);
        }
        Page::new().facts(facts).table(table)
    })
}
