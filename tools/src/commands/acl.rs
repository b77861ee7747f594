//! `scoped acl`: the entries of access control lists that speak about a scope, its own and those from above.

use super::levels::{Asked, Level, Standing, inherited};
use crate::cells::{position, quiet, until};
use crate::failure::Failure;
use crate::names::Names;
use crate::output::{Cell, Column, Output, Page, Table, Tone};
use scoped::projections::tenancy::Applies;
use scoped::tenancy::AclInfo;
use scoped::{Effect, Moment, Sequence, Subject};
use serde::Serialize;

const EXAMPLES: &str = "\
Own entries come first, then those of each scope above that reach below it, nearest first. An allow that is `cut_off` lies above a \
scope that does not inherit; a deny reaches past that.

Examples:
  scoped acl notes --scope org:acme/ws:docs
  scoped acl notes --scope org:acme/ws:docs --own --at mark:v1";

/// What `scoped acl` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    asked: Asked,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    info: AclInfo,
    subject_name: String,
    label: String,
    inherited: bool,
    standing: Standing,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let of = |moment: &Moment<'_>, names: &Names, level: &Level| {
        let reaches = |info: &AclInfo| !level.above || info.applies == Applies::Subtree;
        let entries = moment.acl_infos(level.row).into_iter().filter(reaches);
        entries.map(|info| row(moment, names, level, info)).collect()
    };
    args.asked.answer(output, of, list)
}

fn row(moment: &Moment<'_>, names: &Names, level: &Level, info: AclInfo) -> Row {
    let standing = match (info.in_force, level.cut && info.effect == Effect::Allow) {
        (false, _) => Standing::Ended,
        (true, false) => Standing::InForce,
        (true, true) => Standing::CutOff,
    };
    let subject_name = match info.subject {
        Subject::Principal(id) => names.label(id),
        other => other.to_string(),
    };
    let label = moment.world().tenancy().at(level.row).map_or("?", |node| node.label()).to_owned();
    Row { info, subject_name, label, inherited: level.above, standing }
}

fn list(rows: &[Row]) -> Page {
    let mut table = Table::new(&[
        Column::text("effect"),
        Column::text("subject"),
        Column::text("capability"),
        Column::text("applies"),
        Column::text("standing"),
        Column::text("from"),
        Column::text(""),
        Column::text("until"),
        Column::number("event"),
        Column::text("entry"),
    ]);
    for row in rows {
        let tone = if row.info.effect == Effect::Deny { Tone::Bad } else { Tone::Plain };
        table.push(vec![
            Cell::new(row.info.effect).tone(tone),
            Cell::new(&row.subject_name).raw(row.info.subject).tone(Tone::Accent),
            row.info.capability.as_str().into(),
            row.info.applies.into(),
            row.standing.cell(),
            row.label.as_str().into(),
            inherited(row.inherited),
            until(row.info.expires_at),
            position(Sequence::new(row.info.since)),
            quiet(row.info.entry),
        ]);
    }
    table.into()
}
