//! `scoped audit`: the trail by what was done, to what, because of what; and in the forms of other systems.

use super::log::kinds;
use crate::args::cutoff;
use crate::cells::{position, time};
use crate::failure::Failure;
use crate::names::{self, parse_scope};
use crate::open::{self, Opened, Tell};
use crate::output::{Cell, Column, Output, Page, Table, Tone};
use crate::subject::Subjects;
use scoped::audit::{StatesWalk, TrailExport, TrailFormat};
use scoped::temporal::{Cutoff, Entity, EntityState, format_time};
use scoped::{Action, AuditEntry, CorrelationId, Filter, ObjectId, PrincipalId, ScopeRef, Sequence};
use serde::Serialize;
use serde_json::Value;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Answered from an index: a filter costs what it finds. --export writes the same entries for other systems: ndjson, cloudevents (1.0, one a
line), cloudevents-batch, ocsf (1.8, one a line); with --states what each entity was before and after goes with it. Where a request came from,
if its caller said so, stands in every form but the table.

Examples:
  scoped audit notes --action delete,revoke --scope org:acme --subtree
  scoped audit notes --entity member:org:acme/bo --states
  scoped audit notes --tree 41                            what event 41 caused
  scoped audit notes --undone                             what was taken back
  scoped audit notes --undoes 41                          what took event 41 back
  scoped audit notes --since 2026-01-01T00:00:00Z --export ocsf > trail.ndjson";

/// What `scoped audit` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Done by this principal: an id, a handle, or a name
    #[arg(long, value_name = "PRINCIPAL")]
    actor: Option<String>,
    /// What was done: create, update, delete, membership_change …; several with commas
    #[arg(long = "action", value_name = "ACTION", value_delimiter = ',')]
    actions: Vec<Action>,
    /// Of this kind (objects.updated) or domain (objects); several with commas
    #[arg(long = "kind", value_name = "KIND", value_delimiter = ',')]
    kinds: Vec<String>,
    /// About this entity: SORT:ID, such as principal:bo, scope:org:acme, member:org:acme/bo, object:ID
    #[arg(long)]
    entity: Option<String>,
    /// About this object, its projections and attempts at it: an id, or path:PATH
    #[arg(long)]
    object: Option<String>,
    /// Done in this scope: a path, or an id
    #[arg(long, value_name = "SCOPE", value_parser = parse_scope)]
    scope: Option<ScopeRef>,
    /// Also in all scopes below it
    #[arg(long, requires = "scope")]
    subtree: bool,
    /// Not before this moment: a time counts as it is, anything else as what came after it
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    since: Option<Cutoff>,
    /// Not after this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    until: Option<Cutoff>,
    /// Caused by this event directly
    #[arg(long, value_name = "POSITION", value_parser = cutoff)]
    cause: Option<Cutoff>,
    /// This event, and everything it caused
    #[arg(long, value_name = "POSITION", value_parser = cutoff)]
    tree: Option<Cutoff>,
    /// Of this operation of a caller
    #[arg(long, value_name = "ID")]
    correlation: Option<CorrelationId>,
    /// Whose effect was taken back, and still is
    #[arg(long, conflicts_with = "standing")]
    undone: bool,
    /// Whose effect was not taken back
    #[arg(long)]
    standing: bool,
    /// Those that take another event back
    #[arg(long)]
    undoing: bool,
    /// Those that take this event back
    #[arg(long, value_name = "POSITION", value_parser = cutoff)]
    undoes: Option<Cutoff>,
    /// Newest first
    #[arg(long)]
    reverse: bool,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Only how many there are
    #[arg(long)]
    count: bool,
    /// With what the entity was before and after
    #[arg(long)]
    states: bool,
    /// In the form of another system: ndjson, cloudevents, cloudevents-batch, ocsf
    #[arg(long, value_name = "FORM", value_parser = form)]
    export: Option<TrailFormat>,
}

fn form(text: &str) -> Result<TrailFormat, String> {
    TrailFormat::ALL.into_iter().find(|form| form.as_str() == text).ok_or_else(|| {
        format!("`{text}` is no form: use {}", TrailFormat::ALL.map(TrailFormat::as_str).join(", "))
    })
}

