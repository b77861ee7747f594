//! `scoped history`: the life of an object, version by version, or of any other entity, state by state.

use crate::args::cutoff;
use crate::cells::{instant, instant_text, position, time};
use crate::failure::Failure;
use crate::names::{self, Names};
use crate::open::{self, Scene, Tell};
use crate::output::{Cell, Column, Output, Table, Tone};
use scoped::objects::VersionInfo;
use scoped::projections::objects::ChangeKind;
use scoped::temporal::{Cutoff, Entity, EntityState, Presence, format_time};
use scoped::{PrincipalId, Sequence};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  scoped history notes path:src/main.rs
  scoped history notes 01HX3ZQ6J5M8K9N0P1Q2R3S4T5 --at mark:v1
  scoped history notes member:org:acme/bo
  scoped history notes scope:org:acme/ws:docs";

/// What `scoped history` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Which entity: an object by its id or path:PATH, anything else as SORT:ID (principal:bo, scope:org:acme, member:org:acme/bo)
    #[arg(value_name = "ENTITY")]
    entity: String,
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
    /// Why, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What is known of the data that came with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<VersionInfo>,
    #[serde(skip)]
    micros: u64,
    #[serde(skip)]
    valid: Option<i64>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, args.at.as_ref())?;
    let moment = scene.moment();
    let names = scene.names()?;
    // An object is what most ask for: it needs no word before it.
    let bare = args.entity.starts_with("path:") || !(args.entity.contains(':') || args.entity == "registry");
    let object = if bare {
        names::object(&moment, &args.entity)?
    } else {
        match names::entity(&moment, &names, &args.entity)? {
            Entity::Object(object) => object,
            entity => return life(entity, &scene, &names, output),
        }
    };
    let mut versions: BTreeMap<u64, VersionInfo> =
        moment.versions(object)?.into_iter().map(|version| (version.at, version)).collect();
    let ends = moment.tombstones(object)?.into_iter().flat_map(|end| [Some(end.tombstoned), end.restored]);
    let said: BTreeMap<u64, String> =
        ends.flatten().filter_map(|deed| Some((deed.at, deed.reason?))).collect();
    let rows: Vec<Row> = moment
        .changes(object)?
        .into_iter()
        .map(|change| (versions.remove(&change.at), change))
        .map(|(written, change)| Row {
            version: change.version,
            change: change.change,
            reason: said.get(&change.at).cloned().or_else(|| written.as_ref()?.reason.clone()),
            written,
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
        columns.extend([
            Column::text("by"),
            Column::number("undoes"),
            Column::number("bytes"),
            Column::text("checksum"),
            Column::text("reason"),
        ]);
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
            let written = row.written.as_ref();
            let digest = written.map(|written| written.checksum.to_string());
            let imported = written.and_then(|written| written.origin.as_ref());
            let reason = row.reason.as_deref().unwrap_or(imported.map_or("", |_| "brought in"));
            cells.extend([
                Cell::new(&row.by_name),
                position(Sequence::new(row.undoes.unwrap_or(0))),
                written.map(|written| Cell::from(written.bytes)).unwrap_or_default(),
                digest
                    .map(|digest| Cell::new(&digest[..12]).raw(&digest).tone(Tone::Dim))
                    .unwrap_or_default(),
                reason.into(),
            ]);
            table.push(cells);
        }
        table.into()
    })
}

/// One change of an entity that is no object.
#[derive(Serialize)]
struct Step {
    position: u64,
    time: String,
    by: PrincipalId,
    by_name: String,
    kind: &'static str,
    state: EntityState,
    #[serde(skip_serializing_if = "Option::is_none")]
    undoes: Option<u64>,
    #[serde(skip)]
    micros: u64,
}

fn life(entity: Entity, scene: &Scene, names: &Names, output: &Output) -> Result<(), Failure> {
    let moment = scene.moment();
    let life = moment.history().timeline(entity, Sequence::NONE, scene.position(), usize::MAX)?;
    if life.entries.is_empty() {
        return Err(Failure::refused("not_found", format!("nothing ever happened to {entity}")));
    }
    let steps: Vec<Step> = life
        .entries
        .into_iter()
        .map(|step| {
            let at = step.entry.envelope;
            Step {
                position: at.sequence.get(),
                time: format_time(at.time),
                by: at.actor,
                by_name: names.label(at.actor),
                kind: step.entry.kind(),
                undoes: Some(at.context.undoes).filter(|undoes| *undoes != 0),
                state: step.state,
                micros: at.time,
            }
        })
        .collect();
    output.show(&steps, || {
        let mut columns = vec![Column::number("event"), Column::text("time")];
        columns.extend(["by", "kind", "is then", "with"].map(Column::text));
        columns.push(Column::number("undoes"));
        let mut table = Table::new(&columns);
        for step in &steps {
            let (word, tone) = match step.state.presence {
                Presence::Live => ("live", Tone::Good),
                Presence::Tombstoned => ("tombstoned", Tone::Bad),
                Presence::Missing => ("missing", Tone::Dim),
            };
            let value = if step.state.value.is_null() { String::new() } else { step.state.value.to_string() };
            table.push(vec![
                position(Sequence::new(step.position)),
                time(step.micros),
                Cell::new(&step.by_name),
                Cell::new(step.kind),
                Cell::new(word).tone(tone),
                Cell::new(value),
                position(Sequence::new(step.undoes.unwrap_or(0))),
            ]);
        }
        table.into()
    })
}
