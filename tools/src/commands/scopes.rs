//! `scoped scopes`: the scopes with how they stand, or one with its policy and what it uses of its quotas.

use crate::args::cutoff;
use crate::cells::{bytes, count, position, quiet};
use crate::failure::Failure;
use crate::names::{parse_scope, scope_row};
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Facts, Output, Page, Table, Tone};
use scoped::projections::tenancy::{Metric, ScopeState};
use scoped::temporal::Cutoff;
use scoped::tenancy::{ResolvedKey, ScopeDetail};
use scoped::{Moment, ScopeInfo, ScopeRef, Sequence};
use serde::Serialize;
use serde_json::Value;
use std::path::PathBuf;

const EXAMPLES: &str = "\
A scope is named by its path, a flat one by its id. Deleted scopes are listed too: nothing that happened in them is lost. Members are \
a scope's own, objects the live ones that are projected into it.

Examples:
  scoped scopes notes
  scoped scopes notes --state frozen
  scoped scopes notes org:acme/ws:docs --at mark:v1
  scoped scopes notes --format tsv";

/// What `scoped scopes` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// One scope in detail: a path, or an id
    #[arg(value_name = "SCOPE", value_parser = parse_scope)]
    scope: Option<ScopeRef>,
    /// Only those that are active, frozen or deleted
    #[arg(long, value_name = "STATE", conflicts_with = "scope")]
    state: Option<ScopeState>,
    /// As of this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    info: ScopeInfo,
    state: ScopeState,
    auto_provisioned: bool,
}

#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    detail: ScopeDetail,
    objects: u64,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, args.at.as_ref())?;
    let moment = scene.moment();
    if let Some(scope) = &args.scope {
        return detail(&moment, scope, output);
    }
    let mut rows: Vec<Row> = moment.tree().into_iter().filter_map(|info| row(&moment, info)).collect();
    if rows.is_empty() {
        output.note(format!("there is no scope at {}", scene.position()));
    }
    rows.retain(|row| args.state.is_none_or(|wanted| wanted == row.state));
    output.show(&rows, || list(&rows))
}

fn row(moment: &Moment<'_>, info: ScopeInfo) -> Option<Row> {
    let node = moment.world().tenancy().get(info.scope)?;
    Some(Row { state: node.state(), auto_provisioned: node.auto_provisioned, info })
}

fn list(rows: &[Row]) -> Page {
    let mut table = Table::new(&[
        Column::text("scope"),
        Column::text("state"),
        Column::text("provisioned"),
        Column::number("members"),
        Column::number("objects"),
        Column::hidden("depth"),
        Column::hidden("id"),
    ]);
    for row in rows {
        table.push(vec![
            Cell::new(&row.info.label).tone(Tone::Accent),
            state(row.state),
            provisioned(row.auto_provisioned),
            count(row.info.members as u64),
            count(row.info.objects),
            row.info.depth.into(),
            row.info.scope.into(),
        ]);
    }
    table.into()
}

fn state(found: ScopeState) -> Cell {
    let tone = match found {
        ScopeState::Active => Tone::Good,
        ScopeState::Frozen => Tone::Caution,
        ScopeState::Deleted => Tone::Dim,
    };
    Cell::new(found).tone(tone)
}

fn provisioned(by_itself: bool) -> Cell {
    Cell::new(if by_itself { "yes" } else { "no" }).tone(if by_itself { Tone::Plain } else { Tone::Dim })
}

fn detail(moment: &Moment<'_>, scope: &ScopeRef, output: &Output) -> Result<(), Failure> {
    let (world, row) = (moment.world(), scope_row(moment, scope)?);
    let live = |at: &u32| world.objects().at(*at).is_some_and(|object| !object.tombstoned);
    let objects = world.sharing().within(row).map_or(0, |set| set.iter().filter(live).count() as u64);
    let whole = Whole { detail: moment.scope_detail(row)?, objects };
    output.show(&whole, || page(&whole))
}

fn page(whole: &Whole) -> Page {
    let detail = &whole.detail;
    let mut facts = Facts::new()
        .with("scope", Cell::new(&detail.label).tone(Tone::Strong))
        .with("id", quiet(detail.scope))
        .with("state", state(detail.state))
        .with("provisioned", provisioned(detail.auto_provisioned))
        .with("made by", position(Sequence::new(detail.created)))
        .with("members", count(detail.members as u64))
        .with("objects", count(whole.objects));
    if let Some(parent) = detail.parent {
        facts.push("parent", quiet(parent));
    }
    if let Some(description) = &detail.description {
        facts.push("description", description);
    }
    let policy = &detail.policy;
    let mut page = Page::new().facts(facts);
    page = match policy.version {
        0 => page.title("declares no policy of its own"),
        version => page.title(format!("declares, in version {version} of its policy")),
    };
    let mut own = Table::new(&[Column::text("key"), Column::text("value")]);
    let declared = serde_json::to_value(policy.own).unwrap_or_default();
    leaves("", &declared, &mut |key, value| {
        own.push(vec![Cell::new(key).tone(Tone::Accent), plain(value)]);
    });
    if policy.version > 0 {
        page = page.table(own);
    }
    page.title("holds here").table(resolved(&policy.resolved)).title("uses").table(uses(detail))
}

/// Every leaf of a tree of maps, under its dotted key.
fn leaves(above: &str, value: &Value, see: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
                leaves(&key, value, see);
            }
        }
        leaf => see(above, leaf),
    }
}

/// A JSON value without the quotes of a text.
fn plain(value: &Value) -> Cell {
    Cell::new(value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned))
}

/// What the quotas say stands beside what is used.
const QUOTA: &str = "quota.";

fn resolved(keys: &[ResolvedKey]) -> Table {
    let mut table = Table::new(&["key", "value", "set by"].map(Column::text));
    for one in keys.iter().filter(|one| !one.key.starts_with(QUOTA)) {
        let by = one.set_by.as_ref().map_or_else(|| Cell::new("default").raw("").tone(Tone::Dim), Cell::new);
        table.push(vec![Cell::new(&one.key).tone(Tone::Accent), plain(&one.value), by]);
    }
    table
}

/// What the scope and all below it hold, and, where a quota bounds that on some level, how full that level is.
fn uses(detail: &ScopeDetail) -> Table {
    let mut table = Table::new(&[
        Column::text("of"),
        Column::number("here and below"),
        Column::number("quota"),
        Column::number("used"),
        Column::text("set by"),
    ]);
    for held in &detail.holds {
        let amount = |number: u64| match held.metric {
            Metric::Bytes | Metric::LogBytes => bytes(number),
            _ => count(number),
        };
        let word = held.metric.as_str();
        let what = || Cell::new(word.strip_prefix("max_").unwrap_or(word)).raw(word).tone(Tone::Accent);
        let key = format!("{QUOTA}{word}");
        let mut levels = detail.policy.resolved.iter().filter(|one| one.key == key).peekable();
        if levels.peek().is_none() {
            let none = Cell::default;
            table.push(vec![what(), amount(held.used), none(), none(), none()]);
        }
        for level in levels {
            let number = |name: &str| level.value.get(name).and_then(Value::as_u64).unwrap_or_default();
            let (limit, used) = (number("limit"), number("used"));
            let tone = if used >= limit { Tone::Caution } else { Tone::Plain };
            let by = level.set_by.as_deref().unwrap_or_default();
            table.push(vec![what(), amount(held.used), amount(limit), amount(used).tone(tone), by.into()]);
        }
    }
    table
}
