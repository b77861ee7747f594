//! `scoped records`: records by identity context, on whose behalf they were written.

use crate::cells::{count, position};
use crate::failure::Failure;
use crate::open::{self, Acting};
use crate::output::{Cell, Column, Facts, Output, Page, Table, Tone};
use scoped::projections::tenancy::Scope;
use scoped::{Page as Part, RecalledRecord, RecordQuery};
use std::path::PathBuf;

const EXAMPLES: &str = "\
A context names an organisation, and as much of user, agent and session as is known; what is left out matches anything. What is listed is what \
the one who asks may see. --tombstone puts all of it out of sight, together or not at all; a rollback brings it back.

Examples:
  scoped records notes --org acme --user ada
  scoped records notes --org acme --agent importer --statistics
  scoped records notes --org acme --user ada --export > ada.ndjson
  scoped records notes --org acme --user ada --tombstone --reason 'left us'";

/// What `scoped records` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, group(clap::ArgGroup::new("what")))]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// The organisation
    #[arg(long)]
    org: String,
    /// Written for this user
    #[arg(long)]
    user: Option<String>,
    /// Written by this agent
    #[arg(long)]
    agent: Option<String>,
    /// Written in this session
    #[arg(long)]
    session: Option<String>,
    /// Only records of this type
    #[arg(long = "type", value_name = "TYPE", conflicts_with = "what")]
    object_type: Option<String>,
    /// How many, how large, of which types, for how many users
    #[arg(long, group = "what")]
    statistics: bool,
    /// Every record as a line of JSON on standard output
    #[arg(long, group = "what")]
    export: bool,
    /// Put them out of sight
    #[arg(long, group = "what", requires = "reason")]
    tombstone: bool,
    /// Why: it stands in the trail
    #[arg(long, requires = "tombstone")]
    reason: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let engine = open::write(&args.directory, output)?;
    let session = args.acting.session(&engine)?;
    let context = Scope {
        org_id: args.org.clone(),
        agent_id: args.agent.clone(),
        user_id: args.user.clone(),
        session_id: args.session.clone(),
    };
    let reading = session.reading();
    if args.export {
        let mut done = None;
        output.write(|out| {
            done = Some(reading.export_records(&context, &mut { out })?);
            Ok(())
        })?;
        if let Some((at, exported)) = done {
            output.note(format!("{exported} records as of {at}"));
        }
    } else if args.statistics {
        let found = reading.record_statistics(&context)?;
        output.show(&found, || {
            let facts = Facts::new().with("records", count(found.records)).with("bytes", count(found.bytes));
            let facts = facts.with("users", count(found.users)).with("agents", count(found.agents));
            let mut table = Table::new(&[Column::text("type"), Column::number("records")]);
            for (object_type, records) in &found.by_type {
                table.push(vec![object_type.as_str().into(), count(*records)]);
            }
            Page::new().facts(facts.with("sessions", count(found.sessions))).table(table)
        })?;
    } else if let Some(reason) = args.reason.as_deref().filter(|_| args.tombstone) {
        let records = reading.count_records(&context)?;
        let done = session.tombstone_records(&context, reason)?;
        let value = serde_json::json!({
            "records": records,
            "first": done.as_ref().map(|done| done.first.get()),
            "last": done.as_ref().map(|done| done.last.get()),
        });
        output.show(&value, || match &done {
            None => Page::new().line(vec!["there is none".into()]),
            Some(done) => {
                let facts = Facts::new().with("records", count(records));
                facts.with("from event", position(done.first)).with("to", position(done.last)).into()
            }
        })?;
    } else {
        let types = args.object_type.clone().map(|object_type| vec![object_type]);
        let mut query = RecordQuery { types, limit: Some(scoped::PAGE_MAX), ..RecordQuery::of(context) };
        let mut found: Vec<RecalledRecord> = Vec::new();
        loop {
            let Part { items, next_cursor, .. } = reading.records(&query)?;
            found.extend(items);
            let Some(cursor) = next_cursor else { break };
            query.cursor = Some(cursor);
        }
        output.show(&found, || list(&found))?;
    }
    drop((reading, session));
    Ok(engine.close()?)
}

fn list(found: &[RecalledRecord]) -> Page {
    let mut table = Table::new(&[
        Column::text("record"),
        Column::text("type"),
        Column::number("version"),
        Column::text("home"),
        Column::text("data"),
    ]);
    for record in found {
        let data = record.data.to_string();
        table.push(vec![
            Cell::new(record.object_id).tone(Tone::Accent),
            record.object_type.as_str().into(),
            record.version.into(),
            record.home.as_deref().unwrap_or_default().into(),
            Cell::new(super::objects::shortened(&data)).raw(&data).tone(Tone::Dim),
        ]);
    }
    table.into()
}
