//! What a scope and those above it say, level by level: the shape that `scoped members` and `scoped acl` share.

use crate::args::cutoff;
use crate::failure::Failure;
use crate::names::{Names, parse_scope, scope_row};
use crate::open::{self, Tell};
use crate::output::{Cell, Output, Page, Tone};
use scoped::temporal::Cutoff;
use scoped::{Moment, ScopeRef};
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

/// What is asked about a scope and what is above it.
#[derive(Debug, clap::Args)]
pub(super) struct Asked {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Which scope: a path, or an id
    #[arg(long, value_name = "SCOPE", value_parser = parse_scope)]
    scope: ScopeRef,
    /// Only the scope's own
    #[arg(long)]
    own: bool,
    /// As of this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
}

impl Asked {
    /// The rows that `of` finds on each level, the scope itself first, as one answer.
    pub(super) fn answer<R: Serialize>(
        &self,
        output: &Output,
        of: impl Fn(&Moment<'_>, &Names, &Level) -> Vec<R>,
        list: impl FnOnce(&[R]) -> Page,
    ) -> Result<(), Failure> {
        let opened = open::read(&self.directory, output, Tell::Trouble)?;
        let scene = opened.scene(output, self.at.as_ref())?;
        let (moment, names) = (scene.moment(), scene.names()?);
        let scope = scope_row(&moment, &self.scope)?;
        note_if_deleted(&moment, scope, output);
        let levels = levels(&moment, scope, self.own);
        let rows: Vec<R> = levels.iter().flat_map(|level| of(&moment, &names, level)).collect();
        output.show(&rows, || list(&rows))
    }
}

/// Says of a row that it comes from above.
pub(super) fn inherited(is: bool) -> Cell {
    Cell::new(if is { "inherited" } else { "" }).tone(Tone::Dim)
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
fn levels(moment: &Moment<'_>, scope: u32, own: bool) -> Vec<Level> {
    let (tenancy, mut cut) = (moment.world().tenancy(), false);
    let level = |row: u32| {
        let level = Level { row, above: row != scope, cut };
        cut |= tenancy.link(row).is_some_and(|link| link.cut);
        level
    };
    tenancy.chain(scope).take(if own { 1 } else { usize::MAX }).map(level).collect()
}

/// Says so when there is no such scope: the question is answered all the same.
pub(super) fn note_if_missing(moment: &Moment<'_>, scope: &ScopeRef, output: &Output) {
    if scope.row(moment.world().tenancy()).is_none() {
        let position = moment.world().position();
        output.note(format!(
            "there is no scope `{scope}` at {position}: the nearest one above it answers, if there is any"
        ));
    }
}

/// Says so when the scope that was asked about is one where nobody acts any more.
fn note_if_deleted(moment: &Moment<'_>, scope: u32, output: &Output) {
    if let Some(node) = moment.world().tenancy().at(scope).filter(|node| node.archived) {
        output.note(format!("`{}` is deleted: its own memberships ended with it", node.label()));
    }
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
