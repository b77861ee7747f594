//! `scoped who`: everybody who may.

use super::levels::note_if_missing;
use crate::args::cutoff;
use crate::failure::Failure;
use crate::names::{self, parse_scope};
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Output, Table, Tone};
use scoped::temporal::Cutoff;
use scoped::{Action, Capability, PrincipalId, Request, ScopeRef};
use serde::Serialize;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  scoped who notes --object path:src/main.rs
  scoped who notes --object path:src/main.rs --capability write --at head~100
  scoped who notes --scope org:acme --capability scope.members.manage";

/// What `scoped who` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, group(clap::ArgGroup::new("target").required(true)))]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// With which object: an id, or path:PATH
    #[arg(long, group = "target")]
    object: Option<String>,
    /// Or in which scope: a path, or an id
    #[arg(long, value_name = "SCOPE", value_parser = parse_scope, group = "target")]
    scope: Option<ScopeRef>,
    /// Who may do what
    #[arg(long, default_value = "read")]
    capability: Capability,
    /// Doing this with it: create, read, update, delete, restore, export … (default: what one mostly does with the capability)
    #[arg(long)]
    action: Option<Action>,
    /// As of this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
}

#[derive(Serialize)]
struct Row {
    actor: PrincipalId,
    name: String,
    why: String,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, args.at.as_ref())?;
    let (moment, names) = (scene.moment(), scene.names()?);
    let target = match (&args.object, &args.scope) {
        (Some(text), _) => moment.object_target(names::object(&moment, text)?),
        (None, Some(scope)) => {
            note_if_missing(&moment, scope, output);
            scope.target(moment.world().tenancy())
        }
        (None, None) => return Err(Failure::usage("what about? give --object or --scope")),
    };
    let grants = moment.who(Request::about(args.capability, args.action, target));
    let row =
        |grant: scoped::Grant| Row { name: names.label(grant.actor), actor: grant.actor, why: grant.why };
    let rows: Vec<Row> = grants.into_iter().map(row).collect();
    output.show(&rows, || {
        let mut table = Table::new(&["who", "id", "why"].map(Column::text));
        for row in &rows {
            table.push(vec![
                row.name.as_str().into(),
                Cell::new(row.actor).tone(Tone::Dim),
                row.why.as_str().into(),
            ]);
        }
        table.into()
    })
}