#[derive(Serialize)]
struct Row {
    position: u64,
    event: ObjectId,
    time: String,
    actor: PrincipalId,
    actor_name: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<Action>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entity: Option<Entity>,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation: Option<CorrelationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    undoes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    undone_by: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Value>,
    #[serde(skip)]
    micros: u64,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, None)?;
    let (names, moment, history) = (scene.names()?, scene.moment(), opened.history());
    let entity = args.entity.as_deref().map(|text| names::entity(&moment, &names, text)).transpose()?;
    let mut filter = filter(args, &opened)?;
    filter.entity = entity;
    filter.actor = args.actor.as_deref().map(|text| names.principal(text)).transpose()?;
    filter.object = args.object.as_deref().map(|text| names::object(&moment, text)).transpose()?;
    if let (Some(scope), false) = (&args.scope, args.subtree) {
        let tenancy = moment.world().tenancy();
        let missing = || Failure::refused("not_found", format!("there is no scope `{scope}`"));
        let node = scope.row(tenancy).and_then(|row| tenancy.at(row)).ok_or_else(missing)?;
        filter.scopes = Some(vec![node.id]);
    }
    let mut found = history.audit(&filter)?;
    found.truncate(args.limit.unwrap_or(usize::MAX));
    if args.count {
        let count = found.len();
        return output.show(&serde_json::json!({ "count": count }), || Page::new().bare(count.to_string()));
    }
    let mut walk = StatesWalk::new(history);
    if let Some(form) = args.export {
        let export = TrailExport::new(form, history.reader().log_id());
        let entries = found.into_iter().map(|at| {
            let entry = AuditEntry::unfiltered(history, at, moment.world())?;
            if args.states { walk.stated(entry) } else { Ok(entry) }
        });
        return output.write(|out| Ok(export.write(entries, &mut &mut *out).map(drop)?));
    }
    let mut subjects = Subjects::new(moment, &names);
    let mut rows = Vec::with_capacity(found.len());
    for at in found {
        let entry = AuditEntry::unfiltered(history, at, moment.world())?;
        let entry = if args.states { walk.stated(entry)? } else { entry };
        rows.push(row(&mut subjects, &entry)?);
    }
    output.show(&rows, || page(&rows))
}

/// What the arguments say without a world.
fn filter(args: &Args, opened: &Opened) -> Result<Filter, Failure> {
    let place = |cutoff: &Option<Cutoff>| cutoff.as_ref().map(|cutoff| opened.resolve(cutoff)).transpose();
    let mut filter = Filter {
        kinds: kinds(&args.kinds)?,
        actions: (!args.actions.is_empty()).then(|| args.actions.clone()),
        within: args.scope.clone().filter(|_| args.subtree),
        cause: place(&args.cause)?,
        tree: place(&args.tree)?,
        correlation: args.correlation.map(|id| id.0),
        undone: if args.undone { Some(true) } else { args.standing.then_some(false) },
        undoing: args.undoing.then_some(true),
        undoes: place(&args.undoes)?,
        descending: args.reverse,
        ..Filter::default()
    };
    match &args.since {
        Some(Cutoff::Time(time)) => filter.since = Some(*time),
        Some(cutoff) => filter.from = opened.resolve(cutoff)?.next(),
        None => {}
    }
    match &args.until {
        Some(Cutoff::Time(time)) => filter.until = Some(*time),
        Some(cutoff) => {
            filter.to = opened.resolve(cutoff)?;
            // Before the first event: nothing fits, and "no bound" must not be said by accident.
            if filter.to.is_none() {
                filter.from = Sequence::new(u64::MAX);
            }
        }
        None => {}
    }
    Ok(filter)
}

fn row(subjects: &mut Subjects<'_>, entry: &AuditEntry) -> Result<Row, Failure> {
    let at = &entry.envelope;
    let states = entry.states.as_ref();
    let value = |state: Option<&EntityState>| state.map(serde_json::to_value).transpose();
    let before = value(states.and_then(|states| states.before.as_ref()))?;
    let after = value(states.and_then(|states| states.after.as_ref()))?;
    let some = |number: u64| Some(number).filter(|number| *number != 0);
    Ok(Row {
        position: at.sequence.get(),
        event: ObjectId(entry.id),
        time: format_time(at.time),
        actor: at.actor,
        actor_name: subjects.principal(at.actor),
        kind: entry.kind(),
        action: entry.nature.action,
        entity: entry.entity,
        subject: subjects.of(at.sequence, &entry.event),
        scope: entry.scope_path.clone(),
        cause: some(at.context.cause),
        correlation: Some(CorrelationId(at.context.correlation)).filter(|id| id.is_some()),
        undoes: some(at.context.undoes),
        undone_by: entry.undone_by.map(Sequence::get),
        metadata: entry.metadata.clone(),
        before,
        after,
        micros: at.time,
    })
}

fn page(rows: &[Row]) -> Page {
    let states = rows.iter().any(|row| row.after.is_some());
    let mut columns = vec![Column::number("event"), Column::text("time")];
    columns.extend(["actor", "action", "kind", "scope", "subject"].map(Column::text));
    columns.extend(["cause", "undone by"].map(Column::number));
    if states {
        columns.extend(["before", "after"].map(Column::text));
    }
    let mut table = Table::new(&columns);
    for row in rows {
        let tone = if row.kind.starts_with("audit.") { Tone::Bad } else { Tone::Plain };
        let undoes = row.undoes.map_or_else(String::new, |undoes| format!(", undoes #{undoes}"));
        let mut cells = vec![
            position(Sequence::new(row.position)),
            time(row.micros),
            Cell::new(&row.actor_name),
            Cell::new(row.action.map_or("", Action::as_str)),
            Cell::new(row.kind).tone(tone),
            Cell::new(row.scope.as_deref().unwrap_or_default()),
            Cell::new(format!("{}{undoes}", row.subject)).raw(&row.subject),
            position(Sequence::new(row.cause.unwrap_or(0))),
            position(Sequence::new(row.undone_by.unwrap_or(0))),
        ];
        if states {
            let text = |state: &Option<Value>| state.as_ref().map_or_else(String::new, Value::to_string);
            cells.extend([Cell::new(text(&row.before)), Cell::new(text(&row.after))]);
        }
        table.push(cells);
    }
    table.into()
}
