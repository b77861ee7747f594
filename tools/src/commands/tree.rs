//! `scoped tree`: the scope tree.

use crate::args::cutoff;
use crate::cells::count;
use crate::failure::Failure;
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Output, Page, Table, Tone};
use scoped::projections::store::NO_ROW;
use scoped::temporal::Cutoff;
use scoped::{Moment, ScopeInfo};
use std::collections::BTreeMap;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  scoped tree notes
  scoped tree notes --at 2026-01-02T00:00:00Z
  scoped tree notes --at mark:v1 --format json";

/// What `scoped tree` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// As of this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, args.at.as_ref())?;
    let moment = scene.moment();
    let tree = moment.tree();
    if tree.is_empty() {
        output.note(format!("there is no scope at {}", scene.position()));
    }
    output.show(&tree, || page(&moment, &tree))
}

/// What is drawn: each scope below its parent, siblings in the order of the list.
struct Drawing<'a> {
    infos: BTreeMap<u32, &'a ScopeInfo>,
    below: BTreeMap<u32, Vec<u32>>,
    table: Table,
}

fn page(moment: &Moment<'_>, tree: &[ScopeInfo]) -> Page {
    let tenancy = moment.world().tenancy();
    let columns = [
        Column::text("scope"),
        Column::number("members"),
        Column::number("objects"),
        Column::text(""),
        Column::hidden("depth"),
        Column::hidden("id"),
    ];
    let mut drawing = Drawing { infos: BTreeMap::new(), below: BTreeMap::new(), table: Table::new(&columns) };
    for info in tree {
        let Some(row) = tenancy.row(info.scope) else { continue };
        let parent = tenancy.at(row).map_or(NO_ROW, |node| node.parent);
        drawing.infos.insert(row, info);
        drawing.below.entry(parent).or_default().push(row);
    }
    for root in drawing.below.remove(&NO_ROW).unwrap_or_default() {
        drawing.draw(root, "", "", "");
    }
    drawing.table.into()
}

impl Drawing<'_> {
    /// Draws a scope and all below it. `above` is the parent's label; no deeper than a chain of scopes may be.
    fn draw(&mut self, row: u32, branch: &str, indent: &str, above: &str) {
        let Some(info) = self.infos.get(&row).copied() else { return };
        let own = info.label.strip_prefix(above).map_or(&*info.label, |rest| rest.trim_start_matches('/'));
        let (tone, state) = if info.archived { (Tone::Dim, "archived") } else { (Tone::Plain, "") };
        self.table.push(vec![
            Cell::new(format!("{branch}{own}")).raw(&info.label).tone(tone),
            count(info.members as u64),
            count(info.objects),
            Cell::new(state).tone(Tone::Caution),
            info.depth.into(),
            info.scope.into(),
        ]);
        let below = self.below.remove(&row).unwrap_or_default();
        for (at, child) in below.iter().enumerate() {
            let (fork, pass) =
                if at + 1 == below.len() { ("└── ", "    ") } else { ("├── ", "│   ") };
            self.draw(*child, &format!("{indent}{fork}"), &format!("{indent}{pass}"), &info.label);
        }
    }
}
