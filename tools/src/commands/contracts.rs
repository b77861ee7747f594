//! `scoped contracts`: what data of a type has to look like.

use crate::args::cutoff;
use crate::cells::time;
use crate::failure::{Exit, Failure};
use crate::names::{self, Names, parse_scope};
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Facts, Output, Page, Table, Tone};
use scoped::contracts::{
    ContractDiff, ContractFilter, ContractInfo, ContractVersionInfo, FieldSpec, Lifecycle, Validation,
};
use scoped::temporal::Cutoff;
use scoped::{ContractId, Moment, ScopeRef};
use serde::Serialize;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Without an ID all contracts are listed, newest first; with one its fields, its versions, and what each version changed. With --check data is \
held against one (exit code 0: it fits, 1: it does not), or with --type against the one that governs there.

Examples:
  scoped contracts notes
  scoped contracts notes --type file --active
  scoped contracts notes 01HX3ZQ6J5M8K9N0P1Q2R3S4T5 --at head~100
  scoped contracts notes --type file --scope org:acme --check '{\"path\": \"a.txt\"}'";

/// What `scoped contracts` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// One contract in detail: an id, or a name that only one has
    contract: Option<String>,
    /// For objects of this type
    #[arg(long = "type", value_name = "TYPE", conflicts_with = "contract")]
    object_type: Option<String>,
    /// The one that governs that type in this scope: a path, or an id
    #[arg(long, value_name = "SCOPE", value_parser = parse_scope, requires = "object_type")]
    scope: Option<ScopeRef>,
    /// Of this owner: an id, a handle, or a name that only one has
    #[arg(long, value_name = "PRINCIPAL", conflicts_with_all = ["contract", "scope"])]
    owner: Option<String>,
    /// Does this data fit? JSON
    #[arg(long, value_name = "JSON")]
    check: Option<String>,
    /// Only those that govern
    #[arg(long, conflicts_with = "contract")]
    active: bool,
    /// As of this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, args.at.as_ref())?;
    let (moment, names) = (scene.moment(), scene.names()?);
    let contract = args.contract.as_deref().map(|text| meant(&moment, text)).transpose()?;
    if let Some(data) = &args.check {
        let data = serde_json::from_str(data)
            .map_err(|error| Failure::usage(format!("--check takes JSON: {error}")))?;
        let judged = match (contract, &args.object_type) {
            (Some(id), _) => moment.validate(id, None, &data)?,
            (None, Some(kind)) => moment.validate_for_type(kind, args.scope.as_ref(), &data)?,
            (None, None) => return Err(Failure::usage("fit what? name a contract, or give --type")),
        };
        return told(&judged, output);
    }
    match (contract, &args.object_type, &args.scope) {
        (Some(contract), ..) => detail(contract, output, &moment, &names),
        (None, Some(kind), Some(scope)) => match moment.contract_for(kind, Some(scope))? {
            Some(used) => detail(used.contract, output, &moment, &names),
            None => Err(Failure::refused("not_found", format!("no contract governs `{kind}` in `{scope}`"))),
        },
        _ => list(args, output, &moment, &names),
    }
}

/// Whether data fits, and what is wrong with it.
fn told(judged: &Validation, output: &Output) -> Result<(), Failure> {
    output.show(judged, || {
        let page =
            Page::new().line(vec![Cell::new(if judged.valid { "it fits" } else { "it does not fit" })]);
        judged.errors.iter().fold(page, |page, error| page.line(vec![error.as_str().into()]))
    })?;
    if judged.valid { Ok(()) } else { Err(Failure::silent(Exit::Refused)) }
}

/// The contract that a text means.
pub(super) fn meant(moment: &Moment<'_>, text: &str) -> Result<ContractId, Failure> {
    let filter = ContractFilter { active_only: false, limit: usize::MAX, ..ContractFilter::default() };
    let all = moment.contracts(&filter)?.into_iter();
    let all = all.map(|info| (info.contract, info.name, info.lifecycle != Lifecycle::Archived)).collect();
    names::one(text, "contract", all, moment, "scoped contracts DIR")
}

fn list(args: &Args, output: &Output, moment: &Moment<'_>, names: &Names) -> Result<(), Failure> {
    let (object_type, active_only) = (args.object_type.clone(), args.active);
    let owner = args.owner.as_deref().map(|text| names.principal(text)).transpose()?;
    let filter = ContractFilter { owner, object_type, active_only, limit: usize::MAX };
    let found = moment.contracts(&filter)?;
    output.show(&found, || {
        let columns = [
            Column::text("contract"),
            Column::text("name"),
            Column::text("type"),
            Column::text("scope"),
            Column::text("state"),
            Column::number("version"),
        ];
        let mut table = Table::new(&columns);
        for info in &found {
            table.push(vec![
                Cell::new(info.contract).tone(Tone::Accent),
                info.name.as_str().into(),
                info.object_type.as_str().into(),
                info.scope.as_deref().unwrap_or_default().into(),
                state(info.lifecycle),
                info.version.into(),
            ]);
        }
        table.into()
    })
}

