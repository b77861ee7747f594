//! `scoped principals`: who there is, and one of them with its groups, memberships and history.

use crate::args::cutoff;
use crate::cells::{position, time};
use crate::failure::Failure;
use crate::names::Names;
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Facts, Output, Page, Table, Tone};
use scoped::identity::{EdgeFilter, PrincipalChange, PrincipalInfo, RelationshipInfo, Status};
use scoped::temporal::Cutoff;
use scoped::{Moment, PrincipalId, Sequence};
use serde::Serialize;
use std::path::PathBuf;

const EXAMPLES: &str = "\
One principal is named by its id, its handle, or a name that only one has.

Examples:
  scoped principals notes
  scoped principals notes --kind bot --status suspended
  scoped principals notes user:ada --at mark:v1";

/// What `scoped principals` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// This one in detail
    #[arg(value_name = "ID")]
    principal: Option<String>,
    /// Of this kind
    #[arg(long, conflicts_with = "principal")]
    kind: Option<String>,
    /// With this status: active, suspended or archived
    #[arg(long, conflicts_with = "principal")]
    status: Option<Status>,
    /// As of this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    info: PrincipalInfo,
    name: String,
    groups: Vec<PrincipalId>,
}

#[derive(Serialize)]
struct Detail {
    #[serde(flatten)]
    row: Row,
    memberships: Vec<Part>,
    relationships: Vec<RelationshipInfo>,
    history: Vec<PrincipalChange>,
}

/// A part in a scope.
#[derive(Serialize)]
struct Part {
    scope: String,
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    since: u64,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, args.at.as_ref())?;
    let (moment, names) = (scene.moment(), scene.names()?);
    if let Some(text) = &args.principal {
        let handle = moment.world().identity().by_handle(text).map(|found| found.id);
        let id = handle.map_or_else(|| names.principal(text), Ok)?;
        let detail = detail(&moment, &names, id)?;
        return output.show(&detail, || page(&detail, &names));
    }
    let identity = moment.world().identity();
    let wanted = identity.iter().filter(|principal| {
        args.kind.as_deref().is_none_or(|kind| kind == identity.kind(principal))
            && args.status.is_none_or(|status| status == principal.status)
    });
    let rows = wanted.map(|principal| row(&moment, &names, principal.id)).collect::<Result<Vec<_>, _>>()?;
    output.show(&rows, || {
        let mut table = Table::new(&[
            Column::text("who"),
            Column::text("id"),
            Column::text("handle"),
            Column::text("kind"),
            Column::text("status"),
            Column::number("version"),
            Column::text("groups"),
        ]);
        for row in &rows {
            table.push(vec![
                row.name.as_str().into(),
                Cell::new(row.info.principal).tone(Tone::Dim),
                row.info.handle.as_deref().unwrap_or_default().into(),
                row.info.kind.as_str().into(),
                status(&row.info),
                row.info.version.into(),
                labels(&row.groups, &names).into(),
            ]);
        }
        table.into()
    })
}

fn row(moment: &Moment<'_>, names: &Names, id: PrincipalId) -> Result<Row, Failure> {
    Ok(Row { info: moment.principal(id)?, name: names.label(id), groups: moment.groups(id) })
}

fn detail(moment: &Moment<'_>, names: &Names, id: PrincipalId) -> Result<Detail, Failure> {
    let (identity, tenancy) = (moment.world().identity(), moment.world().tenancy());
    let parts = identity.row(id).into_iter().flat_map(|row| tenancy.memberships(row));
    let memberships = parts.map(|(scope, member)| Part {
        scope: tenancy.at(scope).map_or("?", |node| node.label()).to_owned(),
        role: member.role.as_str(),
        expires_at: member.expires_at(),
        since: member.since.get(),
    });
    let filter = EdgeFilter { with_removed: true, ..EdgeFilter::default() };
    Ok(Detail {
        row: row(moment, names, id)?,
        memberships: memberships.collect(),
        relationships: moment.relationships(id, filter)?,
        history: moment.principal_changes(id)?,
    })
}

fn status(info: &PrincipalInfo) -> Cell {
    let tone = if info.status == Status::Active { Tone::Good } else { Tone::Bad };
    let operator = if info.operator { ", operator" } else { "" };
    Cell::new(format!("{}{operator}", info.status)).raw(info.status).tone(tone)
}

fn labels(ids: &[PrincipalId], names: &Names) -> String {
    ids.iter().map(|id| names.label(*id)).collect::<Vec<_>>().join(", ")
}

fn page(detail: &Detail, names: &Names) -> Page {
    let info = &detail.row.info;
    let mut facts = Facts::new()
        .with("id", info.principal)
        .with("kind", info.kind.as_str())
        .with("status", status(info))
        .with("version", info.version)
        .with("made by", names.label(info.created_by))
        .with("groups", labels(&detail.row.groups, names));
    if let Some(handle) = &info.handle {
        facts.push("handle", handle.as_str());
    }
    for part in &detail.memberships {
        facts.push("member", format!("{} of {}", part.role, part.scope));
    }
    for edge in &detail.relationships {
        let (child, parent) = (names.label(edge.child), names.label(edge.parent));
        let gone = edge.removed.as_ref().map_or_else(String::new, |end| {
            let why = end.reason.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            format!(" (until #{}{why})", end.at)
        });
        facts.push("relationship", format!("{child} {} {parent}{gone}", edge.label));
    }
    let columns = [Column::text("change"), Column::number("event"), Column::text("time"), Column::text("by")];
    let mut table = Table::new(&columns);
    for change in &detail.history {
        table.push(vec![
            change.change.into(),
            position(Sequence::new(change.deed.at)),
            time(change.deed.time),
            names.label(change.deed.by).into(),
        ]);
    }
    Page::new().title(detail.row.name.as_str()).facts(facts).table(table)
}
