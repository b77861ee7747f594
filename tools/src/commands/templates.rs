//! `scoped templates`: blueprints.

use crate::args::cutoff;
use crate::cells::time;
use crate::failure::Failure;
use crate::names;
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Facts, Output, Page, Table, Tone};
use scoped::templates::{TemplateFilter, TemplateInfo, TemplateVersionInfo};
use scoped::temporal::Cutoff;
use scoped::{Moment, TemplateId};
use serde::Serialize;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Without an ID the templates in use are listed, newest first; with one its blueprint and its versions. With --with the data that it gives is \
printed; nothing is written. `templates.instantiate` in `scoped import commands` leaves the trace of having done so.

Examples:
  scoped templates notes --all
  scoped templates notes 01HX3ZQ6J5M8K9N0P1Q2R3S4T5 --format json
  scoped templates notes 'new task' --with '{\"title\": \"sweep\"}'";

/// What `scoped templates` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// One template in detail: an id, or a name that only one has
    template: Option<String>,
    /// Of this type
    #[arg(long = "type", value_name = "TYPE", conflicts_with = "template")]
    template_type: Option<String>,
    /// Of this owner: an id, a handle, or a name that only one has
    #[arg(long, value_name = "PRINCIPAL", conflicts_with = "template")]
    owner: Option<String>,
    /// What it gives with these overrides: a JSON object
    #[arg(long = "with", value_name = "JSON", requires = "template")]
    overrides: Option<String>,
    /// Of this version (default: the current one)
    #[arg(long, requires = "overrides")]
    version: Option<u32>,
    /// Archived ones too
    #[arg(long, conflicts_with = "template")]
    all: bool,
    /// As of this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
}

#[derive(Serialize)]
struct Detail {
    #[serde(flatten)]
    info: TemplateInfo,
    versions: Vec<TemplateVersionInfo>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, args.at.as_ref())?;
    let (moment, names) = (scene.moment(), scene.names()?);
    let Some(template) = &args.template else {
        let (template_type, include_archived) = (args.template_type.clone(), args.all);
        let filter = TemplateFilter {
            template_type,
            include_archived,
            owner: args.owner.as_deref().map(|text| names.principal(text)).transpose()?,
            limit: usize::MAX,
            ..TemplateFilter::default()
        };
        let found = moment.templates(&filter)?;
        return output.show(&found, || list(&found));
    };
    let id = meant(&moment, template)?;
    if let Some(overrides) = &args.overrides {
        let overrides = serde_json::from_str(overrides)
            .map_err(|error| Failure::usage(format!("--with takes a JSON object: {error}")))?;
        let instance = moment.instance(id, &overrides, args.version)?;
        return output.show(&instance, || {
            let data = serde_json::Value::Object(instance.data.clone());
            format!("{data:#}").lines().fold(Page::new(), |page, line| page.line(vec![line.into()]))
        });
    }
    let detail = Detail { info: moment.template(id)?, versions: moment.template_versions(id)? };
    output.show(&detail, || {
        let info = &detail.info;
        let facts = Facts::new()
            .with("template", Cell::new(info.template).tone(Tone::Strong))
            .with("name", info.name.as_str())
            .with("type", info.template_type.as_str())
            .with("scope", info.scope.as_deref().unwrap_or("everybody's"))
            .with("state", if info.archived { "archived" } else { "open" })
            .with("version", info.version)
            .with("owner", Cell::new(names.label(info.owner)).raw(info.owner))
            .with("about", info.description.as_str());
        let mut page = Page::new().facts(facts).title("blueprint");
        for line in format!("{:#}", serde_json::Value::Object(info.schema.clone())).lines() {
            page = page.line(vec![line.into()]);
        }
        let columns = [
            Column::number("version"),
            Column::number("event"),
            Column::text("time"),
            Column::text("who"),
            Column::text("reason"),
        ];
        let mut table = Table::new(&columns);
        for version in &detail.versions {
            table.push(vec![
                version.version.into(),
                Cell::new(format!("#{}", version.at)).raw(version.at).tone(Tone::Accent),
                time(version.created_at),
                Cell::new(names.label(version.created_by)).raw(version.created_by),
                version.change_reason.as_str().into(),
            ]);
        }
        page.title("versions").table(table)
    })
}

/// The template that a text means.
fn meant(moment: &Moment<'_>, text: &str) -> Result<TemplateId, Failure> {
    let filter = TemplateFilter { include_archived: true, limit: usize::MAX, ..TemplateFilter::default() };
    let all = moment.templates(&filter)?.into_iter();
    let all = all.map(|info| (info.template, info.name, !info.archived)).collect();
    names::one(text, "template", all, moment, "scoped templates DIR --all")
}

fn list(found: &[TemplateInfo]) -> Page {
    let columns = [
        Column::text("template"),
        Column::text("name"),
        Column::text("type"),
        Column::text("scope"),
        Column::number("version"),
        Column::text(""),
    ];
    let mut table = Table::new(&columns);
    for info in found {
        table.push(vec![
            Cell::new(info.template).tone(Tone::Accent),
            info.name.as_str().into(),
            info.template_type.as_str().into(),
            info.scope.as_deref().unwrap_or_default().into(),
            info.version.into(),
            Cell::new(if info.archived { "archived" } else { "" }).tone(Tone::Caution),
        ]);
    }
    table.into()
}
