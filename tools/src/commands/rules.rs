//! `scoped rules`: what rules there are, or one with its conditions, versions and bindings.

use super::objects::shortened;
use crate::args::cutoff;
use crate::cells::{position, quiet, time};
use crate::failure::Failure;
use crate::names::{self, Names};
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Facts, Output, Page, Table, Tone};
use scoped::projections::rules::{Class, Clause};
use scoped::rules::{BindingInfo, Content, RuleDetail, RuleFilter, RuleInfo, UsageInfo};
use scoped::temporal::Cutoff;
use scoped::{Effect, Moment, RuleId, Sequence};
use serde::Serialize;
use std::path::PathBuf;

const EXAMPLES: &str = "\
One rule is named by its id, or a name that only one has; then its conditions, its versions and its bindings are shown. Rules stand by \
priority, then by age; archived ones are listed with --archived. A rule without bindings holds nowhere. With --for it is shown how a limit \
or a quota stands for somebody.

Examples:
  scoped rules notes
  scoped rules notes --class access --effect deny
  scoped rules notes 'no bots' --at mark:v1
  scoped rules notes 'ten a minute' --for bo";

/// What `scoped rules` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// One rule in detail: an id, or a name
    #[arg(value_name = "RULE", conflicts_with_all = ["class", "effect", "archived"])]
    rule: Option<String>,
    /// Of this class: access, sharing, rate_limit, feature_flag …
    #[arg(long)]
    class: Option<Class>,
    /// With this effect: allow or deny
    #[arg(long)]
    effect: Option<Effect>,
    /// Also archived ones
    #[arg(long)]
    archived: bool,
    /// How a limit or a quota stands for this principal: an id, a handle, or a name that only one has
    #[arg(long = "for", value_name = "PRINCIPAL", requires = "rule")]
    whose: Option<String>,
    /// As of this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, args.at.as_ref())?;
    let moment = scene.moment();
    if let Some(text) = &args.rule {
        let (rule, names) = (meant(&moment, text)?, scene.names()?);
        let whose = args.whose.as_deref().map(|text| names.principal(text)).transpose()?;
        let detail = Detail {
            rule: moment.rule_detail(rule)?,
            usage: whose.map(|whose| moment.rule_usage(rule, whose)),
        };
        return output.show(&detail, || {
            let page = page(&detail.rule, &names);
            match (&detail.usage, whose) {
                (Some(usage), Some(whose)) => {
                    page.title(format!("how it stands for {}", names.label(whose))).table(standing(usage))
                }
                _ => page,
            }
        });
    }
    let filter = RuleFilter { class: args.class, effect: args.effect, with_archived: args.archived };
    let found = moment.rules(&filter);
    output.show(&found, || list(&found))
}

/// A rule with everything that is known of it.
#[derive(Serialize)]
struct Detail {
    #[serde(flatten)]
    rule: RuleDetail,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Vec<UsageInfo>>,
}

/// The rule that a text means.
fn meant(moment: &Moment<'_>, text: &str) -> Result<RuleId, Failure> {
    let all = moment.rules(&RuleFilter { with_archived: true, ..RuleFilter::default() });
    let all = all.into_iter().map(|info| (info.rule, info.name, !info.archived)).collect();
    names::one(text, "rule", all, moment, "scoped rules DIR --archived")
}

fn list(rules: &[RuleInfo]) -> Page {
    let mut table = Table::new(&[
        Column::text("rule"),
        Column::text("name"),
        Column::text("class"),
        Column::text("effect"),
        Column::number("priority"),
        Column::text("state"),
        Column::number("bindings"),
        Column::number("version"),
        Column::text("home"),
    ]);
    for info in rules {
        table.push(vec![
            Cell::new(info.rule).tone(Tone::Accent),
            info.name.as_str().into(),
            info.class.into(),
            effect(info.effect),
            info.priority.into(),
            state(info.archived),
            info.bindings.into(),
            info.version.into(),
            info.home.as_deref().unwrap_or_default().into(),
        ]);
    }
    table.into()
}

fn effect(effect: Effect) -> Cell {
    Cell::new(effect).tone(if effect == Effect::Deny { Tone::Bad } else { Tone::Plain })
}

fn state(archived: bool) -> Cell {
    if archived { Cell::new("archived").tone(Tone::Caution) } else { Cell::new("active").tone(Tone::Good) }
}

