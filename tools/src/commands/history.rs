//! `scoped history`: an object's life.

use crate::args::cutoff;
use crate::cells::{instant, instant_text, position, time};
use crate::failure::Failure;
use crate::names;
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Output, Table, Tone};
use scoped::projections::objects::ChangeKind;
use scoped::temporal::{Cutoff, format_time};
use scoped::{PrincipalId, Sequence};
use serde::Serialize;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  scoped history notes path:src/main.rs
  scoped history notes 01HX3ZQ6J5M8K9N0P1Q2R3S4T5 --at mark:v1";

/// What `scoped history` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Which object: an id, or path:PATH
    object: String,
    /// As of this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
}

#[derive(Serialize)]
struct Row {
    version: u32,
    change: ChangeKind,
    position: u64,
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_time: Option<String>,
    by: PrincipalId,
    by_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    undoes: Option<u64>,
    #[serde(skip)]
    micros: u64,
    #[serde(skip)]
    valid: Option<i64>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, args.at.as_ref())?;
    let moment = scene.moment();
    let object = names::object(&moment, &args.object)?;
    let names = scene.names()?;
    let rows: Vec<Row> = moment
        .changes(object)?
        .into_iter()
        .map(|change| Row {
            version: change.version,
            change: change.change,
            position: change.at,
            time: format_time(change.time),
            valid_time: change.valid_time.map(instant_text),
            by: change.by,
            by_name: names.label(change.by),
            undoes: change.undoes,
            micros: change.time,
            valid: change.valid_time,
        })
        .collect();
    output.show(&rows, || {
        let happened = rows.iter().any(|row| row.valid.is_some());
        let mut columns = vec![
            Column::number("version"),
            Column::text("change"),
            Column::number("event"),
            Column::text("time"),
        ];
        if happened {
            columns.push(Column::text("happened"));
        }
        columns.extend([Column::text("by"), Column::number("undoes")]);
        let mut table = Table::new(&columns);
        for row in &rows {
            let tone = match row.change {
                ChangeKind::Created | ChangeKind::Restored => Tone::Good,
                ChangeKind::Tombstoned => Tone::Bad,
                ChangeKind::Updated | ChangeKind::Transferred => Tone::Plain,
            };
            let mut cells = vec![
                Cell::new(row.version),
                Cell::new(row.change).tone(tone),
                position(Sequence::new(row.position)),
                time(row.micros),
            ];
            if happened {
                cells.push(row.valid.map(instant).unwrap_or_default());
            }
            cells.extend([Cell::new(&row.by_name), position(Sequence::new(row.undoes.unwrap_or(0)))]);
            table.push(cells);
        }
        table.into()
    })
}
