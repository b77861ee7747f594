//! `scoped members`: who is a member of a scope, by a membership there or by one above.

use crate::args::cutoff;
use crate::cells::{position, until};
use crate::failure::Failure;
use crate::names::{Names, parse_scope, scope_row};
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Output, Page, Table, Tone};
use scoped::temporal::Cutoff;
use scoped::tenancy::MemberInfo;
use scoped::{Moment, Role, ScopeRef, Sequence};
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

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
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Of which scope: a path, or an id
    #[arg(long, value_name = "SCOPE", value_parser = parse_scope)]
    scope: ScopeRef,
    /// Only the scope's own
    #[arg(long)]
    own: bool,
    /// As of this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
}

/// How far something counts in the scope that was asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    /// It counts.
    InForce,
    /// It has run out.
    Ended,
    /// Nothing is inherited from where it stands.
    CutOff,
    /// The same, of an owner: for mending the list of members it counts.
    MembersOnly,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InForce => "in_force",
            Self::Ended => "ended",
            Self::CutOff => "cut_off",
            Self::MembersOnly => "members_only",
        })
    }
}

impl Standing {
    pub(super) fn cell(self) -> Cell {
        let tone = match self {
            Self::InForce => Tone::Good,
            Self::Ended => Tone::Dim,
            Self::CutOff | Self::MembersOnly => Tone::Caution,
        };
        Cell::new(self).tone(tone)
    }
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    info: MemberInfo,
    name: String,
    inherited: bool,
    standing: Standing,
}

/// A level on the way from a scope to its root.
pub(super) struct Level {
    /// Row of the scope.
    pub(super) row: u32,
    /// Is it above the scope that was asked about?
    pub(super) above: bool,
    /// Does a scope below it, or the one asked about, inherit nothing?
    pub(super) cut: bool,
}

/// The levels that speak about a scope, itself first.
pub(super) fn levels(moment: &Moment<'_>, scope: u32, own: bool) -> Vec<Level> {
    let (tenancy, mut cut) = (moment.world().tenancy(), false);
    let level = |row: u32| {
        let level = Level { row, above: row != scope, cut };
        cut |= tenancy.link(row).is_some_and(|link| link.cut);
        level
    };
    tenancy.chain(scope).take(if own { 1 } else { usize::MAX }).map(level).collect()
}

/// Says so when the scope that was asked about is one where nobody acts any more.
pub(super) fn note_if_deleted(moment: &Moment<'_>, scope: u32, output: &Output) {
    if let Some(node) = moment.world().tenancy().at(scope).filter(|node| node.archived) {
        output.note(format!("`{}` is deleted: its own memberships ended with it", node.label()));
    }
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, args.at.as_ref())?;
    let (moment, names) = (scene.moment(), scene.names()?);
    let scope = scope_row(&moment, &args.scope)?;
    note_if_deleted(&moment, scope, output);
    let mut rows = Vec::new();
    for level in levels(&moment, scope, args.own) {
        rows.extend(moment.member_infos(level.row).into_iter().map(|info| row(&names, &level, info)));
    }
    output.show(&rows, || list(&rows))
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
            Cell::new(if row.inherited { "inherited" } else { "" }).tone(Tone::Dim),
            until(row.info.expires_at),
            position(Sequence::new(row.info.since)),
            row.info.principal.into(),
            row.info.scope.into(),
        ]);
    }
    table.into()
}
