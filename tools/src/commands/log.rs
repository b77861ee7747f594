//! `scoped log`: the audit trail.

use crate::args::cutoff;
use crate::cells::{instant, instant_text, position, time};
use crate::failure::{Exit, Failure};
use crate::names::{self, parse_scope};
use crate::open::{self, Opened, Tell};
use crate::output::{Cell, Column, Output, Page, Table, Tone};
use crate::subject::Subjects;
use scoped::audit::AuditIndex;
use scoped::projections::domains::{DOMAINS, kind_info};
use scoped::temporal::{Cutoff, format_time};
use scoped::{Event, Filter, Moment, ObjectId, PrincipalId, ScopeId, ScopeRef, Sequence};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  scoped log notes --since head~20                      the last twenty events
  scoped log notes --actor ada --kind objects           what Ada did to objects
  scoped log notes --scope org:acme --subtree --until 2026-01-02T00:00:00Z
  scoped log notes --object path:src/main.rs --reverse
  scoped log notes --kind audit.access_denied           what was refused";

/// What `scoped log` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Done by this principal: an id, a handle, or a name
    #[arg(long, value_name = "PRINCIPAL")]
    actor: Option<String>,
    /// Done in this scope: a path, or an id
    #[arg(long, value_name = "SCOPE", value_parser = parse_scope)]
    scope: Option<ScopeRef>,
    /// Also in all scopes below it
    #[arg(long, requires = "scope")]
    subtree: bool,
    /// About this object: an id, or path:PATH
    #[arg(long)]
    object: Option<String>,
    /// Of this kind (objects.updated) or domain (objects); several with commas
    #[arg(long = "kind", value_name = "KIND", value_delimiter = ',')]
    kinds: Vec<String>,
    /// What came after this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    since: Option<Cutoff>,
    /// What came up to this moment, with the event it names
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    until: Option<Cutoff>,
    /// At most so many, the newest
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Newest first
    #[arg(long)]
    reverse: bool,
}

#[derive(Serialize)]
struct Row {
    position: u64,
    event: ObjectId,
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_time: Option<String>,
    actor: PrincipalId,
    actor_name: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<ScopeId>,
    #[serde(skip_serializing_if = "String::is_empty")]
    scope_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<ObjectId>,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    undoes: Option<u64>,
    #[serde(skip)]
    micros: u64,
    #[serde(skip)]
    valid: Option<i64>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let kinds = kinds(&args.kinds)?;
    // The world gives the names. Where damage keeps it from being built, an earlier one has most of them.
    let scene = match opened.scene(output, None) {
        Err(failure) if failure.exit() == Exit::Damage => {
            output.damage(failure.to_string());
            opened.scene(output, Some(&Cutoff::At(whole_until(&opened))))?
        }
        scene => scene?,
    };
    let (names, moment) = (scene.names()?, scene.moment());
    let until = args.until.as_ref().map(|cutoff| opened.resolve(cutoff)).transpose()?;
    let filter = Filter {
        actor: args.actor.as_deref().map(|text| names.principal(text)).transpose()?,
        scopes: args.scope.as_ref().map(|scope| scopes(&moment, scope, args.subtree)).transpose()?,
        object: args.object.as_deref().map(|text| names::object(&moment, text)).transpose()?,
        kinds,
        from: args.since.as_ref().map_or(Ok(Sequence::NONE), |cutoff| opened.resolve(cutoff))?.next(),
        to: until.unwrap_or(opened.history().head()),
        ..Filter::default()
    };
    let mut found =
        if until.is_some_and(Sequence::is_none) { Vec::new() } else { find(&opened, output, &filter)? };
    if let Some(limit) = args.limit {
        found.drain(..found.len().saturating_sub(limit));
    }
    if args.reverse {
        found.reverse();
    }
    let mut subjects = Subjects::new(moment, &names);
    let mut rows = Vec::with_capacity(found.len());
    for at in found {
        rows.push(row(&opened, &mut subjects, at)?);
    }
    output.show(&rows, || page(&rows))
}

/// The last event before the first that cannot be read.
fn whole_until(opened: &Opened) -> Sequence {
    let records = opened.history().reader().records(Sequence::new(1), opened.history().head());
    Sequence::new(records.take_while(Result::is_ok).count() as u64)
}