/// A condition as it is written in JSON.
fn condition(when: &Clause) -> String {
    if when.is_empty() { "always".to_owned() } else { json(when) }
}

/// What a rule does besides voting.
fn deed(does: &Content) -> String {
    if matches!(does, Content::Vote) { "votes".to_owned() } else { json(does) }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn page(detail: &RuleDetail, names: &Names) -> Page {
    let info = &detail.info;
    let mut facts = Facts::new()
        .with("rule", Cell::new(info.rule).tone(Tone::Strong))
        .with("name", info.name.as_str())
        .with("class", info.class)
        .with("effect", effect(info.effect))
        .with("priority", info.priority)
        .with("state", state(info.archived))
        .with("version", info.version)
        .with("home", Cell::new(info.home.as_deref().unwrap_or("none: its author's")))
        .with("holds when", condition(&info.when))
        .with("does", deed(&info.does));
    if let Some(about) = &detail.description {
        facts.push("about", about.as_str());
    }
    let page = Page::new().facts(facts).title("versions").table(versions(detail, names));
    match detail.bound.as_slice() {
        [] => page.title("bound to nothing: it holds nowhere"),
        bound => page.title("bindings").table(bindings(bound, names)),
    }
}

fn versions(detail: &RuleDetail, names: &Names) -> Table {
    let mut table = Table::new(&[
        Column::number("version"),
        Column::number("event"),
        Column::text("who"),
        Column::text("name"),
        Column::text("effect"),
        Column::number("priority"),
        Column::text("when"),
        Column::text("does"),
        Column::text("reason"),
    ]);
    for version in &detail.versions {
        let (when, does) = (condition(&version.when), deed(&version.does));
        table.push(vec![
            version.version.into(),
            position(Sequence::new(version.at)),
            Cell::new(names.label(version.by)).raw(version.by),
            version.name.as_str().into(),
            effect(version.effect),
            version.priority.into(),
            Cell::new(shortened(&when)).raw(when),
            Cell::new(shortened(&does)).raw(does),
            version.reason.as_deref().unwrap_or_default().into(),
        ]);
    }
    table
}

fn bindings(bound: &[BindingInfo], names: &Names) -> Table {
    let mut table = Table::new(&[
        Column::text("bound to"),
        Column::text("state"),
        Column::number("version"),
        Column::number("event"),
        Column::text("who"),
        Column::text("binding"),
    ]);
    for binding in bound {
        let state = match binding.active {
            true => Cell::new("active").tone(Tone::Good),
            false => Cell::new("off").tone(Tone::Caution),
        };
        table.push(vec![
            Cell::new(targets(binding, names)).raw(json(&binding.to)).tone(Tone::Accent),
            state,
            binding.version.into(),
            position(Sequence::new(binding.at)),
            Cell::new(names.label(binding.by)).raw(binding.by),
            quiet(binding.binding),
        ]);
    }
    table
}

/// How a limit or a quota stands at each binding; empty for other rules.
fn standing(usage: &[UsageInfo]) -> Table {
    let mut table = Table::new(&[
        Column::number("used"),
        Column::number("of"),
        Column::number("left"),
        Column::text("room again"),
        Column::text("binding"),
    ]);
    for at in usage {
        table.push(vec![
            at.used.into(),
            at.max_count.into(),
            Cell::new(at.remaining).tone(if at.remaining == 0 { Tone::Bad } else { Tone::Plain }),
            at.free_at.map(time).unwrap_or_default(),
            quiet(at.binding),
        ]);
    }
    table
}

/// All that a binding names, in words.
fn targets(binding: &BindingInfo, names: &Names) -> String {
    let to = &binding.to;
    let scope = binding.scope.clone().or_else(|| to.scope.map(|id| id.to_string()));
    let parts = [
        ("scope", scope),
        ("principal", to.principal.map(|id| names.label(id))),
        ("type", to.object_type.clone()),
        ("object", to.object.map(|id| id.to_string())),
        ("environment", to.environment.clone()),
        ("connector", to.connector.clone()),
    ];
    let said: Vec<String> =
        parts.into_iter().filter_map(|(word, what)| Some(format!("{word} {}", what?))).collect();
    if said.is_empty() { "everywhere".to_owned() } else { said.join(", ") }
}
