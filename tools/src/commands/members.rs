//! `scoped members`: who is a member of a scope, by a membership there or by one above.

use super::levels::{Asked, Level, Standing, inherited};
use crate::cells::{position, until};
use crate::failure::Failure;
use crate::names::Names;
use crate::output::{Cell, Column, Output, Page, Table, Tone};
use scoped::tenancy::MemberInfo;
use scoped::{Moment, Role, Sequence};
use serde::Serialize;

const EXAMPLES: &str = "\
Own members come first, then those of each scope above, nearest first. A membership that is `cut_off` lies above a scope that does \
not inherit members; owners up there may still mend the list of members (`members_only`). A group stands for all its members: \
`scoped who` tells who may do what.

Examples:
  scoped members notes --scope org:acme/ws:docs
  scoped members notes --scope org:acme/ws:docs --own --at mark:v1";

/// What `scoped members` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    asked: Asked,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    info: MemberInfo,
    name: String,
    inherited: bool,
    standing: Standing,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let of = |moment: &Moment<'_>, names: &Names, level: &Level| {
        moment.member_infos(level.row).into_iter().map(|info| row(names, level, info)).collect()
    };
    args.asked.answer(output, of, list)
}

fn row(names: &Names, level: &Level, info: MemberInfo) -> Row {
    let standing = match (info.in_force, level.cut) {
        (false, _) => Standing::Ended,
        (true, false) => Standing::InForce,
        (true, true) if info.role == Role::Owner => Standing::MembersOnly,
        (true, true) => Standing::CutOff,
    };
    Row { name: names.label(info.principal), inherited: level.above, standing, info }
}

fn list(rows: &[Row]) -> Page {
    let mut table = Table::new(&[
        Column::text("who"),
        Column::text("role"),
        Column::text("standing"),
        Column::text("from"),
        Column::text(""),
        Column::text("until"),
        Column::number("event"),
        Column::hidden("principal"),
        Column::hidden("scope"),
    ]);
    for row in rows {
        table.push(vec![
            Cell::new(&row.name).tone(Tone::Accent),
            row.info.role.into(),
            row.standing.cell(),
            row.info.label.as_str().into(),
            inherited(row.inherited),
            until(row.info.expires_at),
            position(Sequence::new(row.info.since)),
            row.info.principal.into(),
            row.info.scope.into(),
        ]);
    }
    table.into()
}