/// From the audit index; where damage stops that, from an index of what can be read.
fn find(opened: &Opened, output: &Output, filter: &Filter) -> Result<Vec<Sequence>, Failure> {
    match opened.history().audit(filter).map_err(Failure::from) {
        Err(failure) if failure.exit() == Exit::Damage => {}
        found => return found,
    }
    let (mut index, mut unread) = (AuditIndex::default(), BTreeSet::new());
    for (at, record) in
        (1..).zip(opened.history().reader().records(Sequence::new(1), opened.history().head()))
    {
        let taken = match record {
            Ok(record) => index.apply(&record).map_err(|error| error.to_string()),
            Err(error) => Err(Failure::from(error).to_string()),
        };
        if let Err(message) = taken {
            output.damage(message);
            unread.insert(Sequence::new(at));
        }
    }
    let mut found = index.find(filter);
    found.retain(|at| !unread.contains(at));
    Ok(found)
}

fn scopes(moment: &Moment<'_>, scope: &ScopeRef, subtree: bool) -> Result<Vec<ScopeId>, Failure> {
    let reach = if subtree { scoped::View::Descend } else { scoped::View::Granular };
    let tenancy = moment.world().tenancy();
    Ok(moment
        .reach(scope, reach)?
        .into_iter()
        .filter_map(|row| tenancy.at(row))
        .map(|node| node.id)
        .collect())
}

/// Numbers of the kinds that are named, each by its name or that of its domain.
pub(super) fn kinds(wanted: &[String]) -> Result<Option<Vec<u16>>, Failure> {
    let all = || DOMAINS.iter().flat_map(|(_, _, kinds)| kinds.iter());
    let mut found = Vec::new();
    for name in wanted {
        let domain = |kind: &str| kind.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'));
        let before = found.len();
        found.extend(all().filter(|info| info.name == name || domain(info.name)).map(|info| info.kind));
        if found.len() == before {
            let domains: Vec<&str> = DOMAINS.iter().map(|(_, name, _)| *name).collect();
            return Err(Failure::usage(format!("`{name}` is no kind of event")).hint(format!(
                "domains are {}; `scoped --version --verbose` lists all kinds",
                domains.join(", ")
            )));
        }
    }
    Ok((!wanted.is_empty()).then_some(found))
}

fn row(opened: &Opened, subjects: &mut Subjects<'_>, at: Sequence) -> Result<Row, Failure> {
    let record = opened.history().record(at)?;
    let (context, event) = Event::decode(record.kind(), record.kind_version(), record.body())
        .map_err(|error| Failure::damage(format!("event {at}: {error}")))?;
    let (actor, scope) = (PrincipalId(record.actor()), ScopeId(record.scope()));
    Ok(Row {
        position: at.get(),
        event: ObjectId(record.event_id()),
        time: format_time(record.time()),
        valid_time: context.valid_time.map(instant_text),
        actor,
        actor_name: subjects.principal(actor),
        kind: kind_info(record.kind()).map_or("", |info| info.name),
        scope: Some(scope).filter(|scope| scope.is_some()),
        scope_name: subjects.scope(scope),
        object: event.object(),
        subject: subjects.of(at, &event),
        undoes: Some(context.undoes).filter(|undoes| *undoes != 0),
        micros: record.time(),
        valid: context.valid_time,
    })
}

fn page(rows: &[Row]) -> Page {
    let happened = rows.iter().any(|row| row.valid.is_some());
    let mut columns = vec![Column::number("event"), Column::text("time")];
    if happened {
        columns.push(Column::text("happened"));
    }
    columns.extend(["actor", "kind", "scope", "subject"].map(Column::text));
    let mut table = Table::new(&columns);
    for row in rows {
        let mut cells = vec![position(Sequence::new(row.position)), time(row.micros)];
        if happened {
            cells.push(row.valid.map(instant).unwrap_or_default());
        }
        let undoes = row.undoes.map_or_else(String::new, |undoes| format!(", undoes #{undoes}"));
        let tone = if row.kind.starts_with("audit.") { Tone::Bad } else { Tone::Plain };
        cells.extend([
            Cell::new(&row.actor_name),
            Cell::new(row.kind).tone(tone),
            Cell::new(&row.scope_name),
            Cell::new(format!("{}{undoes}", row.subject)).raw(&row.subject),
        ]);
        table.push(cells);
    }
    table.into()
}
