//! `scoped what`: everything that somebody may.

use super::levels::note_if_missing;
use crate::args::cutoff;
use crate::failure::Failure;
use crate::names::{object_label, parse_scope};
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Output, Table, Tone};
use scoped::temporal::Cutoff;
use scoped::{Action, Capability, Moment, ObjectInfo, ScopeId, ScopeRef, What};
use serde::Serialize;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  scoped what notes --actor ada
  scoped what notes --actor ada --within org:acme/dept:eng
  scoped what notes --actor bo --capability write --at 2026-01-02T00:00:00Z";

/// What `scoped what` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Who: an id, a handle, or a name that only one has
    #[arg(long, value_name = "PRINCIPAL")]
    actor: String,
    /// What they may do
    #[arg(long, default_value = "read")]
    capability: Capability,
    /// Doing this with it: create, read, update, delete, restore, export … (default: what one mostly does with the capability)
    #[arg(long)]
    action: Option<Action>,
    /// Only this scope, what is below it, and what is projected there: a path, or an id
    #[arg(long, value_name = "SCOPE", value_parser = parse_scope)]
    within: Option<ScopeRef>,
    /// Scopes instead of objects
    #[arg(long)]
    scopes: bool,
    /// As of this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    info: ObjectInfo,
    label: String,
    why: String,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, args.at.as_ref())?;
    let (moment, names) = (scene.moment(), scene.names()?);
    let actor = names.principal(&args.actor)?;
    let identity = moment.world().identity();
    if identity.get(actor).is_none() {
        return Err(Failure::refused(
            "not_found",
            format!("there is no principal `{actor}` at {}", scene.position()),
        ));
    }
    if let Some(scope) = &args.within {
        note_if_missing(&moment, scope, output);
    }
    let what = What { action: args.action, within: args.within.clone(), ..What::may(actor, args.capability) };
    if args.scopes {
        return scopes(&moment, &what, output);
    }
    let rows: Vec<Row> = moment
        .what(&what)
        .into_iter()
        .map(|(info, decision)| Row {
            label: object_label(&moment, info.object),
            why: moment.reason(&decision),
            info,
        })
        .collect();
    output.show(&rows, || {
        let mut table = Table::new(&["object", "type", "called", "why"].map(Column::text));
        for row in &rows {
            table.push(vec![
                Cell::new(row.info.object).tone(Tone::Dim),
                row.info.object_type.as_str().into(),
                row.label.as_str().into(),
                row.why.as_str().into(),
            ]);
        }
        table.into()
    })
}

#[derive(Serialize)]
struct ScopeRow {
    scope: ScopeId,
    label: String,
    why: String,
}

/// Every scope that the actor may do this in.
fn scopes(moment: &Moment<'_>, what: &What, output: &Output) -> Result<(), Failure> {
    let tenancy = moment.world().tenancy();
    let row = |(scope, decision): (ScopeId, scoped::Decision)| ScopeRow {
        label: tenancy.get(scope).map_or_else(String::new, |node| node.label().to_owned()),
        why: moment.reason(&decision),
        scope,
    };
    let rows: Vec<ScopeRow> = moment.scopes_of(what).into_iter().map(row).collect();
    output.show(&rows, || {
        let mut table = Table::new(&["scope", "id", "why"].map(Column::text));
        for row in &rows {
            table.push(vec![
                row.label.as_str().into(),
                Cell::new(row.scope).tone(Tone::Dim),
                row.why.as_str().into(),
            ]);
        }
        table.into()
    })
}
