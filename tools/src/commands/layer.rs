//! The layers of a scope that are no list of objects: its record events, and how its records hang together.

use crate::failure::Failure;
use crate::names::Names;
use crate::output::{Cell, Column, Output, Table, Tone};
use scoped::temporal::format_time;
use scoped::{Level, Moment, Recall, ScopeRef, View, ViewItem};

/// Shows all pages of `raw` or `structured`.
pub(super) fn show(
    output: &Output,
    moment: &Moment<'_>,
    names: &Names,
    scope: &ScopeRef,
    view: View,
    object_type: Option<&String>,
) -> Result<(), Failure> {
    let mut recall = Recall::from(scope.clone()).view(view).limit(scoped::PAGE_MAX);
    recall.types = object_type.map(|wanted| vec![wanted.clone()]);
    let mut items = Vec::new();
    loop {
        let page = moment.recall(&recall)?;
        recall = recall.after(&page);
        items.extend(page.items);
        if page.complete {
            break;
        }
    }
    output.show(&items, || {
        if view == View::Raw { events(&items, names).into() } else { graph(&items, names).into() }
    })
}

fn events(items: &[ViewItem], names: &Names) -> Table {
    let mut table = Table::new(&[
        Column::number("event"),
        Column::text("time"),
        Column::text("kind"),
        Column::text("object"),
        Column::text("by"),
        Column::text("data"),
    ]);
    for item in items {
        if let ViewItem::Event(event) = item {
            let data = event.data.as_ref().map(ToString::to_string).unwrap_or_default();
            table.push(vec![
                event.sequence.into(),
                format_time(event.time).into(),
                event.kind.into(),
                Cell::new(event.object_id).tone(Tone::Accent),
                names.label(event.actor).into(),
                Cell::new(super::objects::shortened(&data)).raw(&data).tone(Tone::Dim),
            ]);
        }
    }
    table
}

fn graph(items: &[ViewItem], names: &Names) -> Table {
    let mut table = Table::new(&["object", "is", "of"].map(Column::text));
    for item in items {
        match item {
            ViewItem::Node(node) => {
                let is = format!("{}, version {}", node.object_type, node.version);
                let owner = format!("owned by {}", names.label(node.owner));
                table.push(vec![Cell::new(node.object_id).tone(Tone::Accent), is.into(), owner.into()]);
            }
            ViewItem::Edge(edge) => {
                let is = edge
                    .level
                    .map_or_else(|| "written in".to_owned(), |l: Level| format!("projected, level {l}"));
                table.push(vec![
                    Cell::new(edge.object_id).tone(Tone::Dim),
                    is.into(),
                    edge.scope.as_str().into(),
                ]);
            }
            ViewItem::Reference(reference) => {
                let is = format!("refers, by `{}`, to", reference.field);
                let to = Cell::new(reference.to).tone(Tone::Accent);
                table.push(vec![Cell::new(reference.object_id).tone(Tone::Dim), is.into(), to]);
            }
            ViewItem::Record(_) | ViewItem::Event(_) => {}
        }
    }
    table
}
