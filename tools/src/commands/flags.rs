//! `scoped flags`: feature flags, how each stands, and the rules that speak of it.

use crate::args::cutoff;
use crate::failure::Failure;
use crate::names::{parse_scope, scope_row};
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Output, Page, Table, Tone};
use scoped::projections::rules::Class;
use scoped::rules::{Content, FlagInfo, RuleFilter, RuleInfo};
use scoped::temporal::Cutoff;
use scoped::{RuleId, ScopeRef};
use serde::Serialize;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Each rule that speaks of a flag is a row. Whether the flag is on is said as it stands for --for, seen from --scope: of the rules that \
are bound there the one of the highest priority decides (`*`). Without --for it is asked for nobody in particular, for whom a flag that is \
rolled out to less than 100 % is off.

Examples:
  scoped flags notes
  scoped flags notes --scope org:acme/ws:docs --for ada --at mark:v1";

/// What `scoped flags` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Seen from here: a path, or an id
    #[arg(long, value_name = "SCOPE", value_parser = parse_scope)]
    scope: Option<ScopeRef>,
    /// As they stand for this principal: an id, a handle, or a name that only one has
    #[arg(long = "for", value_name = "PRINCIPAL")]
    principal: Option<String>,
    /// As of this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    flag: FlagInfo,
    rules: Vec<Said>,
}

/// What one rule says of a flag.
#[derive(Serialize)]
struct Said {
    rule: RuleId,
    name: String,
    enabled: bool,
    rollout_percentage: u8,
    priority: i32,
    bindings: usize,
    decides: bool,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, args.at.as_ref())?;
    let moment = scene.moment();
    let scope = args.scope.as_ref().map(|scope| scope_row(&moment, scope)).transpose()?;
    let principal = match &args.principal {
        None => None,
        Some(text) => Some(moment.principal(scene.names()?.principal(text)?)?.principal),
    };
    let rules = moment.rules(&RuleFilter { class: Some(Class::Flag), ..RuleFilter::default() });
    let row = |flag: FlagInfo| {
        let rules = rules.iter().filter_map(|info| said(&flag, info)).collect();
        Row { flag, rules }
    };
    let rows: Vec<Row> = moment.flags(principal, scope).into_iter().map(row).collect();
    output.show(&rows, || list(&rows))
}

/// What a rule says of a flag; nothing when it speaks of another.
fn said(flag: &FlagInfo, info: &RuleInfo) -> Option<Said> {
    let Content::FeatureFlag(switch) = &info.does else { return None };
    (switch.name == flag.name).then(|| Said {
        rule: info.rule,
        name: info.name.clone(),
        enabled: switch.enabled,
        rollout_percentage: switch.rollout_percentage,
        priority: info.priority,
        bindings: info.bindings,
        decides: flag.rule == Some(info.rule),
    })
}

fn switch(on: bool) -> Cell {
    if on { Cell::new("on").tone(Tone::Good) } else { Cell::new("off").tone(Tone::Dim) }
}

fn list(rows: &[Row]) -> Page {
    let mut table = Table::new(&[
        Column::text("flag"),
        Column::text("stands"),
        Column::text("rule"),
        Column::text("says"),
        Column::number("rollout"),
        Column::number("priority"),
        Column::number("bindings"),
        Column::text("decides"),
        Column::hidden("id"),
    ]);
    for Row { flag, rules } in rows {
        for said in rules {
            let rollout = said.rollout_percentage;
            table.push(vec![
                Cell::new(&flag.name).tone(Tone::Accent),
                switch(flag.enabled),
                said.name.as_str().into(),
                switch(said.enabled),
                Cell::new(format!("{rollout} %")).raw(rollout),
                said.priority.into(),
                said.bindings.into(),
                Cell::new(if said.decides { "*" } else { "" }),
                said.rule.into(),
            ]);
        }
    }
    table.into()
}
