//! `scoped timeline`: when somebody might do something.

use super::levels::note_if_missing;
use crate::args::cutoff;
use crate::failure::Failure;
use crate::names::{self, Names, parse_scope};
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Output, Table, Tone};
use scoped::temporal::{Cutoff, format_time};
use scoped::{AccessSpan, Action, Capability, Edge, EdgeCause, Resource, ScopeRef};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Only what can change the decision is read: principals, scopes, rules, and the object itself. What runs out is an edge too.

Examples:
  scoped timeline notes --actor bo --object path:src/main.rs
  scoped timeline notes --actor bo --scope org:acme --capability scope.write --from mark:v1";

/// What `scoped timeline` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, group(clap::ArgGroup::new("target").required(true)))]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Who: an id, a handle, or a name that only one has
    #[arg(long, value_name = "PRINCIPAL")]
    actor: String,
    /// With which object: an id, or path:PATH
    #[arg(long, group = "target")]
    object: Option<String>,
    /// Or in which scope: a path, or an id
    #[arg(long, value_name = "SCOPE", value_parser = parse_scope, group = "target")]
    scope: Option<ScopeRef>,
    /// What
    #[arg(long, default_value = "read")]
    capability: Capability,
    /// Doing this with it: create, read, update, delete, restore, export … (default: what one mostly does with the capability)
    #[arg(long)]
    action: Option<Action>,
    /// From this moment (default: the beginning)
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    from: Option<Cutoff>,
    /// To this moment (default: now)
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    to: Option<Cutoff>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, args.to.as_ref())?;
    let (moment, names) = (scene.moment(), scene.names()?);
    let actor = names.principal(&args.actor)?;
    let resource = match (&args.object, &args.scope) {
        (Some(text), _) => Resource::Object(names::object(&moment, text)?),
        (None, Some(scope)) => {
            note_if_missing(&moment, scope, output);
            Resource::Scope(scope.clone())
        }
        (None, None) => return Err(Failure::usage("what about? give --object or --scope")),
    };
    let from = args.from.as_ref().map(|from| opened.resolve(from)).transpose()?.map_or(0, |at| at.get());
    let span = AccessSpan { from, action: args.action, ..AccessSpan::new(actor, args.capability, resource) };
    let intervals = moment.access_history(&span)?;
    output.show(&intervals, || {
        let headings = ["from", "opened by", "to", "closed by", "why"];
        let mut table = Table::new(&headings.map(Column::text));
        for interval in &intervals {
            let (from, opened) = words(&interval.opened, &names);
            let (to, closed) =
                interval.closed.as_ref().map_or_else(Default::default, |edge| words(edge, &names));
            table.push(vec![
                Cell::new(from).tone(Tone::Good),
                opened.into(),
                Cell::new(to).tone(Tone::Bad),
                closed.into(),
                Cell::new(&interval.why).tone(Tone::Dim),
            ]);
        }
        table.into()
    })
}

/// When and by what, for people.
fn words(edge: &Edge, names: &Names) -> (String, String) {
    let when = match edge.cause {
        EdgeCause::Start if edge.at == 0 => "the beginning".to_owned(),
        _ => format!("#{} {}", edge.at, format_time(edge.time)),
    };
    let what = match edge.cause {
        EdgeCause::Start => "so already".to_owned(),
        EdgeCause::Event { kind, by } => format!("{kind} by {}", names.label(by)),
        EdgeCause::Expiry => "ran out".to_owned(),
        EdgeCause::Clock => "by the clock".to_owned(),
    };
    (when, what)
}