fn state(lifecycle: Lifecycle) -> Cell {
    let tone = if lifecycle == Lifecycle::Active { Tone::Plain } else { Tone::Caution };
    Cell::new(lifecycle).tone(tone)
}

#[derive(Serialize)]
struct Detail {
    #[serde(flatten)]
    info: ContractInfo,
    versions: Vec<ContractVersionInfo>,
    changes: Vec<ContractDiff>,
}

fn detail(id: ContractId, output: &Output, moment: &Moment<'_>, names: &Names) -> Result<(), Failure> {
    let (info, versions) = (moment.contract(id)?, moment.contract_versions(id)?);
    let pairs = versions.windows(2).map(|pair| moment.contract_diff(id, pair[0].version, pair[1].version));
    let changes = pairs.collect::<Result<Vec<_>, _>>()?;
    let detail = Detail { info, versions, changes };
    output.show(&detail, || page(&detail, names))
}

fn page(detail: &Detail, names: &Names) -> Page {
    let info = &detail.info;
    let mut facts = Facts::new()
        .with("contract", Cell::new(info.contract).tone(Tone::Strong))
        .with("name", info.name.as_str())
        .with("type", info.object_type.as_str())
        .with("scope", info.scope.as_deref().unwrap_or("everywhere"))
        .with("state", state(info.lifecycle))
        .with("version", info.version)
        .with("owner", Cell::new(names.label(info.owner)).raw(info.owner));
    if !info.description.is_empty() {
        facts.push("about", info.description.as_str());
    }
    let mut page = Page::new().facts(facts);
    if let Some(current) = detail.versions.last() {
        page = page.title(format!("fields of version {}", current.version)).table(fields(current));
        if let Some(schema) = &current.schema {
            page = page.line(vec![format!("JSON Schema: {schema}").into()]);
        }
        for rule in &current.constraints {
            let over = serde_json::to_string(&rule.config).unwrap_or_default();
            page = page.line(vec![format!("{}: {} {over}", rule.name, rule.kind).into()]);
        }
    }
    page.title("versions").table(versions(detail, names))
}

fn fields(version: &ContractVersionInfo) -> Table {
    let columns = ["field", "type", "required", "default", "bounds", "about"].map(Column::text);
    let mut table = Table::new(&columns);
    for field in &version.fields {
        let bounds: Vec<String> =
            field.constraints.iter().map(|(kind, value)| format!("{kind}={value}")).collect();
        table.push(vec![
            Cell::new(&field.name).tone(Tone::Accent),
            Cell::new(typed(field)),
            Cell::new(if field.required { "yes" } else { "no" }),
            field.default.as_ref().map_or_else(Cell::default, Cell::new),
            bounds.join(" ").into(),
            field.description.as_str().into(),
        ]);
    }
    table
}

fn typed(field: &FieldSpec) -> String {
    let null = if field.nullable { " or null" } else { "" };
    format!("{}{null}", field.field_type)
}

fn versions(detail: &Detail, names: &Names) -> Table {
    let columns = [
        Column::number("version"),
        Column::number("event"),
        Column::text("time"),
        Column::text("who"),
        Column::text("change"),
        Column::text("reason"),
    ];
    let mut table = Table::new(&columns);
    for version in &detail.versions {
        let diff = detail.changes.iter().find(|diff| diff.new_version == version.version);
        table.push(vec![
            version.version.into(),
            Cell::new(format!("#{}", version.at)).raw(version.at).tone(Tone::Accent),
            time(version.created_at),
            Cell::new(names.label(version.created_by)).raw(version.created_by),
            diff.map_or_else(Cell::default, |diff| Cell::new(change(diff))),
            version.change_reason.as_str().into(),
        ]);
    }
    table
}

/// `+` for fields that came, `-` for those that went, `~` for those that are different.
fn change(diff: &ContractDiff) -> String {
    let signs = [("+", &diff.added_fields), ("-", &diff.removed_fields), ("~", &diff.modified_fields)];
    let words =
        signs.iter().flat_map(|(sign, fields)| fields.iter().map(move |field| format!("{sign}{field}")));
    words.collect::<Vec<_>>().join(" ")
}
