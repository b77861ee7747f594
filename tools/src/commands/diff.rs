//! `scoped diff`: what changed between two versions.

use crate::failure::Failure;
use crate::names;
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Format, Output, Page, Table, Tone};
use scoped::Diff;
use serde_json::Value;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Versions count from 1; `scoped history` lists them.

Examples:
  scoped diff notes path:src/main.rs 1 2";

/// What `scoped diff` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Which object: an id, or path:PATH
    object: String,
    /// The version before
    #[arg(value_parser = version)]
    a: u32,
    /// The version after
    #[arg(value_parser = version)]
    b: u32,
}

/// The number of a version.
fn version(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("`{text}` is no version: versions are 1, 2, 3 …"))
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, None)?;
    let moment = scene.moment();
    let object = names::object(&moment, &args.object)?;
    let diff = moment.diff(object, args.a, args.b)?;
    let value = serde_json::json!({
        "object": object,
        "a": args.a,
        "b": args.b,
        "added": pairs(&diff.added),
        "removed": pairs(&diff.removed),
        "changed": diff.changed.iter().map(|(key, before, after)| (key.clone(), serde_json::json!([before, after])))
            .collect::<serde_json::Map<String, Value>>(),
    });
    output.show(&value, || if output.format() == Format::Tsv { rows(&diff) } else { lines(args, &diff) })
}

fn pairs(list: &[(String, Value)]) -> serde_json::Map<String, Value> {
    list.iter().cloned().collect()
}

/// All changes by key: key, before, after; `None` where there is nothing.
fn changes(diff: &Diff) -> Vec<(&str, Option<&Value>, Option<&Value>)> {
    let added = diff.added.iter().map(|(key, value)| (key.as_str(), None, Some(value)));
    let removed = diff.removed.iter().map(|(key, value)| (key.as_str(), Some(value), None));
    let changed = diff.changed.iter().map(|(key, before, after)| (key.as_str(), Some(before), Some(after)));
    let mut all: Vec<_> = added.chain(removed).chain(changed).collect();
    all.sort_by_key(|(key, _, _)| *key);
    all
}

fn rows(diff: &Diff) -> Page {
    let mut table = Table::new(&["what", "key", "before", "after"].map(Column::text));
    for (key, before, after) in changes(diff) {
        let what = match (before, after) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        };
        let text = |value: Option<&Value>| value.map_or_else(Cell::default, Cell::from);
        table.push(vec![what.into(), key.into(), text(before), text(after)]);
    }
    table.into()
}

fn lines(args: &Args, diff: &Diff) -> Page {
    let mut page = Page::new();
    for (key, before, after) in changes(diff) {
        // Anything but two maps is compared as a whole, under no key.
        let key = if key.is_empty() { String::new() } else { format!("{key}: ") };
        if let Some(before) = before {
            page = page.line(vec![Cell::new(format!("- {key}{before}")).tone(Tone::Bad)]);
        }
        if let Some(after) = after {
            page = page.line(vec![Cell::new(format!("+ {key}{after}")).tone(Tone::Good)]);
        }
    }
    if *diff == Diff::default() {
        page = page
            .line(vec![Cell::new(format!("versions {} and {} are equal", args.a, args.b)).tone(Tone::Dim)]);
    }
    page
}
